//! The statements of the attack probe, and what is expected of each.

use super::Target;
use crate::ctx::Reach;
use crate::error::Result;
use model::TenantId;
use model::tenants::Placement;
use sqlx::{AssertSqlSafe, PgConnection};

/// One statement to be tried.
pub(in crate::isolation) struct Try {
    pub name: &'static str,
    pub reach: Reach,
    /// What has to be there for `sql` to have something to do; undone with it.
    pub ground: Option<String>,
    pub sql: String,
    pub expected: String,
}

/// What came of the statement of a try: a SQLSTATE, or `rows` with their number.
pub(in crate::isolation) async fn attempt(connection: &mut PgConnection, each: &Try) -> Result<String> {
    if let Some(ground) = &each.ground {
        match sqlx::query(AssertSqlSafe(ground.clone())).execute(&mut *connection).await {
            Ok(_) => {}
            // Evidence as well: without its ground it is not proven.
            Err(sqlx::Error::Database(error)) => {
                return Ok(format!("no ground ({})", error.code().unwrap_or_default()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    match sqlx::query(AssertSqlSafe(each.sql.clone())).fetch_all(connection).await {
        Ok(rows) => Ok(format!("rows {}", rows.len())),
        Err(sqlx::Error::Database(error)) => Ok(error.code().unwrap_or_default().into_owned()),
        Err(error) => Err(error.into()),
    }
}

/// Everything that is tried. `target.other` is a tenant whose rows are there to be reached, or an id that nobody has.
pub(in crate::isolation) fn tries(tenant: TenantId, target: &Target) -> Vec<Try> {
    let (own, other) = (Reach::Tenant(tenant), target.other);
    let mut all = Vec::new();
    let mut add = |name: &'static str, sql: String, expected: &str| {
        all.push(Try { name, reach: own, ground: None, sql, expected: expected.to_owned() });
    };
    add("control: its own row is there", format!("SELECT FROM tenant WHERE id = '{tenant}'"), "rows 1");
    add("control: its context is its own", format!("SELECT WHERE tenant_context() = '{tenant}'"), "rows 1");
    add("another tenant’s row by id", format!("SELECT FROM tenant WHERE id = '{other}'"), "rows 0");
    add("all tenants", format!("SELECT FROM tenant WHERE id <> '{tenant}'"), "rows 0");
    for (name, table) in [
        ("foreign members", "member"),
        ("foreign keys", "api_key"),
        ("foreign audit lines", "audit_entry"),
        ("foreign conversations", "conversation"),
        ("foreign task runs", "task_run"),
        ("foreign field values", "field_value"),
        ("foreign vectors", "vector_item"),
        ("foreign vector collections", "vector_collection"),
        ("foreign overrides", "task_override"),
        ("foreign activations", "activation"),
        ("foreign usage", "usage_hour"),
        ("foreign operations", "operation"),
    ] {
        add(name, format!("SELECT FROM {table} WHERE tenant_id <> '{tenant}'"), "rows 0");
    }
    let conversation = |of: TenantId| {
        format!(
            "INSERT INTO conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes) \
             VALUES ('{of}', gen_random_uuid(), 'probe', 'chat', now(), '[]', 0, 0) RETURNING 1"
        )
    };
    add("control: a conversation of its own goes in", conversation(tenant), "rows 1");
    add("a conversation into another tenant", conversation(other), "42501");
    add(
        "deleting foreign conversations",
        format!("DELETE FROM conversation WHERE tenant_id = '{other}' RETURNING 1"),
        "rows 0",
    );
    let vector = |of: TenantId| {
        format!(
            "INSERT INTO vector_item (tenant_id, id, kind, embedding, label) \
             VALUES ('{of}', gen_random_uuid(), 'document', '{{1}}', 'probe') RETURNING 1"
        )
    };
    add("control: a vector of its own goes in", vector(tenant), "rows 1");
    add("a vector into another tenant", vector(other), "42501");
    add(
        "deleting foreign vectors",
        format!("DELETE FROM vector_item WHERE tenant_id = '{other}' RETURNING 1"),
        "rows 0",
    );
    add(
        "a vector collection for another tenant",
        format!(
            "INSERT INTO vector_collection (tenant_id, dimension, backend) VALUES ('{other}', 1, 'exact')"
        ),
        "42501",
    );
    add("dropping vector collections", "DELETE FROM vector_collection".into(), "42501");
    add(
        "changing foreign members",
        format!("UPDATE member SET role = role WHERE tenant_id = '{other}' RETURNING 1"),
        "rows 0",
    );
    for (name, sql) in [
        ("truncation", "TRUNCATE member"),
        ("switching off its policies", "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY"),
        ("a table", "CREATE TABLE steward.x (n int)"),
        ("a function", "CREATE FUNCTION steward.x() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ("a temporary table", "CREATE TEMP TABLE x (n int)"),
        ("an extension", "CREATE EXTENSION hstore"),
        ("the owner’s role", "SET LOCAL ROLE steward_owner"),
        ("the maker’s role", "SET LOCAL ROLE steward_prov"),
        ("somebody else’s session", "SET SESSION AUTHORIZATION steward_prov"),
        ("another tenant’s setting", "SELECT set_config('app.tenant_id', '', true)"),
        ("another role by a setting", "SELECT set_config('role', 'steward_operator', true)"),
        ("a file out", "COPY tenant TO '/tmp/probe'"),
        ("a program", "COPY tenant TO PROGRAM 'cat'"),
        ("a file in", "SELECT pg_read_file('PG_VERSION')"),
        ("a large object", "SELECT lo_import('/etc/hostname')"),
        ("passwords of roles", "SELECT FROM pg_authid"),
        ("passwords of people", "SELECT password_hash FROM user_account"),
        ("sessions", "SELECT FROM session"),
        ("the past", "UPDATE audit_entry SET reason = NULL"),
        ("making tenants", "SELECT prov.create_namespace('00000000-0000-0000-0000-000000000001')"),
        ("removing tenants", "SELECT prov.forget('00000000-0000-0000-0000-000000000001')"),
    ] {
        add(name, sql.to_owned(), "42501");
    }
    if let Some(schema) = &target.foreign_schema {
        add("another tenant’s schema", format!("SELECT FROM {schema}.conversation"), "42501");
        add("another tenant’s own vectors", format!("SELECT FROM {schema}.vector_item"), "42501");
        add("writing into another tenant’s schema", format!("DELETE FROM {schema}.conversation"), "42501");
    }
    if target.placement == Placement::Dedicated {
        add("shared tables of others", "SELECT FROM pooled.conversation".into(), "rows 0");
        add("shared vectors of others", "SELECT FROM pooled.vector_item".into(), "rows 0");
    }
    all.push(Try {
        name: "a conversation of its own over to another tenant",
        reach: own,
        ground: Some(conversation(tenant)),
        sql: format!("UPDATE conversation SET tenant_id = '{other}' WHERE external_id = 'probe'"),
        expected: "42501".into(),
    });
    all.push(Try {
        name: "a vector of its own over to another tenant",
        reach: own,
        ground: Some(vector(tenant)),
        sql: format!("UPDATE vector_item SET tenant_id = '{other}' WHERE label = 'probe'"),
        expected: "42501".into(),
    });
    all.push(Try {
        name: "no tenant at all",
        reach: Reach::Tenant(TenantId::PLATFORM),
        ground: None,
        sql: "SELECT FROM tenant UNION ALL SELECT FROM member".into(),
        expected: "rows 0".into(),
    });
    all
}

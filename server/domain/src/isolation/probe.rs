//! The attack probe: does, as the tenant's own serving role, what would get at something foreign, and keeps what came of
//! it as evidence (R127). Every attempt is a transaction of its own that is never committed.
//!
//! Invariants: a positive control shows that the role sees its own rows, so that a probe that sees nothing at all does not
//! pass; what is expected is an exact SQLSTATE or number of rows, not "some error".

use super::store;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::permission::{Permission, Scope};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

/// Why it was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Provisioning,
    Schedule,
    Request,
}

impl Trigger {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Schedule => "schedule",
            Self::Request => "request",
        }
    }
}

/// One attempt and what came of it: `rows N` or a SQLSTATE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub name: String,
    pub expected: String,
    pub actual: String,
    pub passed: bool,
}

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub id: Uuid,
    pub tenant: TenantId,
    pub slug: String,
    pub placement: model::tenants::Placement,
    pub passed: i16,
    pub failed: i16,
    pub attempts: Vec<Attempt>,
}

impl Evidence {
    /// What did not come out as it must, in a sentence.
    pub fn problems(&self) -> Option<String> {
        let wrong: Vec<_> = self
            .attempts
            .iter()
            .filter(|attempt| !attempt.passed)
            .map(|a| format!("{}: expected {}, got {}", a.name, a.expected, a.actual))
            .collect();
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }
}

struct Try {
    name: &'static str,
    reach: Reach,
    sql: String,
    expected: String,
}

/// Runs the probe for one tenant and keeps the evidence. About 35 attempts, 50 ms.
pub async fn probe(cx: &Ctx, tenant: TenantId, trigger: Trigger) -> Result<Evidence> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let target = store::target(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    drop(read);
    let mut attempts = Vec::new();
    for each in tries(tenant, &target) {
        let actual = attempt(cx, each.reach, each.sql).await?;
        let passed = actual == each.expected;
        attempts.push(Attempt { name: each.name.to_owned(), expected: each.expected, actual, passed });
    }
    attempts.push(follows(cx, tenant, &target).await?);
    let count = |passed: bool| {
        i16::try_from(attempts.iter().filter(|a| a.passed == passed).count()).unwrap_or(i16::MAX)
    };
    let evidence = Evidence {
        id: cx.new_id(),
        tenant,
        slug: target.slug,
        placement: target.placement,
        passed: count(true),
        failed: count(false),
        attempts,
    };
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::keep(tx.conn(), &evidence, trigger).await?;
    tx.commit_unaudited("evidence has rows of its own").await?;
    if let Some(problems) = evidence.problems() {
        tracing::error!(%tenant, problems, "the isolation of a tenant is not proven");
    }
    Ok(evidence)
}

/// SQLSTATE, or `rows` with their number.
async fn attempt(cx: &Ctx, reach: Reach, sql: String) -> Result<String> {
    let mut tx = cx.begin(reach).await?;
    match sqlx::query(AssertSqlSafe(sql)).fetch_all(tx.conn()).await {
        Ok(rows) => Ok(format!("rows {}", rows.len())),
        Err(sqlx::Error::Database(error)) => Ok(error.code().unwrap_or_default().into_owned()),
        Err(error) => Err(error.into()),
    }
}

/// The same connection for another tenant afterwards: the second sees nothing of the first.
async fn follows(cx: &Ctx, tenant: TenantId, target: &store::Target) -> Result<Attempt> {
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    let own = store::visible(tx.conn()).await?;
    tx.switch(Reach::Tenant(target.other)).await?;
    let then = store::visible(tx.conn()).await?;
    let actual = format!("{} then {}", own == [tenant.0], then.contains(&tenant.0));
    let expected = "true then false".to_owned();
    let name = "another tenant on the same connection".to_owned();
    Ok(Attempt { passed: actual == expected, name, expected, actual })
}

/// Everything that is tried. `target.other` is a tenant whose rows are there to be reached, or an id that nobody has.
fn tries(tenant: TenantId, target: &store::Target) -> Vec<Try> {
    let (own, other) = (Reach::Tenant(tenant), target.other);
    let mut all = Vec::new();
    let mut add = |name: &'static str, sql: String, expected: &str| {
        all.push(Try { name, reach: own, sql, expected: expected.to_owned() });
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
        "its conversations over to another tenant",
        format!(
            "WITH mine AS ({}) UPDATE conversation SET tenant_id = '{other}' RETURNING 1",
            conversation(tenant)
        ),
        "rows 0",
    );
    add(
        "deleting foreign conversations",
        format!("DELETE FROM conversation WHERE tenant_id = '{other}' RETURNING 1"),
        "rows 0",
    );
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
        add("writing into another tenant’s schema", format!("DELETE FROM {schema}.conversation"), "42501");
    }
    if target.placement == model::tenants::Placement::Dedicated {
        add("shared tables of others", "SELECT FROM pooled.conversation".into(), "rows 0");
    }
    all.push(Try {
        name: "no tenant at all",
        reach: Reach::Tenant(TenantId::PLATFORM),
        sql: "SELECT FROM tenant UNION ALL SELECT FROM member".into(),
        expected: "rows 0".into(),
    });
    all
}

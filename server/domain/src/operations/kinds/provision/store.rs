//! SQL of provisioning.

pub(super) mod acceptance;
pub(super) mod limits;
mod people;
mod watch;

pub(super) use people::refused;
pub(super) use watch::{backups, monitors, watched};

use crate::error::{Error, OnConstraint, Result};
use model::operations::ProvisionRequest;
use model::permission::Role;
use model::tenants::{Placement, Status};
use model::{OperationId, TenantId, UserId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

fn names(asked: &ProvisionRequest) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
    [
        ("slug", asked.slug.as_str(), "Another tenant has this slug."),
        ("domain", asked.domain.as_str(), "Another tenant has this domain."),
        ("external_id", asked.external_id.as_str(), "Another tenant has this external id."),
    ]
    .into_iter()
    .filter(|(_, value, _)| !value.is_empty())
}

/// Takes slug, domain and external id for a request; others who want them wait here, and are refused.
pub(super) async fn take_names(
    connection: &mut PgConnection,
    id: OperationId,
    asked: &ProvisionRequest,
) -> Result<()> {
    for (what, value, message) in names(asked) {
        sqlx::query!(
            "INSERT INTO name_claim (what, value, operation_id) VALUES ($1, $2, $3)",
            what,
            value,
            id.0
        )
        .execute(&mut *connection)
        .await
        .on_constraint("name_claim_key", what, message)?;
    }
    if let Some((what, message)) = in_use(connection, None, asked).await? {
        return Err(Error::field(what, message));
    }
    Ok(())
}

async fn in_use(
    connection: &mut PgConnection,
    but: Option<TenantId>,
    asked: &ProvisionRequest,
) -> Result<Option<(&'static str, &'static str)>> {
    let taken = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM tenant WHERE slug = $1 AND ($4::uuid IS NULL OR id <> $4)) AS "slug!",
            EXISTS (SELECT FROM tenant WHERE domain = nullif($2, '') AND ($4::uuid IS NULL OR id <> $4)) AS "domain!",
            EXISTS (SELECT FROM tenant WHERE external_id = nullif($3, '') AND ($4::uuid IS NULL OR id <> $4)) AS "external_id!""#,
        asked.slug,
        asked.domain,
        asked.external_id,
        but.map(|id| id.0)
    )
    .fetch_one(connection)
    .await?;
    let is = |what: &str| match what {
        "slug" => taken.slug,
        "domain" => taken.domain,
        _ => taken.external_id,
    };
    Ok(names(asked).find(|(what, ..)| is(what)).map(|(what, _, message)| (what, message)))
}

/// Why the names cannot be had any more, in words.
pub(super) async fn taken_by_others(
    connection: &mut PgConnection,
    tenant: TenantId,
    asked: &ProvisionRequest,
) -> Result<Option<String>> {
    Ok(in_use(connection, Some(tenant), asked).await?.map(|(_, message)| message.to_owned()))
}

pub(super) async fn give_names_back(connection: &mut PgConnection, id: OperationId) -> Result<()> {
    sqlx::query!("DELETE FROM name_claim WHERE operation_id = $1", id.0).execute(connection).await?;
    Ok(())
}

pub(super) async fn status(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<Status>> {
    Ok(sqlx::query_scalar!(r#"SELECT status AS "status: Status" FROM tenant WHERE id = $1"#, tenant.0)
        .fetch_optional(connection)
        .await?)
}

/// The record, in status `provisioning`; whether it is new, and who looks after it: nobody whose account was closed since.
/// One that failed before begins again.
pub(super) async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    asked: &ProvisionRequest,
) -> Result<(bool, Option<UserId>)> {
    let empty = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let row = sqlx::query!(
        r#"INSERT INTO tenant (id, slug, name, domain, external_id, plan_id, region, country, tags, status, placement,
            support_contact, escalation_contact, billing_reference, owner_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'provisioning', $10, $11, $12, $13,
            (SELECT u.id FROM user_account u WHERE u.id = $14 AND u.platform_role IN ('owner', 'operator', 'success') AND u.disabled_at IS NULL))
        ON CONFLICT (id) DO UPDATE SET status = 'provisioning', status_since = now(), status_reason = NULL, status_note = NULL,
            owner_id = coalesce(tenant.owner_id, excluded.owner_id), version = tenant.version + 1, updated_at = now()
            WHERE tenant.status IN ('failed', 'provisioning')
        RETURNING (xmax = 0) AS "new!", owner_id AS "owner: UserId""#,
        tenant.0,
        asked.slug,
        asked.name,
        empty(&asked.domain),
        empty(&asked.external_id),
        asked.plan.as_str(),
        asked.region,
        empty(&asked.country),
        &asked.tags,
        asked.placement.as_str(),
        empty(&asked.support_contact),
        empty(&asked.escalation_contact),
        empty(&asked.billing_reference),
        asked.owner.map(|owner| owner.0)
    )
    .fetch_optional(connection)
    .await
    .on_constraint("tenant_slug_key", "slug", "Another tenant has this slug.")
    .on_constraint("tenant_domain_key", "domain", "Another tenant has this domain.")
    .on_constraint("tenant_external_id_key", "external_id", "Another tenant has this external id.")?;
    let row = row.ok_or_else(|| Error::Conflict("The tenant is in service already.".into()))?;
    Ok((row.new, row.owner))
}

pub(super) async fn fail(connection: &mut PgConnection, tenant: TenantId, why: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = 'failed', status_since = now(), status_note = left($2, 2000), version = version + 1, updated_at = now()
        WHERE id = $1 AND status IN ('provisioning', 'failed')",
        tenant.0,
        why
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Into service; false where it is no longer being made.
pub(super) async fn open(
    connection: &mut PgConnection,
    tenant: TenantId,
    to: Status,
    trial_days: i32,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE tenant SET status = $2, status_since = now(), trial_ends_at = CASE WHEN $2 = 'trial' THEN now() + make_interval(days => $3) END,
            version = version + 1, updated_at = now() WHERE id = $1 AND status = 'provisioning'",
        tenant.0,
        to.as_str(),
        trial_days
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn close(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = 'provisioning', status_since = now(), trial_ends_at = NULL, version = version + 1, updated_at = now()
        WHERE id = $1 AND status IN ('trial', 'active')",
        tenant.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn wipe(connection: &mut PgConnection, tenant: TenantId, tables: &[&str]) -> Result<()> {
    let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    sqlx::query("SELECT prov.wipe($1, VARIADIC $2::name[])")
        .bind(tenant)
        .bind(tables)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn forget(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query("SELECT prov.forget($1)").bind(tenant).execute(connection).await?;
    Ok(())
}

pub(super) async fn create_namespace(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query("SELECT prov.create_namespace($1)").bind(tenant).execute(connection).await?;
    Ok(())
}

pub(super) async fn drop_namespace(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query("SELECT prov.drop_namespace($1)").bind(tenant).execute(connection).await?;
    Ok(())
}

pub(super) async fn drop_account(connection: &mut PgConnection, user: Uuid) -> Result<()> {
    sqlx::query("SELECT prov.drop_account($1)").bind(user).execute(connection).await?;
    Ok(())
}

pub(super) async fn dedicated(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{32}$'"#)
        .fetch_one(connection)
        .await?)
}

/// Schema, role and number of tables of a tenant's data, where they are all there.
pub(super) async fn place(
    connection: &mut PgConnection,
    tenant: TenantId,
    placement: Placement,
) -> Result<Option<(String, String, i64)>> {
    let hex = tenant.0.simple().to_string();
    let (schema, role) = match placement {
        Placement::Pooled => ("pooled".to_owned(), "steward_tenant".to_owned()),
        Placement::Dedicated => (format!("t_{hex}"), format!("tr_{hex}")),
    };
    let tables = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE n.nspname = $1 AND c.relrowsecurity AND c.relforcerowsecurity) AS "own!",
            count(*) FILTER (WHERE n.nspname = 'pooled') AS "all!", EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS "role!"
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('pooled', $1)"#,
        schema,
        role
    )
    .fetch_one(connection)
    .await?;
    Ok((tables.own == tables.all && tables.role).then_some((schema, role, tables.own)))
}

/// Whose data this transaction works on, by the schema's own function.
pub(super) async fn context(connection: &mut PgConnection) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar("SELECT tenant_context()").fetch_one(connection).await?)
}

/// The indexes that begin with the tenant's id on the tables that this transaction works on: all there are in `pooled`, or
/// nothing.
pub(super) async fn indexes(connection: &mut PgConnection) -> Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"SELECT x.relname AS "name!", EXISTS (
            SELECT FROM pg_index j JOIN pg_class y ON y.oid = j.indexrelid
            WHERE j.indrelid = to_regclass(c.relname) AND y.relname = x.relname AND j.indisvalid) AS "there!"
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE n.nspname = 'pooled' AND c.relkind = 'r' AND a.attname = 'tenant_id' ORDER BY 1"#
    )
    .fetch_all(connection)
    .await?;
    if rows.iter().all(|row| row.there) {
        Ok(rows.into_iter().map(|row| row.name).collect())
    } else {
        Ok(vec![])
    }
}

pub(super) async fn put_setting(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: &str,
    value: &Value,
    by: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO tenant_setting (tenant_id, key, value, reason, changed_by) VALUES ($1, $2, $3, 'Asked for with the tenant.', $4)
        ON CONFLICT (tenant_id, key) DO NOTHING",
        tenant.0,
        key,
        value,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn template_of(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(String, i32)>> {
    let row = sqlx::query!(
        "SELECT t.name, a.version FROM tenant_template a JOIN template t ON t.id = a.template_id WHERE a.tenant_id = $1",
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.name, row.version)))
}

/// The account of an address, made where there is none; and whether it was made for this request.
pub(super) async fn account(
    connection: &mut PgConnection,
    new: Uuid,
    email: &str,
    name: &str,
    requested_at: chrono::DateTime<chrono::Utc>,
) -> Result<(Uuid, bool)> {
    let made = sqlx::query_scalar!(
        "INSERT INTO user_account (id, email, name) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING RETURNING id",
        new,
        email,
        name
    )
    .fetch_optional(&mut *connection)
    .await?;
    match made {
        Some(id) => Ok((id, true)),
        None => {
            let row = sqlx::query!(
                r#"SELECT id, disabled_at, password_hash IS NULL AND created_at >= $2 AS "made!" FROM user_account WHERE email = $1"#,
                email,
                requested_at
            )
            .fetch_one(connection)
            .await?;
            if row.disabled_at.is_some() {
                return Err(Error::Conflict(format!("The account of {email} is closed.")));
            }
            Ok((row.id, row.made))
        }
    }
}

pub(super) async fn member(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
    role: Role,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role",
        tenant.0,
        user,
        role.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a tenant has of the baseline.
pub(super) struct Baseline {
    pub fields: i64,
    pub tasks: i64,
    pub enabled: Vec<String>,
}

pub(super) async fn baseline(connection: &mut PgConnection, tenant: TenantId) -> Result<Baseline> {
    let baseline = sqlx::query_as!(
        Baseline,
        r#"SELECT (SELECT count(*) FROM tenant_field WHERE tenant_id = $1) AS "fields!", (SELECT count(*) FROM task) AS "tasks!",
            ARRAY(SELECT t.key FROM activation a JOIN task t ON t.id = a.task_id WHERE a.tenant_id = $1 AND a.enabled ORDER BY 1) AS "enabled!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(baseline)
}

//! SQL of API keys.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::api_keys::ApiKey;
use model::permission::KeyAccess;
use model::tenants::{PlanId, Status, Suspension};
use model::usage::LimitMeter;
use model::{ApiKeyId, TenantId};
use sqlx::{Executor, PgConnection};

pub(super) async fn list(connection: &mut PgConnection) -> Result<Vec<ApiKey>> {
    let keys = sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: ApiKeyId", name, access AS "access: KeyAccess", created_by, created_at, last_used_at, revoked_at, expires_at
        FROM api_key ORDER BY revoked_at IS NOT NULL OR coalesce(expires_at <= now(), false), created_at DESC, id LIMIT 500"#
    )
    .fetch_all(connection)
    .await?;
    Ok(keys)
}

pub(super) async fn get(connection: &mut PgConnection, id: ApiKeyId) -> Result<Option<ApiKey>> {
    let key = sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: ApiKeyId", name, access AS "access: KeyAccess", created_by, created_at, last_used_at, revoked_at, expires_at
        FROM api_key WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(key)
}

pub(super) struct TenantFacts {
    pub demo: bool,
    pub living: i64,
}

/// Of the tenant whose rows this transaction sees.
pub(super) async fn tenant_facts(connection: &mut PgConnection) -> Result<Option<TenantFacts>> {
    let facts = sqlx::query_as!(
        TenantFacts,
        r#"SELECT 'demo' = ANY (tags) AS "demo!",
            (SELECT count(*) FROM api_key WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) AS "living!"
        FROM tenant"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(facts)
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: ApiKeyId,
    name: &str,
    secret_hash: &[u8],
    access: KeyAccess,
    created_by: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO api_key (tenant_id, id, name, secret_hash, access, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.0,
        id.0,
        name,
        secret_hash,
        access.as_str(),
        created_by,
        expires_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether it was this call that revoked it.
pub(super) async fn revoke(connection: &mut PgConnection, id: ApiKeyId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL",
        id.0
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

pub(super) struct Found {
    pub tenant_id: uuid::Uuid,
    pub name: String,
    pub secret_hash: Vec<u8>,
    pub access: KeyAccess,
    /// Revoked, or over.
    pub ended: bool,
    pub status: Status,
    pub suspension: Option<Suspension>,
    pub status_reason: Option<String>,
    pub limit_kind: String,
    pub limit_hard: Option<i64>,
}

/// A key with everything that decides about the request, in one statement.
pub(super) async fn find(connection: &mut PgConnection, id: ApiKeyId) -> Result<Option<Found>> {
    let found = sqlx::query_as!(
        Found,
        r#"SELECT k.tenant_id, k.name, k.secret_hash, k.access AS "access: KeyAccess", (k.revoked_at IS NOT NULL OR coalesce(k.expires_at <= now(), false)) AS "ended!",
            t.status AS "status: Status", t.suspension AS "suspension: Suspension", t.status_reason,
            coalesce(l.kind, 'missing') AS "limit_kind!", l.hard AS "limit_hard?"
        FROM api_key k JOIN tenant t ON t.id = k.tenant_id
        LEFT JOIN LATERAL limits_of(t.id, t.plan_id) l ON l.meter = 'api_calls_15min'
        WHERE k.id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// Notes that the key was used; at most once a minute, and whether this was the time. What was noted before the tenant
/// took its present status does not count: the first refusal after a suspension is always one.
pub(super) async fn touch(connection: &mut PgConnection, tenant: TenantId, id: ApiKeyId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE api_key k SET last_used_at = now() FROM tenant t WHERE k.tenant_id = $1 AND k.id = $2 AND t.id = k.tenant_id
            AND (k.last_used_at IS NULL OR k.last_used_at < greatest(now() - interval '1 minute', t.status_since))",
        tenant.0,
        id.0
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

pub(super) struct Counted {
    /// `None`: the limit was reached, nothing was counted.
    pub used: Option<i32>,
    pub before: i32,
    pub resets_in: i64,
}

/// Counts and refuses in one statement: the row of the window is locked before it is compared.
pub(super) async fn count_call(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: ApiKeyId,
    limit: Option<i64>,
) -> Result<Counted> {
    // All calls of a tenant meet at this row; none shall wait for a disk to acknowledge another's. What a crash of the
    // database server can cost is the count of the last half second.
    connection.execute("SET LOCAL synchronous_commit = off").await?;
    let counted = sqlx::query_as!(
        Counted,
        r#"WITH running AS (
            SELECT date_bin('15 minutes', now(), 'epoch') AS starts_at
        ), counted AS (
            INSERT INTO api_window AS w (tenant_id, starts_at, used) SELECT $1, starts_at, 1 FROM running
            ON CONFLICT (tenant_id, starts_at) DO UPDATE SET used = w.used + 1 WHERE $3::bigint IS NULL OR w.used < $3
            RETURNING used
        ), metered AS (
            INSERT INTO usage_hour AS u (tenant_id, meter, hour, quantity)
            SELECT $1, 'api_calls', date_trunc('hour', now(), 'UTC'), 1 FROM counted
            ON CONFLICT (tenant_id, meter, hour) DO UPDATE SET quantity = u.quantity + 1, touched = pg_current_xact_id()
        ), seen AS (
            UPDATE api_key SET last_used_at = now() WHERE tenant_id = $1 AND id = $2
                AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        )
        SELECT (SELECT used FROM counted) AS used,
            coalesce((SELECT w.used FROM api_window w WHERE w.tenant_id = $1 AND w.starts_at = running.starts_at), 0) AS "before!",
            ceil(extract(epoch FROM running.starts_at + interval '15 minutes' - now()))::bigint AS "resets_in!"
        FROM running"#,
        tenant.0,
        key.0,
        limit
    )
    .fetch_one(connection)
    .await?;
    Ok(counted)
}

pub(super) struct StandingRow {
    pub slug: String,
    pub name: String,
    pub status: Status,
    pub suspension: Option<Suspension>,
    pub plan: PlanId,
}

/// Of the tenant whose rows this transaction sees.
pub(super) async fn standing(connection: &mut PgConnection) -> Result<Option<StandingRow>> {
    let row = sqlx::query_as!(
        StandingRow,
        r#"SELECT slug, name, status AS "status: Status", suspension AS "suspension: Suspension", plan_id AS "plan: PlanId" FROM tenant"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

pub(super) struct LimitRow {
    pub meter: LimitMeter,
    pub kind: String,
    pub hard: Option<i64>,
}

/// Of the tenant whose rows this transaction sees.
pub(super) async fn limits(connection: &mut PgConnection) -> Result<Vec<LimitRow>> {
    let rows = sqlx::query_as!(
        LimitRow,
        r#"SELECT l.meter AS "meter!: LimitMeter", l.kind AS "kind!", l.hard AS "hard?"
        FROM tenant t CROSS JOIN LATERAL limits_of(t.id, t.plan_id) l ORDER BY l.meter"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

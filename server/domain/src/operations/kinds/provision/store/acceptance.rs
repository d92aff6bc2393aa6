//! SQL of what the success criteria are decided on.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::permission::Role;
use model::{OperationId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

pub(in super::super) async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(connection).await?)
}

/// Somebody with a place and an open account.
pub(in super::super) struct Placed {
    pub user: Uuid,
    pub role: Role,
    /// Has chosen one.
    pub password: bool,
}

pub(in super::super) async fn placed(
    connection: &mut PgConnection,
    tenant: TenantId,
    users: &[Uuid],
) -> Result<Vec<Placed>> {
    let placed = sqlx::query_as!(
        Placed,
        r#"SELECT u.id AS "user!", m.role AS "role: Role", u.password_hash IS NOT NULL AS "password!"
        FROM member m JOIN user_account u ON u.id = m.user_id
        WHERE m.tenant_id = $1 AND m.user_id = ANY($2) AND u.disabled_at IS NULL"#,
        tenant.0,
        users
    )
    .fetch_all(connection)
    .await?;
    Ok(placed)
}

/// The newest proof of a tenant's isolation.
pub(in super::super) struct Proof {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub passed: i16,
    pub failed: i16,
}

pub(in super::super) async fn proof(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<Proof>> {
    let proof = sqlx::query_as!(
        Proof,
        "SELECT id, at, passed, failed FROM isolation_run WHERE tenant_id = $1 ORDER BY at DESC LIMIT 1",
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(proof)
}

/// Whether row level security is forced on every table that holds a tenant's data.
pub(in super::super) async fn forced(connection: &mut PgConnection, tenant: TenantId) -> Result<bool> {
    let forced = sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname IN ('pooled', 't_' || replace($1::uuid::text, '-', '')) AND NOT c.relforcerowsecurity) AS "forced!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(forced)
}

pub(in super::super) struct Watched {
    pub monitors: i64,
    /// Of those, how many were looked at.
    pub looked_at: i64,
    pub evaluated_at: Option<DateTime<Utc>>,
    pub backups: i64,
}

pub(in super::super) async fn watched(connection: &mut PgConnection, tenant: TenantId) -> Result<Watched> {
    let watched = sqlx::query_as!(
        Watched,
        r#"SELECT (SELECT count(*) FROM monitor WHERE tenant_id = $1) AS "monitors!",
            (SELECT count(*) FROM monitor WHERE tenant_id = $1 AND state <> 'new') AS "looked_at!",
            (SELECT evaluated_at FROM monitor_turn WHERE tenant_id = $1) AS "evaluated_at?",
            (SELECT count(*) FROM backup_schedule WHERE tenant_id = $1) AS "backups!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(watched)
}

/// When a step of an operation was done.
pub(in super::super) async fn step_ended(
    connection: &mut PgConnection,
    tenant: TenantId,
    operation: OperationId,
    step: &str,
) -> Result<Option<DateTime<Utc>>> {
    let ended = sqlx::query_scalar!(
        "SELECT finished_at FROM operation_step WHERE tenant_id = $1 AND operation_id = $2 AND name = $3",
        tenant.0,
        operation.0,
        step
    )
    .fetch_optional(connection)
    .await?;
    Ok(ended.flatten())
}

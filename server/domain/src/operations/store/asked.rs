//! SQL of what a tenant's own people have asked for: such an operation says so in `payload.by_tenant`.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::operations::{Kind, State};
use model::{OperationId, TenantId};
use serde_json::Value;
use sqlx::PgConnection;

/// A request with what was decided on it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub id: OperationId,
    pub state: State,
    pub payload: Value,
    pub reason: Option<String>,
    pub by: String,
    pub asked_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub note: Option<String>,
    pub version: i64,
}

/// The newest of this kind of the last 30 days.
pub(crate) async fn newest(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
) -> Result<Option<Asked>> {
    let row = sqlx::query_as!(
        Asked,
        r#"SELECT id AS "id: OperationId", state AS "state: State", payload, reason, requested_by_name AS by, requested_at AS asked_at,
            approved_at AS decided_at, approval_note AS note, version
        FROM operation WHERE tenant_id = $1 AND kind = $2 AND payload->>'by_tenant' = 'true' AND requested_at > now() - interval '30 days'
        ORDER BY id DESC LIMIT 1"#,
        tenant.0,
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// The one of this kind that waits for a decision, locked: nobody decides on it meanwhile.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
) -> Result<Option<Asked>> {
    let row = sqlx::query_as!(
        Asked,
        r#"SELECT id AS "id: OperationId", state AS "state: State", payload, reason, requested_by_name AS by, requested_at AS asked_at,
            approved_at AS decided_at, approval_note AS note, version
        FROM operation WHERE tenant_id = $1 AND kind = $2 AND payload->>'by_tenant' = 'true' AND state = 'requested'
        ORDER BY id DESC LIMIT 1 FOR UPDATE"#,
        tenant.0,
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Whether any of this kind waits for a decision or is being done, whoever asked for it. What has a day of its own is
/// not looked at here: `later` knows it.
pub(crate) async fn is_under_way(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM operation WHERE tenant_id = $1 AND kind = $2 AND payload->>'scheduled' IS NULL
            AND state IN ('requested', 'queued', 'running', 'undoing')) AS "under_way!""#,
        tenant.0,
        kind.as_str()
    )
    .fetch_one(connection)
    .await?)
}

/// How many the tenant's people have asked for within a day.
pub(crate) async fn lately(connection: &mut PgConnection, tenant: TenantId, kind: Kind) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM operation
        WHERE tenant_id = $1 AND kind = $2 AND payload->>'by_tenant' = 'true' AND requested_at > now() - interval '1 day'"#,
        tenant.0,
        kind.as_str()
    )
    .fetch_one(connection)
    .await?)
}

/// Takes back one that [`lock`] holds.
pub(crate) async fn withdraw(connection: &mut PgConnection, one: &Asked) -> Result<()> {
    super::cancel(connection, one.id).await
}

/// Who let an operation begin.
pub(in crate::operations) async fn approver(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: OperationId,
) -> Result<Option<uuid::Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT approved_by_id FROM operation WHERE tenant_id = $1 AND id = $2",
        tenant.0,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

/// The line of the log in which an operation ends.
pub(in crate::operations) fn ended(state: State) -> String {
    format!("{}.", state.label())
}

/// Whether it has failed before: its log says so. Whoever asked was told then.
pub(in crate::operations) async fn has_failed(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: OperationId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM operation_log WHERE tenant_id = $1 AND operation_id = $2 AND seq = 0 AND message = $3) AS "failed!""#,
        tenant.0,
        id.0,
        ended(State::Failed)
    )
    .fetch_one(connection)
    .await?)
}

//! SQL of the tenant's page head and of the moves of its life.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::tenants::Progress;
use model::{TenantId, UserId};
use sqlx::PgConnection;

/// Of the newest onboarding run.
pub(in crate::tenants) async fn onboarding_progress(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<Progress>> {
    let progress = sqlx::query_as!(
        Progress,
        r#"SELECT count(*) FILTER (WHERE state IN ('passed', 'waived')) AS "done!", count(*) AS "total!" FROM checklist_item
        WHERE tenant_id = $1 AND run_id = (SELECT id FROM checklist_run WHERE tenant_id = $1 AND key = 'onboarding' ORDER BY started_at DESC LIMIT 1)"#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok((progress.total > 0).then_some(progress))
}

/// Who made the move into the status that began at `since`.
pub(in crate::tenants) async fn moved_by(
    connection: &mut PgConnection,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> Result<Option<String>> {
    let name = sqlx::query_scalar!(
        "SELECT actor_name FROM audit_entry WHERE tenant_id = $1 AND at >= $2 AND action IN ('tenant.suspend', 'tenant.offboard') ORDER BY at LIMIT 1",
        tenant.0,
        since
    )
    .fetch_optional(connection)
    .await?;
    Ok(name)
}

/// The score of the newest snapshot that is at least `days` old.
pub(in crate::tenants) async fn score_before(
    connection: &mut PgConnection,
    tenant: TenantId,
    days: i32,
) -> Result<Option<i16>> {
    let score = sqlx::query_scalar!(
        "SELECT score FROM health_snapshot WHERE tenant_id = $1 AND day <= current_date - $2::int ORDER BY day DESC LIMIT 1",
        tenant.0,
        days
    )
    .fetch_optional(connection)
    .await?;
    Ok(score.flatten())
}

pub(in crate::tenants) async fn user_name(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM user_account WHERE id = $1", user.0)
        .fetch_optional(connection)
        .await?)
}

//! SQL of trials: the end of one by hand, a later day for it, and whether it is over. Every change counts `version` up.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use sqlx::PgConnection;

/// From a trial to a customer: no day ends it any more.
pub(in crate::tenants) async fn convert(connection: &mut PgConnection, id: TenantId) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = 'active', status_since = now(), trial_ends_at = NULL, version = version + 1, updated_at = now()
        WHERE id = $1 AND status = 'trial'",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The conversion taken back: the trial that it was, with the end that it had.
pub(in crate::tenants) async fn unconvert(
    connection: &mut PgConnection,
    id: TenantId,
    ends_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = 'trial', status_since = now(), trial_ends_at = $2, version = version + 1, updated_at = now()
        WHERE id = $1 AND status = 'active'",
        id.0,
        ends_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::tenants) async fn set_end(
    connection: &mut PgConnection,
    id: TenantId,
    ends_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET trial_ends_at = $2, version = version + 1, updated_at = now() WHERE id = $1 AND status = 'trial'",
        id.0,
        ends_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether it is a trial whose end is past, by the database's clock.
pub(in crate::tenants) async fn is_over(connection: &mut PgConnection, id: TenantId) -> Result<bool> {
    let over = sqlx::query_scalar!(
        r#"SELECT status = 'trial' AND coalesce(trial_ends_at <= now(), false) AS "over!" FROM tenant WHERE id = $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(over)
}

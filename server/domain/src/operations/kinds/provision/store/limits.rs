//! SQL of the limits that a new tenant was asked for with, and of who looks after it.

use crate::error::Result;
use crate::limits::kept;
use model::limits::AskedLimit;
use model::usage::LimitMeter;
use model::{TenantId, UserId};
use sqlx::PgConnection;

/// Writes a limit; whether it was not there yet.
pub(in super::super) async fn put(
    connection: &mut PgConnection,
    tenant: TenantId,
    asked: &AskedLimit,
    by: &str,
) -> Result<bool> {
    let (kind, hard) = kept(asked.limit);
    let done = sqlx::query!(
        "INSERT INTO tenant_limit (tenant_id, meter, kind, hard, reason, set_by) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, meter) DO NOTHING",
        tenant.0,
        asked.meter.as_str(),
        kind,
        hard,
        asked.reason,
        by
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which of these it does not have.
pub(in super::super) async fn lacking(
    connection: &mut PgConnection,
    tenant: TenantId,
    asked: &[AskedLimit],
) -> Result<Vec<LimitMeter>> {
    let meters: Vec<String> = asked.iter().map(|one| one.meter.as_str().to_owned()).collect();
    let lacking = sqlx::query_scalar!(
        r#"SELECT w.meter AS "meter!: LimitMeter" FROM unnest($2::text[]) AS w (meter)
        WHERE NOT EXISTS (SELECT FROM tenant_limit l WHERE l.tenant_id = $1 AND l.meter = w.meter)"#,
        tenant.0,
        &meters
    )
    .fetch_all(connection)
    .await?;
    Ok(lacking)
}

/// Who looks after it.
pub(in super::super) async fn owner(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<UserId>> {
    let owner =
        sqlx::query_scalar!(r#"SELECT owner_id AS "owner: UserId" FROM tenant WHERE id = $1"#, tenant.0)
            .fetch_optional(connection)
            .await?;
    Ok(owner.flatten())
}

/// Gives it somebody to look after it, where nobody does; whether it did.
pub(in super::super) async fn give_owner(
    connection: &mut PgConnection,
    tenant: TenantId,
    owner: UserId,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE tenant SET owner_id = $2, version = version + 1, updated_at = now()
        WHERE id = $1 AND owner_id IS NULL AND status = 'provisioning'",
        tenant.0,
        owner.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

//! SQL of limits of one tenant alone.

use super::kept;
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::limits::{OwnLimit, limit};
use model::tenants::PlanId;
use model::usage::{Limit, LimitMeter};
use sqlx::PgConnection;

pub(super) async fn plan_of(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<PlanId>> {
    Ok(sqlx::query_scalar!(r#"SELECT plan_id AS "plan: PlanId" FROM tenant WHERE id = $1"#, tenant.0)
        .fetch_optional(connection)
        .await?)
}

/// Those of a tenant, also where their time is up. For the wider reach only: reasons are the platform's.
pub(super) async fn own(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<OwnLimit>> {
    let rows = sqlx::query!(
        r#"SELECT meter AS "meter: LimitMeter", kind, hard, reason, set_by, set_at, until, version,
            coalesce(until <= now(), false) AS "over!"
        FROM tenant_limit WHERE tenant_id = $1"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    let own = rows.into_iter().map(|row| OwnLimit {
        meter: row.meter,
        limit: limit(&row.kind, row.hard),
        reason: row.reason,
        by: row.set_by,
        at: row.set_at,
        until: row.until,
        over: row.over,
        version: row.version,
    });
    Ok(own.collect())
}

pub(super) async fn put(
    connection: &mut PgConnection,
    tenant: TenantId,
    meter: LimitMeter,
    limit: Limit,
    reason: &str,
    by: &str,
    until: Option<DateTime<Utc>>,
) -> Result<()> {
    let (kind, hard) = kept(limit);
    sqlx::query!(
        "INSERT INTO tenant_limit AS l (tenant_id, meter, kind, hard, reason, set_by, until) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, meter) DO UPDATE SET kind = $3, hard = $4, reason = $5, set_by = $6, set_at = now(), until = $7,
            version = nextval('steward.tenant_limit_version')",
        tenant.0,
        meter.as_str(),
        kind,
        hard,
        reason,
        by,
        until
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn remove(connection: &mut PgConnection, tenant: TenantId, meter: LimitMeter) -> Result<()> {
    sqlx::query!("DELETE FROM tenant_limit WHERE tenant_id = $1 AND meter = $2", tenant.0, meter.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

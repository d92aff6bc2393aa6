//! SQL of what watches a tenant, and of when it is copied (R24).

use crate::error::Result;
use model::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

pub(in super::super) async fn monitors(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    quota: i64,
) -> Result<()> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let quota = i32::try_from(quota).unwrap_or(85).clamp(1, 100);
    // Many at once (an import) have their first turns spread, as their later ones then are.
    sqlx::query!(
        "INSERT INTO monitor_turn (tenant_id, due_at)
        SELECT w.id, now() + random() * CASE WHEN cardinality($1::uuid[]) > 1 THEN interval '15 minutes' ELSE interval '0' END
        FROM unnest($1::uuid[]) AS w (id) ON CONFLICT DO NOTHING",
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO monitor (tenant_id, kind, threshold)
        SELECT w.id, m.kind, m.threshold FROM unnest($1::uuid[]) AS w (id)
            CROSS JOIN (VALUES ('ingestion_stalled', 24), ('task_failures', 10), ('quota', $2::integer), ('isolation', 2)) AS m (kind, threshold)
        ON CONFLICT (tenant_id, kind) DO NOTHING",
        &ids,
        quota
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn backups(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    every_days: i32,
    keep_days: i64,
) -> Result<()> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query!(
        "INSERT INTO backup_schedule (tenant_id, kind, every, keep_days, next_at)
        SELECT w.id, b.kind, make_interval(days => b.every), $3::integer, date_trunc('day', now()) + make_interval(days => 1, hours => b.hour)
        FROM unnest($1::uuid[]) AS w (id) CROSS JOIN (VALUES ('full', $2::integer, 2), ('config', 1, 1)) AS b (kind, every, hour)
        ON CONFLICT (tenant_id, kind) DO NOTHING",
        &ids,
        every_days,
        i32::try_from(keep_days).unwrap_or(30).max(1)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in super::super) async fn watched(connection: &mut PgConnection, tenant: TenantId) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM monitor WHERE tenant_id = $1) AS "monitors!", (SELECT count(*) FROM backup_schedule WHERE tenant_id = $1) AS "backups!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok((row.monitors, row.backups))
}

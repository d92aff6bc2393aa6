//! SQL of the operations of a roll-out's waves.

use crate::error::Result;
use model::{OperationId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Tenants of the waves that were let go and have no operation yet, locked.
pub(super) async fn to_start(
    connection: &mut PgConnection,
    id: Uuid,
    limit: i64,
) -> Result<Vec<(TenantId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT x.tenant_id AS "tenant: TenantId", t.name FROM rollout_tenant x JOIN rollout r ON r.id = x.rollout_id JOIN tenant t ON t.id = x.tenant_id
        WHERE x.rollout_id = $1 AND r.state = 'running' AND x.wave <= r.wave AND x.operation_id IS NULL
        ORDER BY x.wave, x.tenant_id LIMIT $2 FOR UPDATE OF x SKIP LOCKED"#,
        id,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, row.name)).collect())
}

pub(super) async fn started(
    connection: &mut PgConnection,
    id: Uuid,
    tenant: TenantId,
    operation: OperationId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE rollout_tenant SET operation_id = $3 WHERE rollout_id = $1 AND tenant_id = $2",
        id,
        tenant.0,
        operation.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that those who may approve are told of the current wave; false where they were already.
pub(super) async fn tell(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE rollout SET told_wave = wave WHERE id = $1 AND told_wave IS DISTINCT FROM wave",
        id
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes back operations of a roll-out that still wait for a second person, so many at most, and says why in their logs:
/// each with its tenant and what it is about. Whoever approves one at the same moment is waited for.
pub(super) async fn withdraw(
    connection: &mut PgConnection,
    id: Uuid,
    why: &str,
    limit: i64,
) -> Result<Vec<(TenantId, OperationId, String)>> {
    let rows = sqlx::query!(
        r#"WITH open AS (SELECT o.tenant_id, o.id FROM rollout_tenant x JOIN operation o ON o.tenant_id = x.tenant_id AND o.id = x.operation_id
            WHERE x.rollout_id = $1 AND o.state = 'requested' ORDER BY o.tenant_id, o.id LIMIT $3 FOR UPDATE OF o
        ), gone AS (
            UPDATE operation o SET state = 'cancelled', finished_at = now(), version = version + 1 FROM open
            WHERE o.tenant_id = open.tenant_id AND o.id = open.id
            RETURNING o.tenant_id, o.id, o.subject
        ), said AS (
            INSERT INTO operation_log (tenant_id, operation_id, seq, message)
            SELECT tenant_id, id, 0, 'Withdrawn: ' || $2::text FROM gone
        )
        SELECT tenant_id AS "tenant!: TenantId", id AS "id!: OperationId", subject AS "subject!" FROM gone"#,
        id,
        why,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, row.id, row.subject)).collect())
}

/// Roll-outs that were called off and whose operations wait for a second person all the same: whoever called them off did
/// not come to the end.
pub(super) async fn half_withdrawn(connection: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT DISTINCT x.rollout_id AS "id!" FROM operation o
        JOIN rollout_tenant x ON x.tenant_id = o.tenant_id AND x.operation_id = o.id JOIN rollout r ON r.id = x.rollout_id
        WHERE o.state = 'requested' AND o.kind = 'apply_template' AND r.state = 'cancelled' LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

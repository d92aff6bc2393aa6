//! SQL of what the server has asked for by itself.

use crate::error::Result;
use model::operations::Kind;
use model::tenants::SuspensionReason;
use model::{OperationId, TenantId};
use sqlx::PgConnection;

/// Calls off what waits of this kind for this cause where the server itself has asked for it, and says why in its log.
/// Whoever approves it at the same moment is waited for, and then it waits no more.
pub(in crate::operations) async fn withdraw(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
    code: SuspensionReason,
    why: &str,
) -> Result<Vec<(OperationId, String)>> {
    let rows = sqlx::query!(
        r#"WITH gone AS (
            UPDATE operation SET state = 'cancelled', finished_at = now(), version = version + 1
            WHERE tenant_id = $1 AND kind = $2 AND state = 'requested' AND payload->>'code' = $3 AND requested_by ? 'System'
            RETURNING tenant_id, id, subject
        ), said AS (
            INSERT INTO operation_log (tenant_id, operation_id, seq, message)
            SELECT tenant_id, id, 0, 'Withdrawn: ' || $4::text FROM gone
        )
        SELECT id AS "id!: OperationId", subject AS "subject!" FROM gone"#,
        tenant.0,
        kind.as_str(),
        code.as_str(),
        why
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.subject)).collect())
}

//! What the rules have asked for by themselves and that still waits for a second person: taken back where its cause is gone
//! (R9, R78), so that nobody decides about what would come to nothing.
//!
//! Invariants: only the server's own requests, never a person's or a program's; what has been approved is not touched here:
//! it looks at its cause itself before it does anything.

use super::store::ruled as store;
use crate::audit::AuditEvent;
use crate::error::Result;
use model::operations::{Kind, State};
use model::tenants::SuspensionReason;
use model::{OperationId, TenantId};
use serde_json::json;
use sqlx::PgConnection;

/// Takes back the suspensions for this cause that wait, in the transaction (reach `Fleet`) that has taken the cause away;
/// `why` is a sentence for whoever looks it up. Answers the audit lines.
pub(crate) async fn withdraw_ruled(
    connection: &mut PgConnection,
    tenant: TenantId,
    code: SuspensionReason,
    why: &str,
) -> Result<Vec<AuditEvent>> {
    let withdrawn = store::withdraw(connection, tenant, Kind::Suspend, code, why).await?;
    let line = |(id, subject): (OperationId, String)| {
        AuditEvent::on(tenant, "operation.cancel", format!("{} {subject}", Kind::Suspend.label()))
            .reason(why)
            .before(json!({ "state": State::Requested }))
            .after(json!({ "state": State::Cancelled, "operation": id }))
    };
    Ok(withdrawn.into_iter().map(line).collect())
}

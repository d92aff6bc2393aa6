//! The kinds of operations: which steps each has, in their order.

pub(super) mod provision;

use super::step::Step;
use crate::audit::AuditEvent;
use crate::error::Result;
use model::OperationId;
use model::operations::Kind;
use sqlx::PgConnection;

/// The steps of a kind; nothing for kinds that are not built yet.
pub(super) fn of(kind: Kind) -> Option<&'static [Step]> {
    match kind {
        Kind::Provision => Some(provision::STEPS),
        Kind::Suspend => Some(crate::tenants::moves::SUSPEND),
        Kind::ChangeScope => Some(crate::tenants::rescope::CHANGE_SCOPE),
        Kind::Reinstate => Some(crate::tenants::moves::REINSTATE),
        Kind::ChangePlan => Some(crate::tenants::moves::CHANGE_PLAN),
        Kind::ConvertTrial => Some(crate::tenants::conversion::CONVERT_TRIAL),
        Kind::ChangeDetails => Some(crate::tenants::relabel::CHANGE_DETAILS),
        Kind::ApplyTemplate => Some(crate::templates::STEPS),
        Kind::Bulk => Some(crate::bulk::STEPS),
        Kind::Export | Kind::Offboard | Kind::Purge | Kind::Restore | Kind::Migrate | Kind::Backfill => None,
    }
}

/// Whether a failure leaves everything as it is and waits for a person: what was done to many cannot be undone as one.
pub(super) const fn keeps(kind: Kind) -> bool {
    matches!(kind, Kind::Bulk)
}

/// A request is given up without being undone: what it held goes with it. The lines are about what else that ended.
pub(super) async fn dropped(
    connection: &mut PgConnection,
    kind: Kind,
    id: OperationId,
) -> Result<Vec<AuditEvent>> {
    match kind {
        Kind::Provision => provision::dropped(connection, id).await.map(|()| vec![]),
        Kind::Bulk => crate::bulk::dropped(connection, id).await,
        _ => Ok(vec![]),
    }
}

/// A request is tried again: so are its parts. The lines are about those.
pub(super) async fn retried(
    connection: &mut PgConnection,
    kind: Kind,
    id: OperationId,
) -> Result<Vec<AuditEvent>> {
    match kind {
        Kind::Bulk => crate::bulk::retried(connection, id).await,
        _ => Ok(vec![]),
    }
}

//! The kinds of operations: which steps each has, in their order.

use super::step::Step;
use crate::error::Result;
use model::OperationId;
use model::operations::Kind;
use sqlx::PgConnection;

/// The steps of a kind; nothing for kinds that are not built yet.
pub(super) fn of(kind: Kind) -> Option<&'static [Step]> {
    match kind {
        Kind::Provision
        | Kind::Suspend
        | Kind::Reinstate
        | Kind::ChangePlan
        | Kind::ApplyTemplate
        | Kind::Export
        | Kind::Offboard
        | Kind::Purge
        | Kind::Restore
        | Kind::Migrate
        | Kind::Backfill
        | Kind::Bulk => None,
    }
}

/// A request that was never begun is given up: what it held goes with it.
pub(super) async fn dropped(_connection: &mut PgConnection, _kind: Kind, _id: OperationId) -> Result<()> {
    Ok(())
}

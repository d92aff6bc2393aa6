//! The kinds of operations: which steps each has, in their order.

pub(super) mod provision;

use super::step::Step;
use crate::error::Result;
use model::OperationId;
use model::operations::Kind;
use sqlx::PgConnection;

/// The steps of a kind; nothing for kinds that are not built yet.
pub(super) fn of(kind: Kind) -> Option<&'static [Step]> {
    match kind {
        Kind::Provision => Some(provision::STEPS),
        Kind::Suspend => Some(crate::tenants::moves::SUSPEND),
        Kind::Reinstate => Some(crate::tenants::moves::REINSTATE),
        Kind::ChangePlan => Some(crate::tenants::moves::CHANGE_PLAN),
        Kind::ApplyTemplate => Some(crate::templates::STEPS),
        Kind::Export
        | Kind::Offboard
        | Kind::Purge
        | Kind::Restore
        | Kind::Migrate
        | Kind::Backfill
        | Kind::Bulk => None,
    }
}

/// A request that was never begun is given up: what it held goes with it.
pub(super) async fn dropped(connection: &mut PgConnection, kind: Kind, id: OperationId) -> Result<()> {
    match kind {
        Kind::Provision => provision::dropped(connection, id).await,
        _ => Ok(()),
    }
}

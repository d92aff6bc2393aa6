//! How far tenants are from their templates: looking, accepting a difference, and the roll-up of the fleet.

use super::{align_store, store};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use model::TenantId;
use model::templates::{Alignment, VersionRef, align};
use sqlx::PgConnection;

/// Looks at one tenant; `None` where it is on no template.
pub(super) async fn look(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(VersionRef, Alignment)>> {
    let Some(assigned) = store::assigned(connection, tenant).await? else { return Ok(None) };
    let at = VersionRef { template: assigned.template.id, version: assigned.version };
    let Some(found) = store::version(connection, at).await? else { return Ok(None) };
    let actual = store::actual(connection, tenant).await?;
    let (accepted, now) = align_store::acceptances(connection, tenant).await?;
    Ok(Some((at, align(&found.bundle, &actual, &accepted, now))))
}

/// Brings the roll-up of one tenant up to date, inside the caller's transaction.
pub(crate) async fn refresh_in(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    match look(connection, tenant).await? {
        Some((at, alignment)) => align_store::roll_up(connection, tenant, at, &alignment).await,
        None => Ok(()),
    }
}

/// The same in a transaction of its own, after something changed that the template has a say in.
pub(crate) async fn refresh(cx: &Ctx, tenant: TenantId) -> Result<()> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    refresh_in(tx.conn(), tenant).await?;
    tx.commit_unaudited("a roll-up of what has its own lines").await
}

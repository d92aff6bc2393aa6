//! Many new tenants on one version: what [`super::apply()`] does for each of them, in a few statements for all.
//!
//! It is found out on the first of them and written for the others as it is there: nobody has decided anything about any
//! of them yet, so they cannot differ. No permission: whoever calls has asked for it, and says the version in its audit
//! lines.

use super::{align, fresh_store as store};
use crate::ctx::Ctx;
use crate::error::Result;
use model::TenantId;
use model::templates::VersionRef;
use sqlx::PgConnection;

/// Puts tenants on a version that were made in the caller's transaction (reach `Fleet`), on one plan and in one place.
///
/// # Errors
/// As [`super::apply()`].
pub(crate) async fn apply_to_new(
    connection: &mut PgConnection,
    cx: &Ctx,
    tenants: &[TenantId],
    at: VersionRef,
    reason: &str,
) -> Result<()> {
    let Some((first, others)) = tenants.split_first() else { return Ok(()) };
    super::apply(&mut *connection, cx, *first, at, Some(reason)).await?;
    store::as_the_first(connection, *first, others).await
}

/// The roll-up of how far they are from it, once all that a template has a say in is there.
pub(crate) async fn refresh_new(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    let Some((first, others)) = tenants.split_first() else { return Ok(()) };
    align::refresh_in(&mut *connection, *first).await?;
    store::aligned_as_the_first(connection, *first, others).await
}

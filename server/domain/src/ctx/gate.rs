//! The way into a tenant for whoever writes: its status is read with the row locked, so that it stays what it is until
//! the transaction ends. A suspension or a purge waits for the writer, or the writer sees it.

#[cfg(test)]
mod tests;

use super::store::{self, Hold};
use super::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use model::TenantId;
use model::tenants::{Status, Suspension};
use model::work::Work;

/// What a tenant's row says to somebody who wants to write.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(crate) struct Standing {
    pub status: Status,
    pub suspension: Option<Suspension>,
}

impl Ctx {
    /// A write inside one tenant, under its row level security, if its status allows this work.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` in the words of [`Work::check`].
    pub async fn begin_in(&self, tenant: TenantId, work: Work) -> Result<Tx> {
        let (tx, standing) = self.enter(tenant).await?;
        work.check(standing.status).map_err(Error::Conflict)?;
        Ok(tx)
    }

    /// The same for the caller to judge: inside the tenant, its status held.
    pub(crate) async fn enter(&self, tenant: TenantId) -> Result<(Tx, Standing)> {
        // A tenant's role may read its row and not lock it.
        let mut tx = self.begin(Reach::Fleet).await?;
        let standing = store::hold(tx.conn(), tenant, Hold::Share).await?.ok_or(Error::NotFound)?;
        tx.switch(Reach::Tenant(tenant)).await?;
        Ok((tx, standing))
    }

    /// A write about one tenant that needs the wider reach: to its row, or to rows that belong to no tenant. One at a
    /// time for each tenant.
    ///
    /// # Errors
    /// As [`Ctx::begin_in`].
    pub async fn begin_about(&self, tenant: TenantId, work: Work) -> Result<Tx> {
        let mut tx = self.begin(Reach::Fleet).await?;
        let standing = store::hold(tx.conn(), tenant, Hold::Alone).await?.ok_or(Error::NotFound)?;
        work.check(standing.status).map_err(Error::Conflict)?;
        Ok(tx)
    }
}

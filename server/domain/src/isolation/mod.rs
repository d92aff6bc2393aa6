//! Isolation is verified, not assumed: a lint of the database's catalogue finds what would let one tenant reach
//! another, whoever wrote the migration.
//!
//! Every rule has a seeded defect in the tests, so that a rule that stopped finding is noticed. The server runs the
//! lint at its start and every hour; [`probe`] attacks from inside one tenant and keeps the evidence.

mod probe;
mod store;
#[cfg(test)]
mod tests;

pub use probe::{Attempt, Evidence, Trigger, probe};

use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::permission::{Permission, Scope};

/// Something in the catalogue that weakens isolation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct Finding {
    /// `R01` and the rule in words.
    pub rule: String,
    /// What breaks it.
    pub object: String,
}

/// Looks through the whole catalogue; nothing found is a pass. About 50 ms.
pub async fn lint(cx: &Ctx) -> Result<Vec<Finding>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::lint(read.conn()).await
}

/// When a tenant's isolation was last probed, and how many attempts passed and failed; nothing where it never was.
pub async fn newest(cx: &Ctx, tenant: TenantId) -> Result<Option<(DateTime<Utc>, i16, i16)>> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    store::newest(read.conn(), tenant).await
}

/// The tenants in service in the order of their ids, from the one after `after` onwards: whom a round of probes visits.
pub async fn in_service(cx: &Ctx, after: Option<TenantId>, limit: i64) -> Result<Vec<TenantId>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::in_service(read.conn(), after.map(|id| id.0), limit).await
}

//! Isolation is verified, not assumed: a lint of the database's catalogue finds what would let one tenant reach
//! another, whoever wrote the migration.
//!
//! Every rule has a seeded defect in the tests, so that a rule that stopped finding is noticed. The server runs the
//! lint at its start and every hour.

mod store;
#[cfg(test)]
mod tests;

use crate::ctx::{Ctx, Reach};
use crate::error::Result;
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

//! What the pipeline runs for a tenant: the enabled tasks, each with its override on it.

use super::store;
use crate::error::Result;
use model::TenantId;
use model::tasks::{Effective, Task, resolve};
use sqlx::PgConnection;

/// A task that is to run.
#[derive(Clone, Debug, PartialEq)]
pub struct EnabledTask {
    pub task: Task,
    pub effective: Effective,
}

impl EnabledTask {
    /// Goes into the record of the run.
    pub fn overridden(&self) -> bool {
        !self.effective.differing.is_empty()
    }
}

/// The enabled tasks of a tenant, in the order of the catalogue.
///
/// Takes a connection, not a context: the caller is a worker inside its own transaction (role `steward_tenant` of this
/// tenant, or `steward_operator`), which has settled already whether this tenant is processed at all.
pub async fn effective_for_pipeline(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<EnabledTask>> {
    let rows = store::of_tenant(connection, tenant, None).await?;
    let enabled = rows.into_iter().map(store::Row::into_parts).filter(|parts| parts.activation.enabled);
    Ok(enabled
        .map(|parts| EnabledTask {
            effective: resolve(&parts.published, parts.overriding.as_ref()),
            task: parts.task,
        })
        .collect())
}

/// Every task as the tenant has it, enabled or not: what a smoke test may run.
pub(crate) async fn published_for_smoke(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<EnabledTask>> {
    let rows = store::of_tenant(connection, tenant, None).await?;
    Ok(rows
        .into_iter()
        .map(store::Row::into_parts)
        .map(|parts| EnabledTask {
            effective: resolve(&parts.published, parts.overriding.as_ref()),
            task: parts.task,
        })
        .collect())
}

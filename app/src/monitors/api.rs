//! Server functions of what is watched.

use crate::error::AppError;
use leptos::prelude::*;
use model::monitors::Monitoring;

/// How a tenant's monitors stand, and what its backups are scheduled for.
#[server]
pub async fn get_monitoring(slug: String) -> Result<Monitoring, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    Ok(domain::monitors::of_tenant(&cx, tenant.id).await?)
}

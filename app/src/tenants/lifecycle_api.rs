//! Server functions of the tenant's page and of the moves of its life.

use crate::error::AppError;
use leptos::prelude::*;
use model::tenants::TenantHead;

/// The tenant with what stands above every section of its page.
#[server]
pub async fn get_tenant_head(slug: String) -> Result<TenantHead, AppError> {
    Ok(domain::tenants::head(&crate::server::ctx()?, &slug).await?)
}

//! Server functions of tenants.

use crate::error::AppError;
use leptos::prelude::*;
use model::tenants::Tenant;

#[server]
pub async fn get_tenant(slug: String) -> Result<Tenant, AppError> {
    Ok(domain::tenants::by_slug(&crate::server::ctx()?, &slug).await?)
}

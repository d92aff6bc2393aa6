//! Server functions of usage.

use crate::error::AppError;
use leptos::prelude::*;
use model::reports::{FleetUsage, TenantUsage};

#[server]
pub async fn get_tenant_usage(
    slug: String,
    #[server(default)] days: String,
) -> Result<TenantUsage, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let days = model::reports::span(&days);
    let file = format!("{}?days={days}", crate::paths::tenant(&slug, "usage.csv"));
    Ok(domain::usage::report::of_tenant(&cx, &tenant, days, Some(file)).await?)
}

#[server]
pub async fn get_fleet_usage(
    #[server(default)] days: String,
    #[server(default)] by: String,
) -> Result<FleetUsage, AppError> {
    let by = by.parse().unwrap_or(model::usage::Meter::Conversations);
    let days = model::reports::span(&days);
    let file = format!("{}?days={days}", crate::paths::USAGE_EXPORT);
    Ok(domain::usage::report::of_fleet(&crate::server::ctx()?, days, by, Some(file)).await?)
}

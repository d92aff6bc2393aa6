//! Server functions of health.

use crate::error::AppError;
use leptos::prelude::*;
use model::health::{FleetHealth, TenantHealth};

#[server]
pub async fn get_tenant_health(slug: String) -> Result<TenantHealth, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    Ok(domain::health::of_tenant(&cx, tenant.id).await?)
}

#[server]
pub async fn compute_health(slug: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let now = domain::health::compute(&cx, tenant.id).await?;
    let text = match now.score {
        Some(score) => format!("The score of {} is {score} ({}).", tenant.name, now.band.label()),
        None => format!("{} has no score yet: too little is known.", tenant.name),
    };
    crate::server::flash("success", text);
    Ok(())
}

/// `query` is the one of the page's address.
#[server]
pub async fn get_fleet_health(#[server(default)] query: String) -> Result<FleetHealth, AppError> {
    let pairs = model::url::decode(&query);
    let get = |key: &str| {
        pairs.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.clone())
    };
    let filter = model::health::FleetFilter {
        plan: get("plan").and_then(|plan| plan.parse().ok()),
        region: get("region"),
        owner: get("owner"),
        after: get("after"),
    };
    Ok(domain::health::fleet(&crate::server::ctx()?, &filter).await?)
}

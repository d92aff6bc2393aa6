//! Server functions of the plan that a tenant's own admins ask for.

use crate::error::AppError;
use leptos::prelude::*;
use model::plan_requests::PlanOffer;
use model::tenants::TenantHead;

/// The plans that a tenant can ask for, what the one of the address would mean, and the request that there is; a word that
/// is no plan shows the choice.
#[server]
pub async fn get_plan_request(
    slug: String,
    #[server(default)] plan: String,
) -> Result<(TenantHead, PlanOffer), AppError> {
    let cx = crate::server::ctx()?;
    let head = domain::tenants::head(&cx, &slug).await?;
    let offer = domain::tenants::plan_offer(&cx, head.tenant.id, plan.parse().ok()).await?;
    Ok((head, offer))
}

/// Asks for another plan; `from` is the one that the limits were looked at from.
#[server]
pub async fn ask_for_plan(
    slug: String,
    #[server(default)] from: String,
    #[server(default)] plan: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let form = domain::tenants::AskForPlan { from: &from, plan: &plan, reason: &reason };
    domain::tenants::ask_for_plan(&cx, tenant.id, form).await?;
    crate::server::flash("success", "Asked for. You get a mail when it is decided.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, "plan"));
    Ok(())
}

/// Takes the request back, before it is decided.
#[server]
pub async fn withdraw_plan_request(slug: String, #[server(default)] version: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::tenants::withdraw_plan_request(&cx, tenant.id, version.parse().unwrap_or(0)).await?;
    crate::server::flash("success", "The request is withdrawn. The plan stays as it is.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, "plan"));
    Ok(())
}

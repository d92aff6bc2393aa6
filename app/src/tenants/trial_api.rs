//! Server functions about the end of a trial.

use crate::error::AppError;
use leptos::prelude::*;
use model::tenants::TenantHead;

/// The tenant, for who may decide about its trial.
#[server]
pub async fn get_trial(slug: String) -> Result<TenantHead, AppError> {
    Ok(domain::tenants::trial_head(&crate::server::ctx()?, &slug).await?)
}

#[server]
pub async fn convert_trial(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let version = version.parse().unwrap_or(0);
    let asked = domain::tenants::convert_trial(&cx, tenant.id, version, &reason).await?;
    let text = format!("{} is a customer now: no day ends it any more.", tenant.name);
    crate::server::done_or_asked(&asked, &slug, text);
    Ok(())
}

/// `day`: the last day of the trial, or `+30` for so many days from today.
#[server]
pub async fn extend_trial(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] day: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let version = version.parse().unwrap_or(0);
    let ends_at = domain::tenants::extend_trial(&cx, tenant.id, version, &day, &reason).await?;
    let text = format!("The trial of {} ends on {} now.", tenant.name, ends_at.format("%-d %b %Y"));
    crate::server::flash("success", text);
    leptos_axum::redirect(&crate::paths::tenant(&slug, ""));
    Ok(())
}

//! Server functions of checklists. `list` is the word of the list: `onboarding` or `offboarding`.

use crate::error::AppError;
use leptos::prelude::*;
use model::checklists::Checklist;

/// The newest run of a list of a tenant.
#[server]
pub async fn get_checklist(
    slug: String,
    #[server(default)] list: String,
) -> Result<Option<Checklist>, AppError> {
    let cx = crate::server::ctx()?;
    let key = list.parse().map_err(|_| AppError::NotFound)?;
    Ok(domain::checklists::get(&cx, domain::tenants::by_slug(&cx, &slug).await?.id, key).await?)
}

#[server]
pub async fn begin_onboarding(slug: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    domain::checklists::begin_onboarding(&cx, domain::tenants::by_slug(&cx, &slug).await?.id).await?;
    crate::server::flash("success", "The onboarding has started; what can be checked has been checked.");
    Ok(())
}

#[server]
pub async fn check_item(
    slug: String,
    #[server(default)] list: String,
    #[server(default)] step: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let key = list.parse().map_err(|_| AppError::NotFound)?;
    let id = domain::tenants::by_slug(&cx, &slug).await?.id;
    let check = domain::checklists::check_again(&cx, id, key, &step).await?;
    let tone = if check.outcome == model::checklists::Outcome::Passed { "success" } else { "warning" };
    crate::server::flash(tone, format!("The check {}: {}", check.outcome.label(), check.said));
    leptos_axum::redirect(&crate::paths::tenant_item(&slug, &list, &step));
    Ok(())
}

#[server]
pub async fn complete_item(
    slug: String,
    #[server(default)] list: String,
    #[server(default)] step: String,
    #[server(default)] note: String,
    #[server(default)] link: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let key = list.parse().map_err(|_| AppError::NotFound)?;
    let id = domain::tenants::by_slug(&cx, &slug).await?.id;
    domain::checklists::complete(&cx, id, key, &step, &note, &link).await?;
    crate::server::flash("success", "Marked as done, with your evidence.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, &list));
    Ok(())
}

#[server]
pub async fn waive_item(
    slug: String,
    #[server(default)] list: String,
    #[server(default)] step: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let key = list.parse().map_err(|_| AppError::NotFound)?;
    let id = domain::tenants::by_slug(&cx, &slug).await?.id;
    domain::checklists::waive(&cx, id, key, &step, &reason).await?;
    crate::server::flash("success", "The item is waived; the reason stays visible.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, &list));
    Ok(())
}

#[server]
pub async fn reopen_item(
    slug: String,
    #[server(default)] list: String,
    #[server(default)] step: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let key = list.parse().map_err(|_| AppError::NotFound)?;
    let id = domain::tenants::by_slug(&cx, &slug).await?.id;
    domain::checklists::reopen(&cx, id, key, &step, &reason).await?;
    crate::server::flash("success", "The item is open again.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, &list));
    Ok(())
}

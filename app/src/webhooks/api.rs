//! Server functions of webhooks. `slug` is a tenant's, or `platform`.

use crate::error::AppError;
use leptos::prelude::*;
use model::tenants::TenantHead;
use model::webhooks::{NewSecret, Webhook};

#[server]
pub async fn list_webhooks(slug: String) -> Result<Vec<Webhook>, AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    Ok(domain::webhooks::list(&cx, place).await?)
}

#[server]
pub async fn get_webhook(slug: String, webhook: String) -> Result<(Option<TenantHead>, Webhook), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = webhook.parse().map_err(|_| AppError::NotFound)?;
    let webhook = domain::webhooks::get(&cx, place, id).await?;
    let head = match place {
        Some(_) => Some(domain::tenants::head(&cx, &slug).await?),
        None => None,
    };
    Ok((head, webhook))
}

/// `events`: words with commas between; `which` says whether they count.
#[server]
pub async fn create_webhook(
    slug: String,
    #[server(default)] name: String,
    #[server(default)] url: String,
    #[server(default)] which: String,
    #[server(default)] events: String,
) -> Result<NewSecret, AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let form = domain::webhooks::Form {
        name: &name,
        url: &url,
        every: which == "every",
        events: &model::webhooks::words(&events),
    };
    let made = domain::webhooks::create(&cx, place, &form).await?;
    crate::server::show_once();
    Ok(made)
}

#[server]
pub async fn change_webhook(
    slug: String,
    webhook: String,
    version: i64,
    #[server(default)] name: String,
    #[server(default)] url: String,
    #[server(default)] which: String,
    #[server(default)] events: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = webhook.parse().map_err(|_| AppError::NotFound)?;
    let form = domain::webhooks::Form {
        name: &name,
        url: &url,
        every: which == "every",
        events: &model::webhooks::words(&events),
    };
    let changed = domain::webhooks::change(&cx, place, id, Some(version), &form).await?;
    crate::server::flash("success", format!("“{}” is saved.", changed.name));
    Ok(())
}

#[server]
pub async fn switch_webhook(slug: String, webhook: String, enabled: bool) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = webhook.parse().map_err(|_| AppError::NotFound)?;
    let changed = domain::webhooks::switch(&cx, place, id, enabled).await?;
    crate::server::flash("success", format!("“{}” is {}.", changed.name, if enabled { "on" } else { "off" }));
    Ok(())
}

#[server]
pub async fn test_webhook(slug: String, webhook: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = webhook.parse().map_err(|_| AppError::NotFound)?;
    let tested = domain::webhooks::test(&cx, place, id).await?;
    crate::server::flash(
        "success",
        format!(
            "A test is on its way to “{}”. What became of it stands in the log in a moment.",
            tested.name
        ),
    );
    leptos_axum::redirect(&crate::paths::deliveries_of(&slug, tested.id));
    Ok(())
}

#[server]
pub async fn rotate_webhook(slug: String, webhook: String) -> Result<NewSecret, AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = webhook.parse().map_err(|_| AppError::NotFound)?;
    let made = domain::webhooks::rotate(&cx, place, id).await?;
    crate::server::show_once();
    Ok(made)
}

#[server]
pub async fn remove_webhook(
    slug: String,
    webhook: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = webhook.parse().map_err(|_| AppError::NotFound)?;
    let removed = domain::webhooks::remove(&cx, place, id, &reason).await?;
    crate::server::flash("success", format!("“{}” is removed.", removed.name));
    leptos_axum::redirect(&crate::paths::webhooks(&slug));
    Ok(())
}

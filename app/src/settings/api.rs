//! Server functions of settings.

use crate::error::AppError;
use leptos::prelude::*;
use model::settings::{PlatformSettings, TenantSettings};

#[server]
pub async fn get_settings(slug: String) -> Result<TenantSettings, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::settings::of_tenant(&cx, tenant).await?)
}

/// Sets a setting of one tenant; `locked` holds it for the tenants below.
#[server]
pub async fn set_setting(
    slug: String,
    key: String,
    #[server(default)] value: String,
    #[server(default)] locked: String,
    #[server(default)] reason: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let key: model::settings::Key = key.parse().map_err(|_| AppError::NotFound)?;
    let locked = !locked.is_empty();
    let now = domain::settings::set(&cx, tenant.id, key, &value, locked, &reason, version).await?;
    crate::server::flash("success", format!("{} of {} is set to {now}.", key.label(), tenant.name));
    leptos_axum::redirect(&crate::paths::tenant(&slug, "settings"));
    Ok(())
}

/// Takes back what a tenant says: it inherits again.
#[server]
pub async fn revert_setting(
    slug: String,
    key: String,
    #[server(default)] why: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let key: model::settings::Key = key.parse().map_err(|_| AppError::NotFound)?;
    let done = domain::settings::revert(&cx, tenant, key, &why, version).await;
    done.map_err(|error| AppError::from(error).renamed("reason", "why"))?;
    crate::server::flash(
        "success",
        format!("{} is inherited again, now and when what it inherits changes.", key.label()),
    );
    leptos_axum::redirect(&crate::paths::tenant(&slug, "settings"));
    Ok(())
}

#[server]
pub async fn get_platform_settings() -> Result<PlatformSettings, AppError> {
    Ok(domain::settings::of_platform(&crate::server::ctx()?).await?)
}

/// Sets a setting of the platform; `locked` holds it for every tenant.
#[server]
pub async fn set_platform_setting(
    key: String,
    #[server(default)] value: String,
    #[server(default)] locked: String,
    #[server(default)] reason: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let key: model::settings::Key = key.parse().map_err(|_| AppError::NotFound)?;
    let (cx, locked) = (crate::server::ctx()?, !locked.is_empty());
    let now = domain::settings::set_platform(&cx, key, &value, locked, &reason, version).await?;
    crate::server::flash("success", format!("{} of the platform is set to {now}.", key.label()));
    leptos_axum::redirect(crate::paths::SETTINGS);
    Ok(())
}

/// Back to the default of the platform.
#[server]
pub async fn revert_platform_setting(
    key: String,
    #[server(default)] why: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let key: model::settings::Key = key.parse().map_err(|_| AppError::NotFound)?;
    let done = domain::settings::revert_platform(&crate::server::ctx()?, key, &why, version).await;
    done.map_err(|error| AppError::from(error).renamed("reason", "why"))?;
    crate::server::flash("success", format!("{} has its default again.", key.label()));
    leptos_axum::redirect(crate::paths::SETTINGS);
    Ok(())
}

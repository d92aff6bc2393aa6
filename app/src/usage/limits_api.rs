//! Server functions of the limits of one tenant. Each names its tenant by the slug.

use crate::error::AppError;
use leptos::prelude::*;
use model::limits::LimitRow;

/// What the tenant may use of each meter, and what of it is said for it alone.
#[server]
pub async fn get_tenant_limits(slug: String) -> Result<Vec<LimitRow>, AppError> {
    let cx = crate::server::ctx()?;
    Ok(domain::limits::of(&cx, domain::tenants::by_slug(&cx, &slug).await?.id).await?)
}

/// Gives it a limit of its own. `version` is that of the limit that was looked at, 0 where there was none; `until` the first
/// day on which it no longer holds.
#[server]
pub async fn set_tenant_limit(
    slug: String,
    #[server(default)] meter: String,
    #[server(default)] version: String,
    #[server(default)] limit: String,
    #[server(default)] until: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let input = model::limits::LimitInput { meter, limit, until, reason };
    let meter = domain::limits::set(&cx, tenant.id, version.parse().unwrap_or(0), &input).await?;
    crate::server::flash(
        "success",
        format!("{} has a limit of its own now: {}.", tenant.name, meter.label()),
    );
    leptos_axum::redirect(&crate::paths::tenant(&slug, "limits"));
    Ok(())
}

/// Takes it back.
#[server]
pub async fn remove_tenant_limit(
    slug: String,
    #[server(default)] meter: String,
    #[server(default)] version: String,
    #[server(default)] why: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let meter = domain::limits::remove(&cx, tenant.id, &meter, version.parse().unwrap_or(0), &why).await?;
    crate::server::flash(
        "success",
        format!("{} has no limit of its own any more: {}.", tenant.name, meter.label()),
    );
    leptos_axum::redirect(&crate::paths::tenant(&slug, "limits"));
    Ok(())
}

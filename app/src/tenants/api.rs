//! Server functions of tenants: one, the directory, making them.

use crate::error::AppError;
use leptos::prelude::*;
use model::directory::{Directory, Hit, Import};
use model::tenants::Tenant;

#[server]
pub async fn get_tenant(slug: String) -> Result<Tenant, AppError> {
    Ok(domain::tenants::by_slug(&crate::server::ctx()?, &slug).await?)
}

/// The directory for a query string.
#[server]
pub async fn get_directory(#[server(default)] query: String) -> Result<Directory, AppError> {
    let pairs = model::url::decode(&query);
    Ok(domain::tenants::directory(&crate::server::ctx()?, &pairs).await?)
}

/// The best matches for the command palette.
#[server]
pub async fn search_tenants(#[server(default)] text: String) -> Result<Vec<Hit>, AppError> {
    Ok(domain::tenants::search_quick(&crate::server::ctx()?, &text).await?)
}

/// Whether one may make tenants at all.
#[server]
pub async fn get_create_form() -> Result<i32, AppError> {
    Ok(domain::tenants::offered_trial(&crate::server::ctx()?).await?)
}

/// The preview of an import, behind line `after`.
#[server]
pub async fn get_tenant_import(
    id: String,
    #[server(default)] problems: bool,
    #[server(default)] after: String,
) -> Result<Import, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    Ok(domain::tenants::get_import(&crate::server::ctx()?, id, problems, after.parse().unwrap_or_default())
        .await?)
}

/// Creates the good rows.
#[server]
pub async fn apply_tenant_import(id: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let count = domain::tenants::apply_import(&crate::server::ctx()?, id).await?;
    crate::server::flash("success", format!("{} created.", crate::ui::plural(count, "tenant")));
    leptos_axum::redirect(&format!("{}?sort=-created", crate::paths::TENANTS));
    Ok(())
}

/// Creates one tenant on trial.
#[server]
pub async fn create_tenant(
    name: String,
    #[server(default)] slug: String,
    #[server(default)] domain: String,
    plan: String,
    #[server(default)] region: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let plan =
        model::validate::word(&plan, "A plan").map_err(|message| domain::Error::field("plan", message))?;
    let tenant = domain::tenants::create(
        &cx,
        model::directory::NewTenant {
            slug,
            domain,
            region,
            ..model::directory::NewTenant::named(name, plan)
        },
    )
    .await?;
    crate::server::flash(
        "success",
        format!("{} is created, on {}.", tenant.name, super::create::a_trial(tenant.trial_days)),
    );
    leptos_axum::redirect(&crate::paths::tenant(&tenant.slug, ""));
    Ok(())
}

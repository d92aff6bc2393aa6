//! Server functions of tenants: one, the directory, the import. New ones are asked for in the `wizard`.

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

/// Whether one may import tenants at all, and the days of trial that each begins with.
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

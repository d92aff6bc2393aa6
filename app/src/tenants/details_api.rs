//! Server functions of the details of a tenant. Each names its tenant by the slug.

use crate::error::AppError;
use leptos::prelude::*;
use model::details::Details;

/// What is on record about a tenant, and what the form offers whoever may change it.
#[server]
pub async fn get_tenant_details(slug: String) -> Result<Details, AppError> {
    Ok(domain::tenants::details(&crate::server::ctx()?, &slug).await?)
}

/// Changes what is on record, all of it at once: what is left out is taken away. Tags by commas; `owner` is the id of a
/// person, or `nobody`.
#[server]
pub async fn change_tenant_details(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] domain: String,
    #[server(default)] external_id: String,
    #[server(default)] country: String,
    #[server(default)] industry: String,
    #[server(default)] tags: String,
    #[server(default)] owner: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let input =
        model::details::DetailsInput { name, domain, external_id, country, industry, tags, owner, reason };
    domain::tenants::change_details(&cx, tenant.id, version.parse().unwrap_or(0), &input).await?;
    crate::server::flash("success", format!("The details of {} are saved.", input.name.trim()));
    leptos_axum::redirect(&crate::paths::tenant(&slug, "details"));
    Ok(())
}

//! Server functions of work on many tenants.

use crate::error::AppError;
use leptos::prelude::*;
use model::bulk::{Bulk, BulkForm};

/// What the forms before a preview offer, and how many `list` means where all that match are chosen.
#[server]
pub async fn get_bulk_form(
    #[server(default)] whom: String,
    #[server(default)] list: String,
) -> Result<BulkForm, AppError> {
    let matching = (whom == model::bulk::Whom::Matching.as_str()).then_some(list.as_str());
    Ok(domain::bulk::form(&crate::server::ctx()?, matching).await?)
}

/// Freezes a set, and leads to its preview.
#[server]
pub async fn preview_bulk(
    #[server(default)] action: String,
    #[server(default)] whom: String,
    #[server(default)] list: String,
    #[server(default)] at: String,
    #[server(default)] tenants: String,
    #[server(default)] code: String,
    #[server(default)] scope: String,
    #[server(default)] message: String,
    #[server(default)] plan: String,
    #[server(default)] to: String,
    #[server(default)] owner: String,
    #[server(default)] add: String,
    #[server(default)] remove: String,
) -> Result<(), AppError> {
    let input = model::bulk::BulkInput {
        action,
        whom,
        list,
        at,
        tenants,
        code,
        scope,
        message,
        plan,
        to,
        owner,
        add,
        remove,
    };
    let id = domain::bulk::preview(&crate::server::ctx()?, &input).await?;
    leptos_axum::redirect(&crate::paths::bulk(&id.to_string()));
    Ok(())
}

/// A previewed set; one that was confirmed leads to its operation.
#[server]
pub async fn get_bulk(id: String, #[server(default)] query: String) -> Result<Bulk, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let pairs = model::url::decode(&query);
    let bulk = domain::bulk::show(&crate::server::ctx()?, id, &pairs).await?;
    if let Some(operation) = bulk.operation {
        leptos_axum::redirect(&crate::paths::operation(operation));
    }
    Ok(bulk)
}

/// Begins the work on a previewed set.
#[server]
pub async fn start_bulk(
    id: String,
    #[server(default)] reason: String,
    #[server(default)] confirm: String,
) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let operation = domain::bulk::start(&crate::server::ctx()?, id, &reason, &confirm).await?;
    leptos_axum::redirect(&crate::paths::operation(operation));
    Ok(())
}

/// How the tenants of a bulk operation fare.
#[server]
pub async fn get_bulk_outcome(id: String, #[server(default)] query: String) -> Result<Bulk, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let pairs = model::url::decode(&query);
    Ok(domain::bulk::outcome(&crate::server::ctx()?, id, &pairs).await?)
}

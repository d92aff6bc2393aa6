//! Server functions of the log. `slug` is a tenant's, or `platform` for all logs.

use crate::error::AppError;
use leptos::prelude::*;
use model::notifications::{DeliveryDetail, DeliveryLog};
use model::tenants::TenantHead;

/// `query` is the one of the page's address.
#[server]
pub async fn get_deliveries(slug: String, #[server(default)] query: String) -> Result<DeliveryLog, AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let (filter, _) = model::notifications::DeliveryFilter::parse(&model::url::decode(&query));
    let page = domain::notifications::list(&cx, place, &filter).await?;
    Ok(DeliveryLog { page, mail: domain::notifications::mail_is_configured(&cx) })
}

/// `slug` says whose log it stands in; `platform` is the platform's own.
#[server]
pub async fn get_delivery(
    slug: String,
    delivery: String,
) -> Result<(Option<TenantHead>, DeliveryDetail), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = delivery.parse().map_err(|_| AppError::NotFound)?;
    let detail = domain::notifications::get(&cx, place, id).await?;
    let head = match place {
        Some(_) => Some(domain::tenants::head(&cx, &slug).await?),
        None => None,
    };
    Ok((head, detail))
}

#[server]
pub async fn resend_delivery(slug: String, delivery: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let id = delivery.parse().map_err(|_| AppError::NotFound)?;
    let again = domain::notifications::resend(&cx, place, id).await?;
    crate::server::flash("success", format!("It is on its way to {} again.", again.recipient));
    Ok(())
}

/// Everything of the last days that was given up or never sent; of one endpoint, where one is named.
#[server]
pub async fn resend_failed(slug: String, #[server(default)] webhook: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let place = domain::tenants::place(&cx, &slug).await?;
    let webhook =
        if webhook.is_empty() { None } else { Some(webhook.parse().map_err(|_| AppError::NotFound)?) };
    let count = domain::notifications::resend_all(&cx, place, webhook).await?;
    let what = if count == 1 { "One notice is" } else { "The notices are" };
    crate::server::flash("success", format!("{what} on the way again ({count})."));
    Ok(())
}

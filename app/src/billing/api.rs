//! Server functions of billing: what a tenant is billed under, and the payments that did not come. Each names its tenant by
//! the slug.

use crate::error::AppError;
use leptos::prelude::*;
use model::rules::Payments;

/// The payments of a tenant that did not come, and what the rules will do next.
#[server]
pub async fn get_payments(slug: String) -> Result<Payments, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    Ok(domain::tenants::rules::payments(&cx, tenant.id).await?)
}

/// Notes a payment that did not come (`failed_on`: a day or an RFC 3339 time; empty: now); the rule for unpaid bills does
/// the rest.
#[server]
pub async fn note_failed_payment(
    slug: String,
    #[server(default)] reference: String,
    #[server(default)] amount: String,
    #[server(default)] failed_on: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let failed = domain::tenants::rules::FailedPayment {
        reference: &reference,
        amount: &amount,
        failed_on: &failed_on,
    };
    domain::tenants::rules::payment_failed(&cx, tenant.id, failed).await?;
    crate::server::flash("success", format!("{} is noted as unpaid.", reference.trim()));
    leptos_axum::redirect(&crate::paths::tenant(&slug, "billing"));
    Ok(())
}

/// Settles one that came after all; `payment` is its reference.
#[server]
pub async fn settle_payment(
    slug: String,
    #[server(default)] payment: String,
    #[server(default)] how: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::tenants::rules::payment_settled(&cx, tenant.id, &payment, &how).await?;
    crate::server::flash("success", format!("{} is settled.", payment.trim()));
    leptos_axum::redirect(&crate::paths::tenant(&slug, "billing"));
    Ok(())
}

/// Sets what the tenant is billed under; empty: nothing.
#[server]
pub async fn set_billing_reference(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] billing_reference: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let version = version.parse().unwrap_or(0);
    domain::tenants::set_billing_reference(&cx, tenant.id, version, &billing_reference).await?;
    crate::server::flash("success", "The billing reference is saved.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, "billing"));
    Ok(())
}

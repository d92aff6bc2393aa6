//! Server functions of the audit log.

use crate::error::AppError;
use leptos::prelude::*;
use model::audit::{Entry, Line};
use model::page::Page;

/// All chains. `query` is the one of the page's address.
#[server]
pub async fn get_audit(#[server(default)] query: String) -> Result<Page<Line>, AppError> {
    let (filter, _) = model::audit::Filter::parse(&model::url::decode(&query));
    Ok(domain::audit::list(&crate::server::ctx()?, None, &filter).await?)
}

/// The chain of one tenant.
#[server]
pub async fn get_tenant_audit(
    slug: String,
    #[server(default)] query: String,
) -> Result<Page<Line>, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let (filter, _) = model::audit::Filter::parse(&model::url::decode(&query));
    Ok(domain::audit::list(&cx, Some(tenant.id), &filter).await?)
}

/// One entry of a tenant's chain, or of the platform's (`slug` is then `platform`).
#[server]
pub async fn get_audit_entry(slug: String, seq: i64) -> Result<Entry, AppError> {
    Ok(domain::audit::entry(&crate::server::ctx()?, &slug, seq).await?)
}

/// Checks a whole chain and says so on the page that follows.
#[server]
pub async fn verify_audit(slug: String) -> Result<(), AppError> {
    match domain::audit::verify_stream(&crate::server::ctx()?, &slug).await? {
        model::audit::Verified::Sound(n) => crate::server::flash(
            "success",
            format!(
                "The chain of {slug} is sound: {} entries, each fits the one before.",
                model::page::grouped(n)
            ),
        ),
        model::audit::Verified::Broken { seq, why } => crate::server::flash(
            "danger",
            format!("The chain of {slug} is broken at entry {}: {why}.", model::page::grouped(seq)),
        ),
    }
    Ok(())
}

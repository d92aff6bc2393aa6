//! Server functions of the evidence of isolation.

use crate::error::AppError;
use leptos::prelude::*;
use model::isolation::{Evidence, Fleet, History, Run};

/// A tenant's evidence; `query` is the one of the page's address.
#[server]
pub async fn get_isolation(slug: String, #[server(default)] query: String) -> Result<History, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let cursor = model::directory::Cursor::of(&model::url::decode(&query));
    Ok(domain::isolation::history(&cx, tenant.id, &cursor).await?)
}

/// The newest run of the probe for a tenant; none where it was never verified.
#[server]
pub async fn get_newest_isolation(slug: String) -> Result<Option<Run>, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    Ok(domain::isolation::newest(&cx, tenant.id).await?)
}

/// One run with each of its attempts.
#[server]
pub async fn get_isolation_evidence(
    slug: String,
    #[server(default)] run: String,
) -> Result<Evidence, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let run = run.parse().map_err(|_| AppError::NotFound)?;
    Ok(domain::isolation::evidence(&cx, tenant.id, run).await?)
}

/// Attacks the isolation of a tenant now, keeps what came of it, and says so on the page that follows.
#[server]
pub async fn verify_isolation(slug: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let evidence = domain::isolation::verify(&cx, tenant.id).await?;
    let total = i32::from(evidence.passed) + i32::from(evidence.failed);
    if evidence.failed == 0 {
        let text = format!("{} is isolated: all {total} attempts came out as they must.", tenant.name);
        crate::server::flash("success", text);
    } else {
        let text = format!(
            "The isolation of {} is not proven: {} of {total} attempts did not come out as they must.",
            tenant.name, evidence.failed
        );
        crate::server::flash("danger", text);
    }
    Ok(())
}

/// How the fleet stands; `query` is the one of the page's address.
#[server]
pub async fn get_fleet_isolation(#[server(default)] query: String) -> Result<Fleet, AppError> {
    let pairs = model::url::decode(&query);
    let only = pairs.iter().find(|(key, _)| key == "standing").and_then(|(_, word)| word.parse().ok());
    Ok(domain::isolation::fleet(&crate::server::ctx()?, only).await?)
}

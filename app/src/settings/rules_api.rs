//! Server functions of the rules about a second person and about moves that nobody has to make by hand.

use crate::error::AppError;
use leptos::prelude::*;
use model::approvals::ApprovalRules;
use model::rules::LifecycleRules;

#[server]
pub async fn get_approval_rules() -> Result<ApprovalRules, AppError> {
    Ok(domain::operations::approval_rules(&crate::server::ctx()?).await?)
}

/// Changes who needs a second person for a kind of operation; `some`: words with commas between.
#[server]
pub async fn set_approval_rule(
    kind: String,
    #[server(default)] whom: String,
    #[server(default)] some: String,
    #[server(default)] reason: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let kind: model::operations::Kind = kind.parse().map_err(|_| AppError::NotFound)?;
    let form = domain::operations::SetRule {
        whom: &whom,
        some: &model::webhooks::words(&some),
        reason: &reason,
        version,
    };
    let now = domain::operations::set_approval_rule(&cx, kind, form).await?;
    crate::server::flash(
        "success",
        format!("{} waits for a second person: {}.", kind.label(), now.to_lowercase()),
    );
    leptos_axum::redirect(crate::paths::APPROVALS);
    Ok(())
}

#[server]
pub async fn get_lifecycle_rules() -> Result<LifecycleRules, AppError> {
    Ok(domain::tenants::rules::lifecycle_rules(&crate::server::ctx()?).await?)
}

/// Changes a rule about suspensions that nobody has to ask for; `enabled`: `on` or `off`.
#[server]
pub async fn set_lifecycle_rule(
    kind: String,
    #[server(default)] enabled: String,
    #[server(default)] days: String,
    #[server(default)] scope: String,
    #[server(default)] reason: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let kind: model::rules::RuleKind = kind.parse().map_err(|_| AppError::NotFound)?;
    let form = domain::tenants::rules::SetLifecycleRule {
        enabled: &enabled,
        days: &days,
        scope: &scope,
        reason: &reason,
        version,
    };
    let now = domain::tenants::rules::set_lifecycle_rule(&cx, kind, form).await?;
    crate::server::flash("success", format!("{}: {}.", kind.label(), now.words().to_lowercase()));
    leptos_axum::redirect(crate::paths::RULES);
    Ok(())
}

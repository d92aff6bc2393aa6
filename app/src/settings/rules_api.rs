//! Server functions of the rules about a second person and about moves that nobody has to make by hand.

use crate::error::AppError;
use leptos::prelude::*;
use model::approvals::ApprovalRules;

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

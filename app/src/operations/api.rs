//! Server functions of operations: the list, one with its steps, what is done to one, and asking for a tenant. They are
//! also the way in for programs with a session (R139).

use crate::error::AppError;
use leptos::prelude::*;
use model::operations::{Operation, OperationPage, OperationRow, Requested};

/// Operations of the fleet, the newest first: of a state, of a kind, only those that are open; and the cursor of the next
/// page.
#[server]
pub async fn get_operations(
    #[server(default)] state: String,
    #[server(default)] kind: String,
    #[server(default)] open: bool,
    #[server(default)] parent: String,
    #[server(default)] after: String,
) -> Result<(Vec<OperationRow>, Option<String>), AppError> {
    let query = model::operations::OperationQuery {
        states: state.parse().into_iter().collect(),
        kinds: kind.parse().into_iter().collect(),
        tenant: None,
        parent: parent.parse().ok(),
        open,
        after: after.parse().ok(),
        before: None,
        limit: 50,
    };
    let (rows, next) = domain::operations::list(&crate::server::ctx()?, &query).await?;
    Ok((rows, next.map(|id| id.to_string())))
}

/// The page of the list for a query string; see `domain::operations::directory`. A tenant's people name theirs in it.
#[server]
pub async fn get_operation_page(#[server(default)] query: String) -> Result<OperationPage, AppError> {
    let pairs = model::url::decode(&query);
    Ok(domain::operations::directory(&crate::server::ctx()?, &pairs).await?)
}

/// Operations on one tenant, the newest first: as many as `limit` says, up to 100; 0 stands for 50.
#[server]
pub async fn get_tenant_operations(
    slug: String,
    #[server(default)] after: String,
    #[server(default)] limit: u32,
) -> Result<(Vec<OperationRow>, Option<String>), AppError> {
    let cx = crate::server::ctx()?;
    let query = model::operations::OperationQuery {
        tenant: Some(domain::tenants::by_slug(&cx, &slug).await?.id),
        after: after.parse().ok(),
        limit: if limit == 0 { 50 } else { limit },
        ..Default::default()
    };
    let (rows, next) = domain::operations::list(&cx, &query).await?;
    Ok((rows, next.map(|id| id.to_string())))
}

#[server]
pub async fn get_operation(id: String) -> Result<Operation, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    Ok(domain::operations::get(&crate::server::ctx()?, id).await?)
}

/// Lets an operation begin, as the second person.
#[server]
pub async fn approve_operation(id: String, #[server(default)] note: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let control = model::operations::Control::Approve;
    domain::operations::control(&crate::server::ctx()?, id, control, &note).await?;
    crate::server::flash("success", "Approved. It begins as soon as its time has come.");
    Ok(())
}

#[server]
pub async fn reject_operation(id: String, #[server(default)] note: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let control = model::operations::Control::Reject;
    domain::operations::control(&crate::server::ctx()?, id, control, &note).await?;
    crate::server::flash("success", "Rejected. Nothing was begun.");
    Ok(())
}

/// Tries it again: from the first step where everything is undone, else from the one that stopped it.
#[server]
pub async fn retry_operation(id: String, #[server(default)] note: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let control = model::operations::Control::Retry;
    domain::operations::control(&crate::server::ctx()?, id, control, &note).await?;
    crate::server::flash("success", "It is tried again.");
    Ok(())
}

/// Calls it off before it is finished.
#[server]
pub async fn cancel_operation(id: String, #[server(default)] note: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let control = model::operations::Control::Cancel;
    domain::operations::control(&crate::server::ctx()?, id, control, &note).await?;
    crate::server::flash("success", "It is called off. Its page says what becomes of what was done.");
    Ok(())
}

/// Undoes what a failed operation left, and gives it up.
#[server]
pub async fn roll_back_operation(id: String, #[server(default)] note: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let control = model::operations::Control::RollBack;
    domain::operations::control(&crate::server::ctx()?, id, control, &note).await?;
    crate::server::flash("success", "It is rolled back.");
    Ok(())
}

/// Asks for a tenant. The answer names the operation that makes it, or that waits for a second person. `key` makes a
/// repetition within 24 hours the same request.
#[server]
pub async fn request_tenant(
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] domain: String,
    #[server(default)] external_id: String,
    #[server(default)] plan: String,
    #[server(default)] region: String,
    #[server(default)] country: String,
    #[server(default)] placement: String,
    #[server(default)] template: String,
    #[server(default)] admin_name: String,
    #[server(default)] admin_email: String,
    #[server(default)] people: String,
    #[server(default)] trial_days: String,
    #[server(default)] billing_reference: String,
    #[server(default)] reason: String,
    #[server(default)] key: String,
) -> Result<Requested, AppError> {
    // What cannot be read is told together.
    let mut wrong = model::validate::FieldErrors::default();
    let plan = wrong.take("plan", plan.parse().map_err(|_| "Choose a plan.".to_owned()));
    let plan = plan.unwrap_or(model::tenants::PlanId::Starter);
    let mut asked = model::operations::ProvisionRequest::named(name, plan);
    (asked.slug, asked.domain, asked.external_id) = (slug, domain, external_id);
    (asked.region, asked.country, asked.template) = (region, country, template);
    (asked.billing_reference, asked.reason) = (billing_reference, reason);
    asked.people = wrong.take("people", model::people::everybody(&people)).unwrap_or_default();
    if !placement.is_empty() {
        let read = placement.parse().map_err(|_| "Choose where its data lives.".to_owned());
        asked.placement = wrong.take("placement", read).unwrap_or(asked.placement);
    }
    if !trial_days.is_empty() {
        let read = trial_days.parse().map_err(|_| "A number of days.".to_owned());
        asked.trial_days = wrong.take("trial_days", read).unwrap_or(asked.trial_days);
    }
    if !wrong.is_empty() {
        return Err(AppError::Invalid(wrong));
    }
    asked.admin = Some(model::operations::Person {
        name: admin_name,
        email: admin_email,
        role: model::permission::Role::TenantAdmin,
    });
    let key = Some(key.as_str()).filter(|key| !key.is_empty());
    Ok(domain::operations::request_provision(&crate::server::ctx()?, asked, key).await?)
}

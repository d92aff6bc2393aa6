//! Server functions of the wizard. A page that is saved leads to the next, or back to the review it was opened from.

use crate::error::AppError;
use leptos::prelude::*;
use model::drafts::{Draft, DraftView};
use model::templates::{Catalogue, Offer};
use std::collections::BTreeMap;

/// The templates to begin with and the names of what they hold, and the drafts that one has begun already.
#[server]
pub async fn get_drafts() -> Result<(Vec<Offer>, Catalogue, Vec<Draft>), AppError> {
    let cx = crate::server::ctx()?;
    let (offers, catalogue) =
        (domain::templates::offers(&cx).await?, domain::templates::catalogue(&cx).await?);
    Ok((offers, catalogue, domain::tenants::drafts(&cx).await?))
}

/// One draft for its page `step`; a page whose turn has not come leads to the one whose turn it is.
#[server]
pub async fn get_draft(id: String, #[server(default)] step: String) -> Result<DraftView, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let step: model::drafts::Page = step.parse().map_err(|_| AppError::NotFound)?;
    let view = domain::tenants::draft(&crate::server::ctx()?, id).await?;
    if let Some(operation) = view.draft.operation {
        leptos_axum::redirect(&crate::paths::operation(operation));
    } else if !view.draft.may_open(step) {
        leptos_axum::redirect(&crate::paths::draft(id, view.draft.open()));
    }
    Ok(view)
}

#[server]
pub async fn begin_tenant_draft(#[server(default)] template: String) -> Result<(), AppError> {
    let id = domain::tenants::begin_draft(&crate::server::ctx()?, &template).await?;
    leptos_axum::redirect(&crate::paths::draft(id, model::drafts::Page::Identity));
    Ok(())
}

#[server]
pub async fn save_draft_template(
    id: String,
    #[server(default)] version: i64,
    #[server(default)] then: String,
    #[server(default)] template: String,
) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let mut request = model::operations::ProvisionRequest::named("", model::tenants::PlanId::Starter);
    request.template = template;
    let answers = model::drafts::Answers { page: model::drafts::Page::Template, request, wrong_people: None };
    domain::tenants::save_draft(&crate::server::ctx()?, id, &answers, version).await?;
    leptos_axum::redirect(&crate::paths::draft(id, answers.page.then(&then)));
    Ok(())
}

#[server]
pub async fn save_draft_identity(
    id: String,
    #[server(default)] version: i64,
    #[server(default)] then: String,
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] domain: String,
    #[server(default)] external_id: String,
    #[server(default)] region: String,
    #[server(default)] country: String,
    #[server(default)] tags: String,
    #[server(default)] owner: String,
) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let mut request = model::operations::ProvisionRequest::named(name, model::tenants::PlanId::Starter);
    (request.slug, request.domain, request.external_id) = (slug, domain, external_id);
    (request.region, request.country) = (region, country);
    // What is no id at all stands for somebody whom the list does not have: told at its field, with all else that is wrong.
    request.owner =
        model::details::owner(&owner).unwrap_or_else(|_| "00000000-0000-0000-0000-000000000000".parse().ok());
    request.tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    let answers = model::drafts::Answers { page: model::drafts::Page::Identity, request, wrong_people: None };
    domain::tenants::save_draft(&crate::server::ctx()?, id, &answers, version).await?;
    leptos_axum::redirect(&crate::paths::draft(id, answers.page.then(&then)));
    Ok(())
}

#[server]
pub async fn save_draft_plan(
    id: String,
    #[server(default)] version: i64,
    #[server(default)] then: String,
    #[server(default)] plan: String,
    #[server(default)] placement: String,
    #[server(default)] trial_days: String,
    #[server(default)] billing_reference: String,
    #[server(default)] limit: BTreeMap<String, String>,
    #[server(default)] limit_reason: BTreeMap<String, String>,
) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let mut errors = model::validate::FieldErrors::default();
    let plan = errors.take("plan", model::validate::word(&plan, "A plan"));
    let placement = errors.take("placement", model::validate::word(&placement, "Where its data lives"));
    let days =
        trial_days.trim().parse().map_err(|_| "A number of days; 0 makes it active at once.".to_owned());
    let days = errors.take("trial_days", days);
    let limits = model::limits::asked(&limit, &limit_reason).map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let (Some(plan), Some(placement), Some(days), Some(limits)) = (plan, placement, days, limits) else {
        return Err(AppError::Invalid(errors));
    };
    let mut request = model::operations::ProvisionRequest::named("", plan);
    (request.placement, request.trial_days) = (placement, days);
    (request.billing_reference, request.limits) = (billing_reference, limits);
    let answers = model::drafts::Answers { page: model::drafts::Page::Plan, request, wrong_people: None };
    domain::tenants::save_draft(&crate::server::ctx()?, id, &answers, version).await?;
    leptos_axum::redirect(&crate::paths::draft(id, answers.page.then(&then)));
    Ok(())
}

#[server]
pub async fn save_draft_people(
    id: String,
    #[server(default)] version: i64,
    #[server(default)] then: String,
    #[server(default)] admin_name: String,
    #[server(default)] admin_email: String,
    #[server(default)] people: String,
    #[server(default)] support_contact: String,
    #[server(default)] escalation_contact: String,
) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let mut request = model::operations::ProvisionRequest::named("", model::tenants::PlanId::Starter);
    // Told with all else that is wrong on the page.
    let (people, wrong_people) = match model::people::everybody(&people) {
        Ok(people) => (people, None),
        Err(why) => (vec![], Some(why)),
    };
    request.people = people;
    let role = model::permission::Role::TenantAdmin;
    let nobody = admin_name.trim().is_empty() && admin_email.trim().is_empty();
    request.admin =
        (!nobody).then_some(model::operations::Person { name: admin_name, email: admin_email, role });
    (request.support_contact, request.escalation_contact) = (support_contact, escalation_contact);
    let answers = model::drafts::Answers { page: model::drafts::Page::People, request, wrong_people };
    domain::tenants::save_draft(&crate::server::ctx()?, id, &answers, version).await?;
    leptos_axum::redirect(&crate::paths::draft(id, answers.page.then(&then)));
    Ok(())
}

#[server]
pub async fn discard_tenant_draft(id: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    domain::tenants::discard_draft(&crate::server::ctx()?, id).await?;
    crate::server::flash("success", "The draft is discarded.");
    leptos_axum::redirect(crate::paths::TENANTS_NEW);
    Ok(())
}

/// Asks for the tenant; leads to the operation that makes it.
#[server]
pub async fn submit_tenant_draft(
    id: String,
    #[server(default)] version: i64,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let requested = domain::tenants::submit_draft(&crate::server::ctx()?, id, version, &reason).await?;
    leptos_axum::redirect(&crate::paths::operation(requested.id));
    Ok(())
}

//! Drafts of new tenants: the answers of the wizard between its pages, and their submission.
//!
//! Invariants: a draft is its owner's alone, to everybody else it is not there; a page is saved only where all that it
//! asks for is right; a draft becomes one operation however often it is sent: whoever sends it holds its row, and the
//! operation is written together with the draft that names it.

use super::store::drafts as store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::operations;
use model::drafts::{Answers, Draft, DraftView, Page};
use model::operations::{Kind, ProvisionRequest, Requested};
use model::permission::{Actor, Permission, Scope};
use model::settings::Key;
use model::tenants::{Placement, PlanId};
use model::validate::{self, FieldErrors};
use model::{DraftId, OperationId, UserId};

/// Drafts of one person that are not sent.
const MOST: i64 = 20;

async fn owner(cx: &Ctx) -> Result<UserId> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    match cx.actor() {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Error::NotFound),
    }
}

/// The actor's drafts that are neither sent nor over, the newest first.
pub async fn drafts(cx: &Ctx) -> Result<Vec<Draft>> {
    let owner = owner(cx).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::of(read.conn(), owner).await
}

/// Begins a draft with the template chosen.
///
/// # Errors
/// `Invalid` at `template` where there is no published template of this key; `Conflict` for too many drafts.
pub async fn begin_draft(cx: &Ctx, template: &str) -> Result<DraftId> {
    let owner = owner(cx).await?;
    let mut request = ProvisionRequest::named("", PlanId::Starter);
    choose(cx, &mut request, template, true).await?;
    let id = DraftId(cx.new_id());
    let mut tx = cx.begin(Reach::Fleet).await?;
    if store::count(tx.conn(), owner).await? >= MOST {
        return Err(Error::Conflict(format!("You have {MOST} drafts already. Finish or discard one first.")));
    }
    store::insert(tx.conn(), id, owner, &request).await?;
    let event = AuditEvent::platform("tenant_draft.begin", request.template.clone());
    tx.commit(event.after(serde_json::json!({ "draft": id }))).await?;
    Ok(id)
}

/// Puts the template into the request, in the version that is published now: what is published later is another choice.
/// With its plan and trial where the request is `fresh`: nobody has chosen them yet.
async fn choose(cx: &Ctx, request: &mut ProvisionRequest, key: &str, fresh: bool) -> Result<()> {
    let offers = crate::templates::offers(cx).await?;
    let offer = offers.into_iter().find(|offer| offer.template.key == key);
    let offer = offer.ok_or_else(|| Error::field("template", "Choose a template."))?;
    (request.template, request.template_version) = (offer.template.key, Some(offer.version));
    if fresh {
        let mut read = cx.read(Reach::Fleet).await?;
        let days = crate::settings::of_new(read.conn(), Key::TrialDays, Some(&offer.bundle)).await?;
        request.trial_days =
            days.as_number().and_then(|days| days.try_into().ok()).unwrap_or(request.trial_days);
        request.plan = offer.bundle.plan.unwrap_or(request.plan);
    }
    Ok(())
}

/// One draft with what its pages are made from.
pub async fn draft(cx: &Ctx, id: DraftId) -> Result<DraftView> {
    let owner = owner(cx).await?;
    let offers = crate::templates::offers(cx).await?;
    let plans = crate::plans::list(cx).await?;
    let catalogue = crate::templates::catalogue(cx).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let draft = store::get(read.conn(), id, owner).await?.ok_or(Error::NotFound)?;
    let dedicated = draft.request.placement == Placement::Dedicated;
    let asked = serde_json::to_value(&draft.request)?;
    let nobody = model::TenantId::PLATFORM;
    let second_person =
        operations::second_person(read.conn(), Kind::Provision, nobody, dedicated, &asked).await?;
    let terms = operations::provision_terms(read.conn(), &draft.request).await?;
    let typical = operations::typical(read.conn(), Kind::Provision).await?;
    let owners = super::details::owners(read.conn()).await?;
    let steps = operations::steps(Kind::Provision).into_iter().map(str::to_owned).collect();
    Ok(DraftView { draft, offers, plans, owners, catalogue, terms, steps, typical, second_person })
}

/// Saves one page.
///
/// # Errors
/// `Invalid` with all that is wrong on this page; `Conflict` where it was saved in another window meanwhile, or sent.
pub async fn save_draft(cx: &Ctx, id: DraftId, answers: &Answers, version: i64) -> Result<()> {
    let owner = owner(cx).await?;
    let page = answers.page;
    let mut read = cx.read(Reach::Fleet).await?;
    let draft = store::get(read.conn(), id, owner).await?.ok_or(Error::NotFound)?;
    drop(read);
    let mut request = merged(&draft.request, answers);
    if page == Page::Template {
        let fresh = draft.reached <= Page::Plan.place();
        choose(cx, &mut request, &answers.request.template, fresh).await?;
    }
    let mut wrong = FieldErrors::default();
    if let Some(why) = &answers.wrong_people {
        wrong.add("people", why.as_str());
    }
    if let Err(errors) = operations::check_provision(&request) {
        for (field, message) in
            errors.0.into_iter().filter(|(field, _)| page.fields().contains(&field.as_str()))
        {
            wrong.add(&field, message);
        }
    }
    if page == Page::Identity {
        if request.slug.trim().is_empty() {
            request.slug = validate::suggest_slug(&request.name);
        }
        let mut read = cx.read(Reach::Fleet).await?;
        if let Some(why) = operations::unfit_owner(read.conn(), &request).await? {
            wrong.add("owner", why);
        }
        for (field, message) in store::in_use(read.conn(), &request).await? {
            if wrong.get(field).is_none() {
                wrong.add(field, message);
            }
        }
    }
    if page == Page::People
        && let Ok(checked) = operations::check_provision(&request)
    {
        let mut read = cx.read(Reach::Fleet).await?;
        if let Some((field, message)) = operations::unfit_people(read.conn(), &checked).await? {
            wrong.add(field, message);
        }
    }
    if !wrong.0.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let mut tx = cx.begin(Reach::Fleet).await?;
    let reached = i16::try_from(draft.reached.max(page.place() + 1)).unwrap_or(i16::MAX);
    if !store::save(tx.conn(), id, owner, &request, reached, version).await? {
        return Err(Error::Conflict(
            "This draft was changed in another window meanwhile. What was saved there stands above your answers; save again to replace it.".into(),
        ));
    }
    let event = AuditEvent::platform(
        "tenant_draft.save",
        if request.name.is_empty() { "Draft" } else { &request.name },
    );
    tx.commit(event.after(serde_json::json!({ "draft": id, "page": page }))).await
}

/// The request with the answers of one page in their place.
fn merged(request: &ProvisionRequest, answers: &Answers) -> ProvisionRequest {
    let (old, new) = (request.clone(), answers.request.clone());
    match answers.page {
        Page::Template => ProvisionRequest { template: new.template, ..old },
        Page::Identity => ProvisionRequest {
            name: new.name,
            slug: new.slug,
            domain: new.domain,
            external_id: new.external_id,
            region: new.region,
            country: new.country,
            tags: new.tags,
            owner: new.owner,
            ..old
        },
        Page::Plan => ProvisionRequest {
            plan: new.plan,
            placement: new.placement,
            trial_days: new.trial_days,
            billing_reference: new.billing_reference,
            limits: new.limits,
            ..old
        },
        Page::People => ProvisionRequest {
            admin: new.admin,
            people: new.people,
            support_contact: new.support_contact,
            escalation_contact: new.escalation_contact,
            ..old
        },
        Page::Review => ProvisionRequest { reason: new.reason, ..old },
    }
}

/// Forgets a draft.
pub async fn discard_draft(cx: &Ctx, id: DraftId) -> Result<()> {
    let owner = owner(cx).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let name = store::remove(tx.conn(), id, owner).await?.ok_or(Error::NotFound)?;
    let name = if name.is_empty() { "Draft".to_owned() } else { name };
    tx.commit(AuditEvent::platform("tenant_draft.discard", name).before(serde_json::json!({ "draft": id })))
        .await
}

/// Removes drafts that are over.
pub async fn sweep_drafts(cx: &Ctx) -> Result<()> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::tidy(tx.conn()).await?;
    tx.commit_unaudited("removal of answers that nobody has sent").await
}

/// Asks for the tenant of a draft. Sent again, it is the same operation.
///
/// # Errors
/// `Invalid` with all that is wrong by now, whatever page it was asked on; `Conflict` where the draft was changed since
/// the review was shown.
pub async fn submit_draft(cx: &Ctx, id: DraftId, version: i64, reason: &str) -> Result<Requested> {
    let owner = owner(cx).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let draft = store::hold(tx.conn(), id, owner).await?.ok_or(Error::NotFound)?;
    if let Some(operation) = draft.operation {
        drop(tx);
        let row = operations::get(cx, operation).await?.row;
        return Ok(Requested { id: row.id, tenant: row.tenant, state: row.state, repeated: true });
    }
    if draft.version != version {
        return Err(Error::Conflict(
            "The draft was changed in another window since you looked at it. Look again at what will be made.".into(),
        ));
    }
    if draft.reached < Page::Review.place() {
        return Err(Error::Conflict(format!("The page “{}” is not answered yet.", draft.open().label())));
    }
    let request = ProvisionRequest { reason: reason.to_owned(), ..draft.request };
    let operation = OperationId(cx.new_id());
    let (requested, asked) = operations::request_provision_in(&mut tx, cx, &request, operation).await?;
    store::sent(tx.conn(), id, requested.id).await?;
    let event = AuditEvent::platform("tenant_draft.submit", request.name);
    let event = event.after(serde_json::json!({ "draft": id, "operation": requested.id }));
    tx.commit_all(vec![asked, event]).await?;
    operations::ring(cx);
    Ok(requested)
}

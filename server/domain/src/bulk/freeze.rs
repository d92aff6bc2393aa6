//! From the list to the frozen set, and from there to the operation.

use super::store::{self, New, NewItem};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::operations::{self, Request};
use crate::{plans, templates, tenants};
use model::bulk::{
    Asked, BulkForm, BulkInput, HOURS, TENANTS_MAX, Whom, Work, is_number, judge, tenants_in_words,
};
use model::operations::Kind;
use model::page::grouped;
use model::permission::{Actor, Permission, Scope};
use model::templates::VersionRef;
use model::validate::required;
use model::{OperationId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The longest reason.
const REASON_MAX: u32 = 2_000;

/// What the operation is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Payload {
    pub bulk: Uuid,
    pub work: Work,
    pub reason: String,
}

/// Whoever may work on many tenants, and has sets of their own: a person, or a program of the operator's. Their ids are
/// never the same.
pub(super) async fn owner(cx: &Ctx) -> Result<Uuid> {
    cx.require(Permission::TenantBulk, Scope::Platform).await?;
    match cx.actor() {
        Actor::User { id, .. } => Ok(id.0),
        Actor::PlatformKey { id, .. } => Ok(id.0),
        _ => Err(Error::NotFound),
    }
}

/// What the forms before a preview offer; with the query of a list also whom all that match are, as things are.
pub async fn form(cx: &Ctx, matching: Option<&str>) -> Result<BulkForm> {
    cx.require(Permission::TenantBulk, Scope::Platform).await?;
    let listing = match matching {
        Some(list) => Some(tenants::listing(cx, list).await?),
        None => None,
    };
    let templates = templates::offers(cx).await?;
    let offer = |offer: model::templates::Offer| {
        let word = format!("{}.{}", offer.template.key, offer.version);
        (word, format!("{}, version {}", offer.template.name, offer.version))
    };
    let templates = templates.into_iter().map(offer).collect();
    let mut read = cx.read(Reach::Fleet).await?;
    let owners = tenants::owners(read.conn()).await?;
    drop(read);
    Ok(BulkForm { listing, plans: plans::list(cx).await?, templates, owners })
}

/// Freezes the set that a form names, with who is left out and why. Nothing is done to any tenant.
///
/// # Errors
/// `Invalid` field by field: a set that is empty or too large among it.
pub async fn preview(cx: &Ctx, input: &BulkInput) -> Result<Uuid> {
    let owner = owner(cx).await?;
    let draft = input.validate()?;
    if draft.list.len() > 4_000 {
        return Err(Error::field("whom", "The filters of the list are too many. Use fewer."));
    }
    let mut tx = cx.begin(Reach::Fleet).await?;
    let work = match &draft.asked {
        Asked::Work(work) => work.clone(),
        Asked::Template(key, version) => {
            let found = templates::published(tx.conn(), key, *version).await?;
            let (to, template) =
                found.ok_or_else(|| Error::field("to", "Choose a published version of a template."))?;
            Work::ApplyTemplate { to, template }
        }
        Asked::Owner(None) => Work::SetOwner { owner: None, name: String::new() },
        Asked::Owner(Some(id)) => {
            let found = tenants::owner(tx.conn(), *id).await?;
            let found = found.ok_or_else(|| Error::field("owner", "Choose somebody of the list."))?;
            Work::SetOwner { owner: Some(found.id), name: found.name }
        }
    };
    cx.require(work.action().permission(), Scope::Platform).await?;
    let ids = match draft.whom {
        Whom::Ticked => tenants::ids_of_slugs(tx.conn(), &draft.tenants).await?,
        Whom::Matching => tenants::ids_matching(tx.conn(), &draft.list, TENANTS_MAX + 1).await?,
    };
    if i64::try_from(ids.len()).unwrap_or(i64::MAX) > TENANTS_MAX {
        let why = format!(
            "That is more than {}, the most for one piece of work. Filter the list further and take it in parts.",
            tenants_in_words(TENANTS_MAX)
        );
        return Err(Error::field("whom", why));
    }
    let missing = match draft.whom {
        Whom::Ticked => draft.tenants.len().saturating_sub(ids.len()),
        Whom::Matching => 0,
    };
    let to = if let Work::ApplyTemplate { to, .. } = &work { Some(*to) } else { None };
    let items = judged(tx.conn(), &work, &ids, to, &draft).await?;
    if items.is_empty() {
        return Err(Error::field(
            "whom",
            "No tenant is left of those. Go back to the list and choose again.",
        ));
    }
    let eligible = items.iter().filter(|item| item.skip.is_none()).count();
    let id = cx.new_id();
    let new = New {
        id,
        owner,
        owner_name: cx.actor().name(),
        work: &work,
        whom: draft.whom,
        list: &draft.list,
        shown_at: draft.at,
        missing: i32::try_from(missing).unwrap_or(i32::MAX),
        eligible: i32::try_from(eligible).unwrap_or(i32::MAX),
        hours: HOURS,
        items: &items,
    };
    store::insert(tx.conn(), &new).await?;
    let event = AuditEvent::platform("bulk.preview", work.order(items.len() as i64));
    let after = json!({ "bulk": id, "work": work, "whom": draft.whom, "list": draft.list, "tenants": items.len(), "eligible": eligible });
    tx.commit(event.after(after)).await?;
    Ok(id)
}

/// Every tenant with why it is left out, in the order of the ids. Of a filter those that came after the list was shown
/// are not part of what its reader chose.
async fn judged(
    connection: &mut sqlx::PgConnection,
    work: &Work,
    ids: &[TenantId],
    to: Option<VersionRef>,
    draft: &model::bulk::BulkDraft,
) -> Result<Vec<NewItem>> {
    let facts = store::facts(connection, ids, draft.at, to).await?;
    let facts: Vec<_> = facts.into_iter().filter(|f| draft.whom == Whom::Ticked || !f.came_later).collect();
    let over = match work {
        Work::ChangePlan { to } => {
            let now: Vec<_> = facts.iter().map(|f| (f.tenant, f.facts.plan)).collect();
            plans::refusals(connection, &now, *to).await?
        }
        _ => vec![],
    };
    let mut over = over.into_iter();
    let item = |mut found: store::Found| {
        found.facts.over = over.next().unwrap_or_default();
        NewItem { tenant: found.tenant, version: found.version, skip: judge(work, &found.facts) }
    };
    Ok(facts.into_iter().map(item).collect())
}

/// Begins the work on a previewed set: one operation, which may wait for a second person. Confirmed again, it is the same.
///
/// # Errors
/// `Invalid` without a reason, or where the number is not typed as it is; `Conflict` where nobody is left to do it to, or
/// the preview is over.
pub async fn start(cx: &Ctx, id: Uuid, reason: &str, confirm: &str) -> Result<OperationId> {
    let owner = owner(cx).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let held = store::hold(tx.conn(), id, owner).await?.ok_or(Error::NotFound)?;
    if let Some(operation) = held.operation {
        return Ok(operation);
    }
    cx.require(held.work.action().permission(), Scope::Platform).await?;
    if held.over {
        return Err(Error::Conflict(
            "This preview is over: the fleet has moved on. Choose in the list again.".into(),
        ));
    }
    if held.eligible == 0 {
        return Err(Error::Conflict("There is nobody that it can be done to.".into()));
    }
    let mut errors = model::validate::FieldErrors::default();
    let reason = errors.take("reason", required(reason, "A reason", REASON_MAX));
    if held.work.is_typed(held.eligible) && !is_number(confirm, held.eligible) {
        errors.add("confirm", format!("Type the number of tenants: {}.", grouped(held.eligible)));
    }
    let Some(reason) = reason.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
    let subject = format!("{} of {}", held.work.noun(), tenants_in_words(held.eligible));
    let request = Request {
        id: OperationId(cx.new_id()),
        kind: Kind::Bulk,
        tenant: TenantId::PLATFORM,
        subject: &subject,
        payload: serde_json::to_value(Payload { bulk: id, work: held.work.clone(), reason: reason.clone() })?,
        reason: Some(&reason),
        dedicated: false,
        parent: None,
        run_after: None,
    };
    let requested = operations::enqueue(&mut tx, cx, &request).await?;
    store::confirmed(tx.conn(), id, requested.id).await?;
    let event = AuditEvent::platform("bulk.start", subject.clone()).reason(reason).after(json!({
        "bulk": id, "operation": requested.id, "work": held.work, "tenants": held.eligible, "left_out": held.total - held.eligible,
        "list": held.list, "whom": held.whom,
    }));
    tx.commit(event).await?;
    operations::ring(cx);
    Ok(requested.id)
}

/// Removes previews that nobody confirmed in time; says how many.
pub async fn sweep(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::TenantBulk, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let gone = store::remove_over(tx.conn()).await?;
    tx.commit_unaudited("removal of previews that nobody confirmed").await?;
    Ok(gone)
}

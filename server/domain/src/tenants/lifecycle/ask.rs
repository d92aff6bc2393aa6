//! Another plan, asked for by the tenant's own admins (R66): what they can choose from, asking, taking it back, and
//! telling them what came of it.
//!
//! Invariants: a request is a plan change like any other that always waits for a person of the platform, whatever the
//! rules say; a tenant has at most one plan change on its way. What fits is checked when it is asked for and again when
//! it is made. The tenant reads its own reason and why it was refused, never what operators note for each other.

use super::{NOTE_MAX, decide_on, request};
use crate::audit::{self, AuditEvent};
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations::{self, asked, asked::Asked, later};
use crate::plans;
use crate::tenants::moves::Changing;
use crate::tenants::store::lifecycle as store;
use model::TenantId;
use model::notifications::Event;
use model::operations::{Kind, Requested, State};
use model::permission::{Permission, Scope};
use model::plan_requests::{ASKED_PER_DAY, Decision, PlanOffer, PlanRequest, is_tenants_own};
use model::tenants::{Action, PlanId};
use model::validate::{self, FieldErrors};
use model::work::Work;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// What the form says; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskForPlan<'a> {
    /// The plan that the limits were looked at from.
    pub from: &'a str,
    pub plan: &'a str,
    /// Read by the platform's people, and by the tenant's own.
    pub reason: &'a str,
}

/// The plans that a tenant can ask for, what moving to one of them would mean, and the request that there is.
pub async fn plan_offer(cx: &Ctx, id: TenantId, to: Option<PlanId>) -> Result<PlanOffer> {
    cx.require(Permission::BillingRead, Scope::Tenant(id)).await?;
    let mut read = cx.read(Reach::Tenant(id)).await?;
    let (plans, preview) = plans::offer_on(read.conn(), id, to).await?;
    let request = asked::newest(read.conn(), id, Kind::ChangePlan).await?;
    let request = request.as_ref().map(seen).transpose()?;
    let obstacle = obstacle(read.conn(), id).await?;
    Ok(PlanOffer { plans, preview, request, obstacle })
}

/// Asks for another plan; a person of the platform decides, and so does not ask in the tenant's name.
///
/// # Errors
/// `Forbidden` for the platform's people and programs; `Invalid` at `plan` or `reason`; `Conflict` where its status does
/// not allow it, where it is on another plan than was looked at, or where a plan change is on its way.
pub async fn ask_for_plan(cx: &Ctx, id: TenantId, form: AskForPlan<'_>) -> Result<Requested> {
    cx.require(Permission::TenantPlanRequest, Scope::Tenant(id)).await?;
    if cx.actor().is_platform() {
        audit::record_denial(cx, Permission::TenantPlanRequest, Scope::Tenant(id)).await?;
        return Err(Error::Forbidden(Permission::TenantPlanRequest));
    }
    let mut errors = FieldErrors::default();
    let from = errors.take("plan", validate::word::<PlanId>(form.from, "A plan"));
    let plan = errors.take("plan", validate::word::<PlanId>(form.plan, "A plan"));
    let reason = errors.take("reason", validate::required(form.reason, "A reason", NOTE_MAX));
    let (Some(from), Some(plan), Some(reason)) = (from, plan, reason) else { return Err(errors.into()) };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = decide_on(&mut tx, id, None, Action::ChangePlan).await?;
    if before.plan == plan {
        return Err(Error::field("plan", format!("It is on the {} plan already.", plan.label())));
    }
    if before.plan != from {
        return Err(Error::Conflict(format!(
            "It is on the {} plan by now. Nothing was asked for. Look at what would change and decide again.",
            before.plan.label()
        )));
    }
    if let Some(why) = obstacle(tx.conn(), id).await? {
        return Err(Error::Conflict(why));
    }
    let refusals = plans::preview_on(tx.conn(), id, from, plan).await?.refusals();
    if !refusals.is_empty() {
        return Err(Error::field("plan", refusals.join(" ")));
    }
    let note = Some(reason.clone());
    let asked = Changing { version: None, from, to: plan, note, scheduled: None, by_tenant: true };
    let payload = serde_json::to_value(&asked)?;
    let request = request(cx, Kind::ChangePlan, id, &before.name, payload, Some(reason.as_str()));
    let mut requested = operations::enqueue(&mut tx, cx, &request).await?;
    operations::await_approval(&mut tx, &mut requested).await?;
    let event = AuditEvent::on(id, "tenant.plan_requested", before.name.clone())
        .reason(reason.as_str())
        .before(json!({ "plan": from }))
        .after(json!({ "plan": plan, "operation": requested.id }));
    tx.commit(event).await?;
    Ok(requested)
}

/// Takes back the request that waits; `version` is the one of the request that was looked at.
///
/// # Errors
/// `Conflict` where none waits any more, or where it is another one.
pub async fn withdraw_plan_request(cx: &Ctx, id: TenantId, version: i64) -> Result<()> {
    cx.require(Permission::TenantPlanRequest, Scope::Tenant(id)).await?;
    let mut tx = cx.begin_about(id, Work::Record).await?;
    let name = store::get(tx.conn(), id).await?.name;
    let one = asked::lock(tx.conn(), id, Kind::ChangePlan).await?.ok_or_else(|| {
        Error::Conflict("No request waits any more: it was decided, or somebody has withdrawn it.".into())
    })?;
    if one.version != version {
        return Err(Error::Conflict(
            "The request was changed in the meantime. Nothing was done. Look at it as it is now and decide again."
                .into(),
        ));
    }
    asked::withdraw(tx.conn(), &one).await?;
    let asked: Changing = serde_json::from_value(one.payload.clone())?;
    let event = AuditEvent::on(id, "tenant.plan_request_withdrawn", name)
        .before(json!({ "plan": asked.to, "operation": one.id }));
    tx.commit(event).await
}

/// Tells whoever asked what came of it, in the transaction that decides; does nothing for what the platform's own people
/// asked for. `requester`: none where the transaction is in their own name. `message` is meant for them.
pub(crate) async fn tell_decision(
    tx: &mut Tx,
    id: TenantId,
    payload: &Value,
    requester: Option<Uuid>,
    decision: Decision,
    message: Option<&str>,
) -> Result<()> {
    if !is_tenants_own(payload) {
        return Ok(());
    }
    let data = json!({
        "from": payload.get("from"),
        "to": payload.get("to"),
        "outcome": decision,
        "message": message,
        "requester": requester,
    });
    announce(tx, id, Event::PlanRequestDecided, data).await
}

/// Why no request can be made now, in words that the tenant may read.
async fn obstacle(connection: &mut PgConnection, id: TenantId) -> Result<Option<String>> {
    if asked::is_under_way(&mut *connection, id, Kind::ChangePlan).await? {
        return Ok(Some("A change of plan is on its way already. Another one can be asked for when it is decided or withdrawn.".into()));
    }
    let scheduled = later::newest(&mut *connection, id, Kind::ChangePlan).await?;
    if let Some(one) = scheduled.filter(|one| !one.state.is_settled()) {
        let to = serde_json::from_value::<Changing>(one.payload)?.to;
        return Ok(Some(format!(
            "A change to {} is scheduled for {}. Ask your contact on our side to change that.",
            to.label(),
            one.run_after.format("%-d %b %Y")
        )));
    }
    if asked::lately(connection, id, Kind::ChangePlan).await? >= ASKED_PER_DAY {
        return Ok(Some("Another plan was asked for too often today. Try again tomorrow.".into()));
    }
    Ok(None)
}

/// A request as the tenant may see it.
fn seen(one: &Asked) -> Result<PlanRequest> {
    let asked: Changing = serde_json::from_value(one.payload.clone())?;
    // What is noted with an approval stays with the platform; so does what ended an operation that went wrong.
    let answer = one.note.clone().filter(|_| one.state == State::Rejected);
    Ok(PlanRequest {
        operation: one.id,
        from: asked.from,
        to: asked.to,
        state: one.state,
        by: one.by.clone(),
        reason: one.reason.clone(),
        asked_at: one.asked_at,
        decided_at: one.decided_at,
        answer,
        version: one.version,
    })
}

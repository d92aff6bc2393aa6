//! The moves of a tenant's life (R2, R3, R77, R79, R81, R103): suspend, reinstate, change plan, start and cancel
//! offboarding, go live; and what people are shown before they decide.
//!
//! Invariants: only moves of `model::tenants::Status::may_become`; the row is locked while it is decided, and a form
//! that was filled in on an older version is told what changed, by whom and when. Every move is audited with its reason
//! and both states. Access follows with the commit: it is read from the status on every request.

#[cfg(test)]
mod tests;

use super::moves::{Changing, Reinstating, Suspending};
use super::store::lifecycle as store;
use super::store::lifecycle::Row;
use crate::audit::AuditEvent;
use crate::checklists;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations::{self, Request};
use crate::plans;
use chrono::{DateTime, Utc};
use model::checklists::{ListKey, Milestone};
use model::lifecycle::{Grace, Impact, NO_GRACE, Overview};
use model::notifications::Event;
use model::operations::Kind;
use model::permission::{Permission, Scope};
use model::tenants::{Action, OffboardingReason, PlanId, Status, Suspension, SuspensionReason, TenantHead};
use model::validate::{self, FieldErrors};
use model::work::Work;
use model::{OperationId, TenantId};
use serde_json::{Value, json};
use std::time::Duration;

/// The longest note, reason or proof.
const NOTE_MAX: u32 = 2_000;

/// The longest message to a tenant.
const MESSAGE_MAX: u32 = 500;

/// How many audit lines an overview shows.
const CHANGES: i64 = 8;

/// The tenant of a page's address, with what stands above every section of its page.
pub async fn head(cx: &Ctx, slug: &str) -> Result<TenantHead> {
    let mut tenant = super::by_slug(cx, slug).await?;
    let mut read = cx.read(Reach::Tenant(tenant.id)).await?;
    let onboarding = store::onboarding_progress(read.conn(), tenant.id).await?;
    let status_by = match tenant.status {
        Status::Suspended | Status::Offboarding => {
            store::moved_by(read.conn(), tenant.id, tenant.status_since).await?
        }
        _ => None,
    };
    let earlier = store::score_before(read.conn(), tenant.id, 30).await?;
    drop(read);
    if let (Some(owner), None, true) = (tenant.owner, &tenant.owner_name, cx.actor().is_platform()) {
        let mut read = cx.read(Reach::System).await?;
        tenant.owner_name = store::user_name(read.conn(), owner).await?;
    }
    let score_change = tenant.health_score.zip(earlier).map(|(now, then)| now - then);
    Ok(TenantHead { viewer: cx.actor().clone(), onboarding, status_by, score_change, now: cx.now(), tenant })
}

/// The first section of a tenant's page; what the viewer may not see is left out.
pub async fn overview(cx: &Ctx, slug: &str) -> Result<Overview> {
    let head = head(cx, slug).await?;
    let id = head.tenant.id;
    let may = |permission| cx.actor().allows(permission, Scope::Tenant(id));
    let onboarding = if may(Permission::ChecklistRead) {
        checklists::get(cx, id, ListKey::Onboarding).await?
    } else {
        None
    };
    let changes =
        if may(Permission::AuditRead) { Some(crate::audit::recent(cx, id, CHANGES).await?) } else { None };
    let mut read = cx.read(Reach::Tenant(id)).await?;
    let usage =
        if may(Permission::UsageRead) { Some(store::usage_sums(read.conn(), id, 30).await?) } else { None };
    let tasks =
        if may(Permission::TaskRead) { Some(store::task_counts(read.conn(), id).await?) } else { None };
    Ok(Overview { head, onboarding, usage, tasks, changes })
}

/// What a move would touch, counted now.
pub async fn impact(cx: &Ctx, id: TenantId) -> Result<Impact> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    let mut read = cx.read(Reach::Within(id)).await?;
    store::impact(read.conn(), id).await
}

/// What each trigger of an offboarding would leave, if it began now.
pub async fn graces(cx: &Ctx, id: TenantId) -> Result<Vec<Grace>> {
    cx.require(Permission::TenantOffboard, Scope::Tenant(id)).await?;
    let now = cx.now();
    let grace = |reason: OffboardingReason| {
        let days = reason.grace_days();
        Grace { reason, days, ends_at: now + chrono::TimeDelta::days(days) }
    };
    Ok(OffboardingReason::ALL.iter().copied().map(grace).collect())
}

/// Locks the tenant and checks that the move is legal and was decided on what is true now.
///
/// # Errors
/// `NotFound`; `Conflict` when the form is stale, or when the status does not allow it (both in words).
async fn decide(cx: &Ctx, id: TenantId, version: i64, action: Action) -> Result<(Tx, Row)> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    let row = decide_on(&mut tx, id, Some(version), action).await?;
    Ok((tx, row))
}

/// The same in a transaction that there is; without a version whatever the tenant is now is what is decided on.
pub(super) async fn decide_on(
    tx: &mut Tx,
    id: TenantId,
    version: Option<i64>,
    action: Action,
) -> Result<Row> {
    let row = store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if let Some(version) = version.filter(|version| *version != row.version) {
        return Err(Error::Conflict(stale(tx, id, &row, version).await?));
    }
    action.check(row.status).map_err(Error::Conflict)?;
    Ok(row)
}

/// How long a form waits for the operation that it asked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes an operation, commits, and brings it to its end here; a form is answered with what came out.
///
/// # Errors
/// `Conflict` with the reason of a failure, or where it has to wait behind another operation.
async fn carry_out(mut tx: Tx, cx: &Ctx, request: Request<'_>) -> Result<()> {
    operations::enqueue(&mut tx, cx, &request).await?;
    tx.commit_unaudited("the ledger holds the request; its first step writes the line").await?;
    operations::finish_here(cx, request.id, PATIENCE).await
}

fn request<'a>(
    cx: &Ctx,
    kind: Kind,
    id: TenantId,
    subject: &'a str,
    payload: Value,
    reason: Option<&'a str>,
) -> Request<'a> {
    Request {
        id: OperationId(cx.new_id()),
        kind,
        tenant: id,
        subject,
        payload,
        reason,
        dedicated: false,
        parent: None,
        run_after: None,
    }
}

/// What happened since the form was filled in: the newest of the changes it does not know.
async fn stale(tx: &mut Tx, id: TenantId, row: &Row, version: i64) -> Result<String> {
    let what = match store::change_after(tx.conn(), id, version).await? {
        Some(change) => format!(
            "{} {} on {}",
            change.actor,
            did(&change.action),
            change.at.format("%-d %b %Y at %H:%M UTC")
        ),
        None => "It was changed in the meantime".to_owned(),
    };
    Ok(format!(
        "{what}; you were looking at version {version}, now it is version {} and {}. Nothing was done. \
         Look at it as it is now and decide again.",
        row.version,
        row.status.predicate()
    ))
}

/// The action of an audit line as a verb with its object.
fn did(action: &str) -> &'static str {
    match action {
        "tenant.suspend" => "suspended it",
        "tenant.reinstate" => "reinstated it",
        "tenant.change_plan" => "changed its plan",
        "tenant.offboard" => "started its offboarding",
        "tenant.cancel_offboarding" => "cancelled its offboarding",
        "tenant.end_grace" => "ended its grace period",
        "tenant.go_live" => "took it live",
        "tenant.set_contacts" => "changed its contacts",
        _ => "changed it",
    }
}

/// What the form of a suspension says; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Suspend<'a> {
    /// A word of [`SuspensionReason`].
    pub code: &'a str,
    /// For the platform's people only.
    pub note: &'a str,
    /// A word of [`Suspension`].
    pub scope: &'a str,
    /// What the tenant's people are told; may be empty.
    pub message: &'a str,
}

/// Takes writing, or all access, from the tenant's people and programs (R77, R79).
pub async fn suspend(cx: &Ctx, id: TenantId, version: i64, form: Suspend<'_>) -> Result<()> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let code = errors.take("code", validate::word::<SuspensionReason>(form.code, "A reason"));
    let note = errors.take("reason", validate::required(form.note, "A reason in words", NOTE_MAX));
    let scope = errors.take("scope", validate::word::<Suspension>(form.scope, "How far it goes"));
    let message = errors.take("message", validate::optional(form.message, "A message", MESSAGE_MAX));
    let (Some(code), Some(note), Some(scope), Some(message)) = (code, note, scope, message) else {
        return Err(errors.into());
    };
    let (tx, before) = decide(cx, id, version, Action::Suspend).await?;
    let asked = Suspending { message, ..suspending(Some(version), code, note, scope) };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::Suspend, id, &before.name, payload, Some(&asked.note))).await
}

fn suspending(version: Option<i64>, code: SuspensionReason, note: String, scope: Suspension) -> Suspending {
    Suspending { version, code, note, message: None, scope, priority: code.priority() }
}

/// Asks for a suspension without waiting for it: for rules and for bulk work.
pub(super) async fn ask_to_suspend(
    cx: &Ctx,
    id: TenantId,
    version: Option<i64>,
    code: SuspensionReason,
    note: &str,
    scope: Suspension,
) -> Result<OperationId> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = decide_on(&mut tx, id, version, Action::Suspend).await?;
    let payload = serde_json::to_value(suspending(version, code, note.to_owned(), scope))?;
    let request = request(cx, Kind::Suspend, id, &before.name, payload, Some(note));
    operations::enqueue(&mut tx, cx, &request).await?;
    tx.commit_unaudited("the ledger holds the request; its first step writes the line").await?;
    operations::ring(cx);
    Ok(request.id)
}

/// Ends a suspension: back to what it interrupted, with the proof that its cause is gone (R81).
///
/// # Errors
/// `Conflict` where the machine can see that the cause is still there.
pub async fn reinstate(cx: &Ctx, id: TenantId, version: i64, proof: &str) -> Result<()> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    let proof = validate::required(proof, "Proof that the cause is gone", NOTE_MAX)
        .map_err(|e| Error::field("proof", e))?;
    let (tx, before) = decide(cx, id, version, Action::Reinstate).await?;
    back(&before)?;
    let code = before.reason.as_deref().and_then(|code| code.parse().ok());
    let message = before.message.clone();
    let was = suspending(
        None,
        code.unwrap_or(SuspensionReason::CustomerRequest),
        before.note.clone().unwrap_or_default(),
        before.suspension.unwrap_or(Suspension::Blocked),
    );
    let asked = Reinstating { version, proof, was: Suspending { message, ..was } };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::Reinstate, id, &before.name, payload, Some(&asked.proof))).await
}

/// Where the interruption goes back to; the table of moves has the last word.
pub(super) fn back(row: &Row) -> Result<Status> {
    let to = row.status_before.ok_or_else(|| Error::Internal("a status without the one before it".into()))?;
    if row.status.may_become(to) {
        Ok(to)
    } else {
        Err(Error::Conflict(format!(
            "A tenant {} cannot become {}.",
            row.status.clause(),
            to.label().to_lowercase()
        )))
    }
}

/// Moves a tenant to another plan; refused in words where what it uses does not fit (R3).
pub async fn change_plan(cx: &Ctx, id: TenantId, version: i64, plan: &str, note: &str) -> Result<()> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let plan = errors.take("plan", validate::word::<PlanId>(plan, "A plan"));
    let note = errors.take("note", validate::optional(note, "A note", NOTE_MAX));
    let (Some(plan), Some(note)) = (plan, note) else { return Err(errors.into()) };
    let (mut tx, before) = decide(cx, id, version, Action::ChangePlan).await?;
    if before.plan == plan {
        return Err(Error::field("plan", format!("It is on the {} plan already.", plan.label())));
    }
    let preview = plans::preview_on(tx.conn(), id, before.plan, plan).await?;
    let refusals = preview.refusals();
    if !refusals.is_empty() {
        return Err(Error::field("plan", refusals.join(" ")));
    }
    let asked = Changing { version: Some(version), from: before.plan, to: plan, note };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::ChangePlan, id, &before.name, payload, asked.note.as_deref())).await
}

/// Asks for a plan change at a later time; whether what the tenant uses fits is decided then (R65).
///
/// # Errors
/// `Invalid` at `plan` or `at`; `Conflict` where its status does not allow it.
pub async fn schedule_plan_change(
    cx: &Ctx,
    id: TenantId,
    plan: PlanId,
    note: &str,
    at: DateTime<Utc>,
) -> Result<OperationId> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    let note = validate::optional(note, "A note", NOTE_MAX).map_err(|e| Error::field("note", e))?;
    if at <= cx.now() || at > cx.now() + chrono::TimeDelta::days(366) {
        return Err(Error::field("at", "Choose a time within the next year."));
    }
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = decide_on(&mut tx, id, None, Action::ChangePlan).await?;
    if before.plan == plan {
        return Err(Error::field("plan", format!("It is on the {} plan already.", plan.label())));
    }
    let asked = Changing { version: None, from: before.plan, to: plan, note };
    let mut request =
        request(cx, Kind::ChangePlan, id, &before.name, serde_json::to_value(&asked)?, asked.note.as_deref());
    request.run_after = Some(at);
    operations::enqueue(&mut tx, cx, &request).await?;
    let mut event = AuditEvent::on(id, "tenant.plan_scheduled", before.name.clone())
        .before(json!({ "plan": before.plan }))
        .after(json!({ "plan": plan, "at": at, "operation": request.id }));
    if let Some(note) = asked.note.clone() {
        event = event.reason(note);
    }
    tx.commit(event).await?;
    Ok(request.id)
}

/// What the form of an offboarding says; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offboard<'a> {
    /// A word of [`OffboardingReason`].
    pub code: &'a str,
    pub note: &'a str,
    /// The tenant's slug, typed.
    pub confirm: &'a str,
    /// [`NO_GRACE`], typed, where the trigger leaves no grace.
    pub confirm_now: &'a str,
}

/// Starts the grace period and the runbook (R103). Without grace all access ends with the commit.
pub async fn start_offboarding(cx: &Ctx, id: TenantId, version: i64, form: Offboard<'_>) -> Result<()> {
    cx.require(Permission::TenantOffboard, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let code = errors.take("code", validate::word::<OffboardingReason>(form.code, "A trigger"));
    let note = errors.take("reason", validate::required(form.note, "A reason in words", NOTE_MAX));
    if code.is_some_and(|code| code.grace_days() == 0) && form.confirm_now.trim() != NO_GRACE {
        errors.add(
            "confirm_now",
            format!("This trigger leaves no grace period. Type “{NO_GRACE}” to confirm."),
        );
    }
    let (mut tx, before) = decide(cx, id, version, Action::StartOffboarding).await?;
    if form.confirm.trim() != before.slug {
        errors.add("confirm", format!("Type “{}” exactly.", before.slug));
    }
    let (Some(code), Some(note), true) = (code, note, errors.is_empty()) else { return Err(errors.into()) };
    let interrupted = (before.status == Status::Suspended).then(
        || json!({ "status_before": before.status_before, "suspension": before.suspension, "reason": before.reason, "note": before.note, "message": before.message }),
    );
    store::offboard(tx.conn(), id, before.status, code, &note, interrupted).await?;
    checklists::start(tx.conn(), ListKey::Offboarding, &[id]).await?;
    let after = store::get(tx.conn(), id).await?;
    let data = json!({ "reason": code, "grace_ends_at": after.grace_ends_at });
    announce(&mut tx, id, Event::OffboardingStarted, data).await?;
    let event = AuditEvent::on(id, "tenant.offboard", before.name.clone())
        .reason(format!("{}: {note}", code.label()))
        .before(&before)
        .after(&after);
    tx.commit(event).await
}

/// Calls an offboarding back: to what it was, a suspension included.
pub async fn cancel_offboarding(cx: &Ctx, id: TenantId, version: i64, reason: &str) -> Result<()> {
    cx.require(Permission::TenantOffboard, Scope::Tenant(id)).await?;
    let reason = validate::required(reason, "A reason", NOTE_MAX).map_err(|e| Error::field("reason", e))?;
    let (mut tx, before) = decide(cx, id, version, Action::CancelOffboarding).await?;
    match back(&before)? {
        Status::Suspended => store::resume_suspension(tx.conn(), id).await?,
        to => store::resume(tx.conn(), id, to).await?,
    }
    checklists::end(tx.conn(), ListKey::Offboarding, id).await?;
    let after = store::get(tx.conn(), id).await?;
    announce(&mut tx, id, Event::OffboardingCancelled, json!({ "status": after.status })).await?;
    let event = AuditEvent::on(id, "tenant.cancel_offboarding", before.name.clone())
        .reason(reason)
        .before(&before)
        .after(&after);
    tx.commit(event).await
}

/// Ends the access of tenants whose grace period is over, at most `limit` at a time, and says how many. Their data
/// stays. Run by the worker; a legal hold keeps data, not access, so it does not matter here.
pub async fn end_grace(cx: &Ctx, limit: i64) -> Result<u64> {
    cx.require(Permission::TenantOffboard, Scope::Platform).await?;
    let mut ended = 0;
    let mut read = cx.read(Reach::Fleet).await?;
    let due = store::grace_over(read.conn(), limit).await?;
    drop(read);
    for id in due {
        let mut tx = cx.begin(Reach::Fleet).await?;
        let Some(before) = store::lock(tx.conn(), id).await? else { continue };
        if before.status != Status::Offboarding || !store::end_grace(tx.conn(), id).await? {
            continue;
        }
        let after = store::get(tx.conn(), id).await?;
        announce(&mut tx, id, Event::TenantOffboarded, json!({ "reason": after.reason })).await?;
        let event = AuditEvent::on(id, "tenant.end_grace", before.name.clone())
            .reason("The grace period is over.")
            .before(&before)
            .after(&after);
        tx.commit(event).await?;
        ended += 1;
    }
    Ok(ended)
}

/// Who to call (checklist item 7). Both may be cleared.
pub async fn set_contacts(
    cx: &Ctx,
    id: TenantId,
    version: i64,
    support: &str,
    escalation: &str,
) -> Result<()> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let support = errors.take("support", validate::optional_line(support, "A support contact", 200));
    let escalation =
        errors.take("escalation", validate::optional_line(escalation, "An escalation contact", 200));
    let (Some(support), Some(escalation)) = (support, escalation) else { return Err(errors.into()) };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if before.version != version {
        return Err(Error::Conflict(stale(&mut tx, id, &before, version).await?));
    }
    Work::Record.check(before.status).map_err(Error::Conflict)?;
    store::set_contacts(tx.conn(), id, support.as_deref(), escalation.as_deref()).await?;
    let after = store::get(tx.conn(), id).await?;
    let event = AuditEvent::on(id, "tenant.set_contacts", before.name.clone()).before(&before).after(&after);
    tx.commit(event).await?;
    checklists::run_probes(cx, id).await.map(|_| ())
}

/// Says that the tenant is in production: all required onboarding items are done; ends the onboarding.
pub async fn go_live(cx: &Ctx, id: TenantId, version: i64) -> Result<()> {
    cx.require(Permission::TenantGoLive, Scope::Tenant(id)).await?;
    let list = checklists::get(cx, id, ListKey::Onboarding).await?;
    let list = list.ok_or_else(|| Error::Conflict("Its onboarding has not been started.".into()))?;
    if !list.is_complete() {
        let (done, all) = list.count(true);
        return Err(Error::Conflict(format!("Only {done} of {all} required items are done.")));
    }
    let (mut tx, before) = decide(cx, id, version, Action::GoLive).await?;
    if before.live_at.is_some() {
        return Err(Error::Conflict("It is live already.".into()));
    }
    store::go_live(tx.conn(), id).await?;
    checklists::end(tx.conn(), ListKey::Onboarding, id).await?;
    let after = store::get(tx.conn(), id).await?;
    announce(&mut tx, id, Event::TenantLive, json!({})).await?;
    let event = AuditEvent::on(id, "tenant.go_live", before.name.clone()).before(&before).after(&after);
    tx.commit(event).await
}

/// Sets or takes back the milestones that the onboarding list proves. After going live they stay.
pub(crate) async fn settle_milestones(cx: &Ctx, id: TenantId) -> Result<()> {
    let Some(list) = checklists::load(cx, id, ListKey::Onboarding).await? else { return Ok(()) };
    let (configured, validated) = (list.reached(Milestone::Configured), list.reached(Milestone::Validated));
    let mut tx = cx.begin(Reach::Fleet).await?;
    let Some(row) = store::lock(tx.conn(), id).await? else { return Ok(()) };
    // A tenant validates after it is configured; the stage shows the first milestone that is missing.
    let changes = (row.configured_at.is_some() != configured) || (row.validated_at.is_some() != validated);
    if row.live_at.is_some() || !changes || !Work::Onboard.allowed_in(row.status) {
        return Ok(());
    }
    store::set_milestones(tx.conn(), id, configured, validated).await?;
    let event = AuditEvent::on(id, "tenant.milestone", row.name.clone())
        .before(json!({ "configured": row.configured_at.is_some(), "validated": row.validated_at.is_some() }))
        .after(json!({ "configured": configured, "validated": validated }));
    tx.commit(event).await
}

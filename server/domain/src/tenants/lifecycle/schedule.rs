//! Another plan on a day of its own (R65): asked for, moved, called off, and looked at.
//!
//! Invariants: a tenant has at most one on its way, and while it has one its plan is not changed by hand. Whether what it
//! uses fits is decided on the day, by the operation: where it does not, the tenant stays on its plan and the operation
//! says why. Nothing tries again by itself.

use super::{NOTE_MAX, decide_on, request};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations::{self, later, later::Later};
use crate::plans;
use crate::tenants::moves::Changing;
use crate::tenants::store::lifecycle as store;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use model::directory::Cursor;
use model::notifications::Event;
use model::operations::{Kind, Requested};
use model::page::{Page, Total};
use model::permission::{Permission, Scope};
use model::schedules::{PlanSchedule, ScheduledChange};
use model::tenants::{Action, PlanId};
use model::validate::{self, FieldErrors};
use model::work::Work;
use model::{OperationId, TenantId};
use serde_json::json;

/// Rows of a page.
const ROWS: i64 = 50;
/// Up to here they are counted.
const COUNTED: i64 = 1_000;
/// How far ahead a day may be.
const DAYS_AHEAD: i64 = 366;

/// Asks for a plan change at a later time; whether what the tenant uses fits is decided then (R65).
///
/// # Errors
/// `Invalid` at `plan`, `note` or `at`; `Conflict` where its status does not allow it or one is scheduled already.
pub async fn schedule_plan_change(
    cx: &Ctx,
    id: TenantId,
    plan: PlanId,
    note: &str,
    at: DateTime<Utc>,
) -> Result<Requested> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let mut errors = FieldErrors::default();
    let note = errors.take("note", validate::optional(note, "A note", NOTE_MAX));
    let at = errors.take("at", day(cx, at));
    let (Some(note), Some(at)) = (note, at) else { return Err(errors.into()) };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = decide_on(&mut tx, id, None, Action::ChangePlan).await?;
    if before.plan == plan {
        return Err(Error::field("plan", format!("It is on the {} plan already.", plan.label())));
    }
    let asked =
        Changing { version: None, from: before.plan, to: plan, note, scheduled: Some(at), by_tenant: false };
    let payload = serde_json::to_value(&asked)?;
    let mut request = request(cx, Kind::ChangePlan, id, &before.name, payload, asked.note.as_deref());
    request.run_after = Some(at);
    // First: the one that is scheduled may be this very call, sent twice at once.
    if let Some(same) = operations::take(&mut tx, cx, request.id).await? {
        drop(tx);
        return operations::receipt(cx, same).await;
    }
    if let Some(other) = later::lock(tx.conn(), id, Kind::ChangePlan).await? {
        return Err(Error::Conflict(format!("{} Change its day, or cancel it first.", already(&other)?)));
    }
    let requested = operations::enqueue(&mut tx, cx, &request).await?;
    tell(&mut tx, id, Event::PlanScheduled, &asked).await?;
    let mut event = AuditEvent::on(id, "tenant.plan_scheduled", before.name.clone())
        .before(json!({ "plan": before.plan }))
        .after(json!({ "plan": plan, "at": at, "operation": request.id }));
    if let Some(note) = asked.note.clone() {
        event = event.reason(note);
    }
    tx.commit(event).await?;
    Ok(requested)
}

/// Another day for the plan change that is scheduled; `version` is the one of the schedule that was looked at.
///
/// # Errors
/// `Invalid` at `at` or `reason`; `Conflict` where none is scheduled any more, where somebody was quicker, or where a
/// second person has approved it for its day.
pub async fn move_plan_change(
    cx: &Ctx,
    id: TenantId,
    version: i64,
    at: DateTime<Utc>,
    reason: &str,
) -> Result<()> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let reason = errors.take("reason", validate::required(reason, "A reason", NOTE_MAX));
    let at = errors.take("at", day(cx, at));
    let (Some(reason), Some(at)) = (reason, at) else { return Err(errors.into()) };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let name = decide_on(&mut tx, id, None, Action::ChangePlan).await?.name;
    let one = held(&mut tx, id, version).await?;
    if let Some(why) = schedule(&one)?.keeps_its_day() {
        return Err(Error::Conflict(why.into()));
    }
    if one.run_after == at {
        return Err(Error::field("at", "It is scheduled for this day already."));
    }
    later::postpone(tx.conn(), &one, at).await?;
    let asked = Changing { scheduled: Some(at), ..serde_json::from_value(one.payload.clone())? };
    tell(&mut tx, id, Event::PlanScheduled, &asked).await?;
    let event = AuditEvent::on(id, "tenant.plan_schedule_moved", name)
        .reason(reason)
        .before(json!({ "plan": asked.to, "at": one.run_after, "operation": one.id }))
        .after(json!({ "plan": asked.to, "at": at, "operation": one.id }));
    tx.commit(event).await
}

/// Calls off the plan change that is scheduled.
///
/// # Errors
/// `Invalid` at `reason`; `Conflict` where none is scheduled any more, where it has begun, or where somebody was quicker.
pub async fn cancel_plan_change(cx: &Ctx, id: TenantId, version: i64, reason: &str) -> Result<()> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    let reason = validate::required(reason, "A reason", NOTE_MAX).map_err(|e| Error::field("reason", e))?;
    let mut tx = cx.begin_about(id, Work::Record).await?;
    let name = store::get(tx.conn(), id).await?.name;
    let one = held(&mut tx, id, version).await?;
    if !schedule(&one)?.is_to_come() {
        return Err(Error::Conflict(
            "It has begun: it can be called off on the operation’s page only.".into(),
        ));
    }
    later::call_off(tx.conn(), &one).await?;
    let asked: Changing = serde_json::from_value(one.payload.clone())?;
    tell(&mut tx, id, Event::PlanScheduleCancelled, &asked).await?;
    let event = AuditEvent::on(id, "tenant.plan_schedule_cancelled", name)
        .reason(reason)
        .before(json!({ "plan": asked.to, "at": one.run_after, "operation": one.id }));
    tx.commit(event).await
}

/// The plan change of a tenant that is to come, or that failed on its day with no other since.
pub async fn plan_schedule(cx: &Ctx, id: TenantId) -> Result<Option<PlanSchedule>> {
    cx.require(Permission::TenantRead, Scope::Tenant(id)).await?;
    let platform = cx.actor().is_platform();
    let mut read = cx.read(if platform { Reach::Fleet } else { Reach::Tenant(id) }).await?;
    let Some(one) = later::newest(read.conn(), id, Kind::ChangePlan).await? else { return Ok(None) };
    let mut found = schedule(&one)?;
    found.refusals =
        plans::refusals_on(read.conn(), &[(id, found.to)]).await?.into_iter().next().unwrap_or_default();
    if !platform {
        (found.by, found.note, found.error) = (None, None, None);
    }
    Ok(Some(found))
}

/// Every plan change that is to come, the next first, each with what would stand in its way today.
pub async fn plan_schedules(cx: &Ctx, cursor: &Cursor) -> Result<Page<ScheduledChange>> {
    cx.require(Permission::OperationFleet, Scope::Platform).await?;
    let (place, backwards) = match cursor {
        Cursor::First => (None, false),
        Cursor::After(text) => (place(text), false),
        Cursor::Before(text) => (place(text), true),
    };
    let mut read = cx.read(Reach::Fleet).await?;
    let mut found =
        later::page(read.conn(), Kind::ChangePlan, place, backwards && place.is_some(), ROWS + 1).await?;
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    if backwards {
        found.reverse();
    }
    let counted = later::count(read.conn(), Kind::ChangePlan, COUNTED + 1).await?;
    let schedules: Vec<_> = found.iter().map(schedule).collect::<Result<_>>()?;
    let wanted: Vec<_> = found.iter().zip(&schedules).map(|(one, it)| (one.tenant, it.to)).collect();
    let refusals = plans::refusals_on(read.conn(), &wanted).await?;
    let (newer, older) = if backwards { (more, true) } else { (place.is_some(), more) };
    let text = |one: Option<&Later>| one.map(|one| format!("{}~{}", one.run_after.to_rfc3339(), one.id));
    let (next, previous) = (text(found.last()).filter(|_| older), text(found.first()).filter(|_| newer));
    let rows = found.into_iter().zip(schedules).zip(refusals).map(|((one, schedule), refusals)| {
        ScheduledChange { slug: one.slug, name: one.name, schedule: PlanSchedule { refusals, ..schedule } }
    });
    let total = if counted > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exact(counted) };
    Ok(Page { rows: rows.collect(), next, previous, total })
}

/// Why a change by hand has to wait, where one is scheduled.
pub(super) async fn in_the_way(tx: &mut Tx, id: TenantId) -> Result<Option<String>> {
    match later::lock(tx.conn(), id, Kind::ChangePlan).await? {
        Some(one) => Ok(Some(format!("{} Cancel it first, or change its day.", already(&one)?))),
        None => Ok(None),
    }
}

fn already(one: &Later) -> Result<String> {
    let to = schedule(one)?.to;
    Ok(format!("A change to {} is scheduled for {}.", to.label(), one.run_after.format("%-d %b %Y")))
}

/// The cursor's moment and id; nothing where it is none of ours.
fn place(text: &str) -> Option<(DateTime<Utc>, OperationId)> {
    let (at, id) = text.split_once('~')?;
    Some((DateTime::parse_from_rfc3339(at).ok()?.to_utc(), id.parse().ok()?))
}

fn day(cx: &Ctx, at: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let ahead = at - cx.now();
    if ahead > TimeDelta::zero() && ahead <= TimeDelta::days(DAYS_AHEAD) {
        // As exact as the database keeps it.
        Ok(at.trunc_subsecs(6))
    } else {
        Err("Choose a day within the next year, from tomorrow on.".into())
    }
}

/// The schedule of a tenant whose row is held, locked, if it is the one that was looked at.
async fn held(tx: &mut Tx, id: TenantId, version: i64) -> Result<Later> {
    let one = later::lock(tx.conn(), id, Kind::ChangePlan).await?.ok_or_else(|| {
        Error::Conflict(
            "No plan change is scheduled any more: it was made, or somebody called it off.".into(),
        )
    })?;
    if one.version != version {
        return Err(Error::Conflict(format!(
            "It was changed in the meantime: it is scheduled for {} and {}. Nothing was done. Look at it as it is now and decide again.",
            one.run_after.format("%-d %b %Y at %H:%M UTC"),
            one.state.label().to_lowercase()
        )));
    }
    Ok(one)
}

fn schedule(one: &Later) -> Result<PlanSchedule> {
    let asked: Changing = serde_json::from_value(one.payload.clone())?;
    Ok(PlanSchedule {
        operation: one.id,
        from: asked.from,
        to: asked.to,
        at: asked.scheduled.unwrap_or(one.run_after),
        state: one.state,
        by: Some(one.by.clone()),
        note: asked.note,
        asked_at: one.asked_at,
        approved: one.approved,
        version: one.version,
        error: one.error.clone(),
        refusals: vec![],
    })
}

async fn tell(tx: &mut Tx, id: TenantId, event: Event, asked: &Changing) -> Result<()> {
    let data = json!({ "from": asked.from, "to": asked.to, "at": asked.scheduled });
    announce(tx, id, event, data).await.map(drop)
}

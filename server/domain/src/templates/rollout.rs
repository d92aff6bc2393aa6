//! Staged roll-outs of a version (R32): apply to many as operations of the ledger, wave by wave.
//!
//! Invariants: the set of tenants is frozen when a roll-out begins; one is open per template; a wave begins when those
//! before it are settled, by a person or, where all its criteria are met, by itself; a broken criterion pauses it until a
//! person goes on; calling off leaves what was not begun as it is, and takes back what waits for a second person. A tenant's
//! outcome is its operation's, so that retrying it is the ledger's own button. `waves` writes the operations, `graduation`
//! measures what a wave is judged by.

use super::rollout_store::{self as store, Row};
use super::waves::{begin_waiting, withdraw};
use super::{apply, edit_store, graduation, graduation_store, waves_store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, OnConstraint, Result};
use crate::operations::{asker, how_many_wait};
use model::TenantId;
use model::operations::Kind;
use model::page::grouped;
use model::permission::{Permission, Scope};
use model::templates::{
    Compared, Criterion, Rollout, RolloutInput, RolloutPlan, RolloutState, RolloutTenant, Rules, TENANTS_MAX,
    TYPED_FROM, VersionRef, VersionState, Wave, criteria, waves,
};
use model::validate::{optional, required};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// Tenants that a plan and a roll-out show.
const SHOWN: usize = 100;
const LISTED: i64 = 200;

/// A plan with what it takes to begin it.
struct Planned {
    to: VersionRef,
    template: String,
    tenants: Vec<(TenantId, u32)>,
    plan: RolloutPlan,
}

/// What a roll-out would do: whom it reaches in which wave, and whom not and why.
///
/// # Errors
/// `Invalid` field by field; `NotFound` for a template or version that is not there.
pub async fn plan(cx: &Ctx, key: &str, input: &RolloutInput) -> Result<RolloutPlan> {
    cx.require(Permission::TemplateApply, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    Ok(planned(read.conn(), key, input, false).await?.plan)
}

async fn planned(
    connection: &mut PgConnection,
    key: &str,
    input: &RolloutInput,
    begins: bool,
) -> Result<Planned> {
    let draft = input.validate(begins)?;
    let template = edit_store::template(connection, key, false).await?.ok_or(Error::NotFound)?;
    let to = edit_store::version_of_key(connection, key, draft.version).await?.ok_or(Error::NotFound)?;
    let found = super::store::version(connection, to).await?.ok_or(Error::NotFound)?;
    if found.state != VersionState::Published {
        return Err(Error::field("version", "Only a published version can be rolled out."));
    }
    let mut listed = draft.listed.clone();
    // Who is a pilot is meant, also where only the others are listed.
    if draft.whom == model::templates::Whom::Listed {
        listed.extend(draft.pilots.iter().filter(|slug| !draft.listed.contains(slug)).cloned());
    }
    let rows = store::candidates(connection, to, draft.whom, &listed, TENANTS_MAX + 1).await?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) > TENANTS_MAX {
        let most = grouped(TENANTS_MAX);
        return Err(Error::field("whom", format!("That is more than {most} tenants. List a part of them.")));
    }
    let mut skipped: Vec<(String, String)> = Vec::new();
    for slug in &listed {
        if !rows.iter().any(|row| row.slug == *slug) && draft.whom == model::templates::Whom::Listed {
            skipped.push((slug.clone(), "There is no such tenant.".into()));
        }
    }
    for slug in &draft.pilots {
        if !rows.iter().any(|row| row.slug == *slug) && !skipped.iter().any(|(of, _)| of == slug) {
            skipped.push((slug.clone(), "It is a pilot, but not among those that are reached.".into()));
        }
    }
    let (mut eligible, mut kept) = (Vec::new(), 0);
    for row in rows {
        if let Some(why) = apply::closed(row.status) {
            skipped.push((row.slug, why));
        } else if row.there {
            skipped.push((row.slug, "It is on this version already.".into()));
        } else {
            kept += row.kept;
            eligible.push(row);
        }
    }
    // Pilots stand first; the sort is stable, so that names keep their order.
    eligible.sort_by_key(|row| !draft.pilots.contains(&row.slug));
    let pilots = eligible.iter().filter(|row| draft.pilots.contains(&row.slug)).count();
    let numbers = waves(eligible.len(), pilots, draft.share);
    let last = numbers.last().copied().unwrap_or(0);
    let sizes = (1..=last)
        .map(|wave| i64::try_from(numbers.iter().filter(|n| **n == wave).count()).unwrap_or(i64::MAX))
        .collect();
    let total = i64::try_from(eligible.len()).unwrap_or(i64::MAX);
    let tenants: Vec<_> = eligible.iter().zip(&numbers).map(|(row, wave)| (row.id, *wave)).collect();
    let ids: Vec<_> = tenants.iter().map(|(tenant, _)| *tenant).collect();
    let approvals = how_many_wait(connection, Kind::ApplyTemplate, &ids).await?;
    let shown = eligible.into_iter().zip(&numbers).take(SHOWN).map(|(row, wave)| (row.slug, row.name, *wave));
    let plan = RolloutPlan {
        template: template.name.clone(),
        version: draft.version,
        tenants: shown.collect(),
        total,
        waves: sizes,
        skipped,
        kept,
        approvals,
    };
    Ok(Planned { to, template: template.name, tenants, plan })
}

/// Begins a roll-out: freezes the set and lets the first wave go.
///
/// # Errors
/// `Invalid` field by field, a number that is not typed among it; `Conflict` when one of this template is open.
pub async fn start(cx: &Ctx, key: &str, input: &RolloutInput) -> Result<Uuid> {
    cx.require(Permission::TemplateApply, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let planned = planned(tx.conn(), key, input, true).await?;
    let (draft, total) = (input.validate(true)?, planned.plan.total);
    if total == 0 {
        return Err(Error::field("whom", "Nobody is reached: there is nothing to roll out."));
    }
    if total > TYPED_FROM && draft.confirm != total.to_string() {
        return Err(Error::field("confirm", format!("Type the number of tenants: {total}.")));
    }
    let id = cx.new_id();
    let new = store::New {
        id,
        to: planned.to,
        hours: draft.hours,
        rules: draft.rules,
        reason: &draft.reason,
        by: cx.actor().name(),
        asked_by: asker(cx.actor())?.0,
        tenants: &planned.tenants,
    };
    store::insert(tx.conn(), &new).await.on_constraint(
        "rollout_one_open",
        "",
        "A roll-out of this template is under way. Finish it or call it off first.",
    )?;
    tx.commit(AuditEvent::platform("template.roll_out", key).reason(draft.reason).after(
        json!({ "rollout": id, "template": planned.template, "version": draft.version, "tenants": total,
                "waves": planned.plan.waves, "hours": draft.hours, "rules": draft.rules, "skipped": planned.plan.skipped.len() }),
    ))
    .await?;
    begin_waiting(cx, id).await?;
    Ok(id)
}

/// One roll-out with how far it is.
///
/// # Errors
/// `NotFound` where there is none.
pub async fn rollout(cx: &Ctx, id: Uuid) -> Result<Rollout> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let row = store::find(read.conn(), Some(id), None, false, 1).await?.pop().ok_or(Error::NotFound)?;
    drop(read);
    full(cx, row, LISTED).await
}

/// The roll-outs of a template, the newest first.
pub async fn rollouts(cx: &Ctx, key: &str) -> Result<Vec<Rollout>> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let rows = store::find(read.conn(), None, Some(key), false, 10).await?;
    drop(read);
    let mut out = Vec::new();
    for row in rows {
        out.push(full(cx, row, 0).await?);
    }
    Ok(out)
}

/// A roll-out with what its current wave is judged by. The caller holds no connection.
async fn full(cx: &Ctx, row: Row, tenants: i64) -> Result<Rollout> {
    let rules = rules_of(&row);
    let mut read = cx.read(Reach::Fleet).await?;
    let waves = store::waves(read.conn(), row.id).await?;
    let tenants = if tenants > 0 { store::tenants(read.conn(), row.id, tenants).await? } else { vec![] };
    let judged = if is_judged(&row, &waves) {
        let (mut seen, own) = graduation::measures(read.conn(), &row, rules).await?;
        // Schemas of tenants are looked into one by one: nobody holds a connection and waits for another.
        drop(read);
        graduation::add_own(cx, own, row.wave_since, &mut seen.tasks).await;
        criteria(row.hours, rules, &waves, row.wave.into(), &seen)
    } else {
        vec![]
    };
    Ok(told(cx, row, waves, judged, tenants))
}

fn rules_of(row: &Row) -> Rules {
    Rules { failed: row.failed, drop: row.drop, tasks: row.tasks, drift: row.drift }
}

/// Whether measuring decides anything: about the next wave, or about a pause where none follows.
fn is_judged(row: &Row, waves: &[Wave]) -> bool {
    let rules = rules_of(row);
    let follows = waves.iter().any(|wave| wave.wave > i32::from(row.wave));
    let pauses = rules.failed.is_some() || rules.drop.is_some() || rules.tasks.is_some();
    let under_way = waves.iter().any(|wave| wave.running + wave.waiting > 0);
    match row.state {
        RolloutState::Running | RolloutState::Paused if follows => row.hours.is_some() || !rules.is_none(),
        RolloutState::Running => pauses && under_way,
        // Its page says why it was paused.
        RolloutState::Paused => pauses,
        RolloutState::Done | RolloutState::Cancelled => false,
    }
}

fn told(
    cx: &Ctx,
    row: Row,
    waves: Vec<Wave>,
    judged: Vec<Criterion>,
    tenants: Vec<RolloutTenant>,
) -> Rollout {
    let rules = rules_of(&row);
    Rollout {
        id: row.id,
        template: row.template,
        to: Compared {
            key: row.key,
            name: row.name,
            version: row.version,
            state: row.version_state,
            notes: row.notes,
        },
        state: row.state,
        wave: row.wave.into(),
        wave_since: row.wave_since,
        hours: row.hours,
        rules,
        criteria: judged,
        overruled: row.overruled,
        reason: row.reason,
        by: row.by,
        at: row.at,
        ended_at: row.ended_at,
        waves,
        tenants,
        may_steer: cx.actor().allows(Permission::TemplateApply, Scope::Platform),
    }
}

/// Lets the next wave go.
///
/// # Errors
/// `Conflict` while the waves before are under way, or when there is no further one.
pub async fn advance(cx: &Ctx, id: Uuid, reason: &str) -> Result<i32> {
    cx.require(Permission::TemplateApply, Scope::Platform).await?;
    let reason = optional(reason, "A reason", 1_000).map_err(|why| Error::field("reason", why))?;
    next_wave(cx, id, None, reason.as_deref()).await
}

/// `judged` is the wave whose criteria were measured, before anything is locked; a person needs none.
async fn next_wave(cx: &Ctx, id: Uuid, judged: Option<i32>, reason: Option<&str>) -> Result<i32> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    let row = store::find(tx.conn(), Some(id), None, false, 1).await?.pop().ok_or(Error::NotFound)?;
    let waves = store::waves(tx.conn(), id).await?;
    let now = told(cx, row, waves, vec![], vec![]);
    if judged.is_some_and(|wave| wave != now.wave) {
        return Err(Error::Conflict("Another wave has begun in the meantime.".into()));
    }
    if let Some(why) = now.waits_for() {
        return Err(Error::Conflict(why));
    }
    let wave = now.wave + 1;
    store::move_to(tx.conn(), id, RolloutState::Running, i16::try_from(wave).unwrap_or(3)).await?;
    let mut event = AuditEvent::platform("template.roll_out_wave", now.to.key.clone())
        .before(json!({ "wave": now.wave, "failed": now.failed() }))
        .after(json!({ "rollout": id, "wave": wave }));
    if let Some(reason) = reason {
        event = event.reason(reason);
    }
    tx.commit(event).await?;
    begin_waiting(cx, id).await?;
    Ok(wave)
}

/// No further wave begins until it is resumed; operations that are queued go on.
pub async fn pause(cx: &Ctx, id: Uuid, reason: &str) -> Result<()> {
    steer(cx, id, RolloutState::Running, RolloutState::Paused, "template.roll_out_pause", reason).await
}

/// Goes on where it was paused.
pub async fn resume(cx: &Ctx, id: Uuid, reason: &str) -> Result<()> {
    steer(cx, id, RolloutState::Paused, RolloutState::Running, "template.roll_out_resume", reason).await?;
    begin_waiting(cx, id).await
}

/// Calls it off: what was not begun is left as it is, and what waits for a second person does not begin any more. That is
/// taken back right after it, in portions.
pub async fn cancel(cx: &Ctx, id: Uuid, reason: &str) -> Result<()> {
    cx.require(Permission::TemplateApply, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let row = store::find(read.conn(), Some(id), None, false, 1).await?.pop().ok_or(Error::NotFound)?;
    drop(read);
    steer(cx, id, row.state, RolloutState::Cancelled, "template.roll_out_cancel", reason).await?;
    // It is called off whatever becomes of the rest, which `tick` finishes.
    if let Err(error) = withdraw(cx, id).await {
        tracing::warn!(rollout = %id, %error, "what waits of a roll-out that was called off is withdrawn later");
    }
    Ok(())
}

async fn steer(
    cx: &Ctx,
    id: Uuid,
    from: RolloutState,
    to: RolloutState,
    action: &'static str,
    reason: &str,
) -> Result<()> {
    cx.require(Permission::TemplateApply, Scope::Platform).await?;
    let reason = required(reason, "A reason", 1_000).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let (state, wave) = store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    let ended = matches!(state, RolloutState::Done | RolloutState::Cancelled);
    if state != from || ended {
        return Err(Error::Conflict(format!("The roll-out is {}.", state.label().to_lowercase())));
    }
    store::move_to(tx.conn(), id, to, wave).await?;
    if to == RolloutState::Running {
        graduation_store::overrule(tx.conn(), id).await?;
    }
    let row = store::find(tx.conn(), Some(id), None, false, 1).await?.pop().ok_or(Error::NotFound)?;
    let event = AuditEvent::platform(action, row.key)
        .reason(reason)
        .before(json!({ "state": state, "wave": wave }))
        .after(json!({ "rollout": id, "state": to }));
    tx.commit(event).await
}

/// What time brings: operations that a crash left out, waves that begin by themselves, roll-outs that are paused because
/// a criterion is broken, or that are over; and what is to be withdrawn still of those that were called off. Answers how
/// many moved. One that fails is in the log, and keeps no other waiting.
pub async fn tick(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::TemplateApply, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let open = store::find(read.conn(), None, None, true, 100).await?;
    let called_off = waves_store::half_withdrawn(read.conn(), 100).await?;
    drop(read);
    let mut moved = 0;
    for row in open {
        let id = row.id;
        match look_after(cx, row).await {
            Ok(one) => moved += one,
            Err(error) => tracing::warn!(rollout = %id, %error, "a roll-out could not be looked after"),
        }
    }
    for id in called_off {
        if let Err(error) = withdraw(cx, id).await {
            tracing::warn!(rollout = %id, %error, "what waits of a roll-out could not be withdrawn");
        }
    }
    Ok(moved)
}

/// What time brings to one that is running; whether it moved.
async fn look_after(cx: &Ctx, row: Row) -> Result<u64> {
    let id = row.id;
    begin_waiting(cx, id).await?;
    let now = full(cx, row, 0).await?;
    if now.is_over() {
        let mut tx = cx.begin(Reach::Fleet).await?;
        if store::lock(tx.conn(), id).await?.is_none_or(|(state, _)| state != RolloutState::Running) {
            return Ok(0);
        }
        let wave = i16::try_from(now.wave).unwrap_or(3);
        store::move_to(tx.conn(), id, RolloutState::Done, wave).await?;
        let event = AuditEvent::platform("template.roll_out_done", now.to.key.clone())
            .after(json!({ "rollout": id, "tenants": now.total(), "failed": now.failed() }));
        tx.commit(event).await?;
        return Ok(1);
    }
    if let Some(broken) = now.broken() {
        let why = format!("{}: {}.", broken.what, broken.found);
        let (from, to) = (RolloutState::Running, RolloutState::Paused);
        return unless_late(steer(cx, id, from, to, "template.roll_out_pause", &why).await);
    }
    if now.graduates() {
        let next = next_wave(cx, id, Some(now.wave), Some("All its criteria are met.")).await;
        return unless_late(next);
    }
    Ok(0)
}

/// How many moved. Somebody who was quicker since it was looked at is no fault, and keeps no other waiting.
fn unless_late<T>(outcome: Result<T>) -> Result<u64> {
    match outcome {
        Ok(_) => Ok(1),
        Err(Error::Conflict(_)) => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_late_is_no_fault() {
        assert!(matches!(unless_late(Ok(2)), Ok(1)));
        assert!(matches!(unless_late::<()>(Err(Error::Conflict("It is paused.".into()))), Ok(0)));
        assert!(matches!(unless_late::<()>(Err(Error::NotFound)), Err(Error::NotFound)));
    }
}

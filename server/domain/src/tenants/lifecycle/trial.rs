//! The end of a trial by hand (R9): it becomes a customer, or it ends on a later day.

use super::{NOTE_MAX, carry_out, decide, decide_once, request};
use crate::audit::AuditEvent;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations;
use crate::tenants::conversion::Converting;
use crate::tenants::store::lifecycle as store;
use crate::tenants::store::trial;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::notifications::Event;
use model::operations::{Kind, Requested};
use model::permission::{Permission, Scope};
use model::tenants::{Action, SuspensionReason, TenantHead, trial_end};
use model::validate::{self, FieldErrors};
use serde_json::json;

/// The tenant for the pages that decide about its trial.
pub async fn trial_head(cx: &Ctx, slug: &str) -> Result<TenantHead> {
    let head = super::head(cx, slug).await?;
    cx.require(Permission::TenantPlan, Scope::Tenant(head.tenant.id)).await?;
    Ok(head)
}

/// Makes a customer of a trial: it is active, and no day ends it any more. Plan and limits stay.
///
/// # Errors
/// `Invalid` at `reason`; `Conflict` where it is on trial no more, or was changed meanwhile.
pub async fn convert_trial(cx: &Ctx, id: TenantId, version: i64, reason: &str) -> Result<Requested> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let reason = validate::required(reason, "A reason", NOTE_MAX).map_err(|e| Error::field("reason", e))?;
    let (tx, before) = match decide_once(cx, id, version, Action::ConvertTrial).await? {
        Ok(decided) => decided,
        Err(same) => return Ok(same),
    };
    let asked = Converting { version, ends_at: before.trial_ends_at, reason };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::ConvertTrial, id, &before.name, payload, Some(&asked.reason))).await
}

/// Lets a trial end later, with this day ([`trial_end`]); its people are told before that end as they were before the
/// first. A suspension that the rule has asked for because it was over is taken back where it still waits for a second
/// person. Answers when it ends now.
///
/// # Errors
/// `Invalid` at `day` or `reason`; an earlier end than it has among it. `Conflict` as for [`convert_trial`].
pub async fn extend_trial(
    cx: &Ctx,
    id: TenantId,
    version: i64,
    day: &str,
    reason: &str,
) -> Result<DateTime<Utc>> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let ends_at = errors.take("day", trial_end(day, cx.now()));
    let reason = errors.take("reason", validate::required(reason, "A reason", NOTE_MAX));
    let (Some(ends_at), Some(reason)) = (ends_at, reason) else { return Err(errors.into()) };
    let (mut tx, before) = decide(cx, id, version, Action::ExtendTrial).await?;
    if let Some(now) = before.trial_ends_at.filter(|now| *now >= ends_at) {
        let why = format!("It ends on {} as it is: choose a later day.", now.format("%-d %b %Y"));
        return Err(Error::field("day", why));
    }
    trial::set_end(tx.conn(), id, ends_at).await?;
    let after = store::get(tx.conn(), id).await?;
    let data = json!({ "was": before.trial_ends_at, "trial_ends_at": ends_at });
    announce(&mut tx, id, Event::TrialExtended, data).await?;
    let event = AuditEvent::on(id, "tenant.extend_trial", before.name.clone())
        .reason(reason)
        .before(&before)
        .after(&after);
    let why = "Its trial was extended.";
    let mut events = operations::withdraw_ruled(tx.conn(), id, SuspensionReason::TrialEnded, why).await?;
    events.push(event);
    tx.commit_all(events).await?;
    Ok(ends_at)
}

//! Payments that did not come, and that came after all; and what the rules will do to a tenant next (R78).
//!
//! Invariants: a reference stands once for each tenant; what is settled stays settled, with how and by whom; whoever may
//! suspend a tenant notes and settles, and the tenant's admins see theirs without the names of the platform's people.

use super::store::{self, Standing};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, OnConstraint, Result};
use crate::operations::withdraw_ruled;
use crate::settings;
use crate::tenants::store::details;
use chrono::{DateTime, TimeDelta, Utc};
use model::TenantId;
use model::permission::{Permission, Scope};
use model::rules::{Asked, LifecycleRule, NextMove, PAYMENTS_SHOWN, Payments, RuleKind};
use model::settings::Key;
use model::tenants::{Status, SuspensionReason};
use model::validate::{self, FieldErrors};
use model::work::Work;
use serde_json::json;

/// How far back a payment may have failed, in days.
const DAYS_BACK: i64 = 365;

/// What is noted of a payment that did not come; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailedPayment<'a> {
    /// The number of a bill, say. 1 to 200 characters.
    pub reference: &'a str,
    /// With its currency, up to 40 characters; may be empty.
    pub amount: &'a str,
    /// A day (its beginning, UTC) or a time (RFC 3339) of the last year; empty: now.
    pub failed_on: &'a str,
}

/// Notes a payment that did not come; unless it is settled by the rule's day the tenant is suspended.
///
/// # Errors
/// `Invalid` at `reference` (also for one that is noted already), `amount` or `failed_on`; `Conflict` in the words of
/// [`Work::check`].
pub async fn payment_failed(cx: &Ctx, tenant: TenantId, failed: FailedPayment<'_>) -> Result<()> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(tenant)).await?;
    let mut errors = FieldErrors::default();
    let reference = errors.take("reference", validate::line(failed.reference, "A reference", 200));
    let amount = errors.take("amount", validate::optional_line(failed.amount, "An amount", 40));
    let failed_at = errors.take("failed_on", day(failed.failed_on, cx.now()));
    let (Some(reference), Some(amount), Some(failed_at)) = (reference, amount, failed_at) else {
        return Err(errors.into());
    };
    let mut tx = cx.begin_about(tenant, Work::Record).await?;
    let name = store::name(tx.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let (id, by) = (cx.new_id(), cx.actor().name());
    store::payment_failed(tx.conn(), tenant, id, &reference, amount.as_deref(), failed_at, by)
        .await
        .on_constraint("payment_failure_reference_key", "reference", "This payment is noted already.")?;
    let event = AuditEvent::on(tenant, "payment.failed", name)
        .after(json!({ "reference": reference, "amount": amount, "failed_at": failed_at }));
    tx.commit(event).await
}

/// None where nothing is said.
fn day(text: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at: DateTime<Utc> = whole.parse().map_err(|_| "A day like 2026-11-30.".to_owned())?;
    if at > now {
        Err("This day is still to come (UTC).".to_owned())
    } else if at < now - TimeDelta::days(DAYS_BACK) {
        Err("A day of the last year.".to_owned())
    } else {
        Ok(Some(at))
    }
}

/// Settles a payment that came after all; `how` is part of the proof for a reinstatement. With the last one that was due,
/// a suspension that the rule has asked for is taken back where it still waits for a second person.
///
/// # Errors
/// `Invalid` at `how`; `NotFound` for a reference that was never noted; `Conflict` for one that is settled already.
pub async fn payment_settled(cx: &Ctx, tenant: TenantId, reference: &str, how: &str) -> Result<()> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(tenant)).await?;
    if reference.trim().is_empty() {
        return Err(Error::field("payment", "Choose a payment."));
    }
    let how = validate::required(how, "How it was settled", 500).map_err(|e| Error::field("how", e))?;
    let mut tx = cx.begin_about(tenant, Work::Record).await?;
    let name = store::name(tx.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let found = store::payment(tx.conn(), tenant, reference.trim()).await?.ok_or(Error::NotFound)?;
    if let Some(at) = found.settled_at {
        let by = found.settled_by.map(|by| format!(" by {by}")).unwrap_or_default();
        let (reference, at) = (found.reference, at.format("%-d %b %Y %H:%M"));
        return Err(Error::Conflict(format!("{reference} was settled already{by}, on {at} UTC.")));
    }
    store::payment_settled(tx.conn(), tenant, &found.reference, &how, cx.actor().name()).await?;
    let event = AuditEvent::on(tenant, "payment.settled", name)
        .reason(how)
        .after(json!({ "reference": found.reference }));
    let mut events = if store::bill_is_due(tx.conn(), tenant).await? {
        vec![]
    } else {
        let why = format!("{} is settled, and no other payment is due.", found.reference);
        withdraw_ruled(tx.conn(), tenant, SuspensionReason::PaymentFailure, &why).await?
    };
    events.push(event);
    tx.commit_all(events).await
}

/// The payments of a tenant that did not come, and what follows from them.
pub async fn payments(cx: &Ctx, tenant: TenantId) -> Result<Payments> {
    cx.require(Permission::BillingRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let mut rows = store::payments(read.conn(), tenant, PAYMENTS_SHOWN + 1).await?;
    let billing_reference = details::billing_reference(read.conn(), tenant).await?;
    drop(read);
    let shown = usize::try_from(PAYMENTS_SHOWN).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    if !cx.actor().is_platform() {
        for row in &mut rows {
            (row.recorded_by, row.settled_by) = (None, None);
        }
    }
    let mut read = cx.read(Reach::Fleet).await?;
    let standing = store::standing(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let rules = store::rules(read.conn()).await?;
    drop(read);
    let next = next_moves(cx, tenant, &standing, &rules).await?;
    let mut rule = rules
        .into_iter()
        .find(|rule| rule.kind == RuleKind::PaymentFailure)
        .ok_or_else(|| Error::Internal("a rule without a row".into()))?;
    if !cx.actor().is_platform() {
        (rule.changed_by, rule.changed_at, rule.reason) = (None, None, None);
    }
    let may_change = cx.actor().allows(Permission::TenantSuspend, Scope::Tenant(tenant));
    Ok(Payments { billing_reference, rows, more, next, rule, may_change })
}

/// What the rules that are on will do to a tenant if nothing changes, the next first.
async fn next_moves(
    cx: &Ctx,
    tenant: TenantId,
    standing: &Standing,
    rules: &[LifecycleRule],
) -> Result<Vec<NextMove>> {
    let on = |at: DateTime<Utc>| at.format("%-d %b %Y");
    let mut moves = Vec::new();
    for rule in rules.iter().filter(|rule| rule.enabled) {
        let own_days = TimeDelta::days(rule.days.into());
        let found = match (rule.kind, standing.status) {
            (RuleKind::TrialEnded, Status::Trial) => standing
                .trial_ends_at
                .map(|ends| (ends + own_days, format!("the trial ends on {}", on(ends)))),
            (RuleKind::PaymentFailure, Status::Trial | Status::Active) => {
                let oldest = standing.failed_at.zip(standing.reference.as_deref());
                oldest.map(|(failed, reference)| {
                    (failed + own_days, format!("{reference} is unpaid since {}", on(failed)))
                })
            }
            (RuleKind::Inactivity, Status::Active) => {
                let days = settings::effective(cx, tenant, Key::InactivityDays).await?.value.as_number();
                days.zip(standing.used_at)
                    .map(|(days, used)| (used + TimeDelta::days(days), format!("last used on {}", on(used))))
            }
            _ => None,
        };
        let Some((due, because)) = found else { continue };
        // After a suspension that failed, or that somebody rejected, the rules wait a while.
        let at = standing.again_at.map_or(due, |again| again.max(due));
        let asked = standing.asked.as_deref().and_then(|state| match state {
            "requested" => Some(Asked::Approval),
            "queued" | "running" | "undoing" => Some(Asked::Running),
            _ => None,
        });
        // A suspension that is on its way may be another rule's, or a person's: only what is due can be this one.
        let asked = asked.filter(|_| due <= cx.now());
        moves.push(NextMove { rule: rule.kind, at, scope: rule.scope, because, asked });
    }
    moves.sort_by_key(|next| next.at);
    Ok(moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_last_year() {
        let now: DateTime<Utc> = "2026-11-21T09:00:00Z".parse().expect("a time");
        assert_eq!(day("  ", now), Ok(None));
        assert_eq!(day("2026-11-21", now), Ok("2026-11-21T00:00:00Z".parse().ok()));
        assert_eq!(day("2026-11-21T08:59:00Z", now), Ok("2026-11-21T08:59:00Z".parse().ok()));
        for bad in ["2026-11-22", "2025-11-20", "21 Nov", "2026-13-01", "äöüäö"] {
            assert!(day(bad, now).is_err(), "{bad}");
        }
    }
}

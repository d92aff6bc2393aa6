//! Suspending, reinstating and changing the plan as operations: what each step does, how it is seen, and how it is taken
//! back. The functions of [`super::lifecycle`] ask for them and wait for their end.
//!
//! Invariants: the step that moves the status locks the row, checks the move against the table of legal ones and writes
//! the audit line in the name of whoever asked; sessions that were ended stay ended, also when a suspension is undone.

use super::lifecycle::{back, decide_on};
use super::rules;
use super::store::lifecycle as store;
use super::store::lifecycle::Row;
use super::store::trial;
use crate::audit::AuditEvent;
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations::step::{At, Step, step};
use crate::plans;
use chrono::{DateTime, Utc};
use model::notifications::Event;
use model::permission::Actor;
use model::tenants::{Access, Action, PlanId, Status, Suspension, SuspensionReason};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) static SUSPEND: &[Step] = &[
    step!(Sql, "status", "Suspend it", suspend),
    step!(Sql, "access", "End its sessions", access),
    step!(Sql, "verify", "Verify that access has ended", left),
];

pub(crate) static REINSTATE: &[Step] = &[
    step!(Sql, "cause", "Check that the cause is gone", cause),
    step!(Sql, "status", "Reinstate it", reinstate),
    step!(Sql, "verify", "Verify that access is back", given),
];

pub(crate) static CHANGE_PLAN: &[Step] = &[
    step!(Sql, "limits", "Check what it uses against the new limits", limits),
    step!(Sql, "plan", "Change the plan", plan),
    step!(Sql, "verify", "Verify the new limits", holds),
];

/// What a suspension is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Suspending {
    /// The version of the tenant that it was decided on; none: whatever it is then.
    pub version: Option<i64>,
    pub code: SuspensionReason,
    pub note: String,
    /// What the tenant's people are told.
    #[serde(default)]
    pub message: Option<String>,
    pub scope: Suspension,
    /// P0 to P2 (R78).
    pub priority: u8,
}

/// What the steps after a suspension and after a change of its scope ask of either.
#[derive(Debug, Deserialize)]
struct Scoped {
    scope: Suspension,
}

/// What a reinstatement is asked for with; the suspension that it ends, should it have to be taken back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reinstating {
    pub version: i64,
    pub proof: String,
    pub was: Suspending,
}

impl Suspending {
    pub(super) const fn new(
        version: Option<i64>,
        code: SuspensionReason,
        note: String,
        scope: Suspension,
    ) -> Self {
        Self { version, code, note, message: None, scope, priority: code.priority() }
    }
}

impl Reinstating {
    /// Of a suspended tenant as it is now.
    pub(super) fn of(row: &Row, proof: String) -> Self {
        let code = row.reason.as_deref().and_then(|code| code.parse().ok());
        let was = Suspending::new(
            None,
            code.unwrap_or(SuspensionReason::CustomerRequest),
            row.note.clone().unwrap_or_default(),
            row.suspension.unwrap_or(Suspension::Blocked),
        );
        Self { version: row.version, proof, was: Suspending { message: row.message.clone(), ..was } }
    }
}

/// What a plan change is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Changing {
    pub version: Option<i64>,
    pub from: PlanId,
    pub to: PlanId,
    pub note: Option<String>,
    /// Its day, where it was asked for ahead (R65).
    #[serde(default)]
    pub scheduled: Option<DateTime<Utc>>,
    /// The tenant's own people asked for it (R66): see `model::plan_requests`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_tenant: bool,
}

mod suspend {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        if let Some(done) = check(at).await? {
            return Ok(done);
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Suspending>()?);
        let before = decide_on(at.tx()?, tenant, asked.version, Action::Suspend).await?;
        // What the rule asked for may have waited, for a second person or in the queue, while somebody decided otherwise.
        let by_rule = matches!(at.cx.actor(), Actor::System { .. });
        if by_rule
            && asked.code == SuspensionReason::TrialEnded
            && !trial::is_over(at.conn()?, tenant).await?
        {
            return Err(Error::Conflict(
                "Its trial is not over: it was extended, or made a customer.".into(),
            ));
        }
        // Or the bill was paid, or somebody has come back.
        if by_rule && let Some(why) = rules::gone(at.conn()?, tenant, asked.code).await? {
            return Err(Error::Conflict(why));
        }
        let message = asked.message.as_deref();
        store::suspend(at.conn()?, tenant, before.status, asked.scope, asked.code, &asked.note, message)
            .await?;
        let after = store::get(at.conn()?, tenant).await?;
        let data = json!({ "reason": asked.code, "scope": asked.scope, "message": asked.message });
        announce(at.tx()?, tenant, Event::TenantSuspended, data).await?;
        if asked.code == SuspensionReason::TrialEnded {
            announce(at.tx()?, tenant, Event::TrialEnded, json!({})).await?;
        }
        let event = AuditEvent::on(tenant, "tenant.suspend", before.name.clone())
            .reason(format!("{}: {}", asked.code.label(), asked.note))
            .before(&before)
            .after(&after);
        at.audit(event);
        check(at).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Suspending>()?);
        let row = store::get(at.conn()?, tenant).await?;
        let ours = row.status == Status::Suspended
            && row.reason.as_deref() == Some(asked.code.as_str())
            && row.note.as_deref() == Some(asked.note.as_str())
            && row.suspension == Some(asked.scope);
        Ok(ours.then(|| json!({ "status": row.status, "scope": asked.scope, "reason": asked.code, "priority": asked.priority, "interrupts": row.status_before })))
    }

    pub(super) async fn undo(at: &mut At) -> Result<()> {
        if check(at).await?.is_none() {
            return Ok(());
        }
        let tenant = at.tenant();
        let before = store::get(at.conn()?, tenant).await?;
        store::resume(at.conn()?, tenant, back(&before)?).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.suspend_undone", before.name.clone())
            .before(&before)
            .after(&after);
        at.audit(event);
        Ok(())
    }
}

/// Blocked is blocked at once: whoever has no other place is signed out. What keys may do is asked at every call.
pub(super) mod access {
    use super::*;

    pub(in crate::tenants) async fn act(at: &mut At) -> Result<Value> {
        let (tenant, asked) = (at.tenant(), at.payload::<Scoped>()?);
        let ended = match asked.scope {
            Suspension::Blocked => store::end_sessions(at.conn()?, tenant).await?,
            Suspension::ReadOnly => 0,
        };
        let impact = store::impact(at.conn()?, tenant).await?;
        Ok(
            json!({ "sessions_ended": ended, "sessions_left": impact.sessions, "keys_concerned": impact.keys }),
        )
    }

    pub(in crate::tenants) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(in crate::tenants) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

/// The access that is left is the one of the scope.
pub(super) mod left {
    use super::*;

    pub(in crate::tenants) async fn act(at: &mut At) -> Result<Value> {
        check(at).await?.ok_or_else(|| {
            Error::Conflict("Its people and programs have other access than asked for.".into())
        })
    }

    pub(in crate::tenants) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Scoped>()?);
        let row = store::get(at.conn()?, tenant).await?;
        let access = Access::of(row.status, row.suspension);
        let expected = match asked.scope {
            Suspension::Blocked => Access::None,
            Suspension::ReadOnly => Access::ReadOnly,
        };
        Ok((access == expected).then(|| json!({ "access": access })))
    }

    pub(in crate::tenants) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

/// What the machine can see of the cause it sees for itself; for the rest there is the proof in words (R81).
mod cause {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        let (tenant, asked) = (at.tenant(), at.payload::<Reinstating>()?);
        let open = store::open_payments(at.conn()?, tenant).await?;
        if asked.was.code == SuspensionReason::PaymentFailure && !open.is_empty() {
            let open = open.join(", ");
            return Err(Error::Conflict(format!("Not paid yet: {open}. Settle it first, under Billing.")));
        }
        Ok(json!({ "reason": asked.was.code, "proof": asked.proof, "open_payments": open.len() }))
    }

    pub(super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

mod reinstate {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        if let Some(done) = check(at).await? {
            return Ok(done);
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Reinstating>()?);
        let before = decide_on(at.tx()?, tenant, Some(asked.version), Action::Reinstate).await?;
        // A trial that has ended does not begin again: whoever stays is a customer.
        let to = match back(&before)? {
            Status::Trial if asked.was.code == SuspensionReason::TrialEnded => Status::Active,
            to => to,
        };
        store::resume(at.conn()?, tenant, to).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let data = json!({ "status": to, "reason": before.reason });
        announce(at.tx()?, tenant, Event::TenantReinstated, data).await?;
        let event = AuditEvent::on(tenant, "tenant.reinstate", before.name.clone())
            .reason(asked.proof)
            .before(&before)
            .after(&after);
        at.audit(event);
        check(at).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Reinstating>()?);
        let row = store::get(at.conn()?, tenant).await?;
        let ours = matches!(row.status, Status::Trial | Status::Active) && row.version == asked.version + 1;
        Ok(ours.then(|| json!({ "status": row.status })))
    }

    pub(super) async fn undo(at: &mut At) -> Result<()> {
        if check(at).await?.is_none() {
            return Ok(());
        }
        let (tenant, was) = (at.tenant(), at.payload::<Reinstating>()?.was);
        let before = store::get(at.conn()?, tenant).await?;
        let message = was.message.as_deref();
        store::suspend(at.conn()?, tenant, before.status, was.scope, was.code, &was.note, message).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.reinstate_undone", before.name.clone())
            .before(&before)
            .after(&after);
        at.audit(event);
        Ok(())
    }
}

mod given {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        check(at).await?.ok_or_else(|| Error::Conflict("Its people and programs have no access yet.".into()))
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let row = store::get(at.conn()?, tenant).await?;
        let access = Access::of(row.status, row.suspension);
        Ok((access == Access::Full).then(|| json!({ "access": access })))
    }

    pub(super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

mod limits {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        let (tenant, asked) = (at.tenant(), at.payload::<Changing>()?);
        let now = store::get(at.conn()?, tenant).await?.plan;
        if asked.by_tenant && now != asked.from && now != asked.to {
            return Err(Error::Conflict(format!(
                "It is on {} by now; the change was asked for from {}. Look at the limits again and ask for it anew.",
                now.label(),
                asked.from.label()
            )));
        }
        if asked.scheduled.is_some() && now != asked.from && now != asked.to {
            return Err(Error::Conflict(format!(
                "It is on {} by now; the change was scheduled from {}. Look at the limits again and schedule it anew.",
                now.label(),
                asked.from.label()
            )));
        }
        let preview = plans::preview_on(at.conn()?, tenant, asked.from, asked.to).await?;
        let refusals = preview.refusals();
        if !refusals.is_empty() {
            return Err(Error::Conflict(refusals.join(" ")));
        }
        Ok(json!({ "limits": preview.limits }))
    }

    pub(super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

mod plan {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        if let Some(done) = check(at).await? {
            return Ok(done);
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Changing>()?);
        let before = decide_on(at.tx()?, tenant, asked.version, Action::ChangePlan).await?;
        store::set_plan(at.conn()?, tenant, asked.to).await?;
        let after = store::get(at.conn()?, tenant).await?;
        announce(at.tx()?, tenant, Event::PlanChanged, json!({ "from": before.plan, "to": asked.to }))
            .await?;
        let mut event =
            AuditEvent::on(tenant, "tenant.change_plan", before.name.clone()).before(&before).after(&after);
        if let Some(note) = asked.note {
            event = event.reason(note);
        }
        at.audit(event);
        check(at).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Changing>()?);
        let row = store::get(at.conn()?, tenant).await?;
        Ok((row.plan == asked.to).then(|| json!({ "from": asked.from, "to": row.plan })))
    }

    pub(super) async fn undo(at: &mut At) -> Result<()> {
        if check(at).await?.is_none() {
            return Ok(());
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Changing>()?);
        let before = store::get(at.conn()?, tenant).await?;
        store::set_plan(at.conn()?, tenant, asked.from).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.plan_change_undone", before.name.clone())
            .before(&before)
            .after(&after);
        at.audit(event);
        Ok(())
    }
}

/// The limits that hold are read at every use, the tenant's own and its template's over those of the plan: this shows that
/// they are the new ones (R65).
mod holds {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        check(at).await?.ok_or_else(|| Error::Conflict("The limits of the new plan do not hold.".into()))
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Changing>()?);
        let row = store::get(at.conn()?, tenant).await?;
        let now = plans::preview_on(at.conn()?, tenant, row.plan, row.plan).await?;
        Ok((row.plan == asked.to && now.refusals().is_empty()).then(|| json!({ "limits": now.to.limits })))
    }

    pub(super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

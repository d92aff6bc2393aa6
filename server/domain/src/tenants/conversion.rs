//! Making a customer of a trial as an operation (R9): what each step does, how it is seen, and how it is taken back.
//! [`super::lifecycle`] asks for it and waits for its end.
//!
//! Invariants: plan, limits and data stay as they are; from the commit on no day ends the tenant, so the rule about ended
//! trials leaves it alone, and what that rule has asked for is taken back where it still waits for a second person; taken
//! back, it is the trial that it was, with the end that it had.

use super::lifecycle::decide_on;
use super::store::lifecycle as store;
use super::store::trial;
use crate::audit::AuditEvent;
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations::step::{At, Step, step};
use crate::operations::withdraw_ruled;
use chrono::{DateTime, Utc};
use model::notifications::Event;
use model::tenants::{Access, Action, Status, SuspensionReason};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) static CONVERT_TRIAL: &[Step] = &[
    step!(Sql, "status", "Make it a customer", status),
    step!(Sql, "verify", "Verify that no day ends it any more", stays),
];

/// What a conversion is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Converting {
    /// The version of the tenant that it was decided on.
    pub version: i64,
    /// When the trial would have ended, should the conversion have to be taken back.
    pub ends_at: Option<DateTime<Utc>>,
    pub reason: String,
}

mod status {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        if let Some(done) = check(at).await? {
            return Ok(done);
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Converting>()?);
        let before = decide_on(at.tx()?, tenant, Some(asked.version), Action::ConvertTrial).await?;
        trial::convert(at.conn()?, tenant).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.convert_trial", before.name.clone())
            .reason(asked.reason)
            .before(&before)
            .after(&after);
        let why = "It was made a customer.";
        for line in withdraw_ruled(at.conn()?, tenant, SuspensionReason::TrialEnded, why).await? {
            at.audit(line);
        }
        at.audit(event);
        check(at).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Converting>()?);
        let row = store::get(at.conn()?, tenant).await?;
        let ours =
            row.status == Status::Active && row.trial_ends_at.is_none() && row.version == asked.version + 1;
        Ok(ours.then(|| {
            json!({ "status": row.status, "converted_at": row.status_since, "trial_would_have_ended_at": asked.ends_at })
        }))
    }

    pub(super) async fn undo(at: &mut At) -> Result<()> {
        let (tenant, asked) = (at.tenant(), at.payload::<Converting>()?);
        let before = store::get(at.conn()?, tenant).await?;
        // Whatever else was changed since: it is the conversion that this operation made, and no later one.
        let made = at.outputs.get("status").and_then(|said| said.get("converted_at"));
        let ours = before.status == Status::Active
            && before.trial_ends_at.is_none()
            && made == Some(&json!(before.status_since));
        if !ours {
            return Ok(());
        }
        trial::unconvert(at.conn()?, tenant, asked.ends_at).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.convert_trial_undone", before.name.clone())
            .before(&before)
            .after(&after);
        at.audit(event);
        Ok(())
    }
}

/// It is active, with full access, and has no end: only then its people are told.
mod stays {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        let stays = check(at).await?;
        let said = stays.ok_or_else(|| Error::Conflict("Its trial would still end.".into()))?;
        let (tenant, asked) = (at.tenant(), at.payload::<Converting>()?);
        let data = json!({ "trial_ends_at": asked.ends_at });
        announce(at.tx()?, tenant, Event::TrialConverted, data).await?;
        Ok(said)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let row = store::get(at.conn()?, tenant).await?;
        let access = Access::of(row.status, row.suspension);
        let stays = row.status == Status::Active && row.trial_ends_at.is_none();
        Ok(stays.then(|| json!({ "access": access, "trial_ends_at": null })))
    }

    pub(super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

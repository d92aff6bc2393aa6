//! Changing how far a suspension goes as an operation: what each step does, how it is seen, and how it is taken back. What
//! follows from the scope is done as after a suspension, by the same steps. [`super::lifecycle`] asks for it and waits for
//! its end.
//!
//! Invariants: the tenant stays suspended all the while, for the same reason and since the same day; what its people and
//! programs may do is read from the scope on every request, so it follows with the commit; sessions that were ended stay
//! ended, also when the change is undone.

use super::lifecycle::decide_on;
use super::moves::{access, left};
use super::store::lifecycle as store;
use crate::audit::AuditEvent;
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::operations::step::{At, Step, step};
use model::notifications::Event;
use model::tenants::{Action, Status, Suspension};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) static CHANGE_SCOPE: &[Step] = &[
    step!(Sql, "scope", "Change how far it goes", scope),
    step!(Sql, "access", "End its sessions where it is blocked", access),
    step!(Sql, "verify", "Verify the access that is left", left),
];

/// What a change of the scope is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Rescoping {
    /// The version of the tenant that it was decided on.
    pub version: i64,
    pub was: Suspension,
    pub scope: Suspension,
    pub reason: String,
    /// What the tenant's people are told from now on, and what they were told.
    pub message: Option<String>,
    pub was_message: Option<String>,
}

mod scope {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        if let Some(done) = check(at).await? {
            return Ok(done);
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Rescoping>()?);
        let before = decide_on(at.tx()?, tenant, Some(asked.version), Action::ChangeScope).await?;
        store::set_scope(at.conn()?, tenant, asked.scope, asked.message.as_deref()).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let data = json!({
            "was": before.suspension, "scope": asked.scope, "reason": before.reason, "message": asked.message,
        });
        announce(at.tx()?, tenant, Event::SuspensionChanged, data).await?;
        let event = AuditEvent::on(tenant, "tenant.change_scope", before.name.clone())
            .reason(asked.reason)
            .before(&before)
            .after(&after);
        at.audit(event);
        check(at).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Rescoping>()?);
        let row = store::get(at.conn()?, tenant).await?;
        let ours = row.status == Status::Suspended
            && row.suspension == Some(asked.scope)
            && row.version == asked.version + 1;
        Ok(ours.then(|| json!({ "was": asked.was, "scope": asked.scope })))
    }

    pub(super) async fn undo(at: &mut At) -> Result<()> {
        if check(at).await?.is_none() {
            return Ok(());
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Rescoping>()?);
        let before = store::get(at.conn()?, tenant).await?;
        store::set_scope(at.conn()?, tenant, asked.was, asked.was_message.as_deref()).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.change_scope_undone", before.name.clone())
            .before(&before)
            .after(&after);
        at.audit(event);
        Ok(())
    }
}

//! Suspending, changing how far a suspension goes, and reinstating.

use super::{NOTE_MAX, carry_out, decide_on, decide_once, request};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::operations::{self, asked};
use crate::tenants::moves::{Reinstating, Suspending};
use crate::tenants::rescope::Rescoping;
use crate::tenants::store::lifecycle::Row;
use model::operations::{Kind, Requested};
use model::permission::{Permission, Scope};
use model::tenants::{Action, Status, Suspension, SuspensionReason};
use model::validate::{self, FieldErrors};
use model::{OperationId, TenantId};

/// The longest message to a tenant.
const MESSAGE_MAX: u32 = 500;

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
pub async fn suspend(cx: &Ctx, id: TenantId, version: i64, form: Suspend<'_>) -> Result<Requested> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let mut errors = FieldErrors::default();
    let code = errors.take("code", validate::word::<SuspensionReason>(form.code, "A reason"));
    let note = errors.take("reason", validate::required(form.note, "A reason in words", NOTE_MAX));
    let scope = errors.take("scope", validate::word::<Suspension>(form.scope, "How far it goes"));
    let message = errors.take("message", validate::optional(form.message, "A message", MESSAGE_MAX));
    let (Some(code), Some(note), Some(scope), Some(message)) = (code, note, scope, message) else {
        return Err(errors.into());
    };
    let (tx, before) = match decide_once(cx, id, version, Action::Suspend).await? {
        Ok(decided) => decided,
        Err(same) => return Ok(same),
    };
    let asked = Suspending { message, ..Suspending::new(Some(version), code, note, scope) };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::Suspend, id, &before.name, payload, Some(&asked.note))).await
}

/// Asks for a suspension without waiting for it: for rules.
///
/// # Errors
/// `Conflict` where the status does not allow it, or where one is on its way: two processes may have seen at once that it
/// is due, and the second finds that out here, under the lock of the tenant.
pub(in crate::tenants) async fn ask_to_suspend(
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
    if asked::is_under_way(tx.conn(), id, Kind::Suspend).await? {
        return Err(Error::Conflict("A suspension of it is on its way already.".into()));
    }
    let payload = serde_json::to_value(Suspending::new(version, code, note.to_owned(), scope))?;
    let request = request(cx, Kind::Suspend, id, &before.name, payload, Some(note));
    operations::enqueue(&mut tx, cx, &request).await?;
    tx.commit_unaudited("the ledger holds the request; its first step writes the line").await?;
    operations::ring(cx);
    Ok(request.id)
}

/// What the form of another scope says; words as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeScope<'a> {
    /// A word of [`Suspension`].
    pub scope: &'a str,
    /// For the platform's people only.
    pub reason: &'a str,
    /// What the tenant's people are told from now on; may be empty.
    pub message: &'a str,
}

/// Lets a suspension go further or less far without ending it: from read-only to blocked, or back (R79). Why and since
/// when it is suspended stays.
///
/// # Errors
/// `Invalid` at `scope`, `reason` or `message`; the scope that it has already among it.
pub async fn change_scope(cx: &Ctx, id: TenantId, version: i64, form: ChangeScope<'_>) -> Result<Requested> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let mut errors = FieldErrors::default();
    let scope = errors.take("scope", validate::word::<Suspension>(form.scope, "How far it goes"));
    let reason = errors.take("reason", validate::required(form.reason, "A reason", NOTE_MAX));
    let message = errors.take("message", validate::optional(form.message, "A message", MESSAGE_MAX));
    let (Some(scope), Some(reason), Some(message)) = (scope, reason, message) else {
        return Err(errors.into());
    };
    let (tx, before) = match decide_once(cx, id, version, Action::ChangeScope).await? {
        Ok(decided) => decided,
        Err(same) => return Ok(same),
    };
    let was = before.suspension.unwrap_or(Suspension::Blocked);
    if was == scope {
        return Err(Error::field("scope", format!("It is {} already.", scope.label().to_lowercase())));
    }
    let asked = Rescoping { version, was, scope, reason, message, was_message: before.message.clone() };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::ChangeScope, id, &before.name, payload, Some(&asked.reason))).await
}

/// Ends a suspension: back to what it interrupted, with the proof that its cause is gone (R81).
///
/// # Errors
/// `Conflict` where the machine can see that the cause is still there.
pub async fn reinstate(cx: &Ctx, id: TenantId, version: i64, proof: &str) -> Result<Requested> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let proof = validate::required(proof, "Proof that the cause is gone", NOTE_MAX)
        .map_err(|e| Error::field("proof", e))?;
    let (tx, before) = match decide_once(cx, id, version, Action::Reinstate).await? {
        Ok(decided) => decided,
        Err(same) => return Ok(same),
    };
    back(&before)?;
    let asked = Reinstating::of(&before, proof);
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::Reinstate, id, &before.name, payload, Some(&asked.proof))).await
}

/// Where the interruption goes back to; the table of moves has the last word.
pub(in crate::tenants) fn back(row: &Row) -> Result<Status> {
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

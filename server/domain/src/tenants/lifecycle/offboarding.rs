//! The end of a tenant’s time: its grace period, called back or run out.

use super::{NOTE_MAX, back, decide};
use crate::audit::AuditEvent;
use crate::checklists;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::tenants::store::lifecycle as store;
use model::TenantId;
use model::checklists::ListKey;
use model::lifecycle::NO_GRACE;
use model::notifications::Event;
use model::permission::{Permission, Scope};
use model::tenants::{Action, OffboardingReason, Status};
use model::validate::{self, FieldErrors};
use serde_json::json;

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

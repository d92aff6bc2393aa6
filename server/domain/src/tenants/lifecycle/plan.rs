//! Another plan, now or later.

use super::{NOTE_MAX, carry_out, decide, decide_on, request};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::operations::{self};
use crate::plans;
use crate::tenants::moves::Changing;
use chrono::{DateTime, Utc};
use model::operations::Kind;
use model::permission::{Permission, Scope};
use model::tenants::{Action, PlanId};
use model::validate::{self, FieldErrors};
use model::{OperationId, TenantId};
use serde_json::json;

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

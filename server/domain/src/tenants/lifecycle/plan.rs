//! Another plan, now.

use super::schedule::in_the_way;
use super::{NOTE_MAX, carry_out, decide_once, request};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::operations;
use crate::plans;
use crate::tenants::moves::Changing;
use model::TenantId;
use model::operations::{Kind, Requested};
use model::permission::{Permission, Scope};
use model::tenants::{Action, PlanId};
use model::validate::{self, FieldErrors};

/// Moves a tenant to another plan; refused in words where what it uses does not fit (R3), and while another change waits
/// for its day.
pub async fn change_plan(cx: &Ctx, id: TenantId, version: i64, plan: &str, note: &str) -> Result<Requested> {
    cx.require(Permission::TenantPlan, Scope::Tenant(id)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let mut errors = FieldErrors::default();
    let plan = errors.take("plan", validate::word::<PlanId>(plan, "A plan"));
    let note = errors.take("note", validate::optional(note, "A note", NOTE_MAX));
    let (Some(plan), Some(note)) = (plan, note) else { return Err(errors.into()) };
    let (mut tx, before) = match decide_once(cx, id, version, Action::ChangePlan).await? {
        Ok(decided) => decided,
        Err(same) => return Ok(same),
    };
    if before.plan == plan {
        return Err(Error::field("plan", format!("It is on the {} plan already.", plan.label())));
    }
    if let Some(why) = in_the_way(&mut tx, id).await? {
        return Err(Error::field("plan", why));
    }
    let preview = plans::preview_on(tx.conn(), id, before.plan, plan).await?;
    let refusals = preview.refusals();
    if !refusals.is_empty() {
        return Err(Error::field("plan", refusals.join(" ")));
    }
    let asked = Changing {
        version: Some(version),
        from: before.plan,
        to: plan,
        note,
        scheduled: None,
        by_tenant: false,
    };
    let payload = serde_json::to_value(&asked)?;
    carry_out(tx, cx, request(cx, Kind::ChangePlan, id, &before.name, payload, asked.note.as_deref())).await
}

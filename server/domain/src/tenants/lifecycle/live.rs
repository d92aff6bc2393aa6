//! The way into production: contacts, milestones, and going live.
//!
//! Decided (R27): the door for conversations is open since the tenant is in service, because its onboarding is proven with
//! them; what came in until then was for testing. Going live makes it production: everything required is done or waived by
//! name, the list is closed, the stage says so everywhere, and whoever listens hears `tenant.live`. A step that keeps the door
//! shut until then belongs to the onboarding of enterprises, whose checklists can ask for it.

use super::{decide, stale};
use crate::audit::AuditEvent;
use crate::checklists;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::notifications::announce;
use crate::tenants::store::lifecycle as store;
use model::TenantId;
use model::checklists::{ListKey, Milestone};
use model::notifications::Event;
use model::permission::{Permission, Scope};
use model::tenants::Action;
use model::validate::{self, FieldErrors};
use model::work::Work;
use serde_json::json;

/// Who to call (checklist item 7). Both may be cleared.
pub async fn set_contacts(
    cx: &Ctx,
    id: TenantId,
    version: i64,
    support: &str,
    escalation: &str,
) -> Result<()> {
    cx.require(Permission::ChecklistWork, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let support = errors.take("support", validate::optional_line(support, "A support contact", 200));
    let escalation =
        errors.take("escalation", validate::optional_line(escalation, "An escalation contact", 200));
    let (Some(support), Some(escalation)) = (support, escalation) else { return Err(errors.into()) };
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if before.version != version {
        return Err(Error::Conflict(stale(&mut tx, id, &before, version).await?));
    }
    Work::Record.check(before.status).map_err(Error::Conflict)?;
    store::set_contacts(tx.conn(), id, support.as_deref(), escalation.as_deref()).await?;
    let after = store::get(tx.conn(), id).await?;
    let event = AuditEvent::on(id, "tenant.set_contacts", before.name.clone()).before(&before).after(&after);
    tx.commit(event).await?;
    checklists::run_probes(cx, id).await.map(|_| ())
}

/// Says that the tenant is in production: all required onboarding items are done; ends the onboarding.
pub async fn go_live(cx: &Ctx, id: TenantId, version: i64) -> Result<()> {
    cx.require(Permission::TenantGoLive, Scope::Tenant(id)).await?;
    let list = checklists::get(cx, id, ListKey::Onboarding).await?;
    let list = list.ok_or_else(|| Error::Conflict("Its onboarding has not been started.".into()))?;
    if !list.is_complete() {
        let (done, all) = list.count(true);
        return Err(Error::Conflict(format!("Only {done} of {all} required items are done.")));
    }
    let (mut tx, before) = decide(cx, id, version, Action::GoLive).await?;
    if before.live_at.is_some() {
        return Err(Error::Conflict("It is live already.".into()));
    }
    store::go_live(tx.conn(), id).await?;
    checklists::end(tx.conn(), ListKey::Onboarding, id).await?;
    let after = store::get(tx.conn(), id).await?;
    announce(&mut tx, id, Event::TenantLive, json!({})).await?;
    let event = AuditEvent::on(id, "tenant.go_live", before.name.clone()).before(&before).after(&after);
    tx.commit(event).await
}

/// Sets or takes back the milestones that the onboarding list proves. After going live they stay.
pub(crate) async fn settle_milestones(cx: &Ctx, id: TenantId) -> Result<()> {
    let Some(list) = checklists::load(cx, id, ListKey::Onboarding).await? else { return Ok(()) };
    let (configured, validated) = (list.reached(Milestone::Configured), list.reached(Milestone::Validated));
    let mut tx = cx.begin(Reach::Fleet).await?;
    let Some(row) = store::lock(tx.conn(), id).await? else { return Ok(()) };
    // A tenant validates after it is configured; the stage shows the first milestone that is missing.
    let changes = (row.configured_at.is_some() != configured) || (row.validated_at.is_some() != validated);
    if row.live_at.is_some() || !changes || !Work::Onboard.allowed_in(row.status) {
        return Ok(());
    }
    store::set_milestones(tx.conn(), id, configured, validated).await?;
    let event = AuditEvent::on(id, "tenant.milestone", row.name.clone())
        .before(json!({ "configured": row.configured_at.is_some(), "validated": row.validated_at.is_some() }))
        .after(json!({ "configured": configured, "validated": validated }));
    tx.commit(event).await
}

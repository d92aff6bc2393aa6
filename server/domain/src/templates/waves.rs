//! The operations of a roll-out's waves: written where a wave was let go, and taken back where they still wait for a second
//! person when the roll-out is called off.
//!
//! Invariants: each portion holds the roll-out, and goes on only while it is running: nothing is written after it was
//! called off or paused; what a crash leaves out is written, or taken back, by whoever looks next; what begins by itself is
//! asked for in the name of whoever began the roll-out, so that they cannot approve it; those who may approve are told once
//! a wave.

use super::rollout_store::{self as rollouts, Row};
use super::step::Asked;
use super::waves_store as store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::notifications::mail::words::pages;
use crate::operations::{Request, enqueue_quiet, ring, tell_of_many};
use model::operations::{Kind, State};
use model::permission::Actor;
use model::templates::{RolloutState, VersionRef};
use model::{OperationId, TenantId};
use serde_json::json;
use uuid::Uuid;

/// Operations that are written, or taken back, in one transaction.
const CHUNK: i64 = 200;
/// Why they are taken back.
const CALLED_OFF: &str = "Its roll-out was called off.";

/// Writes the operations of the waves that were let go; what a crash leaves out, [`super::tick`] takes up.
pub(super) async fn begin_waiting(cx: &Ctx, id: Uuid) -> Result<()> {
    loop {
        let mut tx = cx.begin(Reach::Fleet).await?;
        // Whoever calls it off waits for this portion, or this one sees it. Not a shared lock: two that both hold one would
        // wait for each other where they note below that people are told.
        if rollouts::lock(tx.conn(), id).await?.is_none_or(|(state, _)| state != RolloutState::Running) {
            return Ok(());
        }
        let Some(row) = rollouts::find(tx.conn(), Some(id), None, true, 1).await?.pop() else {
            return Ok(());
        };
        let tenants = store::to_start(tx.conn(), id, CHUNK).await?;
        if tenants.is_empty() {
            return Ok(());
        }
        let asker = asker(cx, &row)?;
        let to = VersionRef { template: row.template, version: row.version };
        let payload = serde_json::to_value(Asked { to, reason: Some(row.reason.clone()) })?;
        let mut waits = false;
        for (tenant, name) in tenants {
            let request = Request {
                id: OperationId(cx.new_id()),
                kind: Kind::ApplyTemplate,
                tenant,
                subject: &name,
                payload: payload.clone(),
                reason: Some(&row.reason),
                dedicated: false,
                parent: None,
                run_after: None,
            };
            let asked = enqueue_quiet(&mut tx, &asker, &request).await?;
            waits |= asked.state == State::Requested;
            store::started(tx.conn(), id, tenant, asked.id).await?;
        }
        // Those who may approve are told once a wave, however many of it wait and in how many portions it is written.
        if waits && store::tell(tx.conn(), id).await? {
            let subject = format!("roll-out of {} version {}", row.name, row.version);
            let page = pages::rollout(&row.key, &id.to_string());
            tell_of_many(&mut tx, &asker, Kind::ApplyTemplate, &subject, &page).await?;
        }
        tx.commit_unaudited("the operations have their own lines, the roll-out has its own").await?;
        ring(cx);
    }
}

/// Who asks for a wave: whoever lets it go, and where that is the server itself, whoever began the roll-out.
fn asker(cx: &Ctx, row: &Row) -> Result<Ctx> {
    match (cx.actor(), &row.asked_by) {
        (Actor::System { .. }, Some(began)) => {
            let began: Actor = serde_json::from_value(began.clone())?;
            Ok(cx.services().ctx(began, cx.request_id()))
        }
        _ => Ok(cx.clone()),
    }
}

/// Takes back what still waits for a second person, in portions: nobody lets it begin after the roll-out is called off. The
/// roll-out is so already: no more of it is written, and what is left here is taken back by [`super::tick`].
pub(super) async fn withdraw(cx: &Ctx, id: Uuid) -> Result<()> {
    loop {
        let mut tx = cx.begin(Reach::Fleet).await?;
        let taken = store::withdraw(tx.conn(), id, CALLED_OFF, CHUNK).await?;
        if taken.is_empty() {
            return Ok(());
        }
        let lines = taken.into_iter().map(|(tenant, operation, subject)| line(tenant, operation, &subject));
        tx.commit_all(lines.collect()).await?;
    }
}

fn line(tenant: TenantId, operation: OperationId, subject: &str) -> AuditEvent {
    AuditEvent::on(tenant, "operation.cancel", format!("{} {subject}", Kind::ApplyTemplate.label()))
        .reason(CALLED_OFF)
        .before(json!({ "state": State::Requested }))
        .after(json!({ "state": State::Cancelled, "operation": operation }))
}

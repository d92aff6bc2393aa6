//! The moves of a tenant's life (R2, R3, R9, R77, R79, R81, R103): suspend, change how far that goes, reinstate, change
//! plan, convert and extend a trial, start and cancel offboarding, go live; and what people are shown before they decide.
//!
//! Invariants: only moves of `model::tenants::Status::may_become`; the row is locked while it is decided, and a form
//! that was filled in on an older version is told what changed, by whom and when. Every move is audited with its reason
//! and both states. Access follows with the commit: it is read from the status on every request.

mod ask;
mod live;
mod offboarding;
mod plan;
mod schedule;
mod show;
mod suspension;
#[cfg(test)]
mod tests;
mod trial;

pub(crate) use ask::tell_decision;
pub use ask::{AskForPlan, ask_for_plan, plan_offer, withdraw_plan_request};
pub(crate) use live::settle_milestones;
pub use live::{go_live, set_contacts};
pub use offboarding::{Offboard, cancel_offboarding, end_grace, start_offboarding};
pub use plan::change_plan;
pub use schedule::{
    cancel_plan_change, move_plan_change, plan_schedule, plan_schedules, schedule_plan_change,
};
pub use show::{graces, head, impact, overview};
pub use suspension::{ChangeScope, Suspend, change_scope, reinstate, suspend};
pub(super) use suspension::{ask_to_suspend, back};
pub use trial::{convert_trial, extend_trial, trial_head};

use super::store::lifecycle as store;
use super::store::lifecycle::Row;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::operations::{self, Request};
use model::operations::{Kind, Requested, State};
use model::permission::Actor;
use model::tenants::Action;
use model::{OperationId, TenantId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::time::Duration;

/// The longest note, reason or proof.
const NOTE_MAX: u32 = 2_000;

/// Locks the tenant and checks that the move is legal and was decided on what is true now.
///
/// # Errors
/// `NotFound`; `Conflict` when the form is stale, or when the status does not allow it (both in words).
async fn decide(cx: &Ctx, id: TenantId, version: i64, action: Action) -> Result<(Tx, Row)> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    let row = decide_on(&mut tx, id, Some(version), action).await?;
    Ok((tx, row))
}

/// [`decide`], for what a program may ask for twice at once: where it comes too late, what was quicker may have been this
/// very call. `Err`: what that has asked for.
///
/// # Errors
/// As [`decide`].
async fn decide_once(
    cx: &Ctx,
    id: TenantId,
    version: i64,
    action: Action,
) -> Result<Result<(Tx, Row), Requested>> {
    match decide(cx, id, version, action).await {
        Err(Error::Conflict(why)) => match operations::asked_before(cx).await? {
            Some(same) => Ok(Err(same)),
            None => Err(Error::Conflict(why)),
        },
        outcome => outcome.map(Ok),
    }
}

/// The same as [`decide`] in a transaction that there is; without a version whatever the tenant is now is what is decided
/// on.
pub(super) async fn decide_on(
    tx: &mut Tx,
    id: TenantId,
    version: Option<i64>,
    action: Action,
) -> Result<Row> {
    let row = store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if let Some(version) = version.filter(|version| *version != row.version) {
        return Err(Error::Conflict(stale(tx, id, &row, version).await?));
    }
    action.check(row.status).map_err(Error::Conflict)?;
    Ok(row)
}

/// How long a form waits for the operation that it asked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes an operation, commits, and brings it to its end here; a form is answered with what came out. Where the rules
/// want a second person it waits for one, and the answer says so. A program waits for nothing: it is given the operation
/// and asks how it fares.
///
/// # Errors
/// `Conflict` with the reason of a failure, where it has to wait behind another operation, or where the same waits for a
/// second person already.
async fn carry_out(mut tx: Tx, cx: &Ctx, request: Request<'_>) -> Result<Requested> {
    if let Some(same) = operations::take(&mut tx, cx, request.id).await? {
        drop(tx);
        return operations::receipt(cx, same).await;
    }
    let asked = operations::enqueue_one(&mut tx, cx, &request).await?;
    let by_program = matches!(cx.actor(), Actor::PlatformKey { .. });
    // Of what is done at once its first step writes the line; what comes later is on record from its request on.
    if asked.state == State::Requested || by_program {
        let target = format!("{} {}", request.kind.label(), request.subject);
        let event = AuditEvent::on(request.tenant, "operation.request", target)
            .after(json!({ "state": asked.state, "operation": asked.id }));
        tx.commit(match request.reason {
            Some(reason) => event.reason(reason),
            None => event,
        })
        .await?;
        if asked.state != State::Requested {
            operations::ring(cx);
        }
        return Ok(asked);
    }
    tx.commit_unaudited("the ledger holds the request; its first step writes the line").await?;
    operations::finish_here(cx, request.id, PATIENCE).await?;
    Ok(Requested { state: State::Succeeded, ..asked })
}

fn request<'a>(
    cx: &Ctx,
    kind: Kind,
    id: TenantId,
    subject: &'a str,
    payload: Value,
    reason: Option<&'a str>,
) -> Request<'a> {
    Request {
        id: OperationId(cx.new_id()),
        kind,
        tenant: id,
        subject,
        payload,
        reason,
        dedicated: false,
        parent: None,
        run_after: None,
    }
}

/// The newest change behind a version, by whom and when; without a full stop.
pub(super) async fn changed_since(
    connection: &mut PgConnection,
    id: TenantId,
    version: i64,
) -> Result<String> {
    Ok(match store::change_after(connection, id, version).await? {
        Some(change) => format!(
            "{} {} on {}",
            change.actor,
            did(&change.action),
            change.at.format("%-d %b %Y at %H:%M UTC")
        ),
        None => "It was changed in the meantime".to_owned(),
    })
}

/// What happened since the form was filled in: the newest of the changes it does not know.
async fn stale(tx: &mut Tx, id: TenantId, row: &Row, version: i64) -> Result<String> {
    let what = changed_since(tx.conn(), id, version).await?;
    Ok(format!(
        "{what}; you were looking at version {version}, now it is version {} and {}. Nothing was done. \
         Look at it as it is now and decide again.",
        row.version,
        row.status.predicate()
    ))
}

/// The action of an audit line as a verb with its object.
fn did(action: &str) -> &'static str {
    match action {
        "tenant.suspend" => "suspended it",
        "tenant.change_scope" => "changed how far its suspension goes",
        "tenant.reinstate" => "reinstated it",
        "tenant.change_plan" => "changed its plan",
        "tenant.convert_trial" => "made it a customer",
        "tenant.extend_trial" => "extended its trial",
        "tenant.offboard" => "started its offboarding",
        "tenant.cancel_offboarding" => "cancelled its offboarding",
        "tenant.end_grace" => "ended its grace period",
        "tenant.go_live" => "took it live",
        "tenant.set_contacts" => "changed its contacts",
        "tenant.change_details" => "changed its details",
        "tenant.set_billing_reference" => "changed its billing reference",
        _ => "changed it",
    }
}

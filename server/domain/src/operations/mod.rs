//! Operations: the ledger of long work on tenants, and what people do to it (`design.md` 6, R12–R15).
//!
//! A request writes an operation with its steps ([`request`]); the [`Runner`] brings it to its end; approve, retry,
//! cancel and roll back are different moves, each audited. Read on in `step` (what a step is), `runner` (how it is
//! done and undone) and `kinds` (the steps there are).

mod approvals;
mod failpoint;
mod kinds;
mod many;
mod once;
mod reconcile;
mod ruled;
mod runner;
pub(crate) mod step;
mod store;
#[cfg(test)]
mod tests;
mod urgency;

pub use approvals::{SetRule, approval_rules, set_approval_rule};
pub(crate) use approvals::{how_many_wait, second_person, tell_of_many};
#[cfg(any(test, feature = "testing"))]
pub use failpoint::Action;
pub use failpoint::Failpoints;
pub use kinds::provision::request as request_provision;
pub(crate) use kinds::provision::terms as provision_terms;
pub(crate) use kinds::provision::{
    check as check_provision, request_in as request_provision_in, unfit_owner, unfit_people, watch,
};
pub(crate) use many::{cancel_parts, enqueue_all, retry_parts};
pub(crate) use once::{asked_before, receipt, repeated, take};
pub use reconcile::{Finding, reconcile, sweep};
pub(crate) use ruled::withdraw_ruled;
pub use runner::Runner;
pub(crate) use store::{asked, asker, later};

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::operations::{
    COUNT_MAX, Control, Kind, Operation, OperationPage, OperationQuery, OperationRow, Pulse, Requested, State,
};
use model::permission::{Actor, Permission, Scope};
use model::plan_requests::Decision;
use model::validate;
use model::{OperationId, TenantId};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::time::Duration;
use store::NewOperation;

/// Rows of one page at most.
pub const PAGE_MAX: u32 = 100;
/// The longest note or reason.
const NOTE_MAX: u32 = 2_000;
/// Or one person would be two.
const NO_SECOND: &str = "Whoever asked for it, or made the key that asked, cannot approve it as well.";

/// What is to be done, checked and allowed already.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub id: OperationId,
    pub kind: Kind,
    pub tenant: TenantId,
    /// The tenant's name, say.
    pub subject: &'a str,
    pub payload: Value,
    pub reason: Option<&'a str>,
    /// A second person has to approve it first, if the rules say so for a tenant with (or without) its own schema.
    pub dedicated: bool,
    pub parent: Option<OperationId>,
    /// Not before.
    pub run_after: Option<DateTime<Utc>>,
}

/// Writes an operation in the caller's transaction (reach `Fleet`), and tells those who may approve it where it waits for
/// one of them. It is taken up after the commit; call [`ring`] then.
///
/// # Errors
/// As [`enqueue_quiet`].
pub(crate) async fn enqueue(tx: &mut Tx, cx: &Ctx, request: &Request<'_>) -> Result<Requested> {
    let asked = enqueue_quiet(tx, cx, request).await?;
    if asked.state == State::Requested {
        approvals::tell(tx, cx, request.tenant, request.id, request.kind, request.subject).await?;
    }
    Ok(asked)
}

/// [`enqueue`], where of this kind one at a time may wait for a second person. The caller holds the tenant.
///
/// # Errors
/// `Conflict` where another waits already; as [`enqueue_quiet`].
pub(crate) async fn enqueue_one(tx: &mut Tx, cx: &Ctx, request: &Request<'_>) -> Result<Requested> {
    let waits = store::waiting(tx.conn(), request.tenant, request.kind).await?;
    let asked = enqueue(tx, cx, request).await?;
    if asked.state == State::Requested && waits.is_some() {
        return Err(Error::Conflict(
            "Somebody has asked for this already: it waits for a second person, among the operations.".into(),
        ));
    }
    Ok(asked)
}

/// [`enqueue`], and the caller tells of what waits: one of many.
///
/// # Errors
/// `Internal` where no such kind is built.
pub(crate) async fn enqueue_quiet(tx: &mut Tx, cx: &Ctx, request: &Request<'_>) -> Result<Requested> {
    let steps = kinds::of(request.kind).ok_or_else(|| Error::Internal("a kind without steps".into()))?;
    let Request { kind, tenant, dedicated, ref payload, .. } = *request;
    let waits = second_person(tx.conn(), kind, tenant, dedicated, payload).await?;
    let state = if waits { State::Requested } else { State::Queued };
    let new = NewOperation {
        id: request.id,
        tenant: request.tenant,
        kind: request.kind,
        state,
        subject: request.subject,
        payload: &request.payload,
        reason: request.reason,
        actor: cx.actor(),
        request_id: cx.request_id(),
        parent: request.parent,
        run_after: request.run_after,
        priority: urgency::of(kind, payload),
    };
    let steps: Vec<_> = steps.iter().map(|step| (step.name, step.label)).collect();
    store::insert(tx.conn(), &new, &steps).await?;
    Ok(Requested { id: request.id, tenant: request.tenant, state, repeated: false })
}

/// Lets a request that was just written wait for somebody's approval, whatever the rules say of its kind; in the same
/// transaction (reach `Fleet`).
pub(crate) async fn await_approval(tx: &mut Tx, requested: &mut Requested) -> Result<()> {
    if requested.state == State::Queued {
        let (kind, subject) = store::await_approval(tx.conn(), requested.id).await?;
        requested.state = State::Requested;
        let cx = tx.cx().clone();
        approvals::tell(tx, &cx, requested.tenant, requested.id, kind, &subject).await?;
    }
    Ok(())
}

/// What works on a tenant now, is stuck or waits, for the head of its pages; `inside`: for its own people. Nothing of what
/// went wrong is in it.
pub(crate) async fn under_way(
    connection: &mut PgConnection,
    tenant: TenantId,
    inside: bool,
) -> Result<Option<OperationRow>> {
    let found = store::list::under_way(connection, tenant, inside).await?;
    Ok(found.map(|row| OperationRow { error: None, ..row }))
}

/// What an operation of this kind will do, in order, for people.
pub(crate) fn steps(kind: Kind) -> Vec<&'static str> {
    kinds::of(kind).into_iter().flatten().map(|step| step.label).collect()
}

/// What they usually take, by their label, in milliseconds.
pub(crate) async fn typical(connection: &mut PgConnection, kind: Kind) -> Result<BTreeMap<String, i64>> {
    store::list::typical(connection, kind).await
}

/// Wakes the workers of this process; those of others look for themselves.
pub(crate) fn ring(cx: &Ctx) {
    cx.services().operations().notify_one();
}

/// Brings an operation to its end in this process, for somebody who waits for it.
///
/// # Errors
/// `Conflict` with the reason where it failed, and where it is not finished when the patience ends: it goes on by itself.
pub(crate) async fn finish_here(cx: &Ctx, id: OperationId, patience: Duration) -> Result<()> {
    match Runner::new(cx.services().clone()).finish(id, patience).await? {
        State::Succeeded => Ok(()),
        State::Requested => Err(Error::Conflict("A second person has to approve it first.".into())),
        state if state.is_settled() => {
            let mut read = cx.read(Reach::Fleet).await?;
            let why = store::state(read.conn(), id).await?.and_then(|(_, error)| error);
            Err(Error::Conflict(why.unwrap_or_else(|| state.label().to_owned())))
        }
        _ => Err(Error::Conflict(
            "Another operation is working on this tenant. This one is queued and begins by itself after it; its page is among the operations.".into(),
        )),
    }
}

/// A page of operations, the newest first, and the cursor of the next. People of a tenant name theirs.
pub async fn list(cx: &Ctx, query: &OperationQuery) -> Result<(Vec<OperationRow>, Option<OperationId>)> {
    let reach = match query.tenant {
        Some(tenant) => {
            cx.require(Permission::OperationRead, Scope::Tenant(tenant)).await?;
            if cx.actor().is_platform() { Reach::Fleet } else { Reach::Tenant(tenant) }
        }
        None => {
            cx.require(Permission::OperationFleet, Scope::Platform).await?;
            Reach::Fleet
        }
    };
    let mut read = cx.read(reach).await?;
    let (rows, more) = window(cx, read.conn(), query).await?;
    let next = if more { rows.last().map(|row| row.id) } else { None };
    Ok((rows, next))
}

/// The rows of a page from top to bottom, and whether there are more in the direction of the query.
async fn window(
    cx: &Ctx,
    connection: &mut PgConnection,
    query: &OperationQuery,
) -> Result<(Vec<OperationRow>, bool)> {
    let limit = query.limit.clamp(1, PAGE_MAX);
    let mut rows = store::list::page(connection, query, i64::from(limit) + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    if query.before.is_some() {
        rows.reverse();
    }
    if !cx.actor().is_platform() {
        rows.iter_mut().for_each(hide);
    }
    Ok((rows, more))
}

/// States that the list's views count: whatever somebody waits for or has to look at.
const COUNTED: &[State] = &[
    State::Requested,
    State::Queued,
    State::Running,
    State::Undoing,
    State::Failed,
    State::Parked,
    State::NeedsOperator,
];

/// The list for the pairs of an address: `state` and `kind` (repeated), `tenant` (its slug), `after`, `before`. What is
/// not understood is left out and named.
///
/// # Errors
/// `NotFound` for a tenant that is not there for the actor.
pub async fn directory(cx: &Ctx, pairs: &[(String, String)]) -> Result<OperationPage> {
    let mut query = OperationQuery { limit: 50, ..OperationQuery::default() };
    let (mut slug, mut left_out) = (None, Vec::new());
    for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let understood = match key.as_str() {
            "state" => value.parse().map(|state| query.states.push(state)).is_ok(),
            "kind" => value.parse().map(|kind| query.kinds.push(kind)).is_ok(),
            "tenant" => {
                slug = Some(value.as_str());
                true
            }
            "after" => value.parse().map(|id| query.after = Some(id)).is_ok(),
            "before" => value.parse().map(|id| query.before = Some(id)).is_ok(),
            "parent" => value.parse().map(|id| query.parent = Some(id)).is_ok(),
            _ => false,
        };
        if !understood {
            left_out.push(key.clone());
        }
    }
    let tenant = match slug {
        Some(slug) => Some(crate::tenants::by_slug(cx, slug).await?),
        None => None,
    };
    query.tenant = tenant.as_ref().map(|tenant| tenant.id);
    let reach = match query.tenant {
        Some(tenant) => {
            cx.require(Permission::OperationRead, Scope::Tenant(tenant)).await?;
            if cx.actor().is_platform() { Reach::Fleet } else { Reach::Tenant(tenant) }
        }
        None => {
            cx.require(Permission::OperationFleet, Scope::Platform).await?;
            Reach::Fleet
        }
    };
    let mut read = cx.read(reach).await?;
    let (rows, more) = window(cx, read.conn(), &query).await?;
    let (first, last) = (rows.first().map(|row| row.id), rows.last().map(|row| row.id));
    let (previous, next) = match (query.before, query.after) {
        (Some(_), _) => (first.filter(|_| more), last),
        (None, Some(_)) => (first, last.filter(|_| more)),
        (None, None) => (None, last.filter(|_| more)),
    };
    let counts = if query.tenant.is_none() {
        store::list::counts(read.conn(), COUNTED, COUNT_MAX + 1).await?
    } else {
        vec![]
    };
    let tenant = tenant.map(|tenant| (tenant.slug, tenant.name));
    Ok(OperationPage { rows, next, previous, counts, tenant, left_out })
}

/// Where an operation stands now: read again and again by whoever shows it live. `tenant` is what the pulse before said:
/// then one query is all of it.
pub async fn pulse(cx: &Ctx, id: OperationId, tenant: Option<TenantId>) -> Result<Pulse> {
    let tenant = match tenant {
        Some(tenant) => tenant,
        None => tenant_of(cx, id).await?,
    };
    require(cx, Permission::OperationRead, tenant).await?;
    let mut read =
        cx.read(if cx.actor().is_platform() { Reach::Fleet } else { Reach::Tenant(tenant) }).await?;
    let row = store::list::head(read.conn(), tenant, id).await?.ok_or(Error::NotFound)?;
    let OperationRow { state, steps_done, steps_total, current, version, .. } = row;
    Ok(Pulse { tenant, state, steps_done, steps_total, current, version })
}

/// What went wrong inside the platform is not the tenant's to read.
fn hide(row: &mut OperationRow) {
    row.error = row.error.take().map(|_| "It did not work. The operator has been told.".to_owned());
}

/// One operation with its steps and, for platform people, its log.
pub async fn get(cx: &Ctx, id: OperationId) -> Result<Operation> {
    let tenant = tenant_of(cx, id).await?;
    require(cx, Permission::OperationRead, tenant).await?;
    let platform = cx.actor().is_platform();
    let mut read = cx.read(if platform { Reach::Fleet } else { Reach::Tenant(tenant) }).await?;
    let (mut operation, by) = store::list::one(read.conn(), id).await?.ok_or(Error::NotFound)?;
    if platform {
        operation.log = store::list::log(read.conn(), tenant, id).await?;
        if !operation.row.state.is_settled() {
            operation.typical = store::list::typical(read.conn(), operation.row.kind).await?;
        }
        if operation.row.kind == Kind::Provision
            && let Ok(asked) =
                serde_json::from_value::<model::operations::ProvisionRequest>(operation.payload.clone())
        {
            operation.terms = kinds::provision::terms(read.conn(), &asked).await?;
        }
    } else {
        hide(&mut operation.row);
        // Nor what operators wrote to each other when they asked for it, nor what else it is part of. What its own people
        // asked for and why it was refused they know.
        let own = operation.is_tenants_own();
        operation.reason = operation.reason.take().filter(|_| own);
        let refused = own && operation.row.state == State::Rejected;
        operation.approval_note = operation.approval_note.take().filter(|_| refused);
        operation.parent = None;
        operation.payload = Value::Null;
        operation.result = None;
        for step in &mut operation.steps {
            (step.output, step.error) = (None, None);
        }
    }
    let own = matches!(cx.actor(), Actor::User { id, .. } if Some(id.0) == by);
    let may = |control: Control| -> Result<(), String> {
        control.check_on(operation.row.kind, operation.row.state)?;
        if operation.stopping {
            return Err("It is being called off already.".into());
        }
        if own && control == Control::Approve {
            return Err(NO_SECOND.into());
        }
        if cx.actor().allows(control.permission(), Scope::Platform) {
            Ok(())
        } else {
            Err("Your role does not allow it.".into())
        }
    };
    operation.controls = Control::ALL.iter().map(|control| (*control, may(*control))).collect();
    Ok(operation)
}

async fn tenant_of(cx: &Ctx, id: OperationId) -> Result<TenantId> {
    if matches!(cx.actor(), Actor::Anonymous) {
        return Err(Error::SignIn);
    }
    let mut read = cx.read(Reach::Fleet).await?;
    store::tenant_of(read.conn(), id).await?.ok_or(Error::NotFound)
}

async fn require(cx: &Ctx, permission: Permission, tenant: TenantId) -> Result<()> {
    if tenant == TenantId::PLATFORM {
        cx.require(Permission::OperationFleet, Scope::Platform).await
    } else {
        cx.require(permission, Scope::Tenant(tenant)).await
    }
}

/// Approves, rejects, retries, cancels or rolls back. `note` says why; rejecting needs one.
///
/// # Errors
/// `Conflict` in words where the state does not allow it, or where somebody would approve their own request.
pub async fn control(cx: &Ctx, id: OperationId, control: Control, note: &str) -> Result<State> {
    cx.require(control.permission(), Scope::Platform).await?;
    let note = match control {
        Control::Reject => validate::required(note, "A reason", NOTE_MAX),
        _ => validate::optional(note, "A note", NOTE_MAX).map(Option::unwrap_or_default),
    };
    let note = note.map_err(|e| Error::field("note", e))?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let op = store::lock(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    let to = control.check_on(op.kind, op.state).map_err(Error::Conflict)?;
    let mut parts = Vec::new();
    let by = if let Actor::User { id, .. } = cx.actor() { Some(id.0) } else { None };
    let action = match control {
        Control::Approve => {
            if by.is_some() && by == op.requested_by {
                return Err(Error::Conflict(NO_SECOND.into()));
            }
            store::decide(tx.conn(), id, to, by, cx.actor().name(), &note).await?;
            "operation.approve"
        }
        Control::Reject => {
            store::decide(tx.conn(), id, to, by, cx.actor().name(), &note).await?;
            parts = kinds::dropped(tx.conn(), op.kind, id).await?;
            "operation.reject"
        }
        Control::Retry => {
            store::retry(tx.conn(), id).await?;
            parts = kinds::retried(tx.conn(), op.kind, id).await?;
            "operation.retry"
        }
        Control::Cancel if to == State::Cancelled => {
            store::cancel(tx.conn(), id).await?;
            parts = kinds::dropped(tx.conn(), op.kind, id).await?;
            "operation.cancel"
        }
        Control::Cancel => {
            store::ask_to_stop(tx.conn(), id).await?;
            "operation.cancel"
        }
        Control::RollBack => {
            store::roll_back(tx.conn(), id).await?;
            "operation.roll_back"
        }
    };
    let decision = match control {
        Control::Approve => Some(Decision::Approved),
        Control::Reject => Some(Decision::Refused),
        Control::Cancel if to == State::Cancelled => Some(Decision::CalledOff),
        Control::Cancel | Control::Retry | Control::RollBack => None,
    };
    // Called off after it had failed, as when a retry is: whoever asked knows already that it came to nothing.
    let known =
        decision == Some(Decision::CalledOff) && store::asked::has_failed(tx.conn(), op.tenant, id).await?;
    if let Some(decision) = decision.filter(|_| !known) {
        // A refusal's reason is for whoever asked; what is noted with the rest is not.
        let message = (decision == Decision::Refused).then_some(note.as_str());
        let (id, by) = (op.tenant, op.requested_by);
        crate::tenants::tell_decision(&mut tx, id, &op.payload, by, decision, message).await?;
    }
    let mut event = AuditEvent::on(op.tenant, action, format!("{} {}", op.kind.label(), op.subject))
        .before(serde_json::json!({ "state": op.state }))
        .after(serde_json::json!({ "state": to, "operation": id }));
    if !note.is_empty() {
        event = event.reason(note);
    }
    parts.push(event);
    tx.commit_all(parts).await?;
    ring(cx);
    Ok(to)
}

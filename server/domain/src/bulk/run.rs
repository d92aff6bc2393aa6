//! The operation: one step that walks the frozen set. At each turn it asks for the next operations, so that only so many
//! are in hand at a time and everybody else's work goes on between them; then it lets go and comes back.
//!
//! Each turn is one transaction: operations and the items that name them are there together or not at all. The step is over when
//! no tenant is waiting or under way; where some failed the operation is parked, and Retry begins with those.

use super::freeze::Payload;
use super::store::{self, Standing};
use crate::audit::AuditEvent;
use crate::error::Result;
use crate::operations::step::{At, Step, step};
use crate::operations::{self, Request};
use crate::{templates, tenants};
use model::OperationId;
use model::bulk::{Outcome, Why, Work, summary, tenants_in_words};
use model::operations::Kind;
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

/// Operations of one set that are queued or running at a time.
const WINDOW: i64 = 200;
/// More are asked for when this many are free again: few large turns cost less than many small ones.
const REFILL: i64 = 50;
/// Until the next turn.
const SOON: Duration = Duration::from_millis(250);
/// The same where somebody has to decide first.
const LATER: Duration = Duration::from_secs(10);

pub(crate) static STEPS: &[Step] = &[step!(Sql, "each", "Do it to each tenant", each)];

mod each {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        let asked: Payload = at.payload()?;
        let mut now = store::standing(at.conn()?, asked.bulk).await?;
        let room = WINDOW - now.count(Outcome::Running);
        let waiting = now.count(Outcome::Waiting);
        let (id, conn) = (at.op.id, at.conn()?);
        // Called off meanwhile: what has not begun does not begin.
        let wanted = waiting > 0 && room >= REFILL.min(waiting) && !store::is_called_off(conn, id).await?;
        if wanted {
            begin(at, &asked, room).await?;
            now = store::standing(at.conn()?, asked.bulk).await?;
        }
        let open = [Outcome::Waiting, Outcome::Running].map(|o| now.count(o)).iter().sum::<i64>();
        let value = evidence(&now);
        if open > 0 {
            at.again(SOON);
        } else if now.count(Outcome::Approval) > 0 {
            at.again(LATER);
        } else if now.count(Outcome::Failed) > 0 {
            let failed = now.count(Outcome::Failed);
            let verb = if failed == 1 { "failed" } else { "have failed" };
            at.park(format!(
                "{} {verb}. The others are as the list says: nothing is undone.",
                tenants_in_words(failed)
            ));
        } else {
            let event = AuditEvent::platform("bulk.done", at.op.subject.clone())
                .after(json!({ "bulk": asked.bulk, "operation": at.op.id, "outcome": value }));
            at.audit(event);
            at.log(summary(&now.counts));
        }
        Ok(value)
    }

    pub(super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    /// Called off: what has not begun does not begin. What was done stays, and what is under way comes to its end.
    pub(super) async fn undo(at: &mut At) -> Result<()> {
        let operation = at.op.id;
        for event in dropped(at.conn()?, operation).await? {
            at.audit(event);
        }
        Ok(())
    }
}

fn evidence(now: &Standing) -> Value {
    now.counts.iter().map(|(outcome, n)| (outcome.as_str().to_owned(), json!(n))).collect()
}

/// Asks for the operations of the next tenants.
async fn begin(at: &mut At, asked: &Payload, most: i64) -> Result<()> {
    let (cx, parent) = (at.cx.clone(), at.op.id);
    let waiting = store::waiting(at.conn()?, asked.bulk, most).await?;
    let prepared = match &asked.work {
        Work::ApplyTemplate { to, .. } => {
            let payload = templates::payload(*to, &asked.reason)?;
            tenants::prepare(at.conn()?, &waiting, tenants::Move::Other(payload)).await?
        }
        Work::Suspend { code, scope, message } => {
            let asked = tenants::Move::Suspend(*code, *scope, message.as_deref(), &asked.reason);
            tenants::prepare(at.conn()?, &waiting, asked).await?
        }
        Work::Reinstate => {
            tenants::prepare(at.conn()?, &waiting, tenants::Move::Reinstate(&asked.reason)).await?
        }
        Work::ChangePlan { to } => {
            tenants::prepare(at.conn()?, &waiting, tenants::Move::ChangePlan(*to, &asked.reason)).await?
        }
        Work::SetOwner { owner, name } => {
            let what = tenants::Relabel::Owner(owner.map(|owner| (owner, name.as_str())));
            tenants::prepare_details(at.conn()?, &waiting, what, &asked.reason).await?
        }
        Work::ChangeTags { add, remove } => {
            let what = tenants::Relabel::Tags { add, remove };
            tenants::prepare_details(at.conn()?, &waiting, what, &asked.reason).await?
        }
    };
    let kind = match &asked.work {
        Work::Suspend { .. } => Kind::Suspend,
        Work::Reinstate => Kind::Reinstate,
        Work::ChangePlan { .. } => Kind::ChangePlan,
        Work::ApplyTemplate { .. } => Kind::ApplyTemplate,
        Work::SetOwner { .. } | Work::ChangeTags { .. } => Kind::ChangeDetails,
    };
    let (mut requests, mut begun, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, one) in &prepared {
        match one {
            Ok(ready) => {
                let id = OperationId(cx.new_id());
                begun.push((*tenant, id));
                requests.push(Request {
                    id,
                    kind,
                    tenant: *tenant,
                    subject: &ready.name,
                    payload: ready.payload.clone(),
                    reason: Some(&asked.reason),
                    dedicated: false,
                    parent: Some(parent),
                    run_after: None,
                });
            }
            Err(note) => left_out.push((*tenant, Why::Changed, note.clone())),
        }
    }
    operations::enqueue_all(at.tx()?, &cx, &requests).await?;
    store::begun(at.conn()?, asked.bulk, &begun).await?;
    store::left_out(at.conn()?, asked.bulk, &left_out).await
}

/// Nothing more begins: items that wait are called off, and operations that nobody has taken up.
pub(crate) async fn dropped(connection: &mut PgConnection, id: OperationId) -> Result<Vec<AuditEvent>> {
    store::call_off(&mut *connection, id).await?;
    let cancelled = operations::cancel_parts(connection, id).await?;
    Ok(cancelled)
}

/// Before it is tried again: the operations that failed go back to the queue, each with its line.
pub(crate) async fn retried(connection: &mut PgConnection, id: OperationId) -> Result<Vec<AuditEvent>> {
    operations::retry_parts(connection, id).await
}

/// The set of an operation.
pub(super) async fn of(connection: &mut PgConnection, id: OperationId) -> Result<Option<Uuid>> {
    store::of_operation(connection, id).await
}

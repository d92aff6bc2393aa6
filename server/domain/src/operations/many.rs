//! Operations that are parts of another: asked for, called off and tried again many at a time.

use super::{Request, kinds, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use model::operations::{Control, State};
use model::{OperationId, TenantId};
use serde_json::json;
use sqlx::PgConnection;

/// [`super::enqueue`] for many of one kind, in a few statements.
pub(crate) async fn enqueue_all(tx: &mut Tx, cx: &Ctx, requests: &[Request<'_>]) -> Result<()> {
    let Some(first) = requests.first() else { return Ok(()) };
    if requests.iter().any(|request| (request.kind, request.dedicated) != (first.kind, first.dedicated)) {
        return Err(Error::Internal("many of several kinds".into()));
    }
    let steps = kinds::of(first.kind).ok_or_else(|| Error::Internal("a kind without steps".into()))?;
    let steps: Vec<_> = steps.iter().map(|step| (step.name, step.label)).collect();
    // The rules look at each tenant: of one batch some may wait.
    let waits = super::approvals::of_many(tx.conn(), requests).await?;
    let (waiting, ready): (Vec<_>, Vec<_>) =
        requests.iter().cloned().partition(|request| waits.contains(&request.tenant));
    // Of many parts those who may approve are told once.
    if let (Some(parent), false) = (first.parent, waiting.is_empty())
        && !store::many::waits(tx.conn(), parent).await?
    {
        let (tenant, subject) = (TenantId::PLATFORM, "parts of bulk work");
        super::approvals::tell(tx, cx, tenant, parent, first.kind, subject).await?;
    }
    store::many::insert(tx.conn(), cx, &waiting, State::Requested, &steps).await?;
    store::many::insert(tx.conn(), cx, &ready, State::Queued, &steps).await
}

/// Calls off the parts that nobody has taken up; answers their audit lines.
pub(crate) async fn cancel_parts(
    connection: &mut PgConnection,
    parent: OperationId,
) -> Result<Vec<AuditEvent>> {
    let parts = store::many::cancel(connection, parent).await?;
    Ok(lines(parts, "operation.cancel", State::Cancelled))
}

/// Puts the parts that failed back into the queue; answers their audit lines.
pub(crate) async fn retry_parts(
    connection: &mut PgConnection,
    parent: OperationId,
) -> Result<Vec<AuditEvent>> {
    let from: Vec<State> =
        State::ALL.iter().copied().filter(|state| Control::Retry.check(*state).is_ok()).collect();
    let parts = store::many::failed(&mut *connection, parent, &from).await?;
    store::many::retry(connection, &parts.iter().map(|part| part.id).collect::<Vec<_>>()).await?;
    Ok(lines(parts, "operation.retry", State::Queued))
}

fn lines(parts: Vec<store::many::Part>, action: &'static str, to: State) -> Vec<AuditEvent> {
    let line = |part: store::many::Part| {
        AuditEvent::on(part.tenant, action, format!("{} {}", part.kind.label(), part.subject))
            .before(json!({ "state": part.state }))
            .after(json!({ "state": to, "operation": part.id }))
    };
    parts.into_iter().map(line).collect()
}

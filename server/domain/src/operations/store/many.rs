//! SQL of parts of another operation.

use super::asker;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::operations::Request;
use model::operations::{Kind, State};
use model::{OperationId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Writes many that have kind, state and asker in common, with their steps. They may wait, whatever they are: see `urgency`.
pub(in crate::operations) async fn insert(
    connection: &mut PgConnection,
    cx: &Ctx,
    requests: &[Request<'_>],
    state: State,
    steps: &[(&'static str, &'static str)],
) -> Result<()> {
    let Some(first) = requests.first() else { return Ok(()) };
    let (by, by_id) = asker(cx.actor())?;
    let tenants: Vec<Uuid> = requests.iter().map(|request| request.tenant.0).collect();
    let ids: Vec<Uuid> = requests.iter().map(|request| request.id.0).collect();
    let subjects: Vec<String> = requests.iter().map(|request| request.subject.to_owned()).collect();
    let payloads: Vec<serde_json::Value> = requests.iter().map(|request| request.payload.clone()).collect();
    sqlx::query!(
        "INSERT INTO operation (tenant_id, id, kind, state, subject, payload, reason, requested_by, requested_by_id, requested_by_name, request_id, parent_id, priority)
        SELECT w.tenant, w.id, $1, $2, w.subject, w.payload, $3, $4, $5, $6, $7, $8, 0
        FROM unnest($9::uuid[], $10::uuid[], $11::text[], $12::jsonb[]) AS w (tenant, id, subject, payload)",
        first.kind.as_str(),
        state.as_str(),
        first.reason,
        by,
        by_id,
        cx.actor().name(),
        cx.request_id(),
        first.parent.map(|parent| parent.0),
        &tenants,
        &ids,
        &subjects,
        &payloads
    )
    .execute(&mut *connection)
    .await?;
    let (names, labels): (Vec<String>, Vec<String>) =
        steps.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned())).unzip();
    sqlx::query!(
        "INSERT INTO operation_step (tenant_id, operation_id, seq, name, label)
        SELECT w.tenant, w.id, s.n::smallint, s.name, s.label FROM unnest($1::uuid[], $2::uuid[]) AS w (tenant, id)
        CROSS JOIN unnest($3::text[], $4::text[]) WITH ORDINALITY AS s (name, label, n)",
        &tenants,
        &ids,
        &names,
        &labels
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a part waits for somebody's approval.
pub(in crate::operations) async fn waits(connection: &mut PgConnection, parent: OperationId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM operation WHERE parent_id = $1 AND state = 'requested') AS "waits!""#,
        parent.0
    )
    .fetch_one(connection)
    .await?)
}

/// A part, as it was before something was done to it.
pub(in crate::operations) struct Part {
    pub tenant: TenantId,
    pub id: OperationId,
    pub kind: Kind,
    pub subject: String,
    pub state: State,
}

/// Calls off what nobody has taken up.
pub(in crate::operations) async fn cancel(
    connection: &mut PgConnection,
    parent: OperationId,
) -> Result<Vec<Part>> {
    Ok(sqlx::query_as!(
        Part,
        r#"WITH open AS (SELECT tenant_id, id, state FROM operation WHERE parent_id = $1 AND state IN ('requested', 'queued') FOR UPDATE)
        UPDATE operation o SET state = 'cancelled', finished_at = now(), version = version + 1 FROM open
        WHERE o.tenant_id = open.tenant_id AND o.id = open.id
        RETURNING o.tenant_id AS "tenant: TenantId", o.id AS "id: OperationId", o.kind AS "kind: Kind", o.subject, open.state AS "state: State""#,
        parent.0
    )
    .fetch_all(connection)
    .await?)
}

/// Parts in these states, held until the transaction ends.
pub(in crate::operations) async fn failed(
    connection: &mut PgConnection,
    parent: OperationId,
    states: &[State],
) -> Result<Vec<Part>> {
    let states: Vec<String> = states.iter().map(|state| state.as_str().to_owned()).collect();
    Ok(sqlx::query_as!(
        Part,
        r#"SELECT tenant_id AS "tenant: TenantId", id AS "id: OperationId", kind AS "kind: Kind", subject, state AS "state: State"
        FROM operation WHERE parent_id = $1 AND state = ANY($2) ORDER BY tenant_id FOR UPDATE"#,
        parent.0,
        &states
    )
    .fetch_all(connection)
    .await?)
}

/// [`super::retry`] for many.
pub(in crate::operations) async fn retry(connection: &mut PgConnection, ids: &[OperationId]) -> Result<()> {
    for id in ids {
        super::retry(&mut *connection, *id).await?;
    }
    Ok(())
}

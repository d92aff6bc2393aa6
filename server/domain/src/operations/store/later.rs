//! SQL of what is asked for now and done on a day of its own: such an operation says its day in `payload.scheduled`.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::operations::{Kind, State};
use model::{OperationId, TenantId};
use serde_json::Value;
use sqlx::PgConnection;

/// An operation with a day.
#[derive(Debug)]
pub(crate) struct Later {
    pub id: OperationId,
    pub tenant: TenantId,
    pub slug: String,
    pub name: String,
    pub state: State,
    pub payload: Value,
    pub run_after: DateTime<Utc>,
    pub by: String,
    pub asked_at: DateTime<Utc>,
    pub approved: bool,
    pub version: i64,
    pub error: Option<String>,
}

/// The newest of this kind on a tenant: on its way, or failed with nothing of the kind done since.
pub(crate) async fn newest(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
) -> Result<Option<Later>> {
    let row = sqlx::query_as!(
        Later,
        r#"SELECT o.id AS "id: OperationId", o.tenant_id AS "tenant: TenantId", t.slug, t.name, o.state AS "state: State", o.payload, o.run_after,
            o.requested_by_name AS by, o.requested_at AS asked_at, o.approved_at IS NOT NULL AS "approved!", o.version, o.error
        FROM operation o JOIN tenant t ON t.id = o.tenant_id
        WHERE o.tenant_id = $1 AND o.kind = $2 AND o.payload->>'scheduled' IS NOT NULL
            AND o.state IN ('requested', 'queued', 'running', 'undoing', 'failed', 'parked', 'needs_operator')
            AND NOT EXISTS (SELECT FROM operation n WHERE n.tenant_id = $1 AND n.kind = $2 AND n.state = 'succeeded' AND n.finished_at > o.requested_at)
        ORDER BY o.id DESC LIMIT 1"#,
        tenant.0,
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// The one of this kind that is on its way, locked: no worker takes it up meanwhile.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: Kind,
) -> Result<Option<Later>> {
    let row = sqlx::query_as!(
        Later,
        r#"SELECT o.id AS "id: OperationId", o.tenant_id AS "tenant: TenantId", t.slug, t.name, o.state AS "state: State", o.payload, o.run_after,
            o.requested_by_name AS by, o.requested_at AS asked_at, o.approved_at IS NOT NULL AS "approved!", o.version, o.error
        FROM operation o JOIN tenant t ON t.id = o.tenant_id
        WHERE o.tenant_id = $1 AND o.kind = $2 AND o.payload->>'scheduled' IS NOT NULL
            AND o.state IN ('requested', 'queued', 'running', 'undoing')
        ORDER BY o.id DESC LIMIT 1 FOR UPDATE OF o"#,
        tenant.0,
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// What is still to come of this kind in the whole fleet, the next day first; `place` is where a page ends.
pub(crate) async fn page(
    connection: &mut PgConnection,
    kind: Kind,
    place: Option<(DateTime<Utc>, OperationId)>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<Later>> {
    let (at, id) = place.unzip();
    let rows = sqlx::query_as!(
        Later,
        r#"SELECT o.id AS "id: OperationId", o.tenant_id AS "tenant: TenantId", t.slug, t.name, o.state AS "state: State", o.payload, o.run_after,
            o.requested_by_name AS by, o.requested_at AS asked_at, o.approved_at IS NOT NULL AS "approved!", o.version, o.error
        FROM operation o JOIN tenant t ON t.id = o.tenant_id
        WHERE o.kind = $1 AND o.state IN ('requested', 'queued') AND o.payload->>'scheduled' IS NOT NULL
            AND ($2::timestamptz IS NULL OR CASE WHEN $4 THEN (o.run_after, o.id) < ($2, $3) ELSE (o.run_after, o.id) > ($2, $3) END)
        ORDER BY CASE WHEN $4 THEN o.run_after END DESC, CASE WHEN $4 THEN o.id END DESC, o.run_after, o.id LIMIT $5"#,
        kind.as_str(),
        at,
        id.map(|id| id.0),
        backwards,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// How many are to come, counted up to `max`.
pub(crate) async fn count(connection: &mut PgConnection, kind: Kind, max: i64) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM operation
            WHERE kind = $1 AND state IN ('requested', 'queued') AND payload->>'scheduled' IS NOT NULL LIMIT $2) n"#,
        kind.as_str(),
        max
    )
    .fetch_one(connection)
    .await?)
}

/// Another day for one that [`lock`] holds.
pub(crate) async fn postpone(connection: &mut PgConnection, one: &Later, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE operation SET run_after = $3, payload = payload || jsonb_build_object('scheduled', $4::text), version = version + 1
        WHERE tenant_id = $1 AND id = $2",
        one.tenant.0,
        one.id.0,
        at,
        at.to_rfc3339()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Calls off one that [`lock`] holds and that has not begun.
pub(crate) async fn call_off(connection: &mut PgConnection, one: &Later) -> Result<()> {
    super::cancel(connection, one.id).await
}

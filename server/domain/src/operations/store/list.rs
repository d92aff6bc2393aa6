//! SQL that shows operations.

use crate::error::Result;
use model::operations::{Kind, LogLine, Operation, OperationQuery, OperationRow, State, Step, StepState};
use model::{OperationId, TenantId};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};
use std::collections::BTreeMap;

/// Lines of the log on a page.
const LOG: i64 = 200;

const ROW: &str = "SELECT o.id, o.tenant_id, t.slug, o.subject, o.kind, o.state, o.requested_by_name, o.requested_at, o.run_after,
    o.started_at, o.finished_at, o.attempt, o.error, o.version, s.done, s.total, s.current
    FROM operation o LEFT JOIN tenant t ON t.id = o.tenant_id
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.state = 'done') AS done, count(*) AS total,
        coalesce(min(x.label) FILTER (WHERE x.state IN ('failed', 'undo_failed')),
            (array_agg(x.label ORDER BY x.seq) FILTER (WHERE x.state IN ('pending', 'running')))[1]) AS current
        FROM operation_step x WHERE x.tenant_id = o.tenant_id AND x.operation_id = o.id) s";

fn row(row: &sqlx::postgres::PgRow) -> Result<OperationRow, sqlx::Error> {
    let state: State = row.try_get("state")?;
    let current: Option<String> = row.try_get("current")?;
    Ok(OperationRow {
        id: OperationId(row.try_get("id")?),
        tenant: TenantId(row.try_get("tenant_id")?),
        slug: row.try_get("slug")?,
        subject: row.try_get("subject")?,
        kind: row.try_get("kind")?,
        state,
        requested_by: row.try_get("requested_by_name")?,
        requested_at: row.try_get("requested_at")?,
        run_after: row.try_get("run_after")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        steps_done: row.try_get("done")?,
        steps_total: row.try_get("total")?,
        current: current.filter(|_| state != State::Succeeded),
        attempt: row.try_get("attempt")?,
        error: row.try_get("error")?,
        version: row.try_get("version")?,
    })
}

/// The newest first, or upwards from the end of a page; one more than the page holds tells that there is another.
pub(in crate::operations) async fn page(
    connection: &mut PgConnection,
    query: &OperationQuery,
    limit: i64,
) -> Result<Vec<OperationRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(ROW);
    sql.push(" WHERE true");
    if !query.states.is_empty() {
        let words: Vec<String> = query.states.iter().map(|state| state.as_str().to_owned()).collect();
        sql.push(" AND o.state = ANY(").push_bind(words).push(")");
    }
    if !query.kinds.is_empty() {
        let words: Vec<String> = query.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        sql.push(" AND o.kind = ANY(").push_bind(words).push(")");
    }
    if let Some(tenant) = query.tenant {
        sql.push(" AND o.tenant_id = ").push_bind(tenant);
    }
    if let Some(parent) = query.parent {
        sql.push(" AND o.parent_id = ").push_bind(parent);
    }
    if query.open {
        sql.push(" AND o.state IN ('requested', 'queued', 'running', 'undoing', 'failed', 'parked', 'needs_operator')");
    }
    match (query.before, query.after) {
        (Some(before), _) => {
            sql.push(" AND o.id > ").push_bind(before).push(" ORDER BY o.id LIMIT ");
        }
        (None, Some(after)) => {
            sql.push(" AND o.id < ").push_bind(after).push(" ORDER BY o.id DESC LIMIT ");
        }
        (None, None) => {
            sql.push(" ORDER BY o.id DESC LIMIT ");
        }
    }
    sql.push_bind(limit);
    let rows = sql.build().fetch_all(connection).await?;
    rows.iter().map(row).collect::<Result<_, _>>().map_err(Into::into)
}

/// How many there are of each of these states, counted up to `max`.
pub(in crate::operations) async fn counts(
    connection: &mut PgConnection,
    states: &[State],
    max: i64,
) -> Result<Vec<(State, i64)>> {
    let words: Vec<String> = states.iter().map(|state| state.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT s.state AS "state!: State",
            (SELECT count(*) FROM (SELECT FROM operation o WHERE o.state = s.state LIMIT $2) n) AS "count!"
        FROM unnest($1::text[]) s(state)"#,
        &words,
        max
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.count)).collect())
}

/// One as the list shows it.
pub(in crate::operations) async fn head(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: OperationId,
) -> Result<Option<OperationRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(ROW);
    sql.push(" WHERE o.tenant_id = ").push_bind(tenant).push(" AND o.id = ").push_bind(id);
    let found = sql.build().fetch_optional(connection).await?;
    Ok(found.as_ref().map(row).transpose()?)
}

/// What stands above every page of a tenant: what works on it, else what is stuck, else what waits; of a tenant whose
/// making failed, that. What has a day of its own is not under way before it. People of the tenant see what is being done
/// and what they have asked for themselves, and kinds that this binary does not know nobody does.
pub(in crate::operations) async fn under_way(
    connection: &mut PgConnection,
    tenant: TenantId,
    inside: bool,
) -> Result<Option<OperationRow>> {
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let mut sql = QueryBuilder::<Postgres>::new(ROW);
    sql.push(" WHERE o.tenant_id = ").push_bind(tenant).push(" AND o.kind = ANY(").push_bind(kinds);
    sql.push(") AND (o.state IN ('running', 'undoing') OR (o.state = 'queued' AND o.run_after <= now()) OR (o.state = 'requested' AND ");
    sql.push(if inside {
        "o.payload->>'by_tenant' = 'true'))"
    } else {
        "true) OR o.state IN ('parked', 'needs_operator') OR (o.state = 'failed' AND o.kind = 'provision' AND t.status = 'failed'))"
    });
    sql.push(
        " ORDER BY array_position(ARRAY['running', 'undoing', 'needs_operator', 'parked', 'queued', 'requested', 'failed'], o.state), o.id DESC LIMIT 1",
    );
    let found = sql.build().fetch_optional(connection).await?;
    Ok(found.as_ref().map(row).transpose()?)
}

/// Milliseconds that each step of this kind took, by its label: the median of the newest operations that succeeded. Looks
/// at so many operations of any kind that it never reads the whole ledger.
pub(in crate::operations) async fn typical(
    connection: &mut PgConnection,
    kind: Kind,
) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!(
        r#"SELECT s.label,
            (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.finished_at - s.started_at)::float8) * 1000)::bigint AS "ms!"
        FROM (SELECT n.tenant_id, n.id
            FROM (SELECT tenant_id, id, kind FROM operation WHERE state = 'succeeded' ORDER BY id DESC LIMIT 500) n
            WHERE n.kind = $1 ORDER BY n.id DESC LIMIT 20) o
        JOIN operation_step s ON s.tenant_id = o.tenant_id AND s.operation_id = o.id
        WHERE s.state = 'done' AND s.started_at IS NOT NULL AND s.finished_at >= s.started_at GROUP BY s.label"#,
        kind.as_str()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.label, row.ms)).collect())
}

/// One, without its log and controls.
pub(in crate::operations) async fn one(
    connection: &mut PgConnection,
    id: OperationId,
) -> Result<Option<(Operation, Option<uuid::Uuid>)>> {
    let mut sql = QueryBuilder::<Postgres>::new(ROW);
    sql.push(" WHERE o.id = ").push_bind(id);
    let Some(found) = sql.build().fetch_optional(&mut *connection).await? else { return Ok(None) };
    let head = row(&found)?;
    let more = sqlx::query!(
        r#"SELECT reason, payload, result, request_id, requested_by_id, approved_by_name, approved_at, approval_note, stop, parent_id,
            clock_timestamp() AS "now!" FROM operation WHERE id = $1"#,
        id.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let steps = sqlx::query_as!(
        Step,
        r#"SELECT seq::int AS "seq!", name, label, state AS "state: StepState", attempt, started_at, finished_at, output, error
        FROM operation_step WHERE operation_id = $1 AND tenant_id = $2 ORDER BY seq"#,
        id.0,
        head.tenant.0
    )
    .fetch_all(connection)
    .await?;
    let operation = Operation {
        row: head,
        reason: more.reason,
        payload: more.payload,
        result: more.result,
        request_id: more.request_id,
        approved_by: more.approved_by_name,
        approved_at: more.approved_at,
        approval_note: more.approval_note,
        stopping: more.stop.is_some(),
        parent: more.parent_id.map(OperationId),
        terms: None,
        typical: BTreeMap::new(),
        steps,
        log: vec![],
        controls: vec![],
        now: more.now,
    };
    Ok(Some((operation, more.requested_by_id)))
}

/// The newest lines, the oldest of them first.
pub(in crate::operations) async fn log(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: OperationId,
) -> Result<Vec<LogLine>> {
    let mut lines = sqlx::query_as!(
        LogLine,
        r#"SELECT n, at, seq::int AS "seq!", message FROM operation_log WHERE tenant_id = $1 AND operation_id = $2 ORDER BY n DESC LIMIT $3"#,
        tenant.0,
        id.0,
        LOG
    )
    .fetch_all(connection)
    .await?;
    lines.reverse();
    Ok(lines)
}

//! SQL of the monitors.

use super::judge::Found;
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::monitors::{Backup, BackupKind, Kind, Monitor, State};
use model::notifications::Event;
use model::tenants::{Placement, Status};
use model::usage::LimitMeter;
use model::{OperationId, TenantId};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

fn ids(tenants: &[TenantId]) -> Vec<Uuid> {
    tenants.iter().map(|tenant| tenant.0).collect()
}

/// Takes whoever has waited longest; their next turn is a quarter of an hour from now. Rows that somebody else holds are
/// passed over.
pub(super) async fn claim(connection: &mut PgConnection, limit: i64) -> Result<Vec<TenantId>> {
    let tenants = sqlx::query_scalar!(
        r#"WITH due AS (
            SELECT tenant_id FROM monitor_turn WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        UPDATE monitor_turn m SET due_at = now() + interval '15 minutes' FROM due WHERE m.tenant_id = due.tenant_id
        RETURNING m.tenant_id AS "tenant: TenantId""#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(tenants)
}

pub(super) async fn missing_turns(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "INSERT INTO monitor_turn (tenant_id) SELECT DISTINCT m.tenant_id FROM monitor m
        WHERE NOT EXISTS (SELECT FROM monitor_turn t WHERE t.tenant_id = m.tenant_id) ON CONFLICT DO NOTHING"
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Their next turn is six hours from now: they are not in service.
pub(super) async fn rest(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    if tenants.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE monitor_turn SET due_at = now() + interval '6 hours' WHERE tenant_id = ANY($1)",
        &ids(tenants)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// It is the turn of those that were resting and are in service again. Rows that somebody else holds are passed over.
pub(super) async fn wake(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "WITH awake AS (
            SELECT m.tenant_id FROM monitor_turn m JOIN tenant t ON t.id = m.tenant_id
            WHERE m.due_at > now() + interval '15 minutes' AND t.status IN ('trial', 'active', 'provisioning')
            FOR UPDATE OF m SKIP LOCKED
        )
        UPDATE monitor_turn m SET due_at = now() FROM awake WHERE m.tenant_id = awake.tenant_id"
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Hours that the proofs of this fleet take by themselves, twice: one process makes some 4,000 an hour. By the planner's
/// number of tenants.
pub(super) async fn round(connection: &mut PgConnection) -> Result<i64> {
    let hours = sqlx::query_scalar!(
        r#"SELECT (greatest(reltuples, 0) / 2000)::bigint AS "hours!" FROM pg_class WHERE oid = 'steward.tenant'::regclass"#
    )
    .fetch_one(connection)
    .await?;
    Ok(hours)
}

/// What is known of these tenants, as far as they are in service or being made; without their task runs.
pub(super) async fn found(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<Vec<Found>> {
    let rows = sqlx::query!(
        r#"SELECT t.id AS "tenant: TenantId", t.placement AS "placement: Placement",
            CASE WHEN u.last IS NOT NULL
                THEN floor(extract(epoch FROM now() - greatest(u.last + interval '1 hour', t.status_since)) / 3600)::bigint END AS "silent?",
            EXISTS (SELECT FROM usage_hour h WHERE h.tenant_id = t.id AND h.meter = 'conversations' AND h.quantity > 0
                AND h.hour >= now() - interval '8 days' AND h.hour < now() - interval '7 days') AS "expected!",
            q.meter AS "meter?: LimitMeter", q.percent AS "percent?",
            floor(extract(epoch FROM now() - coalesce(n.at, t.status_since)) / 3600)::bigint AS "proof_age!",
            coalesce(n.failed, 0::smallint) AS "breaches!"
        FROM tenant t
        CROSS JOIN LATERAL (SELECT max(h.hour) AS last FROM usage_hour h
            WHERE h.tenant_id = t.id AND h.meter = 'conversations' AND h.quantity > 0) u
        LEFT JOIN LATERAL (
            SELECT l.meter, (used.n * 100 / l.hard)::bigint AS percent
            FROM limits_of(t.id, t.plan_id) l CROSS JOIN LATERAL (SELECT CASE l.meter
                WHEN 'storage_bytes' THEN (SELECT sum(d.quantity)::bigint FROM usage_day d WHERE d.tenant_id = t.id AND d.meter = 'storage_bytes')
                WHEN 'api_calls_15min' THEN (SELECT max(w.used)::bigint FROM api_window w WHERE w.tenant_id = t.id AND w.starts_at > now() - interval '1 hour')
                END AS n) used
            WHERE l.hard > 0 AND used.n IS NOT NULL
            ORDER BY 2 DESC, 1 LIMIT 1) q ON true
        LEFT JOIN isolation_newest n ON n.tenant_id = t.id
        WHERE t.id = ANY($1) AND t.status IN ('trial', 'active', 'provisioning')"#,
        &ids(tenants)
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|row| Found {
        tenant: row.tenant,
        placement: row.placement,
        silent: row.silent.map(|hours| hours.max(0)),
        expected: row.expected,
        runs: None,
        fullest: row.meter.zip(row.percent),
        proof_age: row.proof_age.max(0),
        breaches: row.breaches,
    });
    Ok(found.collect())
}

/// Runs of the last day among the newest `limit` of each tenant, and how many of them failed. In the tables that this
/// transaction works on.
pub(super) async fn runs(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    limit: i64,
) -> Result<HashMap<TenantId, (i64, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "tenant!: TenantId", r.runs AS "runs!", r.failed AS "failed!" FROM unnest($1::uuid[]) AS w (id)
        CROSS JOIN LATERAL (
            SELECT count(*) AS runs, count(*) FILTER (WHERE x.outcome = 'failed') AS failed
            FROM (SELECT outcome, at FROM task_run WHERE tenant_id = w.id ORDER BY id DESC LIMIT $2) x
            WHERE x.outcome <> 'skipped' AND x.at > now() - interval '24 hours') r"#,
        &ids(tenants),
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant, (row.runs, row.failed))).collect())
}

/// A monitor as it stands.
pub(super) struct Row {
    pub tenant: TenantId,
    pub kind: Kind,
    pub threshold: i32,
    pub state: State,
    pub streak: i16,
}

pub(super) async fn rows(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT tenant_id AS "tenant: TenantId", kind AS "kind: Kind", threshold, state AS "state: State", streak
        FROM monitor WHERE tenant_id = ANY($1)"#,
        &ids(tenants)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Where monitors go, column by column.
#[derive(Default)]
pub(super) struct Moves {
    tenants: Vec<Uuid>,
    kinds: Vec<String>,
    was: Vec<String>,
    states: Vec<String>,
    streaks: Vec<i16>,
    said: Vec<String>,
}

impl Moves {
    pub(super) fn push(&mut self, row: &Row, state: State, streak: i16, said: String) {
        self.tenants.push(row.tenant.0);
        self.kinds.push(row.kind.as_str().to_owned());
        self.was.push(row.state.as_str().to_owned());
        self.states.push(state.as_str().to_owned());
        self.streaks.push(streak);
        self.said.push(said);
    }
}

/// A monitor that was written.
pub(super) struct Change {
    pub tenant: TenantId,
    pub kind: Kind,
    pub was: State,
    pub state: State,
    pub said: String,
}

/// Writes them where they still stand as they were read: of two at once one moves a monitor, and tells of it.
pub(super) async fn write(connection: &mut PgConnection, moves: &Moves) -> Result<Vec<Change>> {
    if moves.tenants.is_empty() {
        return Ok(vec![]);
    }
    let changes = sqlx::query_as!(
        Change,
        r#"UPDATE monitor m SET state = g.state, streak = g.streak, said = g.said,
            raised_at = CASE WHEN g.state = 'raised' THEN coalesce(m.raised_at, now()) END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[])
            AS g (tenant_id, kind, was, state, streak, said)
        WHERE m.tenant_id = g.tenant_id AND m.kind = g.kind AND m.state = g.was
        RETURNING m.tenant_id AS "tenant: TenantId", m.kind AS "kind: Kind", g.was AS "was!: State", m.state AS "state: State", m.said"#,
        &moves.tenants,
        &moves.kinds,
        &moves.was,
        &moves.states,
        &moves.streaks,
        &moves.said
    )
    .fetch_all(connection)
    .await?;
    Ok(changes)
}

pub(super) async fn evaluated(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    sqlx::query!("UPDATE monitor_turn SET evaluated_at = now() WHERE tenant_id = ANY($1)", &ids(tenants))
        .execute(connection)
        .await?;
    Ok(())
}

/// What the settings of tenants want, column by column.
#[derive(Default)]
pub(super) struct Wanted {
    pub tenants: Vec<Uuid>,
    /// Days between two copies of everything.
    pub every: Vec<i32>,
    pub keep: Vec<i32>,
    pub quota: Vec<i32>,
}

/// Writes what differs and nothing else. A shorter interval brings the next copy forward.
pub(super) async fn follow(connection: &mut PgConnection, wanted: &Wanted) -> Result<()> {
    sqlx::query!(
        "UPDATE backup_schedule b SET keep_days = g.keep,
            every = CASE WHEN b.kind = 'full' THEN make_interval(days => g.every) ELSE b.every END,
            next_at = CASE WHEN b.kind = 'full' THEN least(b.next_at, now() + make_interval(days => g.every)) ELSE b.next_at END
        FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS g (tenant_id, every, keep)
        WHERE b.tenant_id = g.tenant_id AND (b.keep_days <> g.keep OR b.kind = 'full' AND b.every <> make_interval(days => g.every))",
        &wanted.tenants,
        &wanted.every,
        &wanted.keep
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE monitor m SET threshold = g.quota FROM unnest($1::uuid[], $2::integer[]) AS g (tenant_id, quota)
        WHERE m.tenant_id = g.tenant_id AND m.kind = 'quota' AND m.threshold <> g.quota",
        &wanted.tenants,
        &wanted.quota
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was told of a kind within the last hour.
pub(super) struct Told {
    /// How many alerts, one by one.
    pub singly: i64,
    /// Whether the number of many was.
    pub number: bool,
}

/// The two events stand in it in so many words: its index holds those alone.
pub(super) async fn told_lately(connection: &mut PgConnection, event: Event, kind: Kind) -> Result<Told> {
    let told = sqlx::query_as!(
        Told,
        r#"SELECT count(*) FILTER (WHERE tenant_id <> $1) AS "singly!", count(*) FILTER (WHERE tenant_id = $1) > 0 AS "number!"
        FROM notification WHERE event IN ('monitor.raised', 'monitor.cleared') AND event = $2
            AND at > now() - interval '1 hour' AND data->'monitor'->>'kind' = $3"#,
        TenantId::PLATFORM.0,
        event.as_str(),
        kind.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(told)
}

/// When a tenant was last looked at, and whether its monitors rest.
pub(super) async fn standing(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(Option<DateTime<Utc>>, bool)>> {
    let row = sqlx::query!(
        r#"SELECT t.status AS "status: Status", (SELECT m.evaluated_at FROM monitor_turn m WHERE m.tenant_id = t.id) AS evaluated_at
        FROM tenant t WHERE t.id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    let rests = |status: Status| !matches!(status, Status::Trial | Status::Active | Status::Provisioning);
    Ok(row.map(|row| (row.evaluated_at, rests(row.status))))
}

pub(super) async fn of_tenant(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<Monitor>> {
    let monitors = sqlx::query_as!(
        Monitor,
        r#"SELECT kind AS "kind: Kind", state AS "state: State", threshold, said, raised_at FROM monitor WHERE tenant_id = $1
        ORDER BY array_position(ARRAY['ingestion_stalled', 'task_failures', 'quota', 'isolation'], kind)"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok(monitors)
}

pub(super) async fn backups(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<Backup>> {
    let backups = sqlx::query_as!(
        Backup,
        r#"SELECT kind AS "kind: BackupKind", extract(day FROM every)::integer AS "every_days!", keep_days FROM backup_schedule
        WHERE tenant_id = $1 ORDER BY kind DESC"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok(backups)
}

/// The operation that made a tenant, where it left its success criteria.
pub(super) async fn accepted(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<OperationId>> {
    let id = sqlx::query_scalar!(
        r#"SELECT o.id AS "id: OperationId" FROM operation o
        JOIN operation_step s ON s.tenant_id = o.tenant_id AND s.operation_id = o.id
        WHERE o.tenant_id = $1 AND o.kind = 'provision' AND o.state = 'succeeded' AND s.name = 'criteria' AND s.state = 'done'
        ORDER BY o.id DESC LIMIT 1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(id)
}

//! SQL of what a wave is judged by.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::templates::{Measures, TaskRuns};
use model::tenants::Placement;
use sqlx::PgConnection;
use uuid::Uuid;

/// What is known of the tenants of the current wave. A score of the day on which it began may be of either side of it:
/// before counts what is older than that day, since what was computed after it began.
pub(super) async fn measures(connection: &mut PgConnection, id: Uuid) -> Result<Measures> {
    let row = sqlx::query!(
        r#"SELECT floor(extract(epoch FROM now() - r.wave_since) / 3600)::bigint AS "hours!", s.scored AS "scored!", s.scored_since AS "scored_since!",
            s.before, s.since, s.drifting AS "drifting!"
        FROM rollout r CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE b.score IS NOT NULL) AS scored,
                count(*) FILTER (WHERE b.score IS NOT NULL AND n.score IS NOT NULL) AS scored_since,
                avg(b.score) FILTER (WHERE n.score IS NOT NULL)::float8 AS before,
                avg(n.score) FILTER (WHERE b.score IS NOT NULL)::float8 AS since,
                count(*) FILTER (WHERE a.open > 0) AS drifting
            FROM rollout_tenant x
            LEFT JOIN alignment a ON a.tenant_id = x.tenant_id
            LEFT JOIN LATERAL (SELECT h.score FROM health_snapshot h WHERE h.tenant_id = x.tenant_id
                AND h.day < (r.wave_since AT TIME ZONE 'UTC')::date ORDER BY h.day DESC LIMIT 1) b ON true
            LEFT JOIN LATERAL (SELECT h.score FROM health_snapshot h WHERE h.tenant_id = x.tenant_id
                AND h.computed_at > r.wave_since ORDER BY h.day DESC LIMIT 1) n ON true
            WHERE x.rollout_id = r.id AND x.wave = r.wave) s
        WHERE r.id = $1"#,
        id
    )
    .fetch_one(connection)
    .await?;
    Ok(Measures {
        hours: row.hours,
        scored: row.scored,
        scored_since: row.scored_since,
        before: row.before,
        since: row.since,
        drifting: row.drifting,
        tasks: TaskRuns::default(),
    })
}

/// A tenant of the current wave that was put on the version, and when.
#[derive(Debug)]
pub(super) struct Applied {
    pub tenant: TenantId,
    pub since: DateTime<Utc>,
    pub placement: Placement,
}

/// Tenants of a wave whose task runs are looked at: more would say hardly more, and take long.
const SAMPLE: i64 = 500;

/// A sample of them, the same at every look and of no one kind, and how many they are all together.
pub(super) async fn applied(connection: &mut PgConnection, id: Uuid) -> Result<(Vec<Applied>, i64)> {
    let rows = sqlx::query!(
        r#"SELECT x.tenant_id AS "tenant: TenantId", o.finished_at AS "since!", t.placement AS "placement: Placement", count(*) OVER () AS "all!"
        FROM rollout_tenant x JOIN rollout r ON r.id = x.rollout_id JOIN tenant t ON t.id = x.tenant_id
        JOIN operation o ON o.tenant_id = x.tenant_id AND o.id = x.operation_id
        WHERE x.rollout_id = $1 AND x.wave = r.wave AND o.state = 'succeeded' AND o.finished_at IS NOT NULL
        ORDER BY md5(x.tenant_id::text) LIMIT $2"#,
        id,
        SAMPLE
    )
    .fetch_all(connection)
    .await?;
    let all = rows.first().map_or(0, |row| row.all);
    let sample = rows.into_iter().map(|row| Applied {
        tenant: row.tenant,
        since: row.since,
        placement: row.placement,
    });
    Ok((sample.collect(), all))
}

/// Runs of one tenant that were tried, and how many of them succeeded: before the wave, and since the version.
#[derive(Debug)]
pub(super) struct Runs {
    pub before: (i64, i64),
    pub since: (i64, i64),
}

/// Days before a wave of which runs count.
const DAYS: i32 = 7;
/// The newest runs of each task that are looked at on either side; the index over runs by task and time answers.
const RUNS: i64 = 500;

/// The runs of these tenants, in the tables that this transaction works on.
pub(super) async fn task_runs(
    connection: &mut PgConnection,
    tenants: &[Applied],
    wave_since: DateTime<Utc>,
) -> Result<Vec<Runs>> {
    let ids: Vec<Uuid> = tenants.iter().map(|one| one.tenant.0).collect();
    let applied: Vec<DateTime<Utc>> = tenants.iter().map(|one| one.since).collect();
    let rows = sqlx::query!(
        r#"SELECT r.before AS "before!", r.good_before AS "good_before!", r.since AS "since!", r.good_since AS "good_since!"
        FROM unnest($1::uuid[], $2::timestamptz[]) AS w (id, applied)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(b.runs), 0)::bigint AS before, coalesce(sum(b.good), 0)::bigint AS good_before,
                coalesce(sum(n.runs), 0)::bigint AS since, coalesce(sum(n.good), 0)::bigint AS good_since
            FROM task k
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE x.outcome <> 'skipped') AS runs, count(*) FILTER (WHERE x.outcome = 'succeeded') AS good
                FROM (SELECT outcome FROM task_run WHERE tenant_id = w.id AND task_id = k.id AND at < $3::timestamptz
                    AND at >= $3::timestamptz - make_interval(days => $4) ORDER BY at DESC LIMIT $5) x) b
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE x.outcome <> 'skipped') AS runs, count(*) FILTER (WHERE x.outcome = 'succeeded') AS good
                FROM (SELECT outcome FROM task_run WHERE tenant_id = w.id AND task_id = k.id AND at >= w.applied
                    ORDER BY at DESC LIMIT $5) x) n
        ) r"#,
        &ids,
        &applied,
        wave_since,
        DAYS,
        RUNS
    )
    .fetch_all(connection)
    .await?;
    let runs = rows
        .into_iter()
        .map(|row| Runs { before: (row.before, row.good_before), since: (row.since, row.good_since) });
    Ok(runs.collect())
}

/// A person goes on with the current wave: it is not paused again.
pub(super) async fn overrule(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("UPDATE rollout SET overruled_wave = wave WHERE id = $1", id).execute(connection).await?;
    Ok(())
}

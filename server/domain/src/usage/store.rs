//! SQL of usage.

use crate::error::Result;
use chrono::NaiveDate;
use model::TenantId;
use model::usage::Meter;
use sqlx::{Executor, PgConnection};

/// Serialises roll-ups of all processes ("usge" in ASCII).
const ROLLUP_LOCK: i64 = 0x7573_6765;

/// Counts in the caller's transaction, in the current hour. Call it last: the counters' rows are shared by everything
/// that the tenant does at the time, and stay locked until the commit.
pub(crate) async fn add(
    connection: &mut PgConnection,
    tenant: TenantId,
    quantities: &[(Meter, i64)],
) -> Result<()> {
    let mut quantities: Vec<_> = quantities.iter().filter(|(_, quantity)| *quantity != 0).collect();
    if quantities.is_empty() {
        return Ok(());
    }
    // One order for everybody, so that two transactions never wait for each other in a circle.
    quantities.sort_by_key(|(meter, _)| meter.as_str());
    let meters: Vec<String> = quantities.iter().map(|(meter, _)| meter.as_str().to_owned()).collect();
    let amounts: Vec<i64> = quantities.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        "INSERT INTO usage_hour AS u (tenant_id, meter, hour, quantity)
        SELECT $1, a.meter, date_trunc('hour', now(), 'UTC'), a.quantity
        FROM unnest($2::text[], $3::bigint[]) AS a (meter, quantity)
        ON CONFLICT (tenant_id, meter, hour)
        DO UPDATE SET quantity = u.quantity + excluded.quantity, touched = pg_current_xact_id()",
        tenant.0,
        &meters,
        &amounts
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn today(connection: &mut PgConnection) -> Result<NaiveDate> {
    let today = sqlx::query_scalar!(r#"SELECT (now() AT TIME ZONE 'UTC')::date AS "today!""#);
    Ok(today.fetch_one(connection).await?)
}

pub(super) async fn days(
    connection: &mut PgConnection,
    tenant: TenantId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(Meter, NaiveDate, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT meter AS "meter: Meter", day, quantity FROM usage_day
        WHERE tenant_id = $1 AND day BETWEEN $2 AND $3"#,
        tenant.0,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.meter, row.day, row.quantity)).collect())
}

pub(super) async fn before(
    connection: &mut PgConnection,
    tenant: TenantId,
    meter: Meter,
    day: NaiveDate,
) -> Result<i64> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(quantity), 0)::bigint AS "sum!" FROM usage_day
        WHERE tenant_id = $1 AND meter = $2 AND day < $3"#,
        tenant.0,
        meter.as_str(),
        day
    )
    .fetch_one(connection)
    .await?;
    Ok(sum)
}

pub(super) async fn fleet_days(
    connection: &mut PgConnection,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(Meter, NaiveDate, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT meter AS "meter: Meter", day, sum(quantity)::bigint AS "quantity!" FROM usage_day
        WHERE day BETWEEN $1 AND $2 GROUP BY day, meter"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.meter, row.day, row.quantity)).collect())
}

pub(super) async fn fleet_before(connection: &mut PgConnection, meter: Meter, day: NaiveDate) -> Result<i64> {
    let sum = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(quantity), 0)::bigint AS "sum!" FROM usage_day WHERE meter = $1 AND day < $2"#,
        meter.as_str(),
        day
    )
    .fetch_one(connection)
    .await?;
    Ok(sum)
}

/// Whether this transaction is the one that rolls up.
pub(super) async fn lock_rollup(connection: &mut PgConnection) -> Result<bool> {
    // The first run over a fleet that was loaded at once takes longer than a request may.
    connection.execute("SET LOCAL statement_timeout = '5min'").await?;
    let locked = sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "locked!""#, ROLLUP_LOCK);
    Ok(locked.fetch_one(connection).await?)
}

/// The oldest transaction that may still be running: everything before it is finished and visible to every later
/// statement. Taken before the days are recomputed.
pub(super) async fn horizon(connection: &mut PgConnection) -> Result<String> {
    let horizon = sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS "xid!""#);
    Ok(horizon.fetch_one(connection).await?)
}

/// Writes every day of which an hour was written since the last roll-up. A mark ahead of the cluster's transactions
/// comes from another cluster (a restored dump): then every day is looked at.
pub(super) async fn recompute(connection: &mut PgConnection) -> Result<u64> {
    let done = sqlx::query!(
        r#"WITH mark AS (
            SELECT CASE WHEN done_to > pg_snapshot_xmax(pg_current_snapshot()) THEN '0'::xid8 ELSE done_to END AS from_xid
            FROM rollup WHERE name = 'usage_day'
        ), touched AS (
            SELECT DISTINCT tenant_id, meter, (hour AT TIME ZONE 'UTC')::date AS day
            FROM usage_hour WHERE touched >= (SELECT from_xid FROM mark)
        )
        INSERT INTO usage_day AS d (tenant_id, meter, day, quantity)
        SELECT t.tenant_id, t.meter, t.day, sum(u.quantity)
        FROM touched t JOIN usage_hour u ON u.tenant_id = t.tenant_id AND u.meter = t.meter
            AND u.hour >= t.day::timestamp AT TIME ZONE 'UTC' AND u.hour < (t.day + 1)::timestamp AT TIME ZONE 'UTC'
        GROUP BY 1, 2, 3
        ON CONFLICT (tenant_id, meter, day) DO UPDATE SET quantity = excluded.quantity
        WHERE d.quantity <> excluded.quantity"#
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

pub(super) async fn mark(connection: &mut PgConnection, done_to: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE rollup SET done_to = $1::text::xid8, ran_at = now() WHERE name = 'usage_day'",
        done_to
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Windows of API calls that nobody asks for any more.
pub(super) async fn forget_windows(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("DELETE FROM api_window WHERE starts_at < now() - interval '1 day'")
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn now(connection: &mut PgConnection) -> Result<chrono::DateTime<chrono::Utc>> {
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(connection).await?;
    Ok(now)
}

/// The plan's name and the limits that hold with what is used of each: people and storage now, API calls of the running quarter
/// of an hour. Projects are not counted by anything yet.
pub(super) async fn allowances(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(String, Vec<model::reports::Allowance>)>> {
    use model::usage::{Limit, LimitMeter};
    let rows = sqlx::query!(
        r#"SELECT p.name, l.meter AS "meter!: LimitMeter", l.kind AS "kind!", l.hard AS "hard?", CASE l.meter
            WHEN 'users' THEN (SELECT count(*) FROM member m WHERE m.tenant_id = t.id)
            WHEN 'storage_bytes' THEN (SELECT coalesce(sum(d.quantity), 0)::bigint FROM usage_day d WHERE d.tenant_id = t.id AND d.meter = 'storage_bytes')
            WHEN 'api_calls_15min' THEN coalesce((SELECT w.used FROM api_window w WHERE w.tenant_id = t.id
                AND w.starts_at > now() - interval '15 minutes' ORDER BY w.starts_at DESC LIMIT 1), 0)::bigint
            END AS used
        FROM tenant t JOIN plan p ON p.id = t.plan_id CROSS JOIN LATERAL limits_of(t.id, t.plan_id) l WHERE t.id = $1"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    let Some(name) = rows.first().map(|row| row.name.clone()) else { return Ok(None) };
    let of = |meter: &LimitMeter| {
        rows.iter().find(|row| row.meter == *meter).map(|row| model::reports::Allowance {
            meter: *meter,
            used: row.used,
            limit: match (row.kind.as_str(), row.hard) {
                (_, Some(hard)) => Limit::Number(hard),
                ("unlimited", None) => Limit::Unlimited,
                _ => Limit::Custom,
            },
        })
    };
    Ok(Some((name, LimitMeter::ALL.iter().filter_map(of).collect())))
}

/// The tenants with most of a meter over the last `days` days: slug, name, sum.
pub(super) async fn largest(
    connection: &mut PgConnection,
    meter: Meter,
    days: i32,
    limit: i64,
) -> Result<Vec<(String, String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT t.slug, t.name, u.total AS "total!" FROM (
            SELECT tenant_id, sum(quantity)::bigint AS total FROM usage_day
            WHERE meter = $1 AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer
            GROUP BY tenant_id HAVING sum(quantity) > 0 ORDER BY total DESC, tenant_id LIMIT $3
        ) u JOIN tenant t ON t.id = u.tenant_id ORDER BY u.total DESC, t.id"#,
        meter.as_str(),
        days,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.name, row.total)).collect())
}

//! SQL of health.

use super::score::{Inputs, Score, Signal};
use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use model::health::{AtRisk, BandCount, FleetFilter, Reading, Snapshot, Weights};
use model::tenants::{Band, PlanId, Status};
use model::{TenantId, UserId};
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};

pub(super) async fn weights(connection: &mut PgConnection) -> Result<Weights> {
    let weights = sqlx::query_as!(
        Weights,
        "SELECT version, usage, adoption, support, growth, payment, security FROM health_weights ORDER BY version DESC LIMIT 1"
    )
    .fetch_one(connection)
    .await?;
    Ok(weights)
}

/// Counts what each of these tenants is judged by, with the database's day. Tenants that are not there are left out.
pub(super) async fn inputs(
    connection: &mut PgConnection,
    tenants: &[uuid::Uuid],
) -> Result<Vec<(TenantId, Inputs)>> {
    let rows = sqlx::query!(
        r#"WITH clock AS (SELECT (now() AT TIME ZONE 'UTC')::date AS today)
        SELECT t.id, clock.today - first.day AS first_day_age, coalesce(day.today, 0)::bigint AS "today!", day.active AS "active!",
            coalesce(day.last, 0)::bigint AS "last!", coalesce(day.mean, 0)::float8 AS "mean!", coalesce(day.deviation, 0)::float8 AS "deviation!",
            coalesce(day.before, 0)::bigint AS "before!", (SELECT count(*) FROM task) AS "tasks!", act.enabled AS "tasks_enabled!", act.touched AS "tasks_touched!",
            keys.live AS "keys!", keys.used AS "keys_used!",
            support.value AS "support_value?", support.detail AS "support_detail?", support.day AS "support_day?",
            payment.value AS "payment_value?", payment.detail AS "payment_detail?", payment.day AS "payment_day?",
            security.value AS "security_value?", security.detail AS "security_detail?", security.day AS "security_day?"
        FROM unnest($1::uuid[]) AS asked (id)
        JOIN tenant t ON t.id = asked.id
        CROSS JOIN clock
        LEFT JOIN LATERAL (SELECT day FROM usage_day WHERE tenant_id = t.id AND meter = 'conversations' AND quantity > 0 ORDER BY day LIMIT 1) first ON true
        CROSS JOIN LATERAL (
            SELECT sum(quantity) FILTER (WHERE day = clock.today) AS today,
                count(*) FILTER (WHERE day < clock.today AND day >= clock.today - 28 AND quantity > 0) AS active,
                sum(quantity) FILTER (WHERE day < clock.today AND day >= clock.today - 28) AS last,
                avg(quantity) FILTER (WHERE day < clock.today AND day >= clock.today - 28 AND quantity > 0) AS mean,
                stddev_pop(quantity) FILTER (WHERE day < clock.today AND day >= clock.today - 28 AND quantity > 0) AS deviation,
                sum(quantity) FILTER (WHERE day < clock.today - 28) AS before
            FROM usage_day WHERE tenant_id = t.id AND meter = 'conversations' AND day >= clock.today - 56 AND day <= clock.today) day
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE enabled) AS enabled, bool_or(NOT by_template) IS TRUE AS touched FROM activation WHERE tenant_id = t.id) act
        CROSS JOIN LATERAL (SELECT count(*) AS live, count(*) FILTER (WHERE last_used_at >= now() - interval '28 days') AS used
            FROM api_key WHERE tenant_id = t.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) keys
        LEFT JOIN LATERAL (SELECT value, detail, (observed_at AT TIME ZONE 'UTC')::date AS day FROM health_signal
            WHERE tenant_id = t.id AND dimension = 'support' AND observed_at >= now() - interval '60 days' ORDER BY observed_at DESC LIMIT 1) support ON true
        LEFT JOIN LATERAL (SELECT value, detail, (observed_at AT TIME ZONE 'UTC')::date AS day FROM health_signal
            WHERE tenant_id = t.id AND dimension = 'payment' AND observed_at >= now() - interval '60 days' ORDER BY observed_at DESC LIMIT 1) payment ON true
        LEFT JOIN LATERAL (SELECT value, detail, (observed_at AT TIME ZONE 'UTC')::date AS day FROM health_signal
            WHERE tenant_id = t.id AND dimension = 'security' AND observed_at >= now() - interval '60 days' ORDER BY observed_at DESC LIMIT 1) security ON true"#,
        tenants
    )
    .fetch_all(connection)
    .await?;
    let signal = |value: Option<i16>, detail: Option<String>, day: Option<NaiveDate>| {
        Some(Signal { value: value?, detail: detail?, day: day? })
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let inputs = Inputs {
                first_day_age: row.first_day_age.map(i64::from),
                today: row.today,
                active_days: row.active,
                last: row.last,
                mean: row.mean,
                deviation: row.deviation,
                before: row.before,
                tasks: row.tasks,
                tasks_enabled: row.tasks_enabled,
                tasks_touched: row.tasks_touched,
                keys: row.keys,
                keys_used: row.keys_used,
                support: signal(row.support_value, row.support_detail, row.support_day),
                payment: signal(row.payment_value, row.payment_detail, row.payment_day),
                security: signal(row.security_value, row.security_detail, row.security_day),
            };
            (TenantId(row.id), inputs)
        })
        .collect())
}

/// Writes today's snapshots and puts score, band and 7-day movement on the tenants, in one statement each.
pub(super) async fn save(
    connection: &mut PgConnection,
    weights: i32,
    scores: &[(TenantId, Score)],
) -> Result<()> {
    let ids: Vec<_> = scores.iter().map(|(id, _)| id.0).collect();
    let values: Vec<_> = scores.iter().map(|(_, score)| score.score).collect();
    let bands: Vec<_> = scores.iter().map(|(_, score)| score.band.as_str().to_owned()).collect();
    let inputs = scores
        .iter()
        .map(|(_, score)| serde_json::to_value(&score.readings))
        .collect::<Result<Vec<_>, _>>()?;
    sqlx::query!(
        r#"INSERT INTO health_snapshot (tenant_id, day, score, band, weights, inputs)
        SELECT id, (now() AT TIME ZONE 'UTC')::date, score, band, $2, inputs
        FROM unnest($1::uuid[], $3::smallint[], $4::text[], $5::jsonb[]) AS given (id, score, band, inputs) ORDER BY id
        ON CONFLICT (tenant_id, day) DO UPDATE
        SET score = EXCLUDED.score, band = EXCLUDED.band, weights = EXCLUDED.weights, inputs = EXCLUDED.inputs, computed_at = now()"#,
        &ids,
        weights,
        &values as &[Option<i16>],
        &bands,
        &inputs
    )
    .execute(&mut *connection)
    .await?;
    // Locked in the order of ids, so that two of these never wait for each other in a circle.
    sqlx::query!(
        r#"WITH given AS (
            SELECT g.id, g.score, g.band, week.score AS was FROM unnest($1::uuid[], $2::smallint[], $3::text[]) AS g (id, score, band)
            LEFT JOIN LATERAL (SELECT s.score FROM health_snapshot s WHERE s.tenant_id = g.id AND s.day < (now() AT TIME ZONE 'UTC')::date
                AND s.day >= (now() AT TIME ZONE 'UTC')::date - 7 ORDER BY s.day LIMIT 1) week ON true
        ), locked AS (SELECT id FROM tenant WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
        UPDATE tenant t SET health_score = given.score, health_band = given.band, health_at = now(), health_delta = given.score - given.was
        FROM given JOIN locked USING (id) WHERE t.id = given.id"#,
        &ids,
        &values as &[Option<i16>],
        &bands
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tenants in service without a snapshot of today, oldest first.
pub(super) async fn due(connection: &mut PgConnection, limit: i64) -> Result<Vec<uuid::Uuid>> {
    // Two ranges of one index: with an OR between them every tenant is looked at, each time that none is due.
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
            (SELECT id, health_at FROM tenant WHERE status IN ('trial', 'active', 'suspended', 'offboarding') AND health_at IS NULL
            ORDER BY health_at NULLS FIRST, id LIMIT $1)
            UNION ALL
            (SELECT id, health_at FROM tenant WHERE status IN ('trial', 'active', 'suspended', 'offboarding')
                AND health_at < date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
            ORDER BY health_at NULLS FIRST, id LIMIT $1)) due
        ORDER BY health_at NULLS FIRST, id LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// From which transaction to which the changes of usage are to be looked at; their days are rolled up.
pub(super) struct Span {
    from: String,
    to: String,
}

/// New tenants whose usage arrived: they do not wait for the minute.
pub(super) async fn waiting(connection: &mut PgConnection, limit: i64) -> Result<Vec<uuid::Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT t.id FROM (SELECT DISTINCT tenant_id FROM usage_hour
            WHERE touched >= (SELECT done_to FROM rollup WHERE name = 'health') AND touched < (SELECT done_to FROM rollup WHERE name = 'usage_day')) h
        JOIN tenant t ON t.id = h.tenant_id
        WHERE t.health_band = 'no_data' AND t.health_at IS NOT NULL AND t.status IN ('trial', 'active', 'suspended', 'offboarding')
        ORDER BY t.health_at, t.id LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// Claims the changes of usage since the last time, at most once a minute over all processes.
pub(super) async fn claim_touched(connection: &mut PgConnection) -> Result<Option<Span>> {
    let span = sqlx::query_as!(
        Span,
        r#"UPDATE rollup h SET ran_at = now() FROM rollup u
        WHERE h.name = 'health' AND u.name = 'usage_day' AND h.done_to < u.done_to AND (h.ran_at IS NULL OR h.ran_at < now() - interval '1 minute')
        RETURNING h.done_to::text AS "from!", u.done_to::text AS "to!""#
    )
    .fetch_optional(connection)
    .await?;
    Ok(span)
}

/// The tenants in service whose usage changed within the span.
pub(super) async fn touched(connection: &mut PgConnection, span: &Span) -> Result<Vec<uuid::Uuid>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT t.id FROM (SELECT DISTINCT tenant_id FROM usage_hour WHERE touched >= $1::text::xid8 AND touched < $2::text::xid8) h
        JOIN tenant t ON t.id = h.tenant_id
        WHERE t.status IN ('trial', 'active', 'suspended', 'offboarding') AND t.health_at IS NOT NULL ORDER BY t.id"#,
        span.from,
        span.to
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

pub(super) async fn finish_touched(connection: &mut PgConnection, span: &Span) -> Result<()> {
    sqlx::query!(
        "UPDATE rollup SET done_to = $1::text::xid8 WHERE name = 'health' AND done_to < $1::text::xid8",
        span.to
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The snapshots of one tenant from `days` ago on, oldest first.
pub(super) async fn history(
    connection: &mut PgConnection,
    tenant: TenantId,
    days: i32,
) -> Result<Vec<Snapshot>> {
    let rows = sqlx::query!(
        r#"SELECT day, score, band AS "band: Band", weights, inputs AS "inputs: Json<Vec<Reading>>", computed_at
        FROM health_snapshot WHERE tenant_id = $1 AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer ORDER BY day"#,
        tenant.0,
        days
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Snapshot {
            day: row.day,
            score: row.score,
            band: row.band,
            weights: row.weights,
            readings: row.inputs.0,
            computed_at: row.computed_at,
        })
        .collect())
}

pub(super) async fn today(connection: &mut PgConnection) -> Result<(NaiveDate, DateTime<Utc>)> {
    let row = sqlx::query!(r#"SELECT (now() AT TIME ZONE 'UTC')::date AS "day!", now() AS "now!""#)
        .fetch_one(connection)
        .await?;
    Ok((row.day, row.now))
}

/// The filter as conditions on `tenant t`. `owner` is resolved: `Some(None)` asks for tenants without one.
fn narrow(query: &mut QueryBuilder<Postgres>, filter: &FleetFilter, owner: Option<Option<UserId>>) {
    if let Some(plan) = filter.plan {
        query.push(" AND t.plan_id = ").push_bind(plan.as_str());
    }
    if let Some(region) = &filter.region {
        query.push(" AND t.region = ").push_bind(region.clone());
    }
    match owner {
        None => {}
        Some(None) => {
            query.push(" AND t.owner_id IS NULL");
        }
        Some(Some(owner)) => {
            query.push(" AND t.owner_id = ").push_bind(owner.0);
        }
    }
}

pub(super) async fn bands(
    connection: &mut PgConnection,
    filter: &FleetFilter,
    owner: Option<Option<UserId>>,
) -> Result<Vec<BandCount>> {
    let mut query = QueryBuilder::new("SELECT health_band, count(*) FROM tenant t WHERE true");
    narrow(&mut query, filter, owner);
    query.push(" GROUP BY 1");
    let rows = query.build().fetch_all(connection).await?;
    let counted = rows
        .iter()
        .map(|row| Ok((row.try_get::<Band, _>(0)?, row.try_get::<i64, _>(1)?)))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    Ok(Band::ALL
        .iter()
        .map(|band| BandCount {
            band: *band,
            tenants: counted.iter().find(|(b, _)| b == band).map_or(0, |(_, n)| *n),
        })
        .collect())
}

pub(super) struct Moved {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub score: i16,
    pub band: Band,
    pub delta: i16,
}

/// The tenants that moved most within 7 days, one way.
pub(super) async fn movers(
    connection: &mut PgConnection,
    filter: &FleetFilter,
    owner: Option<Option<UserId>>,
    falling: bool,
    limit: i64,
) -> Result<Vec<Moved>> {
    let mut query = QueryBuilder::new(
        "SELECT id, slug, name, health_score, health_band, health_delta FROM tenant t WHERE health_delta <> 0 AND health_score IS NOT NULL AND status IN ('trial', 'active', 'suspended', 'offboarding')",
    );
    query.push(if falling { " AND health_delta < 0" } else { " AND health_delta > 0" });
    narrow(&mut query, filter, owner);
    query
        .push(if falling {
            " ORDER BY health_delta, id LIMIT "
        } else {
            " ORDER BY health_delta DESC, id DESC LIMIT "
        })
        .push_bind(limit);
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Moved {
                id: row.try_get(0)?,
                slug: row.try_get(1)?,
                name: row.try_get(2)?,
                score: row.try_get(3)?,
                band: row.try_get(4)?,
                delta: row.try_get(5)?,
            })
        })
        .collect()
}

/// The snapshots of several tenants from `days` ago on, oldest first within each.
pub(super) async fn histories(
    connection: &mut PgConnection,
    tenants: &[uuid::Uuid],
    days: i32,
) -> Result<Vec<(TenantId, Snapshot)>> {
    let rows = sqlx::query!(
        r#"SELECT tenant_id, day, score, band AS "band: Band", weights, inputs AS "inputs: Json<Vec<Reading>>", computed_at
        FROM health_snapshot WHERE tenant_id = ANY ($1) AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer ORDER BY tenant_id, day"#,
        tenants,
        days
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let snapshot = Snapshot {
                day: row.day,
                score: row.score,
                band: row.band,
                weights: row.weights,
                readings: row.inputs.0,
                computed_at: row.computed_at,
            };
            (TenantId(row.tenant_id), snapshot)
        })
        .collect())
}

/// Tenants at risk or critical, worst first, after (score, id).
pub(super) async fn at_risk(
    connection: &mut PgConnection,
    filter: &FleetFilter,
    owner: Option<Option<UserId>>,
    after: Option<(i16, uuid::Uuid)>,
    limit: i64,
) -> Result<Vec<AtRisk>> {
    let mut query = QueryBuilder::new(
        "SELECT t.id, t.slug, t.name, t.status, t.plan_id, t.region, u.name AS owner, t.health_score, t.health_band, t.health_delta, s.inputs
        FROM (SELECT * FROM tenant t WHERE coalesce(t.health_score, 101::smallint) < 50 AND t.status IN ('trial', 'active', 'suspended', 'offboarding')",
    );
    narrow(&mut query, filter, owner);
    if let Some((score, id)) = after {
        query
            .push(" AND (coalesce(t.health_score, 101::smallint), t.id) > (")
            .push_bind(score)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query.push(" ORDER BY coalesce(t.health_score, 101::smallint), t.id LIMIT ").push_bind(limit);
    query.push(
        ") t LEFT JOIN user_account u ON u.id = t.owner_id
        LEFT JOIN health_snapshot s ON s.tenant_id = t.id AND s.day = (t.health_at AT TIME ZONE 'UTC')::date
        ORDER BY coalesce(t.health_score, 101::smallint), t.id",
    );
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let readings: Option<Json<Vec<Reading>>> = row.try_get("inputs")?;
            Ok(AtRisk {
                id: row.try_get("id")?,
                slug: row.try_get("slug")?,
                name: row.try_get("name")?,
                status: row.try_get::<Status, _>("status")?,
                plan: row.try_get::<PlanId, _>("plan_id")?,
                region: row.try_get("region")?,
                owner: row.try_get("owner")?,
                score: row.try_get("health_score")?,
                band: row.try_get("health_band")?,
                delta: row.try_get("health_delta")?,
                reason: readings
                    .and_then(|readings: Json<Vec<Reading>>| model::health::main_reason(&readings.0)),
            })
        })
        .collect()
}

/// Regions in use, found by skipping through the index (one look-up each, not one row each).
pub(super) async fn regions(connection: &mut PgConnection) -> Result<Vec<String>> {
    let regions = sqlx::query_scalar!(
        r#"WITH RECURSIVE seen AS (
            (SELECT region FROM tenant ORDER BY region LIMIT 1)
            UNION ALL SELECT (SELECT t.region FROM tenant t WHERE t.region > seen.region ORDER BY t.region LIMIT 1) FROM seen WHERE seen.region IS NOT NULL
        ) SELECT region AS "region!" FROM seen WHERE region IS NOT NULL LIMIT 100"#
    )
    .fetch_all(connection)
    .await?;
    Ok(regions)
}

/// People of the platform who own a tenant.
pub(super) async fn owners(connection: &mut PgConnection) -> Result<Vec<(String, String)>> {
    let owners = sqlx::query!(
        r#"SELECT u.id, u.name FROM user_account u WHERE u.platform_role IS NOT NULL AND EXISTS (SELECT FROM tenant t WHERE t.owner_id = u.id) ORDER BY u.name LIMIT 200"#
    )
    .fetch_all(connection)
    .await?;
    Ok(owners.into_iter().map(|owner| (owner.id.to_string(), owner.name)).collect())
}

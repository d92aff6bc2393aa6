//! SQL of the overview: counts read from indexes alone, lists bounded.

use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use model::health::BandCount;
use model::overview::{Attention, Concern, Counts, EACH};
use model::tenants::{Band, Stage, Status};
use sqlx::PgConnection;

pub(super) async fn now(connection: &mut PgConnection) -> Result<(NaiveDate, DateTime<Utc>)> {
    let row = sqlx::query!(r#"SELECT (now() AT TIME ZONE 'UTC')::date AS "day!", now() AS "now!""#)
        .fetch_one(connection)
        .await?;
    Ok((row.day, row.now))
}

/// One pass over the index `tenant_counts`.
pub(super) async fn counts(connection: &mut PgConnection) -> Result<Counts> {
    let rows = sqlx::query!(
        r#"SELECT stage AS "stage: Stage", status AS "status: Status", health_band AS "band: Band", count(*) AS "n!" FROM tenant GROUP BY 1, 2, 3"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let leaving_soon = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM tenant WHERE status = 'offboarding' AND grace_ends_at < now() + interval '7 days'"#)
        .fetch_one(connection)
        .await?;
    let sum = |of: &dyn Fn(Stage, Status, Band) -> bool| {
        rows.iter().filter(|r| of(r.stage, r.status, r.band)).map(|r| r.n).sum::<i64>()
    };
    Ok(Counts {
        tenants: sum(&|_, _, _| true),
        onboarding: sum(&|stage, _, _| matches!(stage, Stage::Configure | Stage::Validate | Stage::GoLive)),
        at_risk: sum(&|_, _, band| matches!(band, Band::AtRisk | Band::Critical)),
        suspended: sum(&|_, status, _| status == Status::Suspended),
        offboarding: sum(&|_, status, _| status == Status::Offboarding),
        leaving_soon,
        stages: Stage::ALL.iter().map(|of| (*of, sum(&|stage, _, _| stage == *of))).collect(),
        bands: Band::ALL
            .iter()
            .map(|of| BandCount { band: *of, tenants: sum(&|_, _, band| band == *of) })
            .collect(),
    })
}

/// Conversations of the fleet per day, from `from` on.
pub(super) async fn conversations(
    connection: &mut PgConnection,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(NaiveDate, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT day, sum(quantity)::bigint AS "n!" FROM usage_day WHERE meter = 'conversations' AND day BETWEEN $1 AND $2 GROUP BY day"#,
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.n)).collect())
}

/// The first few of each concern, the most pressing concern first; within one the oldest, or the lowest score.
pub(super) async fn attention(connection: &mut PgConnection) -> Result<Vec<Attention>> {
    let rows = sqlx::query!(
        r#"SELECT c.concern AS "concern!: Concern", c.slug AS "slug!", c.name AS "name!", c.since AS "since!", c.score, c.ends, c.said AS "said?", u.name AS "owner?" FROM (
            (SELECT 1 AS rank, 'failed' AS concern, slug, name, status_since AS since, owner_id, NULL::smallint AS score, NULL::timestamptz AS ends, NULL::text AS said
                FROM tenant WHERE status = 'failed' ORDER BY status_since LIMIT $1)
            UNION ALL (SELECT 2, 'grace_ends', slug, name, status_since, owner_id, NULL, grace_ends_at, NULL FROM tenant
                WHERE status = 'offboarding' AND grace_ends_at < now() + interval '3 days' ORDER BY grace_ends_at LIMIT $1)
            UNION ALL (SELECT 3, 'trial_over', slug, name, trial_ends_at, owner_id, NULL, NULL, NULL FROM tenant
                WHERE status = 'trial' AND trial_ends_at < now() ORDER BY trial_ends_at LIMIT $1)
            UNION ALL (SELECT 4, 'alert', t.slug, t.name, m.raised_at, t.owner_id, NULL, NULL, m.said FROM monitor m JOIN tenant t ON t.id = m.tenant_id
                WHERE m.state = 'raised' AND t.status IN ('trial', 'active') ORDER BY m.raised_at LIMIT $1)
            UNION ALL (SELECT 5, 'critical', slug, name, health_at, owner_id, health_score, NULL, NULL FROM tenant
                WHERE coalesce(health_score, 101::smallint) < 25 AND status IN ('trial', 'active', 'suspended') ORDER BY coalesce(health_score, 101::smallint), id LIMIT $1)
            UNION ALL (SELECT 6, 'overdue', slug, name, created_at, owner_id, NULL, NULL, NULL FROM tenant
                WHERE stage IN ('configure', 'validate', 'go_live') AND status IN ('trial', 'active') AND created_at < now() - interval '30 days' ORDER BY created_at LIMIT $1)
        ) c LEFT JOIN user_account u ON u.id = c.owner_id ORDER BY c.rank, c.score, coalesce(c.ends, c.since)"#,
        i64::from(EACH)
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Attention {
            why: match (row.concern, row.score, row.ends) {
                (Concern::Alert, ..) => format!("Alert: {}", row.said.unwrap_or_default()),
                (Concern::Critical, Some(score), _) => format!("{}, score {score}", row.concern.label()),
                (Concern::GraceEnds, _, Some(ends)) => {
                    format!("Grace period ends {}", ends.format("%-d %b %H:%M UTC"))
                }
                _ => row.concern.label().to_owned(),
            },
            slug: row.slug,
            name: row.name,
            concern: row.concern,
            since: row.since,
            owner: row.owner,
        })
        .collect())
}

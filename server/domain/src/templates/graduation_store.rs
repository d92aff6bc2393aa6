//! SQL of what a wave is judged by.

use crate::error::Result;
use model::templates::Measures;
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
    })
}

/// A person goes on with the current wave: it is not paused again.
pub(super) async fn overrule(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("UPDATE rollout SET overruled_wave = wave WHERE id = $1", id).execute(connection).await?;
    Ok(())
}

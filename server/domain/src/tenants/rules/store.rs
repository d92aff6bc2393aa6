//! SQL of the rules.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::tenants::Suspension;
use sqlx::PgConnection;
use uuid::Uuid;

/// Somebody for whom a rule applies.
#[derive(Debug)]
pub(super) struct Due {
    pub tenant: TenantId,
    pub since: DateTime<Utc>,
    pub what: String,
    pub scope: Suspension,
}

pub(super) async fn trials_ended(connection: &mut PgConnection, limit: i64) -> Result<Vec<Due>> {
    // The second bound follows from the first, and is the one that the index can be asked with.
    let due = sqlx::query_as!(
        Due,
        r#"SELECT t.id AS "tenant: TenantId", t.trial_ends_at AS "since!", '' AS "what!", r.scope AS "scope: Suspension"
        FROM lifecycle_rule r JOIN tenant t ON t.trial_ends_at <= now() - make_interval(days => r.days)
        WHERE r.kind = 'trial_ended' AND r.enabled AND t.status = 'trial' AND t.trial_ends_at <= now()
            AND NOT EXISTS (SELECT FROM operation o WHERE o.tenant_id = t.id AND o.kind = 'suspend'
                AND (o.state IN ('requested', 'queued', 'running', 'undoing')
                    OR o.finished_at > now() - CASE o.state WHEN 'rejected' THEN interval '1 day' ELSE interval '1 hour' END))
        ORDER BY t.trial_ends_at LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(due)
}

pub(super) async fn unpaid(connection: &mut PgConnection, limit: i64) -> Result<Vec<Due>> {
    let due = sqlx::query_as!(
        Due,
        r#"SELECT DISTINCT ON (t.id) t.id AS "tenant: TenantId", p.failed_at AS since, p.reference AS what, r.scope AS "scope: Suspension"
        FROM lifecycle_rule r JOIN payment_failure p ON p.failed_at <= now() - make_interval(days => r.days) JOIN tenant t ON t.id = p.tenant_id
        WHERE r.kind = 'payment_failure' AND r.enabled AND p.settled_at IS NULL AND t.status IN ('trial', 'active')
            AND NOT EXISTS (SELECT FROM operation o WHERE o.tenant_id = t.id AND o.kind = 'suspend'
                AND (o.state IN ('requested', 'queued', 'running', 'undoing')
                    OR o.finished_at > now() - CASE o.state WHEN 'rejected' THEN interval '1 day' ELSE interval '1 hour' END))
        ORDER BY t.id, p.failed_at LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(due)
}

/// How far a suspension for inactivity goes; none while that rule is off.
pub(super) async fn inactivity(connection: &mut PgConnection) -> Result<Option<Suspension>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT scope AS "scope: Suspension" FROM lifecycle_rule WHERE kind = 'inactivity' AND enabled"#
    )
    .fetch_optional(connection)
    .await?)
}

/// A page of the active tenants by id, each with the day of its last use where that lies 30 days back (the least that the
/// setting allows) and no suspension is on its way. The page is cut before anything is looked up: the fleet may be large.
pub(super) async fn idle(
    connection: &mut PgConnection,
    after: TenantId,
    limit: i64,
) -> Result<Vec<(TenantId, Option<DateTime<Utc>>)>> {
    let rows = sqlx::query!(
        r#"WITH page AS MATERIALIZED (
            SELECT id, created_at, status_since FROM tenant WHERE status = 'active' AND id > $1 ORDER BY id LIMIT $2
        )
        SELECT p.id, CASE WHEN last.used < now() - interval '30 days' AND NOT EXISTS (
            SELECT FROM operation o WHERE o.tenant_id = p.id AND o.kind = 'suspend'
                AND (o.state IN ('requested', 'queued', 'running', 'undoing')
                    OR o.finished_at > now() - CASE o.state WHEN 'rejected' THEN interval '1 day' ELSE interval '1 hour' END)
        ) THEN last.used END AS since
        FROM page p CROSS JOIN LATERAL (
            SELECT greatest(p.created_at, p.status_since,
                (SELECT max(u.day)::timestamptz FROM usage_day u WHERE u.tenant_id = p.id AND u.quantity > 0),
                (SELECT max(a.last_seen_at) FROM member m JOIN user_account a ON a.id = m.user_id WHERE m.tenant_id = p.id)) AS used
        ) last
        ORDER BY p.id"#,
        after.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.id), row.since)).collect())
}

pub(super) async fn trials_ending(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
) -> Result<Vec<(TenantId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"SELECT t.id, t.trial_ends_at AS "ends_at!" FROM tenant t
        WHERE t.status = 'trial' AND t.trial_ends_at > now() AND t.trial_ends_at <= now() + make_interval(days => $1)
            AND NOT EXISTS (SELECT FROM trial_notice n WHERE n.tenant_id = t.id AND n.ends_at = t.trial_ends_at)
        ORDER BY t.trial_ends_at LIMIT $2"#,
        days,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.id), row.ends_at)).collect())
}

/// Whether this notice is new: of several processes one gives it.
pub(super) async fn notice(
    connection: &mut PgConnection,
    tenant: TenantId,
    ends_at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO trial_notice (tenant_id, ends_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        tenant.0,
        ends_at
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn name(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM tenant WHERE id = $1", tenant.0)
        .fetch_optional(connection)
        .await?)
}

pub(super) async fn payment_failed(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    reference: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO payment_failure (tenant_id, id, reference) VALUES ($1, $2, $3)",
        tenant.0,
        id,
        reference
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn payment_settled(
    connection: &mut PgConnection,
    tenant: TenantId,
    reference: &str,
    how: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE payment_failure SET settled_at = now(), settled_how = $3 WHERE tenant_id = $1 AND reference = $2 AND settled_at IS NULL",
        tenant.0,
        reference,
        how
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

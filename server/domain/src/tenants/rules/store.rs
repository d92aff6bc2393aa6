//! SQL of the rules.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::rules::{LifecycleRule, Payment, RuleKind};
use model::tenants::{Status, Suspension};
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
    amount: Option<&str>,
    failed_at: Option<DateTime<Utc>>,
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO payment_failure (tenant_id, id, reference, amount, failed_at, recorded_by) VALUES ($1, $2, $3, $4, coalesce($5, now()), $6)",
        tenant.0,
        id,
        reference,
        amount,
        failed_at,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A payment that was noted, locked.
pub(super) async fn payment(
    connection: &mut PgConnection,
    tenant: TenantId,
    reference: &str,
) -> Result<Option<Payment>> {
    let row = sqlx::query_as!(
        Payment,
        "SELECT reference, amount, failed_at, recorded_by, settled_at, settled_how, settled_by FROM payment_failure
        WHERE tenant_id = $1 AND reference = $2 FOR UPDATE",
        tenant.0,
        reference
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Settles one that [`payment`] holds.
pub(super) async fn payment_settled(
    connection: &mut PgConnection,
    tenant: TenantId,
    reference: &str,
    how: &str,
    by: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE payment_failure SET settled_at = now(), settled_how = $3, settled_by = $4 WHERE tenant_id = $1 AND reference = $2",
        tenant.0,
        reference,
        how,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Open ones first, the oldest of them on top; then what is settled, the newest on top.
pub(super) async fn payments(
    connection: &mut PgConnection,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<Payment>> {
    let rows = sqlx::query_as!(
        Payment,
        "SELECT reference, amount, failed_at, recorded_by, settled_at, settled_how, settled_by FROM payment_failure WHERE tenant_id = $1
        ORDER BY settled_at IS NOT NULL, CASE WHEN settled_at IS NULL THEN failed_at END, settled_at DESC, reference LIMIT $2",
        tenant.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// What the rules look at of one tenant.
#[derive(Debug)]
pub(super) struct Standing {
    pub status: Status,
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// The oldest payment that is open.
    pub failed_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
    pub used_at: Option<DateTime<Utc>>,
    /// The state of the suspension that keeps the rules away, and until when it does where it has ended.
    pub asked: Option<String>,
    pub again_at: Option<DateTime<Utc>>,
}

pub(super) async fn standing(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<Standing>> {
    let row = sqlx::query_as!(
        Standing,
        r#"SELECT t.status AS "status!: Status", t.trial_ends_at AS "trial_ends_at?", p.failed_at AS "failed_at?", p.reference AS "reference?",
            last.used AS "used_at?", o.state AS "asked?", o.again_at AS "again_at?"
        FROM tenant t
        LEFT JOIN LATERAL (
            SELECT failed_at, reference FROM payment_failure WHERE tenant_id = t.id AND settled_at IS NULL ORDER BY failed_at LIMIT 1
        ) p ON true
        LEFT JOIN LATERAL (
            SELECT s.state, s.finished_at + CASE s.state WHEN 'rejected' THEN interval '1 day' ELSE interval '1 hour' END AS again_at
            FROM operation s WHERE s.tenant_id = t.id AND s.kind = 'suspend'
                AND (s.state IN ('requested', 'queued', 'running', 'undoing')
                    OR s.finished_at > now() - CASE s.state WHEN 'rejected' THEN interval '1 day' ELSE interval '1 hour' END)
            ORDER BY s.finished_at IS NOT NULL, again_at DESC LIMIT 1
        ) o ON true
        CROSS JOIN LATERAL (
            SELECT greatest(t.created_at, t.status_since,
                (SELECT max(u.day)::timestamptz FROM usage_day u WHERE u.tenant_id = t.id AND u.quantity > 0),
                (SELECT max(a.last_seen_at) FROM member m JOIN user_account a ON a.id = m.user_id WHERE m.tenant_id = t.id)) AS used
        ) last
        WHERE t.id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Whether a bill of it is due: open for as long as the rule waits, be the rule on or off. As [`unpaid`] asks of everybody.
pub(super) async fn bill_is_due(connection: &mut PgConnection, tenant: TenantId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM lifecycle_rule r JOIN payment_failure p ON p.failed_at <= now() - make_interval(days => r.days)
            WHERE r.kind = 'payment_failure' AND p.tenant_id = $1 AND p.settled_at IS NULL
        ) AS "due!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?)
}

/// Whether so many whole days lie behind this time.
pub(super) async fn is_idle(connection: &mut PgConnection, used: DateTime<Utc>, days: i32) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT now() - $1 >= make_interval(days => $2) AS "idle!""#, used, days)
        .fetch_one(connection)
        .await?)
}

pub(super) async fn rules(connection: &mut PgConnection) -> Result<Vec<LifecycleRule>> {
    let rows = sqlx::query_as!(
        LifecycleRule,
        r#"SELECT kind AS "kind: RuleKind", enabled, days, scope AS "scope: Suspension", version, changed_by, changed_at, reason,
            NULL::bigint AS due FROM lifecycle_rule"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// One rule, locked.
pub(super) async fn lock_rule(
    connection: &mut PgConnection,
    kind: RuleKind,
) -> Result<Option<LifecycleRule>> {
    let row = sqlx::query_as!(
        LifecycleRule,
        r#"SELECT kind AS "kind: RuleKind", enabled, days, scope AS "scope: Suspension", version, changed_by, changed_at, reason,
            NULL::bigint AS due FROM lifecycle_rule WHERE kind = $1 FOR UPDATE"#,
        kind.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Writes a rule that [`lock_rule`] holds.
pub(super) async fn set_rule(
    connection: &mut PgConnection,
    rule: &LifecycleRule,
    by: &str,
    reason: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE lifecycle_rule SET enabled = $2, days = $3, scope = $4, changed_by = $5, changed_at = now(), reason = $6,
            version = version + 1 WHERE kind = $1",
        rule.kind.as_str(),
        rule.enabled,
        rule.days,
        rule.scope.as_str(),
        by,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Trials whose days are over, whether the rule is on or off, counted up to `max`.
pub(super) async fn count_trials_ended(connection: &mut PgConnection, max: i64) -> Result<i64> {
    // The second bound as in `trials_ended`.
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
            SELECT FROM lifecycle_rule r JOIN tenant t ON t.trial_ends_at <= now() - make_interval(days => r.days)
            WHERE r.kind = 'trial_ended' AND t.status = 'trial' AND t.trial_ends_at <= now() LIMIT $1
        ) d"#,
        max
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Tenants with a payment that is open for as long as the rule waits, likewise.
pub(super) async fn count_unpaid(connection: &mut PgConnection, max: i64) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
            SELECT DISTINCT t.id FROM lifecycle_rule r
            JOIN payment_failure p ON p.failed_at <= now() - make_interval(days => r.days) AND p.settled_at IS NULL
            JOIN tenant t ON t.id = p.tenant_id
            WHERE r.kind = 'payment_failure' AND t.status IN ('trial', 'active') LIMIT $1
        ) d"#,
        max
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

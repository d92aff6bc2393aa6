//! SQL of the tenant's page head and of the moves of its life. Every change counts `version` up.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::lifecycle::{Impact, TaskCounts};
use model::tenants::{OffboardingReason, PlanId, Progress, Status, Suspension, SuspensionReason};
use model::usage::Meter;
use model::{TenantId, UserId};
use serde::Serialize;
use sqlx::PgConnection;

/// What a move is decided on; also what stands in the audit log as before and after.
#[derive(Clone, Debug, Serialize)]
pub(in crate::tenants) struct Row {
    pub slug: String,
    pub name: String,
    pub status: Status,
    pub status_since: DateTime<Utc>,
    pub status_before: Option<Status>,
    pub suspension: Option<Suspension>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub message: Option<String>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    pub plan: PlanId,
    pub support_contact: Option<String>,
    pub escalation_contact: Option<String>,
    pub configured_at: Option<DateTime<Utc>>,
    pub validated_at: Option<DateTime<Utc>>,
    pub live_at: Option<DateTime<Utc>>,
    pub version: i64,
}

/// The row, locked until the transaction ends.
pub(in crate::tenants) async fn lock(connection: &mut PgConnection, id: TenantId) -> Result<Option<Row>> {
    sqlx::query!("SELECT 1 AS one FROM tenant WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    match get(connection, id).await {
        Ok(row) => Ok(Some(row)),
        Err(crate::Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in crate::tenants) async fn get(connection: &mut PgConnection, id: TenantId) -> Result<Row> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT slug, name, status AS "status: Status", status_since, status_before AS "status_before: Status",
            suspension AS "suspension: Suspension", status_reason AS reason, status_note AS note, status_message AS message, trial_ends_at, grace_ends_at,
            plan_id AS "plan: PlanId", support_contact, escalation_contact, configured_at, validated_at, live_at, version
        FROM tenant WHERE id = $1"#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(row)
}

pub(in crate::tenants) async fn suspend(
    connection: &mut PgConnection,
    id: TenantId,
    before: Status,
    scope: Suspension,
    code: SuspensionReason,
    note: &str,
    message: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = 'suspended', status_since = now(), status_before = $2, suspension = $3,
            status_reason = $4, status_note = $5, status_message = $6, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        before.as_str(),
        scope.as_str(),
        code.as_str(),
        note,
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Of a tenant that is suspended; everything else about the suspension stays.
pub(in crate::tenants) async fn set_scope(
    connection: &mut PgConnection,
    id: TenantId,
    scope: Suspension,
    message: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET suspension = $2, status_message = $3, version = version + 1, updated_at = now()
        WHERE id = $1 AND status = 'suspended'",
        id.0,
        scope.as_str(),
        message
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Back to an ordinary status: nothing of the interruption stays.
pub(in crate::tenants) async fn resume(
    connection: &mut PgConnection,
    id: TenantId,
    to: Status,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = $2, status_since = now(), status_before = NULL, suspension = NULL, status_reason = NULL,
            status_note = NULL, status_message = NULL, grace_ends_at = NULL, interrupted = NULL, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        to.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Back to the suspension that an offboarding interrupted.
pub(in crate::tenants) async fn resume_suspension(connection: &mut PgConnection, id: TenantId) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET status = 'suspended', status_since = now(), status_before = interrupted->>'status_before',
            suspension = coalesce(interrupted->>'suspension', suspension), status_reason = interrupted->>'reason',
            status_note = interrupted->>'note',
            status_message = interrupted->>'message', grace_ends_at = NULL, interrupted = NULL,
            version = version + 1, updated_at = now() WHERE id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Without grace all access is blocked at once, whatever a suspension had left; else a suspension that there was keeps
/// biting.
pub(in crate::tenants) async fn offboard(
    connection: &mut PgConnection,
    id: TenantId,
    before: Status,
    code: OffboardingReason,
    note: &str,
    interrupted: Option<serde_json::Value>,
) -> Result<()> {
    let days = i32::try_from(code.grace_days()).unwrap_or(i32::MAX);
    sqlx::query!(
        "UPDATE tenant SET status = 'offboarding', status_since = now(), status_before = $2, status_reason = $3, status_note = $4,
            status_message = NULL, grace_ends_at = now() + make_interval(days => $5), interrupted = $6,
            suspension = CASE WHEN $5 = 0 THEN 'blocked' ELSE suspension END,
            version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        before.as_str(),
        code.as_str(),
        note,
        days,
        interrupted
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::tenants) async fn grace_over(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM tenant WHERE status = 'offboarding' AND grace_ends_at <= now() ORDER BY grace_ends_at LIMIT $1",
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

/// Whether it was so, by the database's clock.
pub(in crate::tenants) async fn end_grace(connection: &mut PgConnection, id: TenantId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE tenant SET status = 'offboarded', status_since = now(), version = version + 1, updated_at = now()
        WHERE id = $1 AND status = 'offboarding' AND grace_ends_at <= now()",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::tenants) async fn set_plan(
    connection: &mut PgConnection,
    id: TenantId,
    plan: PlanId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET plan_id = $2, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        plan.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::tenants) async fn set_contacts(
    connection: &mut PgConnection,
    id: TenantId,
    support: Option<&str>,
    escalation: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET support_contact = $2, escalation_contact = $3, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        support,
        escalation
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Milestones are facts about the list, not decisions: they do not count the version up.
pub(in crate::tenants) async fn set_milestones(
    connection: &mut PgConnection,
    id: TenantId,
    configured: bool,
    validated: bool,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET configured_at = CASE WHEN $2 THEN coalesce(configured_at, now()) END,
            validated_at = CASE WHEN $3 THEN coalesce(validated_at, now()) END WHERE id = $1",
        id.0,
        configured,
        validated
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::tenants) async fn go_live(connection: &mut PgConnection, id: TenantId) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant SET configured_at = coalesce(configured_at, now()), validated_at = coalesce(validated_at, now()),
            live_at = now(), version = version + 1, updated_at = now() WHERE id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An audit line that a stale form does not know.
pub(in crate::tenants) struct NewerChange {
    pub actor: String,
    pub action: String,
    pub at: DateTime<Utc>,
}

/// The newest change that made a version above `version`.
pub(in crate::tenants) async fn change_after(
    connection: &mut PgConnection,
    id: TenantId,
    version: i64,
) -> Result<Option<NewerChange>> {
    let change = sqlx::query_as!(
        NewerChange,
        "SELECT actor_name AS actor, action, at FROM audit_entry
        WHERE tenant_id = $1 AND result = 'done' AND jsonb_typeof(after->'version') = 'number' AND (after->>'version')::bigint > $2
        ORDER BY seq DESC LIMIT 1",
        id.0,
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(change)
}

/// Of the newest onboarding run.
pub(in crate::tenants) async fn onboarding_progress(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<Progress>> {
    let progress = sqlx::query_as!(
        Progress,
        r#"SELECT count(*) FILTER (WHERE state IN ('passed', 'waived')) AS "done!", count(*) AS "total!" FROM checklist_item
        WHERE tenant_id = $1 AND run_id = (SELECT id FROM checklist_run WHERE tenant_id = $1 AND key = 'onboarding' ORDER BY started_at DESC LIMIT 1)"#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok((progress.total > 0).then_some(progress))
}

/// Whoever made a move of a tenant.
pub(in crate::tenants) struct Mover {
    pub name: String,
    /// The server itself, by a rule.
    pub by_rule: bool,
}

/// Who made the move into the status that began at `since`.
pub(in crate::tenants) async fn moved_by(
    connection: &mut PgConnection,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> Result<Option<Mover>> {
    let mover = sqlx::query_as!(
        Mover,
        r#"SELECT actor_name AS name, actor_kind = 'system' AS "by_rule!" FROM audit_entry
        WHERE tenant_id = $1 AND at >= $2 AND action IN ('tenant.suspend', 'tenant.offboard') ORDER BY at LIMIT 1"#,
        tenant.0,
        since
    )
    .fetch_optional(connection)
    .await?;
    Ok(mover)
}

/// The score of the newest snapshot that is at least `days` old.
pub(in crate::tenants) async fn score_before(
    connection: &mut PgConnection,
    tenant: TenantId,
    days: i32,
) -> Result<Option<i16>> {
    let score = sqlx::query_scalar!(
        "SELECT score FROM health_snapshot WHERE tenant_id = $1 AND day <= current_date - $2::int ORDER BY day DESC LIMIT 1",
        tenant.0,
        days
    )
    .fetch_optional(connection)
    .await?;
    Ok(score.flatten())
}

pub(in crate::tenants) async fn user_name(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT name FROM user_account WHERE id = $1", user.0)
        .fetch_optional(connection)
        .await?)
}

/// Sums over the last `days`; of storage what is kept now. Meters without a row are zero.
pub(in crate::tenants) async fn usage_sums(
    connection: &mut PgConnection,
    tenant: TenantId,
    days: i32,
) -> Result<Vec<(Meter, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT m.id AS "meter: Meter", (coalesce((SELECT sum(quantity) FROM usage_day d WHERE d.tenant_id = $1 AND d.meter = m.id
            AND (m.id = 'storage_bytes' OR d.day > current_date - $2::int)), 0))::bigint AS "sum!"
        FROM meter m ORDER BY m.position"#,
        tenant.0,
        days
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.meter, row.sum)).collect())
}

pub(in crate::tenants) async fn task_counts(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<TaskCounts> {
    let counts = sqlx::query_as!(
        TaskCounts,
        r#"SELECT (SELECT count(*) FROM task) AS "published!",
            (SELECT count(*) FROM activation WHERE tenant_id = $1 AND enabled) AS "enabled!",
            (SELECT count(*) FROM task_override WHERE tenant_id = $1) AS "overridden!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(counts)
}

pub(in crate::tenants) async fn impact(connection: &mut PgConnection, tenant: TenantId) -> Result<Impact> {
    let impact = sqlx::query_as!(
        Impact,
        r#"SELECT (SELECT count(*) FROM member WHERE tenant_id = $1) AS "members!",
            (SELECT count(*) FROM session s JOIN member m ON m.user_id = s.user_id
                WHERE m.tenant_id = $1 AND s.revoked_at IS NULL AND s.ends_at > now() AND s.idle_until > now()) AS "sessions!",
            (SELECT count(*) FROM api_key WHERE tenant_id = $1 AND revoked_at IS NULL) AS "keys!",
            (SELECT count(*) FROM conversation WHERE tenant_id = $1) AS "conversations!",
            (SELECT count(*) FROM conversation WHERE tenant_id = $1 AND state IN ('pending', 'running')) AS "pending!",
            (SELECT count(*) FROM activation WHERE tenant_id = $1 AND enabled) AS "enabled_tasks!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(impact)
}

/// Ends the sessions of members who have no other place; says how many.
pub(in crate::tenants) async fn end_sessions(connection: &mut PgConnection, tenant: TenantId) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE session s SET revoked_at = now() FROM member m JOIN user_account u ON u.id = m.user_id
        WHERE m.tenant_id = $1 AND s.user_id = m.user_id AND s.revoked_at IS NULL AND u.platform_role IS NULL
            AND NOT EXISTS (SELECT FROM member o JOIN tenant t ON t.id = o.tenant_id
                WHERE o.user_id = m.user_id AND o.tenant_id <> $1 AND t.status IN ('trial', 'active'))",
        tenant.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// References of payments that did not come.
pub(in crate::tenants) async fn open_payments(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT reference FROM payment_failure WHERE tenant_id = $1 AND settled_at IS NULL ORDER BY failed_at",
        tenant.0
    )
    .fetch_all(connection)
    .await?)
}

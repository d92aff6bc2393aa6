//! SQL of roll-outs, and of taking an application back.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::templates::{
    Change, Effect, Part, RolloutState, RolloutTenant, Rules, TenantOutcome, VersionRef, Wave, Whom,
};
use model::tenants::Status;
use model::{OperationId, TemplateId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// What an operation applied.
pub(super) struct Done {
    pub to: VersionRef,
    pub previous: Option<VersionRef>,
    pub changed: i32,
    changes: Vec<Change>,
}

pub(super) async fn application(
    connection: &mut PgConnection,
    tenant: TenantId,
    operation: OperationId,
) -> Result<Option<Done>> {
    let row = sqlx::query!(
        r#"SELECT template_id AS "template: TemplateId", version, previous_template_id AS "previous_template: TemplateId", previous_version,
            changed, changes AS "changes: Json<Vec<Change>>"
        FROM template_application WHERE tenant_id = $1 AND operation_id = $2"#,
        tenant.0,
        operation.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Done {
        to: VersionRef { template: row.template, version: row.version },
        previous: row
            .previous_template
            .zip(row.previous_version)
            .map(|(template, version)| VersionRef { template, version }),
        changed: row.changed,
        changes: row.changes.0,
    }))
}

/// Takes back what an application did: only where the tenant is still on what it put it on, and only what nobody
/// decided about since.
pub(super) async fn take_back(
    connection: &mut PgConnection,
    tenant: TenantId,
    operation: OperationId,
    done: &Done,
) -> Result<()> {
    let added: Vec<String> = done
        .changes
        .iter()
        .filter(|change| change.part == Part::Field && change.effect == Effect::Changes)
        .map(|change| change.key.clone())
        .collect();
    let (mut keys, mut before) = (Vec::new(), Vec::new());
    for change in done.changes.iter().filter(|c| c.part == Part::Task && c.effect == Effect::Changes) {
        keys.push(change.key.clone());
        before.push(change.before.as_deref() == Some("Enabled"));
    }
    sqlx::query!(
        "DELETE FROM tenant_field WHERE tenant_id = $1 AND field_key = ANY($2::text[])",
        tenant.0,
        &added
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"UPDATE activation a SET enabled = w.enabled, changed_at = now()
        FROM unnest($2::text[], $3::bool[]) AS w (key, enabled) JOIN task k ON k.key = w.key
        WHERE a.tenant_id = $1 AND a.task_id = k.id AND a.by_template"#,
        tenant.0,
        &keys,
        &before
    )
    .execute(&mut *connection)
    .await?;
    match done.previous {
        Some(previous) => {
            sqlx::query!(
                "UPDATE tenant_template SET template_id = $4, version = $5, applied_at = now() WHERE tenant_id = $1 AND template_id = $2 AND version = $3",
                tenant.0,
                done.to.template.0,
                done.to.version,
                previous.template.0,
                previous.version
            )
            .execute(&mut *connection)
            .await?;
        }
        None => {
            sqlx::query!(
                "DELETE FROM tenant_template WHERE tenant_id = $1 AND template_id = $2 AND version = $3",
                tenant.0,
                done.to.template.0,
                done.to.version
            )
            .execute(&mut *connection)
            .await?;
            // On no template nothing is by a template, and there is nothing to be aligned to.
            sqlx::query!(
                "DELETE FROM activation WHERE tenant_id = $1 AND by_template AND NOT enabled",
                tenant.0
            )
            .execute(&mut *connection)
            .await?;
            sqlx::query!("DELETE FROM alignment WHERE tenant_id = $1", tenant.0)
                .execute(&mut *connection)
                .await?;
        }
    }
    sqlx::query!(
        "DELETE FROM template_application WHERE tenant_id = $1 AND operation_id = $2",
        tenant.0,
        operation.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A tenant that a roll-out may reach.
pub(super) struct Candidate {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub status: Status,
    /// It is on the very version.
    pub there: bool,
    /// Settings and tasks that were decided at the tenant.
    pub kept: i64,
}

/// Whom it reaches, in the order of their names; at most `limit`.
pub(super) async fn candidates(
    connection: &mut PgConnection,
    to: VersionRef,
    whom: Whom,
    listed: &[String],
    limit: i64,
) -> Result<Vec<Candidate>> {
    let rows = sqlx::query_as!(
        Candidate,
        r#"SELECT t.id AS "id: TenantId", t.slug, t.name, t.status AS "status: Status",
            coalesce(a.template_id = $1 AND a.version = $2, false) AS "there!",
            (SELECT count(*) FROM tenant_setting s WHERE s.tenant_id = t.id)
                + (SELECT count(*) FROM activation c WHERE c.tenant_id = t.id AND NOT c.by_template) AS "kept!"
        FROM tenant t LEFT JOIN tenant_template a ON a.tenant_id = t.id
        WHERE CASE $3 WHEN 'behind' THEN a.template_id = $1 AND a.version < $2
            WHEN 'without' THEN a.tenant_id IS NULL AND t.status NOT IN ('offboarded', 'purging', 'deleted')
            ELSE t.slug = ANY($4::text[]) END
        ORDER BY t.name_key, t.id LIMIT $5"#,
        to.template.0,
        to.version,
        whom.as_str(),
        listed,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// A roll-out's row.
pub(super) struct Row {
    pub id: Uuid,
    pub template: TemplateId,
    pub key: String,
    pub name: String,
    pub version: i32,
    pub version_state: model::templates::VersionState,
    pub notes: String,
    pub state: RolloutState,
    pub wave: i16,
    pub wave_since: DateTime<Utc>,
    pub hours: Option<i32>,
    pub failed: Option<i16>,
    pub drop: Option<i16>,
    pub tasks: Option<i16>,
    pub drift: bool,
    pub overruled: bool,
    pub reason: String,
    pub by: String,
    /// Whoever began it, as in the ledger; nothing of one that an older version has begun.
    pub asked_by: Option<serde_json::Value>,
    pub at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Roll-outs: one, those of a template, or those that are open; the newest first.
pub(super) async fn find(
    connection: &mut PgConnection,
    id: Option<Uuid>,
    key: Option<&str>,
    open: bool,
    limit: i64,
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT r.id, r.template_id AS "template: TemplateId", t.key, t.name, r.version, v.state AS "version_state: _", v.notes,
            r.state AS "state: RolloutState", r.wave, r.wave_since, r.graduate_hours AS hours, r.max_failed_percent AS failed, r.max_health_drop AS drop,
            r.max_task_drop AS tasks, r.no_drift AS drift, r.overruled_wave IS NOT DISTINCT FROM r.wave AS "overruled!", r.reason,
            r.created_by AS "by", r.asked_by, r.created_at AS at, r.ended_at
        FROM rollout r JOIN template t ON t.id = r.template_id
        JOIN template_version v ON v.template_id = r.template_id AND v.version = r.version
        WHERE ($1::uuid IS NULL OR r.id = $1) AND ($2::text IS NULL OR t.key = $2) AND (NOT $3 OR r.state = 'running')
        ORDER BY r.created_at DESC LIMIT $4"#,
        id,
        key,
        open,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Locks a roll-out's row until the end of the transaction; its state and wave.
pub(super) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<Option<(RolloutState, i16)>> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: RolloutState", wave FROM rollout WHERE id = $1 FOR UPDATE"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.state, row.wave)))
}

pub(super) struct New<'a> {
    pub id: Uuid,
    pub to: VersionRef,
    pub hours: Option<i32>,
    pub rules: Rules,
    pub reason: &'a str,
    pub by: &'a str,
    pub asked_by: serde_json::Value,
    pub tenants: &'a [(TenantId, u32)],
}

pub(super) async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<(), sqlx::Error> {
    let waves: Vec<i16> = new.tenants.iter().map(|(_, wave)| i16::try_from(*wave).unwrap_or(3)).collect();
    sqlx::query!(
        "INSERT INTO rollout (id, template_id, version, state, wave, waves, graduate_hours, reason, created_by, max_failed_percent, max_health_drop, no_drift,
            max_task_drop, asked_by)
        VALUES ($1, $2, $3, 'running', 1, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.id,
        new.to.template.0,
        new.to.version,
        waves.iter().max().copied().unwrap_or(1),
        new.hours,
        new.reason,
        new.by,
        new.rules.failed,
        new.rules.drop,
        new.rules.drift,
        new.rules.tasks,
        new.asked_by
    )
    .execute(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = new.tenants.iter().map(|(tenant, _)| tenant.0).collect();
    sqlx::query!(
        "INSERT INTO rollout_tenant (rollout_id, tenant_id, wave) SELECT $1, tenant, wave FROM unnest($2::uuid[], $3::smallint[]) AS w (tenant, wave)",
        new.id,
        &ids,
        &waves
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn move_to(
    connection: &mut PgConnection,
    id: Uuid,
    state: RolloutState,
    wave: i16,
) -> Result<()> {
    sqlx::query!(
        r#"UPDATE rollout SET state = $2, wave_since = CASE WHEN wave = $3 THEN wave_since ELSE now() END, wave = $3,
            ended_at = CASE WHEN $2 IN ('done', 'cancelled') THEN now() END WHERE id = $1"#,
        id,
        state.as_str(),
        wave
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Each wave in numbers. `ended` counts what never began as called off.
pub(super) async fn waves(connection: &mut PgConnection, id: Uuid) -> Result<Vec<Wave>> {
    let rows = sqlx::query_as!(
        Wave,
        r#"SELECT x.wave::int AS "wave!", count(*) AS "tenants!", count(*) FILTER (WHERE o.state = 'succeeded') AS "applied!",
            count(*) FILTER (WHERE o.state NOT IN ('succeeded', 'requested', 'queued', 'running', 'undoing', 'rejected', 'cancelled')) AS "failed!",
            count(*) FILTER (WHERE o.state IN ('rejected', 'cancelled')) AS "left_out!",
            count(*) FILTER (WHERE o.state IN ('requested', 'queued', 'running', 'undoing')) AS "running!",
            count(*) FILTER (WHERE o.state = 'requested') AS "approvals!",
            count(*) FILTER (WHERE o.id IS NULL AND r.state IN ('running', 'paused')) AS "waiting!"
        FROM rollout_tenant x JOIN rollout r ON r.id = x.rollout_id
        LEFT JOIN operation o ON o.tenant_id = x.tenant_id AND o.id = x.operation_id
        WHERE x.rollout_id = $1 GROUP BY x.wave ORDER BY x.wave"#,
        id
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Tenants of a roll-out, failures first.
pub(super) async fn tenants(
    connection: &mut PgConnection,
    id: Uuid,
    limit: i64,
) -> Result<Vec<RolloutTenant>> {
    let rows = sqlx::query_as!(
        RolloutTenant,
        r#"SELECT x.tenant_id AS "tenant: TenantId", t.slug, t.name, x.wave::int AS "wave!", x.operation_id AS "operation: OperationId", o.error,
            CASE WHEN o.id IS NULL AND r.state IN ('done', 'cancelled') OR o.state = 'cancelled' THEN 'skipped'
                WHEN o.id IS NULL THEN 'waiting' WHEN o.state = 'rejected' THEN 'rejected' WHEN o.state = 'succeeded' THEN 'applied' WHEN o.state = 'requested' THEN 'approval' WHEN o.state IN ('queued', 'running', 'undoing') THEN 'running'
                ELSE 'failed' END AS "outcome!: TenantOutcome"
        FROM rollout_tenant x JOIN rollout r ON r.id = x.rollout_id JOIN tenant t ON t.id = x.tenant_id
        LEFT JOIN operation o ON o.tenant_id = x.tenant_id AND o.id = x.operation_id
        WHERE x.rollout_id = $1
        ORDER BY (o.id IS NOT NULL AND o.state NOT IN ('succeeded', 'requested', 'queued', 'running', 'undoing', 'rejected', 'cancelled')) DESC, x.wave, t.name_key, t.id LIMIT $2"#,
        id,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

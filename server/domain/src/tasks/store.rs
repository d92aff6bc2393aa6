//! SQL of tasks. Tables of the data plane (`task_run`) are named without a schema.

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::fields::Group;
use model::page::Total;
use model::tasks::{
    Activation, EngineKind, Filters, Output, Override, RunFacts, RunOutcome, RunRow, SkipReason, Task,
    TaskVersion,
};
use model::tenants::Status;
use model::{ConversationId, RunId, TaskId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;

/// Runs per task that are counted; beyond it the card says “more than”.
const RUN_CAP: i64 = 10_000;

/// A task, its published version, and what one tenant makes of it.
pub(super) struct Row {
    pub id: TaskId,
    pub key: String,
    pub name: String,
    pub purpose: String,
    pub group: Group,
    pub version: i32,
    pub prompt: String,
    pub filters: Json<Filters>,
    pub outputs: Json<Vec<Output>>,
    pub engine: EngineKind,
    pub notes: String,
    pub published_at: DateTime<Utc>,
    pub enabled: Option<bool>,
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub own_prompt: Option<String>,
    pub own_filters: Option<Json<Filters>>,
    pub own_base: Option<i32>,
    pub own_reason: Option<String>,
    pub own_author: Option<String>,
    pub own_at: Option<DateTime<Utc>>,
    pub own_version: Option<i64>,
}

/// What a row says, in the model's words.
pub(super) struct Parts {
    pub task: Task,
    pub published: TaskVersion,
    pub activation: Activation,
    pub overriding: Option<Override>,
}

impl Row {
    pub(super) fn into_parts(self) -> Parts {
        let overriding =
            match (self.own_base, self.own_reason, self.own_author, self.own_at, self.own_version) {
                (Some(base_version), Some(reason), Some(author), Some(updated_at), Some(version)) => {
                    Some(Override {
                        prompt: self.own_prompt,
                        filters: self.own_filters.map(|filters| filters.0),
                        base_version,
                        reason,
                        author,
                        updated_at,
                        version,
                    })
                }
                _ => None,
            };
        Parts {
            task: Task {
                id: self.id,
                key: self.key,
                name: self.name,
                purpose: self.purpose,
                group: self.group,
            },
            published: TaskVersion {
                version: self.version,
                prompt: self.prompt,
                filters: self.filters.0,
                outputs: self.outputs.0,
                engine: self.engine,
                notes: self.notes,
                published_at: self.published_at,
            },
            activation: Activation {
                enabled: self.enabled.unwrap_or(false),
                changed_by: self.changed_by,
                changed_at: self.changed_at,
            },
            overriding,
        }
    }
}

/// Every task as this tenant has it, or the one with this key; in the order of the catalogue.
pub(super) async fn of_tenant(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: Option<&str>,
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT t.id AS "id: TaskId", t.key, t.name, t.purpose, t.grp AS "group: Group",
            v.version, v.prompt, v.filters AS "filters: Json<Filters>", v.outputs AS "outputs: Json<Vec<Output>>",
            v.engine AS "engine: EngineKind", v.notes, v.published_at,
            a.enabled AS "enabled?", a.changed_by AS "changed_by?", a.changed_at AS "changed_at?",
            o.prompt AS "own_prompt?", o.filters AS "own_filters?: Json<Filters>", o.base_version AS "own_base?",
            o.reason AS "own_reason?", o.author AS "own_author?", o.updated_at AS "own_at?", o.version AS "own_version?"
        FROM task t
        JOIN task_version v ON v.task_id = t.id AND v.version = t.published
        LEFT JOIN activation a ON a.tenant_id = $1 AND a.task_id = t.id
        LEFT JOIN task_override o ON o.tenant_id = $1 AND o.task_id = t.id
        WHERE $2::text IS NULL OR t.key = $2
        ORDER BY t.position, t.key"#,
        tenant.0,
        key
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// One version that was published at some time.
pub(super) async fn version(
    connection: &mut PgConnection,
    task: TaskId,
    version: i32,
) -> Result<Option<TaskVersion>> {
    let row = sqlx::query!(
        r#"SELECT version, prompt, filters AS "filters: Json<Filters>", outputs AS "outputs: Json<Vec<Output>>",
            engine AS "engine: EngineKind", notes, published_at
        FROM task_version WHERE task_id = $1 AND version = $2"#,
        task.0,
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| TaskVersion {
        version: row.version,
        prompt: row.prompt,
        filters: row.filters.0,
        outputs: row.outputs.0,
        engine: row.engine,
        notes: row.notes,
        published_at: row.published_at,
    }))
}

/// Runs of the last 30 days per task, the newest [`RUN_CAP`] of each.
pub(super) async fn run_facts(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<HashMap<TaskId, RunFacts>> {
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id: TaskId", r.seen AS "seen!", r.skipped AS "skipped!", r.failed AS "failed!", l.at AS "last_at?", l.failed AS "last_failed?"
        FROM task t
        CROSS JOIN LATERAL (
            SELECT count(*) AS seen, count(*) FILTER (WHERE outcome = 'skipped') AS skipped, count(*) FILTER (WHERE outcome = 'failed') AS failed
            FROM (SELECT outcome FROM task_run
                  WHERE tenant_id = $1 AND task_id = t.id AND at > now() - interval '30 days'
                  ORDER BY at DESC LIMIT $2) newest) r
        LEFT JOIN LATERAL (
            SELECT at, outcome = 'failed' AS failed FROM task_run
            WHERE tenant_id = $1 AND task_id = t.id AND at > now() - interval '30 days' AND outcome <> 'skipped'
            ORDER BY at DESC LIMIT 1) l ON true"#,
        tenant.0,
        RUN_CAP + 1
    )
    .fetch_all(connection)
    .await?;
    let facts = rows.into_iter().map(|row| {
        let counted = row.seen - row.skipped;
        let runs = if row.seen > RUN_CAP { Total::AtLeast(counted - 1) } else { Total::Exact(counted) };
        let facts = RunFacts {
            runs,
            counted,
            failed: row.failed,
            skipped: row.skipped,
            last_at: row.last_at,
            last_failed: row.last_failed.unwrap_or(false),
        };
        (row.id, facts)
    });
    Ok(facts.collect())
}

/// The newest runs of one task, skips included: they are what people ask about.
pub(super) async fn runs(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
    limit: i64,
) -> Result<Vec<RunRow>> {
    let rows = sqlx::query_as!(
        RunRow,
        r#"SELECT r.id AS "id: RunId", r.conversation_id AS "conversation: ConversationId", c.external_id, r.at, r.task_version AS version,
            r.overridden, r.outcome AS "outcome: RunOutcome", r.skip_reason AS "skip_reason: SkipReason", r.error, r.duration_us
        FROM task_run r JOIN conversation c ON c.tenant_id = r.tenant_id AND c.id = r.conversation_id
        WHERE r.tenant_id = $1 AND r.task_id = $2
        ORDER BY r.at DESC LIMIT $3"#,
        tenant.0,
        task.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

pub(super) async fn status(connection: &mut PgConnection, tenant: TenantId) -> Result<Status> {
    sqlx::query_scalar!(r#"SELECT status AS "status: Status" FROM tenant WHERE id = $1"#, tenant.0)
        .fetch_optional(connection)
        .await?
        .ok_or(Error::NotFound)
}

/// Locks nothing where nobody decided yet: the upsert of [`activate`] settles that race.
pub(super) async fn lock_activation(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
) -> Result<bool> {
    let enabled = sqlx::query_scalar!(
        "SELECT enabled FROM activation WHERE tenant_id = $1 AND task_id = $2 FOR UPDATE",
        tenant.0,
        task.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(enabled.unwrap_or(false))
}

pub(super) async fn activate(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
    enabled: bool,
    by: &str,
) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO activation (tenant_id, task_id, enabled, changed_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, task_id) DO UPDATE SET enabled = $3, changed_by = $4, changed_at = now(), by_template = false"#,
        tenant.0,
        task.0,
        enabled,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The override, locked until the end of the transaction.
pub(super) async fn lock_override(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
) -> Result<Option<Override>> {
    let row = sqlx::query!(
        r#"SELECT prompt, filters AS "filters?: Json<Filters>", base_version, reason, author, updated_at, version
        FROM task_override WHERE tenant_id = $1 AND task_id = $2 FOR UPDATE"#,
        tenant.0,
        task.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Override {
        prompt: row.prompt,
        filters: row.filters.map(|filters| filters.0),
        base_version: row.base_version,
        reason: row.reason,
        author: row.author,
        updated_at: row.updated_at,
        version: row.version,
    }))
}

/// Writes the first override; `false` when somebody was quicker.
pub(super) async fn insert_override(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
    new: &Override,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"INSERT INTO task_override (tenant_id, task_id, prompt, filters, base_version, reason, author)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, task_id) DO NOTHING"#,
        tenant.0,
        task.0,
        new.prompt,
        new.filters.as_ref().map(Json) as _,
        new.base_version,
        new.reason,
        new.author
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the override that [`lock_override`] holds.
pub(super) async fn update_override(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
    new: &Override,
) -> Result<()> {
    sqlx::query!(
        r#"UPDATE task_override SET prompt = $3, filters = $4, base_version = $5, reason = $6, author = $7,
            updated_at = now(), version = version + 1
        WHERE tenant_id = $1 AND task_id = $2"#,
        tenant.0,
        task.0,
        new.prompt,
        new.filters.as_ref().map(Json) as _,
        new.base_version,
        new.reason,
        new.author
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete_override(
    connection: &mut PgConnection,
    tenant: TenantId,
    task: TaskId,
) -> Result<()> {
    sqlx::query!("DELETE FROM task_override WHERE tenant_id = $1 AND task_id = $2", tenant.0, task.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The task of a key with its published version, locked against another publication.
pub(super) async fn lock_task(connection: &mut PgConnection, key: &str) -> Result<Option<(TaskId, i32)>> {
    let row =
        sqlx::query!(r#"SELECT id AS "id: TaskId", published FROM task WHERE key = $1 FOR UPDATE"#, key)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|row| (row.id, row.published)))
}

pub(super) async fn publish(connection: &mut PgConnection, task: TaskId, new: &TaskVersion) -> Result<()> {
    sqlx::query!(
        "INSERT INTO task_version (task_id, version, prompt, filters, outputs, engine, notes) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        task.0,
        new.version,
        new.prompt,
        Json(&new.filters) as _,
        Json(&new.outputs) as _,
        new.engine as _,
        new.notes
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("UPDATE task SET published = $2 WHERE id = $1", task.0, new.version)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many tenants keep an override of this task.
pub(super) async fn overrides_of(connection: &mut PgConnection, task: TaskId) -> Result<i64> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM task_override WHERE task_id = $1"#, task.0)
            .fetch_one(connection)
            .await?;
    Ok(count)
}

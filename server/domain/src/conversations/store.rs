//! SQL of conversations. Data-plane tables are named without a schema: a dedicated tenant has its own.

use super::Prepared;
use crate::error::Result;
use model::conversations::{
    Channel, Conversation, ConversationRow, FieldValue, RunOutcome, SkipReason, State, TaskRun, Turn,
};
use model::{ConversationId, RunId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

pub(super) struct Stored {
    pub rows: i64,
    pub bytes: i64,
}

/// Stores a batch; what is there under the same external id stays as it is.
pub(super) async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    ids: &[Uuid],
    batch: &[Prepared],
) -> Result<Stored> {
    let external_ids: Vec<&str> = batch.iter().map(|c| c.external_id.as_str()).collect();
    let channels: Vec<&str> = batch.iter().map(|c| c.channel.as_str()).collect();
    let languages: Vec<Option<&str>> = batch.iter().map(|c| c.language.as_deref()).collect();
    let started: Vec<_> = batch.iter().map(|c| c.started_at).collect();
    let turns: Vec<&str> = batch.iter().map(|c| c.turns.as_str()).collect();
    let counts: Vec<i32> = batch.iter().map(|c| c.turn_count).collect();
    let sizes: Vec<i32> = batch.iter().map(|c| i32::try_from(c.turns.len()).unwrap_or(i32::MAX)).collect();
    let stored = sqlx::query_as!(
        Stored,
        r#"WITH stored AS (
            INSERT INTO conversation (tenant_id, id, external_id, channel, language, started_at, turns, turn_count, bytes)
            SELECT $1, n.id, n.external_id, n.channel, n.language, coalesce(n.started_at, now()), n.turns::jsonb, n.turn_count, n.bytes
            FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::int[], $9::int[])
                AS n (id, external_id, channel, language, started_at, turns, turn_count, bytes)
            ON CONFLICT ON CONSTRAINT conversation_external_id_key DO NOTHING
            RETURNING bytes
        )
        SELECT count(*) AS "rows!", coalesce(sum(bytes), 0)::bigint AS "bytes!" FROM stored"#,
        tenant.0,
        ids,
        external_ids as Vec<&str>,
        channels as Vec<&str>,
        languages as Vec<Option<&str>>,
        started as Vec<Option<chrono::DateTime<chrono::Utc>>>,
        turns as Vec<&str>,
        &counts,
        &sizes
    )
    .fetch_one(connection)
    .await?;
    Ok(stored)
}

/// Line and id of those that are stored with another content than they have here.
pub(super) async fn otherwise(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: &[Prepared],
) -> Result<Vec<(i64, String)>> {
    let lines: Vec<i64> = batch.iter().map(|c| c.line).collect();
    let external_ids: Vec<&str> = batch.iter().map(|c| c.external_id.as_str()).collect();
    let channels: Vec<&str> = batch.iter().map(|c| c.channel.as_str()).collect();
    let languages: Vec<Option<&str>> = batch.iter().map(|c| c.language.as_deref()).collect();
    let started: Vec<_> = batch.iter().map(|c| c.started_at).collect();
    let turns: Vec<&str> = batch.iter().map(|c| c.turns.as_str()).collect();
    let rows = sqlx::query!(
        r#"SELECT n.line AS "line!", n.external_id AS "external_id!"
        FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
            AS n (line, external_id, channel, language, started_at, turns)
        JOIN conversation c ON c.tenant_id = $1 AND c.external_id = n.external_id
        WHERE c.channel <> n.channel OR c.language IS DISTINCT FROM n.language
            OR c.started_at <> coalesce(n.started_at, c.started_at) OR c.turns <> n.turns::jsonb"#,
        tenant.0,
        &lines,
        external_ids as Vec<&str>,
        channels as Vec<&str>,
        languages as Vec<Option<&str>>,
        started as Vec<Option<chrono::DateTime<chrono::Utc>>>,
        turns as Vec<&str>
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.line, row.external_id)).collect())
}

pub(super) async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    state: Option<State>,
    after: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<ConversationRow>> {
    let after = after.map_or(Uuid::max(), |id| id.0);
    let rows = sqlx::query_as!(
        ConversationRow,
        r#"SELECT id AS "id: ConversationId", external_id, channel AS "channel: Channel", language, started_at, received_at,
            turn_count, state AS "state: State", processed_at
        FROM conversation WHERE tenant_id = $1 AND id < $2 AND ($3::text IS NULL OR state = $3)
        ORDER BY id DESC LIMIT $4"#,
        tenant.0,
        after,
        state.map(State::as_str),
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Without values and runs.
pub(super) async fn get(
    connection: &mut PgConnection,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<Conversation>> {
    let found = sqlx::query!(
        r#"SELECT id AS "id: ConversationId", external_id, channel AS "channel: Channel", language, started_at, received_at,
            turn_count, state AS "state: State", processed_at, attempts, error, turns AS "turns: Json<Vec<Turn>>"
        FROM conversation WHERE tenant_id = $1 AND external_id = $2"#,
        tenant.0,
        external_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|c| Conversation {
        row: ConversationRow {
            id: c.id,
            external_id: c.external_id,
            channel: c.channel,
            language: c.language,
            started_at: c.started_at,
            received_at: c.received_at,
            turn_count: c.turn_count,
            state: c.state,
            processed_at: c.processed_at,
        },
        attempts: c.attempts,
        error: c.error,
        turns: c.turns.0,
        values: Vec::new(),
        runs: Vec::new(),
    }))
}

pub(super) async fn values(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: ConversationId,
) -> Result<Vec<FieldValue>> {
    let values = sqlx::query_as!(
        FieldValue,
        r#"SELECT v.field_key AS field, v.value, v.explanation, v.confidence, v.run_id AS "run: RunId", v.at
        FROM field_value v JOIN field f ON f.key = v.field_key
        WHERE v.tenant_id = $1 AND v.conversation_id = $2 ORDER BY f.position"#,
        tenant.0,
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(values)
}

pub(super) async fn runs(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: ConversationId,
) -> Result<Vec<TaskRun>> {
    let runs = sqlx::query_as!(
        TaskRun,
        r#"SELECT r.id AS "id: RunId", t.key AS task, r.task_version, r.overridden, r.outcome AS "outcome: RunOutcome",
            r.skip_reason AS "skip_reason: SkipReason", r.error, r.at, r.duration_us, r.input_tokens, r.output_tokens
        FROM task_run r JOIN task t ON t.id = r.task_id
        WHERE r.tenant_id = $1 AND r.conversation_id = $2 ORDER BY t.position, r.at"#,
        tenant.0,
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(runs)
}

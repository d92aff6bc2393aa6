//! SQL of the pipeline.

use super::work::{Ending, TaskResult};
use crate::error::Result;
use model::conversations::{Channel, RunOutcome, Turn};
use model::tenants::Status;
use model::{ConversationId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A conversation that is ours until its lease ends.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub tenant: TenantId,
    pub id: ConversationId,
    pub channel: Channel,
    pub language: Option<String>,
    /// This attempt included. It is the fence: another claim has another number.
    pub attempts: i16,
    /// A worker had it before and did not come back: it is worked on last and alone, or it takes others along.
    pub alone: bool,
    pub turns: Vec<Turn>,
}

/// A conversation with what was found.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub claimed: Claimed,
    pub results: Vec<TaskResult>,
}

/// Leases up to `total` conversations, up to `each` of a tenant, in the order of the tenants' ids from the one after
/// `after`. Tenants are found by skipping through the index, so that a long queue of one costs nothing; locked
/// rows belong to another worker and are passed over. Of those whose worker died (still `running`, and the lease is over)
/// one is leased at a time: nobody knows which of them it died of, and the next death must tell.
pub(super) async fn claim(
    connection: &mut PgConnection,
    after: Uuid,
    total: i64,
    each: i64,
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE waiting (tenant_id) AS (
            (SELECT tenant_id FROM conversation
                WHERE state IN ('pending', 'running') AND tenant_id > $1 ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT c.tenant_id FROM conversation c
                WHERE c.state IN ('pending', 'running') AND c.tenant_id > w.tenant_id ORDER BY c.tenant_id LIMIT 1)
            FROM waiting w WHERE w.tenant_id IS NOT NULL
        ), due AS (
            SELECT d.tenant_id, d.id, d.suspect FROM waiting w
            CROSS JOIN LATERAL (SELECT FROM tenant t WHERE t.id = w.tenant_id AND t.status IN ('trial', 'active') LIMIT 1) eligible
            CROSS JOIN LATERAL (
                SELECT c.tenant_id, c.id, c.state = 'running' AS suspect FROM conversation c
                WHERE c.tenant_id = w.tenant_id AND c.state IN ('pending', 'running')
                    AND (c.lease_until IS NULL OR c.lease_until < now())
                ORDER BY c.id LIMIT $3 FOR UPDATE SKIP LOCKED
            ) d
            LIMIT $2
        ), mine AS (
            SELECT tenant_id, id, suspect FROM due WHERE NOT suspect
            UNION ALL
            (SELECT tenant_id, id, suspect FROM due WHERE suspect ORDER BY tenant_id, id LIMIT 1)
        )
        UPDATE conversation c
        SET state = 'running', attempts = c.attempts + 1, lease_until = clock_timestamp() + interval '60 s'
        FROM mine WHERE c.tenant_id = mine.tenant_id AND c.id = mine.id
        RETURNING c.tenant_id AS "tenant: TenantId", c.id AS "id: ConversationId", c.channel AS "channel: Channel", c.language,
            c.attempts, mine.suspect AS "alone!", c.turns AS "turns: Json<Vec<Turn>>""#,
        after,
        total,
        each
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            tenant: row.tenant,
            id: row.id,
            channel: row.channel,
            language: row.language,
            attempts: row.attempts,
            alone: row.alone,
            turns: row.turns.0,
        })
        .collect())
}

/// Tenants in service with schemas of their own, in the order of their ids.
pub(super) async fn dedicated(
    connection: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM tenant WHERE placement = 'dedicated' AND status IN ('trial', 'active') AND id > $1 ORDER BY id LIMIT $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

/// Those of them with conversations to do. The schemas are named by the tenants' ids: the text is made of hexadecimal
/// digits only.
pub(super) async fn waiting(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<Vec<TenantId>> {
    if tenants.is_empty() {
        return Ok(vec![]);
    }
    let looks: Vec<String> = tenants
        .iter()
        .map(|tenant| {
            format!(
                "SELECT '{tenant}'::uuid WHERE EXISTS (SELECT FROM t_{}.conversation WHERE state IN ('pending', 'running'))",
                tenant.0.simple()
            )
        })
        .collect();
    let ids: Vec<Uuid> = sqlx::query_scalar(sqlx::AssertSqlSafe(looks.join(" UNION ALL ")))
        .persistent(false)
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

/// Of the tenant whose rows this transaction sees.
pub(super) async fn status(connection: &mut PgConnection) -> Result<Option<Status>> {
    let status = sqlx::query_scalar!(r#"SELECT status AS "status: Status" FROM tenant"#);
    Ok(status.fetch_optional(connection).await?)
}

/// Takes a claim back as if it had not been made.
pub(super) async fn put_back(connection: &mut PgConnection, claimed: &Claimed) -> Result<()> {
    sqlx::query!(
        "UPDATE conversation SET state = 'pending', attempts = attempts - 1, lease_until = NULL
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'",
        claimed.tenant.0,
        claimed.id.0,
        claimed.attempts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a failed attempt, if the claim is still ours. The next one waits longer after each.
pub(super) async fn give_back(
    connection: &mut PgConnection,
    claimed: &Claimed,
    park: bool,
    why: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE conversation SET state = CASE WHEN $4 THEN 'parked' ELSE 'pending' END, error = left($5, 2000),
            lease_until = CASE WHEN $4 THEN NULL ELSE clock_timestamp() + attempts * interval '2 s' END,
            processed_at = CASE WHEN $4 THEN now() END
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'",
        claimed.tenant.0,
        claimed.id.0,
        claimed.attempts,
        park,
        why
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

/// Marks as done what is still ours, and answers which those are.
pub(super) async fn done(
    connection: &mut PgConnection,
    tenant: TenantId,
    finished: &[Finished],
) -> Result<Vec<ConversationId>> {
    let ids: Vec<Uuid> = finished.iter().map(|f| f.claimed.id.0).collect();
    let attempts: Vec<i16> = finished.iter().map(|f| f.claimed.attempts).collect();
    let done = sqlx::query_scalar!(
        r#"UPDATE conversation c SET state = 'done', lease_until = NULL, error = NULL, processed_at = now()
        FROM unnest($2::uuid[], $3::smallint[]) AS mine (id, attempts)
        WHERE c.tenant_id = $1 AND c.id = mine.id AND c.attempts = mine.attempts AND c.state = 'running'
        RETURNING c.id AS "id: ConversationId""#,
        tenant.0,
        &ids,
        &attempts
    )
    .fetch_all(connection)
    .await?;
    Ok(done)
}

pub(super) async fn insert_runs(
    connection: &mut PgConnection,
    tenant: TenantId,
    finished: &[&Finished],
) -> Result<()> {
    let runs: Vec<(&Finished, &TaskResult)> =
        finished.iter().flat_map(|f| f.results.iter().map(move |result| (*f, result))).collect();
    if runs.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = runs.iter().map(|(_, r)| r.id.0).collect();
    let conversations: Vec<Uuid> = runs.iter().map(|(f, _)| f.claimed.id.0).collect();
    let tasks: Vec<Uuid> = runs.iter().map(|(_, r)| r.task).collect();
    let versions: Vec<i32> = runs.iter().map(|(_, r)| r.version).collect();
    let overridden: Vec<bool> = runs.iter().map(|(_, r)| r.overridden).collect();
    let endings = runs.iter().map(|(_, r)| match &r.ending {
        Ending::Succeeded(_) => (RunOutcome::Succeeded, None, None),
        Ending::Skipped(reason) => (RunOutcome::Skipped, Some(reason.as_str()), None),
        Ending::Failed(why) => (RunOutcome::Failed, None, Some(why.as_str())),
    });
    let (mut outcomes, mut reasons, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (outcome, reason, error) in endings {
        outcomes.push(outcome.as_str());
        reasons.push(reason);
        errors.push(error);
    }
    let durations: Vec<i64> = runs.iter().map(|(_, r)| r.duration_us).collect();
    let input: Vec<i32> = runs.iter().map(|(_, r)| r.input_tokens).collect();
    let output: Vec<i32> = runs.iter().map(|(_, r)| r.output_tokens).collect();
    sqlx::query!(
        "INSERT INTO task_run (tenant_id, id, conversation_id, task_id, task_version, overridden, outcome, skip_reason, error,
            duration_us, input_tokens, output_tokens)
        SELECT $1, r.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::bool[], $7::text[], $8::text[], $9::text[],
            $10::bigint[], $11::int[], $12::int[]) AS r",
        tenant.0,
        &ids,
        &conversations,
        &tasks,
        &versions,
        &overridden,
        outcomes as Vec<&str>,
        reasons as Vec<Option<&str>>,
        errors as Vec<Option<&str>>,
        &durations,
        &input,
        &output
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where two tasks write one field, the later one in the catalogue has the last word.
pub(super) async fn upsert_values(
    connection: &mut PgConnection,
    tenant: TenantId,
    finished: &[&Finished],
) -> Result<()> {
    let mut rows = std::collections::BTreeMap::new();
    for one in finished {
        for result in &one.results {
            if let Ending::Succeeded(values) = &result.ending {
                for value in values {
                    rows.insert((one.claimed.id.0, value.field.as_str()), (value, result.id.0));
                }
            }
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let conversations: Vec<Uuid> = rows.keys().map(|(id, _)| *id).collect();
    let fields: Vec<&str> = rows.keys().map(|(_, field)| *field).collect();
    let values: Vec<String> = rows.values().map(|(value, _)| value.value.to_string()).collect();
    let explanations: Vec<&str> = rows.values().map(|(value, _)| value.explanation.as_str()).collect();
    let confidences: Vec<f32> = rows.values().map(|(value, _)| value.confidence).collect();
    let runs: Vec<Uuid> = rows.values().map(|(_, run)| *run).collect();
    sqlx::query!(
        "INSERT INTO field_value (tenant_id, conversation_id, field_key, value, explanation, confidence, run_id)
        SELECT $1, v.conversation_id, v.field_key, v.value::jsonb, v.explanation, v.confidence, v.run_id
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::real[], $7::uuid[])
            AS v (conversation_id, field_key, value, explanation, confidence, run_id)
        ON CONFLICT (tenant_id, conversation_id, field_key) DO UPDATE SET value = excluded.value,
            explanation = excluded.explanation, confidence = excluded.confidence, run_id = excluded.run_id, at = now()",
        tenant.0,
        &conversations,
        fields as Vec<&str>,
        &values,
        explanations as Vec<&str>,
        &confidences,
        &runs
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes one conversation, by the id that its sender gave it, out of the queue for as long as a smoke test may last.
pub(super) async fn take(
    connection: &mut PgConnection,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<Claimed>> {
    let row = sqlx::query!(
        r#"UPDATE conversation SET state = 'running', attempts = attempts + 1, lease_until = clock_timestamp() + interval '10 minutes'
        WHERE tenant_id = $1 AND external_id = $2 RETURNING id AS "id: ConversationId", channel AS "channel: Channel", language, attempts"#,
        tenant.0,
        external_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Claimed {
        tenant,
        id: row.id,
        channel: row.channel,
        language: row.language,
        attempts: row.attempts,
        alone: false,
        turns: vec![],
    }))
}

/// How many values were written about a conversation.
pub(super) async fn values_of(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: ConversationId,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM field_value WHERE tenant_id = $1 AND conversation_id = $2"#,
        tenant.0,
        id.0
    )
    .fetch_one(connection)
    .await?)
}

/// Removes a conversation by the id that its sender gave it, with its runs and values.
pub(super) async fn forget(connection: &mut PgConnection, tenant: TenantId, external_id: &str) -> Result<()> {
    sqlx::query!("DELETE FROM conversation WHERE tenant_id = $1 AND external_id = $2", tenant.0, external_id)
        .execute(connection)
        .await?;
    Ok(())
}

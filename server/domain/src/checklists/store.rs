//! SQL of checklists.

use super::probes::{Facts, Known};
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::checklists::{Checklist, Evidence, Item, ItemState, ListKey, ProvedBy, Step};
use model::tenants::{Status, Suspension};
use model::{RunId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// A run with an open item for each of its steps, for tenants without an open one: of the version that the tenant's
/// template names, or of the newest definition where it names none.
pub(super) async fn start(connection: &mut PgConnection, key: ListKey, tenants: &[TenantId]) -> Result<u64> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let started = sqlx::query_scalar!(
        r#"WITH asked AS (
            SELECT x.t AS tenant_id, coalesce(
                (SELECT max((c->>'version')::int) FROM tenant_template a
                    JOIN template_version v ON v.template_id = a.template_id AND v.version = a.version
                    CROSS JOIN LATERAL jsonb_array_elements(v.bundle->'checklists') AS c
                    WHERE a.tenant_id = x.t AND c->>'key' = $1),
                (SELECT max(version) FROM checklist WHERE key = $1)) AS version
            FROM unnest($2::uuid[]) AS x (t)
        ),
        run AS (
            INSERT INTO checklist_run (tenant_id, id, key, version)
            SELECT tenant_id, gen_random_uuid(), $1, version FROM asked
            ON CONFLICT (tenant_id, key) WHERE ended_at IS NULL DO NOTHING
            RETURNING tenant_id, id, version
        ),
        item AS (
            INSERT INTO checklist_item (tenant_id, run_id, step)
            SELECT run.tenant_id, run.id, s->>'key' FROM run JOIN checklist l ON l.key = $1 AND l.version = run.version
            CROSS JOIN LATERAL jsonb_array_elements(l.steps) AS s
        )
        SELECT count(*) AS "started!" FROM run"#,
        key.as_str(),
        &ids
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(started).unwrap_or_default())
}

pub(super) async fn end(connection: &mut PgConnection, key: ListKey, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "UPDATE checklist_run SET ended_at = now() WHERE tenant_id = $1 AND key = $2 AND ended_at IS NULL",
        tenant.0,
        key.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps others from deciding on the tenant's open runs until the transaction ends.
pub(super) async fn lock_runs(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "SELECT id FROM checklist_run WHERE tenant_id = $1 AND ended_at IS NULL ORDER BY id FOR UPDATE",
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

struct RunRow {
    tenant_id: Uuid,
    id: Uuid,
    key: ListKey,
    title: String,
    version: i32,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    swept_at: Option<DateTime<Utc>>,
    steps: Json<Vec<Step>>,
}

struct ItemRow {
    run_id: Uuid,
    step: String,
    state: ItemState,
    proved_by: Option<ProvedBy>,
    by_name: Option<String>,
    note: Option<String>,
    evidence: Option<Json<Evidence>>,
    checked_at: Option<DateTime<Utc>>,
}

/// The newest run of each list of these tenants; `open` ones only, if asked.
pub(super) async fn runs(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    key: Option<ListKey>,
    open: bool,
) -> Result<Vec<(TenantId, Checklist)>> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let runs = sqlx::query_as!(
        RunRow,
        r#"SELECT DISTINCT ON (r.tenant_id, r.key) r.tenant_id, r.id, r.key AS "key: ListKey", c.title, r.version, r.started_at,
            r.ended_at, r.swept_at, c.steps AS "steps: Json<Vec<Step>>"
        FROM checklist_run r JOIN checklist c ON c.key = r.key AND c.version = r.version
        WHERE r.tenant_id = ANY ($1) AND ($2::text IS NULL OR r.key = $2) AND (NOT $3 OR r.ended_at IS NULL)
        ORDER BY r.tenant_id, r.key, r.started_at DESC"#,
        &ids,
        key.map(ListKey::as_str),
        open
    )
    .fetch_all(&mut *connection)
    .await?;
    let run_ids: Vec<Uuid> = runs.iter().map(|run| run.id).collect();
    let mut items = sqlx::query_as!(
        ItemRow,
        r#"SELECT run_id, step, state AS "state: ItemState", proved_by AS "proved_by: ProvedBy", by_name, note,
            evidence AS "evidence: Json<Evidence>", checked_at
        FROM checklist_item WHERE tenant_id = ANY ($1) AND run_id = ANY ($2)"#,
        &ids,
        &run_ids
    )
    .fetch_all(connection)
    .await?;
    Ok(runs.into_iter().map(|run| assemble(run, &mut items)).collect())
}

/// The steps in the order of their definition, each with its row.
fn assemble(run: RunRow, rows: &mut Vec<ItemRow>) -> (TenantId, Checklist) {
    let mut item = |step: Step| {
        let at = rows.iter().position(|row| row.run_id == run.id && row.step == step.key);
        match at.map(|at| rows.swap_remove(at)) {
            Some(row) => Item {
                step,
                state: row.state,
                proved_by: row.proved_by,
                by_name: row.by_name,
                note: row.note,
                evidence: row.evidence.map(|json| json.0).unwrap_or_default(),
                checked_at: row.checked_at,
            },
            None => Item {
                step,
                state: ItemState::Open,
                proved_by: None,
                by_name: None,
                note: None,
                evidence: Evidence::default(),
                checked_at: None,
            },
        }
    };
    let items = run.steps.0.into_iter().map(&mut item).collect();
    let list = Checklist {
        run: RunId(run.id),
        key: run.key,
        title: run.title,
        version: run.version,
        started_at: run.started_at,
        ended_at: run.ended_at,
        swept_at: run.swept_at,
        items,
    };
    (TenantId(run.tenant_id), list)
}

/// What a check came to. `by_name` and `note` of an earlier decision go: the check has the word now.
pub(super) async fn proved(
    connection: &mut PgConnection,
    tenant: TenantId,
    list: &Checklist,
    step: &str,
    state: ItemState,
    evidence: &Evidence,
) -> Result<()> {
    sqlx::query!(
        "UPDATE checklist_item SET state = $4, proved_by = CASE WHEN $4 IN ('passed', 'failed') THEN 'probe' END, by_name = NULL,
            note = NULL, evidence = $5, checked_at = now() WHERE tenant_id = $1 AND run_id = $2 AND step = $3",
        tenant.0,
        list.run.0,
        step,
        state.as_str(),
        serde_json::to_value(evidence)?
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a person decided.
#[derive(Debug)]
pub(super) struct Decision<'a> {
    pub state: ItemState,
    pub proved_by: Option<ProvedBy>,
    pub by: Option<&'a str>,
    /// Stays with the item.
    pub note: Option<&'a str>,
    /// Stands in the audit log.
    pub reason: Option<&'a str>,
    pub evidence: &'a Evidence,
}

pub(super) async fn decided(
    connection: &mut PgConnection,
    tenant: TenantId,
    list: &Checklist,
    step: &str,
    decision: &Decision<'_>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE checklist_item SET state = $4, proved_by = $5, by_name = $6, note = $7, evidence = $8, checked_at = now()
        WHERE tenant_id = $1 AND run_id = $2 AND step = $3",
        tenant.0,
        list.run.0,
        step,
        decision.state.as_str(),
        decision.proved_by.map(ProvedBy::as_str),
        decision.by,
        decision.note,
        serde_json::to_value(decision.evidence)?
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks that all checks of these tenants' open runs have been run.
pub(super) async fn swept(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query!(
        "UPDATE checklist_run SET swept_at = now() WHERE tenant_id = ANY ($1) AND ended_at IS NULL",
        &ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tenants with open runs to look at: where somebody did something since they were looked at, or something was counted
/// within the hour, at most every ten seconds; and those that were looked at longest ago, at most every ten minutes. Each
/// kind has half of the places if it needs them: ten thousand new tenants do not keep the one waiting that acts, and a busy
/// fleet does not keep the others waiting for good. Being made, and being looked at, is nothing that a tenant does. Lists
/// that may not change in the status of their tenant are left out.
pub(super) async fn due(connection: &mut PgConnection, limit: i64) -> Result<Vec<TenantId>> {
    let words = |(key, status): (&ListKey, &Status)| (key.as_str().to_owned(), status.as_str().to_owned());
    let (keys, statuses): (Vec<_>, Vec<_>) = ListKey::ALL
        .iter()
        .flat_map(|key| Status::ALL.iter().map(move |status| (key, status)))
        .filter(|(key, status)| key.work().allowed_in(**status))
        .map(words)
        .unzip();
    let ids = sqlx::query_scalar!(
        r#"WITH open AS (
            SELECT r.tenant_id, r.swept_at FROM checklist_run r JOIN tenant t ON t.id = r.tenant_id
            JOIN unnest($2::text[], $3::text[]) AS may (key, status) ON may.key = r.key AND may.status = t.status
            WHERE r.ended_at IS NULL
        ),
        lately AS (
            SELECT tenant_id, max(at) AS at FROM (
                SELECT tenant_id, now() AS at FROM usage_hour WHERE hour >= date_trunc('hour', now()) - interval '1 hour'
                UNION ALL
                SELECT tenant_id, at FROM audit_entry
                WHERE at > now() - interval '10 minutes' AND action NOT IN ('tenant.create', 'checklist.check')) happened
            GROUP BY tenant_id
        ),
        busy AS (
            SELECT tenant_id, min(swept_at) AS swept_at FROM open JOIN lately USING (tenant_id)
            WHERE swept_at IS NULL OR swept_at < least(lately.at, now() - interval '10 seconds') GROUP BY tenant_id
        ),
        waiting AS (
            SELECT tenant_id, min(swept_at) AS swept_at FROM open WHERE swept_at IS NULL OR swept_at < now() - interval '10 minutes'
            GROUP BY tenant_id ORDER BY 2 NULLS FIRST LIMIT $1
        ),
        lively AS (
            SELECT tenant_id FROM busy ORDER BY swept_at NULLS FIRST
            LIMIT $1::bigint - least((SELECT count(*) FROM waiting), $1::bigint / 2)
        ),
        quiet AS (
            SELECT tenant_id FROM waiting WHERE tenant_id NOT IN (SELECT tenant_id FROM lively)
            ORDER BY swept_at NULLS FIRST LIMIT $1::bigint - (SELECT count(*) FROM lively)
        )
        SELECT tenant_id AS "tenant_id!" FROM lively UNION ALL SELECT tenant_id FROM quiet"#,
        limit,
        &keys,
        &statuses
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

/// Which of these have a schema of their own.
pub(super) async fn dedicated(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<Vec<TenantId>> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let own =
        sqlx::query_scalar!("SELECT id FROM tenant WHERE placement = 'dedicated' AND id = ANY ($1)", &ids)
            .fetch_all(connection)
            .await?;
    Ok(own.into_iter().map(TenantId).collect())
}

/// The facts of those of the tenants that exist.
pub(super) async fn facts(
    connection: &mut PgConnection,
    tenants: &[TenantId],
) -> Result<Vec<(TenantId, Facts)>> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let rows = sqlx::query_as!(
        Known,
        r#"SELECT t.id AS tenant_id, now() AS "now!", t.status AS "status: Status", t.status_since, t.suspension AS "suspension: Suspension",
            t.support_contact, t.escalation_contact,
            (SELECT count(*) FROM member m JOIN user_account u ON u.id = m.user_id
                WHERE m.tenant_id = t.id AND m.role = 'tenant_admin' AND u.platform_role IS NULL) AS "admins!",
            seen.name AS "seen_name?", seen.last_seen_at AS "seen_at?",
            (SELECT count(*) FROM api_key k WHERE k.tenant_id = t.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())) AS "keys!",
            (SELECT k.name FROM api_key k WHERE k.tenant_id = t.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) ORDER BY k.created_at DESC LIMIT 1) AS newest_key,
            arrivals.conversations AS "conversations!", arrivals.newest_conversation, arrivals.newest_received,
            arrivals.voice AS "voice!", arrivals.newest_voice, arrivals.arrived AS "arrived!",
            (SELECT count(*) FROM task WHERE key IN ('summary', 'sentiment', 'csat', 'reason')) AS "published!",
            (SELECT count(*) FROM activation a WHERE a.tenant_id = t.id AND a.enabled) AS "enabled!",
            (SELECT a.changed_by FROM activation a WHERE a.tenant_id = t.id AND a.enabled ORDER BY a.changed_at DESC LIMIT 1) AS enabled_by,
            work.runs AS "runs!", work.newest_run, work.newest_run_at, work.runs_lately AS "runs_lately!",
            (SELECT count(DISTINCT u.day) FROM usage_day u WHERE u.tenant_id = t.id) AS "days!",
            (SELECT max(u.day) FROM usage_day u WHERE u.tenant_id = t.id) AS newest_day,
            (SELECT count(*) FROM conversation c WHERE c.tenant_id = t.id AND c.state = 'pending') AS "waiting!",
            (SELECT count(*) FROM conversation c WHERE c.tenant_id = t.id AND c.state = 'running') AS "running!"
        FROM tenant t
        LEFT JOIN LATERAL (
            SELECT u.name, u.last_seen_at FROM member m JOIN user_account u ON u.id = m.user_id
            WHERE m.tenant_id = t.id AND m.role = 'tenant_admin' AND u.platform_role IS NULL AND u.last_seen_at >= m.created_at
            ORDER BY u.last_seen_at DESC LIMIT 1
        ) AS seen ON true
        CROSS JOIN LATERAL (
            SELECT count(*) AS conversations, (array_agg(c.id ORDER BY c.received_at DESC))[1] AS newest_conversation,
                max(c.received_at) AS newest_received, count(*) FILTER (WHERE c.channel = 'voice' AND c.turn_count > 0) AS voice,
                (array_agg(c.id ORDER BY c.received_at DESC) FILTER (WHERE c.channel = 'voice' AND c.turn_count > 0))[1] AS newest_voice,
                count(*) FILTER (WHERE c.received_at > t.status_since) AS arrived
            FROM (SELECT id, received_at, channel, turn_count FROM conversation WHERE tenant_id = t.id ORDER BY received_at DESC LIMIT 1000) AS c
        ) AS arrivals
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE r.outcome = 'succeeded') AS runs,
                (array_agg(r.id ORDER BY r.at DESC) FILTER (WHERE r.outcome = 'succeeded'))[1] AS newest_run,
                max(r.at) FILTER (WHERE r.outcome = 'succeeded') AS newest_run_at,
                count(*) FILTER (WHERE r.outcome <> 'skipped' AND r.at > greatest(t.status_since, now() - interval '15 minutes')) AS runs_lately
            FROM (SELECT id, at, outcome FROM task_run WHERE tenant_id = t.id ORDER BY id DESC LIMIT 1000) AS r
        ) AS work
        WHERE t.id = ANY ($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), Facts::Known(Box::new(row)))).collect())
}

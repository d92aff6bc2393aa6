//! SQL of the audit log.

use super::list::Place;
use super::{AuditEvent, Entry, actor_parts};
use crate::error::Result;
use chrono::{DateTime, NaiveTime, Utc};
use model::TenantId;
use model::audit::Filter;
use model::permission::Actor;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row as _};

pub(super) struct Head {
    pub seq: i64,
    pub hash: Vec<u8>,
    pub now: DateTime<Utc>,
}

/// Locks the head of a chain; makes it where the chain is new.
pub(super) async fn lock_head(
    connection: &mut PgConnection,
    tenant: TenantId,
    genesis: &[u8],
) -> Result<Head> {
    sqlx::query!(
        "INSERT INTO audit_head (tenant_id, seq, hash) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
        tenant.0,
        genesis
    )
    .execute(&mut *connection)
    .await?;
    let head = sqlx::query_as!(
        Head,
        r#"SELECT seq, hash, clock_timestamp() AS "now!" FROM audit_head WHERE tenant_id = $1 FOR UPDATE"#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(head)
}

/// Writes the entry and moves the head to it.
pub(super) async fn insert(connection: &mut PgConnection, entry: &Entry<'_>, hash: &[u8]) -> Result<()> {
    sqlx::query!(
        r#"WITH head AS (UPDATE audit_head SET seq = $2, hash = $14 WHERE tenant_id = $1)
        INSERT INTO audit_entry (tenant_id, seq, at, actor_kind, actor_id, actor_name, action, result, target, reason, before, after, request_id, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        entry.tenant_id.0,
        entry.seq,
        entry.at,
        entry.actor_kind,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.result,
        entry.target,
        entry.reason,
        entry.before,
        entry.after,
        entry.request_id,
        hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn tenant_exists(connection: &mut PgConnection, tenant: TenantId) -> Result<bool> {
    let found =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM tenant WHERE id = $1) AS "found!""#, tenant.0)
            .fetch_one(connection)
            .await?;
    Ok(found)
}

/// Whether the last minute of the event's chain has the same line by the same actor already.
pub(super) async fn stands_lately(
    connection: &mut PgConnection,
    actor: &Actor,
    event: &AuditEvent,
) -> Result<bool> {
    let (kind, id) = actor_parts(actor);
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM audit_entry WHERE tenant_id = $1 AND at > now() - interval '1 minute' AND action = $2 AND target = $3
                AND reason IS NOT DISTINCT FROM $4 AND actor_kind = $5 AND actor_id = $6 AND actor_name = $7
        ) AS "found!""#,
        event.tenant.0,
        event.action,
        event.target.as_str(),
        event.reason.as_deref(),
        kind,
        id,
        actor.name()
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

pub(super) struct Row {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: Option<uuid::Uuid>,
    pub actor_name: String,
    pub action: String,
    pub result: String,
    pub target: String,
    pub reason: Option<String>,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
    pub request_id: String,
    pub hash: Vec<u8>,
}

impl Row {
    pub(super) fn entry(&self, tenant_id: TenantId) -> Entry<'_> {
        Entry {
            tenant_id,
            seq: self.seq,
            at: self.at,
            actor_kind: &self.actor_kind,
            actor_id: self.actor_id,
            actor_name: &self.actor_name,
            action: &self.action,
            result: &self.result,
            target: &self.target,
            reason: self.reason.as_deref(),
            before: self.before.as_ref(),
            after: self.after.as_ref(),
            request_id: &self.request_id,
        }
    }
}

/// The next `limit` entries of a chain after `seq`, in order.
pub(super) async fn after(
    connection: &mut PgConnection,
    tenant: TenantId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT seq, at, actor_kind, actor_id, actor_name, action, result, target, reason, before, after, request_id, hash
        FROM audit_entry WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"#,
        tenant.0,
        seq,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

pub(super) struct Tip {
    pub seq: i64,
    pub hash: Vec<u8>,
    /// The last entry there is, 0 without any.
    pub last: i64,
}

pub(super) async fn head(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<Tip>> {
    let head = sqlx::query_as!(
        Tip,
        r#"SELECT seq, hash, (SELECT coalesce(max(e.seq), 0) FROM audit_entry e WHERE e.tenant_id = h.tenant_id) AS "last!" FROM audit_head h WHERE tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(head)
}

pub(super) async fn exists(connection: &mut PgConnection, tenant: TenantId, seq: i64) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM audit_entry WHERE tenant_id = $1 AND seq = $2) AS "found!""#,
        tenant.0,
        seq
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

pub(super) async fn id_of_slug(connection: &mut PgConnection, slug: &str) -> Result<Option<TenantId>> {
    let id =
        sqlx::query_scalar!("SELECT id FROM tenant WHERE slug = $1", slug).fetch_optional(connection).await?;
    Ok(id.map(TenantId))
}

/// How many lines a request left, as far as the reader's role sees them.
pub(super) async fn of_request(connection: &mut PgConnection, request: &str) -> Result<i64> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM audit_entry WHERE request_id = $1"#, request)
            .fetch_one(connection)
            .await?;
    Ok(count)
}

/// A row of a list, with slug and name of its tenant.
pub(super) struct Listed {
    pub tenant: uuid::Uuid,
    pub of: Option<(String, String)>,
    pub row: Row,
}

fn narrow(query: &mut QueryBuilder<Postgres>, chain: Option<TenantId>, filter: &Filter) {
    query.push(" WHERE true");
    if let Some(chain) = chain {
        query.push(" AND a.tenant_id = ").push_bind(chain.0);
    }
    if !filter.actor.is_empty() {
        let escaped = filter.actor.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        query.push(" AND a.actor_name ILIKE ").push_bind(format!("%{escaped}%"));
    }
    if !filter.group.is_empty() {
        query.push(" AND starts_with(a.action, ").push_bind(format!("{}.", filter.group)).push(")");
    }
    if let Some(outcome) = filter.outcome {
        query.push(" AND a.result = ").push_bind(outcome.as_str());
    }
    if let Some(from) = filter.from {
        query.push(" AND a.at >= ").push_bind(from.and_time(NaiveTime::MIN).and_utc());
    }
    if let Some(end) = filter.to.and_then(|to| to.succ_opt()) {
        query.push(" AND a.at < ").push_bind(end.and_time(NaiveTime::MIN).and_utc());
    }
    if !filter.request.is_empty() {
        query.push(" AND a.request_id = ").push_bind(filter.request.clone());
    }
}

/// Newest first after the place, or oldest first before it when `backwards`.
pub(super) async fn list(
    connection: &mut PgConnection,
    chain: Option<TenantId>,
    filter: &Filter,
    place: Option<Place>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<Listed>> {
    let mut query = QueryBuilder::new(
        "SELECT a.*, t.slug, t.name FROM (SELECT a.tenant_id, a.seq, a.at, a.actor_kind, a.actor_id, a.actor_name, a.action, a.result, a.target, a.reason,
            a.before, a.after, a.request_id, a.hash FROM audit_entry a",
    );
    narrow(&mut query, chain, filter);
    if let Some((at, tenant, seq)) = place {
        // Within one chain the comparison leaves the chain out, so that its own index begins there.
        let columns = if chain.is_some() { "(a.at, a.seq)" } else { "(a.at, a.tenant_id, a.seq)" };
        query.push(" AND ").push(columns).push(if backwards { " > (" } else { " < (" }).push_bind(at);
        if chain.is_none() {
            query.push(", ").push_bind(tenant);
        }
        query.push(", ").push_bind(seq).push(")");
    }
    let order =
        if backwards { "a.at, a.tenant_id, a.seq" } else { "a.at DESC, a.tenant_id DESC, a.seq DESC" };
    query.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(limit);
    query.push(") a LEFT JOIN tenant t ON t.id = a.tenant_id ORDER BY ").push(order);
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let slug: Option<String> = row.try_get("slug")?;
            let name: Option<String> = row.try_get("name")?;
            Ok(Listed {
                tenant: row.try_get("tenant_id")?,
                of: slug.zip(name),
                row: Row {
                    seq: row.try_get("seq")?,
                    at: row.try_get("at")?,
                    actor_kind: row.try_get("actor_kind")?,
                    actor_id: row.try_get("actor_id")?,
                    actor_name: row.try_get("actor_name")?,
                    action: row.try_get("action")?,
                    result: row.try_get("result")?,
                    target: row.try_get("target")?,
                    reason: row.try_get("reason")?,
                    before: row.try_get("before")?,
                    after: row.try_get("after")?,
                    request_id: row.try_get("request_id")?,
                    hash: row.try_get("hash")?,
                },
            })
        })
        .collect()
}

/// How many match, counted up to `limit`.
pub(super) async fn count(
    connection: &mut PgConnection,
    chain: Option<TenantId>,
    filter: &Filter,
    limit: i64,
) -> Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM audit_entry a");
    narrow(&mut query, chain, filter);
    query.push(" ORDER BY a.at DESC LIMIT ").push_bind(limit).push(") a");
    Ok(query.build_query_scalar().fetch_one(connection).await?)
}

pub(super) async fn chains(connection: &mut PgConnection) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT tenant_id AS "id!" FROM audit_head UNION SELECT tenant_id FROM audit_entry ORDER BY 1"#
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

/// Tenants of whom the log holds nothing at all. A demo fleet has some: beyond its first tenants it is rows only.
pub(super) async fn unheard_of(connection: &mut PgConnection) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM tenant t WHERE NOT 'demo' = ANY (tags)
            AND NOT EXISTS (SELECT FROM audit_head h WHERE h.tenant_id = t.id)
            AND NOT EXISTS (SELECT FROM audit_entry e WHERE e.tenant_id = t.id) ORDER BY id"
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

pub(super) async fn recent(
    connection: &mut PgConnection,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<model::lifecycle::Change>> {
    let rows = sqlx::query_as!(
        model::lifecycle::Change,
        r#"SELECT seq, at, actor_name AS actor, action, target, reason, result = 'denied' AS "denied!"
        FROM audit_entry WHERE tenant_id = $1 ORDER BY seq DESC LIMIT $2"#,
        tenant.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Locks many heads in the order of their ids, makes those that are missing, and answers them in that order.
pub(super) async fn lock_heads(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    genesis: &[u8],
) -> Result<Vec<Head>> {
    let ids: Vec<uuid::Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query!(
        "INSERT INTO audit_head (tenant_id, seq, hash) SELECT id, 0, $2 FROM unnest($1::uuid[]) id ON CONFLICT DO NOTHING",
        &ids,
        genesis
    )
    .execute(&mut *connection)
    .await?;
    let heads = sqlx::query_as!(
        Head,
        r#"SELECT seq, hash, clock_timestamp() AS "now!" FROM audit_head WHERE tenant_id = ANY($1) ORDER BY tenant_id FOR UPDATE"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(heads)
}

/// Writes many entries, one per chain, and moves their heads.
pub(super) async fn insert_all(connection: &mut PgConnection, lines: &[(Entry<'_>, Vec<u8>)]) -> Result<()> {
    let texts = |get: fn(&Entry<'_>) -> String| lines.iter().map(|(entry, _)| get(entry)).collect::<Vec<_>>();
    let maybe =
        |get: fn(&Entry<'_>) -> Option<String>| lines.iter().map(|(entry, _)| get(entry)).collect::<Vec<_>>();
    let values = |get: for<'a> fn(&'a Entry<'_>) -> Option<&'a serde_json::Value>| {
        lines.iter().map(|(entry, _)| get(entry).cloned()).collect::<Vec<_>>()
    };
    let tenants: Vec<uuid::Uuid> = lines.iter().map(|(entry, _)| entry.tenant_id.0).collect();
    let seqs: Vec<i64> = lines.iter().map(|(entry, _)| entry.seq).collect();
    let times: Vec<DateTime<Utc>> = lines.iter().map(|(entry, _)| entry.at).collect();
    let actors: Vec<Option<uuid::Uuid>> = lines.iter().map(|(entry, _)| entry.actor_id).collect();
    let hashes: Vec<Vec<u8>> = lines.iter().map(|(_, hash)| hash.clone()).collect();
    sqlx::query!(
        r#"INSERT INTO audit_entry (tenant_id, seq, at, actor_kind, actor_id, actor_name, action, result, target, reason, before, after, request_id, hash)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::jsonb[], $12::jsonb[], $13::text[], $14::bytea[])"#,
        &tenants,
        &seqs,
        &times,
        &texts(|e| e.actor_kind.to_owned()),
        &actors as &[Option<uuid::Uuid>],
        &texts(|e| e.actor_name.to_owned()),
        &texts(|e| e.action.to_owned()),
        &texts(|e| e.result.to_owned()),
        &texts(|e| e.target.to_owned()),
        &maybe(|e| e.reason.map(str::to_owned)) as &[Option<String>],
        &values(|e| e.before) as &[Option<serde_json::Value>],
        &values(|e| e.after) as &[Option<serde_json::Value>],
        &texts(|e| e.request_id.to_owned()),
        &hashes,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE audit_head h SET seq = n.seq, hash = n.hash FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS n(id, seq, hash) WHERE h.tenant_id = n.id",
        &tenants,
        &seqs,
        &hashes
    )
    .execute(connection)
    .await?;
    Ok(())
}

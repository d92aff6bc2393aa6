//! SQL of the audit log.

use super::Entry;
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use sqlx::PgConnection;

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

pub(super) async fn head(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<(i64, Vec<u8>)>> {
    let head = sqlx::query!("SELECT seq, hash FROM audit_head WHERE tenant_id = $1", tenant.0)
        .fetch_optional(connection)
        .await?;
    Ok(head.map(|row| (row.seq, row.hash)))
}

pub(super) async fn chains(connection: &mut PgConnection) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!("SELECT tenant_id FROM audit_head ORDER BY tenant_id")
        .fetch_all(connection)
        .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

//! SQL of histories: whole chains at a time.

use crate::audit::Entry;
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use sqlx::PgConnection;

/// New chains with where they end.
pub(super) async fn insert_heads(
    connection: &mut PgConnection,
    heads: &[(TenantId, i64, Vec<u8>)],
) -> Result<u64> {
    let tenants: Vec<_> = heads.iter().map(|(tenant, ..)| tenant.0).collect();
    let seqs: Vec<_> = heads.iter().map(|(_, seq, _)| *seq).collect();
    let hashes: Vec<_> = heads.iter().map(|(.., hash)| hash.clone()).collect();
    let done = sqlx::query!(
        "INSERT INTO audit_head (tenant_id, seq, hash)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) ON CONFLICT DO NOTHING",
        &tenants,
        &seqs,
        &hashes
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Entries as columns, to be inserted in one statement.
#[derive(Default)]
pub(super) struct Lines {
    tenants: Vec<uuid::Uuid>,
    seqs: Vec<i64>,
    at: Vec<DateTime<Utc>>,
    kinds: Vec<String>,
    actors: Vec<Option<uuid::Uuid>>,
    names: Vec<String>,
    actions: Vec<String>,
    results: Vec<String>,
    targets: Vec<String>,
    reasons: Vec<Option<String>>,
    before: Vec<Option<serde_json::Value>>,
    after: Vec<Option<serde_json::Value>>,
    requests: Vec<String>,
    hashes: Vec<Vec<u8>>,
}

impl Lines {
    pub(super) fn push(&mut self, entry: &Entry<'_>, hash: Vec<u8>) {
        self.tenants.push(entry.tenant_id.0);
        self.seqs.push(entry.seq);
        self.at.push(entry.at);
        self.kinds.push(entry.actor_kind.into());
        self.actors.push(entry.actor_id);
        self.names.push(entry.actor_name.into());
        self.actions.push(entry.action.into());
        self.results.push(entry.result.into());
        self.targets.push(entry.target.into());
        self.reasons.push(entry.reason.map(Into::into));
        self.before.push(entry.before.cloned());
        self.after.push(entry.after.cloned());
        self.requests.push(entry.request_id.into());
        self.hashes.push(hash);
    }
}

pub(super) async fn insert_lines(connection: &mut PgConnection, lines: &Lines) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit_entry (tenant_id, seq, at, actor_kind, actor_id, actor_name, action, result, target, reason, before, after, request_id, hash)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::jsonb[], $12::jsonb[], $13::text[], $14::bytea[])",
        &lines.tenants,
        &lines.seqs,
        &lines.at,
        &lines.kinds,
        &lines.actors as &[Option<uuid::Uuid>],
        &lines.names,
        &lines.actions,
        &lines.results,
        &lines.targets,
        &lines.reasons as &[Option<String>],
        &lines.before as &[Option<serde_json::Value>],
        &lines.after as &[Option<serde_json::Value>],
        &lines.requests,
        &lines.hashes
    )
    .execute(connection)
    .await?;
    Ok(())
}

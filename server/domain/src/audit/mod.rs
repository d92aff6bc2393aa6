//! The audit log: append-only, one chain per tenant and one for the platform.
//!
//! `hash = SHA-256(previous hash ‖ JCS(entry))` (RFC 8785), `seq` without gaps from a locked head row. [`verify`] names
//! the first entry that does not fit. What was denied is recorded too.

mod batch;
mod export;
mod list;
mod past;
mod private;
mod store;
#[cfg(test)]
mod tests;

pub use export::{Export, export};
pub use list::{entry, lines, list, verify, verify_stream};

pub(crate) use past::{Past, begin_chains};

use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use chrono::{DateTime, SubsecRound, Utc};
use model::TenantId;
use model::permission::{Actor, Permission, Scope, Verdict};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// One line to be. Build it with [`AuditEvent::on`] and the setters.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    tenant: TenantId,
    action: &'static str,
    target: String,
    reason: Option<String>,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
}

impl AuditEvent {
    /// `action` is a dotted verb like `tenant.suspend`; `target` names the object in words or by id.
    pub fn on(tenant: TenantId, action: &'static str, target: impl Into<String>) -> Self {
        Self { tenant, action, target: target.into(), reason: None, before: None, after: None }
    }

    /// A line in the platform's own chain.
    pub fn platform(action: &'static str, target: impl Into<String>) -> Self {
        Self::on(TenantId::PLATFORM, action, target)
    }

    /// Whether it changes what lists of tenants show.
    pub(crate) fn is_about_tenants(&self) -> bool {
        self.action.starts_with("tenant.")
    }

    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// What it was; whole objects are fine, the page shows what differs.
    pub fn before(mut self, value: impl Serialize) -> Self {
        self.before = serde_json::to_value(value).ok();
        self
    }

    pub fn after(mut self, value: impl Serialize) -> Self {
        self.after = serde_json::to_value(value).ok();
        self
    }
}

/// What the hash covers, besides the previous hash.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    tenant_id: TenantId,
    seq: i64,
    at: DateTime<Utc>,
    actor_kind: &'a str,
    actor_id: Option<uuid::Uuid>,
    actor_name: &'a str,
    action: &'a str,
    result: &'a str,
    target: &'a str,
    reason: Option<&'a str>,
    before: Option<&'a serde_json::Value>,
    after: Option<&'a serde_json::Value>,
    request_id: &'a str,
}

impl Entry<'_> {
    fn hash(&self, previous: &[u8]) -> Result<Vec<u8>> {
        let canonical = serde_json_canonicalizer::to_vec(self)?;
        Ok(Sha256::new().chain_update(previous).chain_update(canonical).finalize().to_vec())
    }
}

/// The hash before the first entry of a chain.
const GENESIS: [u8; 32] = [0; 32];

/// Appends to the chains inside the caller's transaction. Chains are locked in the order of their ids, so that two
/// writers never wait for each other in a circle.
pub(crate) async fn append(
    connection: &mut PgConnection,
    cx: &Ctx,
    mut events: Vec<AuditEvent>,
) -> Result<()> {
    events.sort_by_key(|event| event.tenant);
    if batch::fits(&events) {
        return batch::append(connection, cx, &events).await;
    }
    for event in events {
        write(connection, cx, &event, "done").await?;
    }
    Ok(())
}

async fn write(connection: &mut PgConnection, cx: &Ctx, event: &AuditEvent, result: &str) -> Result<()> {
    let head = store::lock_head(connection, event.tenant, &GENESIS).await?;
    write_next(connection, cx, event, &head, result).await
}

/// As [`write`], by whoever holds the head already.
async fn write_next(
    connection: &mut PgConnection,
    cx: &Ctx,
    event: &AuditEvent,
    head: &store::Head,
    result: &str,
) -> Result<()> {
    let entry = next_line(cx, event, head, result);
    let hash = entry.hash(&head.hash)?;
    store::insert(connection, &entry, &hash).await
}

/// The line of an event, next after this head of its chain.
fn next_line<'a>(cx: &'a Ctx, event: &'a AuditEvent, head: &store::Head, result: &'a str) -> Entry<'a> {
    let (kind, id) = actor_parts(cx.actor());
    Entry {
        tenant_id: event.tenant,
        seq: head.seq + 1,
        // What the database keeps has microseconds; the hash must cover exactly that.
        at: head.now.trunc_subsecs(6),
        actor_kind: kind,
        actor_id: id,
        actor_name: cx.actor().name(),
        action: event.action,
        result,
        target: &event.target,
        reason: event.reason.as_deref(),
        before: event.before.as_ref(),
        after: event.after.as_ref(),
        request_id: cx.request_id(),
    }
}

pub(crate) fn actor_parts(actor: &Actor) -> (&'static str, Option<uuid::Uuid>) {
    match actor {
        Actor::Anonymous => ("anonymous", None),
        Actor::User { id, .. } => ("user", Some(id.0)),
        Actor::ApiKey { id, .. } => ("api_key", Some(id.0)),
        Actor::PlatformKey { id, .. } => ("platform_key", Some(id.0)),
        Actor::System { .. } => ("system", None),
    }
}

/// Records that somebody was refused, in a transaction of its own: the refused one never commits.
///
/// Who may not even know of a tenant leaves no line with it, and no name: that one goes to the platform's chain, as does
/// the line about a tenant that does not exist. The same refusal is one line a minute, so that a program or a guesser
/// who tries all day cannot fill a log. The chain itself is asked, by the index of actors and times, and not a memory of
/// this process: other processes write to the chain too, and a memory would have to be bounded against guessers.
pub(crate) async fn record_denial(cx: &Ctx, permission: Permission, scope: Scope) -> Result<()> {
    let hidden = cx.actor().may(permission, scope) == Verdict::Hidden;
    let mut tx = cx.begin(Reach::System).await?;
    let (tenant, target) = match scope {
        Scope::Platform => (TenantId::PLATFORM, "platform".to_owned()),
        Scope::Tenant(id) if !hidden && store::tenant_exists(tx.conn(), id).await? => (id, id.to_string()),
        Scope::Tenant(id) => (TenantId::PLATFORM, id.to_string()),
    };
    let event =
        AuditEvent::on(tenant, "access.denied", target).reason(format!("may not {}", permission.label()));
    // First without the head of the chain: repeats make nobody wait.
    if store::stands_lately(tx.conn(), cx.actor(), &event).await? {
        return Ok(());
    }
    let head = store::lock_head(tx.conn(), tenant, &GENESIS).await?;
    // Once more with it: of several at once one writes.
    if store::stands_lately(tx.conn(), cx.actor(), &event).await? {
        return Ok(());
    }
    write_next(tx.conn(), cx, &event, &head, "denied").await?;
    tx.commit_unaudited("the line is the change").await
}

/// Records an attempt that was refused for another reason than a missing permission: a wrong password, say.
pub(crate) async fn record_refused(cx: &Ctx, event: AuditEvent) -> Result<()> {
    let mut tx = cx.begin(Reach::System).await?;
    write(tx.conn(), cx, &event, "denied").await?;
    tx.commit_unaudited("the line is the change").await
}

/// The outcome of checking one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Entries checked.
    Sound(i64),
    /// The first `seq` that does not fit.
    Broken { seq: i64, why: &'static str },
}

/// Every chain of which there is a head or an entry, the platform's first.
pub async fn chains(cx: &Ctx) -> Result<Vec<TenantId>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::chains(read.conn()).await
}

/// Tenants whose whole chain is gone: each has at least the line of its making.
pub async fn without_chain(cx: &Ctx) -> Result<Vec<TenantId>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::unheard_of(read.conn()).await
}

/// The newest lines of one tenant, the newest first.
pub async fn recent(cx: &Ctx, tenant: TenantId, limit: i64) -> Result<Vec<model::lifecycle::Change>> {
    cx.require(Permission::AuditRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let mut changes = store::recent(read.conn(), tenant, limit).await?;
    if !private::sees_all(cx) {
        for change in &mut changes {
            change.reason = private::reason(&change.action, change.reason.take());
        }
    }
    Ok(changes)
}

//! Conversations: in by the machine API, out with what the pipeline made of them.
//!
//! Invariants: one conversation for each external id of a tenant, however often it is sent; a request stores all of its
//! conversations or none; usage is counted in the same transaction. A new conversation is `pending`: its row is the
//! work item of the pipeline (see [`crate::pipeline`]). The door is open to a tenant in service, live or not: until it is
//! live what comes in is for testing (R27, decided in `model::work`).

mod parse;
mod store;
#[cfg(test)]
mod tests;

pub use parse::{Fault, Prepared, latest, parse, parse_until};

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::{settings, usage};
use model::conversations::{Channel, Conversation, ConversationRow, Received, State};
use model::permission::{Actor, Permission, Scope};
use model::settings::Key;
use model::tenants::{Access, Status};
use model::usage::Meter;
use model::work::Work;
use model::{ConversationId, TenantId};

/// The switch of each channel (R28, R54).
const CHANNELS: [(Channel, Key); 3] =
    [(Channel::Chat, Key::BasicChat), (Channel::Voice, Key::Voice), (Channel::Email, Key::Email)];
/// Rows of one INSERT.
const BATCH: usize = 500;
/// Rows of one page at most.
pub const PAGE_MAX: u32 = 200;

/// Stores what is not there yet.
///
/// # Errors
/// `OtherContent` where an id was used before for something else; then nothing is stored. `Suspended` also when the tenant was suspended while the request was on its way; `Invalid` for a channel that is
/// switched off.
pub async fn ingest(cx: &Ctx, tenant: TenantId, conversations: Vec<Prepared>) -> Result<Received> {
    take_in(cx, tenant, conversations, Occasion::Work).await
}

/// The same door for the smoke test of a tenant that is being made (R26): it is open for the server itself before it is for
/// anybody else, also where every channel is switched off, and what comes in is no usage.
///
/// # Errors
/// As [`ingest`]; `Forbidden` for anybody but the server.
pub(crate) async fn ingest_for_smoke(cx: &Ctx, tenant: TenantId, conversation: Prepared) -> Result<Received> {
    if !matches!(cx.actor(), Actor::System { .. }) {
        return Err(Error::Forbidden(Permission::ConversationWrite));
    }
    take_in(cx, tenant, vec![conversation], Occasion::Smoke).await
}

/// The channels that are switched on for a tenant.
pub(crate) async fn open_channels(cx: &Ctx, tenant: TenantId) -> Result<Vec<Channel>> {
    let mut open = Vec::new();
    for (channel, key) in CHANNELS {
        if settings::is_on(cx, tenant, key).await? {
            open.push(channel);
        }
    }
    Ok(open)
}

/// Why conversations come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    Work,
    Smoke,
}

impl Occasion {
    fn allowed_in(self, status: Status) -> bool {
        Work::Ingest.allowed_in(status) || (self == Self::Smoke && status == Status::Provisioning)
    }
}

async fn take_in(
    cx: &Ctx,
    tenant: TenantId,
    mut conversations: Vec<Prepared>,
    occasion: Occasion,
) -> Result<Received> {
    cx.require(Permission::ConversationWrite, Scope::Tenant(tenant)).await?;
    let received = count(conversations.len());
    // A tenant that takes nothing in yet is tried all the same: what is to be proven is that it could.
    let nothing_open = occasion == Occasion::Smoke && open_channels(cx, tenant).await?.is_empty();
    for (channel, key) in CHANNELS.into_iter().filter(|_| !nothing_open) {
        if conversations.iter().any(|c| c.channel == channel) && !settings::is_on(cx, tenant, key).await? {
            let what = key.label();
            return Err(Error::field("channel", format!("{what} are switched off for this tenant.")));
        }
    }
    // One order for everybody: two requests with the same ids never wait for each other in a circle.
    conversations.sort_by(|a, b| a.external_id.cmp(&b.external_id));
    // Held until the commit: a suspension that is decided now waits for this, and what comes after it sees it.
    let (mut tx, standing) = cx.enter(tenant).await?;
    if !occasion.allowed_in(standing.status) {
        return Err(Error::Suspended(Access::of(standing.status, standing.suspension)));
    }
    let (mut created, mut bytes, mut other) = (0, 0, Vec::new());
    for batch in conversations.chunks(BATCH) {
        let ids: Vec<_> = batch.iter().map(|_| cx.new_id()).collect();
        let stored = store::insert(tx.conn(), tenant, &ids, batch).await?;
        if stored.rows < count(batch.len()) {
            // In a statement of its own, so that it sees what another request stored while this one waited for it.
            other.extend(store::otherwise(tx.conn(), tenant, batch).await?);
        }
        created += stored.rows;
        bytes += stored.bytes;
    }
    if !other.is_empty() {
        other.sort();
        return Err(Error::OtherContent(other));
    }
    if occasion == Occasion::Work {
        let used = [(Meter::Conversations, created), (Meter::StorageBytes, bytes)];
        usage::store::add(tx.conn(), tenant, &used).await?;
    }
    tx.commit_unaudited("conversations are data, not administration; usage counts them").await?;
    Ok(Received { received, created, duplicates: received - created })
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A page of conversations, newest first, after the one whose id is the cursor. Answers the next cursor.
pub async fn list(
    cx: &Ctx,
    tenant: TenantId,
    state: Option<State>,
    after: Option<ConversationId>,
    limit: u32,
) -> Result<(Vec<ConversationRow>, Option<ConversationId>)> {
    cx.require(Permission::ConversationRead, Scope::Tenant(tenant)).await?;
    let limit = limit.clamp(1, PAGE_MAX);
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let mut rows = store::list(read.conn(), tenant, state, after, i64::from(limit) + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = if more { rows.last().map(|row| row.id) } else { None };
    Ok((rows, next))
}

/// One conversation with its turns, values and runs, by the id that its sender gave it.
pub async fn by_external_id(cx: &Ctx, tenant: TenantId, external_id: &str) -> Result<Conversation> {
    cx.require(Permission::ConversationRead, Scope::Tenant(tenant)).await?;
    if external_id.contains('\0') {
        return Err(Error::NotFound); // The database holds no such text.
    }
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    // The row first: results are committed together with the state that says they are there.
    let head = store::get(read.conn(), tenant, external_id).await?.ok_or(Error::NotFound)?;
    let values = store::values(read.conn(), tenant, head.row.id).await?;
    let runs = store::runs(read.conn(), tenant, head.row.id).await?;
    Ok(Conversation { values, runs, ..head })
}

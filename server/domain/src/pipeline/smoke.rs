//! The smoke test of a new tenant (R26): one conversation comes in by the door that programs use ([`conversations`]), and the
//! pipeline's own work is done on it under the tenant's own role, whether or not a task is enabled there; nothing of it is
//! counted as usage.

use super::store::{self, Claimed, Finished};
use super::work::{self, Ending};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::{conversations, tasks};
use model::TenantId;
use model::conversations::{Channel, Turn};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Smoke {
    /// The channel that it came in by.
    pub channel: Channel,
    pub turns: usize,
    /// The task that ran.
    pub task: String,
    /// Values that it wrote and that were read back.
    pub values: i64,
}

const TEXT: &str = r#"{"language":"en","turns":[
{"speaker":"customer","text":"Hello, my invoice of last month is wrong. I was charged twice."},
{"speaker":"agent","text":"I am sorry about that. I have found the second charge and will refund it today."},
{"speaker":"customer","text":"Thank you, that was quick. I am happy with that."}]"#;

/// Sends a conversation in by a channel that is open there (by chat where none is), as the server itself; lets the first published task that can run on the box run over it, and reads the values back.
/// The caller removes it with [`forget_smoke`], also after an error.
pub(crate) async fn smoke(cx: &Ctx, tenant: TenantId, name: &str) -> Result<Smoke> {
    let door = cx.services().system("provisioning");
    // A tenant that takes no chats is tried with what it does take; one that takes nothing yet, with a chat.
    let channel =
        conversations::open_channels(&door, tenant).await?.first().copied().unwrap_or(Channel::Chat);
    let json = format!("{TEXT},\"channel\":\"{}\",\"id\":\"{name}\"}}", channel.as_str());
    let prepared = conversations::parse(json.as_bytes())
        .map_err(|faults| Error::Internal(format!("the smoke test’s conversation: {faults:?}")))?;
    let turns: Vec<Turn> = serde_json::from_str(&prepared.turns)?;
    let received = conversations::ingest_for_smoke(&door, tenant, prepared).await?;
    if received.created != 1 {
        return Err(Error::Internal("the smoke test’s conversation was there before".into()));
    }
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    // Threaded and in our hands. Until now no worker has taken it either: they pass over tenants that are being made.
    let claimed = store::take(tx.conn(), tenant, name).await?.ok_or(Error::NotFound)?;
    let id = claimed.id;
    tx.commit_unaudited("the conversation of a smoke test").await?;

    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let published = tasks::published_for_smoke(read.conn(), tenant).await?;
    drop(read);
    let services = cx.services().clone();
    let engine_turns = turns.clone();
    let held: Claimed = claimed.clone();
    let ran = tokio::task::spawn_blocking(move || {
        work::run(&crate::engines::run, &published, &held, &engine_turns, || services.new_id())
            .into_iter()
            .zip(published.iter().map(|task| task.task.name.clone()).collect::<Vec<_>>())
            .find(|(result, _)| matches!(result.ending, Ending::Succeeded(_)))
    })
    .await
    .map_err(|error| Error::Internal(error.to_string()))?;
    let Some((result, task)) = ran else {
        return Ok(Smoke { channel, turns: turns.len(), task: String::new(), values: 0 });
    };
    let finished = Finished { claimed, results: vec![result] };
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    store::done(tx.conn(), tenant, std::slice::from_ref(&finished)).await?;
    store::insert_runs(tx.conn(), tenant, &[&finished]).await?;
    store::upsert_values(tx.conn(), tenant, &[&finished]).await?;
    tx.commit_unaudited("the results of a smoke test").await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let values = store::values_of(read.conn(), tenant, id).await?;
    Ok(Smoke { channel, turns: turns.len(), task, values })
}

/// Removes the conversation of a smoke test with its runs and values; nothing where it is not there.
pub(crate) async fn forget_smoke(cx: &Ctx, tenant: TenantId, name: &str) -> Result<()> {
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    match store::forget(tx.conn(), tenant, name).await {
        // Its schema is not there any more, and with it nothing of the conversation.
        Err(Error::Database(sqlx::Error::Database(db))) if db.code().as_deref() == Some("25006") => Ok(()),
        Err(error) => Err(error),
        Ok(()) => tx.commit_unaudited("the removal of a smoke test").await,
    }
}

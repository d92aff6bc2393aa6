//! Telling people and programs what happened to a tenant (R56, R65, R80, R140, R143).
//!
//! A change calls [`announce`] inside its own transaction: the notice is due exactly when the change is true, and a
//! change that is rolled back tells nobody. What follows is the worker's, after the commit; no request ever waits for a
//! mail server:
//!
//! 1. `fan`: who hears of it becomes rows of the queue, all or none. `audience` says who.
//! 2. `deliver`: one attempt, counted before it is made; `retry` says when the next one is due, and when it is given up.
//! 3. [`log`](list): what was told to whom, with every attempt; anything can be sent again.
//!
//! Nothing is silent: without a mail server mails stand in the log as not sent. No mail's text is kept, and no secret link.

mod audience;
mod deliver;
mod fan;
mod log;
pub mod mail;
mod retry;
mod store;
#[cfg(test)]
mod tests;
mod work;

pub use log::{get, list, mail_is_configured, resend, resend_all, sweep};
pub use retry::attempts as attempts_max;
pub use work::drain;
pub(crate) use work::run;

use crate::ctx::Tx;
use crate::error::{Error, Result};
use model::TenantId;
use model::notifications::Event;

/// The longest data of an event: a webhook's body stays below 20 kB (Standard Webhooks).
const DATA_MAX: usize = 12_000;

/// Writes down that `event` happened to `tenant` ([`TenantId::PLATFORM`] for the platform itself), in the caller's
/// transaction, whatever its reach. `data` is an object with what a reader needs to know beyond the tenant itself,
/// which is added here as it is after the change; it goes to people outside: no secrets, no personal data beyond names
/// and addresses of those concerned. Keys that mails know are listed at [`mail::words`].
///
/// # Errors
/// `Internal` for data that is no object or too long.
pub(crate) async fn announce(
    tx: &mut Tx,
    tenant: TenantId,
    event: Event,
    data: serde_json::Value,
) -> Result<()> {
    announce_all(tx, &[tenant], event, data).await
}

/// [`announce`] for many tenants at once, in one statement.
pub(crate) async fn announce_all(
    tx: &mut Tx,
    tenants: &[TenantId],
    event: Event,
    data: serde_json::Value,
) -> Result<()> {
    if !data.is_object() || data.to_string().len() > DATA_MAX {
        return Err(Error::Internal(format!("the data of {} is no object or too long", event.as_str())));
    }
    let cx = tx.cx().clone();
    store::outbox::announce(tx.conn(), &cx, tenants, event, &data).await
}

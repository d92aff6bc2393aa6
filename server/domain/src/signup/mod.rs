//! Self-service sign-up (R144): pages that operators make, what visitors do on them, and what becomes of it.
//!
//! 1. `pages`: a page says whose it is and what a tenant that begins there is made from.
//! 2. `join`: a visitor registers; the mail's link proves the address; its page chooses a password, or proves the account
//!    that is there; then the same saga runs as for operators, in the name of the page, with them as administrator.
//! 3. [`tick`] tells whom nothing came of; [`sweep`] forgets what was never confirmed.
//!
//! Invariants: what a visitor is answered before the link is used is the same whoever has an account, and costs the same
//! statements; a token stands in one mail, the database keeps its SHA-256; one sign-up becomes one tenant, however often
//! its links are used; no mail to an unproven address holds anything that a visitor typed; an address of a tenant never
//! says whether another one has the name.

mod join;
mod pages;
mod store;
#[cfg(test)]
mod tests;

pub use join::{confirm, confirmation, door, register};
pub use pages::{change, choices, create, page, pages, switch};

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::notifications::announce;
use crate::users::{self, Applicant};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::SignupId;
use model::notifications::Event;
use model::permission::{Permission, Scope};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// Days that a confirmed sign-up is kept, and its link leads to how far it is.
const KEPT_DAYS: i32 = 30;

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// What the mail to somebody who has signed up can offer. The texts are one-time tokens, made for this mail.
#[derive(Debug)]
pub(crate) enum Invitation {
    /// It is confirmed already, or its time is over.
    Over,
    /// Their account cannot begin a tenant.
    Refused,
    /// Choose a password.
    Choose(String),
    /// Prove that the account is theirs.
    Prove(String),
}

/// What the mail that is being written can offer, with a token of its own.
pub(crate) async fn invitation(cx: &Ctx, id: Uuid) -> Result<Invitation> {
    cx.require(Permission::NotificationSend, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::System).await?;
    let Some(email) = store::pending(tx.conn(), id).await? else { return Ok(Invitation::Over) };
    let who = users::applicant(tx.conn(), &email).await?;
    if who == Applicant::Refused {
        return Ok(Invitation::Refused);
    }
    let token = BASE64_URL_SAFE_NO_PAD.encode(cx.random::<32>());
    store::insert_link(tx.conn(), &hash(&token), id).await?;
    tx.commit_unaudited("the link of a mail whose delivery is its record").await?;
    Ok(if matches!(who, Applicant::Known(_)) { Invitation::Prove(token) } else { Invitation::Choose(token) })
}

/// Whom a mail about a sign-up goes to; none where it is forgotten by now.
pub(crate) async fn recipient(connection: &mut PgConnection, id: SignupId) -> Result<Option<String>> {
    store::recipient(connection, id).await
}

/// How many are told in one round.
const ROUND: i64 = 100;

/// Tells those whose tenant will not be made; how many that were. Run every few seconds; any number of processes may.
pub async fn tick(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::SignupPageManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let ended = store::ended(tx.conn(), ROUND).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    let mut events = Vec::with_capacity(ended.len());
    for one in &ended {
        let data = json!({
            "signup": { "id": one.id }, "page": { "slug": one.page, "name": one.brand },
            "organisation": one.organisation, "stage": one.stage(),
        });
        announce(&mut tx, model::TenantId::PLATFORM, Event::SignupEnded, data).await?;
        let event = AuditEvent::platform("signup.end", one.email.as_str())
            .after(json!({ "page": one.page, "operation": one.operation, "stage": one.stage() }));
        events.push(event);
    }
    tx.commit_all(events).await?;
    Ok(ended.len() as u64)
}

/// Forgets what nobody has confirmed in time, and what was confirmed long ago. Run now and then by the server.
pub async fn sweep(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::SignupPageManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let removed = store::sweep(tx.conn(), KEPT_DAYS).await?;
    tx.commit_unaudited("removal of sign-ups that are over").await?;
    Ok(removed)
}

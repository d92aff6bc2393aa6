//! Keys of the operator's own programs (R139): made and revoked by owners, resolved to an actor on every request of the
//! machine API, over the whole platform.
//!
//! Invariants: the text of a key leaves [`create`] once and is kept nowhere; at rest there is its hash. [`authenticate`]
//! caches nothing, so that revoking a key takes effect with the next request. A key lives by itself: what becomes of
//! whoever made it does not matter, because programs must not stop when a person leaves; who made which stands in the list
//! and in the audit log. What a key may do is its role's, less what needs a person (`Permission::needs_person`).
//! [`count_call`] counts and refuses in one statement, so that the limit is exact however many processes ask at once.

mod store;
#[cfg(test)]
mod tests;

use crate::api_keys::Window;
use crate::api_keys::text::{self, Kind};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Services};
use crate::error::{Error, OnConstraint, Result};
use model::permission::{Actor, Permission, Scope};
use model::platform_keys::{self as rules, CALLS_MAX, KEYS_MAX, NAME_MAX, NewPlatformKey, PlatformKey, hint};
use model::usage::Limit;
use model::validate::{FieldErrors, line};
use model::{PlatformKeyId, UserId};
use serde_json::json;
use subtle::ConstantTimeEq;

/// All keys, living ones first, then newest first.
pub async fn list(cx: &Ctx) -> Result<Vec<PlatformKey>> {
    cx.require(Permission::PlatformKeyRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::list(read.conn()).await
}

/// One key.
pub async fn get(cx: &Ctx, id: PlatformKeyId) -> Result<PlatformKey> {
    cx.require(Permission::PlatformKeyRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::get(read.conn(), id).await?.ok_or(Error::NotFound)
}

/// Makes a key for `days` days; none said are 90. The answer is the only place where its text ever stands.
///
/// # Errors
/// `Invalid` by field: a role that no program may have among it; `Conflict` when there are too many.
pub async fn create(cx: &Ctx, name: &str, role: &str, days: &str) -> Result<NewPlatformKey> {
    cx.require(Permission::PlatformKeyManage, Scope::Platform).await?;
    let mut errors = FieldErrors::default();
    let name = errors.take("name", line(name, "A name", NAME_MAX));
    let role = errors.take("role", rules::role(role));
    let days = errors.take("days", rules::days(days));
    let (Some(name), Some(role), Some(days)) = (name, role, days) else { return Err(errors.into()) };

    let mut tx = cx.begin(Reach::Fleet).await?;
    store::lock_number(tx.conn()).await?;
    if store::living(tx.conn()).await? >= KEYS_MAX {
        return Err(Error::Conflict(format!("There are {KEYS_MAX} keys. Revoke one that is not used.")));
    }
    let id = PlatformKeyId(cx.new_id());
    let secret = cx.random();
    let text = text::write(Kind::Platform, id.0, &secret);
    let hash = text::hash(&secret);
    let expires_at = store::insert(tx.conn(), id, &name, role, &hash, cx.actor(), days).await.on_constraint(
        "platform_key_name_key",
        "name",
        "There is already a key with this name.",
    )?;
    let after = json!({ "name": name, "role": role, "expires_at": expires_at });
    tx.commit(AuditEvent::platform("platform_key.create", target(&name, id)).after(after)).await?;
    Ok(NewPlatformKey { id, name, role, text, expires_at })
}

fn target(name: &str, id: PlatformKeyId) -> String {
    format!("{name} ({})", hint(id))
}

/// Takes a key out of use, for good, from the next request on.
///
/// # Errors
/// `NotFound`; `Conflict` when it is revoked already; `Invalid` without a reason.
pub async fn revoke(cx: &Ctx, id: PlatformKeyId, reason: &str) -> Result<PlatformKey> {
    cx.require(Permission::PlatformKeyManage, Scope::Platform).await?;
    let reason = rules::reason(reason).map_err(|message| Error::field("reason", message))?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let key = store::get(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if !store::revoke(tx.conn(), id).await? {
        return Err(Error::Conflict(format!("The key “{}” is already revoked.", key.name)));
    }
    let event = AuditEvent::platform("platform_key.revoke", target(&key.name, id))
        .reason(reason)
        .before(json!({ "revoked": false }))
        .after(json!({ "revoked": true }));
    tx.commit(event).await?;
    Ok(key)
}

/// A program of the operator's that has proven which key it holds.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Acts as the key.
    pub cx: Ctx,
    pub key: PlatformKeyId,
}

/// Whether this is meant to be the key of a platform program; whether it is one, [`authenticate`] says.
pub fn presents(text: &str) -> bool {
    text.starts_with(Kind::Platform.prefix())
}

/// Resolves the text of a key.
///
/// # Errors
/// `SignIn` for what is no key, unknown, revoked or over, without telling which.
pub async fn authenticate(services: &Services, request_id: &str, text: &str) -> Result<Caller> {
    let presented = text::read(text).filter(|key| key.kind == Kind::Platform).ok_or(Error::SignIn)?;
    let id = PlatformKeyId(presented.id);
    let anyone = services.ctx(Actor::Anonymous, request_id);
    let mut read = anyone.read(Reach::System).await?;
    let found = store::find(read.conn(), id).await?.ok_or(Error::SignIn)?;
    drop(read);
    let proven: bool = found.secret_hash.ct_eq(&presented.secret_hash).into();
    if !proven || found.ended {
        return Err(Error::SignIn);
    }
    let actor =
        Actor::PlatformKey { id, name: found.name, role: found.role, maker: found.created_by_id.map(UserId) };
    Ok(Caller { cx: services.ctx(actor, request_id), key: id })
}

/// Counts one call against the key's limit.
///
/// # Errors
/// `OverQuota` when the limit is reached; then nothing was counted.
pub async fn count_call(caller: &Caller) -> Result<Window> {
    let limit = i32::try_from(CALLS_MAX).unwrap_or(i32::MAX);
    let mut tx = caller.cx.begin(Reach::Fleet).await?;
    let count = store::count_call(tx.conn(), caller.key, limit).await?;
    match count.used {
        Some(used) => {
            tx.commit_unaudited("a counter of calls").await?;
            Ok(Window { limit: Limit::Number(CALLS_MAX), used: used.into(), resets_in: count.resets_in })
        }
        None => Err(Error::OverQuota { limit: CALLS_MAX, used: CALLS_MAX, resets_in: count.resets_in }),
    }
}

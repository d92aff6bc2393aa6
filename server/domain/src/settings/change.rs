//! Writing: a value with its reason, a lock, and back to what is inherited.

use super::{of_key, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::TenantId;
use model::permission::{Permission, Scope};
use model::settings::{Key, Level, Own, resolve};
use model::validate::{FieldErrors, required};
use model::work::Work;
use serde_json::{Value as Json, json};

const MAX_REASON: u32 = 1_000;

/// Sets a setting of one tenant. `locked` holds it for the tenants below. Answers what it is now, in words.
///
/// # Errors
/// `Invalid` for a value outside its type or range; `Conflict` when a level above locks it, or when it changed since
/// the form was made; `Forbidden` for what only operators may change.
pub async fn set(
    cx: &Ctx,
    tenant: TenantId,
    key: Key,
    value: &str,
    locked: bool,
    reason: &str,
    version: i64,
) -> Result<String> {
    require(cx, tenant, key).await?;
    let mut new = checked(key, value, locked, reason, version)?;
    refuse_locked(cx, tenant, key).await?;
    let mut tx = cx.begin_in(tenant, Work::Configure).await?;
    let before = store::lock_own(tx.conn(), tenant, key).await?;
    unchanged_since(before.as_ref(), version)?;
    let words = differing(key, before.as_ref(), &new)?;
    new.by = cx.actor().name().to_owned();
    if !store::put(tx.conn(), tenant, key, &new).await? {
        return Err(Error::Conflict("Somebody else set it a moment ago. Nothing was overwritten.".into()));
    }
    let event = AuditEvent::on(tenant, "setting.set", key.as_str());
    tx.commit(telling(event, before.as_ref(), &new)).await?;
    cx.services().settings().forget();
    crate::templates::refresh(cx, tenant).await?;
    Ok(words)
}

/// Takes back what a tenant says: it inherits again, now and when what it inherits changes.
///
/// # Errors
/// `NotFound` when it says nothing; `Conflict` when it changed since the page was made. A value that a lock above keeps
/// from holding may be taken back.
pub async fn revert(cx: &Ctx, tenant: TenantId, key: Key, reason: &str, version: i64) -> Result<()> {
    require(cx, tenant, key).await?;
    let reason = required(reason, "A reason", MAX_REASON).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin_in(tenant, Work::Configure).await?;
    let before = store::lock_own(tx.conn(), tenant, key).await?;
    unchanged_since(before.as_ref(), version)?;
    let before = before.ok_or(Error::NotFound)?;
    store::remove(tx.conn(), tenant, key).await?;
    let event =
        AuditEvent::on(tenant, "setting.revert", key.as_str()).reason(reason).before(snapshot(&before));
    tx.commit(event).await?;
    cx.services().settings().forget();
    crate::templates::refresh(cx, tenant).await
}

/// Sets a setting of the platform, for every tenant that does not say otherwise, or (`locked`) for all.
///
/// # Errors
/// As [`set`].
pub async fn set_platform(
    cx: &Ctx,
    key: Key,
    value: &str,
    locked: bool,
    reason: &str,
    version: i64,
) -> Result<String> {
    cx.require(Permission::SettingPlatform, Scope::Platform).await?;
    let mut new = checked(key, value, locked, reason, version)?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = store::lock_platform(tx.conn(), key).await?;
    unchanged_since(before.as_ref(), version)?;
    let words = differing(key, before.as_ref(), &new)?;
    new.by = cx.actor().name().to_owned();
    if !store::put_platform(tx.conn(), key, &new).await? {
        return Err(Error::Conflict("Somebody else set it a moment ago. Nothing was overwritten.".into()));
    }
    let event = AuditEvent::platform("setting.set", key.as_str());
    tx.commit(telling(event, before.as_ref(), &new)).await?;
    cx.services().settings().forget();
    Ok(words)
}

/// Back to the default.
///
/// # Errors
/// As [`revert`].
pub async fn revert_platform(cx: &Ctx, key: Key, reason: &str, version: i64) -> Result<()> {
    cx.require(Permission::SettingPlatform, Scope::Platform).await?;
    let reason = required(reason, "A reason", MAX_REASON).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = store::lock_platform(tx.conn(), key).await?;
    unchanged_since(before.as_ref(), version)?;
    let before = before.ok_or(Error::NotFound)?;
    store::remove_platform(tx.conn(), key).await?;
    tx.commit(AuditEvent::platform("setting.revert", key.as_str()).reason(reason).before(snapshot(&before)))
        .await?;
    cx.services().settings().forget();
    Ok(())
}

/// A tenant's administrators may change what the registry leaves to them; the rest is for operators.
async fn require(cx: &Ctx, tenant: TenantId, key: Key) -> Result<()> {
    cx.require(Permission::SettingWrite, Scope::Tenant(tenant)).await?;
    if !key.spec().tenant_may {
        cx.require(Permission::SettingOperate, Scope::Tenant(tenant)).await?;
    }
    Ok(())
}

async fn refuse_locked(cx: &Ctx, tenant: TenantId, key: Key) -> Result<()> {
    let mut read = cx.read(Reach::System).await?;
    let levels = store::levels(read.conn(), tenant).await?;
    let above: Vec<_> =
        of_key(&levels, key).into_iter().filter(|entry| entry.level != Level::Tenant).collect();
    match resolve(key, &above).locked_by {
        Some(by) => Err(Error::Conflict(format!("{} is locked by {}.", key.label(), by.words()))),
        None => Ok(()),
    }
}

fn checked(key: Key, value: &str, locked: bool, reason: &str, version: i64) -> Result<Own> {
    let mut errors = FieldErrors::default();
    let value = errors.take("value", key.parse(value));
    let reason = errors.take("reason", required(reason, "A reason", MAX_REASON));
    match (value, reason) {
        (Some(value), Some(reason)) => {
            Ok(Own { value, locked, reason, by: String::new(), at: DateTime::<Utc>::UNIX_EPOCH, version })
        }
        _ => Err(errors.into()),
    }
}

/// Refuses a form that was made on another state; says who changed it, when and why.
fn unchanged_since(now: Option<&Own>, version: i64) -> Result<()> {
    match now {
        None if version == 0 => Ok(()),
        None => Err(Error::Conflict("It has been reverted in the meantime. Nothing was changed.".into())),
        Some(own) if own.version == version => Ok(()),
        Some(own) => Err(Error::Conflict(format!(
            "{} changed it on {} UTC: “{}”. Nothing was overwritten.",
            own.by,
            own.at.format("%-d %b %Y %H:%M"),
            own.reason
        ))),
    }
}

/// The new value in words; refuses what is so already.
fn differing(key: Key, before: Option<&Own>, new: &Own) -> Result<String> {
    let words = key.words(&new.value);
    if before.is_some_and(|b| b.value == new.value && b.locked == new.locked) {
        return Err(Error::field("value", format!("It is set to {words} already.")));
    }
    Ok(words)
}

/// The audit line of a setting that is set.
fn telling(event: AuditEvent, before: Option<&Own>, new: &Own) -> AuditEvent {
    let event = event.reason(new.reason.clone()).after(json!({ "value": new.value, "locked": new.locked }));
    match before {
        Some(before) => event.before(snapshot(before)),
        None => event,
    }
}

fn snapshot(own: &Own) -> Json {
    json!({ "value": own.value, "locked": own.locked, "reason": own.reason, "by": own.by })
}

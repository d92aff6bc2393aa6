//! Keys of programs: made and revoked by people, resolved to an actor on every request of the machine API.
//!
//! Invariants: the text of a key leaves [`create`] once and is kept nowhere. [`authenticate`] reads key and tenant
//! together and caches nothing, so that revoking a key and suspending a tenant take effect with the next request.
//! [`count_call`] counts and refuses in one statement, so that the limit is exact however many processes ask at once.

mod store;
#[cfg(test)]
mod tests;
pub(crate) mod text;

use crate::audit::{self, AuditEvent};
use crate::ctx::{Ctx, Reach, Services};
use crate::error::{Error, OnConstraint, Result};
use crate::settings;
use chrono::Duration;
use model::api_keys::{ApiKey, KEYS_MAX, NAME_MAX, NewKey, Standing, hint};
use model::permission::{Actor, KeyAccess, Permission, Scope};
use model::settings::Key;
use model::tenants::{Access, Status, SuspensionReason};
use model::usage::Limit;
use model::validate::{FieldErrors, line, required, word};
use model::work::Work;
use model::{ApiKeyId, TenantId};
use subtle::ConstantTimeEq;
use text::Kind;

/// All keys of a tenant, living ones first, then newest first.
pub async fn list(cx: &Ctx, tenant: TenantId) -> Result<Vec<ApiKey>> {
    cx.require(Permission::ApiKeyRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    store::list(read.conn()).await
}

/// One key.
pub async fn get(cx: &Ctx, tenant: TenantId, id: ApiKeyId) -> Result<ApiKey> {
    cx.require(Permission::ApiKeyRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    store::get(read.conn(), id).await?.ok_or(Error::NotFound)
}

/// Makes a key, which ends after as many days as the tenant's settings say (R57). The answer is the only place where
/// its text ever stands.
///
/// # Errors
/// `Invalid` by field, `Conflict` when the tenant's status allows no new keys or it has too many.
pub async fn create(cx: &Ctx, tenant: TenantId, name: &str, access: &str) -> Result<NewKey> {
    cx.require(Permission::ApiKeyManage, Scope::Tenant(tenant)).await?;
    let mut errors = FieldErrors::default();
    let name = errors.take("name", line(name, "A name", NAME_MAX));
    let access = errors.take("access", word::<KeyAccess>(access, "The access"));
    let (Some(name), Some(access)) = (name, access) else { return Err(errors.into()) };

    let days = settings::effective(cx, tenant, Key::ApiKeyMaxDays).await?.value.as_number();
    let expires_at = days.and_then(Duration::try_days).and_then(|days| cx.now().checked_add_signed(days));
    let mut tx = cx.begin_in(tenant, Work::Admit).await?;
    let facts = store::tenant_facts(tx.conn()).await?.ok_or(Error::NotFound)?;
    if facts.living >= KEYS_MAX {
        return Err(Error::Conflict(format!(
            "This tenant has {KEYS_MAX} keys. Revoke one that is not used."
        )));
    }
    let id = ApiKeyId(cx.new_id());
    let secret = cx.random();
    let kind = if facts.demo { Kind::Demo } else { Kind::Live };
    let text = text::write(kind, id.0, &secret);
    store::insert(tx.conn(), tenant, id, &name, &text::hash(&secret), access, cx.actor().name(), expires_at)
        .await
        .on_constraint("api_key_name_key", "name", "There is already a key with this name.")?;
    let after = serde_json::json!({ "name": name, "access": access, "expires_at": expires_at });
    tx.commit(AuditEvent::on(tenant, "api_key.create", target(&name, id)).after(after)).await?;
    Ok(NewKey { id, name, access, text, expires_at })
}

fn target(name: &str, id: ApiKeyId) -> String {
    format!("{name} ({})", hint(id))
}

/// Takes a key out of use, for good, from the next request on.
///
/// # Errors
/// `NotFound`; `Conflict` when it is revoked already or the tenant is a tombstone; `Invalid` without a reason.
pub async fn revoke(cx: &Ctx, tenant: TenantId, id: ApiKeyId, reason: &str) -> Result<ApiKey> {
    cx.require(Permission::ApiKeyManage, Scope::Tenant(tenant)).await?;
    let reason = required(reason, "A reason", 1000).map_err(|message| Error::field("reason", message))?;
    let mut tx = cx.begin_in(tenant, Work::Withdraw).await?;
    let key = store::get(tx.conn(), id).await?.ok_or(Error::NotFound)?;
    if !store::revoke(tx.conn(), id).await? {
        return Err(Error::Conflict(format!("The key “{}” is already revoked.", key.name)));
    }
    let event = AuditEvent::on(tenant, "api_key.revoke", target(&key.name, id))
        .reason(reason)
        .before(serde_json::json!({ "revoked": false }))
        .after(serde_json::json!({ "revoked": true }));
    tx.commit(event).await?;
    Ok(key)
}

/// A program that has proven which key it holds.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Acts as the key, within what the tenant's status leaves of it.
    pub cx: Ctx,
    pub tenant: TenantId,
    pub key: ApiKeyId,
    /// API calls in a quarter of an hour.
    pub limit: Limit,
    /// Why the tenant is suspended, where it is: the public word, never what operators noted.
    pub reason: Option<SuspensionReason>,
}

/// Resolves the text of a key.
///
/// # Errors
/// `SignIn` for what is no key, unknown, revoked or over, without telling which; `Closed` for a suspended tenant that
/// lets nobody in, with the reason, and `Suspended` for another one whose status leaves no access. A read-only status is
/// refused later, by the first permission that writes.
pub async fn authenticate(services: &Services, request_id: &str, text: &str) -> Result<Caller> {
    let presented = text::read(text).filter(|key| key.kind != Kind::Platform).ok_or(Error::SignIn)?;
    let id = ApiKeyId(presented.id);
    let anyone = services.ctx(Actor::Anonymous, request_id);
    let mut read = anyone.read(Reach::System).await?;
    let found = store::find(read.conn(), id).await?.ok_or(Error::SignIn)?;
    drop(read);
    let proven: bool = found.secret_hash.ct_eq(&presented.secret_hash).into();
    if !proven || found.ended {
        return Err(Error::SignIn);
    }
    let access = Access::of(found.status, found.suspension);
    let tenant = TenantId(found.tenant_id);
    let actor = Actor::ApiKey { id, name: found.name, tenant, key: found.access, access };
    let cx = services.ctx(actor, request_id);
    let reason = found.status_reason.filter(|_| found.status == Status::Suspended);
    let reason = reason.and_then(|word| word.parse::<SuspensionReason>().ok());
    if access == Access::None {
        record_refusal(&cx, tenant, id).await?;
        return Err(match reason {
            Some(reason) => {
                Error::Closed(format!("The tenant has no access at the moment. Reason: {}.", reason.label()))
            }
            None => Error::Suspended(access),
        });
    }
    let limit = limit(&found.limit_kind, found.limit_hard)?;
    Ok(Caller { cx, tenant, key: id, limit, reason })
}

fn limit(kind: &str, hard: Option<i64>) -> Result<Limit> {
    match (kind, hard) {
        ("number", Some(limit)) => Ok(Limit::Number(limit)),
        ("unlimited", _) => Ok(Limit::Unlimited),
        ("custom", _) => Ok(Limit::Custom),
        (kind, _) => Err(Error::Internal(format!("a limit of kind {kind}"))),
    }
}

/// The tenant's status, plan and limits, for its own programs.
pub async fn standing(cx: &Ctx, tenant: TenantId) -> Result<Standing> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let found = store::standing(read.conn()).await?.ok_or(Error::NotFound)?;
    let rows = store::limits(read.conn()).await?;
    let limits =
        rows.into_iter().map(|row| Ok((row.meter, limit(&row.kind, row.hard)?))).collect::<Result<_>>()?;
    let access = Access::of(found.status, found.suspension);
    let store::StandingRow { slug, name, status, plan, .. } = found;
    Ok(Standing { id: tenant, slug, name, status, access, plan, limits })
}

/// Audits that a key of a suspended tenant knocked, once a minute: a program that retries all day must not fill the log.
async fn record_refusal(cx: &Ctx, tenant: TenantId, key: ApiKeyId) -> Result<()> {
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    let first = store::touch(tx.conn(), tenant, key).await?;
    tx.commit_unaudited("when the key was last seen").await?;
    if first {
        audit::record_denial(cx, Permission::ConversationRead, Scope::Tenant(tenant)).await?;
    }
    Ok(())
}

/// How much of the limit is used in the running window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub limit: Limit,
    /// Calls in this window, this one included.
    pub used: i64,
    /// Seconds until the window ends.
    pub resets_in: i64,
}

/// The length of a window in seconds.
pub const WINDOW_SECONDS: i64 = 900;

/// Counts one call against the limit that holds, and in the tenant's usage.
///
/// # Errors
/// `OverQuota` when the limit is reached; then nothing was counted.
pub async fn count_call(caller: &Caller) -> Result<Window> {
    let mut tx = caller.cx.begin(Reach::Tenant(caller.tenant)).await?;
    let limit = match caller.limit {
        Limit::Number(limit) => Some(limit),
        Limit::Unlimited | Limit::Custom => None,
    };
    let count = store::count_call(tx.conn(), caller.tenant, caller.key, limit).await?;
    match (count.used, limit) {
        (Some(used), _) => {
            tx.commit_unaudited("a counter of calls").await?;
            Ok(Window { limit: caller.limit, used: used.into(), resets_in: count.resets_in })
        }
        (None, limit) => Err(Error::OverQuota {
            limit: limit.unwrap_or_default(),
            used: i64::from(count.before).max(limit.unwrap_or_default()),
            resets_in: count.resets_in,
        }),
    }
}

//! People who sign in: their accounts, their sessions, their place in tenants, and the link that lets the first one in.
//!
//! Invariants: an e-mail address is one person; passwords are kept as argon2id hashes only; a change of password and
//! the end of an account end every session of it. Next: [`sessions`], `people` (of the platform), `own` (sessions).

mod cache;
mod invite;
mod join;
mod many;
mod own;
mod password;
mod people;
pub mod sessions;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use cache::SessionCache;
pub use invite::{
    LINK_DAYS, invite, invite_again, member, people, set_up, set_up_check, withdraw_invitation,
};
pub(crate) use invite::{could_set_up, set_up_token};
pub(crate) use join::{Applicant, admit, applicant, changed, first_hash, prove};
pub use many::{invite_many, preview_invitations, seats};
pub use own::{OTHERS, change_own_password, end_own_session, own_sessions};
pub use people::{close_person, end_sessions, invite_person, person, platform_people, renew_link, set_role};
pub(crate) use sessions::address_key;
pub use sessions::{
    Browser, SessionId, SessionStart, WRONG, actor_of_session, sign_in, sign_out, watcher_of_session,
};

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::settings;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::permission::{Actor, Permission, Role, Scope};
use model::settings::Key;
use model::validate::{self, FieldErrors};
use model::work::Work;
use model::{TenantId, UserId};
use sha2::{Digest, Sha256};

/// The longest name of a person.
const NAME_MAX: u32 = 120;

/// Makes an account. Without a password nobody can sign in to it yet; `role` is a platform role, or none.
///
/// # Errors
/// `Invalid` at `email`, `name`, `password` or `role`.
pub async fn create_user(
    cx: &Ctx,
    email: &str,
    name: &str,
    password: Option<&str>,
    role: Option<Role>,
) -> Result<UserId> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    if role.is_some_and(|role| !role.is_platform()) {
        return Err(Error::field("role", "This role belongs to a tenant, not to the platform."));
    }
    let new = NewUser::check(email, name, password)?;
    let hash = new.hash(cx, password).await?;
    let id = UserId(cx.new_id());
    let mut tx = cx.begin(Reach::System).await?;
    store::insert_user(tx.conn(), id, &new.email, &new.name, hash.as_deref(), role).await?;
    tx.commit(new.event("user.create", role)).await?;
    Ok(id)
}

/// The hash of a password that nobody knows.
pub(crate) async fn unknown_password(cx: &Ctx) -> Result<String> {
    password::hash(BASE64_URL_SAFE_NO_PAD.encode(cx.random::<32>()), cx.random()).await
}

struct NewUser {
    email: String,
    name: String,
}

impl NewUser {
    fn check(email: &str, name: &str, password: Option<&str>) -> Result<Self> {
        let mut errors = FieldErrors::default();
        let address = errors.take("email", validate::email(email));
        let person = errors.take("name", validate::line(name, "A name", NAME_MAX));
        if let Some(password) = password {
            errors.take("password", password::check(password, email, name));
        }
        match (address, person) {
            (Some(email), Some(name)) if errors.is_empty() => Ok(Self { email, name }),
            _ => Err(errors.into()),
        }
    }

    async fn hash(&self, cx: &Ctx, password: Option<&str>) -> Result<Option<String>> {
        match password {
            Some(password) => Ok(Some(password::hash(password.to_owned(), cx.random()).await?)),
            None => Ok(None),
        }
    }

    fn event(&self, action: &'static str, role: Option<Role>) -> AuditEvent {
        AuditEvent::platform(action, self.email.as_str()).after(
            serde_json::json!({ "name": self.name, "email": self.email, "role": role.map(Role::as_str) }),
        )
    }
}

/// Refuses what is shorter than the tenants of this person ask for (R51).
async fn long_enough(cx: &Ctx, user: UserId, password: &str) -> Result<()> {
    let least = settings::strictest(cx, user, Key::PasswordMinLength).await?.unwrap_or(0);
    let length = i64::try_from(password.chars().count()).unwrap_or(i64::MAX);
    if length < least {
        let why = format!("Your organisation asks for {least} characters or more; this has {length}.");
        return Err(Error::field("password", why));
    }
    Ok(())
}

/// Gives an account another password and ends its sessions. People do it for themselves, owners for anybody.
pub async fn set_password(cx: &Ctx, user: UserId, password: &str) -> Result<()> {
    if !matches!(cx.actor(), Actor::User { id, .. } if *id == user) {
        cx.require(Permission::UserManage, Scope::Platform).await?;
    }
    let mut read = cx.read(Reach::System).await?;
    let (name, email) = store::person(read.conn(), user).await?;
    drop(read);
    password::check(password, &email, &name).map_err(|message| Error::field("password", message))?;
    long_enough(cx, user, password).await?;
    let hash = password::hash(password.to_owned(), cx.random()).await?;
    let mut tx = cx.begin(Reach::System).await?;
    store::update_password(tx.conn(), user, &hash).await?;
    let ended = store::revoke_all(tx.conn(), user).await?;
    tx.commit(
        AuditEvent::platform("user.set_password", email)
            .after(serde_json::json!({ "sessions_ended": ended })),
    )
    .await
}

/// Closes an account for good and ends its sessions at once.
pub async fn disable_user(cx: &Ctx, user: UserId, reason: &str) -> Result<()> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let reason =
        validate::required(reason, "A reason", 500).map_err(|message| Error::field("reason", message))?;
    let mut tx = cx.begin(Reach::System).await?;
    let (_, email) = store::person(tx.conn(), user).await?;
    if !store::disable(tx.conn(), user).await? {
        return Err(Error::Conflict("The account is closed already.".into()));
    }
    let ended = store::revoke_all(tx.conn(), user).await?;
    tx.commit(
        AuditEvent::platform("user.disable", email)
            .reason(reason)
            .after(serde_json::json!({ "sessions_ended": ended })),
    )
    .await
}

/// Makes somebody a member of a tenant, or changes their role there.
pub async fn add_member(cx: &Ctx, tenant: TenantId, user: UserId, role: Role) -> Result<()> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    if role.is_platform() {
        return Err(Error::field("role", "This role belongs to the platform, not to a tenant."));
    }
    let mut read = cx.read(Reach::System).await?;
    let (_, email) = store::person(read.conn(), user).await?;
    drop(read);
    let mut tx = cx.begin_in(tenant, Work::Admit).await?;
    store::upsert_member(tx.conn(), tenant, user, role).await?;
    tx.commit(AuditEvent::on(tenant, "member.set", email).after(serde_json::json!({ "role": role.as_str() })))
        .await
}

/// A token for the page that makes the first owner; `None` where somebody can already run the platform.
/// Several processes that start together each get their own; one more than an hour later replaces them. The first that is
/// used is the last: then there is an owner.
pub async fn bootstrap_link(cx: &Ctx) -> Result<Option<String>> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::System).await?;
    if store::owner_exists(tx.conn()).await? {
        return Ok(None);
    }
    let token = BASE64_URL_SAFE_NO_PAD.encode(cx.random::<32>());
    store::offer_link(tx.conn(), &Sha256::digest(token.as_bytes())).await?;
    tx.commit(AuditEvent::platform("bootstrap.offer", "first owner")).await?;
    Ok(Some(token))
}

/// Whether the page of this token may be shown. Anybody may ask: 256 bits are not guessed.
///
/// # Errors
/// `NotFound` for a token that is used, too old, or was never one.
pub async fn bootstrap_check(cx: &Ctx, token: &str) -> Result<()> {
    let mut read = cx.read(Reach::System).await?;
    if store::link_is_good(read.conn(), &Sha256::digest(token.as_bytes())).await? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Makes the first owner. The token is the permission, once.
///
/// # Errors
/// `NotFound` for a token that is no good; `Invalid` at `email`, `name`, `password`.
pub async fn bootstrap(cx: &Ctx, token: &str, email: &str, name: &str, password: &str) -> Result<()> {
    bootstrap_check(cx, token).await?;
    let new = NewUser::check(email, name, Some(password))?;
    let hash = new.hash(cx, Some(password)).await?;
    let id = UserId(cx.new_id());
    let mut tx = cx.begin(Reach::System).await?;
    if !store::use_link(tx.conn(), &Sha256::digest(token.as_bytes())).await?
        || store::owner_exists(tx.conn()).await?
    {
        return Err(Error::NotFound);
    }
    store::insert_user(tx.conn(), id, &new.email, &new.name, hash.as_deref(), Some(Role::Owner)).await?;
    tx.commit(new.event("bootstrap.use", Some(Role::Owner))).await
}

/// Removes sessions and counters that nobody can use any more. Run now and then by the server.
pub async fn sweep(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::System).await?;
    let removed = store::sweep(tx.conn()).await?;
    tx.commit_unaudited("removal of ended sessions").await?;
    Ok(removed)
}

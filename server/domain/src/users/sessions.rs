//! Sign-in, sign-out, and who a session belongs to.
//!
//! Invariants: the database knows only the SHA-256 of what the browser holds; a session is made new at every sign-in
//! (nobody can be given one beforehand); only a live row is ever updated, so that a revoked session stays dead; times
//! are the database's.

use super::{password, store};
use crate::audit::{self, AuditEvent};
use crate::ctx::{Ctx, Reach, Services};
use crate::error::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::permission::Actor;
use model::settings::Key;
use model::tenants::{Access, Status};
use model::{TenantId, validate};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One message for every way in which a sign-in can be wrong: it never tells whether the account exists (ASVS 6.3.8).
pub const WRONG: &str = "E-mail or password is wrong.";

/// What names a session in the database and in this process: SHA-256 of the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 32]);

impl SessionId {
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionId")
    }
}

/// A session that has just begun. `token` goes to the browser and nowhere else.
pub struct SessionStart {
    pub token: String,
    pub actor: Arc<Actor>,
}

impl std::fmt::Debug for SessionStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionStart").field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// The browser that a session is begun in.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    pub address: IpAddr,
    /// What it calls itself; nobody vouches for it.
    pub agent: &'a str,
}

impl Browser<'_> {
    /// The most characters that are kept of [`Self::agent`].
    const AGENT_MAX: usize = 300;

    pub(super) fn kept_agent(&self) -> Option<String> {
        let agent: String = self.agent.chars().filter(|c| !c.is_control()).take(Self::AGENT_MAX).collect();
        Some(agent).filter(|agent| !agent.trim().is_empty())
    }
}

impl From<IpAddr> for Browser<'_> {
    fn from(address: IpAddr) -> Self {
        Self { address, agent: "" }
    }
}

/// How long a session lives, in seconds: unused, and at most (OWASP; NIST SP 800-63B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) idle: i32,
    pub(super) absolute: i32,
}

impl Lifetime {
    const fn of(actor: &Actor) -> Self {
        match actor {
            Actor::User { platform: Some(_), .. } => Self { idle: 15 * 60, absolute: 8 * 3600 },
            _ => Self { idle: 30 * 60, absolute: 12 * 3600 },
        }
    }

    /// What the tenants of a person say (R51): of several the shortest holds.
    async fn held(connection: &mut PgConnection, actor: &Actor) -> Result<Self> {
        let mut life = Self::of(actor);
        if let Actor::User { platform: None, memberships, .. } = actor {
            let tenants: Vec<_> = memberships.iter().map(|membership| membership.tenant).collect();
            let keys = [Key::SessionIdle, Key::SessionMax];
            let [idle, absolute] = crate::settings::least(connection, &tenants, keys).await?;
            let seconds = |n: i64, unit: i64| i32::try_from(n.saturating_mul(unit)).unwrap_or(i32::MAX);
            life.idle = idle.map_or(life.idle, |minutes| seconds(minutes, 60));
            life.absolute = absolute.map_or(life.absolute, |hours| seconds(hours, 3600));
        }
        Ok(life)
    }
}

/// Seconds until the next try after so many failures (Kanidm's soft lock); `None` is the end of the day.
const fn delay(failures: i32) -> Option<i32> {
    match failures {
        ..3 => Some(1),
        3..9 => Some(3),
        9..25 => Some(5),
        25..100 => Some(10),
        _ => None,
    }
}

/// Failures of one address within a minute before it has to wait for the minute to end.
const PER_ADDRESS: i32 = 5;

pub(super) fn account_key(email: &str) -> String {
    let hash = Sha256::digest(email.as_bytes());
    format!("user:{}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

/// An IPv6 network counts as one address: whoever has one address of a /64 has them all.
pub(crate) fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("addr:{v4}"),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("addr:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Checks e-mail and password and begins a session. `old` is the session the browser came with, which ends.
///
/// A try is counted before the password is looked at and taken back when it was right, so that guesses sent at the
/// same time count like guesses sent one after the other.
///
/// # Errors
/// `Invalid` with [`WRONG`] whatever was wrong; `Throttled` after too many failures of the account or the address;
/// `Closed` when the person is known, but none of their tenants lets anybody in.
pub async fn sign_in(
    cx: &Ctx,
    email: &str,
    password: &str,
    browser: impl Into<Browser<'_>>,
    old: Option<SessionId>,
) -> Result<SessionStart> {
    let browser = browser.into();
    let address = browser.address;
    let mut errors = validate::FieldErrors::default();
    if email.trim().is_empty() {
        errors.add("email", "An e-mail address is needed.");
    }
    if password.is_empty() {
        errors.add("password", "A password is needed.");
    }
    errors.into_result()?;
    let typed = validate::email(email).ok();
    let key = account_key(typed.as_deref().unwrap_or(email));
    let from = address_key(address);
    claim(cx, &key, &from).await?;

    let mut read = cx.read(Reach::System).await?;
    let account = match &typed {
        Some(email) => store::credentials(read.conn(), email).await?,
        None => None,
    };
    drop(read);
    let (user, hash) = account.unzip();
    if !password::verify(password.to_owned(), hash.flatten()).await? {
        return refuse(cx, &key, typed.as_deref(), address).await;
    }
    let Some(user) = user else {
        return refuse(cx, &key, typed.as_deref(), address).await;
    };

    let mut tx = cx.begin(Reach::System).await?;
    store::forgive(tx.conn(), &key, &from).await?;
    let Some(actor) = store::actor_of_user(tx.conn(), user).await? else {
        return Err(Error::field("", WRONG));
    };
    let chains = chains(&actor);
    let cx = cx.acting_as(actor.clone());
    let Actor::User { name, platform, memberships, .. } = &actor else {
        return Err(Error::Internal("an account that is nobody".into()));
    };
    if platform.is_none() && memberships.iter().all(|m| m.access == Access::None) {
        tx.commit_unaudited("forgiven tries").await?;
        audit::record_refused(
            &cx,
            AuditEvent::platform("session.start", name).reason("no tenant lets this person in"),
        )
        .await?;
        let mut read = cx.read(Reach::System).await?;
        return Err(Error::Closed(closed(store::standing(read.conn(), user).await?)));
    }
    let token = BASE64_URL_SAFE_NO_PAD.encode(cx.random::<32>());
    if let Some(old) = old {
        store::revoke(tx.conn(), old).await?;
    }
    let life = Lifetime::held(tx.conn(), &actor).await?;
    store::insert_session(tx.conn(), SessionId::of(&token), user, life, &browser).await?;
    let line = |tenant| {
        AuditEvent::on(tenant, "session.start", name.as_str())
            .after(serde_json::json!({ "address": address }))
    };
    // The line is the person's own, not nobody's.
    let events = chains.into_iter().map(line).collect();
    tx.acting_as(&cx).commit_all(events).await?;
    Ok(SessionStart { token, actor: Arc::new(actor) })
}

/// What somebody is told whose password is right and whose organisation is shut: since when, why in the operators' words
/// for them, and whom to ask (`ux.md` 3.1, D5).
fn closed(standing: Option<store::Standing>) -> String {
    let Some(store::Standing { name, status, since, message, contact }) = standing else {
        return "Your account belongs to no organisation. Ask whoever invited you.".into();
    };
    let day = since.format("%-d %b %Y");
    let what = match status {
        Status::Suspended => format!("The access of {name} is suspended since {day}."),
        Status::Provisioning | Status::Failed => format!("{name} is not set up yet."),
        _ => format!("The access of {name} has ended on {day}."),
    };
    let message = message.filter(|_| status == Status::Suspended).map(|text| format!(" “{text}”"));
    let contact = contact.unwrap_or_else(|| "the platform’s support".into());
    format!("{what}{} Contact {contact}.", message.unwrap_or_default())
}

/// Counts the try, or says how long to wait. A wait of a second is simply waited: nobody who mistyped notices.
pub(super) async fn claim(cx: &Ctx, account: &str, address: &str) -> Result<()> {
    for last in [false, true] {
        let mut tx = cx.begin(Reach::System).await?;
        let wait = match store::claim_address(tx.conn(), address, PER_ADDRESS).await? {
            Some(seconds) => Some(seconds),
            None => store::claim_account(tx.conn(), account).await?,
        };
        match wait {
            None => return tx.commit_unaudited("counted tries").await,
            Some(seconds) if last || seconds > 1 => {
                return Err(Error::Throttled { seconds: i64::from(seconds) });
            }
            Some(_) => {
                drop(tx);
                tokio::time::sleep(Duration::from_millis(1050)).await;
            }
        }
    }
    Err(Error::Throttled { seconds: 1 })
}

/// A claimed try was wrong: the account waits longer and longer.
pub(super) async fn failed(cx: &Ctx, key: &str) -> Result<()> {
    let mut tx = cx.begin(Reach::System).await?;
    let failures = store::failures(tx.conn(), key).await?;
    store::lock_account(tx.conn(), key, delay(failures)).await?;
    tx.commit_unaudited("counted tries").await
}

async fn refuse(cx: &Ctx, key: &str, email: Option<&str>, address: IpAddr) -> Result<SessionStart> {
    failed(cx, key).await?;
    // What is no address may be a password in the wrong field: it is not kept.
    let target = email.unwrap_or("not an e-mail address");
    let event = AuditEvent::platform("session.start", target)
        .reason(WRONG)
        .after(serde_json::json!({ "address": address }));
    audit::record_refused(cx, event).await?;
    Err(Error::field("", WRONG))
}

/// The chains that tell of this person: the platform's, or those of their tenants.
pub(super) fn chains(actor: &Actor) -> Vec<TenantId> {
    match actor {
        Actor::User { platform: None, memberships, .. } if !memberships.is_empty() => {
            memberships.iter().map(|m| m.tenant).collect()
        }
        _ => vec![TenantId::PLATFORM],
    }
}

/// Ends a session. One that is over already is no error.
pub async fn sign_out(cx: &Ctx, session: SessionId) -> Result<()> {
    let mut tx = cx.begin(Reach::System).await?;
    if !store::revoke(tx.conn(), session).await? {
        return Ok(());
    }
    let name = cx.actor().name().to_owned();
    let events = chains(cx.actor())
        .into_iter()
        .map(|tenant| AuditEvent::on(tenant, "session.end", name.as_str()))
        .collect();
    tx.commit_all(events).await
}

/// Whose session it is, with rights as they are now; `None` when it is over, revoked, or was never one.
///
/// One query at most, none within a second of the last. What is read also counts as use, written once a minute: the
/// idle limit is exact to a minute.
pub async fn actor_of_session(services: &Services, session: SessionId) -> Result<Option<Arc<Actor>>> {
    actor_of(services, session, true).await
}

/// As [`actor_of_session`], for what a page asks by itself: that nobody sits in front of it any more must not keep the
/// session alive.
pub async fn watcher_of_session(services: &Services, session: SessionId) -> Result<Option<Arc<Actor>>> {
    actor_of(services, session, false).await
}

async fn actor_of(services: &Services, session: SessionId, used: bool) -> Result<Option<Arc<Actor>>> {
    let generation = match services.sessions().get(session) {
        Ok(actor) => return Ok(Some(actor)),
        Err(generation) => generation,
    };
    let cx = services.ctx(Actor::Anonymous, "session");
    let mut read = cx.read(Reach::System).await?;
    let Some((actor, stale)) = store::actor_of_session(read.conn(), session).await? else {
        return Ok(None);
    };
    drop(read);
    if stale && used {
        let mut tx = cx.begin(Reach::System).await?;
        let life = Lifetime::held(tx.conn(), &actor).await?;
        let alive = store::touch(tx.conn(), session, life).await?;
        tx.commit_unaudited("last seen").await?;
        if !alive {
            return Ok(None);
        }
    }
    let actor = Arc::new(actor);
    // What was read without being used must not hide the next use.
    if used || !stale {
        services.sessions().put(generation, session, actor.clone());
    }
    Ok(Some(actor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_as_kanidm_has_them() {
        let table: Vec<_> = [1, 2, 3, 8, 9, 24, 25, 99, 100].map(delay).into();
        assert_eq!(table, [Some(1), Some(1), Some(3), Some(3), Some(5), Some(5), Some(10), Some(10), None]);
    }

    #[test]
    fn a_network_is_one_address() {
        let key = |text: &str| address_key(text.parse().expect("address"));
        assert_eq!(key("2001:db8:1:2::7"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::7"), key("2001:db8:1:3::7"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}

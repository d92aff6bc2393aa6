//! What somebody does for themselves: see the sessions they have open, end those on other devices (ASVS 7.4), and choose
//! another password (ASVS 6.2.3: with the present one, whose guesses count like wrong sign-ins).

use super::sessions::{SessionId, account_key, address_key, chains, claim, failed};
use super::{long_enough, password, store};
use crate::audit::{self, AuditEvent};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::UserId;
use model::access::OwnSession;
use model::permission::Actor;
use model::validate::FieldErrors;
use serde_json::json;
use std::net::IpAddr;

/// In place of a key: every session but the one that asks.
pub const OTHERS: &str = "others";

fn me(cx: &Ctx) -> Result<UserId> {
    match cx.actor() {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Error::SignIn),
    }
}

/// The open sessions of whoever asks, the newest use first. Everybody may, for themselves.
pub async fn own_sessions(cx: &Ctx, current: SessionId) -> Result<Vec<OwnSession>> {
    let me = me(cx)?;
    let mut read = cx.read(Reach::System).await?;
    store::own_sessions(read.conn(), me, current).await
}

/// Ends one of one's own sessions, or with [`OTHERS`] all but this one; says how many.
///
/// # Errors
/// `NotFound` for what is no open session of the actor; `Conflict` for the one that asks, which signing out ends.
pub async fn end_own_session(cx: &Ctx, current: SessionId, key: &str) -> Result<u64> {
    let me = me(cx)?;
    let mut tx = cx.begin(Reach::System).await?;
    let ended = if key == OTHERS {
        store::revoke_others(tx.conn(), me, current).await?
    } else {
        let mine = store::own_sessions(tx.conn(), me, current).await?;
        let session = mine.iter().find(|session| session.key == key).ok_or(Error::NotFound)?;
        if session.current {
            return Err(Error::Conflict("This is the session that you are in. Sign out to end it.".into()));
        }
        store::revoke_own(tx.conn(), me, key).await?
    };
    let name = cx.actor().name().to_owned();
    let after = json!({ "sessions_ended": ended });
    let line = |tenant| AuditEvent::on(tenant, "session.revoke", name.as_str()).after(after.clone());
    tx.commit_all(chains(cx.actor()).into_iter().map(line).collect()).await?;
    Ok(ended)
}

/// Gives whoever asks another password and ends their sessions on other devices; says how many those were.
///
/// # Errors
/// `Invalid` at `current` or `password`; `Throttled` after too many wrong guesses of the present password.
pub async fn change_own_password(
    cx: &Ctx,
    session: SessionId,
    address: IpAddr,
    current: &str,
    new: &str,
) -> Result<u64> {
    let me = me(cx)?;
    let mut read = cx.read(Reach::System).await?;
    let (name, email) = store::person(read.conn(), me).await?;
    let known = store::credentials(read.conn(), &email).await?.and_then(|(_, hash)| hash);
    drop(read);
    // What is wrong with the new one is said before a try is spent on the old one.
    let mut errors = FieldErrors::default();
    if current.is_empty() {
        errors.add("current", "Your present password is needed.");
    }
    errors.take("password", password::check(new, &email, &name));
    if errors.get("password").is_none() && current == new {
        errors.add("password", "That is your present password.");
    }
    errors.into_result()?;
    long_enough(cx, me, new).await?;

    let (key, from) = (account_key(&email), address_key(address));
    claim(cx, &key, &from).await?;
    let line = |tenant| AuditEvent::on(tenant, "user.change_password", email.as_str());
    if !password::verify(current.to_owned(), known).await? {
        failed(cx, &key).await?;
        for tenant in chains(cx.actor()) {
            audit::record_refused(cx, line(tenant).reason("the present password was wrong")).await?;
        }
        return Err(Error::field("current", "That is not your present password."));
    }
    let hash = password::hash(new.to_owned(), cx.random()).await?;
    let mut tx = cx.begin(Reach::System).await?;
    store::forgive(tx.conn(), &key, &from).await?;
    store::update_password(tx.conn(), me, &hash).await?;
    let ended = store::revoke_others(tx.conn(), me, session).await?;
    let after = json!({ "sessions_ended": ended });
    tx.commit_all(chains(cx.actor()).into_iter().map(|tenant| line(tenant).after(after.clone())).collect())
        .await?;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::users::{Browser, actor_of_session, create_user, sign_in};
    use model::permission::Role;
    use sqlx::PgPool;

    const GOOD: &str = "correct horse battery";

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn one_sees_and_ends_ones_own_sessions_and_nobody_elses(admin: PgPool) {
        let services = testing::services(&admin).await;
        let system = services.system("test");
        let nobody = services.ctx(Actor::Anonymous, "test");
        let enter = async |email: &str, host: u8| {
            let address = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, host));
            SessionId::of(&sign_in(&nobody, email, GOOD, address, None).await.expect("in").token)
        };
        for email in ["ada@example.com", "bo@example.com"] {
            create_user(&system, email, "Somebody", Some(GOOD), Some(Role::Auditor)).await.expect("a user");
        }
        let here = enter("ada@example.com", 1).await;
        let (there, third) = (enter("ada@example.com", 2).await, enter("ada@example.com", 3).await);
        let theirs = enter("bo@example.com", 4).await;
        let alive = async |session| actor_of_session(&services, session).await.expect("a look-up").is_some();
        let ctx = async |session| {
            let actor = actor_of_session(&services, session).await.expect("a look-up").expect("alive");
            services.ctx(actor, "test")
        };
        let cx = ctx(here).await;
        let mine = own_sessions(&cx, here).await.expect("a list");
        assert_eq!((mine.len(), mine.iter().filter(|s| s.current).count()), (3, 1));
        let current = mine.iter().find(|s| s.current).expect("this one").key.clone();
        assert!(matches!(end_own_session(&cx, here, &current).await, Err(Error::Conflict(_))));

        let their_key = own_sessions(&ctx(theirs).await, theirs).await.expect("theirs")[0].key.clone();
        for key in [their_key.as_str(), "", "%", "nonsense"] {
            assert!(matches!(end_own_session(&cx, here, key).await, Err(Error::NotFound)), "{key}");
        }
        let other = mine.iter().find(|s| !s.current).expect("another").key.clone();
        assert_eq!(end_own_session(&cx, here, &other).await.expect("ended"), 1);
        assert_eq!(end_own_session(&cx, here, OTHERS).await.expect("ended"), 1);
        assert!(alive(here).await && alive(theirs).await && !alive(there).await && !alive(third).await);
        let lines: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM audit_entry WHERE action = 'session.revoke' AND result = 'done'",
        )
        .fetch_one(&admin)
        .await
        .expect("a count");
        assert_eq!(lines, 2);
        assert!(matches!(own_sessions(&nobody, here).await, Err(Error::SignIn)));
    }
    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn a_password_is_changed_with_the_present_one_and_ends_what_is_open_elsewhere(admin: PgPool) {
        const NEXT: &str = "another battery staple";
        let services = testing::services(&admin).await;
        let nobody = services.ctx(Actor::Anonymous, "test");
        let email = "ada@example.com";
        create_user(&services.system("test"), email, "Ada", Some(GOOD), Some(Role::Auditor))
            .await
            .expect("a user");
        let at = |host: u8| IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, host));
        let enter =
            async |password: &'static str, host: u8| sign_in(&nobody, email, password, at(host), None).await;
        let here = SessionId::of(&enter(GOOD, 1).await.expect("in").token);
        let there = SessionId::of(&enter(GOOD, 2).await.expect("in").token);
        let actor = actor_of_session(&services, here).await.expect("a look-up").expect("alive");
        let cx = services.ctx(actor, "test");
        let change = async |current: &'static str, new: &'static str| {
            change_own_password(&cx, here, at(1), current, new).await
        };
        let at_field = |result: Result<u64>, field: &str| match result {
            Err(Error::Invalid(errors)) => assert!(errors.get(field).is_some(), "{errors:?}"),
            other => panic!("{other:?}"),
        };
        at_field(change("", NEXT).await, "current");
        at_field(change(GOOD, "short").await, "password");
        at_field(change(GOOD, GOOD).await, "password");
        at_field(change("wrong wrong wrong", NEXT).await, "current");
        assert!(actor_of_session(&services, there).await.expect("a look-up").is_some(), "nothing was done");
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(change(GOOD, NEXT).await.expect("changed"), 1);
        assert!(actor_of_session(&services, there).await.expect("a look-up").is_none());
        assert!(actor_of_session(&services, here).await.expect("a look-up").is_some());
        assert!(matches!(enter(GOOD, 3).await, Err(Error::Invalid(_))));
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert!(enter(NEXT, 4).await.is_ok());
        let lines: Vec<String> = sqlx::query_scalar(
            "SELECT result FROM audit_entry WHERE action = 'user.change_password' ORDER BY seq",
        )
        .fetch_all(&admin)
        .await
        .expect("lines");
        assert_eq!(lines, ["denied", "done"]);
        assert!(matches!(change_own_password(&nobody, here, at(1), GOOD, NEXT).await, Err(Error::SignIn)));
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn a_session_says_where_it_was_begun(admin: PgPool) {
        let services = testing::services(&admin).await;
        let nobody = services.ctx(Actor::Anonymous, "test");
        create_user(&services.system("test"), "ada@example.com", "Ada", Some(GOOD), Some(Role::Auditor))
            .await
            .expect("a user");
        let long = format!("Mozilla\u{7}/5.0 {}", "x".repeat(9_000));
        let browser = Browser { address: "::ffff:192.0.2.1".parse().expect("an address"), agent: &long };
        let token = sign_in(&nobody, "ada@example.com", GOOD, browser, None).await.expect("in").token;
        let here = SessionId::of(&token);
        let cx =
            services.ctx(actor_of_session(&services, here).await.expect("a look-up").expect("alive"), "test");
        let mine = own_sessions(&cx, here).await.expect("a list");
        assert_eq!(mine[0].address.as_deref(), Some("192.0.2.1"));
        let agent = mine[0].agent.as_deref().expect("an agent");
        assert!(agent.starts_with("Mozilla/5.0 x") && agent.len() == 300, "{agent}");
    }
}

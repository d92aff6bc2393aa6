//! The sessions that somebody has open, for themselves: to see them, and to end those on other devices (ASVS 7.4).

use super::sessions::{SessionId, chains};
use super::store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::UserId;
use model::access::OwnSession;
use model::permission::Actor;
use serde_json::json;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::users::{actor_of_session, create_user, sign_in};
    use model::permission::Role;
    use sqlx::PgPool;
    use std::net::IpAddr;

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
}

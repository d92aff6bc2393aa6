//! The people of the platform: who they are, inviting them by a one-time link, their role, and the end of their access.
//!
//! Invariants: the platform is never without an owner who can sign in; nobody changes or closes their own account, so that
//! an owner cannot lock themselves out by mistake; a link stands in one answer only.

use super::{NAME_MAX, invite, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::UserId;
use model::access::{Invitation, Person};
use model::permission::{Actor, Permission, Role, Scope};
use model::validate::{self, FieldErrors};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The longest reason.
const REASON_MAX: u32 = 500;

/// Everybody with a role on the platform, who can sign in first; the closed accounts last.
pub async fn platform_people(cx: &Ctx) -> Result<Vec<Person>> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut read = cx.read(Reach::System).await?;
    store::platform_people(read.conn(), me(cx)).await
}

/// One of them.
pub async fn person(cx: &Ctx, id: UserId) -> Result<Person> {
    platform_people(cx).await?.into_iter().find(|person| person.id == id).ok_or(Error::NotFound)
}

fn me(cx: &Ctx) -> Option<UserId> {
    match cx.actor() {
        Actor::User { id, .. } => Some(*id),
        _ => None,
    }
}

/// Makes an account without a password and the link by which its person chooses one.
///
/// # Errors
/// `Invalid` at `email`, `name` or `role`.
pub async fn invite_person(cx: &Ctx, email: &str, name: &str, role: &str) -> Result<Invitation> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut errors = FieldErrors::default();
    let email = errors.take("email", validate::email(email));
    let name = errors.take("name", validate::line(name, "A name", NAME_MAX));
    let role = errors.take("role", platform_role(role));
    let (Some(email), Some(name), Some(role)) = (email, name, role) else { return Err(errors.into()) };
    let id = UserId(cx.new_id());
    let mut tx = cx.begin(Reach::System).await?;
    store::insert_user(tx.conn(), id, &email, &name, None, Some(role)).await?;
    let link = new_link(&mut tx, id).await?;
    let event = AuditEvent::platform("user.invite", email.as_str())
        .after(json!({ "name": name, "email": email, "role": role.as_str() }));
    tx.commit(event).await?;
    Ok(Invitation { name, email, link, days: invite::LINK_DAYS })
}

fn platform_role(word: &str) -> Result<Role, String> {
    let role = validate::word::<Role>(word, "A role")?;
    if role.is_platform() {
        Ok(role)
    } else {
        Err("This role belongs to a tenant, not to the platform.".into())
    }
}

/// A link of this person; every other one of theirs ends.
async fn new_link(tx: &mut Tx, user: UserId) -> Result<String> {
    let token = BASE64_URL_SAFE_NO_PAD.encode(tx.cx().random::<32>());
    store::end_set_ups(tx.conn(), user).await?;
    store::insert_set_up(tx.conn(), &Sha256::digest(token.as_bytes()), user, invite::LINK_DAYS).await?;
    Ok(format!("{}/set-up/{token}", tx.cx().services().deployment().public_url))
}

/// Another link for somebody who has not used theirs; the one before ends.
///
/// # Errors
/// `Conflict` for an account that has a password, or is closed.
pub async fn renew_link(cx: &Ctx, user: UserId) -> Result<Invitation> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::System).await?;
    let account = store::account(tx.conn(), user).await?.ok_or(Error::NotFound)?;
    if account.disabled || account.has_password {
        let how = if account.disabled { "is closed" } else { "has a password already" };
        return Err(Error::Conflict(format!("The account of {} {how}.", account.name)));
    }
    let link = new_link(&mut tx, user).await?;
    tx.commit(AuditEvent::platform("user.renew_link", account.email.as_str())).await?;
    Ok(Invitation { name: account.name, email: account.email, link, days: invite::LINK_DAYS })
}

/// Gives somebody another role on the platform. It holds with their next request.
///
/// # Errors
/// `Invalid` at `role` or `reason`; `Conflict` for oneself, a closed account, and the last owner.
pub async fn set_role(cx: &Ctx, user: UserId, role: &str, reason: &str) -> Result<()> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut errors = FieldErrors::default();
    let role = errors.take("role", platform_role(role));
    let reason = errors.take("reason", validate::required(reason, "A reason", REASON_MAX));
    let (Some(role), Some(reason)) = (role, reason) else { return Err(errors.into()) };
    let mut tx = cx.begin(Reach::System).await?;
    let account = changeable(&mut tx, user).await?;
    if account.role == role {
        return Err(Error::field("role", format!("That is the role of {} already.", account.name)));
    }
    if account.role == Role::Owner {
        not_the_last_owner(&mut tx, user).await?;
    }
    store::set_platform_role(tx.conn(), user, role).await?;
    let event = AuditEvent::platform("user.set_role", account.email)
        .reason(reason)
        .before(json!({ "role": account.role.as_str() }))
        .after(json!({ "role": role.as_str() }));
    tx.commit(event).await
}

/// Closes the account of somebody on the platform for good; their sessions and links end at once.
///
/// # Errors
/// `Invalid` at `reason`; `Conflict` for oneself, a closed account, and the last owner.
pub async fn close_person(cx: &Ctx, user: UserId, reason: &str) -> Result<()> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let reason =
        validate::required(reason, "A reason", REASON_MAX).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin(Reach::System).await?;
    let account = changeable(&mut tx, user).await?;
    if account.role == Role::Owner {
        not_the_last_owner(&mut tx, user).await?;
    }
    store::disable(tx.conn(), user).await?;
    store::end_set_ups(tx.conn(), user).await?;
    let ended = store::revoke_all(tx.conn(), user).await?;
    let event = AuditEvent::platform("user.disable", account.email)
        .reason(reason)
        .after(json!({ "sessions_ended": ended }));
    tx.commit(event).await
}

/// Ends every session of somebody on the platform and says how many there were; they may sign in again.
pub async fn end_sessions(cx: &Ctx, user: UserId) -> Result<u64> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::System).await?;
    let account = store::account(tx.conn(), user).await?.ok_or(Error::NotFound)?;
    let ended = store::revoke_all(tx.conn(), user).await?;
    let event =
        AuditEvent::platform("user.end_sessions", account.email).after(json!({ "sessions_ended": ended }));
    tx.commit(event).await?;
    Ok(ended)
}

/// The account, locked, where it may be changed by this actor.
async fn changeable(tx: &mut Tx, user: UserId) -> Result<store::Account> {
    // Owners are locked first and in one order, so that two who remove each other cannot both succeed.
    store::lock_owners(tx.conn()).await?;
    let account = store::account(tx.conn(), user).await?.ok_or(Error::NotFound)?;
    if me(tx.cx()) == Some(user) {
        return Err(Error::Conflict("This is your own account: another owner has to do that.".into()));
    }
    if account.disabled {
        return Err(Error::Conflict(format!("The account of {} is closed.", account.name)));
    }
    Ok(account)
}

async fn not_the_last_owner(tx: &mut Tx, user: UserId) -> Result<()> {
    if store::other_owner(tx.conn(), user).await? {
        Ok(())
    } else {
        Err(Error::Conflict(
            "This is the last owner who can sign in. Make somebody else an owner first.".into(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::users::{SessionId, actor_of_session, create_user, set_up, sign_in};
    use sqlx::PgPool;

    const GOOD: &str = "correct horse battery";

    async fn owner(services: &crate::Services, email: &str) -> (UserId, Ctx) {
        let id = create_user(&services.system("test"), email, "Ada Roy", Some(GOOD), Some(Role::Owner))
            .await
            .expect("an owner");
        let actor = Actor::User {
            id,
            name: "Ada Roy".into(),
            email: email.into(),
            platform: Some(Role::Owner),
            memberships: vec![],
        };
        (id, services.ctx(actor, "test"))
    }

    fn token(invitation: &Invitation) -> &str {
        invitation.link.rsplit('/').next().expect("a token")
    }

    async fn lines(admin: &PgPool, action: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1 AND result = 'done'")
            .bind(action)
            .fetch_one(admin)
            .await
            .expect("a count")
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn an_invited_person_chooses_a_password_by_the_newest_link_once(admin: PgPool) {
        let services = testing::services(&admin).await;
        let (_, cx) = owner(&services, "ada@example.com").await;
        let first = invite_person(&cx, "Bo@Example.com", "Bo Berg", "auditor").await.expect("invited");
        let bo = platform_people(&cx)
            .await
            .expect("people")
            .into_iter()
            .find(|p| p.email == "bo@example.com")
            .expect("Bo");
        assert_eq!((bo.standing, bo.role, bo.me), (model::access::Standing::Invited, Role::Auditor, false));
        let second = renew_link(&cx, bo.id).await.expect("another");
        let nobody = services.ctx(Actor::Anonymous, "test");
        assert!(
            matches!(set_up(&nobody, token(&first), GOOD).await, Err(Error::NotFound)),
            "the first has ended"
        );
        set_up(&nobody, token(&second), GOOD).await.expect("chosen");
        assert!(matches!(set_up(&nobody, token(&second), GOOD).await, Err(Error::NotFound)), "once");
        let line: (String, serde_json::Value) = sqlx::query_as(
            "SELECT target, after FROM audit_entry WHERE action = 'user.set_up' AND result = 'done'",
        )
        .fetch_one(&admin)
        .await
        .expect("one line");
        assert_eq!(line, ("bo@example.com".into(), serde_json::json!({ "email_verified": true })));
        assert!(matches!(renew_link(&cx, bo.id).await, Err(Error::Conflict(_))), "has a password");
        let kept: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM audit_entry WHERE coalesce(after::text, '') LIKE '%' || $1 || '%'",
        )
        .bind(token(&second))
        .fetch_one(&admin)
        .await
        .expect("a count");
        assert_eq!(kept, 0, "the token is nowhere");
        assert_eq!((lines(&admin, "user.invite").await, lines(&admin, "user.renew_link").await), (1, 1));
        let wrong = invite_person(&cx, "no address", " ", "tenant_admin").await;
        assert!(
            matches!(wrong, Err(Error::Invalid(e)) if e.get("email").is_some() && e.get("name").is_some() && e.get("role").is_some())
        );
        let twice = invite_person(&cx, "bo@example.com", "Bo", "auditor").await;
        assert!(matches!(twice, Err(Error::Invalid(e)) if e.get("email").is_some()));
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn the_last_owner_and_oneself_are_safe(admin: PgPool) {
        let services = testing::services(&admin).await;
        let (ada, cx) = owner(&services, "ada@example.com").await;
        for done in [set_role(&cx, ada, "auditor", "x").await, close_person(&cx, ada, "x").await] {
            assert!(matches!(done, Err(Error::Conflict(why)) if why.contains("your own")));
        }
        let system = services.system("test");
        for done in [set_role(&system, ada, "auditor", "x").await, close_person(&system, ada, "x").await] {
            assert!(matches!(done, Err(Error::Conflict(why)) if why.contains("last owner")));
        }
        // An owner who has not chosen a password cannot sign in, so does not count.
        invite_person(&cx, "bo@example.com", "Bo", "owner").await.expect("invited");
        assert!(matches!(close_person(&system, ada, "x").await, Err(Error::Conflict(_))));
        let (bo, _) = owner(&services, "cy@example.com").await;
        set_role(&cx, bo, "auditor", "Moved on.").await.expect("changed");
        assert_eq!(person(&cx, bo).await.expect("there").role, Role::Auditor);
        assert!(
            matches!(set_role(&cx, bo, "auditor", "x").await, Err(Error::Invalid(e)) if e.get("role").is_some())
        );
        assert!(
            matches!(set_role(&cx, bo, "success", " ").await, Err(Error::Invalid(e)) if e.get("reason").is_some())
        );
        assert_eq!(lines(&admin, "user.set_role").await, 1);
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn closing_and_ending_sessions_take_effect_at_once(admin: PgPool) {
        let services = testing::services(&admin).await;
        let (_, cx) = owner(&services, "ada@example.com").await;
        let bo =
            create_user(&cx, "bo@example.com", "Bo", Some(GOOD), Some(Role::Operator)).await.expect("Bo");
        let here = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let nobody = services.ctx(Actor::Anonymous, "test");
        let session = sign_in(&nobody, "bo@example.com", GOOD, here, None).await.expect("in").token;
        let alive = async |token: &str| {
            actor_of_session(&services, SessionId::of(token)).await.expect("a look-up").is_some()
        };
        assert!(alive(&session).await);
        assert_eq!(person(&cx, bo).await.expect("Bo").sessions, 1);
        assert_eq!(end_sessions(&cx, bo).await.expect("ended"), 1);
        assert!(!alive(&session).await);
        let session = sign_in(&nobody, "bo@example.com", GOOD, here, None).await.expect("in again").token;
        close_person(&cx, bo, "Left.").await.expect("closed");
        assert!(!alive(&session).await);
        assert!(sign_in(&nobody, "bo@example.com", GOOD, here, None).await.is_err());
        assert_eq!(person(&cx, bo).await.expect("Bo").standing, model::access::Standing::Closed);
        assert!(matches!(close_person(&cx, bo, "x").await, Err(Error::Conflict(_))));
        assert_eq!((lines(&admin, "user.disable").await, lines(&admin, "user.end_sessions").await), (1, 1));
    }

    #[sqlx::test(migrator = "crate::db::MIGRATOR")]
    async fn only_owners_manage_people(admin: PgPool) {
        let services = testing::services(&admin).await;
        let (ada, _) = owner(&services, "ada@example.com").await;
        for role in [Role::Operator, Role::Success, Role::Auditor] {
            let cx = testing::platform(&services, role);
            assert!(matches!(platform_people(&cx).await, Err(Error::Forbidden(_))));
            assert!(matches!(
                invite_person(&cx, "x@example.com", "X", "auditor").await,
                Err(Error::Forbidden(_))
            ));
            assert!(matches!(renew_link(&cx, ada).await, Err(Error::Forbidden(_))));
            assert!(matches!(set_role(&cx, ada, "auditor", "x").await, Err(Error::Forbidden(_))));
            assert!(matches!(close_person(&cx, ada, "x").await, Err(Error::Forbidden(_))));
            assert!(matches!(end_sessions(&cx, ada).await, Err(Error::Forbidden(_))));
        }
    }
}

//! An invitation that is taken back: its link opens nothing, its place is gone, and what else the person has stays.

use super::{World, with_mail};
use crate::testing::smtp::{Catcher, Mail};
use crate::{Error, testing, users};
use model::permission::{Actor, Role};
use model::{TenantId, UserId};
use sqlx::PgPool;

const GOOD: &str = "correct horse battery";

/// The token of the link in a mail.
fn token(mail: &Mail) -> String {
    let text = mail.plain();
    let rest = text.split("https://steward.test/set-up/").nth(1).expect("a link");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

async fn members(admin: &PgPool, tenant: TenantId, user: UserId) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM member WHERE tenant_id = $1 AND user_id = $2")
        .bind(tenant)
        .bind(user)
        .fetch_one(admin)
        .await
        .expect("a count")
}

async fn accounts(admin: &PgPool, user: UserId) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM user_account WHERE id = $1")
        .bind(user)
        .fetch_one(admin)
        .await
        .expect("a count")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_withdrawn_link_opens_nothing_and_the_same_address_can_be_invited_again(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let (cx, tenant) = (world.tenant_admin(), world.tenant);
    let nobody = world.services.ctx(Actor::Anonymous, "test");
    let user =
        users::invite(&cx, tenant, "nia@example.com", "Nia Novak", "tenant_admin").await.expect("invited");
    world.drain().await;
    users::invite_again(&cx, tenant, user).await.expect("again");
    world.drain().await;
    let links: Vec<_> = catcher.to("nia@example.com").iter().map(token).collect();
    assert_eq!(links.len(), 2);
    users::set_up_check(&nobody, &links[1]).await.expect("the positive control");
    assert!(users::member(&cx, tenant, user).await.expect("on the list").invited);

    let name = users::withdraw_invitation(&cx, tenant, user).await.expect("withdrawn");
    assert_eq!(name, "Nia Novak");
    for link in &links {
        assert!(matches!(users::set_up_check(&nobody, link).await, Err(Error::NotFound)));
        assert!(matches!(users::set_up(&nobody, link, GOOD).await, Err(Error::NotFound)));
    }
    assert_eq!((members(&admin, tenant, user).await, accounts(&admin, user).await), (0, 0));
    assert!(matches!(users::member(&cx, tenant, user).await, Err(Error::NotFound)));
    let (target, before, after): (String, serde_json::Value, serde_json::Value) = sqlx::query_as(
        "SELECT target, before, after FROM audit_entry WHERE action = 'member.withdraw_invitation' AND result = 'done' AND tenant_id = $1",
    )
    .bind(tenant)
    .fetch_one(&admin)
    .await
    .expect("one line");
    assert_eq!(
        (target.as_str(), &before["role"], &after["account"]),
        ("nia@example.com", &serde_json::json!("tenant_admin"), &serde_json::json!("removed"))
    );
    world.drain().await;
    assert_eq!(catcher.to("nia@example.com").len(), 2, "nobody is told");
    assert!(matches!(users::withdraw_invitation(&cx, tenant, user).await, Err(Error::NotFound)), "once");

    // By the tenant's own admin: the address is nobody's again.
    let next = users::invite(&cx, tenant, "nia@example.com", "Nia", "tenant_member").await.expect("again");
    world.drain().await;
    let link = catcher.to("nia@example.com").last().map(token).expect("a mail");
    users::set_up(&nobody, &link, GOOD).await.expect("chosen");
    let late = users::withdraw_invitation(&cx, tenant, next).await;
    assert!(matches!(late, Err(Error::Conflict(words)) if words.contains("accepted the invitation already")));
    assert_eq!(members(&admin, tenant, next).await, 1, "they stay");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_mail_that_still_waits_is_not_sent(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let (cx, tenant) = (world.operator(), world.tenant);
    let user = users::invite(&cx, tenant, "nia@example.com", "Nia", "tenant_member").await.expect("invited");
    catcher.mood(testing::smtp::Mood::Refuses("451 4.3.0 try again later"));
    world.drain().await;
    users::withdraw_invitation(&cx, tenant, user).await.expect("withdrawn");
    catcher.mood(testing::smtp::Mood::Takes);
    world.later().await;
    world.drain().await;
    assert!(catcher.mails().is_empty());
    let states = world.states().await;
    assert_eq!(states.len(), 1);
    let (_, state, _, problem) = &states[0];
    assert_eq!((state.as_str(), problem.as_deref()), ("parked", Some("The invitation was withdrawn.")));
    let links: i64 =
        sqlx::query_scalar("SELECT count(*) FROM one_time_link").fetch_one(&admin).await.expect("a count");
    assert_eq!(links, 0);
}

/// Somebody whom two tenants wait for loses the place in one; the account and its link are the other's as well.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_account_that_is_wanted_elsewhere_stays(admin: PgPool) {
    let catcher = Catcher::start().await;
    let world = World::new(&admin, with_mail(&catcher)).await;
    let (cx, tenant) = (world.operator(), world.tenant);
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let nobody = world.services.ctx(Actor::Anonymous, "test");
    let user = users::invite(&cx, tenant, "nia@example.com", "Nia", "tenant_member").await.expect("invited");
    world.drain().await;
    users::invite(&cx, other, "nia@example.com", "Nia", "tenant_member").await.expect("invited there");
    world.drain().await;
    users::withdraw_invitation(&cx, tenant, user).await.expect("withdrawn");
    assert_eq!((members(&admin, tenant, user).await, members(&admin, other, user).await), (0, 1));
    assert_eq!(accounts(&admin, user).await, 1);
    let link = catcher.to("nia@example.com").last().map(token).expect("a mail");
    users::set_up_check(&nobody, &link).await.expect("the other tenant’s");
    // With its last place goes the account, whichever it came with: the address is nobody's again.
    users::withdraw_invitation(&cx, other, user).await.expect("withdrawn there");
    assert_eq!((members(&admin, other, user).await, accounts(&admin, user).await), (0, 0));
    assert!(matches!(users::set_up(&nobody, &link, GOOD).await, Err(Error::NotFound)));
    users::invite(&world.tenant_admin(), tenant, "nia@example.com", "Nia", "tenant_member")
        .await
        .expect("by whoever invites addresses that nobody has");
}

/// What an account is used for besides places: each of these keeps it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_account_that_is_in_use_stays(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let (cx, tenant) = (world.operator(), world.tenant);
    for (n, (why, sql)) in [
        ("it looks after a tenant", "UPDATE tenant SET owner_id = $1"),
        ("it is of the platform", "UPDATE user_account SET platform_role = 'success' WHERE id = $1"),
        ("somebody has signed in with it", "UPDATE user_account SET last_seen_at = now() WHERE id = $1"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("nia{n}@example.com");
        let user = users::invite(&cx, tenant, &email, "Nia", "tenant_member").await.expect("invited");
        sqlx::query(sql).bind(user).execute(&admin).await.expect("used");
        users::withdraw_invitation(&cx, tenant, user).await.expect("withdrawn");
        assert_eq!((members(&admin, tenant, user).await, accounts(&admin, user).await), (0, 1), "{why}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_may_not_invite_may_not_withdraw_either(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let tenant = world.tenant;
    let user = users::invite(&world.tenant_admin(), tenant, "nia@example.com", "Nia", "tenant_member")
        .await
        .expect("invited");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let stranger = testing::member(&world.services, other, Role::TenantAdmin);
    let member = testing::member(&world.services, tenant, Role::TenantMember);
    assert!(matches!(users::withdraw_invitation(&member, tenant, user).await, Err(Error::Forbidden(_))));
    assert!(matches!(users::withdraw_invitation(&stranger, tenant, user).await, Err(Error::NotFound)));
    // One's own tenant, somebody else's guest; somebody of the platform, who is no member.
    assert!(matches!(users::withdraw_invitation(&stranger, other, user).await, Err(Error::NotFound)));
    let operator = UserId(uuid::Uuid::from_u128(1));
    let none = users::withdraw_invitation(&world.tenant_admin(), tenant, operator).await;
    assert!(matches!(none, Err(Error::NotFound)));
    // Whoever has a password was let in at once: there is nothing to withdraw.
    let ines = UserId(uuid::Uuid::from_u128(2));
    let member = users::withdraw_invitation(&world.tenant_admin(), tenant, ines).await;
    assert!(matches!(member, Err(Error::Conflict(_))));
    assert_eq!(members(&admin, tenant, user).await, 1, "nothing was done");
    assert_eq!(world.audited("member.withdraw_invitation").await, 0);
}

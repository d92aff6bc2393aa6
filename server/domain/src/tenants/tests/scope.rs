//! A suspension that goes further, or less far, without ending: what keys and people may do before and after, who is
//! told, and who is refused.

use super::operator;
use crate::api_keys::{self, Caller};
use crate::operations::{self, SetRule, control};
use crate::tenants::{ChangeScope, Suspend, by_slug, change_scope, head, reinstate, suspend};
use crate::{Ctx, Error, Services, testing, users};
use model::TenantId;
use model::operations::{Control, Kind, State};
use model::permission::{Actor, Permission, Role, Scope};
use model::tenants::{Access, Status, Suspension};
use sqlx::PgPool;
use std::net::{IpAddr, Ipv4Addr};

const GOOD: &str = "correct horse battery";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SUSPEND: Suspend<'static> = Suspend {
    code: "security_incident",
    note: "A key leaked.",
    scope: "read_only",
    message: "We look at it.",
};
const BLOCK: ChangeScope<'static> =
    ChangeScope { scope: "blocked", reason: "It leaks still.", message: "We had to close it." };
const OPEN: ChangeScope<'static> =
    ChangeScope { scope: "read_only", reason: "The key is revoked.", message: "" };

async fn key(services: &Services, tenant: TenantId) -> String {
    let cx = testing::platform(services, Role::Operator);
    api_keys::create(&cx, tenant, "connector", "read_write").await.expect("a key").text
}

/// What a program with the key may do at this moment: read, and write.
async fn may(services: &Services, tenant: TenantId, key: &str) -> (bool, bool) {
    let scope = Scope::Tenant(tenant);
    let caller: Caller = match api_keys::authenticate(services, "r", key).await {
        Ok(caller) => caller,
        Err(Error::Closed(_) | Error::Suspended(Access::None)) => return (false, false),
        Err(error) => panic!("{error}"),
    };
    let read = caller.cx.require(Permission::ConversationRead, scope).await;
    let write = caller.cx.require(Permission::ConversationWrite, scope).await;
    (read.is_ok(), write.is_ok())
}

/// Action, reason, and the scope before and after, of the newest line about it.
async fn newest_line(admin: &PgPool) -> (String, Option<String>, Option<String>, Option<String>) {
    sqlx::query_as(
        "SELECT action, reason, before->>'suspension', after->>'suspension' FROM audit_entry
        WHERE action LIKE 'tenant.%' AND result = 'done' ORDER BY at DESC, seq DESC LIMIT 1",
    )
    .fetch_one(admin)
    .await
    .expect("a line")
}

async fn version(cx: &Ctx) -> i64 {
    by_slug(cx, "acme").await.expect("the tenant").version
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn keys_lose_reading_and_get_it_back_with_the_scope(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let key = key(&services, id).await;
    assert_eq!(may(&services, id, &key).await, (true, true));
    suspend(&cx, id, version(&cx).await, SUSPEND).await.expect("suspended");
    let since = by_slug(&cx, "acme").await.expect("the tenant").status_since;
    assert_eq!(may(&services, id, &key).await, (true, false), "read-only");

    let asked = change_scope(&cx, id, version(&cx).await, BLOCK).await.expect("blocked");
    assert_eq!(asked.state, State::Succeeded);
    assert_eq!(may(&services, id, &key).await, (false, false), "blocked");
    let line = newest_line(&admin).await;
    let words = ("tenant.change_scope".to_owned(), Some("It leaks still.".to_owned()));
    assert_eq!(line, (words.0, words.1, Some("read_only".into()), Some("blocked".into())));
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.status, tenant.suspension), (Status::Suspended, Some(Suspension::Blocked)));
    assert_eq!((tenant.status_since, tenant.status_note.as_deref()), (since, Some("A key leaked.")));
    assert_eq!(tenant.status_message.as_deref(), Some("We had to close it."));
    let by = head(&cx, "acme").await.expect("a head").status_by;
    assert_eq!(by.as_deref(), Some("Test Operator"), "who suspended it still stands there");

    change_scope(&cx, id, version(&cx).await, OPEN).await.expect("read-only");
    assert_eq!(may(&services, id, &key).await, (true, false), "read-only again");
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status_message, None);
    reinstate(&cx, id, version(&cx).await, "The key is revoked.").await.expect("reinstated");
    assert_eq!(may(&services, id, &key).await, (true, true));
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.status, tenant.suspension), (Status::Active, None));

    let told: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT event, data->>'scope' FROM notification WHERE tenant_id = $1 ORDER BY id")
            .bind(id)
            .fetch_all(&admin)
            .await
            .expect("notices");
    let told: Vec<_> = told.iter().map(|(event, scope)| (event.as_str(), scope.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("tenant.suspended", Some("read_only")),
            ("tenant.suspension_changed", Some("blocked")),
            ("tenant.suspension_changed", Some("read_only")),
            ("tenant.reinstated", None),
        ]
    );
    let inside: i64 = sqlx::query_scalar("SELECT count(*) FROM notification WHERE data::text LIKE '%leak%'")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(inside, 0, "what is noted inside stays inside");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn people_are_signed_out_of_what_is_blocked_and_sign_in_again_to_read(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let system = services.system("test");
    let ada =
        users::create_user(&system, "ada@example.com", "Ada Roy", Some(GOOD), None).await.expect("a user");
    users::add_member(&system, id, ada, Role::TenantAdmin).await.expect("a member");
    let nobody = services.ctx(Actor::Anonymous, "test");
    suspend(&cx, id, version(&cx).await, SUSPEND).await.expect("suspended");
    let start = users::sign_in(&nobody, "ada@example.com", GOOD, HERE, None).await.expect("signed in");
    let session = users::SessionId::of(&start.token);
    // Whoever asks first is remembered for a moment: the commit ends that as well.
    let actor = users::actor_of_session(&services, session).await.expect("a look-up").expect("alive");
    assert!(actor.allows(Permission::ConversationRead, Scope::Tenant(id)));
    assert!(!actor.allows(Permission::MemberManage, Scope::Tenant(id)));

    change_scope(&cx, id, version(&cx).await, BLOCK).await.expect("blocked");
    assert!(users::actor_of_session(&services, session).await.expect("a look-up").is_none(), "at once");
    let refused = users::sign_in(&nobody, "ada@example.com", GOOD, HERE, None).await;
    assert!(matches!(refused, Err(Error::Closed(words)) if words.contains("We had to close it.")));

    change_scope(&cx, id, version(&cx).await, OPEN).await.expect("read-only");
    let start = users::sign_in(&nobody, "ada@example.com", GOOD, HERE, None).await.expect("signed in");
    let session = users::SessionId::of(&start.token);
    let actor = users::actor_of_session(&services, session).await.expect("a look-up").expect("alive");
    assert!(actor.allows(Permission::ConversationRead, Scope::Tenant(id)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_wrong_changes_nothing(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let running = change_scope(&cx, id, version(&cx).await, BLOCK).await;
    assert!(matches!(running, Err(Error::Conflict(words)) if words.contains("only a suspended one can")));
    suspend(&cx, id, version(&cx).await, SUSPEND).await.expect("suspended");
    let now = version(&cx).await;
    for weak in [
        testing::platform(&services, Role::Success),
        testing::platform(&services, Role::Auditor),
        testing::member(&services, id, Role::TenantAdmin),
    ] {
        let refused = change_scope(&weak, id, now, BLOCK).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{}", weak.actor().name());
    }
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(change_scope(&stranger, id, now, BLOCK).await, Err(Error::NotFound)));
    let missing = TenantId(cx.new_id());
    assert!(matches!(change_scope(&cx, missing, 1, BLOCK).await, Err(Error::NotFound)));
    let Err(Error::Invalid(errors)) =
        change_scope(&cx, id, now, ChangeScope { scope: "a bit", ..ChangeScope::default() }).await
    else {
        panic!("refused")
    };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["reason", "scope"]);
    let same = change_scope(&cx, id, now, OPEN).await;
    assert!(
        matches!(same, Err(Error::Invalid(errors)) if errors.get("scope") == Some("It is read-only already."))
    );
    let Err(Error::Conflict(said)) = change_scope(&cx, id, now - 1, BLOCK).await else { panic!("stale") };
    assert!(said.starts_with("Test Operator suspended it on "), "{said}");
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.version, tenant.suspension), (now, Some(Suspension::ReadOnly)));
    assert_eq!(newest_line(&admin).await.0, "tenant.suspend");
}

/// A rule about a second person holds for it as for a suspension (R10).
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn it_waits_for_a_second_person_where_a_rule_says_so(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let owner = testing::platform(&services, Role::Owner);
    let rule = SetRule { whom: "everybody", reason: "Four eyes.", ..SetRule::default() };
    operations::set_approval_rule(&owner, Kind::ChangeScope, rule).await.expect("set");
    suspend(&cx, id, version(&cx).await, SUSPEND).await.expect("suspended");
    let key = key(&services, id).await;
    let asked = change_scope(&cx, id, version(&cx).await, BLOCK).await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    assert_eq!(may(&services, id, &key).await, (true, false), "nothing has changed yet");
    let Actor::User { name, email, platform, memberships, .. } = cx.actor().clone() else {
        panic!("a person")
    };
    let person = model::UserId(uuid::Uuid::from_u128(9));
    let second = services.ctx(Actor::User { id: person, name, email, platform, memberships }, "second");
    control(&second, asked.id, Control::Approve, "").await.expect("approved");
    operations::Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(may(&services, id, &key).await, (false, false));
}

/// Whoever may not suspend alone does not get there by the scope either: the rule for suspensions holds for it (R10).
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn it_waits_where_a_suspension_would_wait(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    suspend(&cx, id, version(&cx).await, SUSPEND).await.expect("suspended");
    let owner = testing::platform(&services, Role::Owner);
    let rule = SetRule { whom: "everybody", reason: "Four eyes.", ..SetRule::default() };
    operations::set_approval_rule(&owner, Kind::Suspend, rule).await.expect("set");
    let asked = change_scope(&cx, id, version(&cx).await, BLOCK).await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    // The other way round nothing follows: to give access back has a rule of its own.
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let rule = SetRule { whom: "nobody", reason: "Two eyes.", version: 1, ..SetRule::default() };
    operations::set_approval_rule(&owner, Kind::Suspend, rule).await.expect("set");
    let rule = SetRule { whom: "everybody", reason: "Four eyes.", ..SetRule::default() };
    operations::set_approval_rule(&owner, Kind::ChangeScope, rule).await.expect("set");
    let done = suspend(&cx, other, 1, SUSPEND).await.expect("suspended at once");
    assert_ne!(done.state, State::Requested);
}

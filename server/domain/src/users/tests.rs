//! Sign-in, sessions and throttling on a real database.

use super::*;
use crate::testing;
use sqlx::PgPool;
use std::net::IpAddr;

const GOOD: &str = "correct horse battery";
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

async fn user(services: &crate::Services, email: &str, role: Option<Role>) -> UserId {
    create_user(&services.system("test"), email, "Ada Roy", Some(GOOD), role).await.expect("a user")
}

fn nobody(services: &crate::Services) -> Ctx {
    services.ctx(Actor::Anonymous, "test")
}

fn wrong(result: Result<SessionStart>) {
    match result {
        Err(Error::Invalid(errors)) => assert_eq!(errors.get(""), Some(WRONG)),
        other => panic!("{other:?}"),
    }
}

async fn unlock(admin: &PgPool) {
    sqlx::query("UPDATE sign_in_throttle SET locked_until = now(), first_at = CASE WHEN key LIKE 'addr:%' THEN now() - interval '2 minutes' ELSE first_at END")
        .execute(admin)
        .await
        .expect("unlocked");
}

async fn age(admin: &PgPool, change: &str) {
    sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE session SET {change}")))
        .execute(admin)
        .await
        .expect("aged");
}

async fn alive(services: &crate::Services, token: &str) -> bool {
    services.sessions().clear();
    actor_of_session(services, SessionId::of(token)).await.expect("a look-up").is_some()
}

async fn audited(admin: &PgPool, action: &str, result: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1 AND result = $2")
        .bind(action)
        .bind(result)
        .fetch_one(admin)
        .await
        .expect("a count")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_right_password_begins_a_session_and_sign_out_ends_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", Some(Role::Operator)).await;
    let start = sign_in(&nobody(&services), " Ada@Example.com ", GOOD, HERE, None).await.expect("signed in");
    let actor =
        actor_of_session(&services, SessionId::of(&start.token)).await.expect("look-up").expect("alive");
    assert!(matches!(&*actor, Actor::User { platform: Some(Role::Operator), name, .. } if name == "Ada Roy"));
    assert_eq!(audited(&admin, "session.start", "done").await, 1);
    let kept: Vec<u8> =
        sqlx::query_scalar("SELECT id_hash FROM session").fetch_one(&admin).await.expect("a row");
    assert_eq!(kept, SessionId::of(&start.token).as_bytes(), "the token itself is nowhere");

    let cx = services.ctx(actor, "test");
    sign_out(&cx, SessionId::of(&start.token)).await.expect("signed out");
    assert!(
        actor_of_session(&services, SessionId::of(&start.token)).await.expect("look-up").is_none(),
        "at once, cache or not"
    );
    assert_eq!(audited(&admin, "session.end", "done").await, 1);
    sign_out(&cx, SessionId::of(&start.token)).await.expect("twice is fine");
    assert_eq!(audited(&admin, "session.end", "done").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn whatever_is_wrong_says_the_same_and_is_recorded(admin: PgPool) {
    let services = testing::services(&admin).await;
    let ada = user(&services, "ada@example.com", Some(Role::Operator)).await;
    create_user(&services.system("test"), "no@example.com", "No Password", None, None).await.expect("a user");
    let cx = nobody(&services);
    for email in ["ada@example.com", "unknown@example.com", "no@example.com", "not an address"] {
        wrong(sign_in(&cx, email, "wrong wrong wrong", HERE, None).await);
    }
    unlock(&admin).await;
    disable_user(&services.system("test"), ada, "left the company").await.expect("disabled");
    wrong(sign_in(&cx, "ada@example.com", GOOD, HERE, None).await);
    assert_eq!(audited(&admin, "session.start", "denied").await, 5);
    let typed: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE target = 'not an address'")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(typed, 0, "what is no address may be a password");
    assert!(
        matches!(sign_in(&cx, "", "", HERE, None).await, Err(Error::Invalid(e)) if e.get("email").is_some() && e.get("password").is_some())
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn failures_slow_an_account_down_and_the_day_ends_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", None).await;
    let cx = nobody(&services);
    for failures in [9, 25, 100] {
        sqlx::query("INSERT INTO sign_in_throttle VALUES ($1, $2, now(), now()) ON CONFLICT (key) DO UPDATE SET failures = $2, locked_until = now()")
            .bind(account_key_for_test("ada@example.com"))
            .bind(failures - 1)
            .execute(&admin)
            .await
            .expect("failures");
        sqlx::query("DELETE FROM sign_in_throttle WHERE key LIKE 'addr:%'")
            .execute(&admin)
            .await
            .expect("fresh address");
        wrong(sign_in(&cx, "ada@example.com", "wrong wrong wrong", HERE, None).await);
        let left: f64 = sqlx::query_scalar("SELECT extract(epoch FROM locked_until - now())::float8 FROM sign_in_throttle WHERE key LIKE 'user:%'").fetch_one(&admin).await.expect("a lock");
        let most = match failures {
            9 => 5.0,
            25 => 10.0,
            _ => 86_400.0,
        };
        assert!(left <= most && (failures == 100 || left > most - 2.0), "{failures} failures: {left} s");
        // Even the right password waits; the refusal says how long.
        match sign_in(&cx, "ada@example.com", GOOD, HERE, None).await {
            Err(Error::Throttled { seconds }) => assert!(seconds >= 1),
            other => panic!("{other:?}"),
        }
    }
}

fn account_key_for_test(email: &str) -> String {
    sessions::account_key(email)
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_address_has_five_tries_a_minute_over_all_accounts(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", None).await;
    let cx = nobody(&services);
    for n in 0..5 {
        wrong(sign_in(&cx, &format!("guess{n}@example.com"), "wrong wrong wrong", HERE, None).await);
    }
    match sign_in(&cx, "ada@example.com", GOOD, HERE, None).await {
        Err(Error::Throttled { seconds }) => assert!((50..=60).contains(&seconds), "{seconds}"),
        other => panic!("{other:?}"),
    }
    let elsewhere: IpAddr = "192.0.2.2".parse().expect("address");
    assert!(
        matches!(sign_in(&cx, "ada@example.com", GOOD, elsewhere, None).await, Err(Error::Closed(_))),
        "another address is not slowed down"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn right_passwords_use_up_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", Some(Role::Success)).await;
    for _ in 0..8 {
        sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, None).await.expect("signed in");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn parallel_guesses_count_like_guesses_in_a_row(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", Some(Role::Success)).await;
    let tries = (1..=6).map(|n| {
        let services = services.clone();
        tokio::spawn(async move {
            let address = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, n));
            sign_in(&nobody(&services), "ada@example.com", "wrong wrong wrong", address, None).await
        })
    });
    let mut looked_at = 0;
    for one in tries.collect::<Vec<_>>() {
        if matches!(one.await.expect("joined"), Err(Error::Invalid(_))) {
            looked_at += 1;
        }
    }
    assert!(looked_at <= 3, "{looked_at} passwords were compared at once");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_revoked_session_stays_dead(admin: PgPool) {
    let services = testing::services(&admin).await;
    let ada = user(&services, "ada@example.com", Some(Role::Operator)).await;
    let start = sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, None).await.expect("signed in");
    // Its last use is long ago, so that the next look writes it down: exactly what could revive it.
    age(&admin, "last_seen_at = now() - interval '5 minutes'").await;
    assert!(alive(&services, &start.token).await, "the positive control");
    set_password(&services.system("test"), ada, "another horse battery").await.expect("changed");
    age(&admin, "last_seen_at = now() - interval '5 minutes'").await;
    assert!(!alive(&services, &start.token).await);
    let mut tx = services.system("test").begin(Reach::System).await.expect("begin");
    assert!(
        !store::touch(tx.conn(), SessionId::of(&start.token), sessions::Lifetime { idle: 60, absolute: 60 })
            .await
            .expect("touched")
    );
    assert!(
        store::insert_session(
            tx.conn(),
            SessionId::of(&start.token),
            ada,
            sessions::Lifetime { idle: 60, absolute: 60 },
            &HERE.into(),
        )
        .await
        .is_err(),
        "nor can its id be used again"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn sessions_end_unused_and_end_anyway(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", Some(Role::Operator)).await;
    let start = sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, None).await.expect("signed in");
    let limits: (f64, f64) =
        sqlx::query_as("SELECT extract(epoch FROM idle_until - created_at)::float8, extract(epoch FROM ends_at - created_at)::float8 FROM session")
            .fetch_one(&admin)
            .await
            .expect("limits");
    assert_eq!(limits, (900.0, 28_800.0));
    age(&admin, "last_seen_at = now() - interval '10 minutes', idle_until = now() + interval '5 minutes'")
        .await;
    assert!(alive(&services, &start.token).await);
    let moved: bool = sqlx::query_scalar("SELECT idle_until > now() + interval '14 minutes' FROM session")
        .fetch_one(&admin)
        .await
        .expect("moved");
    assert!(moved, "use moves the idle limit");
    age(&admin, "last_seen_at = now() - interval '2 minutes', ends_at = now() + interval '1 minute'").await;
    assert!(alive(&services, &start.token).await);
    let capped: bool = sqlx::query_scalar("SELECT idle_until <= ends_at FROM session")
        .fetch_one(&admin)
        .await
        .expect("capped");
    assert!(capped, "but never beyond the end");
    age(&admin, "ends_at = now()").await;
    assert!(!alive(&services, &start.token).await, "the end is the end");
    age(&admin, "ends_at = now() + interval '1 hour', idle_until = now()").await;
    assert!(!alive(&services, &start.token).await, "unused is over");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_sign_in_is_a_new_session_and_ends_the_one_before(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", Some(Role::Operator)).await;
    let planted = SessionId::of("an id that an attacker planted");
    let first =
        sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, Some(planted)).await.expect("signed in");
    assert!(actor_of_session(&services, planted).await.expect("look-up").is_none());
    let second =
        sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, Some(SessionId::of(&first.token)))
            .await
            .expect("signed in");
    assert_ne!(first.token, second.token);
    assert!(!alive(&services, &first.token).await && alive(&services, &second.token).await);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_tenants_status_decides_at_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let ada = user(&services, "ada@example.com", None).await;
    add_member(&services.system("test"), tenant, ada, Role::TenantAdmin).await.expect("a member");
    let start = sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, None).await.expect("signed in");
    let access = async || {
        services.sessions().clear();
        let actor =
            actor_of_session(&services, SessionId::of(&start.token)).await.expect("look-up").expect("alive");
        match &*actor {
            Actor::User { memberships, .. } => memberships[0].access,
            _ => panic!("not a person"),
        }
    };
    assert_eq!(access().await, model::tenants::Access::Full);
    let suspend = |how: &'static str| {
        sqlx::query("UPDATE tenant SET status = 'suspended', status_before = 'active', status_reason = 'payment_failure', suspension = $1").bind(how).execute(&admin)
    };
    suspend("read_only").await.expect("suspended");
    assert_eq!(access().await, model::tenants::Access::ReadOnly);
    suspend("blocked").await.expect("suspended");
    assert_eq!(access().await, model::tenants::Access::None);
    sqlx::query("UPDATE tenant SET status_since = '2026-10-12T08:00Z', status_note = 'they lie', status_message = 'Two invoices are open.'")
        .execute(&admin)
        .await
        .expect("a message");
    match sign_in(&nobody(&services), "ada@example.com", GOOD, HERE, None).await {
        Err(Error::Closed(words)) => {
            assert!(words.contains("suspended since 12 Oct 2026. “Two invoices are open.”"), "{words}");
            assert!(words.contains("Contact") && !words.contains("lie"), "{words}");
        }
        other => panic!("{other:?}"),
    }
    let lines: Vec<String> = sqlx::query_scalar(
        "SELECT result FROM audit_entry WHERE action = 'session.start' AND tenant_id = $1",
    )
    .bind(tenant)
    .fetch_all(&admin)
    .await
    .expect("lines");
    assert_eq!(lines, ["done"], "a tenant's own chain tells who came in");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_owners_make_accounts(admin: PgPool) {
    let services = testing::services(&admin).await;
    for role in [Role::Operator, Role::Success, Role::Auditor] {
        let cx = testing::platform(&services, role);
        assert!(
            matches!(
                create_user(&cx, "x@example.com", "X", Some(GOOD), None).await,
                Err(Error::Forbidden(_))
            ),
            "{role}"
        );
        assert!(
            matches!(disable_user(&cx, UserId(uuid::Uuid::nil()), "why not").await, Err(Error::Forbidden(_))),
            "{role}"
        );
        assert!(
            matches!(set_password(&cx, UserId(uuid::Uuid::nil()), GOOD).await, Err(Error::Forbidden(_))),
            "{role}"
        );
        assert!(matches!(bootstrap_link(&cx).await, Err(Error::Forbidden(_))), "{role}");
    }
    let users: i64 =
        sqlx::query_scalar("SELECT count(*) FROM user_account").fetch_one(&admin).await.expect("a count");
    assert_eq!(users, 0);
    let cx = testing::platform(&services, Role::Owner);
    create_user(&cx, "X@example.com", "X", Some(GOOD), Some(Role::Success)).await.expect("made");
    assert_eq!(audited(&admin, "user.create", "done").await, 1);
    assert!(
        matches!(create_user(&cx, "x@example.com", "Y", None, None).await, Err(Error::Invalid(e)) if e.get("email").is_some())
    );
    assert!(
        matches!(create_user(&cx, "no", " ", Some("short"), None).await, Err(Error::Invalid(e)) if e.get("email").is_some() && e.get("name").is_some() && e.get("password").is_some())
    );
    assert!(
        matches!(create_user(&cx, "y@example.com", "Y", None, Some(Role::TenantAdmin)).await, Err(Error::Invalid(e)) if e.get("role").is_some())
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn tenant_admins_add_people_to_their_own_tenant_only(admin: PgPool) {
    let services = testing::services(&admin).await;
    let own = testing::tenant(&admin, "own").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let ada = user(&services, "ada@example.com", None).await;
    let cx = testing::member(&services, own, Role::TenantAdmin);
    assert!(matches!(add_member(&cx, other, ada, Role::TenantAdmin).await, Err(Error::NotFound)));
    assert!(matches!(add_member(&cx, own, ada, Role::Owner).await, Err(Error::Invalid(_))));
    assert!(matches!(
        add_member(&testing::member(&services, own, Role::TenantMember), own, ada, Role::TenantAdmin).await,
        Err(Error::Forbidden(_))
    ));
    let count = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM member").fetch_one(&admin).await.expect("a count")
    };
    assert_eq!(count().await, 0);
    add_member(&cx, own, ada, Role::TenantMember).await.expect("added");
    assert_eq!((count().await, audited(&admin, "member.set", "done").await), (1, 1));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_first_owner_comes_by_a_link_that_works_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("test");
    let older = bootstrap_link(&system).await.expect("a link").expect("nobody is there");
    sqlx::query("UPDATE one_time_link SET created_at = created_at - interval '61 minutes'")
        .execute(&admin)
        .await
        .expect("an hour ago");
    let beside = bootstrap_link(&system).await.expect("a link").expect("nobody is there");
    let token = bootstrap_link(&system).await.expect("a link").expect("nobody is there");
    assert_eq!(audited(&admin, "bootstrap.offer", "done").await, 3);
    let cx = nobody(&services);
    assert!(matches!(bootstrap_check(&cx, &older).await, Err(Error::NotFound)), "replaced");
    bootstrap_check(&cx, &beside).await.expect("that of a process that starts beside this one");
    assert!(matches!(bootstrap(&cx, "guess", "a@example.com", "Ada", GOOD).await, Err(Error::NotFound)));
    assert!(matches!(bootstrap(&cx, &token, "a@example.com", "Ada", "short").await, Err(Error::Invalid(_))));
    bootstrap_check(&cx, &token).await.expect("a mistake does not use it up");
    bootstrap(&cx, &token, "a@example.com", "Ada", GOOD).await.expect("made");
    assert!(
        matches!(bootstrap(&cx, &token, "b@example.com", "Bob", GOOD).await, Err(Error::NotFound)),
        "once"
    );
    assert!(
        matches!(bootstrap(&cx, &beside, "b@example.com", "Bob", GOOD).await, Err(Error::NotFound)),
        "nor by the other one"
    );
    let line: (String, serde_json::Value) = sqlx::query_as(
        "SELECT target, after FROM audit_entry WHERE action = 'bootstrap.use' AND result = 'done'",
    )
    .fetch_one(&admin)
    .await
    .expect("one line");
    assert_eq!((line.0.as_str(), &line.1["role"]), ("a@example.com", &serde_json::json!("owner")));
    assert_eq!(bootstrap_link(&system).await.expect("asked"), None, "and no more");
    let start = sign_in(&cx, "a@example.com", GOOD, HERE, None).await.expect("signed in");
    assert!(matches!(&*start.actor, Actor::User { platform: Some(Role::Owner), .. }));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_old_link_is_no_good(admin: PgPool) {
    let services = testing::services(&admin).await;
    let token = bootstrap_link(&services.system("test")).await.expect("a link").expect("nobody is there");
    sqlx::query("UPDATE one_time_link SET ends_at = now()").execute(&admin).await.expect("aged");
    assert!(matches!(
        bootstrap(&nobody(&services), &token, "a@example.com", "Ada", GOOD).await,
        Err(Error::NotFound)
    ));
}

/// Whoever counts a try holds the address and then wants the account; whoever forgives must go the same way, or the two
/// wait for each other until the database kills one.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_try_and_a_forgiveness_of_one_account_never_wait_in_a_circle(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = nobody(&services);
    let (account, address) = ("user:x", "addr:192.0.2.1");
    let mut first = cx.begin(Reach::System).await.expect("a transaction");
    store::claim_address(first.conn(), address, 100).await.expect("counted");
    store::claim_account(first.conn(), account).await.expect("counted");
    first.commit_unaudited("test").await.expect("committed");

    let mut trying = cx.begin(Reach::System).await.expect("a transaction");
    store::claim_address(trying.conn(), address, 100).await.expect("counted");
    let other = cx.clone();
    let forgiving = tokio::spawn(async move {
        let mut tx = other.begin(Reach::System).await?;
        store::forgive(tx.conn(), account, address).await?;
        tx.commit_unaudited("test").await
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    store::claim_account(trying.conn(), account)
        .await
        .expect("the account is not held by who waits for the address");
    trying.commit_unaudited("test").await.expect("committed");
    forgiving.await.expect("a task").expect("forgiven");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn many_sign_ins_at_once_fail_for_no_fault_of_ours(admin: PgPool) {
    let services = testing::services(&admin).await;
    user(&services, "ada@example.com", Some(Role::Operator)).await;
    let tries: Vec<_> = (0..10)
        .map(|n| {
            let cx = nobody(&services);
            let password = if n % 3 == 0 { "wrong wrong wrong" } else { GOOD };
            tokio::spawn(async move { sign_in(&cx, "ada@example.com", password, HERE, None).await })
        })
        .collect();
    for tried in tries {
        match tried.await.expect("a task") {
            Ok(_) | Err(Error::Throttled { .. } | Error::Invalid(_)) => {}
            // Ten at once on the five connections of a test may also have to wait too long for one.
            Err(Error::Busy) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
}

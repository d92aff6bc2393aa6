use super::*;
use crate::operations::{self, Runner, SetRule};
use crate::tenants::{Suspend, by_slug, suspend};
use crate::{api_keys, bulk, testing};
use model::TenantId;
use model::bulk::BulkInput;
use model::operations::{Control, Kind as What, State};
use model::permission::Role;
use model::tenants::Status;
use sqlx::PgPool;

async fn actions(admin: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT actor_kind || ' ' || action || ' ' || result FROM audit_entry WHERE tenant_id = $1 ORDER BY seq",
    )
    .bind(TenantId::PLATFORM)
    .fetch_all(admin)
    .await
    .expect("audit")
}

async fn run(admin: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(admin).await.expect("done");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_life_of_a_key(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let key = create(&owner, " Billing system ", "operator", "").await.expect("a key");
    assert!(key.text.starts_with("stw_platform_") && presents(&key.text), "{}", key.text);
    let days = (key.expires_at - owner.now() + chrono::Duration::minutes(1)).num_days();
    assert_eq!(days, 90, "unless something else is said");
    let kept: Vec<u8> =
        sqlx::query_scalar("SELECT secret_hash FROM platform_key").fetch_one(&admin).await.expect("a row");
    assert_eq!(kept, text::read(&key.text).expect("well-formed").secret_hash);
    let whole: String = sqlx::query_scalar("SELECT string_agg(e::text, '') FROM audit_entry e")
        .fetch_one(&admin)
        .await
        .expect("log");
    assert!(!whole.contains(&key.text[46..]), "the secret is in the audit log");

    let caller = authenticate(&services, "r1", &key.text).await.expect("proven");
    assert_eq!((caller.key, caller.cx.actor().name()), (key.id, "Billing system"));
    caller.cx.require(Permission::TenantSuspend, Scope::Platform).await.expect("as an operator");
    let person = caller.cx.require(Permission::OperationApprove, Scope::Platform).await;
    assert!(matches!(person, Err(Error::Forbidden(_))), "it is no second person");
    let window = count_call(&caller).await.expect("counted");
    assert_eq!((window.limit, window.used), (Limit::Number(6000), 1));
    assert!((1..=900).contains(&window.resets_in), "{window:?}");
    assert!(get(&owner, key.id).await.expect("the key").last_used_at.is_some());

    // It lives by itself: nobody looks who made it.
    run(&admin, "UPDATE platform_key SET created_by = 'Somebody who left'").await;
    authenticate(&services, "r2", &key.text).await.expect("proven");

    revoke(&owner, key.id, "rotated").await.expect("revoked");
    assert!(matches!(authenticate(&services, "r3", &key.text).await, Err(Error::SignIn)));
    assert!(matches!(revoke(&owner, key.id, "again").await, Err(Error::Conflict(_))));
    let listed = list(&owner).await.expect("keys");
    assert!(listed.len() == 1 && listed[0].revoked_at.is_some(), "what is revoked stays in the list");
    assert_eq!(
        actions(&admin).await,
        [
            "user platform_key.create done",
            "platform_key access.denied denied",
            "user platform_key.revoke done"
        ]
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_no_key_is_turned_away_without_telling_why(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let key = create(&owner, "Exports", "auditor", "1").await.expect("a key");
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let theirs = api_keys::create(&owner, tenant, "Importer", "read").await.expect("a key").text;
    let forged = text::write(Kind::Platform, key.id.0, &[1; 32]);
    let unknown = text::write(Kind::Platform, uuid::Uuid::from_u128(7), &[1; 32]);
    let bare = key.text[..key.text.len() - 1].to_owned();
    for bad in [forged.as_str(), &unknown, &bare, &theirs, "stw_platform_x", "stw_platform_", ""] {
        assert!(matches!(authenticate(&services, "r", bad).await, Err(Error::SignIn)), "{bad}");
    }
    assert!(!presents(&theirs));
    // Nor is it the key of a tenant, also where one had its id.
    assert!(matches!(api_keys::authenticate(&services, "r", &key.text).await, Err(Error::SignIn)));
    authenticate(&services, "r", &key.text).await.expect("the right one");

    run(&admin, "UPDATE platform_key SET expires_at = now()").await;
    assert!(matches!(authenticate(&services, "r", &key.text).await, Err(Error::SignIn)), "a day later");
    revoke(&owner, key.id, "tidying up").await.expect("what is over can be revoked");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn wrong_input_and_wrong_people(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    for role in ["owner", "tenant_admin", "tenant_member", "root", ""] {
        match create(&owner, "Fine", role, "30").await {
            Err(Error::Invalid(errors)) => assert!(errors.get("role").is_some(), "{role}"),
            unexpected => panic!("{role}: {unexpected:?}"),
        }
    }
    match create(&owner, "Two\nlines", "boss", "366").await {
        Err(Error::Invalid(errors)) => assert_eq!(errors.0.len(), 3),
        unexpected => panic!("{unexpected:?}"),
    }
    let key = create(&owner, "Billing", "success", "365").await.expect("a key");
    match create(&owner, "BILLING", "auditor", "30").await {
        Err(Error::Invalid(errors)) => assert!(errors.get("name").is_some()),
        unexpected => panic!("{unexpected:?}"),
    }
    assert!(matches!(revoke(&owner, key.id, " ").await, Err(Error::Invalid(_))));
    let nothing = PlatformKeyId(uuid::Uuid::from_u128(9));
    assert!(matches!(revoke(&owner, nothing, "r").await, Err(Error::NotFound)));
    assert!(matches!(get(&owner, nothing).await, Err(Error::NotFound)));

    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    for role in [Role::Operator, Role::Success, Role::Auditor, Role::TenantAdmin] {
        let cx = if role.is_platform() {
            testing::platform(&services, role)
        } else {
            testing::member(&services, tenant, role)
        };
        assert!(matches!(create(&cx, "Mine", "auditor", "").await, Err(Error::Forbidden(_))), "{role}");
        assert!(matches!(revoke(&cx, key.id, "r").await, Err(Error::Forbidden(_))), "{role}");
        let reads = matches!(role, Role::Operator | Role::Auditor);
        assert_eq!(list(&cx).await.is_ok(), reads, "{role}");
        assert_eq!(get(&cx, key.id).await.is_ok(), reads, "{role}");
    }
    // A program makes no programs, whatever its role.
    let program = create(&owner, "Program", "operator", "").await.expect("a key");
    let program = authenticate(&services, "r", &program.text).await.expect("proven").cx;
    assert!(matches!(create(&program, "Child", "auditor", "").await, Err(Error::Forbidden(_))));
    assert!(matches!(revoke(&program, key.id, "r").await, Err(Error::Forbidden(_))));
    authenticate(&services, "r", &key.text).await.expect("denied, and not done");
    // Revoked names are free again.
    revoke(&owner, key.id, "tidy").await.expect("revoked");
    create(&owner, "Billing", "success", "30").await.expect("a key");
}

/// What a key asks for stands in its name, and waits for a person where the rules say so: not the one who made the
/// key.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_program_asks_and_a_person_approves(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let rule = SetRule { whom: "everybody", reason: "Four eyes.", ..SetRule::default() };
    operations::set_approval_rule(&owner, What::Suspend, rule).await.expect("set");
    let key = create(&owner, "Billing", "operator", "").await.expect("a key");
    let program = authenticate(&services, "r", &key.text).await.expect("proven").cx;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let form = Suspend { code: "payment_failure", note: "Unpaid.", scope: "read_only", message: "" };
    let asked = suspend(&program, tenant, 1, form).await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    let own = operations::control(&program, asked.id, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Forbidden(_))), "{own:?}");
    let shown = operations::get(&owner, asked.id).await.expect("an operation");
    assert_eq!(shown.row.requested_by, "Billing");
    // Revoked meanwhile: what was decided when it asked stays so.
    revoke(&owner, key.id, "replaced").await.expect("revoked");
    let maker = operations::control(&owner, asked.id, Control::Approve, "Yes.").await;
    assert!(matches!(&maker, Err(Error::Conflict(why)) if why.contains("made the key")), "{maker:?}");
    let Actor::User { name, email, platform, memberships, .. } = owner.actor().clone() else {
        panic!("a person")
    };
    let id = UserId(uuid::Uuid::from_u128(9));
    let second = services.ctx(Actor::User { id, name, email, platform, memberships }, "second");
    operations::control(&second, asked.id, Control::Approve, "Yes.").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(by_slug(&owner, "acme").await.expect("it").status, Status::Suspended);
    let line: (String, Option<uuid::Uuid>, String) = sqlx::query_as(
        "SELECT actor_kind, actor_id, actor_name FROM audit_entry WHERE tenant_id = $1 AND action = 'tenant.suspend'",
    )
    .bind(tenant)
    .fetch_one(&admin)
    .await
    .expect("a line");
    assert_eq!(line, ("platform_key".into(), Some(key.id.0), "Billing".into()));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_program_works_on_many_in_sets_of_its_own(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let mut programs = Vec::new();
    for (name, role) in [("One", "operator"), ("Two", "operator"), ("Reader", "auditor")] {
        let key = create(&owner, name, role, "").await.expect("a key");
        programs.push(authenticate(&services, "r", &key.text).await.expect("proven").cx);
    }
    testing::tenant(&admin, "acme").await.expect("a tenant");
    let input = BulkInput {
        action: "suspend".into(),
        whom: "ticked".into(),
        at: owner.now().to_rfc3339(),
        tenants: "acme".into(),
        code: "inactivity".into(),
        scope: "read_only".into(),
        ..BulkInput::default()
    };
    assert!(matches!(bulk::preview(&programs[2], &input).await, Err(Error::Forbidden(_))));
    let set = bulk::preview(&programs[0], &input).await.expect("previewed");
    assert!(matches!(bulk::start(&programs[1], set, "Gone.", "1").await, Err(Error::NotFound)));
    let operation = bulk::start(&programs[0], set, "Gone.", "1").await.expect("begun");
    let shown = operations::get(&owner, operation).await.expect("an operation");
    assert_eq!(shown.row.requested_by, "One");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_limit_is_exact_under_concurrency(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let key = create(&owner, "Busy", "auditor", "").await.expect("a key");
    let other = create(&owner, "Quiet", "auditor", "").await.expect("a key");
    let caller = authenticate(&services, "r", &key.text).await.expect("proven");
    // A window that lies ahead stands, so that the test cannot run across the border of two.
    run(
        &admin,
        "UPDATE platform_key SET window_used = 5990, window_starts_at = date_bin('15 minutes', now(), 'epoch') + interval '1 hour'
         WHERE name = 'Busy'",
    )
    .await;
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let caller = caller.clone();
            tokio::spawn(async move {
                let mut passed = 0;
                for _ in 0..10 {
                    match count_call(&caller).await {
                        Ok(window) => {
                            assert!(window.used <= CALLS_MAX);
                            passed += 1;
                        }
                        Err(Error::OverQuota { limit: CALLS_MAX, used: CALLS_MAX, .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                passed
            })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        passed += task.await.expect("joined");
    }
    assert_eq!(passed, 10);
    let used: i32 = sqlx::query_scalar("SELECT window_used FROM platform_key WHERE name = 'Busy'")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(i64::from(used), CALLS_MAX);
    // Another key has a limit of its own, and the next window begins at one.
    let second = authenticate(&services, "r", &other.text).await.expect("proven");
    assert_eq!(count_call(&second).await.expect("counted").used, 1);
    run(&admin, "UPDATE platform_key SET window_starts_at = now() - interval '1 hour'").await;
    assert_eq!(count_call(&caller).await.expect("counted").used, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn there_are_fifty_living_keys_at_most(admin: PgPool) {
    let services = testing::services(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    run(
        &admin,
        "INSERT INTO platform_key (id, name, role, secret_hash, created_by, expires_at, revoked_at)
         SELECT gen_random_uuid(), 'Key ' || n, 'auditor', decode(repeat('00', 32), 'hex'), 'test',
            now() + CASE WHEN n = 51 THEN interval '-1 day' ELSE interval '1 day' END, CASE WHEN n = 50 THEN now() END
         FROM generate_series(1, 51) n",
    )
    .await;
    // 49 live; of several at once one is the fiftieth.
    let (one, two, three) = tokio::join!(
        create(&owner, "A", "auditor", ""),
        create(&owner, "B", "auditor", ""),
        create(&owner, "C", "auditor", "")
    );
    let made = [one, two, three];
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    let refused = made.iter().filter(|made| matches!(made, Err(Error::Conflict(why)) if why.contains("50")));
    assert_eq!(refused.count(), 2);
}

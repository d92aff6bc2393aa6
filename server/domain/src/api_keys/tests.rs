use super::*;
use crate::testing;
use model::permission::Role;
use sqlx::PgPool;

async fn actions(admin: &PgPool, tenant: TenantId) -> Vec<String> {
    sqlx::query_scalar("SELECT action || ' ' || result FROM audit_entry WHERE tenant_id = $1 ORDER BY seq")
        .bind(tenant)
        .fetch_all(admin)
        .await
        .expect("audit")
}

async fn set(admin: &PgPool, tenant: TenantId, change: &'static str) {
    let sql = format!("UPDATE tenant SET {change} WHERE id = $1");
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant).execute(admin).await.expect("changed");
}

const BLOCKED: &str = "status = 'suspended', suspension = 'blocked', status_reason = 'payment_failure', status_before = 'active'";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_life_of_a_key(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, tenant, Role::TenantAdmin);
    let key = create(&cx, tenant, " Importer ", "read_write").await.expect("a key");
    assert!(key.text.starts_with("stw_live_"), "{}", key.text);
    let kept: Vec<u8> =
        sqlx::query_scalar("SELECT secret_hash FROM api_key").fetch_one(&admin).await.expect("a row");
    assert_eq!(kept, text::read(&key.text).expect("well-formed").secret_hash);
    let whole: String = sqlx::query_scalar("SELECT string_agg(e::text, '') FROM audit_entry e")
        .fetch_one(&admin)
        .await
        .expect("log");
    assert!(!whole.contains(&key.text[42..]), "the secret is in the audit log");

    let caller = authenticate(&services, "r1", &key.text).await.expect("proven");
    assert_eq!((caller.tenant, caller.limit), (tenant, Limit::Number(2000)));
    assert_eq!(caller.cx.actor().name(), "Importer");
    count_call(&caller).await.expect("counted");
    assert!(get(&cx, tenant, key.id).await.expect("the key").last_used_at.is_some());

    let forged = text::write(Kind::Live, key.id.0, &[1; 32]);
    for bad in [forged.as_str(), "stw_live_x", ""] {
        assert!(matches!(authenticate(&services, "r2", bad).await, Err(Error::SignIn)), "{bad}");
    }
    revoke(&cx, tenant, key.id, "rotated").await.expect("revoked");
    assert!(matches!(authenticate(&services, "r3", &key.text).await, Err(Error::SignIn)));
    assert!(matches!(revoke(&cx, tenant, key.id, "again").await, Err(Error::Conflict(_))));
    assert_eq!(list(&cx, tenant).await.expect("keys").len(), 1);
    assert_eq!(actions(&admin, tenant).await, ["api_key.create done", "api_key.revoke done"]);
}

/// As long as the settings say when it is made (R57); shortening them later does not reach back.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_key_ends_by_itself(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, tenant, Role::TenantAdmin);
    let lasts = |key: &NewKey| key.expires_at.map(|at| (at - cx.now() + Duration::minutes(1)).num_days());
    let year = create(&cx, tenant, "Year", "read").await.expect("a key");
    assert_eq!(lasts(&year), Some(365));
    settings::set(&cx, tenant, Key::ApiKeyMaxDays, "30", false, "policy", 0).await.expect("set");
    let month = create(&cx, tenant, "Month", "read").await.expect("a key");
    assert_eq!(lasts(&month), Some(30));
    authenticate(&services, "r1", &month.text).await.expect("in force");

    sqlx::query("UPDATE api_key SET expires_at = now() WHERE id = $1")
        .bind(month.id)
        .execute(&admin)
        .await
        .expect("a month later");
    assert!(matches!(authenticate(&services, "r2", &month.text).await, Err(Error::SignIn)));
    authenticate(&services, "r3", &year.text).await.expect("the other one is in force");
    let listed = list(&cx, tenant).await.expect("keys");
    assert_eq!(
        listed.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(),
        ["Year", "Month"],
        "living first"
    );
    assert!(listed[1].expired(cx.now() + Duration::seconds(5)) && listed[1].revoked_at.is_none());
    revoke(&cx, tenant, month.id, "tidying up").await.expect("what is over can be revoked");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn wrong_input_and_wrong_people(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let cx = testing::member(&services, tenant, Role::TenantAdmin);
    match create(&cx, tenant, " ", "admin").await {
        Err(Error::Invalid(errors)) => assert_eq!(errors.0.len(), 2),
        unexpected => panic!("{unexpected:?}"),
    }
    match create(&cx, tenant, "Importer\nsays hello", "read").await {
        Err(Error::Invalid(errors)) => {
            assert!(errors.get("name").is_some_and(|why| why.contains("line breaks")))
        }
        unexpected => panic!("{unexpected:?}"),
    }
    let key = create(&cx, tenant, "One", "read").await.expect("a key");
    match create(&cx, tenant, "ONE", "read").await {
        Err(Error::Invalid(errors)) => assert!(errors.get("name").is_some()),
        unexpected => panic!("{unexpected:?}"),
    }
    assert!(matches!(revoke(&cx, tenant, key.id, "").await, Err(Error::Invalid(_))));
    let member = testing::member(&services, tenant, Role::TenantMember);
    assert!(matches!(create(&member, tenant, "Two", "read").await, Err(Error::Forbidden(_))));
    assert!(matches!(list(&member, tenant).await, Err(Error::Forbidden(_))));
    assert!(matches!(
        revoke(&testing::platform(&services, Role::Auditor), tenant, key.id, "r").await,
        Err(Error::Forbidden(_))
    ));
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(revoke(&stranger, tenant, key.id, "r").await, Err(Error::NotFound)));
    // The right tenant in the scope, another tenant's key.
    assert!(matches!(revoke(&stranger, other, key.id, "r").await, Err(Error::NotFound)));
    assert!(matches!(get(&stranger, other, key.id).await, Err(Error::NotFound)));
    assert!(authenticate(&services, "r", &key.text).await.is_ok(), "denied, and not done");
    set(&admin, tenant, "status = 'offboarded'").await;
    let operator = testing::platform(&services, Role::Operator);
    assert!(matches!(create(&operator, tenant, "Three", "read").await, Err(Error::Conflict(_))));
    // Revoked names are free again.
    revoke(&operator, tenant, key.id, "tidy").await.expect("revoked");
    set(&admin, tenant, "status = 'active'").await;
    create(&operator, tenant, "One", "read").await.expect("a key");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_status_of_the_tenant_bites_at_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let key = create(&cx, tenant, "k", "read_write").await.expect("a key");
    let scope = Scope::Tenant(tenant);

    set(&admin, tenant, BLOCKED).await;
    for _ in 0..3 {
        let Err(Error::Closed(words)) = authenticate(&services, "r", &key.text).await else {
            panic!("refused")
        };
        assert!(words.ends_with("Reason: Payment failure."), "{words}");
    }
    assert_eq!(
        actions(&admin, tenant).await,
        ["api_key.create done", "access.denied denied"],
        "one line a minute"
    );

    set(&admin, tenant, "suspension = 'read_only'").await;
    let caller = authenticate(&services, "r", &key.text).await.expect("reading goes on");
    assert_eq!(caller.reason.map(|reason| reason.as_str()), Some("payment_failure"));
    assert!(caller.cx.require(Permission::ConversationRead, scope).await.is_ok());
    let refused = caller.cx.require(Permission::ConversationWrite, scope).await;
    assert!(matches!(refused, Err(Error::Suspended(Access::ReadOnly))));

    for gone in ["status = 'offboarded'", "status = 'deleted'"] {
        set(&admin, tenant, gone).await;
        assert!(matches!(authenticate(&services, "r", &key.text).await, Err(Error::Suspended(Access::None))));
    }
    set(&admin, tenant, "status = 'active', suspension = NULL").await;
    assert!(authenticate(&services, "r", &key.text).await.is_ok(), "reinstated");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_limit_is_exact_under_concurrency(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    set(&admin, tenant, "plan_id = 'free'").await;
    let cx = testing::platform(&services, Role::Operator);
    let mut callers = Vec::new();
    for name in ["a", "b"] {
        let key = create(&cx, tenant, name, "read").await.expect("a key");
        callers.push(authenticate(&services, "r", &key.text).await.expect("proven"));
    }
    let tasks: Vec<_> = (0..5)
        .map(|n| {
            let caller = callers[n % 2].clone();
            tokio::spawn(async move {
                let mut passed = 0;
                for _ in 0..30 {
                    match count_call(&caller).await {
                        Ok(window) => {
                            assert!(window.used <= 100 && window.resets_in <= WINDOW_SECONDS);
                            passed += 1;
                        }
                        Err(Error::OverQuota { limit: 100, used: 100, .. }) => {}
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
    // The test may run across the border of two windows.
    let windows: Vec<i32> =
        sqlx::query_scalar("SELECT used FROM api_window").fetch_all(&admin).await.expect("windows");
    assert_eq!(passed, windows.iter().sum::<i32>());
    assert!(windows.iter().all(|used| *used <= 100) && windows.contains(&100), "{windows:?}");
    let metered: i64 =
        sqlx::query_scalar("SELECT sum(quantity)::bigint FROM usage_hour WHERE meter = 'api_calls'")
            .fetch_one(&admin)
            .await
            .expect("usage");
    assert_eq!(metered, i64::from(passed), "refused calls are no usage");

    // A plan without a number is counted, not refused; the change of plan counts from the next request on.
    set(&admin, tenant, "plan_id = 'enterprise'").await;
    let key = create(&cx, tenant, "c", "read").await.expect("a key");
    let caller = authenticate(&services, "r", &key.text).await.expect("proven");
    assert_eq!(caller.limit, Limit::Custom);
    assert!(count_call(&caller).await.expect("counted").used >= 1);
}

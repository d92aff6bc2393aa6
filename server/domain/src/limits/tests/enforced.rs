//! What holds is what programs and people are held to, and what a tenant is told of it.

use super::*;
use crate::api_keys::{authenticate, count_call, create, standing};
use crate::tenants::by_slug;
use model::templates::{Part, State};

/// Calls of a real key until one is refused, or one more than `limit`. None where the test ran across the border of two
/// windows.
async fn calls(services: &Services, admin: &PgPool, key: &str, limit: i64) -> Option<i64> {
    sqlx::query("DELETE FROM api_window").execute(admin).await.expect("none");
    let caller = authenticate(services, "r", key).await.expect("proven");
    assert_eq!(caller.limit, Limit::Number(limit));
    let mut passed = 0;
    for _ in 0..=limit {
        match count_call(&caller).await {
            Ok(_) => passed += 1,
            Err(Error::OverQuota { limit: said, .. }) => assert_eq!(said, limit),
            Err(error) => panic!("{error}"),
        }
    }
    let windows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM api_window").fetch_one(admin).await.expect("a count");
    (windows == 1).then_some(passed)
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_key_is_held_to_the_limit_that_holds(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    let key = create(&cx, id, "first", "read").await.expect("a key");
    published(&admin, 99, json!({ "api_calls_15min": { "number": 2 } })).await;
    put_on(&admin, id, 99).await;
    if let Some(passed) = calls(&services, &admin, &key.text, 2).await {
        assert_eq!(passed, 2, "its template's quota");
    }
    set(&cx, id, 0, &input(LimitMeter::ApiCalls15min, "3")).await.expect("set");
    if let Some(passed) = calls(&services, &admin, &key.text, 3).await {
        assert_eq!(passed, 3, "its own limit: the fourth is refused");
    }
    sqlx::query("UPDATE tenant_limit SET until = now() - interval '1 second'")
        .execute(&admin)
        .await
        .expect("later");
    if let Some(passed) = calls(&services, &admin, &key.text, 2).await {
        assert_eq!(passed, 2, "its time is up");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_is_told_what_holds(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    published(&admin, 99, json!({ "storage_bytes": { "number": 1024 } })).await;
    put_on(&admin, id, 99).await;
    set(&cx, id, 0, &input(LimitMeter::Users, "8")).await.expect("set");
    let inside = testing::member(&services, id, Role::TenantAdmin);
    let tenant = by_slug(&inside, "acme").await.expect("it");
    for users in [8, 5] {
        let told = standing(&inside, id).await.expect("a standing").limits;
        assert!(told.contains(&(LimitMeter::Users, Limit::Number(users))), "{told:?}");
        assert!(told.contains(&(LimitMeter::StorageBytes, Limit::Number(1024))), "{told:?}");
        let allowances =
            crate::usage::report::of_tenant(&inside, &tenant, 7, None).await.expect("usage").allowances;
        let limit = |meter| allowances.iter().find(|line| line.meter == meter).map(|line| line.limit);
        assert_eq!(limit(LimitMeter::Users), Some(Limit::Number(users)));
        assert_eq!(limit(LimitMeter::StorageBytes), Some(Limit::Number(1024)));
        sqlx::query("UPDATE tenant_limit SET until = now() - interval '1 second'")
            .execute(&admin)
            .await
            .expect("later");
    }
}

/// Less than is in use is not applied, by whatever way; the preview says it before.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_template_does_not_bring_a_limit_below_what_is_in_use(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    published(&admin, 98, json!({ "storage_bytes": "unlimited" })).await;
    published(&admin, 99, json!({ "storage_bytes": { "number": 1024 } })).await;
    put_on(&admin, id, 98).await;
    stored(&admin, id, 2048).await;
    let says = "its template allows 1\u{202f}kB. Bring it down first.";
    let seen = templates::preview(&cx, id, "blank", 99).await.expect("a preview");
    assert!(seen.refusal.is_some_and(|why| why.ends_with(says)));
    let asked = templates::request_apply(&cx, id, "blank", 99, "").await;
    assert!(matches!(asked, Err(Error::Conflict(why)) if why.ends_with(says)));
    let applied = templates::apply_to(&cx, id, "blank", 99, "").await;
    assert!(matches!(applied, Err(Error::Conflict(why)) if why.ends_with(says)));
    let on: i32 =
        sqlx::query_scalar("SELECT version FROM tenant_template").fetch_one(&admin).await.expect("on one");
    assert_eq!(on, 98, "nothing was done");
    set(&cx, id, 0, &input(LimitMeter::StorageBytes, "1 MB")).await.expect("set");
    assert_eq!(templates::preview(&cx, id, "blank", 99).await.expect("a preview").refusal, None);
    templates::apply_to(&cx, id, "blank", 99, "").await.expect("its own limit stays over it");
}

/// In a roll-out it is that tenant's failure, in the same words.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_roll_out_fails_a_tenant_that_uses_more(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    published(&admin, 99, json!({ "storage_bytes": { "number": 1024 } })).await;
    stored(&admin, id, 2048).await;
    let input = model::templates::RolloutInput {
        version: "99".into(),
        whom: "listed".into(),
        listed: "acme".into(),
        share: "100".into(),
        reason: "New quotas".into(),
        ..Default::default()
    };
    let rollout = templates::start(&cx, "blank", &input).await.expect("begun");
    crate::operations::Runner::new(services.clone()).drain().await.expect("work");
    let now = templates::rollout(&cx, rollout).await.expect("a roll-out");
    let why = now.tenants[0].error.clone().unwrap_or_default();
    assert!(why.contains("its template allows"), "{why}");
}

/// A limit of its own over a quota differs from the template; the roll-up knows it at once.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_limit_over_a_quota_is_a_difference_from_the_template(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    published(&admin, 99, json!({ "users": { "number": 7 } })).await;
    templates::apply_to(&cx, id, "blank", 99, "").await.expect("applied");
    let open = || async {
        let section = templates::baseline(&cx, id).await.expect("a section");
        let item = section.alignment.item("quota:users").cloned().expect("a line");
        let kept: i32 =
            sqlx::query_scalar("SELECT open FROM alignment").fetch_one(&admin).await.expect("a row");
        (item.part, item.state, kept)
    };
    assert_eq!(open().await, (Part::Quota, State::Aligned, 0));
    set(&cx, id, 0, &input(LimitMeter::Users, "9")).await.expect("set");
    assert_eq!(open().await, (Part::Quota, State::Drift, 1));
    let until = (cx.now() + chrono::TimeDelta::days(30)).format("%Y-%m-%d").to_string();
    let word = templates::Accept {
        item: "quota:users",
        expected: "7",
        actual: "9",
        reason: "The contract says so.",
        until: &until,
    };
    templates::accept(&cx, id, &word).await.expect("accepted");
    assert_eq!(open().await, (Part::Quota, State::Accepted, 0));
    let own = version(&cx, id).await;
    remove(&cx, id, "users", own, "It is over.").await.expect("taken back");
    assert_eq!(open().await, (Part::Quota, State::Aligned, 0));
}

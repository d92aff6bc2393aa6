//! What holds, who changes it, and what is refused; what follows from it in `enforced`.

mod enforced;

use super::*;
use crate::ctx::Services;
use crate::testing;
use model::limits::LimitSource;
use model::permission::Role;
use sqlx::PgPool;

async fn acme(admin: &PgPool) -> (Services, Ctx, TenantId) {
    let services = testing::services(admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(admin, "acme").await.expect("a tenant");
    sqlx::query("UPDATE tenant SET plan_id = 'free' WHERE id = $1")
        .bind(id)
        .execute(admin)
        .await
        .expect("five seats");
    (services, cx, id)
}

fn input(meter: LimitMeter, limit: &str) -> LimitInput {
    LimitInput {
        meter: meter.as_str().into(),
        limit: limit.into(),
        until: String::new(),
        reason: "The contract says so.".into(),
    }
}

async fn users(cx: &Ctx, tenant: TenantId) -> LimitRow {
    let rows = of(cx, tenant).await.expect("limits");
    rows.into_iter().find(|row| row.now.meter == LimitMeter::Users).expect("users")
}

async fn lines(admin: &PgPool, action: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1 AND result = 'done'")
        .bind(action)
        .fetch_one(admin)
        .await
        .expect("a count")
}

/// A version of the blank template for Free, with these quotas.
async fn published(admin: &PgPool, version: i32, quotas: Value) {
    let bundle = json!({ "plan": "free", "quotas": quotas, "fields": [], "tasks": [], "settings": [], "checklists": [] });
    sqlx::query(
        "INSERT INTO template_version (template_id, version, state, bundle, notes, created_by, published_by, published_at)
        SELECT id, $1, 'published', $2, 'Quotas.', 'Steward', 'Steward', now() FROM template WHERE key = 'blank'",
    )
    .bind(version)
    .bind(bundle)
    .execute(admin)
    .await
    .expect("a version");
}

async fn put_on(admin: &PgPool, tenant: TenantId, version: i32) {
    sqlx::query(
        "INSERT INTO tenant_template (tenant_id, template_id, version, applied_by) SELECT $1, id, $2, 'test' FROM template WHERE key = 'blank'
        ON CONFLICT (tenant_id) DO UPDATE SET template_id = excluded.template_id, version = excluded.version",
    )
    .bind(tenant)
    .bind(version)
    .execute(admin)
    .await
    .expect("on it");
}

async fn stored(admin: &PgPool, tenant: TenantId, bytes: i64) {
    sqlx::query("INSERT INTO usage_day (tenant_id, meter, day, quantity) VALUES ($1, 'storage_bytes', current_date, $2)")
        .bind(tenant)
        .bind(bytes)
        .execute(admin)
        .await
        .expect("usage");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_limit_of_its_own_is_over_the_plans_until_it_is_taken_back(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    let before = users(&cx, id).await;
    assert_eq!((before.now.limit, before.now.source), (Limit::Number(5), LimitSource::Plan));
    set(&cx, id, 0, &input(LimitMeter::Users, "8")).await.expect("set");
    let row = users(&cx, id).await;
    assert_eq!(
        (row.now.limit, row.now.source, row.now.plan),
        (Limit::Number(8), LimitSource::Tenant, Limit::Number(5))
    );
    let own = row.own.expect("with its reason");
    assert_eq!((own.reason.as_str(), own.until, own.version), ("The contract says so.", None, 1));
    // All that ask for it have it: seats, plans, programs.
    assert_eq!(crate::users::seats(&cx, id).await.expect("seats").map(|seats| seats.all), Some(8));
    let preview = plans::preview(&cx, id, PlanId::Starter).await.expect("a preview");
    assert_eq!(preview.to.limit(LimitMeter::Users), Some(Limit::Number(8)), "it stays on another plan");
    assert_eq!(preview.to.limit(LimitMeter::Projects), Some(Limit::Number(50)));
    set(&cx, id, 0, &input(LimitMeter::ApiCalls15min, "3")).await.expect("set");
    let allowed: Option<i64> =
        sqlx::query_scalar("SELECT hard FROM steward.limits_of($1, 'free') WHERE meter = 'api_calls_15min'")
            .bind(id)
            .fetch_one(&admin)
            .await
            .expect("a limit");
    assert_eq!(allowed, Some(3));
    // Its own people see what holds, and not why.
    let inside = testing::member(&services, id, Role::TenantAdmin);
    let seen = users(&inside, id).await;
    assert_eq!((seen.now.limit, seen.own), (Limit::Number(8), None));

    remove(&cx, id, "users", 1, "It is over.").await.expect("taken back");
    assert_eq!(users(&cx, id).await.now.limit, Limit::Number(5));
    assert_eq!((lines(&admin, "tenant.set_limit").await, lines(&admin, "tenant.remove_limit").await), (2, 1));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn it_ends_by_itself_and_a_stale_form_does_nothing(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    set(&cx, id, 0, &input(LimitMeter::Users, "unlimited")).await.expect("set");
    assert_eq!(crate::users::seats(&cx, id).await.expect("seats"), None);
    for version in [0, 2] {
        let stale = set(&cx, id, version, &input(LimitMeter::Users, "9")).await;
        assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("set it to unlimited")));
    }
    set(&cx, id, 1, &input(LimitMeter::Users, "9")).await.expect("another one");
    sqlx::query("UPDATE tenant_limit SET until = now() - interval '1 second'")
        .execute(&admin)
        .await
        .expect("later");
    let row = users(&cx, id).await;
    assert_eq!((row.now.limit, row.now.source), (Limit::Number(5), LimitSource::Plan));
    assert!(row.own.is_some_and(|own| own.over), "still told");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn all_that_is_wrong_is_said_at_once_and_nothing_goes_below_what_is_in_use(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    let wrong =
        LimitInput { until: "2001-01-01".into(), reason: " ".into(), ..input(LimitMeter::Users, "0") };
    match set(&cx, id, 0, &wrong).await {
        Err(Error::Invalid(errors)) => {
            assert_eq!(errors.0.keys().map(String::as_str).collect::<Vec<_>>(), ["limit", "reason", "until"]);
        }
        other => panic!("{other:?}"),
    }
    set(&cx, id, 0, &input(LimitMeter::StorageBytes, "1 GB")).await.expect("set");
    stored(&admin, id, 200_000_000).await;
    let below = set(&cx, id, 1, &input(LimitMeter::StorageBytes, "100 MB")).await;
    assert!(matches!(below, Err(Error::Invalid(errors)) if errors.get("limit").is_some()));
    let back = remove(&cx, id, "storage_bytes", 1, "It is over.").await;
    assert!(
        matches!(back, Err(Error::Conflict(why)) if why.contains("Bring it down first")),
        "Free has 100 MB"
    );
    assert_eq!(lines(&admin, "tenant.remove_limit").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_may_not_change_the_plan_changes_no_limit(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    for cx in [
        testing::platform(&services, Role::Success),
        testing::platform(&services, Role::Auditor),
        testing::member(&services, id, Role::TenantAdmin),
    ] {
        let refused = set(&cx, id, 0, &input(LimitMeter::Users, "9")).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        assert!(matches!(remove(&cx, id, "users", 1, "x").await, Err(Error::Forbidden(_))));
    }
    let inside = testing::member(&services, id, Role::TenantAdmin);
    assert!(matches!(of(&inside, other).await, Err(Error::NotFound)));
    assert!(matches!(remove(&cx, id, "users", 0, "x").await, Err(Error::NotFound)));
    assert!(matches!(remove(&cx, id, "coffee", 0, "x").await, Err(Error::NotFound)));
    assert!(matches!(
        set(&cx, TenantId(uuid::Uuid::nil()), 0, &input(LimitMeter::Users, "9")).await,
        Err(Error::NotFound | Error::Forbidden(_))
    ));
    assert_eq!(lines(&admin, "tenant.set_limit").await, 0);
}

/// A template's quota, over the plan that it names and no other.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_templates_quotas_hold_on_its_plan(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    published(&admin, 99, json!({ "users": { "number": 7 }, "storage_bytes": "unlimited" })).await;
    let applied = crate::templates::preview(&cx, id, "blank", 99).await.expect("a preview");
    let told = applied.changes.iter().filter(|change| change.part == model::templates::Part::Quota).count();
    assert_eq!(told, 2);
    put_on(&admin, id, 99).await;
    let row = users(&cx, id).await;
    assert_eq!((row.now.limit, row.now.source), (Limit::Number(7), LimitSource::Template));
    let preview = plans::preview(&cx, id, PlanId::Starter).await.expect("a preview");
    assert_eq!(preview.from.limit(LimitMeter::StorageBytes), Some(Limit::Unlimited));
    assert_eq!(preview.to.limit(LimitMeter::Users), Some(Limit::Number(20)));
    set(&cx, id, 0, &input(LimitMeter::Users, "6")).await.expect("set");
    assert_eq!(users(&cx, id).await.now.limit, Limit::Number(6));
}

async fn version(cx: &Ctx, tenant: TenantId) -> i64 {
    users(cx, tenant).await.own.map_or(0, |own| own.version)
}

/// A form that was filled in on a limit that was taken back since does not pass for one of the limit that came after it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn versions_go_on_where_a_limit_is_taken_back_and_set_again(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    set(&cx, id, 0, &input(LimitMeter::Users, "8")).await.expect("set");
    let first = version(&cx, id).await;
    remove(&cx, id, "users", first, "It is over.").await.expect("taken back");
    let gone = set(&cx, id, first, &input(LimitMeter::Users, "9")).await;
    assert!(matches!(gone, Err(Error::Conflict(why)) if why.contains("taken this limit back")));
    set(&cx, id, 0, &input(LimitMeter::Users, "10")).await.expect("set");
    let second = version(&cx, id).await;
    assert!(second > first, "{second} after {first}");
    let stale = set(&cx, id, first, &input(LimitMeter::Users, "9")).await;
    assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("set it to 10")));
    let stale = remove(&cx, id, "users", first, "It is over.").await;
    assert!(matches!(stale, Err(Error::Conflict(_))));
    assert_eq!(users(&cx, id).await.now.limit, Limit::Number(10));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn two_at_once_set_one_limit(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    let (a, b) = (input(LimitMeter::Users, "8"), input(LimitMeter::Users, "9"));
    let both = tokio::join!(set(&cx, id, 0, &a), set(&cx, id, 0, &b));
    let (done, late) = match both {
        (Ok(_), Err(late)) => (8, late),
        (Err(late), Ok(_)) => (9, late),
        other => panic!("{other:?}"),
    };
    assert!(matches!(late, Error::Conflict(why) if why.contains("set it to")));
    assert_eq!(users(&cx, id).await.now.limit, Limit::Number(done));
    assert_eq!(lines(&admin, "tenant.set_limit").await, 1);
}

/// Over what holds already, a tenant is not kept there: what changes nothing, or gives more, is done.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_does_not_lower_a_limit_is_not_refused_for_what_is_in_use(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    set(&cx, id, 0, &input(LimitMeter::StorageBytes, "1 GB")).await.expect("set");
    stored(&admin, id, 200_000_000).await;
    sqlx::query("UPDATE tenant_limit SET until = now() - interval '1 second'")
        .execute(&admin)
        .await
        .expect("later");
    let own: i64 =
        sqlx::query_scalar("SELECT version FROM tenant_limit").fetch_one(&admin).await.expect("a version");
    remove(&cx, id, "storage_bytes", own, "Its time was up.").await.expect("it held no more");
    let more = set(&cx, id, 0, &input(LimitMeter::StorageBytes, "150 MB")).await;
    more.expect("more than the 100 MB of Free, although not enough");
    let less = set(&cx, id, 0, &input(LimitMeter::StorageBytes, "120 MB")).await;
    assert!(matches!(less, Err(Error::Conflict(_))), "stale");
    let own: i64 =
        sqlx::query_scalar("SELECT version FROM tenant_limit").fetch_one(&admin).await.expect("a version");
    let less = set(&cx, id, own, &input(LimitMeter::StorageBytes, "120 MB")).await;
    assert!(matches!(less, Err(Error::Invalid(errors)) if errors.get("limit").is_some()));
    let back = remove(&cx, id, "storage_bytes", own, "It is over.").await;
    assert!(matches!(back, Err(Error::Conflict(why)) if why.contains("Free allows")));
}

/// Where a change of the plan waits, a limit does not go around it; whoever makes the rule may set one.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn no_limit_goes_around_the_second_person_of_a_plan_change(admin: PgPool) {
    let (services, cx, id) = acme(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    for (kind, second_person, plans, waits) in [
        ("change_plan", "never", "enterprise", false),
        ("suspend", "always", "", false),
        ("change_plan", "dedicated", "", false),
        ("change_plan", "never", "free", true),
        ("change_plan", "always", "", true),
    ] {
        sqlx::query("DELETE FROM approval_rule WHERE kind <> 'provision'")
            .execute(&admin)
            .await
            .expect("none");
        sqlx::query("INSERT INTO approval_rule (kind, second_person, plans) VALUES ($1, $2, string_to_array($3, ' '))")
            .bind(kind)
            .bind(second_person)
            .bind(plans)
            .execute(&admin)
            .await
            .expect("a rule");
        let before = version(&cx, id).await;
        let set_by_operator = set(&cx, id, before, &input(LimitMeter::Users, "8")).await;
        match set_by_operator {
            Ok(_) => assert!(!waits, "{kind} {second_person} {plans}"),
            Err(Error::Conflict(why)) => {
                assert!(waits && why.contains("second person") && why.contains("ask an owner"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
    let before = version(&cx, id).await;
    set(&owner, id, before, &input(LimitMeter::Users, "9")).await.expect("who makes the rule");
    let before = version(&cx, id).await;
    remove(&cx, id, "users", before, "It is over.").await.expect("nothing beyond the plan");
}

/// A plan change that a limit of its own forbids says so.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_plan_change_is_refused_by_the_limit_that_forbids_it(admin: PgPool) {
    let (_, cx, id) = acme(&admin).await;
    set(&cx, id, 0, &input(LimitMeter::StorageBytes, "1 GB")).await.expect("set");
    stored(&admin, id, 2 << 30).await;
    let to = PlanId::Professional;
    let says = "a limit of this tenant alone allows 1\u{202f}GB. Change it or take it back.";
    let preview = plans::preview(&cx, id, to).await.expect("a preview");
    assert!(preview.refusals().iter().any(|why| why.ends_with(says)), "{:?}", preview.refusals());
    let mut read = cx.read(Reach::Fleet).await.expect("a read");
    let many = plans::refusals(read.conn(), &[(id, PlanId::Free)], to).await.expect("refusals");
    let ahead = plans::refusals_on(read.conn(), &[(id, to)]).await.expect("refusals");
    for found in [many, ahead] {
        assert!(found[0].iter().any(|why| why.ends_with(says)), "{found:?}");
    }
}

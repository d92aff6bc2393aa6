//! The cascade as the database holds it; who may change what; locks; and the audit lines.

use super::*;
use crate::error::Error;
use crate::{templates, testing};
use model::permission::Role;
use model::settings::{Level, Value};
use sqlx::PgPool;

async fn audited(admin: &PgPool, action: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1 AND result = 'done'")
        .bind(action)
        .fetch_one(admin)
        .await
        .expect("a count")
}

/// A parent and its child.
async fn family(admin: &PgPool) -> (TenantId, TenantId) {
    let parent = testing::tenant(admin, "group").await.expect("a tenant");
    let child = testing::tenant(admin, "acme").await.expect("a tenant");
    sqlx::query("UPDATE tenant SET parent_id = $2 WHERE id = $1")
        .bind(child)
        .bind(parent)
        .execute(admin)
        .await
        .expect("a family");
    (parent, child)
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_level_is_heard_in_its_order_and_a_revert_lets_the_next_one_through(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (parent, child) = family(&admin).await;
    let key = Key::SessionIdle;
    let held = || async {
        let got = effective(&cx, child, key).await.expect("a setting");
        (got.value.as_number().unwrap_or(0), got.from)
    };
    assert_eq!(held().await, (30, Level::Default));
    set_platform(&cx, key, "60", false, "house rule", 0).await.expect("set");
    assert_eq!(held().await, (60, Level::Platform));
    templates::apply_to(&cx, child, "baseline", 1, "").await.expect("applied");
    assert_eq!(held().await, (30, Level::Template("Baseline".into(), 1)));
    set(&cx, parent, key, "20", false, "group rule", 0).await.expect("set");
    assert_eq!(held().await, (20, Level::Parent("group".into(), "group".into())));
    set(&cx, child, key, "10", false, "own rule", 0).await.expect("set");
    assert_eq!(held().await, (10, Level::Tenant));
    revert(&cx, child, key, "no longer", 1).await.expect("reverted");
    assert_eq!(held().await.0, 20);
    set(&cx, parent, key, "25", false, "group rule", 1).await.expect("set");
    assert_eq!(held().await.0, 25, "a later change above reaches it: no value was copied (D4)");
    revert(&cx, parent, key, "no longer", 2).await.expect("reverted");
    assert_eq!(held().await.0, 30);
    revert_platform(&cx, key, "no longer", 1).await.expect("reverted");
    assert_eq!((audited(&admin, "setting.set").await, audited(&admin, "setting.revert").await), (4, 3));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_lock_above_refuses_what_is_below_and_lets_it_be_taken_back(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (parent, child) = family(&admin).await;
    let key = Key::SessionIdle;
    set(&cx, child, key, "60", false, "own rule", 0).await.expect("set");
    let locks: [(&str, &str); 3] =
        [("parent", "parent tenant"), ("template", "Regulated care"), ("platform", "the platform")];
    for (level, named) in locks {
        match level {
            "parent" => drop(set(&cx, parent, key, "20", true, "group rule", 0).await.expect("set")),
            "template" => drop(templates::apply_to(&cx, child, "regulated", 1, "").await.expect("applied")),
            _ => drop(set_platform(&cx, key, "40", true, "law", 0).await.expect("set")),
        }
        let refused = set(&cx, child, key, "45", false, "again", 1).await;
        assert!(matches!(&refused, Err(Error::Conflict(why)) if why.contains(named)), "{level}: {refused:?}");
        let page = of_tenant(&cx, child).await.expect("a page");
        let setting = page.settings.iter().find(|s| s.key == key).expect("a setting");
        assert!(setting.effective.shadowed() && page.refusal(setting).is_some());
        assert_eq!(setting.own.as_ref().map(|own| own.value.clone()), Some(Value::Number(60)), "kept");
    }
    assert_eq!(effective(&cx, child, key).await.expect("a setting").value, Value::Number(40));
    assert!(matches!(set(&cx, parent, key, "9", false, "x", 1).await, Err(Error::Conflict(_))));
    revert(&cx, child, key, "of no use", 1).await.expect("what does not hold may be taken back");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_wrong_is_said_and_what_moved_is_not_overwritten(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (_, acme) = family(&admin).await;
    let key = Key::PasswordMinLength;
    let wrong = set(&cx, acme, key, "3", false, " ", 0).await;
    assert!(matches!(wrong, Err(Error::Invalid(e)) if e.get("value").is_some() && e.get("reason").is_some()));
    set(&cx, acme, key, "16", false, "policy", 0).await.expect("set");
    let same = set(&cx, acme, key, "16", false, "policy", 1).await;
    assert!(matches!(same, Err(Error::Invalid(_))), "nothing would change");
    let late = set(&cx, acme, key, "20", false, "policy", 0).await;
    assert!(
        matches!(&late, Err(Error::Conflict(why)) if why.contains("Test Operator") && why.contains("policy")),
        "{late:?}"
    );
    assert!(matches!(revert(&cx, acme, key, "x", 7).await, Err(Error::Conflict(_))));
    assert!(matches!(revert(&cx, acme, Key::Mfa, "x", 0).await, Err(Error::NotFound)));
    assert!(matches!(set_platform(&cx, key, "20", false, "x", 3).await, Err(Error::Conflict(_))));
    let (a, b) = tokio::join!(
        set(&cx, acme, Key::SessionIdle, "10", false, "one", 0),
        set(&cx, acme, Key::SessionIdle, "20", false, "other", 0)
    );
    assert_eq!(u8::from(a.is_ok()) + u8::from(b.is_ok()), 1, "one of two at once: {a:?} {b:?}");
    let (before, after): (Option<serde_json::Value>, serde_json::Value) =
        sqlx::query_as("SELECT before, after FROM audit_entry WHERE action = 'setting.set' AND target = $1")
            .bind(key.as_str())
            .fetch_one(&admin)
            .await
            .expect("a line");
    assert_eq!((before, after), (None, serde_json::json!({ "value": 16, "locked": false })));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_changes_what_is_left_to_it_and_nobody_elses(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (parent, acme) = family(&admin).await;
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    set(&inside, acme, Key::SessionIdle, "10", false, "careful", 0).await.expect("its own to decide");
    let refused = set(&inside, acme, Key::AiModel, "other", false, "want", 0).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "operators only");
    let page = of_tenant(&inside, acme).await.expect("a page");
    let model = page.settings.iter().find(|s| s.key == Key::AiModel).expect("a setting");
    assert!(page.may_write && page.refusal(model).is_some_and(|why| why.contains("operators")));
    assert_eq!(page.overridden(), 1);
    for elsewhere in [
        set(&inside, parent, Key::SessionIdle, "10", false, "x", 0).await.map(drop),
        of_tenant(&inside, parent).await.map(drop),
        revert(&inside, parent, Key::SessionIdle, "x", 0).await,
    ] {
        assert!(matches!(elsewhere, Err(Error::NotFound)), "another tenant looks missing");
    }
    assert!(set_platform(&inside, Key::SessionIdle, "10", false, "x", 0).await.is_err());
    assert!(of_platform(&inside).await.is_err());
    let reader = testing::member(&services, acme, Role::TenantMember);
    assert!(!of_tenant(&reader, acme).await.expect("may read").may_write);
    assert!(matches!(revert(&reader, acme, Key::SessionIdle, "x", 1).await, Err(Error::Forbidden(_))));
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        assert!(!of_platform(&weak).await.expect("may read").may_write);
        assert!(matches!(
            set(&weak, acme, Key::SessionIdle, "9", false, "x", 1).await,
            Err(Error::Forbidden(_))
        ));
        assert!(matches!(
            set_platform(&weak, Key::SessionIdle, "9", true, "x", 0).await,
            Err(Error::Forbidden(_))
        ));
        assert!(matches!(revert_platform(&weak, Key::SessionIdle, "x", 0).await, Err(Error::Forbidden(_))));
    }
    assert_eq!(audited(&admin, "setting.set").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_parents_reason_stays_with_the_parent(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (parent, acme) = family(&admin).await;
    set(&cx, parent, Key::SessionIdle, "20", true, "SECRET MERGER", 0).await.expect("set");
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    let page = of_tenant(&inside, acme).await.expect("a page");
    let told = serde_json::to_string(&page).expect("JSON");
    assert!(told.contains("group") && !told.contains("SECRET"), "the value and its source, not why");
}

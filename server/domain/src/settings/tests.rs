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

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn channels_and_overrides_that_are_switched_off_are_refused(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (parent, acme) = family(&admin).await;
    let talk = |channel: &str| {
        let json = format!(
            r#"{{"id":"{channel}","channel":"{channel}","turns":[{{"speaker":"customer","text":"Hello"}}]}}"#
        );
        vec![crate::conversations::parse(json.as_bytes()).expect("a conversation")]
    };
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    crate::conversations::ingest(&inside, acme, talk("voice")).await.expect("taken in");
    // The parent says no, for all below it.
    set(&cx, parent, Key::Voice, "off", true, "no recordings", 0).await.expect("set");
    let refused = crate::conversations::ingest(&inside, acme, talk("voice")).await;
    assert!(
        matches!(refused, Err(Error::Invalid(e)) if e.get("channel").is_some_and(|m| m.contains("Voice")))
    );
    crate::conversations::ingest(&inside, acme, talk("chat")).await.expect("the others are");
    set(&cx, acme, Key::TaskOverrides, "off", false, "policy", 0).await.expect("set");
    let list = crate::tasks::list_for_tenant(&inside, acme).await.expect("tasks");
    assert!(matches!(list.abilities.change, model::tasks::Ability::NotNow(_)), "the page says so");
    let input = model::tasks::OverrideInput {
        prompt_mode: "override".into(),
        prompt: "Mine".into(),
        filters_mode: "inherit".into(),
        reason: "want".into(),
        version: "0".into(),
        base: "1".into(),
        ..Default::default()
    };
    let refused = crate::tasks::set_override(&inside, acme, "summary", &input).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    crate::tasks::set_override(&cx, acme, "summary", &input).await.expect("operators may");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_read_for_obeying_is_at_most_a_second_old(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (_, acme) = family(&admin).await;
    assert!(is_on(&cx, acme, Key::Voice).await.expect("on"));
    sqlx::query("INSERT INTO tenant_setting (tenant_id, key, value, reason, changed_by) VALUES ($1, 'features.voice', 'false', 'elsewhere', 'x')")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("another process");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert!(!is_on(&cx, acme, Key::Voice).await.expect("off"));
}

/// New tenants begin with the trial that the platform says, and with the template's where that says one (R9).
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_trial_lasts_as_long_as_the_settings_say(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let owner = testing::platform(&services, Role::Owner);
    assert_eq!(crate::tenants::offered_trial(&cx).await.expect("days"), 14);
    set_platform(&owner, Key::TrialDays, "30", false, "a longer look", 0).await.expect("set");
    assert_eq!(crate::tenants::offered_trial(&cx).await.expect("days"), 30);
    let file =
        crate::tenants::stage_import(&cx, "two.csv", b"name\nOne\nTwo\n", "starter").await.expect("staged");
    assert_eq!(crate::tenants::get_import(&cx, file, false, 0).await.expect("a preview").trial_days, 30);
    crate::tenants::apply_import(&cx, file).await.expect("imported");
    let ends: i64 = sqlx::query_scalar("SELECT count(*) FROM tenant WHERE name IN ('One', 'Two') AND extract(day FROM trial_ends_at - created_at) = 30")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(ends, 2);

    let mut bundle = model::templates::Bundle::default();
    bundle.settings.push(model::templates::BundleSetting {
        key: Key::TrialDays,
        value: Value::Number(7),
        locked: false,
    });
    let mut read = cx.read(Reach::Fleet).await.expect("a read");
    let days = of_new(read.conn(), Key::TrialDays, Some(&bundle)).await.expect("days");
    assert_eq!(days, Value::Number(7), "the template's");
}

/// A person of a tenant: sessions and passwords follow the tenant's policy, the strictest where there are several.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn sessions_and_passwords_of_members_follow_their_tenants(admin: PgPool) {
    use crate::users;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let system = services.system("test");
    let (parent, acme) = family(&admin).await;
    let password = "correct horse battery";
    let ada = users::create_user(&system, "ada@example.com", "Ada Roy", Some(password), None)
        .await
        .expect("a user");
    for tenant in [parent, acme] {
        sqlx::query("INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, 'tenant_admin')")
            .bind(tenant)
            .bind(ada)
            .execute(&admin)
            .await
            .expect("a member");
    }
    let lasts = || async {
        let here = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let nobody = services.ctx(model::permission::Actor::Anonymous, "test");
        users::sign_in(&nobody, "ada@example.com", password, here, None).await.expect("signed in");
        sqlx::query_as::<_, (f64, f64)>("SELECT extract(epoch FROM idle_until - created_at)::float8, extract(epoch FROM ends_at - created_at)::float8 FROM session ORDER BY created_at DESC LIMIT 1")
            .fetch_one(&admin)
            .await
            .expect("a session")
    };
    assert_eq!(lasts().await, (1800.0, 43_200.0), "the defaults");
    set(&cx, acme, Key::SessionIdle, "10", false, "policy", 0).await.expect("set");
    set(&cx, parent, Key::SessionMax, "2", false, "policy", 0).await.expect("set");
    assert_eq!(lasts().await, (600.0, 7_200.0), "the shortest of both");
    set(&cx, acme, Key::PasswordMinLength, "30", false, "policy", 0).await.expect("set");
    let short = users::set_password(&system, ada, "another correct horse").await;
    assert!(
        matches!(&short, Err(Error::Invalid(e)) if e.get("password").is_some_and(|m| m.contains("30"))),
        "{short:?}"
    );
    users::set_password(&system, ada, "another correct horse with a long tail").await.expect("long enough");
}

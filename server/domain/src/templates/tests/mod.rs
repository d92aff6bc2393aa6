//! Applying: what it writes, what it keeps, that it may be repeated, and who may.

mod align;
mod ask;
mod catalogue;
mod rollout;
mod waves;

use super::*;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::{settings, tasks, testing};
use model::TenantId;
use model::permission::Role;
use model::settings::{Key, Level, Value};
use model::templates::{Effect, Part};
use sqlx::PgPool;

/// An operator, and a tenant.
async fn site(admin: &PgPool) -> (Ctx, TenantId) {
    let services = testing::services(admin).await;
    let tenant = testing::tenant(admin, "acme").await.expect("a tenant");
    (testing::platform(&services, Role::Operator), tenant)
}

pub(super) async fn count(admin: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(admin).await.expect("a count")
}

async fn audited(admin: &PgPool, action: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = $1 AND result = 'done'")
        .bind(action)
        .fetch_one(admin)
        .await
        .expect("a count")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_baseline_of_the_source_document_is_there_and_off(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let offers = offers(&cx).await.expect("offers");
    let names: Vec<_> = offers.iter().map(|offer| offer.template.key.as_str()).collect();
    assert_eq!(
        names,
        ["baseline", "regulated", "voice-sales", "blank"],
        "the default stands first, nothing last"
    );
    let baseline = &offers[0].bundle;
    assert_eq!((baseline.fields.len(), baseline.tasks.len()), (15, 4));
    assert!(baseline.tasks.iter().all(|task| !task.enabled), "R30: disabled");
    let value = |key| baseline.setting(key).map(|setting| setting.value.clone());
    assert_eq!(value(Key::AiModel), Some(Value::Text("gpt-4o-mini".into())));
    assert_eq!(value(Key::AiMaxTokens), Some(Value::Number(1000)));
    assert_eq!(value(Key::RequestsPerMinute), Some(Value::Number(60)));
    let mut read = cx.read(crate::ctx::Reach::Fleet).await.expect("a read");
    let catalogue = edit_store::catalogue(read.conn()).await.expect("a catalogue");
    for offer in &offers {
        assert_eq!(offer.bundle.problems(&catalogue), Vec::<String>::new(), "{}", offer.template.key);
        assert_eq!(offer.bundle.clone().canonical(&catalogue), offer.bundle, "stored as the editor would");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn applying_attaches_everything_once_and_is_recorded_with_version_and_who(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let first = apply_to(&cx, acme, "baseline", 1, "New customer").await.expect("applied");
    assert!(first.changed && first.before.is_none());
    assert_eq!(first.count(Effect::Changes), 15, "fifteen fields; every setting says what was the default");
    for _ in 0..2 {
        let again = apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
        assert!(!again.changed && again.count(Effect::Changes) == 0, "{:?}", again.changes);
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_field").await, 15);
    assert_eq!(count(&admin, "SELECT count(*) FROM activation WHERE NOT enabled AND by_template").await, 4);
    assert_eq!(count(&admin, "SELECT count(*) FROM template_application").await, 1, "nothing happened twice");
    assert_eq!(audited(&admin, "template.apply").await, 1);
    let (by, reason, version): (String, String, i32) =
        sqlx::query_as("SELECT applied_by, reason, version FROM template_application")
            .fetch_one(&admin)
            .await
            .expect("a row");
    assert_eq!((by.as_str(), reason.as_str(), version), ("Test Operator", "New customer", 1));
    let held = settings::effective(&cx, acme, Key::AiModel).await.expect("a setting");
    assert_eq!(held.from, Level::Template("Baseline".into(), 1));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn inside_another_transaction_it_commits_or_goes_with_it(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let mut tx = cx.begin(crate::ctx::Reach::Tenant(acme)).await.expect("a transaction");
    let offer = for_provisioning(tx.conn(), None).await.expect("an offer");
    let applied =
        apply(tx.conn(), &cx, acme, offer.at(), None).await.expect("applied under one tenant's reach");
    assert!(applied.changed);
    drop(tx);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 0, "rolled back as a whole");
    let mut tx = cx.begin(crate::ctx::Reach::Fleet).await.expect("a transaction");
    assert!(matches!(for_provisioning(tx.conn(), Some("none")).await, Err(Error::NotFound)));
    let applied = apply(tx.conn(), &cx, acme, offer.at(), None).await.expect("applied");
    let event = applied.event();
    tx.commit(event).await.expect("committed");
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn two_at_once_apply_it_once(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let (a, b) = tokio::join!(apply_to(&cx, acme, "baseline", 1, ""), apply_to(&cx, acme, "baseline", 1, ""));
    a.expect("one");
    b.expect("the other");
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_field").await, 15);
    assert_eq!(count(&admin, "SELECT count(*) FROM activation").await, 4);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_the_tenant_decided_stays_and_what_the_template_left_moves_on(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    tasks::enable(&cx, acme, "csat").await.expect("enabled");
    settings::set(&cx, acme, Key::SessionIdle, "60", false, "call centre", 0).await.expect("set");
    apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
    let enabled = "SELECT count(*) FROM activation WHERE enabled";
    assert_eq!(count(&admin, enabled).await, 1, "the tenant's decision");
    let held = settings::effective(&cx, acme, Key::SessionIdle).await.expect("a setting");
    assert_eq!((held.value, held.from), (Value::Number(60), Level::Tenant));
    // The sales template enables two tasks that nobody has decided about.
    let moved = apply_to(&cx, acme, "voice-sales", 1, "").await.expect("applied");
    assert_eq!(moved.before.map(|before| before.version), Some(1));
    assert_eq!(count(&admin, enabled).await, 3);
    // A person switches one off; the template does not switch it on again.
    tasks::disable(&cx, acme, "summary").await.expect("disabled");
    apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
    let back = apply_to(&cx, acme, "voice-sales", 1, "").await.expect("applied");
    let line = back.changes.iter().find(|c| c.part == Part::Task && c.key == "summary").expect("a line");
    assert_eq!(line.effect, Effect::Kept);
    assert_eq!(count(&admin, "SELECT count(*) FROM activation a JOIN task t ON t.id = a.task_id WHERE t.key = 'summary' AND a.enabled").await, 0);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_field").await, 15, "no field was taken away");
    // The regulated one locks the sessions: the tenant's own value is kept, and does not hold.
    apply_to(&cx, acme, "regulated", 1, "").await.expect("applied");
    let held = settings::effective(&cx, acme, Key::SessionIdle).await.expect("a setting");
    assert_eq!(held.value, Value::Number(15));
    assert!(held.shadowed());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_went_missing_is_repaired_by_applying_again(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
    sqlx::query("DELETE FROM tenant_field WHERE field_key = 'csat'").execute(&admin).await.expect("lost");
    let again = apply_to(&cx, acme, "baseline", 1, "").await.expect("applied");
    assert!(again.changed && again.count(Effect::Changes) == 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_field").await, 15);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_operators_apply_and_only_published_versions_to_tenants_that_are_there(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let services = cx.services().clone();
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        assert!(matches!(apply_to(&weak, acme, "baseline", 1, "").await, Err(Error::Forbidden(_))), "{role}");
    }
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    assert!(matches!(apply_to(&inside, acme, "baseline", 1, "").await, Err(Error::Forbidden(_))));
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(apply_to(&stranger, acme, "baseline", 1, "").await, Err(Error::NotFound)));
    for (key, version) in [("baseline", 9), ("none", 1)] {
        assert!(matches!(apply_to(&cx, acme, key, version, "").await, Err(Error::NotFound)), "{key}");
    }
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE id = $1")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("gone");
    assert!(matches!(apply_to(&cx, acme, "baseline", 1, "").await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 0);
    assert_eq!(audited(&admin, "template.apply").await, 0);
    assert!(count(&admin, "SELECT count(*) FROM audit_entry WHERE result = 'denied'").await >= 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_published_version_is_immutable_even_for_the_database_s_owner(admin: PgPool) {
    for change in [
        "UPDATE template_version SET bundle = '{}' WHERE version = 1",
        "UPDATE template_version SET state = 'draft', published_at = NULL, published_by = NULL",
        "DELETE FROM template_version",
    ] {
        let error = sqlx::query(change).execute(&admin).await.expect_err(change);
        assert!(error.to_string().contains("never changes"), "{error}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_preview_says_what_applying_then_does(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    tasks::enable(&cx, acme, "csat").await.expect("enabled");
    for (key, version) in [("voice-sales", 1), ("regulated", 1), ("baseline", 1)] {
        let before = preview(&cx, acme, key, version).await.expect("a preview");
        assert_eq!(before.refusal, None);
        let applied = apply_to(&cx, acme, key, version, "").await.expect("applied");
        assert_eq!(before.changes, applied.changes, "{key}");
        let after = preview(&cx, acme, key, version).await.expect("a preview");
        assert!(after.changes.iter().all(|change| change.effect != Effect::Changes), "{:?}", after.changes);
    }
}

//! Reading the log against a real database.

use super::*;
use crate::error::Error;
use crate::testing;
use model::audit::{Filter, Outcome};
use model::directory::Cursor;
use model::permission::Role;
use sqlx::PgPool;

async fn write_line(cx: &Ctx, event: AuditEvent) {
    let tx = cx.begin(Reach::Fleet).await.expect("a transaction");
    tx.commit(event).await.expect("committed");
}

fn filter(pairs: &[(&str, &str)]) -> Filter {
    Filter::parse(pairs).0
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn pages_neither_skip_nor_repeat_in_both_directions(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    for n in 0..60 {
        write_line(&cx, AuditEvent::on(if n % 2 == 0 { a } else { b }, "tenant.test", n.to_string())).await;
    }
    for scope in [None, Some(a)] {
        let mut filter = Filter::default();
        let first = lines(&cx, scope, &filter, 25).await.expect("a page");
        assert!(first.previous.is_none());
        let mut seen: Vec<_> = first.rows.iter().map(|l| l.target.clone()).collect();
        let mut next = first.next.clone();
        let mut last = first.clone();
        while let Some(cursor) = next {
            filter.cursor = Cursor::After(cursor);
            last = lines(&cx, scope, &filter, 25).await.expect("a page");
            seen.extend(last.rows.iter().map(|l| l.target.clone()));
            next = last.next.clone();
        }
        let expected: Vec<_> =
            (0..60).rev().filter(|n| scope.is_none() || n % 2 == 0).map(|n: i32| n.to_string()).collect();
        assert_eq!(seen, expected);
        filter.cursor = Cursor::Before(last.previous.expect("a page before"));
        let back = lines(&cx, scope, &filter, 25).await.expect("a page");
        let at = expected.len() - last.rows.len();
        assert_eq!(
            back.rows.iter().map(|l| l.target.clone()).collect::<Vec<_>>(),
            expected[at.saturating_sub(25)..at]
        );
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn filters_narrow_and_denials_are_seen(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    write_line(
        &cx,
        AuditEvent::on(tenant, "tenant.suspend", "acme")
            .reason("late")
            .before(serde_json::json!({ "status": "active" }))
            .after(serde_json::json!({ "status": "suspended" })),
    )
    .await;
    write_line(&cx, AuditEvent::on(tenant, "tenantx.y", "100%_\\")).await;
    write_line(&cx, AuditEvent::platform("user.create", "a@example.com")).await;
    let success = testing::platform(&services, Role::Success);
    assert!(matches!(list(&success, None, &Filter::default()).await, Err(Error::Forbidden(_))));

    let count =
        async |pairs: &[(&str, &str)]| list(&cx, None, &filter(pairs)).await.expect("a page").rows.len();
    assert_eq!(count(&[]).await, 4);
    assert_eq!(count(&[("group", "tenant")]).await, 1, "the whole first part, not a prefix of it");
    assert_eq!(count(&[("result", "denied")]).await, 1);
    assert_eq!(count(&[("actor", "OPERATOR")]).await, 3);
    assert_eq!(count(&[("actor", "%")]).await, 0, "a sign of patterns is a sign");
    assert_eq!(count(&[("tenant", "acme")]).await, 2);
    assert_eq!(count(&[("tenant", "platform")]).await, 2);
    assert_eq!(count(&[("tenant", "nobody")]).await, 0);
    assert_eq!(count(&[("request", "test")]).await, 4);
    assert_eq!(count(&[("to", "2020-01-01")]).await, 0);
    assert_eq!(count(&[("from", "2020-01-01"), ("to", "2999-12-31")]).await, 4);
    assert_eq!(count(&[("after", "junk")]).await, 4);
    let denied = list(&cx, None, &filter(&[("result", "denied")])).await.expect("a page");
    assert_eq!((denied.rows[0].outcome, denied.rows[0].action.as_str()), (Outcome::Denied, "access.denied"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_entry_shows_what_changed_and_no_other_tenants(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    testing::tenant(&admin, "other").await.expect("a tenant");
    let event = AuditEvent::on(tenant, "tenant.suspend", "acme")
        .before(serde_json::json!({ "status": "active", "plan": "free" }))
        .after(serde_json::json!({ "status": "suspended", "plan": "free" }));
    write_line(&cx, event).await;
    let found = entry(&cx, "acme", 1).await.expect("an entry");
    assert_eq!(
        (found.changed.len(), found.unchanged.len(), found.line.changes, found.hash.len()),
        (1, 1, 1, 64)
    );
    assert_eq!(found.changed[0].path, "status");
    assert!(matches!(entry(&cx, "acme", 2).await, Err(Error::NotFound)));
    assert!(entry(&cx, "acme", i64::MIN).await.is_err());

    let inside = testing::member(&services, tenant, Role::TenantAdmin);
    assert!(entry(&inside, "acme", 1).await.is_ok());
    assert!(matches!(entry(&inside, "platform", 1).await, Err(Error::Forbidden(_))));
    assert!(matches!(entry(&inside, "other", 1).await, Err(Error::NotFound)));
    assert!(matches!(list(&inside, None, &Filter::default()).await, Err(Error::Forbidden(_))));
    let member = testing::member(&services, tenant, Role::TenantMember);
    assert!(matches!(list(&member, Some(tenant), &Filter::default()).await, Err(Error::Forbidden(_))));
    // The filter cannot leave the chain.
    let lines = list(&inside, Some(tenant), &filter(&[("tenant", "other")])).await.expect("a page");
    assert!(lines.rows.iter().all(|line| line.tenant == tenant));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_chain_is_sound_until_somebody_meddles(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    assert_eq!(verify(&cx, tenant).await.expect("checked"), Verified::Sound(0));
    for n in 0..5 {
        write_line(&cx, AuditEvent::on(tenant, "tenant.test", n.to_string())).await;
    }
    assert_eq!(verify(&cx, tenant).await.expect("checked"), Verified::Sound(5));
    assert_eq!(verify_stream(&cx, "acme").await.expect("checked"), model::audit::Verified::Sound(5));
    sqlx::query("UPDATE audit_entry SET target = 'x' WHERE seq = 3").execute(&admin).await.expect("meddled");
    assert_eq!(
        verify(&cx, tenant).await.expect("checked"),
        Verified::Broken { seq: 3, why: "its hash does not fit" }
    );
    sqlx::query("DELETE FROM audit_entry WHERE seq = 3").execute(&admin).await.expect("meddled");
    assert_eq!(
        verify(&cx, tenant).await.expect("checked"),
        Verified::Broken { seq: 3, why: "an entry is missing" }
    );
    sqlx::query("DELETE FROM audit_entry").execute(&admin).await.expect("meddled");
    assert!(matches!(verify(&cx, tenant).await.expect("checked"), Verified::Broken { .. }));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_chain_that_was_taken_away_is_missed(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let operator = testing::platform(&services, Role::Operator);
    let new = |name: &str| model::directory::NewTenant::named(name, model::tenants::PlanId::Free);
    let gone = testing::new_tenant(&operator, new("Gone")).await.expect("a tenant");
    let headless = testing::new_tenant(&operator, new("Headless")).await.expect("a tenant");
    assert_eq!(without_chain(&cx).await.expect("checked"), []);
    sqlx::query("DELETE FROM audit_entry WHERE tenant_id = $1")
        .bind(gone)
        .execute(&admin)
        .await
        .expect("meddled");
    sqlx::query("DELETE FROM audit_head WHERE tenant_id IN ($1, $2)")
        .bind(gone)
        .bind(headless)
        .execute(&admin)
        .await
        .expect("meddled");
    assert_eq!(without_chain(&cx).await.expect("checked"), [gone]);
    assert!(
        chains(&cx).await.expect("chains").contains(&headless),
        "entries without a head are a chain as well"
    );
    assert!(matches!(verify(&cx, headless).await.expect("checked"), Verified::Broken { .. }));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn entries_cut_off_or_put_behind_the_head_are_noticed(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    for n in 0..3 {
        write_line(&cx, AuditEvent::on(tenant, "tenant.test", n.to_string())).await;
    }
    sqlx::query("UPDATE audit_head SET seq = 2 WHERE tenant_id = $1")
        .bind(tenant)
        .execute(&admin)
        .await
        .expect("meddled");
    assert_eq!(
        verify(&cx, tenant).await.expect("checked"),
        Verified::Broken { seq: 3, why: "the head points elsewhere" }
    );
    sqlx::query("DELETE FROM audit_head").execute(&admin).await.expect("meddled");
    assert_eq!(
        verify(&cx, tenant).await.expect("checked"),
        Verified::Broken { seq: 1, why: "the head is missing" }
    );
}

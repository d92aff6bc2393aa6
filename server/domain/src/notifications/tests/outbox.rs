//! What is announced is there exactly when the change is.

use crate::audit::AuditEvent;
use crate::ctx::Reach;
use crate::notifications::announce;
use crate::testing;
use model::notifications::Event;
use model::permission::Role;
use serde_json::json;
use sqlx::PgPool;

async fn outbox(admin: &PgPool) -> Vec<(String, serde_json::Value, Option<serde_json::Value>, String)> {
    sqlx::query_as("SELECT event, data, tenant, actor_name FROM notification ORDER BY id")
        .fetch_all(admin)
        .await
        .expect("the outbox")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_announcement_is_true_exactly_when_its_change_is(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    for reach in [Reach::Fleet, Reach::Tenant(id), Reach::System] {
        let mut tx = cx.begin(reach).await.expect("begin");
        announce(&mut tx, id, Event::PlanChanged, json!({ "from": "free" })).await.expect("announced");
        drop(tx);
        assert!(outbox(&admin).await.is_empty(), "rolled back with its change");
        let mut tx = cx.begin(reach).await.expect("begin");
        announce(&mut tx, id, Event::PlanChanged, json!({ "from": "free" })).await.expect("announced");
        tx.commit(AuditEvent::on(id, "tenant.change_plan", "acme")).await.expect("committed");
        let (event, data, tenant, actor) = outbox(&admin).await.pop().expect("a row");
        assert_eq!((event.as_str(), &data["from"]), ("tenant.plan_changed", &json!("free")));
        assert_eq!(tenant.expect("the tenant")["slug"], "acme");
        assert_eq!(actor, cx.actor().name());
        sqlx::query("TRUNCATE notification").execute(&admin).await.expect("empty again");
    }
    let mut tx = cx.begin(Reach::Fleet).await.expect("begin");
    for wrong in [json!([]), json!("text"), json!({ "long": "x".repeat(20_000) })] {
        assert!(announce(&mut tx, id, Event::PlanChanged, wrong).await.is_err());
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn one_tenant_cannot_announce_for_another(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    let mut tx = cx.begin(Reach::Tenant(a)).await.expect("begin");
    let refused = announce(&mut tx, b, Event::TenantLive, json!({})).await.expect_err("refused");
    assert!(refused.to_string().contains("row-level security"), "{refused}");
}

//! Which of what is due is taken first (R78).

use super::store::{Taken, claim};
use super::*;
use crate::tenants::{ChangeScope, Suspend, change_scope, suspend};
use model::TenantId;
use model::permission::Actor;

/// What the next worker is given; left in its hands.
async fn next(services: &Services) -> (TenantId, Kind) {
    let mut tx = services.system("operations").begin(Reach::Fleet).await.expect("begun");
    let Some(Taken::Ours(op)) = claim(tx.conn(), "test", None).await.expect("claimed") else {
        panic!("nothing is due")
    };
    tx.commit_unaudited("a test").await.expect("committed");
    (op.tenant, op.kind)
}

/// A program waits for nothing: what it asks for stays in the queue.
fn program(services: &Services) -> Ctx {
    let id = model::PlatformKeyId(uuid::Uuid::from_u128(7));
    let program = Actor::PlatformKey { id, name: "Billing".into(), role: Role::Operator, maker: None };
    services.ctx(program, "test")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_must_be_kept_out_now_waits_for_nobody(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for n in 0..50 {
        let asked = asked(&format!("queued-{n}"), Placement::Pooled);
        request_provision(&cx, asked, None).await.expect("asked");
    }
    let (leaking, leaving) = (
        testing::tenant(&admin, "leaking").await.expect("a tenant"),
        testing::tenant(&admin, "leaving").await.expect("a tenant"),
    );
    let program = program(&services);
    let form = |code| Suspend { code, note: "As seen.", scope: "read_only", message: "" };
    suspend(&program, leaving, 1, form("customer_request")).await.expect("asked");
    suspend(&program, leaking, 1, form("security_incident")).await.expect("asked");
    let queued: i64 = sqlx::query_scalar("SELECT count(*) FROM operation WHERE state = 'queued'")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(queued, 52, "nothing has begun");
    assert_eq!(next(&services).await, (leaking, Kind::Suspend), "before fifty that came before it");
    // What goes too far, or not far enough, is as urgent.
    sqlx::query("UPDATE operation SET state = 'succeeded', lease_until = NULL WHERE tenant_id = $1")
        .bind(leaking)
        .execute(&admin)
        .await
        .expect("done");
    sqlx::query("UPDATE tenant SET status = 'suspended', suspension = 'read_only', status_before = 'active', status_reason = 'security_incident', status_note = 'As seen.' WHERE id = $1")
        .bind(leaking)
        .execute(&admin)
        .await
        .expect("suspended");
    let further = ChangeScope { scope: "blocked", reason: "It leaks still.", message: "" };
    change_scope(&program, leaking, 1, further).await.expect("asked");
    assert_eq!(next(&services).await, (leaking, Kind::ChangeScope));
    assert_eq!(next(&services).await, (leaving, Kind::Suspend), "P1");
    assert_eq!(next(&services).await.1, Kind::Provision, "what may wait");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_half_done_is_gone_on_with_first(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    request_provision(&cx, asked("begun", Placement::Pooled), None).await.expect("asked");
    let begun = next(&services).await;
    assert_eq!(begun.1, Kind::Provision);
    let leaking = testing::tenant(&admin, "leaking").await.expect("a tenant");
    let form = Suspend { code: "security_incident", note: "As seen.", scope: "read_only", message: "" };
    suspend(&program(&services), leaking, 1, form).await.expect("asked");
    sqlx::query("UPDATE operation SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        .execute(&admin)
        .await
        .expect("its worker is gone");
    assert_eq!(next(&services).await, begun, "whatever else is waiting");
    assert_eq!(next(&services).await, (leaking, Kind::Suspend), "then what is most urgent");
}

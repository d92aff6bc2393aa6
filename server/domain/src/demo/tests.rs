use super::*;
use crate::audit;
use crate::testing;
use model::permission::Role;
use model::tenants::Status;
use sqlx::PgPool;

async fn count(admin: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(admin).await.expect(sql)
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_fleet_is_whole_and_true(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = services.system("demo");
    let sign_ins = load(&cx, 60, |_| ()).await.expect("a fleet");
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 60);
    // Every chain stands.
    for chain in audit::chains(&cx).await.expect("chains") {
        let verified = audit::verify(&cx, chain).await.expect("a verdict");
        assert!(matches!(verified, audit::Verified::Sound(n) if n > 0), "{chain}: {verified:?}");
    }
    // The past is made of moves that the table of the present allows.
    let told: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT action, before->>'status', after->>'status' FROM audit_entry
         WHERE before->>'status' IS NOT NULL AND after->>'status' IS NOT NULL ORDER BY tenant_id, seq",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    assert!(told.len() > 30, "{}", told.len());
    for (action, from, to) in told {
        let (from, to): (Status, Status) = (from.parse().expect("a status"), to.parse().expect("a status"));
        assert!(from.may_become(to), "{action}: {} -> {}", from.as_str(), to.as_str());
        let verb = match to {
            Status::Suspended => "tenant.suspend",
            Status::Offboarding => "tenant.offboard",
            Status::Offboarded => "tenant.end_grace",
            _ => continue,
        };
        assert_eq!(action, verb);
    }
    // Usage says what is there.
    assert_eq!(
        count(&admin, "SELECT count(*) FROM (SELECT tenant_id, count(*) AS n FROM conversation GROUP BY 1) c
            JOIN (SELECT tenant_id, sum(quantity) AS n FROM usage_day WHERE meter = 'conversations' GROUP BY 1) u USING (tenant_id) WHERE c.n <> u.n").await,
        0
    );
    assert_eq!(
        count(&admin, "SELECT count(DISTINCT tenant_id) FROM conversation WHERE state = 'pending'").await,
        10
    );
    assert_eq!(
        count(&admin, "SELECT count(*) FROM (SELECT tenant_id, meter, (hour AT TIME ZONE 'UTC')::date AS day, sum(quantity) AS n FROM usage_hour GROUP BY 1, 2, 3) h
            LEFT JOIN usage_day d USING (tenant_id, meter, day) WHERE d.quantity IS DISTINCT FROM h.n").await,
        0
    );
    // The tenant shows the score of its newest snapshot.
    assert_eq!(
        count(&admin, "SELECT count(*) FROM tenant t JOIN health_snapshot s ON s.tenant_id = t.id AND s.day = (now() AT TIME ZONE 'UTC')::date
            WHERE s.score IS DISTINCT FROM t.health_score OR s.band <> t.health_band").await,
        0
    );
    assert!(count(&admin, "SELECT count(*) FROM task_override").await >= 6);
    // What the stage says, the onboarding list says too, also after the probes have looked.
    let stages = "SELECT count(*) FROM tenant WHERE status IN ('trial', 'active') AND stage <> 'operate'";
    let list = "SELECT string_agg(slug || ' ' || stage, ',' ORDER BY slug) FROM tenant";
    let before: String = sqlx::query_scalar(list).fetch_one(&admin).await.expect("stages");
    assert!(count(&admin, stages).await >= 5);
    while crate::checklists::sweep(&cx, 100).await.expect("a sweep") > 0 {}
    let after: String = sqlx::query_scalar(list).fetch_one(&admin).await.expect("stages");
    assert_eq!(before, after);
    assert_eq!(count(&admin, "SELECT count(*) FROM checklist_item WHERE state = 'failed'").await, 0);
    // Bills are open where somebody is out for them; who is live has closed its list; nothing came before its tenant.
    for (never, sql) in [
        ("a bill too many or too few", "SELECT count(*) FROM tenant t WHERE (t.status IN ('suspended', 'offboarding') AND t.status_reason IN ('payment_failure', 'non_payment'))
            IS DISTINCT FROM EXISTS (SELECT FROM payment_failure p WHERE p.tenant_id = t.id AND p.settled_at IS NULL)"),
        ("live with an open list", "SELECT count(*) FROM tenant t LEFT JOIN checklist_run r ON r.tenant_id = t.id AND r.key = 'onboarding'
            WHERE t.live_at IS NOT NULL AND t.status NOT IN ('purging', 'deleted') AND r.ended_at IS DISTINCT FROM t.live_at"),
        ("used before it was there", "SELECT count(*) FROM tenant t JOIN usage_day u ON u.tenant_id = t.id WHERE u.day < (t.created_at AT TIME ZONE 'UTC')::date"),
        ("seen after it was shut", "SELECT count(*) FROM tenant t JOIN member m ON m.tenant_id = t.id JOIN user_account u ON u.id = m.user_id
            WHERE t.suspension = 'blocked' AND t.status = 'suspended' AND u.last_seen_at > t.status_since"),
        ("a score of nothing", "SELECT count(*) FROM tenant t WHERE t.health_score IS NOT NULL AND NOT EXISTS (SELECT FROM health_snapshot s WHERE s.tenant_id = t.id)"),
        ("another plan than the log tells", "SELECT count(*) FROM tenant t JOIN LATERAL (SELECT e.after->>'plan' AS plan FROM audit_entry e
            WHERE e.tenant_id = t.id AND e.action IN ('tenant.create', 'tenant.change_plan') ORDER BY e.seq DESC LIMIT 1) told ON true WHERE told.plan <> t.plan_id"),
        ("live, and the log knows nothing of it", "SELECT count(*) FROM tenant t WHERE (t.live_at IS NOT NULL)
            IS DISTINCT FROM EXISTS (SELECT FROM audit_entry e WHERE e.tenant_id = t.id AND e.action = 'tenant.go_live')"),
    ] {
        assert_eq!(count(&admin, sql).await, 0, "{never}");
    }
    // One page on which organisations sign up is open, and makes nothing without a look.
    assert_eq!(count(&admin, "SELECT count(*) FROM signup_page WHERE open AND approval").await, 1);
    // The lint of isolation, which runs at every start, has nothing to say about it.
    let findings = crate::isolation::lint(&cx).await.expect("a lint");
    assert!(findings.is_empty(), "{findings:?}");
    // The tenant admin gets in, and to one tenant only.
    let slug = sign_ins.tenant_admin.tenant.clone().expect("a slug");
    let own = crate::tenants::by_slug(&cx, &slug).await.expect("the demo tenant");
    assert_eq!(own.status, Status::Active);
    assert!(own.health_score.is_some());
    assert_eq!(
        count(&admin, "SELECT count(*) FROM member m JOIN user_account u ON u.id = m.user_id WHERE u.email = 'tara.admin@example.com'").await,
        1
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn it_grows_and_renews_its_passwords(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = services.system("demo");
    let first = load(&cx, 5, |_| ()).await.expect("a fleet");
    let second = load(&cx, 9, |_| ()).await.expect("a larger fleet");
    assert_eq!(count(&admin, "SELECT count(*) FROM signup_page").await, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 9);
    assert_ne!(first.operator.password, second.operator.password);
    assert_ne!(first.owner.password, second.owner.password);
    assert_eq!(count(&admin, "SELECT count(*) FROM user_account WHERE platform_role IS NOT NULL").await, 10);
    assert_eq!(
        count(&admin, "SELECT count(*) FROM user_account WHERE platform_role = 'owner' AND email = 'freya.dahl@example.com'").await,
        1
    );
    assert_eq!(count(&admin, "SELECT count(*) FROM audit_entry WHERE action = 'user.set_role'").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn tenants_of_others_are_left_alone(admin: PgPool) {
    let services = testing::services(&admin).await;
    testing::tenant(&admin, "somebody").await.expect("a tenant");
    let refused = load(&services.system("demo"), 5, |_| ()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant").await, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM user_account").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_who_may_create_tenants_may_load_them(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Success);
    assert!(matches!(load(&cx, 5, |_| ()).await, Err(Error::Forbidden(_))));
    assert!(matches!(is_empty(&cx).await, Err(Error::Forbidden(_))));
}

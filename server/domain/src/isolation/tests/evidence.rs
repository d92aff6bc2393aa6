//! Evidence is kept, shown to those who may see it, and counted over the fleet (R127).

use crate::error::Error;
use crate::isolation;
use crate::isolation::schedule::claim;
use crate::testing;
use model::directory::Cursor;
use model::isolation::{Standing, Trigger};
use model::permission::Role;
use model::{RunId, TenantId};
use sqlx::PgPool;
use uuid::Uuid;

async fn tenant(admin: &PgPool, slug: &str) -> TenantId {
    testing::tenant(admin, slug).await.expect("a tenant")
}

/// A run of `days` ago, and that it is the newest.
async fn seed(admin: &PgPool, tenant: TenantId, run: u128, days: i32, failed: i16) {
    sqlx::query(
        "WITH run AS (INSERT INTO isolation_run (tenant_id, id, at, trigger, build, server_version, catalogue_hash, placement, passed, failed, attempts)
            VALUES ($1, $2, now() - make_interval(days => $3), 'schedule', '1', 'PostgreSQL', 'hash', 'pooled', 35, $4, '[]') RETURNING *)
         INSERT INTO isolation_newest (tenant_id, run_id, at, failed) SELECT tenant_id, id, at, failed FROM run
         ON CONFLICT (tenant_id) DO UPDATE SET run_id = excluded.run_id, at = excluded.at, failed = excluded.failed",
    )
    .bind(tenant)
    .bind(Uuid::from_u128(run))
    .bind(days)
    .bind(failed)
    .execute(admin)
    .await
    .expect("a run");
}

async fn count(admin: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(admin).await.expect("a count")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_was_verified_by_hand_is_kept_and_audited(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = tenant(&admin, "acme").await;
    tenant(&admin, "other").await;
    let cx = testing::platform(&services, Role::Operator);
    let before = isolation::history(&cx, acme, &Cursor::First).await.expect("a history");
    assert!(before.newest.is_none() && before.runs.rows.is_empty() && before.may_verify);
    assert_eq!(isolation::newest(&cx, acme).await.expect("none"), None);

    let done = isolation::verify(&cx, acme).await.expect("evidence");
    assert_eq!((done.failed, done.problems()), (0, None));
    let history = isolation::history(&cx, acme, &Cursor::First).await.expect("a history");
    let newest = history.newest.expect("the newest");
    assert_eq!((newest.id, newest.trigger), (RunId(done.id), Trigger::Request));
    assert!(newest.held() && newest.took_ms.is_some() && history.wrong.is_empty());
    assert_eq!(history.runs.rows, std::slice::from_ref(&newest));
    assert_eq!(isolation::newest(&cx, acme).await.expect("one"), Some(newest.clone()));

    let evidence = isolation::evidence(&cx, acme, newest.id).await.expect("evidence");
    assert_eq!(evidence.attempts, done.attempts);
    assert!(evidence.attempts.len() > 30 && evidence.server_version.is_some());
    let said = "SELECT count(*) FROM audit_entry e JOIN tenant t ON t.id = e.tenant_id
        WHERE e.action = 'isolation.verify' AND e.result = 'done' AND t.slug = 'acme'";
    assert_eq!(count(&admin, said).await, 1);
    // By schedule it is kept as well, and no line is written for it.
    isolation::probe(&cx, acme, Trigger::Schedule).await.expect("evidence");
    assert_eq!(count(&admin, "SELECT count(*) FROM isolation_run").await, 2);
    assert_eq!(count(&admin, "SELECT count(*) FROM isolation_newest").await, 1);
    assert_eq!(count(&admin, said).await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_the_platform_verifies_and_only_tenants_in_service(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (acme, other) = (tenant(&admin, "acme").await, tenant(&admin, "other").await);
    for role in [Role::Success, Role::TenantAdmin, Role::TenantMember] {
        let cx = if role.is_platform() {
            testing::platform(&services, role)
        } else {
            testing::member(&services, acme, role)
        };
        let refused = isolation::verify(&cx, acme).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{role}: {refused:?}");
    }
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(isolation::verify(&stranger, acme).await, Err(Error::NotFound)));
    let operator = testing::platform(&services, Role::Operator);
    let nowhere = TenantId(Uuid::from_u128(404));
    assert!(matches!(isolation::verify(&operator, nowhere).await, Err(Error::NotFound)));
    sqlx::query("UPDATE tenant SET status = 'failed' WHERE id = $1")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("failed");
    assert!(matches!(isolation::verify(&operator, acme).await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM isolation_run").await, 0, "nothing was kept");
    assert_eq!(count(&admin, "SELECT count(*) FROM audit_entry WHERE action = 'isolation.verify'").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_history_is_read_in_pages_and_its_failure_told(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = tenant(&admin, "acme").await;
    for n in 1..=30 {
        seed(&admin, acme, n, 31 - i32::try_from(n).expect("small"), 0).await;
    }
    let cx = testing::platform(&services, Role::Auditor);
    let read = async |cursor: Cursor| isolation::history(&cx, acme, &cursor).await.expect("a history").runs;
    let first = read(Cursor::First).await;
    assert_eq!((first.rows.len(), first.total), (25, model::page::Total::Exact(30)));
    assert_eq!((first.rows[0].id.0.as_u128(), first.previous), (30, None));
    let next = first.next.expect("a second page");
    let second = read(Cursor::After(next)).await;
    assert_eq!((second.rows.len(), second.rows[0].id.0.as_u128(), second.next), (5, 5, None));
    let back = read(Cursor::Before(second.previous.expect("back"))).await;
    assert_eq!(back.rows, first.rows);
    assert_eq!(read(Cursor::After("nonsense".into())).await.rows, first.rows);

    sqlx::query(
        r#"UPDATE isolation_run SET failed = 1, attempts = '[{"name": "truncation", "expected": "42501", "actual": "rows 0", "passed": false},
            {"name": "a table", "expected": "42501", "actual": "42501", "passed": true}]' WHERE id = $1"#,
    )
    .bind(Uuid::from_u128(30))
    .execute(&admin)
    .await
    .expect("a failure");
    let history = isolation::history(&cx, acme, &Cursor::First).await.expect("a history");
    let wrong: Vec<_> = history.wrong.iter().map(|attempt| attempt.name.as_str()).collect();
    assert_eq!((wrong, history.newest.map(|run| run.held())), (vec!["truncation"], Some(false)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenants_admin_sees_its_own_evidence_without_the_platforms_inside(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (acme, other) = (tenant(&admin, "acme").await, tenant(&admin, "other").await);
    seed(&admin, acme, 1, 0, 0).await;
    seed(&admin, other, 2, 0, 0).await;
    let cx = testing::member(&services, acme, Role::TenantAdmin);
    let history = isolation::history(&cx, acme, &Cursor::First).await.expect("its own");
    assert_eq!((history.runs.rows.len(), history.may_verify), (1, false));
    let own = isolation::evidence(&cx, acme, RunId(Uuid::from_u128(1))).await.expect("its own");
    assert_eq!((own.server_version, own.catalogue_hash), (None, None));
    // Another's: under its own address as much as under mine.
    let theirs = RunId(Uuid::from_u128(2));
    assert!(matches!(isolation::evidence(&cx, acme, theirs).await, Err(Error::NotFound)));
    assert!(matches!(isolation::evidence(&cx, other, theirs).await, Err(Error::NotFound)));
    assert!(matches!(isolation::history(&cx, other, &Cursor::First).await, Err(Error::NotFound)));
    assert!(matches!(isolation::fleet(&cx, None).await, Err(Error::Forbidden(_))));
    // A member reads that it is verified, not how.
    let member = testing::member(&services, acme, Role::TenantMember);
    assert!(isolation::newest(&member, acme).await.expect("the newest").is_some());
    assert!(matches!(isolation::history(&member, acme, &Cursor::First).await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_fleet_says_who_needs_attention_and_the_schedule_begins_with_them(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let empty = isolation::fleet(&cx, None).await.expect("an empty fleet");
    assert!(empty.attention.is_empty() && empty.findings.is_empty() && empty.newest_at.is_none());

    let never = tenant(&admin, "never").await;
    let stale = tenant(&admin, "stale").await;
    let failing = tenant(&admin, "failing").await;
    let proven = tenant(&admin, "proven").await;
    let gone = tenant(&admin, "gone").await;
    seed(&admin, stale, 1, 8, 0).await;
    seed(&admin, failing, 2, 1, 3).await;
    seed(&admin, proven, 3, 6, 0).await;
    seed(&admin, gone, 4, 99, 1).await;
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE id = $1")
        .bind(gone)
        .execute(&admin)
        .await
        .expect("deleted");

    let fleet = isolation::fleet(&cx, None).await.expect("the fleet");
    for standing in Standing::ALL {
        assert_eq!(fleet.count(*standing), 1, "{standing}");
    }
    let named: Vec<_> = fleet.attention.iter().map(|one| (one.slug.as_str(), one.standing)).collect();
    assert_eq!(named, [("failing", Standing::Failing), ("stale", Standing::Stale)]);
    assert_eq!((fleet.attention[0].failed, fleet.more), (3, false));
    assert!(fleet.newest_at.is_some());
    let only = isolation::fleet(&cx, Some(Standing::Stale)).await.expect("the fleet");
    assert_eq!(only.attention.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["stale"]);
    let only = isolation::fleet(&cx, Some(Standing::Never)).await.expect("the fleet");
    assert_eq!(only.attention.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["never"]);
    let success = testing::platform(&services, Role::Success);
    assert!(matches!(isolation::fleet(&success, None).await, Err(Error::Forbidden(_))));
    assert!(matches!(claim(&success, 1).await, Err(Error::Forbidden(_))));

    let turn = async |limit: i64| claim(&cx, limit).await.expect("whose turn it is");
    assert_eq!(turn(2).await, [never, failing], "who needs it most");
    assert_eq!(turn(10).await, [stale, proven], "then the longest wait, and nobody twice");
    assert_eq!(turn(10).await, []);
    // Whoever was proven has their next turn in an hour, whoever was not likewise.
    isolation::probe(&cx, never, Trigger::Schedule).await.expect("evidence");
    assert_eq!(count(&admin, "SELECT count(*) FROM isolation_claim").await, 3);
    let later = "UPDATE isolation_claim SET until = now() - interval '1 second'";
    sqlx::query(later).execute(&admin).await.expect("an hour later");
    assert_eq!(turn(10).await, [stale, failing, proven]);
    let later = "UPDATE isolation_newest SET at = at - interval '61 minutes'";
    sqlx::query(later).execute(&admin).await.expect("an hour later");
    assert_eq!(turn(10).await, [never]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn processes_share_the_tenants_and_the_failing_leave_room(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for n in 0..10 {
        let failing = tenant(&admin, &format!("f{n}")).await;
        seed(&admin, failing, n + 1, 2, 1).await;
        tenant(&admin, &format!("t{n}")).await;
    }
    let mut all = claim(&cx, 10).await.expect("one process");
    let failing = "SELECT count(*) FROM isolation_claim JOIN isolation_newest USING (tenant_id)";
    assert_eq!((all.len(), count(&admin, failing).await), (10, 2), "a fifth of the turns");
    let (a, b) = tokio::join!(claim(&cx, 10), claim(&cx, 10));
    all.extend(a.expect("another process"));
    all.extend(b.expect("a third"));
    assert_eq!(all.len(), 20, "nobody twice");
    all.sort_by_key(|tenant| tenant.0);
    all.dedup();
    assert_eq!(all.len(), 20, "and everybody");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_round_proves_whoever_waits(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    tenant(&admin, "acme").await;
    assert_eq!(isolation::prove_some(&cx).await.expect("a round"), 1);
    assert_eq!(isolation::fleet(&cx, None).await.expect("the fleet").count(Standing::Proven), 1);
    assert_eq!(isolation::prove_some(&cx).await.expect("another"), 0, "nobody waits");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn old_evidence_that_says_nothing_new_goes(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let (acme, other) = (tenant(&admin, "acme").await, tenant(&admin, "other").await);
    for (run, days, failed) in [
        (1, 100, 0),
        (2, 100, 1),
        (3, 100, 0),
        (4, 89, 0),
        (5, 3, 0),
        (6, 3, 1),
        (7, 3, 0),
        (9, 100, 1),
        (10, 3, 1),
        (11, 3, 2),
        (12, 3, 1),
    ] {
        seed(&admin, acme, run, days, failed).await;
    }
    seed(&admin, other, 8, 100, 0).await;
    sqlx::query("UPDATE isolation_run SET trigger = 'provisioning' WHERE id = $1")
        .bind(Uuid::from_u128(3))
        .execute(&admin)
        .await
        .expect("asked for otherwise");
    sqlx::query("UPDATE isolation_run SET trigger = 'request' WHERE id = $1")
        .bind(Uuid::from_u128(9))
        .execute(&admin)
        .await
        .expect("by hand");
    let by_hand = isolation::verify(&cx, acme).await.expect("evidence").id;
    let first = isolation::probe(&cx, acme, Trigger::Schedule).await.expect("evidence").id;
    let second = isolation::probe(&cx, acme, Trigger::Schedule).await.expect("evidence").id;
    let left: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM isolation_run WHERE tenant_id = $1 ORDER BY id")
        .bind(acme)
        .fetch_all(&admin)
        .await
        .expect("runs");
    // Of the third day ago the last one that held, and the first and the last that did not; of today the last one and the one
    // by hand; of long ago the one of the provisioning and the one by hand that did not hold.
    let mut kept: Vec<Uuid> =
        [3, 4, 6, 7, 9, 12].into_iter().map(Uuid::from_u128).chain([by_hand, second]).collect();
    kept.sort();
    assert_eq!(left, kept);
    assert!(!left.contains(&first));
    assert_eq!(isolation::newest(&cx, acme).await.expect("one").map(|run| run.id), Some(RunId(second)));
    let theirs = isolation::newest(&cx, other).await.expect("one").map(|run| run.id.0.as_u128());
    assert_eq!(theirs, Some(8), "nobody else’s");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_list_of_a_large_fleet_ends(admin: PgPool) {
    let services = testing::services(&admin).await;
    for n in 0..55 {
        tenant(&admin, &format!("t{n}")).await;
    }
    let owner = testing::platform(&services, Role::Owner);
    let fleet = isolation::fleet(&owner, None).await.expect("the fleet");
    assert_eq!(
        (fleet.attention.len(), fleet.more, fleet.count(Standing::Never)),
        (0, false, 55),
        "only counted"
    );
    let fleet = isolation::fleet(&owner, Some(Standing::Never)).await.expect("the fleet");
    assert_eq!((fleet.attention.len(), fleet.more), (50, true));
}

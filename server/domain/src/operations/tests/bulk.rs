//! Bulk work under the same tests as every kind: an error at every point, done twice, killed at every point, killed while
//! it is called off. It is never undone as a whole: a failure parks it, and every tenant has one operation, whatever died.

use super::crash::{killed_at, lease_ends};
use super::*;
use model::bulk::BulkInput;
use std::collections::BTreeMap;

const TENANTS: usize = 3;

/// A previewed suspension of three tenants.
async fn begin(admin: &PgPool, services: &Services, run: usize) -> OperationId {
    let mut slugs = Vec::new();
    for n in 0..TENANTS {
        let slug = format!("r{run}-{n}");
        testing::tenant(admin, &slug).await.expect("a tenant");
        slugs.push(slug);
    }
    let cx = testing::platform(services, Role::Operator);
    let shown: DateTime<Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(admin).await.expect("a time");
    let input = BulkInput {
        action: "suspend".into(),
        whom: "ticked".into(),
        at: shown.to_rfc3339(),
        tenants: slugs.join(" "),
        code: "inactivity".into(),
        scope: "blocked".into(),
        ..BulkInput::default()
    };
    let id = crate::bulk::preview(&cx, &input).await.expect("previewed");
    crate::bulk::start(&cx, id, "Nobody is there.", &TENANTS.to_string()).await.expect("begun")
}

/// Works until the operation rests.
async fn settle(admin: &PgPool, runner: &Runner, id: OperationId) -> State {
    let patience = std::time::Instant::now();
    loop {
        runner.drain().await.expect("run");
        let state = state(admin, id).await;
        if state.is_settled() {
            return state;
        }
        assert!(patience.elapsed() < Duration::from_secs(30), "{state:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many tenants of a run are suspended, how many operations they have, and lines about it.
async fn done(admin: &PgPool, id: OperationId, run: usize) -> (i64, i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM tenant WHERE slug LIKE $2 AND status = 'suspended'),
            (SELECT count(*) FROM operation WHERE parent_id = $1),
            (SELECT count(*) FROM audit_entry e JOIN tenant t ON t.id = e.tenant_id WHERE t.slug LIKE $2 AND e.action = 'tenant.suspend')",
    )
    .bind(id)
    .bind(format!("r{run}-%"))
    .fetch_one(admin)
    .await
    .expect("counts")
}

const ALL: (i64, i64, i64) = (3, 3, 3);
const POINTS: [&str; 3] = ["do.before", "do.after", "do.committed"];

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_error_at_every_point_parks_it_and_a_retry_finishes_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for (run, point) in POINTS.iter().enumerate() {
        let name = format!("bulk.each.{point}");
        let points = Failpoints::default();
        points.arm(&name, Action::Error);
        let id = begin(&admin, &services, run).await;
        let before: BTreeMap<_, _> = everything(&admin).await;
        let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
        assert_eq!(ended, State::Parked, "{name}");
        assert!(error_of(&admin, id).await.contains(&name), "the reason is on record");
        if *point != "do.committed" {
            assert_eq!(everything(&admin).await, before, "{name}: nothing was begun");
            assert_eq!(done(&admin, id, run).await, (0, 0, 0), "{name}");
        }
        let refused = control(&cx, id, Control::RollBack, "").await.expect_err("not undone as a whole");
        assert!(matches!(refused, Error::Conflict(why) if why.contains("not undone")));
        control(&cx, id, Control::Retry, "").await.expect("again");
        let ended = settle(&admin, &runner(&services, &Failpoints::default()), id).await;
        assert_eq!(ended, State::Succeeded, "{name}: {}", error_of(&admin, id).await);
        assert_eq!(done(&admin, id, run).await, ALL, "{name}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_turn_done_twice_is_done_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let id = begin(&admin, &services, 0).await;
    let twice = runner(&services, &Failpoints::default()).twice();
    assert_eq!(settle(&admin, &twice, id).await, State::Succeeded, "{}", error_of(&admin, id).await);
    assert_eq!(done(&admin, id, 0).await, ALL);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn killed_at_every_point_it_is_finished_by_the_next(admin: PgPool) {
    let services = testing::services(&admin).await;
    for (run, point) in POINTS.iter().enumerate() {
        let id = begin(&admin, &services, run).await;
        killed_at(&admin, &format!("bulk.each.{point}=abort")).await;
        assert_eq!(state(&admin, id).await, State::Running, "{point}");
        lease_ends(&admin).await;
        let ended = settle(&admin, &Runner::new(services.clone()), id).await;
        assert_eq!(ended, State::Succeeded, "{point}: {}", error_of(&admin, id).await);
        assert_eq!(done(&admin, id, run).await, ALL, "{point}: everybody, and nobody twice");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn killed_while_it_is_called_off_nobody_is_begun(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for (run, point) in ["undo.before", "undo.after", "undo.committed"].iter().enumerate() {
        let id = begin(&admin, &services, run).await;
        // Its first turn has begun all of them when it is called off.
        let held = Failpoints::default();
        held.arm("suspend.status.do.before", Action::Error);
        runner(&services, &held).finish(id, Duration::ZERO).await.expect("run");
        while sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM operation WHERE parent_id = $1 AND state = 'queued'",
        )
        .bind(id)
        .fetch_one(&admin)
        .await
        .expect("a count")
            < 3
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        control(&cx, id, Control::Cancel, "Wrong list.").await.expect("called off");
        lease_ends(&admin).await;
        killed_at(&admin, &format!("bulk.each.{point}=abort")).await;
        lease_ends(&admin).await;
        let ended = settle(&admin, &Runner::new(services.clone()), id).await;
        assert_eq!(ended, State::Cancelled, "{point}: {}", error_of(&admin, id).await);
        assert_eq!(done(&admin, id, run).await, (0, 3, 0), "{point}: nobody was begun");
    }
}

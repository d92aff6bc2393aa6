//! Roll-outs whose tenants wait for a second person, and those that are judged by how tasks fare.

use super::rollout::{fleet_of, input, numbers, work};
use super::{audited, count, site};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::operations::{self, SetRule, approval_rules, set_approval_rule};
use crate::templates::*;
use crate::testing;
use model::UserId;
use model::operations::{Control, Kind, State};
use model::permission::{Actor, Role};
use model::templates::{RolloutInput, RolloutState, TenantOutcome};
use sqlx::PgPool;
use uuid::Uuid;

/// From now on somebody else approves every application.
async fn rule(cx: &Ctx) {
    let owner = testing::platform(cx.services(), Role::Owner);
    let form = SetRule { whom: "everybody", reason: "Four eyes.", ..SetRule::default() };
    set_approval_rule(&owner, Kind::ApplyTemplate, form).await.expect("set");
}

/// The second person.
fn approver(cx: &Ctx) -> Ctx {
    let actor = Actor::User {
        id: UserId(Uuid::from_u128(9)),
        name: "Olga".into(),
        email: "olga@example.com".into(),
        platform: Some(Role::Operator),
        memberships: vec![],
    };
    cx.services().ctx(actor, "decides")
}

async fn waiting(admin: &PgPool) -> Vec<model::OperationId> {
    sqlx::query_scalar(
        "SELECT o.id FROM operation o JOIN tenant t ON t.id = o.tenant_id WHERE o.state = 'requested' ORDER BY t.slug",
    )
    .fetch_all(admin)
    .await
    .expect("operations")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_application_waits_where_the_rule_says_so_and_whoever_asks_is_told_before(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    assert!(!preview(&cx, acme, "baseline", 1).await.expect("a preview").second_person);
    let found = approval_rules(&cx).await.expect("rules");
    assert!(found.rules.iter().any(|rule| rule.kind == Kind::ApplyTemplate), "it stands in the list");
    rule(&cx).await;
    assert!(preview(&cx, acme, "baseline", 1).await.expect("a preview").second_person);
    let asked = request_apply(&cx, acme, "baseline", 1, "").await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    work(&cx).await;
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 0, "nothing is done yet");
    let own = operations::control(&cx, asked.id, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Conflict(_))), "{own:?}");
    operations::control(&approver(&cx), asked.id, Control::Approve, "").await.expect("approved");
    work(&cx).await;
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_roll_out_waits_with_its_tenants_and_goes_on_where_somebody_says_no(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let system = cx.services().system("test");
    let all = fleet_of(&admin, 5).await;
    let asked = RolloutInput { hours: "1".into(), ..input(&all, "t0 t1", "50") };
    assert_eq!(plan(&cx, "baseline", &asked).await.expect("a plan").approvals, 0);
    rule(&cx).await;
    assert_eq!(plan(&cx, "baseline", &asked).await.expect("a plan").approvals, 5, "told before it begins");
    let id = start(&cx, "baseline", &asked).await.expect("begun");
    work(&cx).await;
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!((now.approvals(), now.waves[0].running, now.waves[0].applied), (2, 2, 0));
    assert_eq!(now.tenants.iter().filter(|t| t.outcome == TenantOutcome::Approval).count(), 2);
    assert!(now.waits_for().is_some_and(|why| why.contains("wait for a second person")));
    sqlx::query("UPDATE rollout SET wave_since = now() - interval '2 hours'")
        .execute(&admin)
        .await
        .expect("time");
    assert_eq!(tick(&system).await.expect("ticked"), 0, "its time is up, and it waits all the same");

    let [first, second]: [model::OperationId; 2] = waiting(&admin).await.try_into().expect("two");
    operations::control(&approver(&cx), first, Control::Approve, "").await.expect("approved");
    operations::control(&approver(&cx), second, Control::Reject, "Not this one.").await.expect("rejected");
    work(&cx).await;
    let now = rollout(&cx, id).await.expect("a roll-out");
    let wave = &now.waves[0];
    assert_eq!((wave.applied, wave.failed, wave.left_out, wave.running), (1, 0, 1, 0), "no is no failure");
    assert!(now.tenants.iter().any(|t| t.slug == "t1" && t.outcome == TenantOutcome::Rejected));

    // The next wave begins by itself, in the name of whoever began the roll-out: they approve none of it.
    assert_eq!(tick(&system).await.expect("ticked"), 1);
    let [first, second]: [model::OperationId; 2] = waiting(&admin).await.try_into().expect("two");
    let own = operations::control(&cx, first, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Conflict(_))), "{own:?}");
    operations::control(&approver(&cx), first, Control::Approve, "").await.expect("approved");
    work(&cx).await;

    // Called off, what waits does not begin any more.
    let weak = testing::platform(cx.services(), Role::Success);
    assert!(matches!(cancel(&weak, id, "x").await, Err(Error::Forbidden(_))));
    let before = audited(&admin, "operation.cancel").await;
    cancel(&cx, id, "Not this month").await.expect("called off");
    assert_eq!(audited(&admin, "operation.cancel").await, before + 1);
    let late = operations::control(&approver(&cx), second, Control::Approve, "").await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!((now.state, now.approvals(), now.failed()), (RolloutState::Cancelled, 0, 0));
    assert_eq!(numbers(&cx, id).await, [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0)]);
    assert_eq!(now.tenants.iter().filter(|t| t.outcome == TenantOutcome::Skipped).count(), 2);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 2);
}

/// Runs of a task at a tenant, so long ago.
async fn ran(admin: &PgPool, slug: &str, good: i32, bad: i32, ago: &str) {
    sqlx::query(
        "WITH c AS (INSERT INTO pooled.conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes)
            SELECT id, gen_random_uuid(), gen_random_uuid()::text, 'chat', now(), '[]', 0, 2 FROM tenant WHERE slug = $1 RETURNING tenant_id, id)
        INSERT INTO pooled.task_run (tenant_id, id, conversation_id, task_id, task_version, overridden, outcome, at)
        SELECT c.tenant_id, gen_random_uuid(), c.id, (SELECT id FROM task ORDER BY key LIMIT 1), 1, false,
            CASE WHEN n <= $2::int THEN 'succeeded' ELSE 'failed' END, clock_timestamp() - $4::interval
        FROM c, generate_series(1, $2::int + $3::int) n",
    )
    .bind(slug)
    .bind(good)
    .bind(bad)
    .bind(ago)
    .execute(admin)
    .await
    .expect("runs");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn task_success_that_falls_pauses_and_without_runs_it_is_neither_met_nor_broken(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let system = cx.services().system("test");
    let all = fleet_of(&admin, 4).await;
    let wrong = RolloutInput { tasks: "101".into(), ..input(&all, "", "") };
    let wrong = start(&cx, "baseline", &wrong).await;
    assert!(matches!(wrong, Err(Error::Invalid(e)) if e.get("tasks").is_some()));
    let asked = RolloutInput { hours: "1".into(), tasks: "5".into(), ..input(&all, "t0 t1", "100") };
    // The week before: 95 of 100. What is older, of a later wave, or of nobody's concern does not count.
    ran(&admin, "t0", 95, 5, "3 hours").await;
    ran(&admin, "t0", 0, 50, "9 days").await;
    ran(&admin, "t2", 0, 50, "3 hours").await;
    let id = start(&cx, "baseline", &asked).await.expect("begun");
    let judged = async || {
        let now = rollout(&cx, id).await.expect("a roll-out");
        let last = now.criteria.last().expect("criteria").clone();
        (last.met, last.broken, last.no_data, last.found)
    };
    let nobody = (false, false, true, "no data: no tenant is on the version yet".to_owned());
    assert_eq!(judged().await, nobody);
    work(&cx).await;
    let none = (false, false, true, "no data: none of 2 tenants has runs both before and since".to_owned());
    assert_eq!(judged().await, none);
    sqlx::query("UPDATE rollout SET wave_since = wave_since - interval '2 hours'")
        .execute(&admin)
        .await
        .expect("time");
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert!(now.waits_for().is_none() && !now.graduates(), "all else is met; a person may go on");
    assert_eq!(tick(&system).await.expect("ticked"), 0, "without data nothing moves by itself");

    ran(&admin, "t0", 18, 2, "0").await;
    ran(&admin, "t1", 0, 9, "0").await;
    let held = "95.0 % of 100 runs before, 90.0 % of 20 since (1 of 2 tenants)".to_owned();
    assert_eq!(judged().await, (true, false, false, held), "t1 has nothing to be compared with");
    ran(&admin, "t0", 0, 5, "0").await;
    assert_eq!(tick(&system).await.expect("ticked"), 1, "it fell too far");
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!(now.state, RolloutState::Paused);
    let broken = now.broken().expect("one");
    assert_eq!(broken.what, "Task success is at most 5 percentage points below what it was before");
    assert_eq!(broken.found, "95.0 % of 100 runs before, 72.0 % of 25 since (1 of 2 tenants)");
    let reason: String =
        sqlx::query_scalar("SELECT reason FROM audit_entry WHERE action = 'template.roll_out_pause'")
            .fetch_one(&admin)
            .await
            .expect("a line");
    assert!(reason.contains("72.0 % of 25 since"), "{reason}");
}

/// A version of the server that does not know who began a roll-out writes none: what begins by itself is the server's own.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_roll_out_of_an_older_version_goes_on(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let all = fleet_of(&admin, 3).await;
    let asked = RolloutInput { hours: "1".into(), ..input(&all, "t0", "100") };
    let id = start(&cx, "baseline", &asked).await.expect("begun");
    work(&cx).await;
    sqlx::query("UPDATE rollout SET asked_by = NULL, wave_since = now() - interval '2 hours'")
        .execute(&admin)
        .await
        .expect("older");
    assert_eq!(tick(&cx.services().system("test")).await.expect("ticked"), 1);
    work(&cx).await;
    assert_eq!(numbers(&cx, id).await, [(1, 0, 0, 0), (2, 0, 0, 0)]);
}

/// Whoever calls it off waits for a portion that is being written, or nothing more is written.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn nothing_is_written_once_it_is_called_off(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let all = fleet_of(&admin, 3).await;
    let id = start(&cx, "baseline", &input(&all, "t0", "100")).await.expect("begun");
    work(&cx).await;
    // The second wave was let go, and its operations are not written yet.
    sqlx::query("UPDATE rollout SET wave = 2").execute(&admin).await.expect("let go");
    let mut held = admin.begin().await.expect("begun");
    sqlx::query("UPDATE rollout SET state = 'cancelled', ended_at = now()")
        .execute(&mut *held)
        .await
        .expect("called off, not yet for others");
    let system = cx.services().system("test");
    let ticked = tokio::spawn(async move { tick(&system).await });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    held.commit().await.expect("called off");
    ticked.await.expect("no panic").expect("ticked");
    assert_eq!(count(&admin, "SELECT count(*) FROM operation").await, 1, "the pilot's");
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!(now.state, RolloutState::Cancelled);
}

/// A server that stopped between calling off and taking back.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_waits_of_a_roll_out_that_was_called_off_is_taken_back_later(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let all = fleet_of(&admin, 2).await;
    rule(&cx).await;
    start(&cx, "baseline", &input(&all, "", "100")).await.expect("begun");
    assert_eq!(waiting(&admin).await.len(), 2);
    sqlx::query("UPDATE rollout SET state = 'cancelled', ended_at = now()")
        .execute(&admin)
        .await
        .expect("called off");
    let before = audited(&admin, "operation.cancel").await;
    tick(&cx.services().system("test")).await.expect("ticked");
    assert!(waiting(&admin).await.is_empty());
    assert_eq!(audited(&admin, "operation.cancel").await, before + 2);
    let said = "SELECT count(*) FROM operation_log WHERE message = 'Withdrawn: Its roll-out was called off.'";
    assert_eq!(count(&admin, said).await, 2, "each says why");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_roll_out_that_cannot_be_looked_after_keeps_no_other_waiting(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    fleet_of(&admin, 2).await;
    let good = start(&cx, "baseline", &input("t0", "", "")).await.expect("begun");
    let bad = start(&cx, "voice-sales", &input("t1", "", "")).await.expect("begun");
    work(&cx).await;
    for sql in [
        "UPDATE rollout SET asked_by = '{\"Nobody\": 1}' WHERE id = $1",
        "UPDATE rollout_tenant SET operation_id = NULL WHERE rollout_id = $1",
    ] {
        sqlx::query(sql).bind(bad).execute(&admin).await.expect("unreadable");
    }
    assert_eq!(tick(&cx.services().system("test")).await.expect("ticked"), 1);
    assert_eq!(rollout(&cx, good).await.expect("a roll-out").state, RolloutState::Done);
    assert_eq!(rollout(&cx, bad).await.expect("a roll-out").state, RolloutState::Running);
}

/// Nothing is measured that decides nothing.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_last_wave_is_judged_where_that_may_pause_it(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    fleet_of(&admin, 2).await;
    let timed = RolloutInput { hours: "1".into(), ..input("t0", "", "") };
    let timed = start(&cx, "baseline", &timed).await.expect("begun");
    assert!(rollout(&cx, timed).await.expect("a roll-out").criteria.is_empty());
    let judged = RolloutInput { tasks: "5".into(), ..input("t1", "", "") };
    let judged = start(&cx, "voice-sales", &judged).await.expect("begun");
    assert!(!rollout(&cx, judged).await.expect("a roll-out").criteria.is_empty());
    work(&cx).await;
    assert!(rollout(&cx, judged).await.expect("a roll-out").criteria.is_empty(), "it is over");
}

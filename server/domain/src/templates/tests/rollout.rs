//! Roll-outs: waves, outcomes in the ledger, steering, what time brings; and the operation by itself.

use super::{audited, count, site};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::operations::{self, Runner};
use crate::templates::*;
use crate::testing;
use model::permission::Role;
use model::templates::{RolloutInput, RolloutState, TenantOutcome};
use sqlx::PgPool;
use uuid::Uuid;

pub(super) fn input(listed: &str, pilots: &str, share: &str) -> RolloutInput {
    RolloutInput {
        version: "1".into(),
        whom: "listed".into(),
        listed: listed.into(),
        pilots: pilots.into(),
        share: share.into(),
        reason: "New baseline".into(),
        ..RolloutInput::default()
    }
}

pub(super) async fn fleet_of(admin: &PgPool, n: usize) -> String {
    let mut slugs = Vec::new();
    for n in 0..n {
        let slug = format!("t{n}");
        testing::tenant(admin, &slug).await.expect("a tenant");
        slugs.push(slug);
    }
    slugs.join(" ")
}

pub(super) async fn work(cx: &Ctx) {
    Runner::new(cx.services().clone()).drain().await.expect("work");
}

pub(super) async fn numbers(cx: &Ctx, id: Uuid) -> Vec<(i64, i64, i64, i64)> {
    let now = rollout(cx, id).await.expect("a roll-out");
    now.waves.iter().map(|w| (w.applied, w.failed, w.running, w.waiting)).collect()
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn pilots_then_a_share_then_the_rest_each_an_operation(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let all = fleet_of(&admin, 6).await;
    let asked = input(&format!("{all} nobody"), "t4", "40");
    let seen = plan(&cx, "baseline", &asked).await.expect("a plan");
    assert_eq!((seen.total, seen.waves.clone(), seen.tenants[0].0.as_str()), (6, vec![1, 2, 3], "t4"));
    assert_eq!(seen.skipped, [("nobody".to_owned(), "There is no such tenant.".to_owned())]);
    assert_eq!(count(&admin, "SELECT count(*) FROM rollout").await, 0, "a plan begins nothing");
    let id = start(&cx, "baseline", &asked).await.expect("begun");
    assert!(matches!(start(&cx, "baseline", &asked).await, Err(Error::Invalid(e)) if e.get("").is_some()));
    assert_eq!(numbers(&cx, id).await, [(0, 0, 1, 0), (0, 0, 0, 2), (0, 0, 0, 3)]);
    assert!(matches!(advance(&cx, id, "").await, Err(Error::Conflict(why)) if why.contains("under way")));
    work(&cx).await;
    assert_eq!(numbers(&cx, id).await[0], (1, 0, 0, 0));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 1, "only the pilot");
    assert_eq!(advance(&cx, id, "Pilot is happy").await.expect("next"), 2);
    work(&cx).await;
    assert_eq!(advance(&cx, id, "").await.expect("next"), 3);
    work(&cx).await;
    assert_eq!(tick(&cx.services().system("test")).await.expect("ticked"), 1);
    let done = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!((done.state, done.failed(), done.total()), (RolloutState::Done, 0, 6));
    assert!(done.tenants.iter().all(|t| t.outcome == TenantOutcome::Applied && t.operation.is_some()));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_field").await, 90);
    let lines = ["template.roll_out", "template.roll_out_wave", "template.roll_out_done", "template.apply"];
    let mut seen = Vec::new();
    for action in lines {
        seen.push(audited(&admin, action).await);
    }
    assert_eq!(seen, [1, 2, 1, 6]);
    let by: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT actor_name FROM audit_entry WHERE action = 'template.apply'")
            .fetch_all(&admin)
            .await
            .expect("names");
    assert_eq!(by, ["Test Operator"], "in the name of whoever began it");
    // Everybody is there: nothing is left to roll out.
    assert!(
        matches!(start(&cx, "baseline", &asked).await, Err(Error::Invalid(e)) if e.get("whom").is_some())
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_failure_is_told_by_tenant_and_keeps_the_next_wave_from_beginning_by_itself(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let system = cx.services().system("test");
    let all = fleet_of(&admin, 4).await;
    let id = start(&cx, "baseline", &RolloutInput { hours: "1".into(), ..input(&all, "t0 t1", "100") })
        .await
        .expect("begun");
    // One of the pilots leaves between the plan and the work.
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE slug = 't1'")
        .execute(&admin)
        .await
        .expect("gone");
    work(&cx).await;
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!(now.tenants[0].slug, "t1", "failures first");
    assert!(
        now.tenants[0].error.as_deref().is_some_and(|why| why.contains("deleted")),
        "{:?}",
        now.tenants[0]
    );
    let later = "UPDATE rollout SET wave_since = now() - interval '2 hours'";
    sqlx::query(later).execute(&admin).await.expect("time");
    assert_eq!(tick(&system).await.expect("ticked"), 0, "somebody has to look");
    sqlx::query("UPDATE tenant SET status = 'active' WHERE slug = 't1'").execute(&admin).await.expect("back");
    let failed = now.tenants[0].operation.expect("an operation");
    operations::control(&cx, failed, model::operations::Control::Retry, "").await.expect("again");
    work(&cx).await;
    assert_eq!(numbers(&cx, id).await, [(2, 0, 0, 0), (0, 0, 0, 2)]);
    assert_eq!(tick(&system).await.expect("ticked"), 1, "its time was up, and nothing is failed any more");
    work(&cx).await;
    assert_eq!(tick(&system).await.expect("ticked"), 1);
    assert_eq!(rollout(&cx, id).await.expect("a roll-out").state, RolloutState::Done);
}

/// Scores of these tenants of the day before the wave began, and of now.
async fn scored(admin: &PgPool, slug: &str, before: i16, since: i16) {
    sqlx::query("DELETE FROM health_snapshot").execute(admin).await.expect("none");
    sqlx::query(
        "INSERT INTO health_snapshot (tenant_id, day, score, band, weights, inputs, computed_at)
        SELECT t.id, (r.wave_since AT TIME ZONE 'UTC')::date + s.days, s.score, 'watch', (SELECT max(version) FROM health_weights), '[]'::jsonb,
            r.wave_since + s.days * interval '1 day'
        FROM tenant t, rollout r, (VALUES (-1, $2), (1, $3)) AS s (days, score) WHERE t.slug = $1",
    )
    .bind(slug)
    .bind(before)
    .bind(since)
    .execute(admin)
    .await
    .expect("scores");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_criterion_that_is_broken_pauses_and_one_that_is_not_met_waits(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let system = cx.services().system("test");
    let all = fleet_of(&admin, 6).await;
    let wrong = RolloutInput { failed: "101".into(), drop: "0".into(), ..input(&all, "", "") };
    assert!(matches!(start(&cx, "baseline", &wrong).await, Err(Error::Invalid(e)) if e.0.len() == 2));
    let rules = RolloutInput {
        hours: "1".into(),
        failed: "50".into(),
        drop: "5".into(),
        drift: "true".into(),
        ..input(&all, "t0 t1", "50")
    };
    let id = start(&cx, "baseline", &rules).await.expect("begun");
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE slug = 't1'")
        .execute(&admin)
        .await
        .expect("gone");
    work(&cx).await;
    scored(&admin, "t0", 80, 80).await;
    let found = || async {
        let now = rollout(&cx, id).await.expect("a roll-out");
        now.criteria.iter().map(|c| (c.met, c.broken, c.found.clone())).collect::<Vec<_>>()
    };
    // Every tenant differs: its onboarding is not begun.
    assert_eq!(
        found().await,
        [
            (true, false, "0 under way".into()),
            (false, false, "0 hours".into()),
            (true, false, "1 of 2 failed".to_owned()),
            (true, false, "80.0 before, 80.0 now (1 of 1 tenants)".into()),
            (false, false, "1 differ".into()),
        ]
    );
    assert_eq!(tick(&system).await.expect("ticked"), 0, "it waits");
    scored(&admin, "t0", 80, 70).await;
    assert_eq!(tick(&system).await.expect("ticked"), 1);
    assert_eq!(rollout(&cx, id).await.expect("a roll-out").state, RolloutState::Paused);
    let reason: String =
        sqlx::query_scalar("SELECT reason FROM audit_entry WHERE action = 'template.roll_out_pause'")
            .fetch_one(&admin)
            .await
            .expect("a line");
    assert!(reason.contains("at most 5 points of health") && reason.contains("70.0 now"), "{reason}");
    // A person goes on all the same: this wave is not paused again, and does not end by itself either.
    resume(&cx, id, "The customer knows").await.expect("resumed");
    let later = "UPDATE rollout SET wave_since = wave_since - interval '2 hours'";
    sqlx::query(later).execute(&admin).await.expect("time");
    assert_eq!(tick(&system).await.expect("ticked"), 0);
    // Mended, accepted, and its time is up: the next wave begins.
    scored(&admin, "t0", 80, 79).await;
    sqlx::query("UPDATE alignment SET open = 0").execute(&admin).await.expect("accepted");
    assert_eq!(tick(&system).await.expect("ticked"), 1);
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!((now.wave, now.state, now.overruled), (2, RolloutState::Running, false));
    // The failure of the first wave is not counted against the second; more than half of its own is too many.
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE slug IN ('t2', 't3')")
        .execute(&admin)
        .await
        .expect("gone");
    work(&cx).await;
    assert_eq!(tick(&system).await.expect("ticked"), 1);
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!(now.state, RolloutState::Paused);
    assert!(now.broken().is_some_and(|c| c.found == "2 of 2 failed"), "{:?}", now.criteria);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_roll_out_is_paused_resumed_and_called_off(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let all = fleet_of(&admin, 30).await;
    let many = input(&all, "", "10");
    assert!(
        matches!(start(&cx, "baseline", &many).await, Err(Error::Invalid(e)) if e.get("confirm").is_some_and(|m| m.contains("30")))
    );
    let id = start(&cx, "baseline", &RolloutInput { confirm: "30".into(), ..many }).await.expect("begun");
    work(&cx).await;
    pause(&cx, id, "Wait for the customer").await.expect("paused");
    assert!(matches!(pause(&cx, id, "again").await, Err(Error::Conflict(_))));
    assert!(matches!(advance(&cx, id, "").await, Err(Error::Conflict(_))));
    assert_eq!(tick(&cx.services().system("test")).await.expect("ticked"), 0);
    resume(&cx, id, "They agreed").await.expect("resumed");
    cancel(&cx, id, "").await.expect_err("a reason is needed");
    cancel(&cx, id, "Not this month").await.expect("called off");
    assert!(matches!(resume(&cx, id, "x").await, Err(Error::Conflict(_))));
    let now = rollout(&cx, id).await.expect("a roll-out");
    assert_eq!(now.tenants.iter().filter(|t| t.outcome == TenantOutcome::Skipped).count(), 27);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 3, "a tenth went first");
    start(&cx, "baseline", &RolloutInput { confirm: "27".into(), ..input(&all, "", "100") })
        .await
        .expect("another");
    assert_eq!(rollouts(&cx, "baseline").await.expect("a list").len(), 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_operation_takes_back_exactly_what_it_did(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    apply_to(&cx, acme, "regulated", 1, "").await.expect("applied");
    let snapshot = || async {
        let fields = count(&admin, "SELECT count(*) FROM tenant_field").await;
        let enabled = count(&admin, "SELECT count(*) FROM activation WHERE enabled").await;
        let version: (Uuid, i32) = sqlx::query_as("SELECT template_id, version FROM tenant_template")
            .fetch_one(&admin)
            .await
            .expect("a row");
        (fields, enabled, version)
    };
    let before = snapshot().await;
    let id = start(&cx, "voice-sales", &input("acme", "", "")).await.expect("begun");
    work(&cx).await;
    let between = snapshot().await;
    assert_eq!((between.0 - before.0, between.1 - before.1), (4, 2), "sales fields and two tasks");
    let operation = rollout(&cx, id).await.expect("a roll-out").tenants[0].operation.expect("an operation");
    for _ in 0..2 {
        sqlx::query("UPDATE operation SET state = 'undoing', ends_as = 'rolled_back', lease_until = NULL WHERE id = $1")
            .bind(operation)
            .execute(&admin)
            .await
            .expect("turned");
        work(&cx).await;
        assert_eq!(snapshot().await, before, "twice undone is once undone");
    }
    assert_eq!(audited(&admin, "template.undo").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn two_hundred_tenants_at_once_each_with_its_outcome(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    sqlx::query("INSERT INTO tenant (id, slug, name, status, plan_id) SELECT gen_random_uuid(), 'm' || n, 'M ' || n, 'active', 'free' FROM generate_series(1, 200) n")
        .execute(&admin)
        .await
        .expect("tenants");
    let asked = RolloutInput { whom: "without".into(), confirm: "201".into(), ..input("", "", "100") };
    let begin = std::time::Instant::now();
    let id = start(&cx, "baseline", &asked).await.expect("begun");
    work(&cx).await;
    let took = begin.elapsed().as_secs_f64();
    assert_eq!(numbers(&cx, id).await, [(201, 0, 0, 0)]);
    println!("201 tenants in {took:.1} s: {:.0} a second", 201.0 / took);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_operators_roll_out(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let services = cx.services().clone();
    let id = start(&cx, "baseline", &input("acme", "", "")).await.expect("begun");
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        assert!(!rollout(&weak, id).await.expect("may read").may_steer);
        let refusals = [
            plan(&weak, "baseline", &input("acme", "", "")).await.map(drop),
            start(&weak, "baseline", &input("acme", "", "")).await.map(drop),
            advance(&weak, id, "x").await.map(drop),
            pause(&weak, id, "x").await,
            resume(&weak, id, "x").await,
            cancel(&weak, id, "x").await,
            tick(&weak).await.map(drop),
        ];
        assert!(refusals.iter().all(|r| matches!(r, Err(Error::Forbidden(_)))), "{role}: {refusals:?}");
    }
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    assert!(rollout(&inside, id).await.is_err() && rollouts(&inside, "baseline").await.is_err());
    assert!(matches!(rollout(&cx, Uuid::nil()).await, Err(Error::NotFound)));
}

/// However many of a wave wait for a second person, those who may be it are told once.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_wave_that_waits_for_approval_is_told_of_once(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    sqlx::query("INSERT INTO approval_rule (kind, second_person) VALUES ('apply_template', 'always')")
        .execute(&admin)
        .await
        .expect("a rule");
    let all = fleet_of(&admin, 4).await;
    let id = start(&cx, "baseline", &input(&all, "t0 t1", "100")).await.expect("begun");
    let waits = "SELECT count(*) FROM operation WHERE state = 'requested'";
    let told = "SELECT count(*) FROM notification WHERE event = 'operation.approval_waits'";
    assert_eq!((count(&admin, waits).await, count(&admin, told).await), (2, 1));
    tick(&cx.services().system("test")).await.expect("ticked");
    let (tenant, link): (Uuid, String) = sqlx::query_as(
        "SELECT tenant_id, data->>'link' FROM notification WHERE event = 'operation.approval_waits'",
    )
    .fetch_one(&admin)
    .await
    .expect("still one");
    assert_eq!((tenant, link), (Uuid::nil(), format!("/templates/baseline/roll-out/{id}")));
    sqlx::query("UPDATE operation SET state = 'queued'").execute(&admin).await.expect("approved");
    work(&cx).await;
    advance(&cx, id, "").await.expect("next");
    assert_eq!((count(&admin, waits).await, count(&admin, told).await), (2, 2), "the next wave");
}

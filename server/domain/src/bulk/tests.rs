//! Freezing, who is left out, drift, outcomes, Retry, Cancel, approval, roles, expiry, lines.

mod labels;

use super::*;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::operations::{self, Runner};
use crate::testing;
use chrono::{DateTime, TimeDelta, Utc};
use model::OperationId;
use model::bulk::{Bulk, BulkInput, Outcome, Why};
use model::operations::{Control, State};
use model::permission::Role;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

async fn site(admin: &PgPool) -> Ctx {
    let services = testing::services(admin).await;
    testing::platform(&services, Role::Operator)
}

/// `n` active tenants on the professional plan: `t01`, `t02`, …
async fn fleet(admin: &PgPool, n: i32) {
    sqlx::query(
        "INSERT INTO tenant (id, slug, name, status, plan_id)
        SELECT gen_random_uuid(), 't' || lpad(n::text, 2, '0'), 'T' || lpad(n::text, 2, '0'), 'active', 'professional' FROM generate_series(1, $1) n",
    )
    .bind(n)
    .execute(admin)
    .await
    .expect("tenants");
}

async fn run(admin: &PgPool, sql: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(admin).await.expect("done");
}

async fn count(admin: &PgPool, sql: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(admin).await.expect("a count")
}

async fn lines(admin: &PgPool, action: &str) -> i64 {
    count(admin, &format!("SELECT count(*) FROM audit_entry WHERE action = '{action}' AND result = 'done'"))
        .await
}

async fn clock(admin: &PgPool) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(admin).await.expect("a time")
}

/// A suspension of those ticked; the list was shown just now.
async fn ticked(admin: &PgPool, slugs: &str) -> BulkInput {
    BulkInput {
        action: "suspend".into(),
        whom: "ticked".into(),
        at: clock(admin).await.to_rfc3339(),
        tenants: slugs.into(),
        code: "inactivity".into(),
        scope: "read_only".into(),
        ..BulkInput::default()
    }
}

async fn matching(admin: &PgPool, list: &str) -> BulkInput {
    BulkInput { whom: "matching".into(), list: list.into(), ..ticked(admin, "").await }
}

async fn seen(cx: &Ctx, id: Uuid) -> Bulk {
    show(cx, id, &[]).await.expect("a preview")
}

/// Works until the operation rests.
async fn settle(cx: &Ctx, id: OperationId) -> State {
    let runner = Runner::new(cx.services().clone());
    for _ in 0..600 {
        runner.drain().await.expect("run");
        let state = operations::get(cx, id).await.expect("an operation").row.state;
        if state.is_settled() {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not end");
}

fn counts(bulk: &Bulk) -> Vec<(Outcome, i64)> {
    bulk.counts.clone()
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_set_is_frozen_with_who_is_left_out_and_why(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 5).await;
    run(&admin, "UPDATE tenant SET status = 'deleted' WHERE slug = 't02';
        UPDATE tenant SET status = 'suspended', suspension = 'blocked', status_before = 'active', status_reason = 'inactivity' WHERE slug = 't03';
        INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id)
            SELECT id, gen_random_uuid(), 'change_plan', 'queued', 't04', '{}', '{}', 'x', 'x' FROM tenant WHERE slug = 't04'").await;
    let input = ticked(&admin, "t01 t02 t03 t04 t05 nobody").await;
    run(&admin, "UPDATE tenant SET updated_at = now() + interval '1 s', version = 2 WHERE slug = 't05'")
        .await;
    let id = preview(&cx, &input).await.expect("previewed");
    let now = seen(&cx, id).await;
    assert_eq!((now.total, now.eligible, now.missing), (5, 1, 1));
    assert_eq!(counts(&now), [(Outcome::Waiting, 1), (Outcome::Skipped, 4)]);
    assert_eq!(now.skipped, [(Why::Status, 1), (Why::Same, 1), (Why::Busy, 1), (Why::Changed, 1)]);
    let notes: Vec<_> = now.rows.iter().map(|row| row.note.as_deref().unwrap_or_default()).collect();
    assert_eq!(
        notes,
        [
            "",
            "A tenant that is deleted cannot be suspended.",
            "It is suspended already.",
            "An operation is queued or running on it: Change plan.",
            "It was changed after the list was shown.",
        ]
    );
    assert_eq!((lines(&admin, "bulk.preview").await, lines(&admin, "tenant.suspend").await), (1, 0));
    // Whatever happens to the fleet: the set is what it was.
    run(&admin, "UPDATE tenant SET status = 'active', suspension = NULL, status_reason = NULL, status_before = NULL; DELETE FROM operation").await;
    fleet_of(&admin, "late").await;
    assert_eq!((seen(&cx, id).await.total, seen(&cx, id).await.eligible), (5, 1));
    let only = show(&cx, id, &[("outcome".into(), "skipped".into())]).await.expect("a page");
    assert_eq!(only.rows.len(), 4);
}

async fn fleet_of(admin: &PgPool, slug: &str) {
    testing::tenant(admin, slug).await.expect("a tenant");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn all_that_match_is_the_filter_at_its_time(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 99).await;
    run(&admin, "UPDATE tenant SET plan_id = 'free' WHERE slug <= 't60'").await;
    let input = matching(&admin, "plan=free&sort=-created&rows=25&after=abc").await;
    run(&admin, "INSERT INTO tenant (id, slug, name, status, plan_id, created_at) VALUES (gen_random_uuid(), 'late', 'Late', 'active', 'free', now() + interval '1 s')").await;
    let id = preview(&cx, &input).await.expect("previewed");
    let now = seen(&cx, id).await;
    assert_eq!((now.total, now.eligible), (60, 60), "{:?}", now.skipped);
    assert_eq!((now.rows.len(), now.rows[0].name.as_str(), now.next), (50, "T01", Some(50)));
    let next = show(&cx, id, &[("after".into(), "50".into())]).await.expect("a page");
    assert_eq!((next.rows.len(), next.rows[0].seq, next.previous, next.next), (10, 51, Some(51), None));
    let back = show(&cx, id, &[("before".into(), "51".into())]).await.expect("a page");
    assert_eq!((back.rows.len(), back.rows[0].seq, back.previous, back.next), (50, 1, None, Some(50)));
    // Said before it is asked for, as things are.
    let listing = form(&cx, Some("plan=free")).await.expect("a form").listing.expect("counted");
    assert_eq!(listing.total, model::page::Total::Exact(61), "with the late one");
    assert_eq!(listing.terms, [("plan".to_owned(), "Free".to_owned())]);
    assert!(form(&cx, None).await.expect("a form").listing.is_none());
    // By words as well.
    let id = preview(&cx, &matching(&admin, "q=t07").await).await.expect("previewed");
    assert_eq!(seen(&cx, id).await.total, 1);
    let none = preview(&cx, &matching(&admin, "plan=free&status=trial").await).await;
    assert!(
        matches!(none, Err(Error::Invalid(e)) if e.get("whom").is_some_and(|why| why.contains("No tenant")))
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn more_than_ten_thousand_are_too_many(admin: PgPool) {
    let cx = site(&admin).await;
    run(&admin, "INSERT INTO tenant (id, slug, name, status, plan_id) SELECT gen_random_uuid(), 'm' || n, 'M' || n, 'active', 'free' FROM generate_series(1, 10001) n").await;
    let refused = preview(&cx, &matching(&admin, "").await).await;
    assert!(
        matches!(refused, Err(Error::Invalid(e)) if e.get("whom").is_some_and(|why| why.contains("10\u{202f}000")))
    );
    run(&admin, "DELETE FROM tenant WHERE slug = 'm10001'").await;
    let began = std::time::Instant::now();
    let id = preview(&cx, &matching(&admin, "").await).await.expect("previewed");
    println!("10,000 tenants were frozen in {} ms", began.elapsed().as_millis());
    assert_eq!(seen(&cx, id).await.eligible, 10_000);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn each_tenant_gets_the_operation_that_it_would_get_alone(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 3).await;
    let id = preview(&cx, &ticked(&admin, "t01 t02 t03").await).await.expect("previewed");
    for (reason, typed, field) in [("", "3", "reason"), ("Gone.", "2", "confirm"), ("Gone.", "", "confirm")] {
        let refused = start(&cx, id, reason, typed).await;
        assert!(matches!(refused, Err(Error::Invalid(e)) if e.get(field).is_some()), "{field}");
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM operation").await, 0);
    let operation = start(&cx, id, "Gone.", "3").await.expect("begun");
    assert_eq!(start(&cx, id, "again", "").await.expect("the same"), operation, "confirmed twice");
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 3)]);
    assert!(now.rows.iter().all(|row| row.operation.is_some() && row.note.is_none()));
    let shown = operations::get(&cx, operation).await.expect("an operation");
    assert_eq!((shown.row.subject.as_str(), shown.row.error), ("suspension of 3 tenants", None));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant WHERE status = 'suspended' AND suspension = 'read_only' AND status_note = 'Gone.'").await, 3);
    assert_eq!(count(&admin, &format!("SELECT count(*) FROM operation WHERE parent_id = '{operation}' AND kind = 'suspend' AND state = 'succeeded'")).await, 3);
    assert_eq!(
        count(&admin, "SELECT count(*) FROM operation WHERE parent_id IS NOT NULL AND priority <> 0").await,
        0,
        "parts may wait"
    );
    for (action, n) in [("bulk.preview", 1), ("bulk.start", 1), ("tenant.suspend", 3), ("bulk.done", 1)] {
        assert_eq!(lines(&admin, action).await, n, "{action}");
    }
    let who: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT DISTINCT actor_name, reason FROM audit_entry WHERE action = 'tenant.suspend'")
            .fetch_all(&admin)
            .await
            .expect("names");
    assert_eq!(who, [("Test Operator".to_owned(), Some("Inactivity: Gone.".to_owned()))]);
    // And back again, with another plan, and on a template.
    for (action, more, left) in [
        ("reinstate", "", "active"),
        ("change_plan", "enterprise", "active"),
        ("apply_template", "baseline.1", "active"),
    ] {
        let input = BulkInput {
            action: action.into(),
            plan: more.into(),
            to: more.into(),
            ..ticked(&admin, "t01 t02 t03").await
        };
        let id = preview(&cx, &input).await.expect("previewed");
        assert_eq!(seen(&cx, id).await.eligible, 3, "{action}: {:?}", seen(&cx, id).await.rows);
        let operation = start(&cx, id, "All is well.", "").await.expect("begun");
        assert_eq!(settle(&cx, operation).await, State::Succeeded, "{action}");
        assert_eq!(count(&admin, &format!("SELECT count(*) FROM tenant WHERE status = '{left}'")).await, 3);
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant WHERE plan_id = 'enterprise'").await, 3);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 3);
    assert_eq!((lines(&admin, "tenant.reinstate").await, lines(&admin, "template.apply").await), (3, 3));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn whoever_changed_since_the_preview_is_left_out(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 3).await;
    let id = preview(&cx, &ticked(&admin, "t01 t02 t03").await).await.expect("previewed");
    let t02 = crate::tenants::by_slug(&cx, "t02").await.expect("a tenant");
    crate::tenants::change_plan(&cx, t02.id, t02.version, "enterprise", "").await.expect("changed");
    run(&admin, "DELETE FROM tenant WHERE slug = 't03'").await;
    let operation = start(&cx, id, "Gone.", "3").await.expect("begun");
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 1), (Outcome::Skipped, 2)]);
    let why = now.rows[1].note.clone().unwrap_or_default();
    assert!(
        why.starts_with("Test Operator changed its plan on ") && why.ends_with("Nothing was done."),
        "{why}"
    );
    assert_eq!(now.rows[2].name, "A tenant that is gone");
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant WHERE status = 'suspended'").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn limits_leave_out_and_what_fails_is_tried_again(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 3).await;
    let people = |slug: &str, n: i32| {
        format!(
        "WITH u AS (INSERT INTO user_account (id, email, name) SELECT gen_random_uuid(), '{slug}-' || n || '@example.com', 'P' FROM generate_series(1, {n}) n RETURNING id)
         INSERT INTO member (tenant_id, user_id, role) SELECT (SELECT id FROM tenant WHERE slug = '{slug}'), id, 'tenant_member' FROM u"
    )
    };
    run(&admin, &people("t01", 40)).await;
    let input = BulkInput {
        action: "change_plan".into(),
        plan: "free".into(),
        ..ticked(&admin, "t01 t02 t03").await
    };
    let id = preview(&cx, &input).await.expect("previewed");
    let now = seen(&cx, id).await;
    assert_eq!(now.skipped, [(Why::Limits, 1)]);
    assert!(
        now.rows[0].note.as_deref().is_some_and(|why| why.starts_with("Users: 40 in use")),
        "{:?}",
        now.rows[0]
    );
    // One outgrows it between preview and work.
    run(&admin, &people("t02", 40)).await;
    let operation = start(&cx, id, "Smaller.", "").await.expect("begun");
    assert_eq!(settle(&cx, operation).await, State::Parked);
    // Whoever asked for it hears that some failed, those who run the platform that it waits.
    for event in ["operation.failed", "operation.needs_operator"] {
        let told: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM notification WHERE event = $1 AND data->'operation'->>'id' = $2",
        )
        .bind(event)
        .bind(operation.to_string())
        .fetch_one(&admin)
        .await
        .expect("a count");
        assert_eq!(told, 1, "{event}");
    }
    // Nobody of them twice: whoever asked is left out of the second.
    let twice: Option<bool> = sqlx::query_scalar(
        "SELECT data->>'told' = data->>'requester' FROM notification WHERE event = 'operation.needs_operator' AND data->'operation'->>'id' = $1",
    )
    .bind(operation.to_string())
    .fetch_one(&admin)
    .await
    .expect("a notice");
    assert_eq!(twice, Some(true));
    let now = outcome(&cx, operation, &[("outcome".into(), "failed".into())]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Failed, 1), (Outcome::Done, 1), (Outcome::Skipped, 1)]);
    assert_eq!((now.rows.len(), now.rows[0].slug.as_deref()), (1, Some("t02")));
    assert!(now.rows[0].note.as_deref().is_some_and(|why| why.contains("40 in use")));
    let parked = operations::get(&cx, operation).await.expect("an operation");
    assert_eq!(
        parked.row.error.as_deref(),
        Some("1 tenant failed. The others are as the list says: nothing is undone.")
    );
    let may: Vec<_> =
        parked.controls.iter().filter(|(_, may)| may.is_ok()).map(|(control, _)| *control).collect();
    assert_eq!(may, [Control::Retry, Control::Cancel]);
    // Still too large: parked again. Then it fits.
    operations::control(&cx, operation, Control::Retry, "").await.expect("again");
    assert_eq!(settle(&cx, operation).await, State::Parked);
    run(&admin, "DELETE FROM member").await;
    operations::control(&cx, operation, Control::Retry, "It fits now.").await.expect("again");
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 2), (Outcome::Skipped, 1)]);
    assert_eq!(lines(&admin, "operation.retry").await, 4, "the whole and its part, twice");
    assert_eq!(lines(&admin, "bulk.done").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn cancelling_stops_what_has_not_started(admin: PgPool) {
    let cx = site(&admin).await;
    run(&admin, "INSERT INTO tenant (id, slug, name, status, plan_id) SELECT gen_random_uuid(), 'm' || n, 'M' || n, 'active', 'free' FROM generate_series(1, 230) n").await;
    // Before it begins.
    let id = preview(&cx, &matching(&admin, "").await).await.expect("previewed");
    let operation = start(&cx, id, "Gone.", "230").await.expect("begun");
    operations::control(&cx, operation, Control::Cancel, "Wrong list.").await.expect("called off");
    assert_eq!(counts(&outcome(&cx, operation, &[]).await.expect("an outcome")), [(Outcome::Cancelled, 230)]);
    // After its first turn, with one tenant done.
    let id = preview(&cx, &matching(&admin, "").await).await.expect("previewed");
    let operation = start(&cx, id, "Gone.", "230").await.expect("begun");
    let runner = Runner::new(cx.services().clone());
    runner.finish(operation, Duration::from_millis(400)).await.expect("run");
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!((now.count(Outcome::Running), now.count(Outcome::Waiting)), (200, 30), "so many at a time");
    let first = now.rows[0].operation.expect("an operation");
    assert_eq!(runner.finish(first, Duration::from_secs(5)).await.expect("run"), State::Succeeded);
    operations::control(&cx, operation, Control::Cancel, "Wrong list.").await.expect("called off");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(runner.finish(operation, Duration::from_secs(10)).await.expect("run"), State::Cancelled);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 1), (Outcome::Cancelled, 229)]);
    assert_eq!(
        count(&admin, "SELECT count(*) FROM tenant WHERE status = 'suspended'").await,
        1,
        "what was done stays"
    );
    assert_eq!(
        lines(&admin, "operation.cancel").await,
        1 + 1 + 199,
        "each operation that was called off has its line"
    );
    assert_eq!(settle(&cx, operation).await, State::Cancelled);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_second_person_approves_the_whole_or_each_as_the_rules_say(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 2).await;
    run(&admin, "INSERT INTO approval_rule VALUES ('bulk', 'always'), ('suspend', 'always')").await;
    let id = preview(&cx, &ticked(&admin, "t01 t02").await).await.expect("previewed");
    let operation = start(&cx, id, "Gone.", "2").await.expect("asked");
    let runner = Runner::new(cx.services().clone());
    assert_eq!(runner.drain().await.expect("run"), 0, "it waits");
    let own = operations::control(&cx, operation, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Conflict(why)) if why.contains("cannot approve")));
    let second = cx.acting_as(model::permission::Actor::System { name: "second".into() });
    operations::control(&second, operation, Control::Approve, "").await.expect("approved");
    runner.drain().await.expect("run");
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Approval, 2)], "each awaits its own");
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant WHERE status = 'suspended'").await, 0);
    let parts: Vec<_> = now.rows.iter().filter_map(|row| row.operation).collect();
    operations::control(&second, parts[0], Control::Approve, "").await.expect("approved");
    operations::control(&second, parts[1], Control::Reject, "Not this one.").await.expect("rejected");
    run(&admin, "UPDATE operation SET lease_until = now() WHERE kind = 'bulk'").await;
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 1), (Outcome::Cancelled, 1)]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_preview_is_its_owners_alone_and_is_over_after_a_day(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 1).await;
    let id = preview(&cx, &ticked(&admin, "t01").await).await.expect("previewed");
    let (services, other) = (cx.services().clone(), model::UserId(Uuid::from_u128(77)));
    let model::permission::Actor::User { name, email, platform, .. } = cx.actor().clone() else {
        panic!("a person")
    };
    let colleague = services.ctx(
        model::permission::Actor::User { id: other, name, email, platform, memberships: vec![] },
        "test",
    );
    assert!(matches!(show(&colleague, id, &[]).await, Err(Error::NotFound)));
    assert!(matches!(start(&colleague, id, "x", "1").await, Err(Error::NotFound)));
    assert_eq!(sweep(&services.system("test")).await.expect("swept"), 0);
    let days = seen(&cx, id).await;
    assert_eq!(days.expires_at - days.created_at, TimeDelta::hours(24));
    run(&admin, "UPDATE bulk SET expires_at = now() - interval '1 s'").await;
    assert!(seen(&cx, id).await.over);
    assert!(matches!(start(&cx, id, "x", "1").await, Err(Error::Conflict(why)) if why.contains("over")));
    assert_eq!(sweep(&services.system("test")).await.expect("swept"), 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM bulk_item").await, 0);
    assert!(matches!(show(&cx, id, &[]).await, Err(Error::NotFound)));
    // What was confirmed stays.
    let id = preview(&cx, &ticked(&admin, "t01").await).await.expect("previewed");
    let operation = start(&cx, id, "Gone.", "1").await.expect("begun");
    run(&admin, "UPDATE bulk SET expires_at = now() - interval '1 s'").await;
    assert_eq!(sweep(&services.system("test")).await.expect("swept"), 0);
    assert!(!outcome(&colleague, operation, &[]).await.expect("anybody’s to see").over);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_operators_work_on_many(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 1).await;
    let id = preview(&cx, &ticked(&admin, "t01").await).await.expect("previewed");
    let operation = start(&cx, id, "Gone.", "1").await.expect("begun");
    let services = cx.services().clone();
    let input = ticked(&admin, "t01").await;
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        let refusals = [
            preview(&weak, &input).await.map(drop),
            form(&weak, Some("")).await.map(drop),
            show(&weak, id, &[]).await.map(drop),
            start(&weak, id, "x", "1").await.map(drop),
            sweep(&weak).await.map(drop),
        ];
        assert!(refusals.iter().all(|r| matches!(r, Err(Error::Forbidden(_)))), "{role}: {refusals:?}");
        outcome(&weak, operation, &[]).await.expect("may read operations");
    }
    let t01 = crate::tenants::by_slug(&cx, "t01").await.expect("a tenant").id;
    let inside = testing::member(&services, t01, Role::TenantAdmin);
    assert!(outcome(&inside, operation, &[]).await.is_err() && preview(&inside, &input).await.is_err());
    assert!(matches!(outcome(&cx, OperationId(Uuid::nil()), &[]).await, Err(Error::NotFound)));
}

/// Not a test of speed: says how fast it went.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_thousand_go_through_with_the_real_runner(admin: PgPool) {
    let cx = site(&admin).await;
    run(&admin, "INSERT INTO tenant (id, slug, name, status, plan_id) SELECT gen_random_uuid(), 'm' || n, 'M' || n, 'active', 'free' FROM generate_series(1, 1000) n").await;
    let began = std::time::Instant::now();
    let id = preview(&cx, &matching(&admin, "plan=free").await).await.expect("previewed");
    let frozen = began.elapsed().as_millis();
    let operation = start(&cx, id, "Gone.", "1000").await.expect("begun");
    let (tell, told) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(Runner::new(cx.services().clone()).run(told));
    let began = std::time::Instant::now();
    while !operations::get(&cx, operation).await.expect("an operation").row.state.is_settled() {
        assert!(began.elapsed() < Duration::from_secs(180), "too long");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "1,000 tenants: frozen in {frozen} ms, suspended in {took:.1} s: {:.0} a second",
        1_000.0 / took
    );
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 1_000)]);
    let _ = tell.send(true);
    worker.await.expect("it stops");
}

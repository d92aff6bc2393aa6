//! Plan changes on a day of their own: asked for, moved, called off, approved, and what happens on the day.

use super::operator;
use crate::Error;
use crate::operations::{Runner, control, get};
use crate::tenants::{
    by_slug, cancel_plan_change, change_plan, move_plan_change, plan_schedule, plan_schedules,
    schedule_plan_change,
};
use crate::testing;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use model::directory::Cursor;
use model::operations::{Control, State};
use model::page::Total;
use model::permission::{Actor, Role};
use model::tenants::PlanId;
use sqlx::PgPool;

async fn sql(admin: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(admin).await.expect(statement);
}

fn in_days(cx: &crate::Ctx, days: i64) -> DateTime<Utc> {
    (cx.now() + TimeDelta::days(days)).trunc_subsecs(6)
}

/// Twenty people, where Free allows five.
async fn crowd(admin: &PgPool) {
    sqlx::raw_sql(
        "INSERT INTO user_account (id, email, name) SELECT md5(g::text)::uuid, 'p' || g || '@example.com', 'P' FROM generate_series(1, 20) g;
         INSERT INTO member (tenant_id, user_id, role) SELECT t.id, md5(g::text)::uuid, 'tenant_member' FROM tenant t, generate_series(1, 20) g",
    )
    .execute(admin)
    .await
    .expect("a crowd");
}

/// Action and reason of the newest line.
async fn newest_line(admin: &PgPool) -> (String, Option<String>) {
    sqlx::query_as(
        "SELECT action, reason FROM audit_entry WHERE result = 'done' ORDER BY at DESC, seq DESC LIMIT 1",
    )
    .fetch_one(admin)
    .await
    .expect("a line")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_is_over_the_limits_is_scheduled_moved_and_called_off(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    crowd(&admin).await;
    let version = by_slug(&cx, "acme").await.expect("it").version;
    let now = change_plan(&cx, id, version, "free", "").await;
    assert!(
        matches!(now, Err(Error::Invalid(errors)) if errors.get("plan").is_some_and(|why| why.contains("Users: 20 in use")))
    );
    let soon = in_days(&cx, 10);
    schedule_plan_change(&cx, id, PlanId::Free, "End of term.", soon).await.expect("scheduled");
    assert_eq!(newest_line(&admin).await, ("tenant.plan_scheduled".into(), Some("End of term.".into())));
    let found = plan_schedule(&cx, id).await.expect("a read").expect("it");
    assert_eq!((found.from, found.to, found.state), (PlanId::Professional, PlanId::Free, State::Queued));
    assert!(
        found.refusals.first().is_some_and(|why| why.starts_with("Users: 20 in use")),
        "{:?}",
        found.refusals
    );
    assert_eq!(found.note.as_deref(), Some("End of term."));

    // One at a time, and none by hand beside it.
    let second = schedule_plan_change(&cx, id, PlanId::Starter, "", soon).await;
    assert!(matches!(second, Err(Error::Conflict(why)) if why.contains("A change to Free is scheduled")));
    let by_hand = change_plan(&cx, id, version, "enterprise", "").await;
    assert!(
        matches!(by_hand, Err(Error::Invalid(errors)) if errors.get("plan").is_some_and(|why| why.contains("Cancel it first")))
    );

    // Another day: with a reason, on what is true now, within a year.
    let later = soon + TimeDelta::days(5);
    let refused = move_plan_change(&cx, id, found.version, cx.now() - TimeDelta::days(1), " ").await;
    assert!(matches!(refused, Err(Error::Invalid(e)) if e.get("at").is_some() && e.get("reason").is_some()));
    let stale = move_plan_change(&cx, id, found.version + 1, later, "Later.").await;
    assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("in the meantime")));
    let same = move_plan_change(&cx, id, found.version, found.at, "Same.").await;
    assert!(matches!(same, Err(Error::Invalid(_))));
    move_plan_change(&cx, id, found.version, later, "They asked for it.").await.expect("moved");
    assert_eq!(
        newest_line(&admin).await,
        ("tenant.plan_schedule_moved".into(), Some("They asked for it.".into()))
    );
    let moved = plan_schedule(&cx, id).await.expect("a read").expect("it");
    assert_eq!((moved.at, moved.version), (later, found.version + 1));
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 0, "not before its day");

    // Its people see that it comes, not what operators wrote.
    let theirs =
        plan_schedule(&testing::member(&services, id, Role::TenantMember), id).await.expect("a read");
    let theirs = theirs.expect("it");
    assert_eq!((theirs.by, theirs.note, theirs.at), (None, None, later));
    assert!(!theirs.refusals.is_empty(), "what is in the way is theirs to change");

    let refused = cancel_plan_change(&cx, id, moved.version, "").await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    let stale = cancel_plan_change(&cx, id, found.version, "Stays.").await;
    assert!(matches!(stale, Err(Error::Conflict(_))));
    cancel_plan_change(&cx, id, moved.version, "They stay.").await.expect("called off");
    assert_eq!(
        newest_line(&admin).await,
        ("tenant.plan_schedule_cancelled".into(), Some("They stay.".into()))
    );
    assert_eq!(plan_schedule(&cx, id).await.expect("a read"), None);
    assert_eq!(get(&cx, moved.operation).await.expect("it").row.state, State::Cancelled);
    let again = cancel_plan_change(&cx, id, moved.version, "Again.").await;
    assert!(matches!(again, Err(Error::Conflict(why)) if why.contains("No plan change is scheduled")));
    let told: Vec<String> = sqlx::query_scalar("SELECT event FROM notification ORDER BY id")
        .fetch_all(&admin)
        .await
        .expect("notices");
    assert_eq!(told, ["tenant.plan_scheduled", "tenant.plan_scheduled", "tenant.plan_schedule_cancelled"]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_is_still_over_on_the_day_keeps_the_plan_and_the_pages_say_why(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    crowd(&admin).await;
    let soon = in_days(&cx, 10);
    schedule_plan_change(&cx, id, PlanId::Free, "", soon).await.expect("scheduled");
    sql(&admin, "UPDATE operation SET run_after = now()").await;
    let runner = Runner::new(services.clone());
    assert_eq!(runner.drain().await.expect("run"), 1);
    assert_eq!(by_slug(&cx, "acme").await.expect("it").plan, PlanId::Professional);
    let failed = plan_schedule(&cx, id).await.expect("a read").expect("it");
    assert!(failed.has_failed() && failed.error.is_some_and(|why| why.contains("Users: 20 in use")));
    assert_eq!(runner.drain().await.expect("run"), 0, "nothing is tried again by itself");
    // It may be scheduled anew, and then the new one counts.
    let plan = schedule_plan_change(&cx, id, PlanId::Free, "Again.", soon).await.expect("scheduled anew").id;
    assert_eq!(plan_schedule(&cx, id).await.expect("a read").expect("it").operation, plan);
    sql(&admin, "DELETE FROM member").await;
    sql(&admin, "UPDATE operation SET run_after = now() WHERE state = 'queued'").await;
    assert_eq!(runner.drain().await.expect("run"), 1);
    assert_eq!(by_slug(&cx, "acme").await.expect("it").plan, PlanId::Free);
    assert_eq!(plan_schedule(&cx, id).await.expect("a read"), None, "done is done, also what failed before");
    let verified: String =
        sqlx::query_scalar("SELECT state FROM operation_step WHERE operation_id = $1 AND name = 'verify'")
            .bind(plan.0)
            .fetch_one(&admin)
            .await
            .expect("a step");
    assert_eq!(verified, "done", "the new limits were verified");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_change_that_was_scheduled_from_another_plan_is_not_made(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let soon = in_days(&cx, 10);
    let plan = schedule_plan_change(&cx, id, PlanId::Free, "", soon).await.expect("scheduled").id;
    sql(&admin, "UPDATE tenant SET plan_id = 'enterprise'").await;
    sql(&admin, "UPDATE operation SET run_after = now()").await;
    Runner::new(services.clone()).drain().await.expect("run");
    let row = get(&cx, plan).await.expect("it").row;
    assert_eq!(row.state, State::Failed);
    assert!(row.error.is_some_and(|why| why.contains("It is on Enterprise by now")));
    assert_eq!(by_slug(&cx, "acme").await.expect("it").plan, PlanId::Enterprise);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_second_person_has_approved_keeps_its_day(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    sql(&admin, "INSERT INTO approval_rule (kind, second_person) VALUES ('change_plan', 'always') ON CONFLICT (kind) DO UPDATE SET second_person = 'always'").await;
    let soon = in_days(&cx, 10);
    let asked = schedule_plan_change(&cx, id, PlanId::Free, "", soon).await.expect("asked for");
    assert_eq!(asked.state, State::Requested);
    let before = plan_schedule(&cx, id).await.expect("a read").expect("it");
    move_plan_change(&cx, id, before.version, soon + TimeDelta::days(1), "Later.").await.expect("moved");
    let own = control(&cx, asked.id, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Conflict(_))), "nobody approves their own request");
    let Actor::User { name, email, platform, memberships, .. } = cx.actor().clone() else {
        panic!("a person")
    };
    let other = model::UserId(uuid::Uuid::from_u128(9));
    let second = services.ctx(Actor::User { id: other, name, email, platform, memberships }, "second");
    control(&second, asked.id, Control::Approve, "Fine.").await.expect("approved");
    let approved = plan_schedule(&cx, id).await.expect("a read").expect("it");
    assert!(approved.approved && approved.state == State::Queued);
    let refused = move_plan_change(&cx, id, approved.version, soon, "Sooner.").await;
    assert!(matches!(refused, Err(Error::Conflict(why)) if why.contains("approved")));
    cancel_plan_change(&cx, id, approved.version, "Called off.").await.expect("can be called off");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_who_may_change_plans_changes_what_is_scheduled(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let soon = in_days(&cx, 10);
    schedule_plan_change(&cx, id, PlanId::Free, "", soon).await.expect("scheduled");
    let version = plan_schedule(&cx, id).await.expect("a read").expect("it").version;
    for weak in
        [testing::platform(&services, Role::Success), testing::member(&services, id, Role::TenantAdmin)]
    {
        let at = soon + TimeDelta::days(1);
        assert!(matches!(
            schedule_plan_change(&weak, id, PlanId::Starter, "", at).await,
            Err(Error::Forbidden(_))
        ));
        assert!(matches!(move_plan_change(&weak, id, version, at, "x").await, Err(Error::Forbidden(_))));
        assert!(matches!(cancel_plan_change(&weak, id, version, "x").await, Err(Error::Forbidden(_))));
    }
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(plan_schedule(&stranger, id).await, Err(Error::NotFound)));
    assert!(matches!(plan_schedules(&stranger, &Cursor::First).await, Err(Error::Forbidden(_))));
    assert_eq!(
        plan_schedule(&cx, id).await.expect("a read").expect("it").version,
        version,
        "nothing was done"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_list_has_the_next_first_and_pages_both_ways(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    sqlx::raw_sql(
        r#"INSERT INTO tenant (id, slug, name, status, plan_id) SELECT md5(g::text)::uuid, 'org-' || g, 'Org ' || g, 'active', 'professional' FROM generate_series(1, 60) g;
        INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id, run_after)
        SELECT md5(g::text)::uuid, md5('o' || g)::uuid, 'change_plan', 'queued', 'x', '{"version": null, "from": "professional", "to": "free", "scheduled": "2099-01-01T00:00:00Z"}', '{}', 'Ada', 'x',
            '2099-01-01'::timestamptz + make_interval(days => g / 2) FROM generate_series(1, 60) g"#,
    )
    .execute(&admin)
    .await
    .expect("schedules");
    let first = plan_schedules(&cx, &Cursor::First).await.expect("a page");
    assert_eq!((first.rows.len(), first.total, first.previous.is_none()), (50, Total::Exact(60), true));
    assert_eq!(first.rows[0].slug, "org-1");
    let second =
        plan_schedules(&cx, &Cursor::After(first.next.clone().expect("more"))).await.expect("a page");
    assert_eq!((second.rows.len(), second.next.is_none()), (10, true));
    assert_eq!(second.rows[9].slug, "org-60");
    let back =
        plan_schedules(&cx, &Cursor::Before(second.previous.expect("a way back"))).await.expect("a page");
    assert_eq!(back.rows, first.rows);
    let odd = plan_schedules(&cx, &Cursor::After("no cursor".into())).await.expect("a page");
    assert_eq!(odd.rows.len(), 50);
    assert!(first.rows.iter().all(|row| row.schedule.at > cx.now() && row.schedule.refusals.is_empty()));
}

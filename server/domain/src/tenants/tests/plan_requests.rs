//! Another plan that a tenant's own admins ask for (R66): asked, withdrawn, refused, approved, and what each is told.

use super::operator;
use crate::Error;
use crate::ctx::{Ctx, Services};
use crate::operations::{Runner, control, get};
use crate::tenants::{
    AskForPlan, ask_for_plan, by_slug, change_plan, head, plan_offer, schedule_plan_change,
    withdraw_plan_request,
};
use crate::testing;
use chrono::{SubsecRound, TimeDelta};
use model::operations::{Control, Kind, State};
use model::permission::{Actor, Membership, Role};
use model::plan_requests::ASKED_PER_DAY;
use model::tenants::{Access, PlanId};
use model::{TenantId, UserId};
use sqlx::PgPool;

const UP: AskForPlan<'static> =
    AskForPlan { from: "professional", plan: "enterprise", reason: "We open three offices." };

/// The second person.
fn approver(services: &Services) -> Ctx {
    let actor = Actor::User {
        id: UserId(uuid::Uuid::from_u128(9)),
        name: "Olga".into(),
        email: "olga@example.com".into(),
        platform: Some(Role::Operator),
        memberships: vec![],
    };
    services.ctx(actor, "decides")
}

/// Action, reason and whether a person of the tenant did it, the newest last.
async fn lines(admin: &PgPool, id: TenantId) -> Vec<(String, Option<String>)> {
    sqlx::query_as(
        "SELECT action, reason FROM audit_entry WHERE tenant_id = $1 AND result = 'done' ORDER BY seq",
    )
    .bind(id)
    .fetch_all(admin)
    .await
    .expect("lines")
}

/// What was announced: the event and its data.
async fn told(admin: &PgPool) -> Vec<(String, serde_json::Value)> {
    sqlx::query_as("SELECT event, data FROM notification ORDER BY id")
        .fetch_all(admin)
        .await
        .expect("notices")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_request_waits_for_a_person_and_becomes_the_plan(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let offer = plan_offer(&asker, id, Some(PlanId::Enterprise)).await.expect("an offer");
    assert_eq!((offer.plans.len(), offer.request, offer.obstacle), (4, None, None));
    assert_eq!(offer.preview.expect("a preview").to.id, PlanId::Enterprise);
    assert_eq!(plan_offer(&asker, id, Some(PlanId::Professional)).await.expect("an offer").preview, None);

    // No rule says so, and it waits all the same; no worker takes it up.
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 0);
    assert_eq!(
        lines(&admin, id).await,
        [("tenant.plan_requested".into(), Some("We open three offices.".into()))]
    );
    let waits = told(&admin).await.pop().expect("a notice");
    assert_eq!(
        (waits.0.as_str(), &waits.1["operation"]["id"]),
        ("operation.approval_waits", &serde_json::json!(asked.id))
    );

    // One at a time, whoever asks.
    let twice = ask_for_plan(&asker, id, AskForPlan { plan: "starter", ..UP }).await;
    assert!(matches!(twice, Err(Error::Conflict(why)) if why.contains("on its way")));
    let shown = plan_offer(&asker, id, None).await.expect("an offer");
    assert!(shown.obstacle.is_some());
    let request = shown.request.expect("it");
    assert_eq!(
        (request.to, request.state, request.reason.as_deref()),
        (PlanId::Enterprise, State::Requested, Some(UP.reason))
    );
    for viewer in [&asker, &cx] {
        let above = head(viewer, "acme").await.expect("a head").operation.expect("what waits");
        assert_eq!((above.id, above.kind), (asked.id, Kind::ChangePlan));
    }

    let own = control(&asker, asked.id, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Forbidden(_))), "nobody of the tenant decides");
    control(&approver(&services), asked.id, Control::Approve, "They pay well.").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(by_slug(&cx, "acme").await.expect("it").plan, PlanId::Enterprise);
    let shown = plan_offer(&asker, id, None).await.expect("an offer").request.expect("it");
    assert_eq!((shown.state, shown.answer), (State::Succeeded, None), "the note stays with the platform");
    let seen = get(&asker, asked.id).await.expect("it");
    assert_eq!((seen.approval_note, seen.reason.as_deref()), (None, Some(UP.reason)));
    let (event, data) =
        told(&admin).await.into_iter().find(|(event, _)| event.ends_with("decided")).expect("told");
    assert_eq!(event, "tenant.plan_request_decided");
    assert_eq!(
        (&data["outcome"], &data["message"]),
        (&serde_json::json!("approved"), &serde_json::Value::Null)
    );
    let Actor::User { id: who, .. } = asker.actor() else { panic!("a person") };
    assert_eq!(data["requester"], serde_json::json!(who));
    let actions: Vec<_> = lines(&admin, id).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["tenant.plan_requested", "operation.approve", "tenant.change_plan"]);
    assert_eq!(head(&asker, "acme").await.expect("a head").operation, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_refusal_tells_its_reason_and_an_end_by_operators_none(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked");
    control(&cx, asked.id, Control::Reject, "Your contract ends first.").await.expect("rejected");
    let shown = plan_offer(&asker, id, None).await.expect("an offer");
    assert_eq!(shown.obstacle, None, "it may ask again");
    assert_eq!(shown.request.expect("it").answer.as_deref(), Some("Your contract ends first."));
    assert_eq!(
        get(&asker, asked.id).await.expect("it").approval_note.as_deref(),
        Some("Your contract ends first.")
    );
    let (_, data) = told(&admin).await.pop().expect("told");
    assert_eq!(
        (&data["outcome"], &data["message"]),
        (&serde_json::json!("refused"), &serde_json::json!("Your contract ends first."))
    );

    let again = ask_for_plan(&asker, id, UP).await.expect("asked again");
    control(&cx, again.id, Control::Cancel, "They annoy us.").await.expect("called off");
    let (_, data) = told(&admin).await.pop().expect("told");
    assert_eq!(
        (&data["outcome"], &data["message"]),
        (&serde_json::json!("called_off"), &serde_json::Value::Null)
    );
    let seen = get(&asker, again.id).await.expect("it");
    assert_eq!((seen.row.state, seen.approval_note), (State::Cancelled, None));

    // Approved, and then rolled back: that is an answer as well.
    let last = ask_for_plan(&asker, id, UP).await.expect("asked again");
    control(&approver(&services), last.id, Control::Approve, "").await.expect("approved");
    sqlx::query("UPDATE operation SET state = 'undoing', ends_as = 'rolled_back' WHERE id = $1")
        .bind(last.id)
        .execute(&admin)
        .await
        .expect("turned");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(get(&cx, last.id).await.expect("it").row.state, State::RolledBack);
    let (_, data) = told(&admin).await.pop().expect("told");
    assert_eq!(data["outcome"], serde_json::json!("called_off"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_an_operators_own_request_says_stays_hidden(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    sqlx::query("INSERT INTO approval_rule (kind, second_person) VALUES ('change_plan', 'always') ON CONFLICT (kind) DO UPDATE SET second_person = 'always'")
        .execute(&admin)
        .await
        .expect("a rule");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let asked = change_plan(&cx, id, 1, "free", "They are broke.").await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    // Its people are not told of it, and nothing of theirs goes beside it.
    assert_eq!(head(&asker, "acme").await.expect("a head").operation, None);
    assert!(head(&cx, "acme").await.expect("a head").operation.is_some());
    let shown = plan_offer(&asker, id, None).await.expect("an offer");
    assert!(shown.request.is_none() && shown.obstacle.is_some());
    let beside = ask_for_plan(&asker, id, UP).await;
    assert!(matches!(beside, Err(Error::Conflict(_))));
    let theirs = withdraw_plan_request(&asker, id, 1).await;
    assert!(matches!(theirs, Err(Error::Conflict(why)) if why.contains("No request waits")));
    control(&approver(&services), asked.id, Control::Reject, "Not yet.").await.expect("rejected");
    let seen = get(&asker, asked.id).await.expect("it");
    assert_eq!((seen.reason, seen.approval_note), (None, None));
    assert!(told(&admin).await.iter().all(|(event, _)| event != "tenant.plan_request_decided"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_request_is_withdrawn_once_and_not_when_it_is_decided(admin: PgPool) {
    let (services, _) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    ask_for_plan(&asker, id, UP).await.expect("asked");
    let version = plan_offer(&asker, id, None).await.expect("an offer").request.expect("it").version;
    let stale = withdraw_plan_request(&asker, id, version + 1).await;
    assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("in the meantime")));
    withdraw_plan_request(&asker, id, version).await.expect("withdrawn");
    let twice = withdraw_plan_request(&asker, id, version).await;
    assert!(matches!(twice, Err(Error::Conflict(why)) if why.contains("No request waits")));
    let actions: Vec<_> = lines(&admin, id).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["tenant.plan_requested", "tenant.plan_request_withdrawn"]);
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked again");
    control(&approver(&services), asked.id, Control::Approve, "").await.expect("approved");
    let late = withdraw_plan_request(&asker, id, 2).await;
    assert!(matches!(late, Err(Error::Conflict(_))));

    // Each of them writes to everybody who may approve: there is an end to it.
    sqlx::query("UPDATE operation SET state = 'cancelled'").execute(&admin).await.expect("none waits");
    sqlx::query("INSERT INTO operation (tenant_id, id, kind, state, subject, payload, requested_by, requested_by_name, request_id)
        SELECT $1, gen_random_uuid(), 'change_plan', 'cancelled', 'x', '{\"by_tenant\": true, \"from\": \"free\", \"to\": \"starter\", \"note\": null, \"version\": null}', '{}', 'x', 'x' FROM generate_series(1, $2)")
        .bind(id)
        .bind(i32::try_from(ASKED_PER_DAY).expect("few"))
        .execute(&admin)
        .await
        .expect("many");
    let much = ask_for_plan(&asker, id, UP).await;
    assert!(matches!(much, Err(Error::Conflict(why)) if why.contains("too often")));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_does_not_fit_is_refused_when_asked_and_when_made(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let down = AskForPlan { plan: "free", ..UP };
    let asked = ask_for_plan(&asker, id, down).await.expect("it fits today");
    sqlx::raw_sql(
        "INSERT INTO user_account (id, email, name) SELECT md5(g::text)::uuid, 'p' || g || '@example.com', 'P' FROM generate_series(1, 8) g;
         INSERT INTO member (tenant_id, user_id, role) SELECT t.id, md5(g::text)::uuid, 'tenant_member' FROM tenant t, generate_series(1, 8) g",
    )
    .execute(&admin)
    .await
    .expect("a crowd");
    control(&approver(&services), asked.id, Control::Approve, "").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(by_slug(&cx, "acme").await.expect("it").plan, PlanId::Professional);
    assert_eq!(
        plan_offer(&asker, id, None).await.expect("an offer").request.expect("it").state,
        State::Failed
    );
    // Whoever asked is told so in words of their own; what went wrong goes to whoever approved.
    let notices = told(&admin).await;
    let outcome = |word: &str| notices.iter().any(|(_, data)| data["outcome"] == word);
    assert!(outcome("approved") && outcome("failed"));
    let (_, failed) = notices.iter().find(|(event, _)| event == "operation.failed").expect("a notice");
    assert_eq!(failed["requester"], serde_json::json!(uuid::Uuid::from_u128(9)));
    assert!(get(&asker, asked.id).await.expect("it").row.error.is_some_and(|why| !why.contains("in use")));
    let now = ask_for_plan(&asker, id, down).await;
    assert!(matches!(now, Err(Error::Invalid(e)) if e.get("plan").is_some_and(|why| why.contains("in use"))));
}

/// Whoever asked is told once that it came to nothing, and whoever approved once that it failed: rolling it back by hand, or
/// calling a retry off, tells neither of them again.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_failed_is_told_once_whatever_operators_do_with_it_then(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let runner = Runner::new(services.clone());
    let outcomes = async || -> Vec<String> {
        told(&admin)
            .await
            .into_iter()
            .filter(|(event, _)| event != "operation.approval_waits")
            .map(|(event, data)| data["outcome"].as_str().map_or(event, str::to_owned))
            .collect()
    };
    // Two that fail: the plan they asked from is not the plan any more.
    let mut failed = Vec::new();
    for (plan, next) in [("enterprise", "starter"), ("free", "professional")] {
        let from = by_slug(&cx, "acme").await.expect("it");
        let form = AskForPlan { from: from.plan.as_str(), plan, reason: "We grow." };
        let asked = ask_for_plan(&asker, id, form).await.expect("asked");
        change_plan(&cx, id, from.version, next, "").await.expect("an operator need not wait for it");
        control(&approver(&services), asked.id, Control::Approve, "").await.expect("approved");
        runner.drain().await.expect("run");
        assert_eq!(get(&cx, asked.id).await.expect("it").row.state, State::Failed);
        failed.push(asked.id);
    }
    let of_one = ["tenant.plan_changed", "approved", "operation.failed", "failed"];
    let so_far: Vec<String> = of_one.iter().chain(&of_one).map(|word| (*word).to_owned()).collect();
    assert_eq!(outcomes().await, so_far);

    control(&cx, failed[0], Control::RollBack, "It is too old.").await.expect("rolled back");
    runner.drain().await.expect("run");
    assert_eq!(get(&cx, failed[0]).await.expect("it").row.state, State::RolledBack);
    control(&cx, failed[1], Control::Retry, "").await.expect("once more");
    control(&cx, failed[1], Control::Cancel, "No use.").await.expect("called off");
    assert_eq!(get(&cx, failed[1]).await.expect("it").row.state, State::Cancelled);
    assert_eq!(outcomes().await, so_far, "nobody hears the same again");
    let lines: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entry WHERE action IN ('operation.roll_back', 'operation.rolled_back') AND result = 'done'",
    )
    .fetch_one(&admin)
    .await
    .expect("a count");
    assert_eq!(lines, 2, "the audit log says who did it, and that it is done");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_request_from_another_plan_or_beside_a_schedule_is_not_made(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked");
    change_plan(&cx, id, 1, "starter", "").await.expect("an operator need not wait for it");
    control(&approver(&services), asked.id, Control::Approve, "").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    let row = get(&cx, asked.id).await.expect("it").row;
    assert_eq!(row.state, State::Failed);
    assert!(row.error.is_some_and(|why| why.contains("It is on Starter by now")));
    let stale = ask_for_plan(&asker, id, UP).await;
    assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("Starter plan by now")));
    let day = (cx.now() + TimeDelta::days(9)).trunc_subsecs(6);
    schedule_plan_change(&cx, id, PlanId::Free, "Secret.", day).await.expect("scheduled");
    let beside = ask_for_plan(&asker, id, AskForPlan { from: "starter", ..UP }).await;
    assert!(
        matches!(beside, Err(Error::Conflict(why)) if why.contains("scheduled for") && !why.contains("Secret"))
    );
    for (form, field) in [
        (AskForPlan { from: "starter", plan: "starter", reason: "x" }, "plan"),
        (AskForPlan { from: "starter", plan: "platinum", reason: "x" }, "plan"),
        (AskForPlan { from: "starter", plan: "free", reason: " " }, "reason"),
    ] {
        let wrong = ask_for_plan(&asker, id, form).await;
        assert!(matches!(wrong, Err(Error::Invalid(e)) if e.get(field).is_some()), "{form:?}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_its_own_admins_ask_and_not_while_it_is_suspended(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let asker = testing::member(&services, id, Role::TenantAdmin);
    let asked = ask_for_plan(&asker, id, UP).await.expect("asked");
    let member = testing::member(&services, id, Role::TenantMember);
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(plan_offer(&member, id, None).await, Err(Error::Forbidden(_))));
    assert!(matches!(plan_offer(&stranger, id, None).await, Err(Error::NotFound)));
    let in_its_name = ask_for_plan(&cx, other, UP).await;
    assert!(matches!(in_its_name, Err(Error::Forbidden(_))), "whoever decides does not ask");
    for cx in [&member, &weak] {
        assert!(matches!(ask_for_plan(cx, id, UP).await, Err(Error::Forbidden(_))));
        assert!(matches!(withdraw_plan_request(cx, id, 1).await, Err(Error::Forbidden(_))));
    }
    assert!(matches!(ask_for_plan(&stranger, id, UP).await, Err(Error::NotFound)));
    assert!(matches!(withdraw_plan_request(&stranger, id, 1).await, Err(Error::NotFound)));
    assert_eq!(get(&cx, asked.id).await.expect("it").row.state, State::Requested, "nothing was done");

    // Read-only: its people see where it stands, and neither ask nor withdraw. Approved meanwhile, it is not made.
    let Actor::User { id: user, name, email, platform, .. } = asker.actor().clone() else {
        panic!("a person")
    };
    let membership = Membership {
        tenant: id,
        slug: "acme".into(),
        tenant_name: "acme".into(),
        role: Role::TenantAdmin,
        access: Access::ReadOnly,
    };
    let reader = Actor::User { id: user, name, email, platform, memberships: vec![membership] };
    let reader = services.ctx(reader, "test");
    sqlx::query("UPDATE tenant SET status = 'suspended', status_before = 'active', status_reason = 'inactivity', suspension = 'read_only' WHERE id = $1")
        .bind(id)
        .execute(&admin)
        .await
        .expect("suspended");
    assert!(plan_offer(&reader, id, None).await.expect("an offer").request.is_some());
    assert!(matches!(ask_for_plan(&reader, id, UP).await, Err(Error::Suspended(_))));
    assert!(matches!(withdraw_plan_request(&reader, id, 1).await, Err(Error::Suspended(_))));
    control(&approver(&services), asked.id, Control::Approve, "").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    let row = get(&cx, asked.id).await.expect("it").row;
    assert_eq!(row.state, State::Failed);
    assert_eq!(by_slug(&cx, "acme").await.expect("it").plan, PlanId::Professional);
}

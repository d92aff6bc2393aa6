//! Trials that end, bills that stay unpaid, tenants that nobody uses: by rule, through the ledger, and back again.

use super::*;
use crate::operations::Runner;
use crate::testing;
use model::permission::Role;
use model::rules::{Asked, NextMove, RuleKind};
use model::tenants::Suspension;
use sqlx::PgPool;

async fn sql(admin: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(admin).await.expect(statement);
}

async fn standing(admin: &PgPool) -> (String, Option<String>, Option<String>) {
    sqlx::query_as("SELECT status, status_reason, suspension FROM tenant")
        .fetch_one(admin)
        .await
        .expect("a tenant")
}

fn unpaid(reference: &str) -> FailedPayment<'_> {
    FailedPayment { reference, amount: "120.00 EUR", failed_on: "" }
}

fn suspended(reason: &str) -> (String, Option<String>, Option<String>) {
    ("suspended".into(), Some(reason.into()), Some("read_only".into()))
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_trial_ends_by_itself_and_whoever_stays_is_a_customer(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (system, cx) = (services.system("lifecycle"), testing::platform(&services, Role::Operator));
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    sql(&admin, "UPDATE tenant SET status = 'trial', trial_ends_at = now() + interval '2 days'").await;
    assert_eq!(tick(&system, 10).await.expect("a tick"), 0);
    tick(&system, 10).await.expect("a tick");
    let told: Vec<String> =
        sqlx::query_scalar("SELECT event FROM notification").fetch_all(&admin).await.expect("notices");
    assert_eq!(told, ["tenant.trial_ending"], "told once");
    sql(&admin, "UPDATE tenant SET trial_ends_at = now() - interval '1 s'").await;
    assert_eq!(tick(&system, 10).await.expect("a tick"), 1);
    assert_eq!(tick(&system, 10).await.expect("a tick"), 0, "it is under way already");
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
    assert_eq!(standing(&admin).await, suspended("trial_ended"));
    let version = crate::tenants::by_slug(&cx, "acme").await.expect("it").version;
    crate::tenants::reinstate(&cx, id, version, "Contract of 3 May.").await.expect("reinstated");
    assert_eq!(standing(&admin).await.0, "active", "the trial does not begin again");
    assert_eq!(tick(&system, 10).await.expect("a tick"), 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_unpaid_bill_suspends_and_only_its_settlement_reinstates(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (system, cx) = (services.system("lifecycle"), testing::platform(&services, Role::Operator));
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    payment_failed(&cx, id, unpaid("Invoice 7")).await.expect("noted");
    assert!(matches!(payment_failed(&cx, id, unpaid("Invoice 7")).await, Err(Error::Invalid(_))));
    assert_eq!(tick(&system, 10).await.expect("a tick"), 0, "there are seven days");
    sql(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    assert_eq!(tick(&system, 10).await.expect("a tick"), 1);
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(standing(&admin).await, suspended("payment_failure"));
    let version = crate::tenants::by_slug(&cx, "acme").await.expect("it").version;
    let refused = crate::tenants::reinstate(&cx, id, version, "They promised.").await;
    assert!(matches!(refused, Err(Error::Conflict(why)) if why.contains("Invoice 7")));
    assert_eq!(standing(&admin).await, suspended("payment_failure"));
    payment_settled(&cx, id, "Invoice 7", "Transfer of 5 May.").await.expect("settled");
    let again = payment_settled(&cx, id, "Invoice 7", "Again.").await;
    assert!(matches!(again, Err(Error::Conflict(why)) if why.contains("by Test Operator")));
    assert!(matches!(payment_settled(&cx, id, "Invoice 9", "Never.").await, Err(Error::NotFound)));
    crate::tenants::reinstate(&cx, id, version, "Transfer of 5 May.").await.expect("reinstated");
    assert_eq!(standing(&admin).await.0, "active");
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(payment_failed(&weak, id, unpaid("Invoice 8")).await, Err(Error::Forbidden(_))));
    assert!(matches!(payment_settled(&weak, id, "Invoice 8", "x").await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_is_not_used_for_as_long_as_the_setting_says_is_suspended_if_the_rule_is_on(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("lifecycle");
    testing::tenant(&admin, "acme").await.expect("a tenant");
    sql(&admin, "UPDATE tenant SET created_at = now() - interval '400 days', status_since = now() - interval '170 days'").await;
    assert_eq!(inactive(&system).await.expect("a round"), 0, "the rule is off");
    sql(&admin, "UPDATE lifecycle_rule SET enabled = true WHERE kind = 'inactivity'").await;
    assert_eq!(inactive(&system).await.expect("a round"), 0, "180 days are not over");
    sql(&admin, "UPDATE tenant SET status_since = now() - interval '181 days'").await;
    assert_eq!(inactive(&system).await.expect("a round"), 1);
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(standing(&admin).await, suspended("inactivity"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_plan_change_waits_for_its_time_and_is_refused_then_where_it_does_not_fit(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let tomorrow = cx.now() + chrono::TimeDelta::days(1);
    let past =
        crate::tenants::schedule_plan_change(&cx, id, model::tenants::PlanId::Free, "", cx.now()).await;
    assert!(matches!(past, Err(Error::Invalid(_))));
    let plan = model::tenants::PlanId::Free;
    let first = crate::tenants::schedule_plan_change(&cx, id, plan, "End of term.", tomorrow)
        .await
        .expect("planned")
        .id;
    let runner = Runner::new(services.clone());
    assert_eq!(runner.drain().await.expect("run"), 0, "not before its time");
    sql(&admin, "INSERT INTO usage_day (tenant_id, meter, day, quantity) SELECT id, 'storage_bytes', current_date, 200000000 FROM tenant").await;
    sql(&admin, "UPDATE operation SET run_after = now()").await;
    assert_eq!(runner.drain().await.expect("run"), 1);
    let operation = crate::operations::get(&cx, first).await.expect("it");
    assert_eq!(operation.row.state, model::operations::State::Failed);
    assert!(operation.row.error.is_some_and(|why| why.contains("Storage")), "it says what does not fit");
    sql(&admin, "UPDATE usage_day SET quantity = 5").await;
    crate::operations::control(&cx, first, model::operations::Control::Retry, "").await.expect("again");
    assert_eq!(runner.drain().await.expect("run"), 1);
    let now: String =
        sqlx::query_scalar("SELECT plan_id FROM tenant").fetch_one(&admin).await.expect("a plan");
    assert_eq!(now, "free");
    let weak = testing::platform(&services, Role::Success);
    let refused = crate::tenants::schedule_plan_change(&weak, id, plan, "", tomorrow).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn blocked_people_who_have_no_other_place_are_signed_out(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    for (n, tenants) in [(1_u8, vec![id]), (2, vec![id, other]), (3, vec![other])] {
        let user = uuid::Uuid::from_u128(n.into());
        sqlx::query("INSERT INTO user_account (id, email, name) VALUES ($1, $2, 'P')")
            .bind(user)
            .bind(format!("p{n}@example.com"))
            .execute(&admin)
            .await
            .expect("a person");
        for tenant in tenants {
            sqlx::query("INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, 'tenant_admin')")
                .bind(tenant)
                .bind(user)
                .execute(&admin)
                .await
                .expect("a member");
        }
        sqlx::query("INSERT INTO session (id_hash, user_id, idle_until, ends_at) VALUES ($1, $2, now() + interval '1 h', now() + interval '1 h')")
            .bind(vec![n; 32])
            .bind(user)
            .execute(&admin)
            .await
            .expect("a session");
    }
    let form = crate::tenants::Suspend {
        code: "security_incident",
        note: "A key leaked.",
        scope: "blocked",
        message: "",
    };
    crate::tenants::suspend(&cx, id, 1, form).await.expect("suspended");
    let open: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT id_hash FROM session WHERE revoked_at IS NULL ORDER BY 1")
            .fetch_all(&admin)
            .await
            .expect("sessions");
    assert_eq!(open, [vec![2_u8; 32], vec![3; 32]]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_failed_payment_says_how_much_since_when_and_what_follows(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    assert!(payments(&cx, id).await.expect("none").rows.is_empty());
    let long = "9".repeat(41);
    let wrong = FailedPayment { reference: " ", amount: &long, failed_on: "2999-01-01" };
    let Err(Error::Invalid(errors)) = payment_failed(&cx, id, wrong).await else { panic!("accepted") };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["amount", "failed_on", "reference"], "all at once");
    let before = (cx.now() - chrono::TimeDelta::days(2)).to_rfc3339();
    payment_failed(&cx, id, FailedPayment { failed_on: &before, ..unpaid("Invoice 7") })
        .await
        .expect("noted");
    payment_failed(&cx, id, unpaid("Invoice 8")).await.expect("noted");
    payment_settled(&cx, id, " Invoice 8 ", "Card.").await.expect("settled");
    let found = payments(&cx, id).await.expect("payments");
    assert_eq!(
        found.rows.iter().map(|row| (row.reference.as_str(), row.is_open())).collect::<Vec<_>>(),
        [("Invoice 7", true), ("Invoice 8", false)]
    );
    assert_eq!(found.rows[0].amount.as_deref(), Some("120.00 EUR"));
    assert_eq!(found.rows[0].recorded_by.as_deref(), Some("Test Operator"));
    assert_eq!(found.rows[1].settled_by.as_deref(), Some("Test Operator"));
    assert_eq!(found.rows[1].settled_how.as_deref(), Some("Card."));
    // In five days it is suspended.
    let [next] = found.next.as_slice() else { panic!("{:?}", found.next) };
    assert_eq!(((next.at - cx.now()).num_hours(), next.scope, next.asked), (119, Suspension::ReadOnly, None));
    assert!(next.because.starts_with("Invoice 7 is unpaid since "), "{}", next.because);
    payment_settled(&cx, id, "Invoice 7", "Card.").await.expect("settled");
    assert!(payments(&cx, id).await.expect("payments").next.is_empty());
    let lines: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT action, reason FROM audit_entry WHERE action LIKE 'payment.%' AND result = 'done' ORDER BY seq",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    let card = || Some("Card.".to_owned());
    let said = [
        ("payment.failed".to_owned(), None),
        ("payment.failed".to_owned(), None),
        ("payment.settled".to_owned(), card()),
        ("payment.settled".to_owned(), card()),
    ];
    assert_eq!(lines, said);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_admins_of_a_tenant_see_its_payments_and_nobody_else_of_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    payment_failed(&cx, id, unpaid("Invoice 7")).await.expect("noted");
    payment_failed(&cx, other, unpaid("Invoice 7")).await.expect("a reference is one tenant’s own");
    payment_settled(&cx, other, "Invoice 7", "Card.").await.expect("settled");
    let theirs = payments(&testing::member(&services, id, Role::TenantAdmin), id).await.expect("theirs");
    assert_eq!(theirs.rows.len(), 1);
    assert!(theirs.rows[0].is_open() && theirs.rows[0].recorded_by.is_none() && !theirs.may_change);
    assert_eq!(theirs.next.len(), 1);
    for role in [Role::Success, Role::Auditor] {
        let seen = payments(&testing::platform(&services, role), id).await.expect("they may read");
        assert!(!seen.may_change);
    }
    let member = testing::member(&services, id, Role::TenantMember);
    assert!(matches!(payments(&member, id).await, Err(Error::Forbidden(_))));
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(payments(&stranger, id).await, Err(Error::NotFound)));
    let own = testing::member(&services, id, Role::TenantAdmin);
    assert!(matches!(payment_failed(&own, id, unpaid("Invoice 8")).await, Err(Error::Forbidden(_))));
    assert!(matches!(payment_settled(&own, id, "Invoice 7", "Paid.").await, Err(Error::Forbidden(_))));
    assert!(matches!(payment_settled(&stranger, id, "Invoice 7", "Paid.").await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_happens_next_follows_the_rules_and_what_was_asked_for(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (system, cx) = (services.system("lifecycle"), testing::platform(&services, Role::Operator));
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let next = async || payments(&cx, id).await.expect("payments").next;
    sql(&admin, "UPDATE tenant SET status = 'trial', trial_ends_at = now() + interval '2 days'").await;
    assert_eq!(next().await.iter().map(|next| next.rule).collect::<Vec<_>>(), [RuleKind::TrialEnded]);
    payment_failed(&cx, id, unpaid("Invoice 7")).await.expect("noted");
    assert_eq!(
        next().await.iter().map(|next| next.rule).collect::<Vec<_>>(),
        [RuleKind::TrialEnded, RuleKind::PaymentFailure],
        "the next first"
    );
    sql(&admin, "UPDATE tenant SET status = 'active'").await;
    sql(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    let [due]: [NextMove; 1] = next().await.try_into().expect("one");
    assert!(due.asked.is_none() && due.at < cx.now());
    sql(&admin, "INSERT INTO approval_rule (kind, second_person) VALUES ('suspend', 'always')").await;
    assert_eq!(tick(&system, 10).await.expect("a tick"), 1);
    let [waits]: [NextMove; 1] = next().await.try_into().expect("one");
    assert_eq!(waits.asked, Some(Asked::Approval));
    sql(&admin, "UPDATE operation SET state = 'rejected', finished_at = now()").await;
    let [rejected]: [NextMove; 1] = next().await.try_into().expect("one");
    assert_eq!((rejected.asked, (rejected.at - cx.now()).num_hours()), (None, 23), "no holds for a day");
    sql(&admin, "UPDATE lifecycle_rule SET enabled = false WHERE kind = 'payment_failure'").await;
    assert!(next().await.is_empty(), "the rule is off");
    sql(&admin, "UPDATE lifecycle_rule SET enabled = true WHERE kind = 'inactivity'").await;
    assert_eq!(next().await.iter().map(|next| next.rule).collect::<Vec<_>>(), [RuleKind::Inactivity]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn rules_are_changed_with_a_reason_on_what_is_true_now(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (system, cx) = (services.system("lifecycle"), testing::platform(&services, Role::Operator));
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    payment_failed(&cx, id, unpaid("Invoice 7")).await.expect("noted");
    sql(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    let rules = lifecycle_rules(&cx).await.expect("rules");
    assert!(rules.may_change);
    let seen: Vec<_> =
        rules.rules.iter().map(|rule| (rule.kind, rule.enabled, rule.days, rule.due)).collect();
    assert_eq!(
        seen,
        [
            (RuleKind::TrialEnded, true, 0, Some(0)),
            (RuleKind::PaymentFailure, true, 7, Some(1)),
            (RuleKind::Inactivity, false, 0, None)
        ]
    );
    let form =
        SetLifecycleRule { enabled: "on", days: "14", scope: "blocked", reason: "New terms.", version: 1 };
    let wrong = SetLifecycleRule { enabled: "", days: "-1", scope: "half", reason: " ", ..form };
    let refused = set_lifecycle_rule(&cx, RuleKind::PaymentFailure, wrong).await;
    assert!(matches!(refused, Err(Error::Invalid(errors)) if errors.0.len() == 4));
    set_lifecycle_rule(&cx, RuleKind::PaymentFailure, form).await.expect("changed");
    let stale =
        set_lifecycle_rule(&cx, RuleKind::PaymentFailure, SetLifecycleRule { days: "3", ..form }).await;
    assert!(matches!(stale, Err(Error::Conflict(why)) if why.contains("New terms.")));
    let same = set_lifecycle_rule(&cx, RuleKind::PaymentFailure, SetLifecycleRule { version: 2, ..form });
    assert!(matches!(same.await, Err(Error::Invalid(_))));
    assert_eq!(lifecycle_rules(&cx).await.expect("rules").rules[1].due, Some(0), "14 days are not over");
    assert_eq!(tick(&system, 10).await.expect("a tick"), 0, "the changed rule holds");
    // Days say nothing where a setting says them.
    let on = SetLifecycleRule { days: "", scope: "read_only", ..form };
    assert_eq!(set_lifecycle_rule(&cx, RuleKind::Inactivity, on).await.expect("on").days, 0);
    let lines: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT target, reason FROM audit_entry WHERE action = 'rule.set' AND result = 'done' ORDER BY seq",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    let said = |target: &str| (target.to_owned(), Some("New terms.".to_owned()));
    assert_eq!(lines, [said("Unpaid bill"), said("Inactivity")]);
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        assert!(!lifecycle_rules(&weak).await.expect("they may read").may_change);
        let refused = set_lifecycle_rule(&weak, RuleKind::Inactivity, form).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{role}");
    }
    let inside = testing::member(&services, id, Role::TenantAdmin);
    assert!(matches!(lifecycle_rules(&inside).await, Err(Error::Forbidden(_))));
}

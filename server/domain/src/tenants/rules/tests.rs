//! Trials that end, bills that stay unpaid, tenants that nobody uses: by rule, through the ledger, and back again.

use super::*;
use crate::operations::Runner;
use crate::testing;
use model::permission::Role;
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
    payment_failed(&cx, id, "Invoice 7").await.expect("noted");
    assert!(matches!(payment_failed(&cx, id, "Invoice 7").await, Err(Error::Invalid(_))));
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
    assert!(matches!(payment_settled(&cx, id, "Invoice 7", "Again.").await, Err(Error::NotFound)));
    crate::tenants::reinstate(&cx, id, version, "Transfer of 5 May.").await.expect("reinstated");
    assert_eq!(standing(&admin).await.0, "active");
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(payment_failed(&weak, id, "Invoice 8").await, Err(Error::Forbidden(_))));
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

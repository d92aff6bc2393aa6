//! What a rule asked for and what happened until it acts: it is looked at once more, and asked for once, however many look.

use super::*;
use crate::operations::{Runner, control};
use crate::testing;
use model::operations::{Control, State};
use model::permission::Role;
use sqlx::PgPool;

async fn sql(admin: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(admin).await.expect(statement);
}

async fn one(admin: &PgPool, query: &'static str) -> String {
    sqlx::query_scalar(query).fetch_one(admin).await.expect("one")
}

const STATE: &str = "SELECT state FROM operation ORDER BY id DESC LIMIT 1";
const ERROR: &str = "SELECT coalesce(error, '') FROM operation ORDER BY id DESC LIMIT 1";
const STATUS: &str = "SELECT status FROM tenant";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_has_paid_while_it_was_queued_is_not_suspended(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("lifecycle");
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let unpaid = FailedPayment { reference: "Invoice 7", amount: "", failed_on: "" };
    payment_failed(&cx, id, unpaid).await.expect("noted");
    sql(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    assert_eq!(tick(&system, 10).await.expect("a tick"), 1);
    // As it stands in the table: whoever settles it through the service withdraws what only waits.
    sql(&admin, "UPDATE payment_failure SET settled_at = now(), settled_how = 'Card.', settled_by = 'test'")
        .await;
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(one(&admin, STATE).await, State::Failed.as_str());
    let why = one(&admin, ERROR).await;
    assert!(why.contains("No payment of it is open any more"), "{why}");
    assert_eq!(one(&admin, STATUS).await, "active");
    // Open again, a retry acts.
    sql(&admin, "UPDATE payment_failure SET settled_at = NULL, settled_how = NULL, settled_by = NULL").await;
    let failed: model::OperationId = sqlx::query_scalar::<_, uuid::Uuid>("SELECT id FROM operation")
        .fetch_one(&admin)
        .await
        .map(model::OperationId)
        .expect("the operation");
    control(&cx, failed, Control::Retry, "").await.expect("again");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(one(&admin, STATUS).await, "suspended");
}

/// What is due is settled, and another bill is open, not for long: the rule would not ask for anything now.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_bill_that_is_not_due_yet_suspends_nobody(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("lifecycle");
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let unpaid = |reference| FailedPayment { reference, amount: "", failed_on: "" };
    payment_failed(&cx, id, unpaid("Invoice 7")).await.expect("noted");
    sql(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    assert_eq!(tick(&system, 10).await.expect("a tick"), 1);
    sql(&admin, "UPDATE payment_failure SET settled_at = now(), settled_how = 'Card.', settled_by = 'test'")
        .await;
    payment_failed(&cx, id, unpaid("Invoice 9")).await.expect("noted");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(one(&admin, STATE).await, State::Failed.as_str());
    let why = one(&admin, ERROR).await;
    assert!(why.contains("No payment of it is due: Invoice 9 is unpaid since"), "{why}");
    assert_eq!(one(&admin, STATUS).await, "active");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_has_come_back_before_somebody_approved_is_not_suspended(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("lifecycle");
    let cx = testing::platform(&services, Role::Owner);
    testing::tenant(&admin, "acme").await.expect("a tenant");
    sql(&admin, "INSERT INTO approval_rule (kind, second_person) VALUES ('suspend', 'always')").await;
    sql(&admin, "UPDATE lifecycle_rule SET enabled = true WHERE kind = 'inactivity'").await;
    sql(&admin, "UPDATE tenant SET created_at = now() - interval '400 days', status_since = now() - interval '181 days'").await;
    assert_eq!(inactive(&system).await.expect("a round"), 1);
    assert_eq!(one(&admin, STATE).await, State::Requested.as_str());
    sql(&admin, "INSERT INTO usage_day (tenant_id, meter, day, quantity) SELECT id, 'storage_bytes', current_date, 5 FROM tenant").await;
    let waits: model::OperationId = sqlx::query_scalar::<_, uuid::Uuid>("SELECT id FROM operation")
        .fetch_one(&admin)
        .await
        .map(model::OperationId)
        .expect("the operation");
    control(&cx, waits, Control::Approve, "Nobody is there.").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(one(&admin, STATE).await, State::Failed.as_str());
    let why = one(&admin, ERROR).await;
    assert!(why.contains("It was last used on"), "{why}");
    assert_eq!(one(&admin, STATUS).await, "active");
}

/// A person who suspends for the same reason has looked for themselves.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_person_decides_is_not_looked_at_again(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let form = crate::tenants::Suspend {
        code: "inactivity",
        note: "They said that they are gone.",
        scope: "read_only",
        message: "",
    };
    crate::tenants::suspend(&cx, id, 1, form).await.expect("suspended");
    assert_eq!(one(&admin, STATUS).await, "suspended");
}

/// Two processes look at the same moment; both see that it is due, one asks.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn of_two_that_see_it_due_at_once_one_asks(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("lifecycle");
    testing::tenant(&admin, "acme").await.expect("a tenant");
    sql(&admin, "INSERT INTO approval_rule (kind, second_person) VALUES ('suspend', 'always')").await;
    sql(&admin, "UPDATE tenant SET status = 'trial', trial_ends_at = now() - interval '1 s'").await;
    // Whoever decides waits here; both have seen by then that it is due.
    let mut held = admin.begin().await.expect("begun");
    sqlx::query("SELECT FROM tenant FOR UPDATE").execute(&mut *held).await.expect("held");
    let ticks: Vec<_> = (0..2)
        .map(|_| {
            let system = system.clone();
            tokio::spawn(async move { tick(&system, 10).await })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    held.commit().await.expect("let go");
    let mut asked = 0;
    for tick in ticks {
        asked += tick.await.expect("no panic").expect("a tick");
    }
    assert_eq!(asked, 1);
    assert_eq!(one(&admin, "SELECT count(*)::text FROM operation").await, "1");
    assert_eq!(one(&admin, STATE).await, State::Requested.as_str());
}

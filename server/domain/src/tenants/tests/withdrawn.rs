//! What a rule has asked for and still waits for a second person is taken back where its cause is gone (R9, R78); what a
//! person has asked for stays.

use super::operator;
use crate::operations::{self, SetRule, control};
use crate::tenants::rules::{self, FailedPayment, payment_failed, payment_settled};
use crate::tenants::{Suspend, by_slug, convert_trial, extend_trial, suspend};
use crate::{Ctx, Error, Services, testing};
use model::operations::{Control, Kind, State};
use model::permission::Role;
use model::tenants::Status;
use model::{OperationId, TenantId};
use sqlx::PgPool;

/// A tenant; suspensions wait for a second person.
async fn site(admin: &PgPool) -> (Services, Ctx, TenantId) {
    let (services, cx) = operator(admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let always = SetRule { whom: "everybody", some: &[], reason: "Four eyes.", version: 0 };
    operations::set_approval_rule(&owner, Kind::Suspend, always).await.expect("set");
    let id = testing::tenant(admin, "acme").await.expect("a tenant");
    (services, cx, id)
}

async fn run(admin: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(admin).await.expect(statement);
}

async fn version(cx: &Ctx) -> i64 {
    by_slug(cx, "acme").await.expect("the tenant").version
}

/// What waits, the newest last.
async fn waiting(admin: &PgPool) -> Vec<OperationId> {
    sqlx::query_scalar("SELECT id FROM operation WHERE state = 'requested' ORDER BY id")
        .fetch_all(admin)
        .await
        .expect("operations")
}

/// It is called off, says why to whoever looks, and nobody lets it begin any more.
async fn gone(admin: &PgPool, services: &Services, id: OperationId, why: &str) {
    let owner = testing::platform(services, Role::Owner);
    let found = operations::get(&owner, id).await.expect("it");
    assert_eq!(found.row.state, State::Cancelled);
    let said = format!("Withdrawn: {why}");
    assert!(found.log.iter().any(|line| line.message == said), "{:?}", found.log);
    let late = control(&owner, id, Control::Approve, "").await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let line: Option<String> = sqlx::query_scalar(
        "SELECT reason FROM audit_entry WHERE action = 'operation.cancel' AND result = 'done' AND after->>'operation' = $1",
    )
    .bind(id.to_string())
    .fetch_one(admin)
    .await
    .expect("a line");
    assert_eq!(line.as_deref(), Some(why));
}

const OVER: &str = "UPDATE tenant SET status = 'trial', trial_ends_at = now() - interval '1 second'";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_trial_that_is_extended_takes_back_its_suspension(admin: PgPool) {
    let (services, cx, id) = site(&admin).await;
    run(&admin, OVER).await;
    assert_eq!(rules::tick(&services.system("lifecycle"), 10).await.expect("a tick"), 1);
    let asked = waiting(&admin).await.pop().expect("it");
    // Refused, an extension takes nothing back.
    assert!(extend_trial(&cx, id, version(&cx).await, "+14", " ").await.is_err());
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(
        extend_trial(&weak, id, version(&cx).await, "+14", "x").await,
        Err(Error::Forbidden(_))
    ));
    assert_eq!(waiting(&admin).await, [asked]);
    extend_trial(&cx, id, version(&cx).await, "+14", "They sign next week.").await.expect("extended");
    gone(&admin, &services, asked, "Its trial was extended.").await;
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Trial);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_trial_that_is_converted_takes_it_back_too(admin: PgPool) {
    let (services, cx, id) = site(&admin).await;
    run(&admin, OVER).await;
    assert_eq!(rules::tick(&services.system("lifecycle"), 10).await.expect("a tick"), 1);
    let asked = waiting(&admin).await.pop().expect("it");
    convert_trial(&cx, id, version(&cx).await, "They signed.").await.expect("converted");
    gone(&admin, &services, asked, "It was made a customer.").await;
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Active);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_last_bill_that_is_settled_takes_it_back_and_one_of_several_does_not(admin: PgPool) {
    let (services, cx, id) = site(&admin).await;
    let failed = async |reference: &'static str| {
        let failed = FailedPayment { reference, amount: "120.00 EUR", failed_on: "" };
        payment_failed(&cx, id, failed).await.expect("noted");
    };
    failed("Invoice 7").await;
    failed("Invoice 8").await;
    run(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    failed("Invoice 9").await;
    assert_eq!(rules::tick(&services.system("lifecycle"), 10).await.expect("a tick"), 1);
    let asked = waiting(&admin).await.pop().expect("it");
    payment_settled(&cx, id, "Invoice 7", "Card.").await.expect("settled");
    assert_eq!(waiting(&admin).await, [asked], "another one is due");
    payment_settled(&cx, id, "Invoice 8", "Card.").await.expect("settled");
    // Invoice 9 is open, and has its days still.
    gone(&admin, &services, asked, "Invoice 8 is settled, and no other payment is due.").await;
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Active);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_person_asked_for_and_what_is_about_something_else_stays(admin: PgPool) {
    let (services, cx, id) = site(&admin).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let failed = FailedPayment { reference: "Invoice 7", amount: "", failed_on: "" };
    payment_failed(&cx, id, failed).await.expect("noted");
    payment_failed(&cx, other, failed).await.expect("noted");
    run(&admin, "UPDATE payment_failure SET failed_at = now() - interval '8 days'").await;
    let form = Suspend { code: "payment_failure", note: "Unpaid.", scope: "read_only", message: "" };
    let by_hand = suspend(&cx, id, version(&cx).await, form).await.expect("asked");
    assert_eq!(by_hand.state, State::Requested);
    assert_eq!(rules::tick(&services.system("lifecycle"), 10).await.expect("a tick"), 1, "the other one");
    payment_settled(&cx, id, "Invoice 7", "Card.").await.expect("settled");
    assert_eq!(waiting(&admin).await.len(), 2, "a person decides about what a person has asked for");
    // The end of a trial is no answer to a bill.
    run(&admin, "UPDATE tenant SET status = 'trial', trial_ends_at = now() WHERE slug = 'other'").await;
    let at = by_slug(&cx, "other").await.expect("the tenant").version;
    extend_trial(&cx, other, at, "+14", "They sign next week.").await.expect("extended");
    assert_eq!(waiting(&admin).await.len(), 2);
}

//! The end of a trial by hand (R9): a customer is left alone by the rule, a longer trial is told of again before it ends,
//! and nobody does either who may not.

use super::operator;
use crate::operations::{self, Runner, SetRule, control};
use crate::tenants::{by_slug, convert_trial, extend_trial, head, reinstate, rules, trial_head};
use crate::{Ctx, Error, Services, testing};
use chrono::{DateTime, TimeDelta, Utc};
use model::operations::{Control, Kind, State};
use model::permission::{Actor, Role};
use model::tenants::Status;
use model::{OperationId, TenantId, UserId};
use sqlx::PgPool;

async fn on_trial(admin: &PgPool, ends_in: &str) -> TenantId {
    let id = testing::tenant(admin, "acme").await.expect("a tenant");
    ends(admin, ends_in).await;
    id
}

async fn ends(admin: &PgPool, ends_in: &str) {
    sqlx::query("UPDATE tenant SET status = 'trial', trial_ends_at = now() + $1::text::interval")
        .bind(ends_in)
        .execute(admin)
        .await
        .expect("a trial");
}

async fn version(cx: &Ctx) -> i64 {
    by_slug(cx, "acme").await.expect("the tenant").version
}

async fn told(admin: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT event FROM notification WHERE event LIKE 'tenant.%' ORDER BY id")
        .fetch_all(admin)
        .await
        .expect("notices")
}

/// Action, reason, and status and end before and after, of the newest line about it.
async fn newest_line(admin: &PgPool) -> (String, Option<String>, [Option<String>; 4]) {
    type Word = Option<String>;
    let (action, reason, a, b, c, d) = sqlx::query_as::<_, (String, Word, Word, Word, Word, Word)>(
        "SELECT action, reason, before->>'status', after->>'status', before->>'trial_ends_at', after->>'trial_ends_at'
        FROM audit_entry WHERE action LIKE 'tenant.%' AND result = 'done' ORDER BY at DESC, seq DESC LIMIT 1",
    )
    .fetch_one(admin)
    .await
    .expect("a line");
    (action, reason, [a, b, c, d])
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn converted_before_its_end_it_is_a_customer_and_the_rule_leaves_it_alone(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let system = services.system("lifecycle");
    let id = on_trial(&admin, "2 days").await;
    rules::tick(&system, 10).await.expect("a tick");
    let asked = convert_trial(&cx, id, version(&cx).await, " Contract of 3 May. ").await.expect("converted");
    assert_eq!(asked.state, State::Succeeded);
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.status, tenant.trial_ends_at), (Status::Active, None));
    let (action, reason, [was, is, ended, ends]) = newest_line(&admin).await;
    assert_eq!((action.as_str(), reason.as_deref()), ("tenant.convert_trial", Some("Contract of 3 May.")));
    assert_eq!((was.as_deref(), is.as_deref()), (Some("trial"), Some("active")));
    assert!(ended.is_some() && ends.is_none());
    assert_eq!(told(&admin).await, ["tenant.trial_ending", "tenant.trial_converted"]);
    let inside: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notification WHERE data::text LIKE '%Contract%'")
            .fetch_one(&admin)
            .await
            .expect("a count");
    assert_eq!(inside, 0, "what is noted inside stays inside");
    assert_eq!(rules::tick(&system, 10).await.expect("a tick"), 0, "no day ends it");
    let again = convert_trial(&cx, id, version(&cx).await, "Again.").await;
    assert!(matches!(again, Err(Error::Conflict(why)) if why.contains("only one on trial can")));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn extended_it_is_told_again_before_it_ends_and_ends_then(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let system = services.system("lifecycle");
    let id = on_trial(&admin, "2 days").await;
    rules::tick(&system, 10).await.expect("a tick");
    rules::tick(&system, 10).await.expect("a tick");
    assert_eq!(told(&admin).await, ["tenant.trial_ending"], "told once");
    let at = version(&cx).await;
    let ends_at = extend_trial(&cx, id, at, "+30", "They wait for their board.").await.expect("extended");
    let tenant = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((tenant.status, tenant.trial_ends_at, tenant.version), (Status::Trial, Some(ends_at), at + 1));
    let (action, reason, [.., was, is]) = newest_line(&admin).await;
    assert_eq!(
        (action.as_str(), reason.as_deref()),
        ("tenant.extend_trial", Some("They wait for their board."))
    );
    assert!(was.is_some() && is.is_some() && was != is);
    rules::tick(&system, 10).await.expect("a tick");
    assert_eq!(told(&admin).await, ["tenant.trial_ending", "tenant.trial_extended"], "not yet");
    // Its new end comes near.
    ends(&admin, "3 days -1 second").await;
    rules::tick(&system, 10).await.expect("a tick");
    rules::tick(&system, 10).await.expect("a tick");
    let all = ["tenant.trial_ending", "tenant.trial_extended", "tenant.trial_ending"];
    assert_eq!(told(&admin).await, all, "told again, once");
    ends(&admin, "-1 second").await;
    assert_eq!(rules::tick(&system, 10).await.expect("a tick"), 1);
    Runner::new(services.clone()).drain().await.expect("run");
    let head = head(&cx, "acme").await.expect("a head");
    assert_eq!((head.tenant.status, head.by_rule), (Status::Suspended, Some(true)));
    assert_eq!(head.pressing().as_deref(), Some("P1 · by rule"));
    reinstate(&cx, id, head.tenant.version, "They signed.").await.expect("reinstated");
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Active);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_day_that_is_none_or_too_far_or_no_extension_is_refused_at_its_field(admin: PgPool) {
    let (_, cx) = operator(&admin).await;
    let id = on_trial(&admin, "20 days").await;
    let at = version(&cx).await;
    let today: DateTime<Utc> = cx.now();
    let yesterday = (today - TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    for day in ["", "soon", "+91", "+10", "2026-02-30", yesterday.as_str()] {
        let Err(Error::Invalid(errors)) = extend_trial(&cx, id, at, day, "why").await else {
            panic!("{day} is taken")
        };
        assert!(errors.get("day").is_some() && errors.get("reason").is_none(), "{day}");
    }
    let Err(Error::Invalid(errors)) = extend_trial(&cx, id, at, "+0", " ").await else { panic!("refused") };
    assert!(errors.get("day").is_some() && errors.get("reason").is_some(), "all at once");
    let silent = convert_trial(&cx, id, at, " ").await;
    assert!(matches!(silent, Err(Error::Invalid(errors)) if errors.get("reason").is_some()));
    assert_eq!((version(&cx).await, told(&admin).await.len()), (at, 0), "nothing was done");
    extend_trial(&cx, id, at, "+90", "The last day there is.").await.expect("extended");
    let stale = extend_trial(&cx, id, at, "+90", "Again.").await;
    assert!(
        matches!(stale, Err(Error::Conflict(why)) if why.starts_with("Test Operator extended its trial on "))
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn weaker_roles_and_strangers_decide_about_no_trial(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = on_trial(&admin, "5 days").await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let weak = [
        testing::platform(&services, Role::Success),
        testing::platform(&services, Role::Auditor),
        testing::member(&services, id, Role::TenantAdmin),
    ];
    for cx in &weak {
        assert!(matches!(convert_trial(cx, id, 1, "x").await, Err(Error::Forbidden(_))));
        assert!(matches!(extend_trial(cx, id, 1, "+30", "x").await, Err(Error::Forbidden(_))));
        assert!(matches!(trial_head(cx, "acme").await, Err(Error::Forbidden(_))));
    }
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(convert_trial(&stranger, id, 1, "x").await, Err(Error::NotFound)));
    assert!(matches!(extend_trial(&stranger, id, 1, "+30", "x").await, Err(Error::NotFound)));
    assert!(matches!(trial_head(&stranger, "acme").await, Err(Error::NotFound)));
    assert_eq!(trial_head(&cx, "acme").await.expect("a head").tenant.version, 1, "nothing was done");
    let active = extend_trial(&cx, other, 1, "+30", "x").await;
    assert!(matches!(active, Err(Error::Conflict(why)) if why.contains("only one on trial can")));
}

/// The suspension is approved and waits for its turn, and meanwhile somebody decides otherwise: it does nothing.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_the_rule_asked_for_suspends_nobody_whose_trial_is_not_over(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let (system, owner) = (services.system("lifecycle"), testing::platform(&services, Role::Owner));
    let always = SetRule { whom: "everybody", some: &[], reason: "Four eyes.", version: 0 };
    operations::set_approval_rule(&owner, Kind::Suspend, always).await.expect("set");
    let id = on_trial(&admin, "-1 second").await;
    assert_eq!(rules::tick(&system, 10).await.expect("a tick"), 1);
    let waits: uuid::Uuid = sqlx::query_scalar("SELECT id FROM operation WHERE state = 'requested'")
        .fetch_one(&admin)
        .await
        .expect("it");
    control(&owner, OperationId(waits), Control::Approve, "").await.expect("approved");
    extend_trial(&cx, id, version(&cx).await, "+14", "They sign next week.").await.expect("extended");
    Runner::new(services.clone()).drain().await.expect("run");
    let ended = operations::get(&cx, OperationId(waits)).await.expect("it");
    assert_eq!(ended.row.state, State::Failed);
    assert!(ended.row.error.is_some_and(|why| why.contains("Its trial is not over")));
    convert_trial(&cx, id, version(&cx).await, "They signed.").await.expect("converted");
    control(&owner, OperationId(waits), Control::Retry, "").await.expect("again");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Active);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn with_a_rule_on_it_a_conversion_waits_for_a_second_person(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let owner = testing::platform(&services, Role::Owner);
    let always = SetRule { whom: "everybody", some: &[], reason: "Four eyes.", version: 0 };
    operations::set_approval_rule(&owner, Kind::ConvertTrial, always).await.expect("set");
    let id = on_trial(&admin, "5 days").await;
    let asked = convert_trial(&cx, id, version(&cx).await, "They signed.").await.expect("asked for");
    assert_eq!(asked.state, State::Requested);
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Trial);
    let Actor::User { name, email, platform, memberships, .. } = cx.actor().clone() else {
        panic!("a person")
    };
    let id = UserId(uuid::Uuid::from_u128(9));
    let second = services.ctx(Actor::User { id, name, email, platform, memberships }, "second");
    control(&second, asked.id, Control::Approve, "").await.expect("approved");
    Runner::new(services.clone()).drain().await.expect("run");
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Active);
}

async fn taken_back(admin: &PgPool, services: &Services, id: OperationId) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "UPDATE operation_step SET state = 'done' WHERE operation_id = '{id}';
         UPDATE operation SET state = 'undoing', ends_as = 'rolled_back', lease_until = NULL WHERE id = '{id}'"
    )))
    .execute(admin)
    .await
    .expect("turned");
    Runner::new(services.clone()).drain().await.expect("run");
}

/// Taken back, it is the trial that it was, to the second, whatever else was changed since; a later conversion is another's.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_conversion_that_is_taken_back_leaves_the_end_that_there_was(admin: PgPool) {
    let (services, cx) = operator(&admin).await;
    let id = on_trial(&admin, "5 days").await;
    let before = by_slug(&cx, "acme").await.expect("the tenant");
    let asked = convert_trial(&cx, id, before.version, "They signed.").await.expect("converted");
    sqlx::query("UPDATE tenant SET version = version + 1")
        .execute(&admin)
        .await
        .expect("its details changed");
    taken_back(&admin, &services, asked.id).await;
    let after = by_slug(&cx, "acme").await.expect("the tenant");
    assert_eq!((after.status, after.trial_ends_at), (Status::Trial, before.trial_ends_at));
    assert_eq!(newest_line(&admin).await.0, "tenant.convert_trial_undone");
    convert_trial(&cx, id, after.version, "They signed after all.").await.expect("converted");
    taken_back(&admin, &services, asked.id).await;
    assert_eq!(by_slug(&cx, "acme").await.expect("the tenant").status, Status::Active);
}

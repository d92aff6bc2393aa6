//! A version for one tenant, asked for by a person: an operation, which waits its turn, can be repeated, and is refused
//! before anything is written.

use super::{audited, count, site};
use crate::error::Error;
use crate::operations::{self, Runner};
use crate::templates::*;
use crate::testing;
use model::operations::{Kind, State};
use model::permission::Role;
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn applying_to_one_is_an_operation_in_the_name_of_whoever_asked(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let asked = request_apply(&cx, acme, "voice-sales", 1, " They sell now. ").await.expect("asked");
    assert_eq!((asked.state, asked.tenant, asked.repeated), (State::Queued, acme, false));
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 0, "nothing is changed yet");
    assert_eq!((audited(&admin, "operation.request").await, audited(&admin, "template.apply").await), (1, 0));
    let worker = Runner::new(cx.services().clone());
    assert_eq!(worker.drain().await.expect("work"), 1);
    let done = operations::get(&cx, asked.id).await.expect("the operation");
    assert_eq!((done.row.kind, done.row.state), (Kind::ApplyTemplate, State::Succeeded));
    assert_eq!(done.reason.as_deref(), Some("They sell now."));
    let (by, reason, operation): (String, String, uuid::Uuid) =
        sqlx::query_as("SELECT applied_by, reason, operation_id FROM template_application")
            .fetch_one(&admin)
            .await
            .expect("a row");
    assert_eq!((by.as_str(), reason.as_str(), operation), ("Test Operator", "They sell now.", asked.id.0));
    assert_eq!(audited(&admin, "template.apply").await, 1);
    // Asked for again, nothing is left to do, and its operation says so.
    let again = request_apply(&cx, acme, "voice-sales", 1, "").await.expect("asked");
    worker.drain().await.expect("work");
    let done = operations::get(&cx, again.id).await.expect("the operation");
    assert_eq!(done.steps[0].output.as_ref().map(|said| said["was_so_already"].clone()), Some(true.into()));
    assert_eq!(audited(&admin, "template.apply").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn two_at_once_are_done_one_after_the_other(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let (a, b) = tokio::join!(
        request_apply(&cx, acme, "baseline", 1, ""),
        request_apply(&cx, acme, "voice-sales", 1, "")
    );
    let (a, b) = (a.expect("asked"), b.expect("asked"));
    sqlx::query(
        "UPDATE operation SET state = 'running', lease_until = now() + interval '1 hour' WHERE id = $1",
    )
    .bind(a.id)
    .execute(&admin)
    .await
    .expect("at work");
    let worker = Runner::new(cx.services().clone());
    assert_eq!(worker.drain().await.expect("work"), 0, "the second waits for the first");
    sqlx::query("UPDATE operation SET lease_until = now() - interval '1 s' WHERE id = $1")
        .bind(a.id)
        .execute(&admin)
        .await
        .expect("given back");
    assert_eq!(worker.drain().await.expect("work"), 2);
    for asked in [a, b] {
        let row = operations::get(&cx, asked.id).await.expect("the operation").row;
        assert_eq!(row.state, State::Succeeded, "{:?}", row.error);
    }
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant_template").await, 1);
    assert_eq!(count(&admin, "SELECT count(*) FROM template_application").await, 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_key_makes_a_repetition_the_same_operation(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let once = cx.with_key("key-1", b"baseline.1".to_vec());
    let first = request_apply(&once, acme, "baseline", 1, "").await.expect("asked");
    let again = request_apply(&once, acme, "baseline", 1, "").await.expect("asked again");
    assert_eq!((again.id, again.repeated), (first.id, true));
    let other = cx.with_key("key-1", b"voice-sales.1".to_vec());
    assert!(matches!(request_apply(&other, acme, "voice-sales", 1, "").await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM operation").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_cannot_be_applied_is_refused_before_it_is_an_operation(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let services = cx.services().clone();
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        let refused = request_apply(&weak, acme, "baseline", 1, "").await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{role}");
    }
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    assert!(matches!(request_apply(&inside, acme, "baseline", 1, "").await, Err(Error::Forbidden(_))));
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let stranger = testing::member(&services, other, Role::TenantAdmin);
    assert!(matches!(request_apply(&stranger, acme, "baseline", 1, "").await, Err(Error::NotFound)));
    for (key, version) in [("baseline", 9), ("none", 1)] {
        assert!(matches!(request_apply(&cx, acme, key, version, "").await, Err(Error::NotFound)), "{key}");
    }
    let long = "x".repeat(1_001);
    let refused = request_apply(&cx, acme, "baseline", 1, &long).await;
    assert!(matches!(refused, Err(Error::Invalid(fields)) if fields.get("reason").is_some()));
    assert_eq!(begin_draft(&cx, "regulated", 1).await.expect("a draft"), 2);
    let refused = request_apply(&cx, acme, "regulated", 2, "").await;
    assert!(matches!(refused, Err(Error::Conflict(why)) if why.contains("draft")));
    apply_to(&cx, other, "voice-sales", 1, "").await.expect("applied");
    deprecate(&cx, "voice-sales", 1, "Too loud").await.expect("deprecated");
    let refused = request_apply(&cx, acme, "voice-sales", 1, "").await;
    assert!(matches!(refused, Err(Error::Conflict(why)) if why.contains("deprecated")));
    assert_eq!(count(&admin, "SELECT count(*) FROM operation").await, 0);
    request_apply(&cx, other, "voice-sales", 1, "").await.expect("who is on it may be repaired");
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE id = $1")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("gone");
    assert!(matches!(request_apply(&cx, acme, "baseline", 1, "").await, Err(Error::Conflict(_))));
    assert_eq!(count(&admin, "SELECT count(*) FROM operation").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn beside_one_that_waits_for_a_second_person_no_other_is_asked_for(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    sqlx::query("INSERT INTO approval_rule (kind, second_person) VALUES ('apply_template', 'always')")
        .execute(&admin)
        .await
        .expect("a rule");
    let asked = request_apply(&cx, acme, "baseline", 1, "").await.expect("asked");
    assert_eq!(asked.state, State::Requested);
    let again = request_apply(&cx, acme, "voice-sales", 1, "").await;
    assert!(matches!(again, Err(Error::Conflict(why)) if why.contains("waits for a second person")));
    assert_eq!(count(&admin, "SELECT count(*) FROM operation").await, 1);
}

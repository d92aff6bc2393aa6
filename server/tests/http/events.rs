//! Pages that follow an operation: what they are told, who is, and that no stream outlives its session.

use crate::site::{Site, get};
use axum::http::StatusCode;
use domain::operations::{Runner, request_provision};
use domain::testing;
use model::OperationId;
use model::operations::ProvisionRequest;
use model::permission::Role;
use model::tenants::PlanId;
use sqlx::PgPool;
use std::time::{Duration, Instant};

async fn asked_for(site: &Site, slug: &str) -> OperationId {
    let cx = testing::platform(&site.services, Role::Operator);
    let asked = ProvisionRequest { slug: slug.into(), ..ProvisionRequest::named(slug, PlanId::Free) };
    request_provision(&cx, asked, None).await.expect("asked").id
}

fn watch(id: OperationId) -> crate::site::Call {
    get(&format!("/operations/{id}/events?since=0")).with("accept", "text/event-stream")
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_page_hears_of_its_operation_until_it_ends(admin: PgPool) {
    let site = Site::new(admin).await;
    let id = asked_for(&site, "acme").await;
    let owner = site.signed_in(Role::Owner, None).await;
    let work = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Runner::new(site.services.clone()).finish(id, Duration::from_secs(30)).await.expect("finished");
    };
    let (answer, ()) = tokio::join!(site.send(watch(id).by(&owner)), work);
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/event-stream"));
    assert_eq!(answer.header("x-accel-buffering"), "no");
    let first = answer.body.find("event: change\n").expect("told how it stands");
    let last = answer.body.find("event: end\n").expect("told that it ended");
    assert!(first < last && answer.body.contains("retry: 1000\n"), "{}", answer.body);
    assert!(answer.body.contains("data: Queued, 0 of 13 steps done."), "{}", answer.body);
    assert!(answer.body.contains("data: Succeeded, 13 of 13 steps done."), "{}", answer.body);

    // What has ended is told at once, and once.
    let begin = Instant::now();
    let again = site.send(watch(id).by(&owner)).await;
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!((again.body.matches("event: ").count(), again.body.matches("event: end").count()), (1, 1));
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn nobody_follows_what_they_may_not_see(admin: PgPool) {
    let site = Site::new(admin).await;
    let id = asked_for(&site, "acme").await;
    let nobody = site.send(watch(id)).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "no page to sign in on: it would be read as events");
    let other = site.tenant("other").await;
    let stranger = site.signed_in(Role::TenantAdmin, Some(other)).await;
    assert_eq!(site.send(watch(id).by(&stranger)).await.status, StatusCode::NOT_FOUND);
    let owner = site.signed_in(Role::Owner, None).await;
    let missing = OperationId(uuid::Uuid::nil());
    assert_eq!(site.send(watch(missing).by(&owner)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.send(get("/operations/x/events").by(&owner)).await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_stream_ends_with_its_session_and_does_not_prolong_it(admin: PgPool) {
    let site = Site::new(admin).await;
    let id = asked_for(&site, "acme").await;
    let owner = site.signed_in(Role::Owner, None).await;
    sqlx::query("UPDATE session SET last_seen_at = now() - interval '5 minutes'")
        .execute(&site.admin)
        .await
        .expect("nobody has used it for a while");
    // The process has forgotten whom it knew.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let revoke = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let unused = "SELECT count(*) FROM session WHERE last_seen_at < now() - interval '4 minutes'";
        assert_eq!(site.count(unused).await, 1, "to be told is not to use");
        sqlx::query("UPDATE session SET revoked_at = now()").execute(&site.admin).await.expect("revoked");
    };
    let begin = Instant::now();
    let (answer, ()) = tokio::join!(site.send(watch(id).by(&owner)), revoke);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.body.contains("event: end"), "it goes on, without this reader");
    // By itself a stream ends after 15 s. (How soon it sees it is what its constants say; a test has no clock for that.)
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(site.send(watch(id).by(&owner)).await.status, StatusCode::UNAUTHORIZED);
}

/// R79: whom this process signs out hears nothing more after a second, whatever the operation waits for.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_stream_ends_soon_after_a_session_that_is_ended_here(admin: PgPool) {
    let site = Site::new(admin).await;
    let id = asked_for(&site, "acme").await;
    // Where nothing moves the ledger is looked into rarely; the session is not.
    sqlx::query("UPDATE operation SET state = 'requested'").execute(&site.admin).await.expect("it waits");
    let owner = site.signed_in(Role::Owner, None).await;
    let user: uuid::Uuid = sqlx::query_scalar("SELECT user_id FROM session")
        .fetch_one(&site.admin)
        .await
        .expect("whose session it is");
    let end = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let cx = testing::platform(&site.services, Role::Owner);
        assert_eq!(domain::users::end_sessions(&cx, model::UserId(user)).await.expect("ended"), 1);
        Instant::now()
    };
    let watched = async { (site.send(watch(id).by(&owner)).await, Instant::now()) };
    let ((answer, over), ended) = tokio::join!(watched, end);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(over.duration_since(ended) < Duration::from_secs(8), "{:?}", over.duration_since(ended));
}

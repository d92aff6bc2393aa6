//! Whatever is parked waits for a person: those who run the platform are told, once, and its tenant is not.

use super::every::Case;
use super::*;

/// Event and the state in its data, of every notice that is about an operation.
async fn told(admin: &PgPool) -> Vec<(String, Option<String>)> {
    sqlx::query_as(
        "SELECT event, data->>'state' FROM notification WHERE event LIKE 'operation.%' ORDER BY id",
    )
    .fetch_all(admin)
    .await
    .expect("notices")
}

/// Every kind that works on a tenant, asked for in a form that this server does not know.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_operation_of_any_kind_that_is_parked_tells_the_operators(admin: PgPool) {
    let case = Case::Suspend;
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let mut asked = 0;
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Bulk) {
        let id = case.begin(&services).await;
        sqlx::query("UPDATE operation SET kind = $2, payload_version = 99 WHERE id = $1")
            .bind(id)
            .bind(kind.as_str())
            .execute(&admin)
            .await
            .expect("from the future");
        let ended = Runner::new(services.clone()).finish(id, Duration::from_secs(30)).await.expect("run");
        assert_eq!(ended, State::Parked, "{kind:?}");
        asked += 1;
        let told = told(&admin).await;
        assert_eq!(told.len(), asked, "{kind:?}");
        let needs = ("operation.needs_operator".to_owned(), Some("parked".to_owned()));
        assert!(told.iter().all(|notice| *notice == needs), "{told:?}");
    }
    let lines: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = 'operation.parked'")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(usize::try_from(lines).expect("small"), asked);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn so_does_one_of_a_kind_that_only_a_newer_server_knows(admin: PgPool) {
    let case = Case::Suspend;
    case.prepare(&admin).await;
    let services = testing::services(&admin).await;
    let id = case.begin(&services).await;
    sqlx::query("UPDATE operation SET kind = 'teleport'").execute(&admin).await.expect("from the future");
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 0);
    assert_eq!(state(&admin, id).await, State::Parked);
    assert_eq!(Runner::new(services).drain().await.expect("run"), 0);
    assert_eq!(told(&admin).await, [("operation.needs_operator".to_owned(), Some("parked".to_owned()))]);
    let lines: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = 'operation.parked'")
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(lines, 1);
}

//! Several processes on one database, each with pools and caches of its own: what one of them does to a tenant's access
//! holds on the others within 5 s, on itself within 1 s (R79, ASVS 8.3.2).

use crate::site::{Answer, Call, PASSWORD, Site, get};
use axum::http::StatusCode;
use domain::tenants::Suspend;
use domain::testing;
use model::UserId;
use model::permission::Role;
use sqlx::PgPool;
use std::time::{Duration, Instant};

const HERE: Duration = Duration::from_secs(1);
const ELSEWHERE: Duration = Duration::from_secs(5);

/// Asks until the answer is as it has to be: what is asked after `within` must be so.
async fn soon(
    site: &Site,
    call: impl Fn() -> Call,
    fine: impl Fn(StatusCode) -> bool,
    within: Duration,
    what: &str,
) -> Answer {
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        let answer = site.send(call()).await;
        if fine(answer.status) {
            return answer;
        }
        assert!(asked < within, "{what}: still {} when asked after {asked:?}", answer.status);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn page(slug: &str, token: &str) -> Call {
    get(&format!("/tenants/{slug}")).by(token)
}

fn program(key: &str) -> Call {
    get("/api/v1/tenant").with("authorization", &format!("Bearer {key}"))
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_suspension_on_one_process_closes_pages_and_api_on_the_other(admin: PgPool) {
    let here = Site::new(admin.clone()).await;
    let there = Site::new(admin).await;
    let (acme, other) = (here.tenant("acme").await, here.tenant("other").await);
    // Ada belongs to this tenant alone, so that her session ends with it; Bo has a place elsewhere and keeps his.
    here.person("ada@example.com", Role::TenantAdmin, Some(acme)).await;
    here.person("bo@example.com", Role::TenantAdmin, Some(acme)).await;
    let bo: uuid::Uuid = sqlx::query_scalar("SELECT id FROM user_account WHERE email = 'bo@example.com'")
        .fetch_one(&here.admin)
        .await
        .expect("a person");
    let system = here.services.system("test");
    domain::users::add_member(&system, other, UserId(bo), Role::TenantAdmin).await.expect("a second place");
    let ada = here.sign_in("ada@example.com").await;
    let bo = there.sign_in("bo@example.com").await;
    let key = domain::api_keys::create(&system, acme, "connector", "read_write").await.expect("a key").text;

    // Both processes know everybody by now, and have them in their caches.
    for site in [&here, &there] {
        for call in [page("acme", &ada), page("acme", &bo), page("other", &bo), program(&key)] {
            assert_eq!(site.send(call).await.status, StatusCode::OK, "the positive control");
        }
    }

    let operator = testing::platform(&here.services, Role::Operator);
    let version = here.count("SELECT version FROM tenant WHERE slug = 'acme'").await;
    let form = Suspend { code: "security_incident", note: "A key leaked.", scope: "blocked", message: "" };
    domain::tenants::suspend(&operator, acme, version, form).await.expect("suspended");

    let refused = |status: StatusCode| status != StatusCode::OK;
    let (ada_here, bo_here, api_here, ada_there, bo_there, api_there) = tokio::join!(
        soon(&here, || page("acme", &ada), refused, HERE, "Ada's page here"),
        soon(&here, || page("acme", &bo), refused, HERE, "Bo's page here"),
        soon(&here, || program(&key), refused, HERE, "the API here"),
        soon(&there, || page("acme", &ada), refused, ELSEWHERE, "Ada's page elsewhere"),
        soon(&there, || page("acme", &bo), refused, ELSEWHERE, "Bo's page elsewhere"),
        soon(&there, || program(&key), refused, ELSEWHERE, "the API elsewhere"),
    );
    let told = [
        (bo_here, "Bo here"),
        (bo_there, "Bo elsewhere"),
        (api_here, "the API here"),
        (api_there, "the API elsewhere"),
    ];
    for (answer, what) in told {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}");
        assert!(answer.body.contains("uspended") || answer.body.contains("no access"), "{what} says why");
    }
    for answer in [ada_here, ada_there] {
        assert!(
            answer.status == StatusCode::FORBIDDEN || answer.header("location").starts_with("/sign-in"),
            "Ada is put out: {}",
            answer.status
        );
    }
    for site in [&here, &there] {
        assert_eq!(site.send(page("other", &bo)).await.status, StatusCode::OK, "what is elsewhere stays");
        let fields = format!("email=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
        let answer = site.send(crate::site::form("/sign-in", "sign_in", &fields)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "nor does she come in anew");
    }

    // And back, from the other process.
    let operator = testing::platform(&there.services, Role::Operator);
    domain::tenants::reinstate(&operator, acme, version + 1, "The key is revoked.")
        .await
        .expect("reinstated");
    let open = |status: StatusCode| status == StatusCode::OK;
    tokio::join!(
        soon(&there, || page("acme", &bo), open, HERE, "Bo's page where it was reinstated"),
        soon(&there, || program(&key), open, HERE, "the API where it was reinstated"),
        soon(&here, || page("acme", &bo), open, ELSEWHERE, "Bo's page elsewhere"),
        soon(&here, || program(&key), open, ELSEWHERE, "the API elsewhere"),
    );
}

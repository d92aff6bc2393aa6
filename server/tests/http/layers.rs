//! What the layers around every page do when something takes too long or breaks, and how built files are served.

use crate::site::{Site, get};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get as route;
use leptos::config::LeptosOptions;
use model::permission::Role;
use server::observe::{Observe, observe, panicked};
use sqlx::PgPool;
use std::time::Duration;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn what_takes_too_long_is_answered_all_the_same(admin: PgPool) {
    let site = Site::new(admin.clone()).await;
    let token = site.signed_in(Role::Operator, None).await;
    // To sign in takes its time; what is held takes for ever.
    let site = Site::answering_within(admin, Duration::from_secs(2)).await;
    let mut lock = site.admin.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE steward.tenant IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .expect("held");
    let answer = site.send(get("/tenants").with("accept", "text/html").by(&token)).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT, "{}", answer.body);
    assert!(answer.header("content-type").starts_with("text/html"), "{:?}", answer.headers);
    assert!(!answer.header("x-request-id").is_empty(), "{:?}", answer.headers);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_panic_is_a_page_that_tells_nothing_of_it(admin: PgPool) {
    async fn broken() -> StatusCode {
        panic!("the inner life")
    }
    let site = Site::new(admin).await;
    let look = Observe { services: site.services.clone(), stylesheet: "/s.css".into() };
    let app = Router::new()
        .route("/page", route(broken))
        .route("/api/thing", route(broken))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(look, observe));
    for (path, kind) in [("/page", "text/html"), ("/api/thing", "application/problem+json")] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let (parts, body) = app.clone().oneshot(request).await.expect("an answer").into_parts();
        assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            parts.headers[header::CONTENT_TYPE].to_str().is_ok_and(|value| value.starts_with(kind)),
            "{path}"
        );
        let body = to_bytes(body, 100_000).await.expect("a body");
        let body = String::from_utf8_lossy(&body);
        assert!(!body.is_empty() && !body.contains("inner life"), "{body}");
    }
}

#[tokio::test]
async fn files_with_a_hash_in_their_name_are_kept_for_a_year_and_come_compressed() {
    let root = std::env::temp_dir().join(format!("steward-assets-{}", std::process::id()));
    std::fs::create_dir_all(root.join("pkg")).expect("a folder");
    std::fs::write(root.join("pkg/steward.abc.css"), "a { color: red }").expect("a file");
    std::fs::write(root.join("pkg/steward.abc.css.br"), "packed").expect("a file");
    for (hashed, kept) in [(true, "public, max-age=31536000, immutable"), (false, "no-cache")] {
        let options = LeptosOptions::builder()
            .output_name("steward")
            .site_root(root.to_string_lossy().to_string())
            .hash_files(hashed)
            .build();
        let ask = Request::get("/pkg/steward.abc.css").header(header::ACCEPT_ENCODING, "br, gzip");
        let request = ask.body(Body::empty()).expect("a request");
        let answer = server::assets::assets(&options).oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], kept);
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], "br");
        let gone = Request::get("/pkg/steward.old.css").body(Body::empty()).expect("a request");
        let answer = server::assets::assets(&options).oneshot(gone).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert!(!answer.headers().contains_key(header::CACHE_CONTROL), "a miss is not kept for a year");
    }
    std::fs::remove_dir_all(&root).expect("gone");
}

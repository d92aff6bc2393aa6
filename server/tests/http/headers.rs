//! What every answer says to the browser, whoever made it.

use crate::site::{Site, form, get, post};
use axum::http::{Method, StatusCode};
use model::permission::Role;
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn every_answer_is_guarded_whatever_made_it(admin: PgPool) {
    let site = Site::new(admin).await;
    let token = site.signed_in(Role::Operator, None).await;
    let calls = [
        ("a page", get("/sign-in"), StatusCode::OK),
        ("a missing page", get("/nothing/here").by(&token), StatusCode::NOT_FOUND),
        ("a missing tenant", get("/tenants/nobody").by(&token), StatusCode::NOT_FOUND),
        ("a redirect", get("/"), StatusCode::SEE_OTHER),
        ("a file", get("/favicon.svg"), StatusCode::OK),
        ("a missing file", get("/pkg/nothing.js"), StatusCode::NOT_FOUND),
        ("a refusal", post("/", "").with("origin", "https://evil.example"), StatusCode::FORBIDDEN),
        ("a wrong method", get("/livez").method(Method::DELETE), StatusCode::METHOD_NOT_ALLOWED),
        ("too much", post("/sign-in", &"x".repeat(3 * 1024 * 1024)), StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (what, call, status) in calls {
        let answer = site.send(call).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{what}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
        assert_eq!(answer.header("strict-transport-security"), "", "{what}: not without TLS");
        if answer.header("content-type").starts_with("text/html") {
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
            assert_eq!(answer.header("cache-control"), "private, no-cache", "{what}");
        }
        if answer.status.is_client_error() {
            assert!(
                answer.header("content-type").starts_with("text/html"),
                "{what}: people get a page, not {:?}",
                answer.body
            );
        }
    }
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_nonce_of_the_header_is_the_nonce_of_every_script_and_never_the_same(admin: PgPool) {
    let site = Site::new(admin).await;
    let mut seen = vec![];
    for _ in 0..2 {
        let page = site.send(get("/sign-in")).await;
        let policy = page.header("content-security-policy");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .expect("a nonce")
            .to_owned();
        let scripts = page.body.matches("<script").count();
        assert!(scripts > 0);
        assert_eq!(
            page.body.matches(&format!("nonce=\"{nonce}\"")).count(),
            scripts,
            "every script carries it"
        );
        assert!(!page.body.contains(" style=\""), "no inline styles");
        seen.push(nonce);
    }
    assert_ne!(seen[0], seen[1]);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn behind_tls_cookies_and_headers_say_so(admin: PgPool) {
    let site = Site::with(admin, true).await;
    site.person("ada@example.com", Role::Operator, None).await;
    let answer = site
        .send(form("/sign-in", "sign_in", "email=ada%40example.com&password=correct+horse+battery"))
        .await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert!(answer.header("strict-transport-security").contains("max-age=63072000"));
    let page = site.send(get("/sign-in")).await;
    assert!(page.header("content-security-policy").contains("upgrade-insecure-requests"));
    // The plain name is not believed there: a neighbouring host could have set it.
    let token = answer.cookie("__Host-session").expect("a session");
    assert_eq!(site.send(get("/").by(&token)).await.header("location"), "/sign-in");
    assert_eq!(
        site.send(get("/").with("cookie", &format!("__Host-session={token}"))).await.header("location"),
        "/overview"
    );
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn requests_from_other_sites_change_nothing(admin: PgPool) {
    let site = Site::new(admin).await;
    let token = site.signed_in(Role::Operator, None).await;
    let foreign = [
        ("another origin", post("/", "_form=sign_out").with("origin", "https://evil.example")),
        ("a sandbox", post("/", "_form=sign_out").with("origin", "null")),
        ("a sibling", post("/", "_form=sign_out").with("sec-fetch-site", "same-site")),
        ("another site", post("/", "_form=sign_out").with("sec-fetch-site", "cross-site")),
        ("the function itself", post("/api/app/session/sign_out", "").with("origin", "https://evil.example")),
        (
            "text that is a form",
            post("/api/app/session/sign_out", "")
                .with("content-type", "text/plain")
                .with("origin", "https://evil.example"),
        ),
    ];
    for (what, call) in foreign {
        assert_eq!(site.send(call.by(&token)).await.status, StatusCode::FORBIDDEN, "{what}");
    }
    assert_eq!(site.count("SELECT count(*) FROM session WHERE revoked_at IS NOT NULL").await, 0);
    // The positive control.
    let own = site.send(post("/", "_form=sign_out").with("sec-fetch-site", "same-origin").by(&token)).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    assert_eq!(own.header("clear-site-data"), "\"cache\"");
    assert_eq!(site.count("SELECT count(*) FROM session WHERE revoked_at IS NOT NULL").await, 1);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn programs_get_problems_and_pages_keep_their_status(admin: PgPool) {
    let site = Site::new(admin).await;
    let token = site.signed_in(Role::Operator, None).await;
    let json = |call: crate::site::Call| call.with("accept", "application/json");
    let anonymous = site.send(json(get("/overview"))).await;
    assert_eq!(
        (anonymous.status, anonymous.header("content-type")),
        (StatusCode::UNAUTHORIZED, "application/problem+json")
    );
    assert!(!anonymous.header("www-authenticate").is_empty());
    assert_eq!(site.send(json(get("/tenants/nobody").by(&token))).await.status, StatusCode::NOT_FOUND);
    let refused = site.send(json(post("/", "").with("origin", "https://evil.example"))).await;
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (StatusCode::FORBIDDEN, "application/problem+json")
    );
    let unknown = site.send(post("/api/app/%3Cscript%3E", "").by(&token)).await;
    assert!(
        unknown.status.is_client_error() && !unknown.body.to_lowercase().contains("script"),
        "{} {}",
        unknown.status,
        unknown.body
    );
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_function_never_answers_with_a_redirect_to_somewhere_else(admin: PgPool) {
    let site = Site::new(admin).await;
    let call = post("/api/app/session/sign_in", "email=a%40example.com&password=wrong")
        .with("accept", "text/html")
        .with("referer", "https://evil.example/");
    let answer = site.send(call).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert_eq!(answer.header("location"), "");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn pages_are_compressed_and_files_are_cached(admin: PgPool) {
    let site = Site::new(admin).await;
    let page = site.send(get("/sign-in").with("accept-encoding", "gzip, br")).await;
    assert!(["br", "gzip"].contains(&page.header("content-encoding")), "{:?}", page.headers);
    assert_eq!(site.send(get("/icons.svg")).await.header("cache-control"), "public, max-age=86400");
    for way_out in ["/pkg/../Cargo.toml", "/fonts/..%2f..%2fCargo.toml", "/fonts/%2e%2e/%2e%2e/Cargo.toml"] {
        let answer = site.send(get(way_out)).await;
        assert!(
            !answer.status.is_success() && !answer.body.contains("[workspace]"),
            "{way_out}: {}",
            answer.status
        );
    }
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn health_checks_need_nobody(admin: PgPool) {
    let site = Site::new(admin).await;
    assert_eq!(site.send(get("/livez")).await.body, "ok");
    assert_eq!(site.send(get("/readyz")).await.status, StatusCode::OK);
    site.services.close().await;
    assert_eq!(site.send(get("/livez")).await.status, StatusCode::OK, "alive, though");
    assert_eq!(
        site.send(get("/readyz")).await.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "not ready without its database"
    );
    let page = site.send(get("/overview").by("some session")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "who cannot be known is not let in");
}

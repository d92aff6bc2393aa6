//! Whatever is refused: as a problem, at once after a suspension, and beyond the limit.

use super::*;

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn every_refusal_is_a_problem(admin: PgPool) {
    let api = Api::new(admin).await;
    for key in ["", "stw_live_nonsense", &api.key[..api.key.len() - 1]] {
        let answer = api.call("GET", "/tenant", key, "", Body::empty()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        assert!(!answer.headers.contains_key("ratelimit"));
    }
    assert_eq!(api.get("/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.get("/conversations/none").await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.get("/conversations/%00").await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.get("/conversations/%ff").await.status, StatusCode::BAD_REQUEST);
    for query in ["limit=0", "limit=201", "limit=x", "after=x", "state=gone"] {
        assert_eq!(
            api.get(&format!("/conversations?{query}")).await.status,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
    for (method, path) in [
        ("DELETE", "/conversations"),
        ("POST", "/tenant"),
        ("PUT", "/conversations/x"),
        ("POST", "/openapi.json"),
    ] {
        let answer = api.call(method, path, &api.key, "", Body::empty()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(answer.headers.contains_key(header::ALLOW), "{method} {path}");
    }
    for kind in ["", "text/plain", "application/x-www-form-urlencoded"] {
        let answer = api.post(kind, conversation("x")).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert_eq!(answer.headers["accept-post"], "application/json, application/x-ndjson");
    }
    for name in ["gzip", "identity, br"] {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{PREFIX}/conversations"))
            .header(header::AUTHORIZATION, format!("Bearer {}", api.key))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, name)
            .body(Body::from(conversation("x")))
            .expect("a request");
        let answer = api.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{name}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.headers()[header::ACCEPT_ENCODING], "identity");
    }
    let late = r#"{"id":"x","started_at":"9999-12-31T23:59:59Z","turns":[{"speaker":"agent","text":"a"}]}"#;
    for kind in ["application/json", "application/x-ndjson"] {
        let answer = api.post(kind, late).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{kind}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/started_at", "{kind}");
    }
    assert_eq!(api.post("application/x-ndjson", "\n\n").await.status, StatusCode::BAD_REQUEST);
    let large = vec![b'\n'; body::BODY_MAX + 1];
    assert_eq!(api.post("application/x-ndjson", large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let large = vec![b' '; 2 * 1024 * 1024];
    assert_eq!(api.post("application/json", large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let read_only = api.make_key("reader", "read").await;
    let answer = api.call("POST", "/conversations", &read_only, "application/json", conversation("x")).await;
    assert_eq!(
        (answer.status, answer.body["type"].as_str()),
        (StatusCode::FORBIDDEN, Some("urn:steward:problem:forbidden"))
    );
    assert_eq!(api.get("/conversations/x").await.status, StatusCode::NOT_FOUND, "denied, and not done");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn suspension_bites_with_the_next_request(admin: PgPool) {
    let api = Api::new(admin).await;
    assert_eq!(api.get("/tenant").await.status, StatusCode::OK);
    api.sql("UPDATE tenant SET status = 'suspended', suspension = 'blocked', status_reason = 'payment_failure', status_note = 'card 4711', status_before = 'active'").await;
    let answer = api.get("/tenant").await;
    assert_eq!(
        (answer.status, answer.body["type"].as_str()),
        (StatusCode::FORBIDDEN, Some("urn:steward:problem:tenant-suspended"))
    );
    assert_eq!(answer.body["detail"], "The tenant has no access at the moment. Reason: Payment failure.");
    api.sql("UPDATE tenant SET suspension = 'read_only'").await;
    assert_eq!(api.get("/tenant").await.body["access"], "read_only");
    let answer = api.post("application/json", conversation("x")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        answer.body["detail"],
        "The tenant is read-only at the moment. Nothing was changed. Reason: Payment failure."
    );
    api.sql("UPDATE tenant SET status = 'active'").await;
    assert_eq!(api.post("application/json", conversation("x")).await.status, StatusCode::CREATED);
    api.sql("UPDATE api_key SET revoked_at = now()").await;
    assert_eq!(api.get("/tenant").await.status, StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_limit_is_told_and_kept(admin: PgPool) {
    let api = Api::new(admin).await;
    api.sql("UPDATE tenant SET plan_id = 'free'").await;
    let first = api.get("/tenant").await;
    assert_eq!(first.headers["ratelimit-policy"], "\"api-calls\";q=100;w=900");
    assert!(first.headers["ratelimit"].to_str().expect("ascii").starts_with("\"api-calls\";r=99;t="));
    api.sql("UPDATE api_window SET used = 99").await;
    assert_eq!(api.get("/nothing").await.status, StatusCode::NOT_FOUND, "counted, too");
    let refused = api.get("/tenant").await;
    if refused.status == StatusCode::OK {
        return; // The window ended in between.
    }
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((refused.body["limit"].as_i64(), refused.body["used"].as_i64()), (Some(100), Some(100)));
    let resets = refused.body["resets_in"].as_i64().expect("a number");
    assert_eq!(refused.headers[header::RETRY_AFTER], resets.to_string().as_str());
    assert_eq!(refused.headers["ratelimit"], format!("\"api-calls\";r=0;t={resets}").as_str());
    api.sql("UPDATE tenant SET plan_id = 'enterprise'").await;
    let free = api.get("/tenant").await;
    assert_eq!(free.status, StatusCode::OK);
    assert!(!free.headers.contains_key("ratelimit"), "no number, no policy");
}

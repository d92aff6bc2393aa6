//! What a program sees and arranges of its own tenant: webhooks and deliveries, template and settings, isolation.

use super::*;

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_program_arranges_where_it_is_told_and_looks_at_what_was(admin: PgPool) {
    let receiver = testing::http::Receiver::start(testing::http::Reply::status(500)).await;
    let api = Api::new(admin).await;
    let json = "application/json";
    let body =
        json!({ "name": "Mine", "url": receiver.url("/"), "events": ["tenant.plan_changed"] }).to_string();
    let made = api.call("POST", "/webhooks", &api.key, json, body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let secret = made.body["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("whsec_"));
    let path = format!("/webhooks/{}", made.body["id"].as_str().expect("an id"));
    assert_eq!(made.headers[header::LOCATION], format!("{PREFIX}{path}"));
    let found = api.call("GET", &path, &api.key, "", "").await;
    assert_eq!(
        (&found.body["enabled"], &found.body["events"][0]),
        (&json!(true), &json!("tenant.plan_changed"))
    );
    assert!(!found.body.to_string().contains("whsec_"));
    // Twice the same name, a wrong address, a wrong word, no JSON.
    for (body, kind, status) in [
        (body.clone(), json, 422),
        (json!({ "name": "x", "url": "https://10.0.0.1/" }).to_string(), json, 422),
        (json!({ "name": "x", "url": "https://example.com/", "events": ["odd"] }).to_string(), json, 422),
        (
            json!({ "name": "x", "url": "https://example.com/", "events": ["operation.failed"] }).to_string(),
            json,
            422,
        ),
        ("{".to_owned(), json, 400),
        (body.clone(), "text/plain", 415),
    ] {
        let answer = api.call("POST", "/webhooks", &api.key, kind, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
    }
    assert_eq!(
        api.call("POST", &format!("{path}/test"), &api.key, "", "").await.status,
        StatusCode::ACCEPTED
    );
    domain::notifications::drain(&api.services.system("test")).await.expect("drained");
    let page = api.call("GET", "/deliveries?state=waiting&channel=webhook", &api.key, "", "").await;
    let item = &page.body["items"][0];
    assert_eq!((&item["event"], &item["problem"]), (&json!("webhook.test"), &json!("Answered 500.")));
    let delivery = format!("/deliveries/{}", item["id"].as_str().expect("an id"));
    receiver.reply(testing::http::Reply::status(204));
    assert_eq!(
        api.call("POST", &format!("{delivery}/resend"), &api.key, "", "").await.status,
        StatusCode::ACCEPTED
    );
    domain::notifications::drain(&api.services.system("test")).await.expect("drained");
    let detail = api.call("GET", &delivery, &api.key, "", "").await;
    assert_eq!(
        (&detail.body["state"], detail.body["history"].as_array().map(Vec::len)),
        (&json!("delivered"), Some(2))
    );
    let rotated = api.call("POST", &format!("{path}/rotate"), &api.key, "", "").await;
    assert!(rotated.status.is_success() && rotated.body["secret"] != json!(secret));
    let off = json!({ "name": "Mine", "url": receiver.url("/"), "enabled": false }).to_string();
    let changed = api.call("PUT", &path, &api.key, json, off).await;
    assert_eq!(
        (&changed.body["enabled"], &changed.body["off_reason"], &changed.body["events"]),
        (&json!(false), &json!("person"), &Value::Null)
    );
    assert_eq!(
        api.call("POST", &format!("{path}/test"), &api.key, "", "").await.status,
        StatusCode::CONFLICT
    );
    for bad in ["/deliveries?state=odd", "/deliveries?after=x", "/deliveries?webhook=x"] {
        assert_eq!(api.call("GET", bad, &api.key, "", "").await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    for missing in ["/webhooks/x", "/webhooks/00000000-0000-0000-0000-000000000000", "/deliveries/x"] {
        assert_eq!(
            api.call("GET", missing, &api.key, "", "").await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
    // A read-only key looks and does nothing.
    let reader = api.make_key("reader", "read").await;
    assert_eq!(api.call("GET", "/webhooks", &reader, "", "").await.status, StatusCode::OK);
    for (method, path) in
        [("DELETE", path.clone()), ("POST", format!("{path}/rotate")), ("POST", format!("{delivery}/resend"))]
    {
        assert_eq!(
            api.call(method, &path, &reader, "", "").await.status,
            StatusCode::FORBIDDEN,
            "{method} {path}"
        );
    }
    assert_eq!(api.call("DELETE", &path, &api.key, "", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(api.call("GET", &path, &api.key, "", "").await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_reads_its_tenants_template_and_settings_and_applies_nothing(admin: PgPool) {
    let api = Api::new(admin).await;
    assert_eq!(api.get("/template").await.status, StatusCode::NOT_FOUND, "it is on none");
    let operator = testing::platform(&api.services, Role::Operator);
    domain::templates::apply_to(&operator, api.tenant, "regulated", 1, "").await.expect("applied");
    let template = api.get("/template").await;
    assert_eq!(
        (template.body["key"].as_str(), template.body["version"].as_i64()),
        (Some("regulated"), Some(1))
    );
    assert_eq!(template.body["fields"].as_array().map(Vec::len), Some(11));
    let settings = api.get("/settings").await;
    let idle = settings
        .body
        .as_array()
        .expect("a list")
        .iter()
        .find(|s| s["key"] == "security.session_idle_minutes");
    let idle = idle.expect("a setting");
    assert_eq!(
        (idle["value"].as_i64(), idle["from"].as_str(), idle["locked"].as_bool()),
        (Some(15), Some("template"), Some(true))
    );
    let answer = api.call("POST", "/template", &api.key, "", Body::empty()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "a key administers nothing");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_reads_the_newest_evidence_of_isolation_and_asks_for_none(admin: PgPool) {
    let api = Api::new(admin).await;
    assert_eq!(api.get("/isolation").await.status, StatusCode::NOT_FOUND, "it was never verified");
    let operator = testing::platform(&api.services, Role::Operator);
    let run = domain::isolation::verify(&operator, api.tenant).await.expect("evidence");
    let newest = api.get("/isolation").await;
    assert_eq!(newest.status, StatusCode::OK, "{}", newest.body);
    assert_eq!(
        (newest.body["id"].as_str(), newest.body["trigger"].as_str(), newest.body["standing"].as_str()),
        (Some(run.id.to_string().as_str()), Some("request"), Some("proven"))
    );
    assert_eq!(
        (newest.body["passed"].as_i64(), newest.body["failed"].as_i64()),
        (Some(i64::from(run.passed)), Some(0))
    );
    let answer = api.call("POST", "/isolation", &api.key, "", Body::empty()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "a key administers nothing");
}

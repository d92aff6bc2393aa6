use super::*;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use domain::pipeline::Worker;
use domain::testing;
use model::TenantId;
use model::permission::Role;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;

struct Api {
    router: Router,
    services: Services,
    admin: PgPool,
    tenant: TenantId,
    key: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Api {
    async fn new(admin: PgPool) -> Self {
        let services = testing::services(&admin).await;
        let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
        let router = Router::new().nest(PREFIX, router(services.clone()));
        let mut api = Self { router, services, admin, tenant, key: String::new() };
        api.key = api.make_key("test", "read_write").await;
        api
    }

    async fn make_key(&self, name: &str, access: &str) -> String {
        let cx = testing::platform(&self.services, Role::Operator);
        domain::api_keys::create(&cx, self.tenant, name, access).await.expect("a key").text
    }

    async fn call(&self, method: &str, path: &str, key: &str, kind: &str, body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{PREFIX}{path}"));
        if !key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(body.into()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        if !answer.status.is_success() && method != "HEAD" {
            // Whatever fails, it fails as a problem.
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{method} {path}");
            assert_eq!(answer.body["status"], answer.status.as_u16());
            assert!(
                answer.body["type"].as_str().is_some_and(|kind| kind.starts_with("urn:steward:problem:"))
            );
            assert!(
                answer.body["request_id"].is_string()
                    || answer.status == StatusCode::NOT_FOUND
                    || answer.status == StatusCode::METHOD_NOT_ALLOWED,
                "{}",
                answer.body
            );
        }
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &self.key, "", Body::empty()).await
    }

    async fn post(&self, kind: &str, body: impl Into<Body>) -> Answer {
        self.call("POST", "/conversations", &self.key, kind, body).await
    }

    async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.admin).await.expect("done");
    }
}

fn conversation(id: &str) -> String {
    json!({"id": id, "services": ["Parcels"], "turns": [
        {"speaker": "customer", "text": "Where is my parcel? I am very unhappy."},
        {"speaker": "agent", "text": "I am sorry. It arrives tomorrow."},
        {"speaker": "customer", "text": "Thank you so much, that is great."},
    ]})
    .to_string()
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn conversations_go_in_and_results_come_out(admin: PgPool) {
    let api = Api::new(admin).await;
    let operator = testing::platform(&api.services, Role::Operator);
    for key in ["summary", "sentiment"] {
        domain::tasks::enable(&operator, api.tenant, key).await.expect("enabled");
    }
    let one = api.post("application/json; charset=utf-8", conversation("a/b ü")).await;
    assert_eq!(one.status, StatusCode::CREATED, "{}", one.body);
    let location = one.headers[header::LOCATION].to_str().expect("ascii").to_owned();
    assert_eq!(location, "/api/v1/conversations/a%2Fb%20%C3%BC");
    let again = api.post("application/json", conversation("a/b ü")).await;
    assert_eq!(
        (again.status, again.body),
        (StatusCode::OK, json!({"received": 1, "created": 0, "duplicates": 1}))
    );
    let lines: Vec<_> = (0..3).map(|n| conversation(&format!("c{n}"))).collect();
    let many = api.post("application/x-ndjson", format!("{}\n{}\n", lines.join("\n"), lines[0])).await;
    assert_eq!(
        (many.status, many.body),
        (StatusCode::OK, json!({"received": 4, "created": 3, "duplicates": 1}))
    );

    let waiting = api.get("/conversations/c0").await;
    assert_eq!(
        (waiting.body["state"].as_str(), waiting.body["values"].as_array().map(Vec::len)),
        (Some("pending"), Some(0))
    );
    Worker::new(api.services.clone()).drain().await.expect("drained");
    let path = location.strip_prefix(PREFIX).expect("ours");
    let done = api.get(path).await;
    assert_eq!((done.status, done.body["state"].as_str()), (StatusCode::OK, Some("done")));
    assert_eq!(done.body["runs"].as_array().map(Vec::len), Some(2));
    let summary = done.body["values"]
        .as_array()
        .and_then(|v| v.iter().find(|v| v["field"] == "summary"))
        .expect("a summary");
    assert!(
        summary["value"].is_string() && summary["explanation"].as_str().is_some_and(|why| !why.is_empty())
    );

    let first = api.get("/conversations?limit=3&state=done").await;
    assert_eq!(first.body["items"].as_array().map(Vec::len), Some(3));
    let next = first.body["next"].as_str().expect("a cursor").to_owned();
    let second = api.get(&format!("/conversations?limit=3&after={next}")).await;
    assert_eq!((second.body["items"].as_array().map(Vec::len), second.body.get("next")), (Some(1), None));

    domain::usage::rollup(&api.services.system("test")).await.expect("rolled up");
    let tenant = api.get("/tenant").await;
    assert_eq!(
        (tenant.body["status"].as_str(), tenant.body["plan"].as_str()),
        (Some("active"), Some("professional"))
    );
    let usage: Vec<_> = tenant.body["usage"]
        .as_array()
        .expect("usage")
        .iter()
        .map(|m| (m["meter"].as_str().expect("word").to_owned(), m["today"].as_i64().expect("number")))
        .collect();
    assert!(
        usage.contains(&("conversations".into(), 4)) && usage.contains(&("task_runs".into(), 8)),
        "{usage:?}"
    );
    // This call is not rolled up yet, the ones before are.
    assert!(usage.contains(&("api_calls".into(), 7)), "{usage:?}");
    assert_eq!(tenant.body["api_calls"]["used"], 8);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn one_wrong_line_stores_nothing_and_every_fault_has_its_place(admin: PgPool) {
    let api = Api::new(admin).await;
    let body = format!(
        "{}\n\n{{\"id\":\"x\",\"turns\":[{{\"speaker\":\"bot\",\"text\":\"\"}}]}}\nnonsense",
        conversation("good")
    );
    let answer = api.post("application/x-ndjson", body).await;
    assert_eq!(
        (answer.status, answer.body["error_count"].as_i64()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some(2))
    );
    assert_eq!(
        answer.body["errors"][0],
        json!({"line": 3, "pointer": "/turns/0/speaker", "detail": "is not customer or agent"})
    );
    assert_eq!(
        (answer.body["errors"][1]["line"].as_i64(), answer.body["errors"][1]["pointer"].as_str()),
        (Some(4), Some(""))
    );
    assert_eq!(api.get("/conversations/good").await.status, StatusCode::NOT_FOUND);
    let many_faults = "x\n".repeat(1000);
    let answer = api.post("application/x-ndjson", many_faults).await;
    assert_eq!(
        (answer.body["error_count"].as_i64(), answer.body["errors"].as_array().map(Vec::len)),
        (Some(1000), Some(100))
    );
    let single = api.post("application/json", "{\"id\": 7").await;
    assert_eq!(
        (single.status, single.body["errors"][0].get("line")),
        (StatusCode::UNPROCESSABLE_ENTITY, None)
    );
}

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
    api.sql("UPDATE tenant SET status = 'suspended', suspension = 'blocked', status_reason = 'payment_failure', status_before = 'active'").await;
    let answer = api.get("/tenant").await;
    assert_eq!(
        (answer.status, answer.body["type"].as_str()),
        (StatusCode::FORBIDDEN, Some("urn:steward:problem:tenant-suspended"))
    );
    api.sql("UPDATE tenant SET suspension = 'read_only'").await;
    assert_eq!(api.get("/tenant").await.body["access"], "read_only");
    assert_eq!(api.post("application/json", conversation("x")).await.status, StatusCode::FORBIDDEN);
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

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn what_is_documented_is_what_answers(admin: PgPool) {
    let api = Api::new(admin).await;
    let document = api.call("GET", "/openapi.json", "", "", Body::empty()).await;
    assert_eq!(document.status, StatusCode::OK, "open to everybody");
    let paths = document.body["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            operations.push(format!("{} {path}", method.to_uppercase()));
            assert!(operation["responses"]["401"].is_object(), "{method} {path}");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let path = path.replace("{id}", "x");
            let answer = api.call(method.as_str(), &path, "", "", Body::empty()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} needs a key");
            let answer = api.call(method.as_str(), &path, &api.key, "", Body::empty()).await;
            assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
    operations.sort_unstable();
    assert_eq!(
        operations,
        [
            "DELETE /webhooks/{id}",
            "GET /conversations",
            "GET /conversations/{id}",
            "GET /deliveries",
            "GET /deliveries/{id}",
            "GET /settings",
            "GET /template",
            "GET /tenant",
            "GET /webhooks",
            "GET /webhooks/{id}",
            "POST /conversations",
            "POST /deliveries/{id}/resend",
            "POST /webhooks",
            "POST /webhooks/{id}/rotate",
            "POST /webhooks/{id}/test",
            "PUT /webhooks/{id}",
        ]
    );
    // Every reference leads somewhere.
    let text = document.body.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(document.body["components"]["schemas"][name].is_object(), "{name}");
    }
    assert!(document.body["components"]["securitySchemes"]["key"].is_object());
}

/// The whole service, a person signed in to it by the form, and the key that the page shows once.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_made_on_the_page_opens_the_api_and_is_shown_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    testing::tenant(&admin, "acme").await.expect("a tenant");
    let owner = services.system("test");
    domain::users::create_user(
        &owner,
        "ada@example.com",
        "Ada",
        Some("correct horse battery"),
        Some(Role::Operator),
    )
    .await
    .expect("a person");
    let service = crate::router::router(&crate::router::Parts {
        services: services.clone(),
        options: leptos::config::LeptosOptions::builder().output_name("steward").build(),
        https: false,
        proxies: [].into(),
        secret: b"0123456789012345678901234567890123456789".to_vec(),
    });
    let mut cookies = String::new();
    let ask = async |method: &str, path: &str, cookies: &str, bearer: &str, form: &str| {
        let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9)));
        let mut request =
            Request::builder().method(method).uri(path).header(header::ACCEPT, "text/html").extension(peer);
        if method == "POST" {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !bearer.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request =
            request.header(header::COOKIE, cookies).body(Body::from(form.to_owned())).expect("a request");
        let response = service.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        (parts, String::from_utf8_lossy(&bytes).into_owned())
    };
    let (parts, text) = ask(
        "POST",
        "/sign-in",
        "",
        "",
        "_form=sign_in&email=ada%40example.com&password=correct+horse+battery",
    )
    .await;
    assert_eq!(parts.status, StatusCode::SEE_OTHER, "{text}");
    for cookie in parts.headers.get_all(header::SET_COOKIE) {
        cookies.push_str(cookie.to_str().expect("ascii").split(';').next().expect("a pair"));
        cookies.push_str("; ");
    }

    let page = "/tenants/acme/api-keys";
    let (parts, text) =
        ask("POST", page, &cookies, "", "_form=create_api_key&slug=acme&name=&access=read").await;
    assert_eq!(parts.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert!(text.contains("A name is needed."), "{text}");

    let (parts, text) =
        ask("POST", page, &cookies, "", "_form=create_api_key&slug=acme&name=Importer&access=read").await;
    assert_eq!(parts.status, StatusCode::OK, "{text}");
    assert_eq!(parts.headers[header::CACHE_CONTROL], "no-store");
    let at = text.find("<code>stw_live_").expect("the key is shown") + "<code>".len();
    let key = text[at..].split('<').next().expect("its end").to_owned();
    for (name, value) in &parts.headers {
        assert!(!value.to_str().unwrap_or_default().contains(&key[42..]), "{name} carries the key");
    }
    let (parts, text) = ask("GET", "/api/v1/tenant", "", &key, "").await;
    assert_eq!(parts.status, StatusCode::OK, "{text}");
    let (_, text) = ask("GET", page, &cookies, "", "").await;
    assert!(text.contains("Importer") && !text.contains(&key), "shown once");

    let id = key[9..41].parse::<model::ApiKeyId>().expect("an id");
    let revoke = format!("{page}/{id}/revoke");
    let (parts, text) = ask("GET", &revoke, &cookies, "", "").await;
    assert_eq!(parts.status, StatusCode::OK, "{text}");
    let (parts, _) =
        ask("POST", &revoke, &cookies, "", &format!("_form=revoke_api_key&slug=acme&key={id}&reason=")).await;
    assert_eq!(parts.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (parts, text) = ask(
        "POST",
        &revoke,
        &cookies,
        "",
        &format!("_form=revoke_api_key&slug=acme&key={id}&reason=rotated"),
    )
    .await;
    assert_eq!(
        (parts.status, parts.headers.get(header::LOCATION).and_then(|to| to.to_str().ok())),
        (StatusCode::SEE_OTHER, Some(page)),
        "{text}"
    );
    assert_eq!(ask("GET", "/api/v1/tenant", "", &key, "").await.0.status, StatusCode::UNAUTHORIZED);
}

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

//! The machine API from outside, as its router answers.

mod conversations;
mod page;
mod platform;
mod refusals;
mod tenant;

use super::*;
use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
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
        let router = Router::new().nest(PREFIX, router(services.clone(), TaskTracker::new()));
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
        self.send(request.body(body.into()).expect("a request")).await
    }

    async fn send(&self, request: Request) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        if !answer.status.is_success() && method != Method::HEAD {
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
            let path = path.replace("{id}", "x").replace("{slug}", "acme").replace("{reference}", "x");
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
            "GET /bulk/{id}",
            "GET /conversations",
            "GET /conversations/{id}",
            "GET /deliveries",
            "GET /deliveries/{id}",
            "GET /isolation",
            "GET /operations",
            "GET /operations/{id}",
            "GET /settings",
            "GET /template",
            "GET /tenant",
            "GET /tenants",
            "GET /tenants/{slug}",
            "GET /tenants/{slug}/payments",
            "GET /tenants/{slug}/plan",
            "GET /webhooks",
            "GET /webhooks/{id}",
            "PATCH /tenants/{slug}",
            "POST /bulk",
            "POST /bulk/{id}/start",
            "POST /conversations",
            "POST /deliveries/{id}/resend",
            "POST /operations/{id}/cancel",
            "POST /operations/{id}/retry",
            "POST /operations/{id}/roll-back",
            "POST /tenants",
            "POST /tenants/{slug}/go-live",
            "POST /tenants/{slug}/payments",
            "POST /tenants/{slug}/payments/{reference}/settle",
            "POST /tenants/{slug}/plan",
            "POST /tenants/{slug}/reinstate",
            "POST /tenants/{slug}/scope",
            "POST /tenants/{slug}/suspend",
            "POST /tenants/{slug}/trial/convert",
            "POST /tenants/{slug}/trial/extend",
            "POST /webhooks",
            "POST /webhooks/{id}/rotate",
            "POST /webhooks/{id}/test",
            "PUT /tenants/{slug}/billing-reference",
            "PUT /webhooks/{id}",
        ]
    );
    // Every reference leads somewhere.
    let text = document.body.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(document.body["components"]["schemas"][name].is_object(), "{name}");
    }
    for scheme in ["key", "platform_key"] {
        assert!(document.body["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
    }
    // Whatever is of the platform says so, and nothing else does.
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let platform = operation["tags"] == json!(["platform"]);
            let by = operation["security"] == json!([{ "platform_key": [] }]);
            assert_eq!(platform, by, "{method} {path}");
            let ours = ["/tenants", "/operations", "/bulk"].iter().any(|begin| path.starts_with(begin));
            assert_eq!(platform, ours, "{path}");
        }
    }
}

//! The machine API under `/api/v1`: for programs of a tenant, conversations in and results out; for programs of the
//! platform, the whole life of tenants ([`platform`]).
//!
//! Every request proves its key and is counted against its limit ([`mod@admit`]); what may change something goes on when its
//! caller goes away ([`detach`]). Everything is answered in JSON; every error, whatever layer it comes from, is an RFC 9457
//! problem. The OpenAPI document is generated from the handlers, by the same table that routes them. The rules themselves are
//! in `domain`.

mod admit;
mod baseline;
mod body;
mod conversations;
mod isolation;
mod platform;
mod problem;
mod schema;
mod tenant;
#[cfg(test)]
mod tests;
mod webhook_schema;
mod webhooks;

use crate::behind::{Behind, detach};
use admit::{Call, PlatformCall, admit};
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use domain::Services;
use problem::Problem;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where it is mounted.
pub const PREFIX: &str = "/api/v1";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Steward machine API",
        version = "1",
        description = "Send conversations, read what the enabled AI tasks made of them; run the life of tenants.\n\n\
            Every request carries a key: `Authorization: Bearer stw_…`. There are two kinds. A tenant’s key reaches what is \
            the tenant’s own. A key of the platform, with a role like a person of the platform, reaches what is tagged \
            *platform*, and nothing of the rest. Calls are limited per quarter of an hour, by the tenant’s plan or to 6,000 of \
            one key of the platform; `RateLimit-Policy` and `RateLimit` say how many are left, and a refused call is \
            answered 429 with `Retry-After`. Errors are problem details (RFC 9457), told apart by `type`.\n\n\
            Making, suspending and reinstating a tenant, changing its scope or plan, and making a customer of a trial, is an \
            operation: the answer is 202 with the operation, and its address in `Location`. Ask there until `settled` is true. \
            Where a rule wants a second person, `state` is `requested` until somebody approves it in the console; no key can. \
            These six, and nothing else, read an `Idempotency-Key` (1 to 200 characters; `POST /tenants` needs one): sending \
            the same again within 24 hours is answered with the same operation, and another body under the same key is refused \
            (409). `POST /bulk` freezes a set and answers 201; starting the set is an operation again. What is on record, the \
            billing reference, a later end of a trial, and a payment that is noted or settled are no operations: they are done \
            when the answer, 200 or 204, is there."
    ),
    servers((url = "/api/v1")),
    components(schemas(problem::ProblemDetails)),
    security(("key" = [])),
    modifiers(&Security),
    tags((name = "conversations", description = "In, and their results out"), (name = "tenant", description = "The key’s own tenant"), (name = "webhooks", description = "Where programs are told what happens, and what was told"), (name = "platform", description = "The life of tenants, with a key of the platform"))
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("stw_<live|demo>_<id>_<secret>")
            .description(Some("An API key, made on the tenant’s page and shown there once."))
            .build();
        let platform = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("stw_platform_<id>_<secret>")
            .description(Some("A key of the platform, made by an owner under Settings and shown there once."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        components.add_security_scheme("platform_key", SecurityScheme::Http(platform));
    }
}

fn routed() -> OpenApiRouter<body::Budget> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(conversations::send, conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(tenant::get))
        .routes(routes!(baseline::template))
        .routes(routes!(baseline::settings))
        .routes(routes!(isolation::newest))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::delivery))
        .routes(routes!(webhooks::resend))
        .merge(platform::routed())
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    routed().into_openapi()
}

/// The router, to be nested under [`PREFIX`].
pub fn router(services: Services, tasks: TaskTracker) -> Router {
    let (router, document) = routed().split_for_parts();
    let document = Arc::new(document);
    let open = Router::new()
        .route("/openapi.json", get(move || async move { Json(document) }))
        .method_not_allowed_fallback(no_such_method);
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(no_such_method)
        .with_state(body::Budget::default())
        // Inside: who has no key, or has used it up, starts nothing that goes on without them.
        .layer(from_fn_with_state(Behind { within: admit::DEADLINE, tasks }, detach))
        .layer(from_fn_with_state(services, admit))
        .merge(open)
}

/// The answer where nothing is.
pub async fn nothing_here(request: Request) -> Problem {
    Problem::not_found().request(&request)
}

async fn no_such_method(request: Request) -> Problem {
    Problem::method_not_allowed(request.method()).request(&request)
}

//! The machine API under `/api/v1`: conversations in, results out.
//!
//! Every request proves its key ([`admit`]), is counted against the plan's limit, and is answered in JSON; every error,
//! whatever layer it comes from, is an RFC 9457 problem. The OpenAPI document is generated from the handlers, by the
//! same table that routes them. The rules themselves are in `domain::{api_keys, conversations}`.

mod baseline;
mod body;
mod conversations;
mod isolation;
mod problem;
mod schema;
mod tenant;
#[cfg(test)]
mod tests;
mod webhook_schema;
mod webhooks;

use crate::observe::RequestId;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::api_keys::{self, Caller, WINDOW_SECONDS, Window};
use domain::{Ctx, Error, Services};
use model::usage::Limit;
use problem::Problem;
use std::sync::Arc;
use std::time::Duration;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where it is mounted.
pub const PREFIX: &str = "/api/v1";

/// How long a request may take, its body included.
const DEADLINE: Duration = Duration::from_secs(120);

/// Headers of draft-ietf-httpapi-ratelimit-headers-10.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Steward machine API",
        version = "1",
        description = "Send conversations, read what the enabled AI tasks made of them.\n\n\
            Every request carries an API key of the tenant: `Authorization: Bearer stw_…`. Calls are limited per quarter of \
            an hour by the tenant’s plan; `RateLimit-Policy` and `RateLimit` say how many are left, and a refused call is \
            answered 429 with `Retry-After`. Errors are problem details (RFC 9457), told apart by `type`."
    ),
    servers((url = "/api/v1")),
    components(schemas(problem::ProblemDetails)),
    security(("key" = [])),
    modifiers(&Security),
    tags((name = "conversations", description = "In, and their results out"), (name = "tenant", description = "The key’s own tenant"), (name = "webhooks", description = "Where programs are told what happens, and what was told"))
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
        document.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(scheme));
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
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    routed().into_openapi()
}

/// The router, to be nested under [`PREFIX`].
pub fn router(services: Services) -> Router {
    let (router, document) = routed().split_for_parts();
    let document = Arc::new(document);
    let open = Router::new()
        .route("/openapi.json", get(move || async move { Json(document) }))
        .method_not_allowed_fallback(no_such_method);
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(no_such_method)
        .with_state(body::Budget::default())
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

/// Proves the key, counts the call, and says in the answer's headers how many are left.
async fn admit(State(services): State<Services>, mut request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(|| services.new_id().simple().to_string().into(), |id| id.0.clone());
    let caller = match bearer(request.headers()) {
        Some(key) => api_keys::authenticate(&services, &id, key).await,
        None => Err(Error::SignIn),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(error) => return Problem::from_error(error, &id).into_response(),
    };
    let (mut response, window) = match api_keys::count_call(&caller).await {
        Ok(window) => {
            request.extensions_mut().insert(caller.clone());
            request.extensions_mut().insert(window);
            let answered = tokio::time::timeout(DEADLINE, next.run(request)).await;
            (answered.unwrap_or_else(|_| Problem::too_slow().id(&id).into_response()), window)
        }
        Err(Error::OverQuota { limit, used, resets_in }) => {
            let window = Window { limit: caller.limit, used, resets_in };
            (Problem::over_quota(limit, used, resets_in).id(&id).into_response(), window)
        }
        Err(error) => return Problem::from_error(error, &id).into_response(),
    };
    say_limit(response.headers_mut(), &window);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The token of RFC 6750; the scheme's name in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A plan without a number has no policy to tell.
fn say_limit(headers: &mut HeaderMap, window: &Window) {
    let Limit::Number(limit) = window.limit else { return };
    let left = (limit - window.used).max(0);
    let policy = format!("\"api-calls\";q={limit};w={WINDOW_SECONDS}");
    let state = format!("\"api-calls\";r={left};t={}", window.resets_in);
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// What handlers need: who calls, and a way to turn the domain's errors into problems.
struct Call {
    caller: Caller,
    window: Window,
}

impl<S: Sync> axum::extract::FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthorized)?;
        let window = parts.extensions.get::<Window>().copied().ok_or_else(Problem::unauthorized)?;
        Ok(Self { caller, window })
    }
}

impl Call {
    fn cx(&self) -> &Ctx {
        &self.caller.cx
    }

    fn problem(&self, error: Error) -> Problem {
        let reason = self.caller.reason.filter(|_| matches!(error, Error::Suspended(_)));
        let problem = Problem::from_error(error, self.cx().request_id());
        match reason {
            Some(reason) => problem.because(reason),
            None => problem,
        }
    }

    /// A problem with the id of this request.
    fn named(&self, problem: Problem) -> Problem {
        problem.id(self.cx().request_id())
    }

    fn bad(&self, detail: impl Into<String>) -> Problem {
        self.named(Problem::bad_request(detail))
    }

    /// What is no id is no object.
    fn id<T: std::str::FromStr>(&self, path: Result<Path<String>, PathRejection>) -> Result<T, Problem> {
        let Path(text) = path.map_err(|error| self.bad(error.body_text()))?;
        text.parse().map_err(|_| self.named(Problem::not_found()))
    }
}

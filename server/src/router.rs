//! Everything the server answers, and the layers every request goes through.
//!
//! From the outside in, with the reason for each place:
//!
//! 1. [`headers`]: answers of every other layer need them too; makes the nonce that pages use.
//! 2. [`observe`]: gives the request its id and a log line, and dresses bare errors of the layers below.
//! 3. sensitive headers: marked before anything could print them.
//! 4. catch-panic: below `observe`, so that a panic is logged under the request's id and shown as a page.
//! 5. compression: HTML only, at the cheapest level; built files are compressed beforehand.
//!
//! Then the ways part. Files, health checks and the machine API answer for themselves; pages, forms and server
//! functions go through:
//!
//! 6. CSRF: before a body is read or a session looked up.
//! 7. time-out, body limit: of the whole of what follows.
//! 8. [`detach`]: a mutation goes on when the browser goes away, or when the time is over. (The machine API has it too,
//!    behind the proof of the key.)
//! 9. [`identify`]: who asks.
//! 10. [`uploads`]: takes files, which alone may be larger than what goes on from here.
//! 11. [`forms`]: runs the function that a form names by sending it through what follows.
//! 12. [`canonical`]: one spelling of every address; [`gate`]: nobody unknown beyond here, neither by address nor by a form's name.
//! 13. [`scope`]: the name of the tenant that the address names, for the frame; [`speak`]: a function's error gets its own status; by itself each would be a 500.
//! 14. [`turns`]: as many pages are in the making as there are connections to read for them.

use crate::address::{canonical, scope};
use crate::api;
use crate::assets::{assets, stylesheet};
use crate::behind::{Behind, detach};
use crate::download;
use crate::events;
use crate::forms::{Forms, forms};
use crate::headers::{Headers, PageNonce, headers, is_html};
use crate::observe::{Observe, observe, panicked};
use crate::session::{Identify, gate, home, identify};
use crate::upload::{MAX_REQUEST, uploads};
use app::AppError;
use app::request::SessionCookie;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use domain::Services;
use leptos::config::LeptosOptions;
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::sensitive_headers::{SetSensitiveRequestHeadersLayer, SetSensitiveResponseHeadersLayer};
use tower_http::timeout::TimeoutLayer;

/// The largest body of a page, a form or a server function.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// How long an answer of the console may take. The database gives up earlier (`statement_timeout` 15 s).
pub const ANSWER_TIME: Duration = Duration::from_secs(30);

/// What the router is built from.
pub struct Parts {
    pub services: Services,
    pub options: LeptosOptions,
    /// The browser reaches us by TLS.
    pub https: bool,
    pub proxies: Arc<[IpAddr]>,
    /// Signs banners.
    pub secret: Vec<u8>,
    /// Pages in the making at a time.
    pub turns: usize,
    /// How long a request of the console may take; [`ANSWER_TIME`] where it is not for a test.
    pub answer_time: Duration,
    /// What goes on when whoever asked is gone.
    pub tasks: TaskTracker,
}

/// The whole service.
pub fn router(parts: &Parts) -> Router {
    let services = parts.services.clone();
    let identity = Identify {
        services: services.clone(),
        cookie: SessionCookie { secure: parts.https },
        proxies: parts.proxies.clone(),
    };
    let look = Observe { services: services.clone(), stylesheet: stylesheet(&parts.options).into() };
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready).with_state(services.clone()))
        .merge(assets(&parts.options))
        .nest(api::PREFIX, api::router(services.clone(), parts.tasks.clone()))
        // Not of the nest: it has no route for its own address with a slash at the end.
        .route(&format!("{}/", api::PREFIX), any(api::nothing_here))
        .fallback_service(console(parts, identity, Forms::new(&parts.secret, parts.https)))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(1)).compress_when(Pages))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(SetSensitiveRequestHeadersLayer::new([header::COOKIE, header::AUTHORIZATION]))
        .layer(SetSensitiveResponseHeadersLayer::new([header::SET_COOKIE]))
        .layer(from_fn_with_state(look, observe))
        .layer(from_fn_with_state(Headers { services, https: parts.https }, headers))
}

/// A door of the console that is neither a page nor a server function.
#[derive(Clone, Copy)]
pub struct Mounted {
    pub path: &'static str,
    pub serve: Serve,
}

/// What it is, and how it is served.
#[derive(Clone, Copy)]
pub enum Serve {
    /// A file that leaves.
    Download(fn() -> MethodRouter<LeptosOptions>),
    /// What an open page listens to.
    Stream(fn() -> MethodRouter<LeptosOptions>),
    /// A file that comes: [`uploads`] takes it before there is a route.
    Upload,
}

/// All of them. The router is built from this list and `surface::check` compares it, so that none is open without a
/// line that says what it asks for.
pub const MOUNTED: &[Mounted] = &[
    Mounted { path: app::paths::TENANTS_EXPORT, serve: Serve::Download(|| get(download::tenants)) },
    Mounted { path: app::paths::AUDIT_EXPORT, serve: Serve::Download(|| get(download::audit)) },
    Mounted { path: app::paths::USAGE_EXPORT, serve: Serve::Download(|| get(download::usage)) },
    Mounted { path: "/tenants/{slug}/audit.csv", serve: Serve::Download(|| get(download::tenant_audit)) },
    Mounted { path: "/tenants/{slug}/usage.csv", serve: Serve::Download(|| get(download::tenant_usage)) },
    Mounted { path: app::paths::TENANTS_IMPORT, serve: Serve::Upload },
    Mounted { path: "/operations/{id}/events", serve: Serve::Stream(|| get(events::operation)) },
];

/// Pages, forms and server functions, behind their layers.
fn console(parts: &Parts, identity: Identify, banners: Forms) -> Router {
    let options = &parts.options;
    let shell_options = options.clone();
    let pages = by_hand()
        .route("/", get(home))
        // What is no function is no page either.
        .route("/api/{*rest}", any(|| async { StatusCode::NOT_FOUND }))
        .leptos_routes_with_context(options, generate_route_list(app::App), provide_nonce, move || {
            app::shell(shell_options.clone())
        })
        .fallback(leptos_axum::file_and_error_handler_with_context(provide_nonce, app::shell))
        .with_state(options.clone());
    let behind = Behind { within: parts.answer_time, tasks: parts.tasks.clone() };
    // A layer on `pages` itself would run after routing; the form layer sends its request through routing again.
    Router::new()
        .fallback_service(pages)
        .layer(from_fn_with_state(Arc::new(Semaphore::new(parts.turns)), turns))
        .layer(from_fn(crate::theme::theme))
        .layer(from_fn(speak))
        .layer(from_fn(scope))
        .layer(from_fn(gate))
        .layer(from_fn(canonical))
        .layer(from_fn_with_state(banners, forms))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(from_fn(files))
        .layer(from_fn_with_state(identity, identify))
        .layer(from_fn_with_state(behind, detach))
        .layer(RequestBodyLimitLayer::new(MAX_REQUEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, parts.answer_time))
        .layer(CsrfLayer::new())
}

/// Lets pages be made one after the other, first come, first served. More at once than there are connections would only
/// wait for one of them half made, and be overtaken by pages that came later: under load the slowest of a hundred took
/// an eighth longer. What changes something, and what goes on after its answer has begun, waits for nobody here.
async fn turns(State(turns): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let waits = matches!(*request.method(), Method::GET | Method::HEAD);
    // Closed it never is; without a turn a page would still be made.
    let _turn = if waits { turns.acquire().await.ok() } else { None };
    next.run(request).await
}

/// The routes of [`MOUNTED`].
fn by_hand() -> Router<LeptosOptions> {
    MOUNTED.iter().fold(Router::new(), |router, door| match door.serve {
        Serve::Download(serve) | Serve::Stream(serve) => router.route(door.path, serve()),
        Serve::Upload => router,
    })
}

/// Leaves to [`uploads`] what comes to an address that [`MOUNTED`] names, and nothing else.
async fn files(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if MOUNTED.iter().any(|door| matches!(door.serve, Serve::Upload) && door.path == path) {
        uploads(request, next).await
    } else {
        next.run(request).await
    }
}

/// The nonce of the header becomes the nonce of the page's own scripts.
fn provide_nonce() {
    if let Some(nonce) = use_context::<axum::http::request::Parts>()
        .and_then(|parts| parts.extensions.get::<PageNonce>().cloned())
    {
        provide_context(Nonce::from_value(nonce.0));
    }
}

/// The longest error of a function.
const MAX_ERROR: usize = 64 * 1024;

/// Gives the error of a server function the status that it stands for.
async fn speak(request: Request, next: Next) -> Response {
    let function = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    if !function
        || response.status() != StatusCode::INTERNAL_SERVER_ERROR
        || !response.headers().contains_key("serverfnerror")
    {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_ERROR).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<AppError>(&body) {
        parts.status = StatusCode::from_u16(error.status()).unwrap_or(parts.status);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Response::from_parts(parts, body.into())
}

/// Whether this process can do its work: the database answers.
async fn ready(State(services): State<Services>) -> Response {
    match tokio::time::timeout(Duration::from_secs(2), services.ready()).await {
        Ok(Ok(())) => "ready".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Compress what is made for one reader; everything else is compressed beforehand or small.
#[derive(Clone, Copy)]
struct Pages;

impl tower_http::compression::Predicate for Pages {
    fn should_compress<B>(&self, response: &http::Response<B>) -> bool
    where
        B: axum::body::HttpBody,
    {
        is_html(response.headers())
    }
}

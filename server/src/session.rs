//! Who is asking: one look at the session's cookie per request, and the door that anonymous callers do not pass.
//!
//! Two layers with the form layer between them. [`identify`] stands outside it and puts `domain::Ctx` into the request;
//! [`gate`] stands inside it, so that it also sees the function that a form names, not only the form's page.
//!
//! The cookie is handled here instead of by tower-sessions: that crate loads a record of its own first and the person
//! after it, where one query can answer both, and its default save is an upsert, which brings revoked sessions back.

use crate::forms::cookie;
use app::request::{ClientAddress, SessionCookie};
use app::server::SessionOf;
use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::users::SessionId;
use domain::{Ctx, Services};
use leptos::server_fn::ServerFn;
use model::permission::Actor;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What [`identify`] needs to know.
#[derive(Clone)]
pub struct Identify {
    pub services: Services,
    pub cookie: SessionCookie,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Arc<[IpAddr]>,
}

/// The request came with a session that is over.
#[derive(Clone, Copy)]
struct Ended;

/// The id of this request; made by the outermost layer.
#[derive(Clone)]
pub struct RequestId(pub Arc<str>);

/// The layer that resolves the actor.
pub async fn identify(State(state): State<Identify>, mut request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(|| state.services.new_id().simple().to_string().into(), |id| id.0.clone());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if let Some(address) = peer {
        let client = client_address(address, request.headers(), &state.proxies);
        request.extensions_mut().insert(ClientAddress(client));
    }
    request.extensions_mut().insert(state.cookie);
    let mut actor = Arc::new(Actor::Anonymous);
    // Files need no session; the machine API knows its callers by their keys.
    let path = request.uri().path();
    if !is_asset(path)
        && !is_machine_api(path)
        && let Some(session) = cookie(request.headers(), state.cookie.name()).map(SessionId::of)
    {
        match domain::users::actor_of_session(&state.services, session).await {
            Ok(Some(found)) => {
                actor = found;
                request.extensions_mut().insert(SessionOf(session));
            }
            Ok(None) => {
                request.extensions_mut().insert(Ended);
            }
            Err(error) => {
                tracing::error!(%error, request_id = %id, "a session could not be looked up");
                return problem(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The service is not available at the moment.",
                );
            }
        }
    }
    request.extensions_mut().insert(state.services.ctx(actor, id));
    next.run(request).await
}

/// The address that sent the request: the peer, or, where the peer is a trusted proxy, the last address in
/// `X-Forwarded-For` that is none. What stands left of that is anybody's claim.
fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    if !proxies.contains(&peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(str::trim)
        .collect();
    let mut nearest = peer;
    for hop in forwarded.into_iter().rev() {
        match hop.parse() {
            Ok(address) => nearest = address,
            Err(_) => return nearest,
        }
        if !proxies.contains(&nearest) {
            return nearest;
        }
    }
    nearest
}

/// The layer that turns anonymous callers away from everything that is not on the list.
pub async fn gate(request: Request, next: Next) -> Response {
    let anonymous = request.extensions().get::<Ctx>().is_none_or(|cx| *cx.actor() == Actor::Anonymous);
    if !anonymous || is_public(request.uri().path()) {
        return next.run(request).await;
    }
    refuse(&request)
}

fn refuse(request: &Request) -> Response {
    let page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.uri().path().starts_with("/api/")
        && !wants_json(request.headers());
    if !page {
        let mut response = problem(StatusCode::UNAUTHORIZED, "Sign in first.");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Session"));
        return response;
    }
    let next = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let mut target = app::paths::sign_in(next);
    if request.extensions().get::<Ended>().is_some() {
        target.push_str(if target.contains('?') { "&ended=1" } else { "?ended=1" });
    }
    let location =
        HeaderValue::from_str(&target).unwrap_or_else(|_| HeaderValue::from_static(app::paths::SIGN_IN));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Whether the caller is a program rather than a browser that shows a page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("text/html")
}

/// An RFC 9457 problem.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// Built files: the same for everybody.
pub fn is_asset(path: &str) -> bool {
    path.starts_with("/pkg/")
        || path.starts_with("/fonts/")
        || matches!(path, "/favicon.svg" | "/favicon.ico" | "/icons.svg" | "/robots.txt")
}

/// Programs' doors have their own locks.
pub fn is_machine_api(path: &str) -> bool {
    path == "/api/v1" || path.starts_with("/api/v1/")
}

/// The whole list of what anybody may ask for.
fn is_public(path: &str) -> bool {
    const FUNCTIONS: [&str; 3] =
        [app::session::SignIn::PATH, app::session::Bootstrap::PATH, app::session::BootstrapCheck::PATH];
    is_asset(path)
        || is_machine_api(path)
        || matches!(path, app::paths::SIGN_IN | "/livez" | "/readyz")
        || path.strip_prefix("/bootstrap/").is_some_and(|token| !token.is_empty() && !token.contains('/'))
        || FUNCTIONS.contains(&path)
}

/// `/`: to where this person's work begins.
pub async fn home(axum::Extension(cx): axum::Extension<Ctx>) -> Response {
    let location = HeaderValue::from_str(&app::session::home_of(cx.actor()))
        .unwrap_or_else(|_| HeaderValue::from_static(app::paths::SIGN_IN));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("address")
    }

    #[test]
    fn only_a_trusted_proxy_may_say_who_asks() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 192.0.2.7, 10.0.0.2"));
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(client_address(ip("203.0.113.9"), &headers, &proxies), ip("203.0.113.9"), "no proxy");
        assert_eq!(client_address(ip("10.0.0.1"), &headers, &proxies), ip("192.0.2.7"), "never the leftmost");
        assert_eq!(client_address(ip("10.0.0.1"), &headers, &[]), ip("10.0.0.1"));
        headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.7, nonsense"));
        assert_eq!(client_address(ip("10.0.0.1"), &headers, &proxies), ip("10.0.0.1"));
    }

    #[test]
    fn little_is_public() {
        for path in ["/sign-in", "/livez", "/pkg/steward.css", "/bootstrap/abc", "/robots.txt"] {
            assert!(is_public(path), "{path}");
        }
        for path in [
            "/",
            "/tenants",
            "/sign-in/x",
            "/bootstrap/",
            "/bootstrap/a/b",
            "/pkg",
            "/api/app/tenants/api/get_tenant",
            "/overview",
            "/api/v1x",
        ] {
            assert!(!is_public(path), "{path}");
        }
    }
}

//! Who is asking: one look at the session's cookie per request, and the door that anonymous callers do not pass.
//!
//! Two layers with the form layer between them. [`identify`] stands outside it and puts `domain::Ctx` into the request;
//! [`gate`] stands inside it, so that it also sees the function that a form names, not only the form's page.
//!
//! The cookie is handled here instead of by tower-sessions: that crate loads a record of its own first and the person
//! after it, where one query can answer both, and its default save is an upsert, which brings revoked sessions back.

use crate::forms::{cookie, see_other};
use crate::observe::{RequestId, problem, wants_json};
use app::request::{ClientAddress, FormFailure, SessionCookie, Theme};
use app::server::SessionOf;
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
use std::sync::atomic::{AtomicBool, Ordering};

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

/// The layer that resolves the actor.
pub async fn identify(State(state): State<Identify>, mut request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map_or_else(|| "none".into(), |id| id.0.clone());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    if let Some(address) = peer {
        if is_unheard(address, request.headers(), &state.proxies) {
            warn_once(address);
        }
        let client = client_address(address, request.headers(), &state.proxies);
        request.extensions_mut().insert(ClientAddress(client));
    }
    request.extensions_mut().insert(state.cookie);
    if let Some(theme) = theme(request.headers()) {
        request.extensions_mut().insert(theme);
    }
    if request.uri().path().starts_with("/api/") {
        // A function that is asked for HTML answers its error by a redirect to wherever `Referer` says, with the error in
        // the address. It is always asked for data.
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        request.headers_mut().remove(header::REFERER);
    }
    let mut actor = Arc::new(Actor::Anonymous);
    // Files need no session; the machine API knows its callers by their keys.
    let path = request.uri().path();
    if !is_asset(path)
        && !is_machine_api(path)
        && let Some(session) = cookie(request.headers(), state.cookie.name()).map(SessionId::of)
    {
        let found = if crate::events::is_watching(path) {
            domain::users::watcher_of_session(&state.services, session).await
        } else {
            domain::users::actor_of_session(&state.services, session).await
        };
        match found {
            Ok(Some(found)) => {
                actor = found;
                request.extensions_mut().insert(SessionOf(session));
            }
            Ok(None) => {
                request.extensions_mut().insert(Ended);
            }
            Err(error) => {
                tracing::error!(%error, request_id = %id, "a session could not be looked up");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
        }
    }
    request.extensions_mut().insert(state.services.ctx(actor, id));
    next.run(request).await
}

/// The theme that the reader chose.
fn theme(headers: &HeaderMap) -> Option<Theme> {
    match cookie(headers, "theme")? {
        "light" => Some(Theme("light")),
        "dark" => Some(Theme("dark")),
        _ => None,
    }
}

/// Whether it comes through something that says whom it speaks for and is not believed.
fn is_unheard(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> bool {
    headers.contains_key("x-forwarded-for") && !proxies.contains(&peer)
}

/// Once for as long as the process lives: anybody can send the header, and a log is no place for that.
fn warn_once(peer: IpAddr) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            %peer,
            "X-Forwarded-For came from an address that is no trusted proxy and was not believed. If that is your proxy, \
             name it in STEWARD_TRUSTED_PROXIES: until then everybody behind it has its address, in the audit log and \
             wherever tries are limited. This is said once"
        );
    }
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
    if let Some(cx) = request.extensions().get::<Ctx>().filter(|_| !anonymous && is_sign_in(&request)) {
        let home = app::session::home_of(cx.actor());
        if home != app::paths::SIGN_IN {
            return see_other(&home);
        }
    }
    if !anonymous || is_public(request.uri().path()) {
        return next.run(request).await;
    }
    refuse(&request)
}

/// Whether this is the sign-in page as such, not one that shows what was wrong.
fn is_sign_in(request: &Request) -> bool {
    request.uri().path() == app::paths::SIGN_IN
        && request.method() == Method::GET
        && request.extensions().get::<FormFailure>().is_none()
}

fn refuse(request: &Request) -> Response {
    let page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.uri().path().starts_with("/api/")
        && !crate::events::is_watching(request.uri().path())
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
    see_other(&target)
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
    const FUNCTIONS: [&str; 9] = [
        app::signup::api::GetSignupDoor::PATH,
        app::signup::api::RegisterSignup::PATH,
        app::signup::api::GetSignupConfirmation::PATH,
        app::signup::api::ConfirmSignup::PATH,
        app::session::SignIn::PATH,
        app::session::Bootstrap::PATH,
        app::session::BootstrapCheck::PATH,
        app::session::SetUp::PATH,
        app::session::SetUpCheck::PATH,
    ];
    is_asset(path)
        || is_machine_api(path)
        || matches!(path, app::paths::SIGN_IN | "/livez" | "/readyz")
        || ["/bootstrap/", "/set-up/"].iter().any(|page| {
            path.strip_prefix(page).is_some_and(|token| !token.is_empty() && !token.contains('/'))
        })
        || path.strip_prefix("/join/").is_some_and(|page| {
            let mut parts = page.splitn(3, '/');
            parts.next().is_some_and(|slug| !slug.is_empty())
                && parts.next().is_none_or(|token| !token.is_empty())
                && parts.next().is_none()
        })
        || FUNCTIONS.contains(&path)
}

/// `/`: to where this person's work begins.
pub async fn home(axum::Extension(cx): axum::Extension<Ctx>) -> Response {
    see_other(&app::session::home_of(cx.actor()))
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
        assert!(
            is_unheard(ip("203.0.113.9"), &headers, &proxies)
                && !is_unheard(ip("10.0.0.1"), &headers, &proxies)
        );
        assert!(!is_unheard(ip("203.0.113.9"), &HeaderMap::new(), &proxies), "nobody claims anything");
        assert_eq!(client_address(ip("10.0.0.1"), &headers, &proxies), ip("192.0.2.7"), "never the leftmost");
        assert_eq!(client_address(ip("10.0.0.1"), &headers, &[]), ip("10.0.0.1"));
        headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.7, nonsense"));
        assert_eq!(client_address(ip("10.0.0.1"), &headers, &proxies), ip("10.0.0.1"));
    }

    #[test]
    fn little_is_public() {
        for path in [
            "/sign-in",
            "/livez",
            "/pkg/steward.css",
            "/bootstrap/abc",
            "/set-up/abc",
            "/robots.txt",
            "/join/acme",
            "/join/acme/sent",
        ] {
            assert!(is_public(path), "{path}");
        }
        for path in [
            "/",
            "/tenants",
            "/sign-in/x",
            "/bootstrap/",
            "/set-up/",
            "/set-up/a/b",
            "/bootstrap/a/b",
            "/join",
            "/join/",
            "/join//x",
            "/join/a/",
            "/join/a/b/c",
            "/signup-pages",
            "/pkg",
            "/api/app/tenants/api/get_tenant",
            "/overview",
            "/api/v1x",
        ] {
            assert!(!is_public(path), "{path}");
        }
    }
}

//! What every answer says to the browser about how it may be used, and the nonce that names our own scripts.
//!
//! HTML is `private, no-cache`, not `no-store`: that would switch off the browser's back/forward cache, and every step
//! back would load anew. What a person saw must not stay reachable after they signed out; the answer to signing out
//! therefore clears the browser's caches, the back/forward cache among them (`Clear-Site-Data`, ASVS 14.3.1).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::Services;
use std::sync::Arc;

/// The nonce of this answer: 128 random bits.
#[derive(Clone, Debug)]
pub struct PageNonce(pub Arc<str>);

/// What [`headers`] needs to know.
#[derive(Clone)]
pub struct Headers {
    pub services: Services,
    pub https: bool,
}

/// Name and value of the headers that are the same on every answer.
const FIXED: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()",
    ),
];

/// The outermost layer, so that an answer made by any other one carries them too.
pub async fn headers(State(state): State<Headers>, mut request: Request, next: Next) -> Response {
    let nonce: Arc<str> = BASE64_STANDARD.encode(state.services.random::<16>()).into();
    request.extensions_mut().insert(PageNonce(nonce.clone()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    if is_html(headers) {
        if let Ok(policy) = HeaderValue::from_str(&policy(&nonce, state.https)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        // A page that shows a secret once says so itself: no cache may show it again.
        if headers.get(header::CACHE_CONTROL).is_none_or(|value| value != "no-store") {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        // The theme and everything else on a page depend on cookies.
        headers.append(header::VARY, HeaderValue::from_static("cookie"));
    } else if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Whether the answer is a page.
pub fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/html"))
}

fn policy(nonce: &str, https: bool) -> String {
    // The reloading of `make dev` uses a WebSocket on another port.
    let connect = if cfg!(debug_assertions) { "'self' ws:" } else { "'self'" };
    let upgrade = if https { "; upgrade-insecure-requests" } else { "" };
    format!(
        "default-src 'self'; script-src 'strict-dynamic' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src {connect}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
         object-src 'none'{upgrade}"
    )
}

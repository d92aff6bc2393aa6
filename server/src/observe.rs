//! One id and one log line per request, and an answer worth reading where a layer only gave a status.
//!
//! The id is ours: one that a caller sends is ignored, or it could forge lines of the log and of the audit. No header,
//! no query and no body is ever logged: they carry cookies, searched names and secrets.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::Services;
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request; it stands in the log, in the audit log and on error pages.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

/// What [`observe`] needs to know.
#[derive(Clone)]
pub struct Observe {
    pub services: Services,
    /// The address of the stylesheet, for pages that are made without the page renderer.
    pub stylesheet: Arc<str>,
}

/// The layer that names, times and logs a request.
pub async fn observe(State(state): State<Observe>, mut request: Request, next: Next) -> Response {
    let id: Arc<str> = state.services.new_id().simple().to_string().into();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path = loggable(request.uri().path()).to_owned();
    let program = path.starts_with("/api/") || wants_json(request.headers());
    let span = tracing::info_span!("request", id = %id, %method, path);
    let begin = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    let ms = begin.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), ms, "answered");
        } else if status.is_client_error() || !matches!(method, Method::GET | Method::HEAD) {
            tracing::info!(status = status.as_u16(), ms, "answered");
        } else {
            // A reader clicks a lot: at `info` their log would drown what changed something.
            tracing::debug!(status = status.as_u16(), ms, "answered");
        }
    });
    let mut response = dress(response, program, &id, &state.stylesheet);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The path without what is secret in it: the token of a one-time link.
fn loggable(path: &str) -> &str {
    match path {
        _ if path.starts_with("/bootstrap/") => "/bootstrap/…",
        _ if path.starts_with("/set-up/") => "/set-up/…",
        _ if path.starts_with("/join/") => "/join/…",
        path => path,
    }
}

/// Whether the caller is a program rather than a browser that shows a page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("json") && !accept.contains("text/html")
}

/// Gives an error that has only a status, or a word of plain text from a layer, a body for people or for programs.
fn dress(response: Response, program: bool, id: &str, stylesheet: &str) -> Response {
    let status = response.status();
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let spoken = kind.contains("json") || kind.starts_with("text/html");
    if !(status.is_client_error() || status.is_server_error()) || spoken {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    for stale in
        [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING]
    {
        parts.headers.remove(stale);
    }
    let body = if program { problem(status, explain(status)) } else { page(status, id, stylesheet) };
    let (fresh, body) = body.into_parts();
    parts.headers.extend(fresh.headers);
    Response::from_parts(parts, body)
}

/// An RFC 9457 problem.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// What happened and what to do. Nothing of the request is repeated.
fn explain(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "You may not do this with the role you have. Nothing was done.",
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::METHOD_NOT_ALLOWED => "This address does not take requests of this kind.",
        StatusCode::PAYLOAD_TOO_LARGE => "That was too much at once.",
        StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => {
            "This took too long and was given up. Look whether it was done before you try again."
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            "The service is not available at the moment. Try again in a minute."
        }
        s if s.is_server_error() => "The fault is ours and has been recorded.",
        _ => "The request was not understood. Go back, reload the page and try again.",
    }
}

fn page(status: StatusCode, id: &str, stylesheet: &str) -> Response {
    let title = match status {
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::SERVICE_UNAVAILABLE => "Not available",
        s if s.is_server_error() => "That is our fault",
        _ => "That did not work",
    };
    let text = explain(status);
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Steward</title><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{stylesheet}\"></head>\
         <body class=\"c-solo\"><main class=\"c-sign-in\" id=\"content\"><h1>{title}</h1><p>{text}</p>\
         <p><a class=\"c-button\" href=\"/\">Go to the start</a></p>\
         <footer class=\"c-sign-in__foot\">Request <code>{id}</code></footer></main></body></html>"
    );
    (status, Html(html)).into_response()
}

/// The answer to a panic, for `CatchPanicLayer`: logged within the request's span, shown as a page with its id.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> http::Response<Body> {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = what, "a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_status_gets_words_and_a_spoken_error_keeps_its_own() {
        let dressed = dress(StatusCode::PAYLOAD_TOO_LARGE.into_response(), false, "abc", "/s.css");
        assert_eq!(dressed.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(dressed.headers()[header::CONTENT_TYPE].to_str().is_ok_and(|v| v.starts_with("text/html")));
        let dressed = dress((StatusCode::BAD_REQUEST, "reflected").into_response(), true, "abc", "/s.css");
        assert_eq!(dressed.headers()[header::CONTENT_TYPE], "application/problem+json");
        let spoken =
            dress((StatusCode::UNPROCESSABLE_ENTITY, Html("mine")).into_response(), true, "abc", "/s.css");
        assert!(spoken.headers()[header::CONTENT_TYPE].to_str().is_ok_and(|v| v.starts_with("text/html")));
    }

    #[test]
    fn tokens_are_not_logged() {
        assert!(!loggable("/bootstrap/secret").contains("secret"));
        assert!(!loggable("/set-up/secret").contains("secret"));
        assert!(!loggable("/join/acme/secret").contains("secret"));
        assert_eq!(loggable("/tenants/acme"), "/tenants/acme");
    }

    #[test]
    fn programs_are_told_from_browsers() {
        let accept =
            |value: &'static str| HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]);
        assert!(wants_json(&accept("application/json")));
        assert!(!wants_json(&accept("text/html,application/xhtml+xml,application/json;q=0.9")));
        assert!(!wants_json(&HeaderMap::new()));
    }
}

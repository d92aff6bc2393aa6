//! Posts of pages: runs the server function that a form names, then redirects or renders the same page again.
//!
//! A form posts to the address of its own page. Success answers 303 to where the function redirects (or back to the
//! page), with the function's flash banner in a signed cookie, or renders the page with a secret that is shown once; failure answers the page itself with the error's status, with what
//! was typed and why it failed in `FormFailure`. Where the session was over, the sign-in page is the answer and carries
//! what was typed (`Draft`); after it the form is back, not sent. The address never carries text to show. Only functions that stand in
//! the list of this process can be named.

use app::AppError;
use app::request::{Claimed, Draft, Flash, FormAnswer, FormFailure, SessionCookie, Unclaimed, is_local};
use app::server::{ANSWER_HEADER, FLASH_HEADER, SessionOf};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::Ctx;
use domain::users::SessionId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::Arc;

/// The longest form: a prompt of 20,000 characters, percent-encoded, twice.
const MAX_FORM: usize = 256 * 1024;

const FLASH_COOKIE: &str = "flash";

/// Where each server function listens, by the last segment of its path, and the key that signs banners.
#[derive(Clone)]
pub struct Forms {
    functions: Arc<HashMap<String, String>>,
    key: Arc<[u8]>,
    /// What the browser must see TLS for, where it reaches us by it.
    secure: &'static str,
}

impl Forms {
    /// # Panics
    /// Never; two functions of one name would already share one path.
    pub fn new(secret: &[u8], https: bool) -> Self {
        let functions = server_fn::axum::server_fn_paths()
            .map(|(path, _)| (path.rsplit('/').next().unwrap_or(path).to_owned(), path.to_owned()))
            .collect();
        Self {
            functions: Arc::new(functions),
            key: secret.into(),
            secure: if https { "; Secure" } else { "" },
        }
    }

    fn sign(&self, payload: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(payload.as_bytes());
        Some(BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn flash_cookie(&self, json: &[u8]) -> Option<HeaderValue> {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(json);
        let signature = self.sign(&payload)?;
        HeaderValue::from_str(&format!(
            "{FLASH_COOKIE}={payload}.{signature}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60{}",
            self.secure
        ))
        .ok()
    }

    fn read_flash(&self, headers: &HeaderMap) -> Option<Flash> {
        let value = cookie(headers, FLASH_COOKIE)?;
        let (payload, signature) = value.split_once('.')?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(payload.as_bytes());
        mac.verify_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

/// The value of one cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The layer. GET passes, with the banner of the last action; a form post runs its function.
pub async fn forms(State(forms): State<Forms>, mut request: Request, next: Next) -> Response {
    let had_flash = cookie(request.headers(), FLASH_COOKIE).is_some();
    if is_form_post(&request) {
        return submit(&forms, request, next).await;
    }
    if had_flash && request.method() == Method::GET && wants_html(request.headers()) {
        if let Some(flash) = forms.read_flash(request.headers()) {
            request.extensions_mut().insert(flash);
        }
        let mut response = next.run(request).await;
        let gone = format!("{FLASH_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", forms.secure);
        if let Ok(gone) = HeaderValue::from_str(&gone) {
            response.headers_mut().append(header::SET_COOKIE, gone);
        }
        return response;
    }
    next.run(request).await
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn is_form_post(request: &Request) -> bool {
    let form = |value: &HeaderValue| {
        value.to_str().is_ok_and(|v| v.starts_with("application/x-www-form-urlencoded"))
    };
    request.method() == Method::POST
        && !request.uri().path().starts_with("/api/")
        && request.headers().get(header::CONTENT_TYPE).is_some_and(form)
}

async fn submit(forms: &Forms, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_FORM).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.").into_response();
    };
    let Ok(mut values) = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&bytes) else {
        return (StatusCode::BAD_REQUEST, "The form was not understood.").into_response();
    };
    let name = values.iter().position(|(key, _)| key == app::ui::FORM_NAME).map(|at| values.remove(at).1);
    let Some((name, path)) = name.and_then(|name| forms.functions.get(&name).map(|path| (name, path))) else {
        return (StatusCode::BAD_REQUEST, "The form names no action.").into_response();
    };
    let page = parts.uri.clone();
    // The form of the sign-in page carries what was sent when the session was over.
    let draft = Draft::take(&mut values);
    let call = request_for(&parts, Method::POST, path, encode(&joined(&values)));
    let response = next.clone().run(call).await;
    match outcome(response).await {
        Ok(Done { answer: Some(json), .. }) => {
            // A secret that is shown once stands in this answer only: a redirect would have to carry it.
            let mut again = request_for(&parts, Method::GET, &page.to_string(), Bytes::new());
            again.extensions_mut().insert(FormAnswer { form: name, json });
            let mut response = next.run(again).await;
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Ok(done) => match draft {
            Some(draft) => resume(&parts, &done, draft, next).await,
            None => redirect(forms, &done, &page),
        },
        Err(AppError::SignIn) => keep(&parts, Draft::of(&name, values), next).await,
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let page = if draft.is_some() { sign_in(&page) } else { page.to_string() };
            let failure = FormFailure { form: name, values, error, claimed: Claimed::default() };
            show(&parts, &page, failure, draft, status, next).await
        }
    }
}

/// A name that is sent several times, as boxes to tick are, reaches the function once, with commas between its values.
fn joined(values: &[(String, String)]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::with_capacity(values.len());
    for (key, value) in values {
        match out.iter_mut().find(|(known, _)| known == key) {
            Some((_, all)) => {
                all.push(',');
                all.push_str(value);
            }
            None => out.push((key.clone(), value.clone())),
        }
    }
    out
}

/// The page again with what went wrong in its form; above it, where the page has no such form (any more).
async fn show(
    parts: &axum::http::request::Parts,
    page: &str,
    failure: FormFailure,
    draft: Option<Draft>,
    status: StatusCode,
    next: Next,
) -> Response {
    let mut again = request_for(parts, Method::GET, page, Bytes::new());
    again.extensions_mut().insert(failure.clone());
    if let Some(draft) = draft {
        again.extensions_mut().insert(draft);
    }
    let mut response = next.clone().run(again).await;
    if !failure.claimed.get() {
        let mut again = request_for(parts, Method::GET, page, Bytes::new());
        again.extensions_mut().insert(Unclaimed(failure));
        response = next.run(again).await;
    }
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

/// The sign-in page that leads back to this one.
fn sign_in(page: &Uri) -> String {
    app::paths::sign_in(page.path_and_query().map_or("/", |p| p.as_str()))
}

/// The session was over when the form came: the answer is the sign-in page, with everything that was typed. It stands at
/// the address of the page, to which its form posts, so that nothing has to be kept here meanwhile.
async fn keep(parts: &axum::http::request::Parts, draft: Draft, next: Next) -> Response {
    let page = sign_in(&parts.uri);
    if draft.values.is_empty() {
        return see_other(&page);
    }
    let mut again = request_for(parts, Method::GET, &page, Bytes::new());
    again.extensions_mut().insert(draft);
    let mut response = next.run(again).await;
    if response.status().is_success() {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Signed in again: the page with its form as it was sent, for the session that has just begun. Nothing is done with it
/// before it is sent once more, by whoever sits there now and under their rights.
async fn resume(parts: &axum::http::request::Parts, done: &Done, draft: Draft, next: Next) -> Response {
    let mut parts = parts.clone();
    let cookie = parts.extensions.get::<SessionCookie>().copied();
    let session = done.headers.iter().find_map(|(_, value)| {
        let (name, value) = value.to_str().ok()?.split(';').next()?.split_once('=')?;
        cookie.is_some_and(|cookie| cookie.name() == name).then(|| SessionId::of(value))
    });
    let before = parts.extensions.get::<Ctx>().cloned();
    if let (Some(session), Some(cx)) = (session, before)
        && let Ok(Some(actor)) = domain::users::actor_of_session(cx.services(), session).await
    {
        let id = cx.request_id().to_owned();
        parts.extensions.insert(cx.services().ctx(actor, id));
        parts.extensions.insert(SessionOf(session));
        let page = parts.uri.to_string();
        let failure = FormFailure {
            form: draft.form,
            values: draft.values,
            error: AppError::Interrupted,
            claimed: Claimed::default(),
        };
        let mut response = show(&parts, &page, failure, None, StatusCode::OK, next).await;
        for (name, value) in &done.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return response;
    }
    see_other(parts.uri.path())
}

fn encode(values: &[(String, String)]) -> Bytes {
    serde_urlencoded::to_string(values).unwrap_or_default().into()
}

/// The same request with another method, address and body: cookies, actor and request id stay.
fn request_for(parts: &axum::http::request::Parts, method: Method, uri: &str, body: Bytes) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.uri_mut() = uri.parse().unwrap_or_else(|_| Uri::from_static("/"));
    *request.headers_mut() = parts.headers.clone();
    *request.extensions_mut() = parts.extensions.clone();
    request.headers_mut().remove(header::CONTENT_LENGTH);
    if method == Method::POST {
        // So that the function answers its error as data, not as a redirect with text in the address.
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    } else {
        request.headers_mut().remove(header::CONTENT_TYPE);
    }
    *request.method_mut() = method;
    request
}

/// What a function that went well wants the browser to know.
struct Done {
    location: Option<HeaderValue>,
    flash: Option<HeaderValue>,
    /// Cookies, and what else the browser is told besides where to go.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The result, where it is shown once instead of redirecting.
    answer: Option<String>,
}

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

async fn outcome(response: Response) -> Result<Done, AppError> {
    let (parts, body) = response.into_parts();
    if parts.status.is_success() || parts.status.is_redirection() {
        let answer = if parts.headers.contains_key(ANSWER_HEADER) {
            let body = to_bytes(body, MAX_FORM).await.unwrap_or_default();
            String::from_utf8(body.to_vec()).ok()
        } else {
            None
        };
        return Ok(Done {
            answer,
            location: parts.headers.get(header::LOCATION).cloned(),
            flash: parts.headers.get(FLASH_HEADER).cloned(),
            headers: [header::SET_COOKIE, CLEAR_SITE_DATA]
                .into_iter()
                .flat_map(|name| {
                    parts
                        .headers
                        .get_all(&name)
                        .iter()
                        .map(move |value| (name.clone(), value.clone()))
                        .collect::<Vec<_>>()
                })
                .collect(),
        });
    }
    let body = to_bytes(body, MAX_FORM).await.unwrap_or_default();
    Err(serde_json::from_slice(&body).unwrap_or_else(|_| match parts.status {
        StatusCode::UNAUTHORIZED => AppError::SignIn,
        StatusCode::NOT_FOUND => AppError::NotFound,
        other => AppError::Transport(other.to_string()),
    }))
}

fn redirect(forms: &Forms, done: &Done, page: &Uri) -> Response {
    let back = page.path_and_query().map_or("/", |p| p.as_str());
    let target = done
        .location
        .as_ref()
        .and_then(|value| value.to_str().ok())
        .filter(|to| is_local(to))
        .unwrap_or(back);
    let mut response = see_other(target);
    if let Some(cookie) = done.flash.as_ref().and_then(|json| forms.flash_cookie(json.as_bytes())) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    for (name, value) in &done.headers {
        response.headers_mut().append(name, value.clone());
    }
    response
}

/// 303, so that the browser asks for the next page with GET.
pub fn see_other(target: &str) -> Response {
    let location = HeaderValue::from_str(target).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_this_site() {
        assert!(is_local("/tenants?status=active"));
        for bad in ["https://evil.example", "//evil.example", "/\\evil.example", "tenants", "", "/a\nb"] {
            assert!(!is_local(bad), "{bad}");
        }
    }

    #[test]
    fn boxes_of_one_name_become_one_value() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let sent = [pair("a", "1"), pair("b", "x"), pair("a", "2"), pair("a", "3")];
        assert_eq!(joined(&sent), [pair("a", "1,2,3"), pair("b", "x")]);
    }

    #[test]
    fn a_banner_that_was_tampered_with_is_ignored() {
        let forms = Forms::new(b"secret", true);
        let flash = Flash { tone: "success".into(), text: "Done".into(), undo: None };
        let cookie = forms.flash_cookie(&serde_json::to_vec(&flash).expect("json")).expect("cookie");
        assert!(cookie.to_str().is_ok_and(|cookie| cookie.ends_with("; Secure")), "{cookie:?}");
        let pair = cookie.to_str().expect("ascii").split(';').next().expect("pair").to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; {pair}")).expect("header"));
        assert_eq!(forms.read_flash(&headers), Some(flash));
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("{pair}x")).expect("header"));
        assert_eq!(forms.read_flash(&headers), None);
        assert_eq!(Forms::new(b"other", false).read_flash(&headers), None);
    }
}

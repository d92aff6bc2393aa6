//! The server's side of `app`, compiled only there: the request's context, how domain errors become wire errors, and
//! what a server function may tell the browser besides its result.

use crate::error::AppError;
use crate::request::{ClientAddress, Flash, SessionCookie, Undo};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::permission::Actor;

/// Carries a [`Flash`] from a server function to the layer that turns it into a signed cookie.
pub const FLASH_HEADER: HeaderName = HeaderName::from_static("x-steward-flash");

/// The live session that this request came with; the session layer puts it into the request.
#[derive(Clone, Copy, Debug)]
pub struct SessionOf(pub domain::users::SessionId);

/// Says that the function's result is to be shown on the page that the form stands on; see [`show_once`].
pub const ANSWER_HEADER: HeaderName = HeaderName::from_static("x-steward-answer");

fn parts() -> Option<Parts> {
    use_context::<Parts>()
}

/// Something a layer put into the request.
pub fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    parts()?.extensions.get::<T>().cloned()
}

/// The context of this request.
pub fn ctx() -> Result<domain::Ctx, AppError> {
    extension::<domain::Ctx>().ok_or(AppError::SignIn)
}

/// Who asks; nobody where no request is.
pub fn actor() -> std::sync::Arc<Actor> {
    extension::<domain::Ctx>().map_or_else(|| Actor::Anonymous.into(), |cx| cx.actor().clone().into())
}

/// The session that this request came with.
pub fn session() -> Option<domain::users::SessionId> {
    extension::<SessionOf>().map(|session| session.0)
}

/// Keeps a word for a year in this browser, readable by pages only.
pub fn set_preference(name: &str, word: &str) {
    let secure =
        if extension::<SessionCookie>().is_some_and(|cookie| cookie.secure) { "; Secure" } else { "" };
    set_cookie(&format!("{name}={word}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"));
}

/// The time of this request.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    extension::<domain::Ctx>().map_or(chrono::DateTime::UNIX_EPOCH, |cx| cx.now())
}

/// Path and query of this request.
pub fn uri() -> (String, String) {
    parts()
        .map(|p| (p.uri.path().to_owned(), p.uri.query().unwrap_or_default().to_owned()))
        .unwrap_or_default()
}

/// Sets the status of the page that is being rendered.
pub fn set_status(status: u16) {
    if let (Some(options), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        options.set_status(status);
    }
}

/// Renders the form's page again with this function's result in it, instead of redirecting: for a secret that is shown
/// once. The page reads it with `ui::form_answer`.
pub fn show_once() {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.insert_header(ANSWER_HEADER, HeaderValue::from_static("1"));
    }
}

/// After a move of a tenant's life: back to the tenant with the news, or to the operation that waits for a second person.
pub fn done_or_asked(asked: &model::operations::Requested, slug: &str, done: String) {
    if asked.state == model::operations::State::Requested {
        flash("success", "Asked for. It begins when a second person has approved it.");
        leptos_axum::redirect(&crate::paths::operation(asked.id));
    } else {
        flash("success", done);
        leptos_axum::redirect(&crate::paths::tenant(slug, ""));
    }
}

/// A moment as a form says it: RFC 3339, or a day, which begins at 00:00 UTC.
pub fn moment(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let text = text.trim();
    let at = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    at.parse().ok()
}

/// The same of a moment to come, where `+30` is the beginning of the day so many days after today.
pub fn moment_ahead(text: &str, now: chrono::DateTime<chrono::Utc>) -> Option<chrono::DateTime<chrono::Utc>> {
    let Some(days) = text.trim().strip_prefix('+') else { return moment(text) };
    let day = now.date_naive().checked_add_days(chrono::Days::new(days.parse().ok()?))?;
    day.and_hms_opt(0, 0, 0).map(|at| at.and_utc())
}

/// Shows a banner on the page that follows.
pub fn flash(tone: &str, text: impl Into<String>) {
    flash_with_undo(tone, text, None);
}

/// Like [`flash`], with a form that takes it back.
pub fn flash_with_undo(tone: &str, text: impl Into<String>, undo: Option<Undo>) {
    let flash = Flash { tone: tone.to_owned(), text: text.into(), undo };
    let encoded =
        serde_json::to_vec(&flash).ok().and_then(|json| HeaderValue::from_bytes(&ascii(&json)).ok());
    if let (Some(options), Some(value)) = (use_context::<ResponseOptions>(), encoded) {
        options.insert_header(FLASH_HEADER, value);
    }
}

/// JSON with everything outside ASCII escaped, so that it fits a header.
fn ascii(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    for c in String::from_utf8_lossy(json).chars() {
        if c.is_ascii() {
            out.push(c as u8);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        }
    }
    out
}

/// Adds a cookie to the answer.
pub fn set_cookie(cookie: &str) {
    if let (Some(options), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        options.append_header(axum::http::header::SET_COOKIE, value);
    }
}

/// Where this request comes from.
pub fn client_address() -> Result<std::net::IpAddr, AppError> {
    let address = extension::<ClientAddress>().ok_or_else(|| AppError::Transport("no address".into()))?;
    Ok(address.0)
}

/// Begins a session and hands it to the browser; the one that it came with ends.
pub async fn sign_in(email: &str, password: &str) -> Result<std::sync::Arc<Actor>, AppError> {
    let address = extension::<ClientAddress>().ok_or_else(|| AppError::Transport("no address".into()))?;
    let old = extension::<SessionOf>().map(|session| session.0);
    let parts = parts();
    let agent =
        parts.as_ref().and_then(|parts| parts.headers.get(axum::http::header::USER_AGENT)?.to_str().ok());
    let browser = domain::users::Browser { address: address.0, agent: agent.unwrap_or_default() };
    let start = domain::users::sign_in(&ctx()?, email, password, browser, old).await?;
    if let Some(cookie) = extension::<SessionCookie>() {
        set_cookie(&cookie.set(&start.token));
    }
    Ok(start.actor)
}

/// Gives whoever asks another password; says how many sessions ended elsewhere.
pub async fn change_password(current: &str, new: &str) -> Result<u64, AppError> {
    let address = extension::<ClientAddress>().ok_or_else(|| AppError::Transport("no address".into()))?;
    let here = session().ok_or(AppError::SignIn)?;
    Ok(domain::users::change_own_password(&ctx()?, here, address.0, current, new).await?)
}

/// Ends the session that this request came with.
pub async fn sign_out() -> Result<(), AppError> {
    if let Some(session) = extension::<SessionOf>() {
        domain::users::sign_out(&ctx()?, session.0).await?;
    }
    if let Some(cookie) = extension::<SessionCookie>() {
        set_cookie(&cookie.clear());
    }
    if let Some(options) = use_context::<ResponseOptions>() {
        // Steps back must not show what this person saw.
        options
            .insert_header(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""));
    }
    Ok(())
}

/// Redirects, from a server function or a page.
pub fn redirect(path: &str) {
    leptos_axum::redirect(path);
}

impl From<domain::Error> for AppError {
    fn from(error: domain::Error) -> Self {
        use domain::Error;
        match error {
            Error::NotFound => Self::NotFound,
            Error::SignIn => Self::SignIn,
            Error::Forbidden(permission) => Self::Forbidden(permission.label().to_owned()),
            Error::Suspended(access) => Self::Suspended(access),
            Error::Closed(words) => Self::Closed(words),
            Error::Invalid(errors) => Self::Invalid(errors),
            Error::Conflict(what) => Self::Conflict(what),
            Error::OtherContent(_) => Self::Conflict("It was sent before with other content.".into()),
            Error::Throttled { seconds } => Self::Throttled(seconds),
            Error::OverQuota { resets_in, .. } => Self::Throttled(resets_in),
            Error::Busy => {
                tracing::warn!("no connection to the database came free in time");
                Self::Busy
            }
            fault @ (Error::Database(_) | Error::Internal(_)) => {
                let id = extension::<domain::Ctx>()
                    .map_or_else(|| "unknown".into(), |cx| cx.request_id().to_owned());
                tracing::error!(error = %fault, request_id = id, "a request failed");
                Self::Internal(id)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> chrono::DateTime<chrono::Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_moment_ahead_is_a_time_a_day_or_so_many_days() {
        let now = at("2026-12-15T17:45:30Z");
        for (text, expected) in [
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            (" 2027-01-31T08:30:00+01:00 ", "2027-01-31T07:30:00Z"),
            ("+0", "2026-12-15T00:00:00Z"),
            (" +1 ", "2026-12-16T00:00:00Z"),
            ("+30", "2027-01-14T00:00:00Z"),
        ] {
            assert_eq!(moment_ahead(text, now), Some(at(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none_however_far_it_lies() {
        let now = at("2026-12-15T17:45:30Z");
        for wrong in [
            "",
            "+",
            "+x",
            "+-1",
            "+1.5",
            "+1 day",
            "+99999999999",
            "+99999999999999999999",
            "+2000000000",
            "soon",
            "2027-02-30",
        ] {
            assert_eq!(moment_ahead(wrong, now), None, "{wrong}");
        }
    }
}

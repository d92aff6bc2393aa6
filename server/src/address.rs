//! Addresses of pages: one spelling of each, and the name of the tenant that one names.

use app::request::InTenant;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Ctx;
use model::permission::Actor;

/// Leads to the one spelling of an address (N10): no slash at the end, and lower case where only words and slugs stand.
///
/// Nothing of ours has a NUL in its name, and the database takes none: such an address is that of a page that is not there.
pub async fn canonical(mut request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    if request.uri().path().contains("%00") && !request.uri().path().starts_with("/api/") {
        *request.uri_mut() = Uri::from_static("/nothing-here");
    }
    if let Some(target) = folded(request.uri())
        && let Ok(target) = HeaderValue::from_str(&target)
    {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response();
    }
    let Some(mut target) = spelled(request.uri().path()) else { return next.run(request).await };
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    match HeaderValue::from_str(&target) {
        Ok(target) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, target)]).into_response(),
        Err(_) => next.run(request).await,
    }
}

/// The address of the directory without empty fields, where it has any: a GET form sends them too, and the address to
/// share has none. Told before the page is made, which would be thrown away.
fn folded(uri: &Uri) -> Option<String> {
    if uri.path() != app::paths::TENANTS {
        return None;
    }
    let mut pairs = model::url::decode(uri.query()?);
    let sent = pairs.len();
    pairs.retain(|(_, value)| !value.is_empty());
    if pairs.len() == sent {
        return None;
    }
    let query = model::url::encode(&pairs);
    let path = app::paths::TENANTS;
    Some(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

/// The right spelling, where this is not it. Tokens stand in some addresses: those keep their letters.
fn spelled(path: &str) -> Option<String> {
    // Another host's address begins with two slashes.
    if path.starts_with("//") || path.contains('\\') || path.starts_with("/api/") {
        return None;
    }
    let trimmed = path.trim_end_matches('/');
    let first = trimmed.split('/').nth(1).unwrap_or_default();
    let words = trimmed.matches('/').count() == 1 || first.eq_ignore_ascii_case("tenants");
    let target = if words { trimmed.to_ascii_lowercase() } else { trimmed.to_owned() };
    (!target.is_empty() && target != path).then_some(target)
}

/// Looks up the tenant that the address of a page names, for the frame around it. Who belongs to tenants has their names
/// already; an address without a tenant costs nothing.
pub async fn scope(mut request: Request, next: Next) -> Response {
    let named = app::nav::slug_of(request.uri().path()).map(str::to_owned);
    let cx = request.extensions().get::<Ctx>().filter(|cx| cx.actor().is_platform()).cloned();
    if let (Some(slug), Some(cx)) = (named, cx)
        && !matches!(cx.actor(), Actor::System { .. })
    {
        match domain::tenants::name_of(&cx, &slug).await {
            Ok(Some(name)) => {
                request.extensions_mut().insert(InTenant { slug, name });
            }
            Ok(None) => {}
            // The page reads the tenant itself and says what is wrong.
            Err(error) => tracing::warn!(%error, "the tenant of an address could not be looked up"),
        }
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_has_no_empty_fields_in_its_address() {
        for (address, target) in [
            ("/tenants?q=&status=", Some("/tenants")),
            ("/tenants?q=&status=active&status=trial&sort=", Some("/tenants?status=active&status=trial")),
            ("/tenants?q=a%26b&plan=", Some("/tenants?q=a%26b")),
            ("/tenants?q", Some("/tenants")),
            ("/tenants?status=active", None),
            ("/tenants?", None),
            ("/tenants", None),
            ("/audit?actor=", None),
        ] {
            let uri: Uri = address.parse().expect("an address");
            assert_eq!(folded(&uri).as_deref(), target, "{address}");
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        for (path, target) in [
            ("/tenants/", "/tenants"),
            ("/Tenants/Acme/Tasks/", "/tenants/acme/tasks"),
            ("/tenants/acme/", "/tenants/acme"),
            ("/OVERVIEW", "/overview"),
            ("/bootstrap/AbC/", "/bootstrap/AbC"),
        ] {
            assert_eq!(spelled(path).as_deref(), Some(target), "{path}");
        }
        for path in [
            "/",
            "/tenants",
            "/tenants/acme",
            "/bootstrap/AbC",
            "//evil.example/",
            "//",
            "/api/app/X/",
            "/\\evil/",
        ] {
            assert_eq!(spelled(path), None, "{path}");
        }
    }
}

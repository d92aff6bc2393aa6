//! The choices of a reader that shape every page, from their cookies. A word that is not known is as good as none.

use crate::forms::cookie;
use app::request::{DENSITIES, Density, KEYS, Keys, THEMES, Theme};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// The layer.
pub async fn theme(mut request: Request, next: Next) -> Response {
    let theme = known(&request, "theme", THEMES);
    let density = known(&request, "density", DENSITIES);
    if let Some(theme) = theme {
        request.extensions_mut().insert(Theme(theme));
    }
    if let Some(density) = density {
        request.extensions_mut().insert(Density(density));
    }
    if let Some(keys) = known(&request, "keys", KEYS) {
        request.extensions_mut().insert(Keys(keys));
    }
    next.run(request).await
}

fn known(request: &Request, name: &str, words: &[&'static str]) -> Option<&'static str> {
    let value = cookie(request.headers(), name)?;
    words.iter().copied().find(|word| *word == value)
}

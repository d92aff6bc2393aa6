//! What a page reads from its request. In the browser pages are never run (only islands are), so there the answers are empty.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// A segment of the path, like `slug`; empty where the route has none.
pub fn param(name: &str) -> String {
    use_params_map().with_untracked(|map| map.get(name)).unwrap_or_default()
}

/// The query as pairs, in order, repeated keys kept.
pub fn query() -> Vec<(String, String)> {
    use_query_map().with_untracked(|map| map.clone().into_iter().map(|(k, v)| (k.into_owned(), v)).collect())
}

/// Sets the HTTP status of the page.
pub fn status(status: u16) {
    crate::server::set_status(status);
}

/// The theme that the reader chose, for `<html data-theme>`; none follows the system.
pub fn theme() -> Option<&'static str> {
    crate::server::extension::<crate::request::Theme>().map(|theme| theme.0)
}

/// `off` where the reader has switched single keys off, for `<html data-keys>`.
pub fn keys_off() -> Option<&'static str> {
    crate::server::extension::<crate::request::Keys>().map(|keys| keys.0)
}

/// The density that the reader chose, for `<html data-density>`; none is the regular one.
pub fn density() -> Option<&'static str> {
    crate::server::extension::<crate::request::Density>().map(|density| density.0)
}

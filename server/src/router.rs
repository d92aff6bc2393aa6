//! The layer stack, outermost last, with a word on why each stands where it stands.

use crate::forms::{Forms, forms};
use crate::session::{Identify, gate, home, identify};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos_axum::{LeptosRoutes, generate_route_list};

/// Everything the server answers.
pub fn router(identity: Identify, options: LeptosOptions, secret: &[u8]) -> Router {
    let routes = generate_route_list(app::App);
    let shell_options = options.clone();
    let pages = Router::new()
        .route("/", get(home))
        .route("/livez", get(|| async { "ok" }))
        .leptos_routes(&options, routes, move || app::shell(shell_options.clone()))
        .fallback(leptos_axum::file_and_error_handler(app::shell))
        .with_state(options);
    // A layer on `pages` itself would run after routing; the form layer sends its request through routing again.
    Router::new()
        .fallback_service(pages)
        .layer(from_fn(gate))
        .layer(from_fn_with_state(Forms::new(secret), forms))
        .layer(from_fn_with_state(identity, identify))
}

//! Built files: compressed beforehand, cached by the browser for a year where their names carry a hash.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use leptos::config::LeptosOptions;
use std::path::Path;
use tower_http::services::{ServeDir, ServeFile};

/// Serves `/pkg`, `/fonts` and the few single files. Nothing else of the disk is reachable.
pub fn assets(options: &LeptosOptions) -> Router {
    let root = Path::new(options.site_root.as_ref());
    let folder = |name: &str| {
        ServeDir::new(root.join(name))
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip()
    };
    let file = |name: &str| ServeFile::new(root.join(name)).precompressed_br().precompressed_gzip();
    let package = if options.hash_files { "public, max-age=31536000, immutable" } else { "no-cache" };
    let hashed = Router::new()
        .nest_service("/pkg", folder("pkg"))
        .layer(from_fn(move |request: Request, next: Next| cached(package, request, next)));
    let day = "public, max-age=86400";
    let plain = Router::new()
        .nest_service("/fonts", folder("fonts"))
        .route_service("/favicon.svg", file("favicon.svg"))
        .route_service("/icons.svg", file("icons.svg"))
        .route_service("/robots.txt", file("robots.txt"))
        .layer(from_fn(move |request: Request, next: Next| cached(day, request, next)));
    hashed.merge(plain)
}

async fn cached(how: &'static str, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(how));
    }
    response
}

/// Where the built stylesheet is, for pages that are made without the page renderer.
pub fn stylesheet(options: &LeptosOptions) -> String {
    let folder = Path::new(options.site_root.as_ref()).join(options.site_pkg_dir.as_ref());
    let name = std::fs::read_dir(folder).ok().and_then(|entries| {
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".css") && name.starts_with(options.output_name.as_ref()))
            .max()
    });
    format!("/{}/{}", options.site_pkg_dir, name.unwrap_or_else(|| format!("{}.css", options.output_name)))
}

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

/// The list of hashes that cargo-leptos writes beside the executable; pages find their files by the same one, and only it
/// knows which of several builds in the folder is the one that was built last.
pub fn hashes(list: &str) -> Option<String> {
    std::fs::read_to_string(std::env::current_exe().ok()?.parent()?.join(list)).ok()
}

/// Where the built stylesheet is, for pages that are made without the page renderer.
pub fn stylesheet(options: &LeptosOptions) -> String {
    let hashes = if options.hash_files { hashes(&options.hash_file) } else { None };
    format!("/{}/{}", options.site_pkg_dir, css(&options.output_name, hashes.as_deref()))
}

fn css(name: &str, hashes: Option<&str>) -> String {
    let hash = hashes.into_iter().flat_map(str::lines).find_map(|line| {
        let (kind, hash) = line.trim().split_once(':')?;
        (kind == "css").then(|| hash.trim())
    });
    hash.map_or_else(|| format!("{name}.css"), |hash| format!("{name}.{hash}.css"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_is_the_one_that_the_list_names() {
        let list = "js: zzz\nwasm: yyy\ncss: Ab_c-1\n";
        assert_eq!(css("steward", Some(list)), "steward.Ab_c-1.css");
        assert_eq!(css("steward", Some("js: zzz\n")), "steward.css");
        assert_eq!(css("steward", None), "steward.css");
    }
}

//! The list as `server surface --json` says it.

use super::{DOWNLOADS, FUNCTIONS, ROUTES, STREAMS, UPLOADS, registered};
use model::permission::Permission;
use serde::Serialize;

/// One line of `server surface --json`.
#[derive(Debug, Serialize)]
pub struct Line {
    /// `function`, `route`, `download`, `upload` or `stream`.
    pub kind: &'static str,
    pub name: String,
    pub method: String,
    pub path: String,
    /// Of what is sent; of a stream, of what it answers with.
    pub content_type: &'static str,
    /// `public`, `session`, `platform`, `tenant`, `key` (a tenant's) or `platform_key`.
    pub asks: &'static str,
    pub permission: Option<&'static str>,
    pub tenant_parameter: Option<&'static str>,
    pub sample: &'static str,
}

/// The whole list, for people and programs outside.
pub fn lines() -> Vec<Line> {
    let registered = registered();
    let functions = FUNCTIONS.iter().filter_map(|function| {
        let (method, path) = registered.get(function.name)?;
        let (asks, permission, tenant_parameter) = function.asks.words();
        Some(Line {
            kind: "function",
            name: function.name.to_owned(),
            method: method.to_string(),
            path: path.clone(),
            content_type: "application/x-www-form-urlencoded",
            asks,
            permission,
            tenant_parameter,
            sample: function.sample,
        })
    });
    let routes = ROUTES.iter().map(|route| Line {
        kind: "route",
        name: format!("{} {}", route.method, route.path),
        method: route.method.to_owned(),
        path: route.path.to_owned(),
        content_type: route.content_type,
        asks: route.keys.word(),
        permission: route.permission.map(Permission::as_str),
        tenant_parameter: route.path.contains("{slug}").then_some("slug"),
        sample: route.sample,
    });
    let downloads = DOWNLOADS.iter().map(|download| {
        let (asks, permission, tenant_parameter) = download.asks.words();
        Line {
            kind: "download",
            name: format!("GET {}", download.address()),
            method: "GET".to_owned(),
            path: download.address(),
            content_type: "",
            asks,
            permission,
            tenant_parameter,
            sample: "",
        }
    });
    let uploads = UPLOADS.iter().map(|upload| {
        let (asks, permission, tenant_parameter) = upload.asks.words();
        Line {
            kind: "upload",
            name: format!("POST {}", upload.path),
            method: "POST".to_owned(),
            path: upload.path.to_owned(),
            content_type: upload.content_type,
            asks,
            permission,
            tenant_parameter,
            sample: upload.sample,
        }
    });
    let streams = STREAMS.iter().map(|stream| {
        let (asks, permission, tenant_parameter) = stream.asks.words();
        Line {
            kind: "stream",
            name: format!("GET {}", stream.path),
            method: "GET".to_owned(),
            path: stream.path.to_owned(),
            content_type: stream.content_type,
            asks,
            permission,
            tenant_parameter,
            sample: stream.sample,
        }
    });
    functions.chain(routes).chain(downloads).chain(uploads).chain(streams).collect()
}

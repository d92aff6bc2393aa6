//! What keeps the server from starting: a door that says nowhere what it asks for, or a line about a door that is none.

use super::{DOWNLOADS, FUNCTIONS, ROUTES, STREAMS, UPLOADS, registered};
use crate::api;
use crate::router::{MOUNTED, Serve};

/// The doors of one kind: those that this process answers, and those that the tables name.
pub(super) struct Kind {
    pub noun: &'static str,
    pub mounted: Vec<String>,
    pub listed: Vec<String>,
}

/// Compares every door that there is with its line.
///
/// # Errors
/// The names of those without the other, in a sentence.
pub fn check() -> Result<(), String> {
    judge(&kinds()?)
}

/// Every kind of door, as it stands in this binary.
pub(super) fn kinds() -> Result<Vec<Kind>, String> {
    Ok(vec![
        Kind {
            noun: "server function",
            mounted: registered().into_keys().collect(),
            listed: FUNCTIONS.iter().map(|function| function.name.to_owned()).collect(),
        },
        Kind {
            noun: "route of the machine API",
            mounted: documented()?,
            listed: ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect(),
        },
        Kind {
            noun: "download",
            mounted: by_hand("GET", |serve| matches!(serve, Serve::Download(_))),
            listed: DOWNLOADS.iter().map(|download| format!("GET {}", download.path)).collect(),
        },
        Kind {
            noun: "upload",
            mounted: by_hand("POST", |serve| matches!(serve, Serve::Upload)),
            listed: UPLOADS.iter().map(|upload| format!("POST {}", upload.path)).collect(),
        },
        Kind {
            noun: "stream",
            mounted: by_hand("GET", |serve| matches!(serve, Serve::Stream(_))),
            listed: STREAMS.iter().map(|stream| format!("GET {}", stream.path)).collect(),
        },
    ])
}

/// What the router mounts of one kind.
fn by_hand(method: &str, is: fn(Serve) -> bool) -> Vec<String> {
    let doors = MOUNTED.iter().filter(|door| is(door.serve));
    doors.map(|door| format!("{method} {}", door.path)).collect()
}

/// The routes of the machine API, by the document that the same table makes, and the document's own.
fn documented() -> Result<Vec<String>, String> {
    let document = serde_json::to_value(api::document())
        .map_err(|error| format!("the document of the machine API is no JSON: {error}"))?;
    let paths = document["paths"].as_object().ok_or("the document of the machine API has no paths")?;
    let mut routes = vec![format!("GET {}/openapi.json", api::PREFIX)];
    for (path, item) in paths {
        for method in item.as_object().into_iter().flat_map(|item| item.keys()) {
            routes.push(format!("{} {}{path}", method.to_uppercase(), api::PREFIX));
        }
    }
    Ok(routes)
}

pub(super) fn judge(kinds: &[Kind]) -> Result<(), String> {
    let mut wrong = Vec::new();
    for Kind { noun, mounted, listed } in kinds {
        for (n, name) in listed.iter().enumerate() {
            if listed[..n].contains(name) {
                wrong.push(format!("{noun} `{name}` stands twice"));
            } else if !mounted.contains(name) {
                wrong.push(format!("`{name}` is no {noun}"));
            }
        }
        let missing = mounted.iter().filter(|name| !listed.contains(name));
        wrong.extend(missing.map(|name| format!("{noun} `{name}` says nowhere what it asks for")));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("server/src/surface: {}", wrong.join("; "))) }
}

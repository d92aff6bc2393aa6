//! The browser's side of `crate::server`: pages are never run there, so a request tells nothing.

/// Nothing: there is no request.
pub fn extension<T>() -> Option<T> {
    None
}

/// Nobody: pages are never run here.
pub fn actor() -> std::sync::Arc<model::permission::Actor> {
    std::sync::Arc::new(model::permission::Actor::Anonymous)
}

/// Nothing: there is no request.
pub fn uri() -> (String, String) {
    (String::new(), String::new())
}

/// Nothing: the page has its status already.
pub fn set_status(_status: u16) {}

/// No time: what a page says about time was worked out on the server.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::UNIX_EPOCH
}

//! The browser's side of `crate::server`: pages are never run there, so a request tells nothing.

/// Nothing: there is no request.
pub fn extension<T>() -> Option<T> {
    None
}

/// Nothing: the page has its status already.
pub fn set_status(_status: u16) {}

/// No time: what a page says about time was worked out on the server.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::UNIX_EPOCH
}

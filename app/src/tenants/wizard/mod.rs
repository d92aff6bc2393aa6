//! The wizard that makes a tenant: five short pages, each a form of its own with its own address (R10, R29).
//!
//! The answers are kept on the server, so that back, forward, another day and another machine find them; nothing here
//! needs a script.

pub mod api;
mod contents;
mod fields;
mod pages;
mod review;

pub use pages::{DraftPage, NewTenantPage};

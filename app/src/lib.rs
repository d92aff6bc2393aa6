//! The console: pages, components, and the server functions that pages and forms call.
//!
//! Pages are rendered on the server (`SsrMode::Async`); the browser only starts the islands. A page reads through
//! `ui::Load`, a form posts through `ui::Form`; both work without WASM. No SQL and no business rule lives here: a server
//! function is one to three lines that call `domain`.

#![recursion_limit = "256"]

pub mod access;
pub mod api_keys;
pub mod app;
pub mod audit;
mod billing;
mod bulk;
pub mod charts;
pub mod checklists;
pub mod error;
pub mod fields;
pub mod gallery;
pub mod health;
pub mod isolation;
pub mod layout;
pub mod me;
pub mod monitors;
pub mod nav;
pub mod notifications;
pub mod operations;
pub mod overview;
pub mod paths;
pub mod request;
pub mod search;
pub mod session;
mod settings;
pub mod signup;
pub mod tasks;
mod templates;
pub mod tenants;
pub mod ui;
pub mod usage;
pub mod users;
pub mod webhooks;

#[cfg(not(feature = "ssr"))]
#[path = "browser.rs"]
mod server;
#[cfg(feature = "ssr")]
pub mod server;

pub use app::{App, shell};
pub use error::AppError;

//! Operations: long work on tenants, and what people do to it.
//!
//! The page of one is a document that says how it stands now; reloading it is always enough. While it runs, the island
//! [`live`] replaces the parts of it that changed, told by the server's events (`server::events`).

pub mod api;
mod detail;
mod list;
pub(crate) mod live;
mod parts;

pub use detail::OperationPage;
pub use list::OperationsPage;
pub use parts::TenantOperations;
pub(crate) use parts::bar;

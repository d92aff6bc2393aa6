//! Tenants: directory, import, page of one tenant, and the moves of its life.

mod api;
mod create;
mod detail;
mod frame;
mod import;
mod lifecycle_api;
mod list;
mod parts;

pub use create::NewTenantPage;
pub use detail::TenantPage;
pub use frame::{Section, TenantFrame, TenantSection};
pub use import::{ImportPage, ImportPreviewPage, UPLOAD};
pub use list::DirectoryPage;
pub use parts::{Day, Utc, icon};

//! Tenants: directory, page of one tenant, and the moves of its life.

mod api;
mod detail;
mod frame;
mod lifecycle_api;
mod parts;

pub use detail::TenantPage;
pub use frame::{Section, TenantFrame, TenantSection};
pub use parts::{Day, Utc, icon};

//! Tenants: directory, page of one tenant, and the moves of its life.

mod api;
mod detail;

pub use detail::TenantPage;

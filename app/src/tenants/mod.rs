//! Tenants: directory, import, page of one tenant, and the moves of its life.

mod api;
mod create;
mod detail;
mod frame;
mod import;
mod lifecycle_api;
mod list;
mod offboarding;
mod plan;
mod schedule;
mod schedule_api;
mod scope;
mod suspend;
mod wizard;

pub use create::QuickTenantPage;
pub use detail::TenantPage;
pub use frame::{Section, TenantFrame, TenantSection};
pub use import::{ImportPage, ImportPreviewPage, UPLOAD};
pub use list::DirectoryPage;
pub(crate) use list::key_label;
pub use offboarding::OffboardingPage;
pub use plan::{LimitsTable, PlanPage};
pub use schedule::PlanChangesPage;
pub use scope::ScopePage;
pub use suspend::{GoLivePage, ReinstatePage, SuspendPage};
pub use wizard::{DraftPage, NewTenantPage};

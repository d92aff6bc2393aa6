//! Tenants: directory, import, page of one tenant, and the moves of its life.

mod api;
mod ask;
mod ask_api;
mod banner;
mod detail;
mod details;
mod details_api;
mod frame;
mod import;
mod lifecycle_api;
mod list;
mod offboarding;
mod plan;
mod schedule;
mod schedule_api;
mod scope;
mod strip;
mod suspend;
mod trial;
mod trial_api;
mod wizard;

pub use detail::TenantPage;
pub use details::DetailsPage;
pub use frame::{Section, TenantFrame, TenantSection};
pub use import::{ImportPage, ImportPreviewPage, UPLOAD};
pub use list::DirectoryPage;
pub(crate) use list::key_label;
pub use offboarding::OffboardingPage;
pub use plan::PlanPage;
pub use schedule::PlanChangesPage;
pub use scope::ScopePage;
pub use suspend::{GoLivePage, ReinstatePage, SuspendPage};
pub use trial::{ConvertTrialPage, ExtendTrialPage};
pub use wizard::{DraftPage, NewTenantPage};

//! The tenant: statuses and their legal moves (`design.md` 7 as code), access per status, stage, plans, and the shapes
//! that the directory and the tenant page show.

mod page;
mod place;
mod status;
#[cfg(test)]
mod tests;
mod trial;

pub use page::{Progress, StatusBadge, Tenant, TenantHead, days_between, reason_label};
pub use place::{Band, Placement, PlanId, Stage};
pub use status::{Access, Action, OffboardingReason, Status, Suspension, SuspensionReason};
pub use trial::{TRIAL_DAYS_AHEAD, trial_end};

//! Tenant templates (R29–R34) and how far tenants are from theirs (R31).
//!
//! Invariants: a published version never changes (the database refuses it); a tenant is on one version of one template,
//! whose settings hold through that pointer and are copied nowhere; applying is one transaction, may be repeated, and
//! takes nothing away that the tenant decided. What applying changes is `model::templates::preview`, the same pure code
//! for the page before and for the record after. Start at [`apply`].

mod align;
mod align_store;
mod apply;
mod ask;
mod catalogue;
mod edit_store;
mod fresh;
mod fresh_store;
mod graduation;
mod graduation_store;
mod rollout;
mod rollout_store;
mod step;
mod store;
#[cfg(test)]
mod tests;
mod waves;
mod waves_store;

pub use align::{Accept, accept, baseline, check_again, fleet, sweep, take_back};
pub(crate) use align::{refresh, refresh_in};
pub use apply::{Applied, apply, for_provisioning, of_tenant, offers, preview};
pub(crate) use apply::{asked_for, to_begin_with};
#[cfg(any(test, feature = "testing"))]
pub use ask::apply_to;
pub use ask::request_apply;
pub use catalogue::{
    begin_draft, catalogue, compare, create, deprecate, describe, discard_draft, get, list, publish,
    save_draft,
};

pub(crate) use catalogue::published;
pub(crate) use fresh::{apply_to_new, refresh_new};
pub use rollout::{advance, cancel, pause, plan, resume, rollout, rollouts, start, tick};
pub(crate) use step::{STEPS, payload};

/// The template that tenants start from unless another is chosen.
pub const DEFAULT: &str = "baseline";
/// The template that holds as good as nothing: offered last.
pub const BLANK: &str = "blank";

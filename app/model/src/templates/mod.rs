//! Tenant templates (R29–R34): versioned bundles of fields, tasks, settings, a plan and checklists, for a type of tenant,
//! an industry and a compliance profile; what applying one changes, and how far a tenant is from its template.
//!
//! Invariants: a published version never changes; a tenant is on one version of one template; applying never takes away
//! what a tenant decided itself (its tasks, overrides and settings stay, and are listed), never deletes a field, and
//! never changes the plan. Start at [`Bundle`]; then [`diff`] for what changes, [`align`] for what differs.

mod align;
mod bundle;
mod diff;
mod graduation;
mod quotas;
mod rollout;
mod rows;

pub use align::{Acceptance, Alignment, Item, State, align};
pub use bundle::{Bundle, BundleInput, BundleSetting, BundleTask, Catalogue, CatalogueTask, PinnedList};
pub use diff::{Actual, ActualTask, Change, Effect, compare, preview, with_template};
pub use graduation::{Criterion, Measures, Rules, TaskRuns, criteria};
pub use quotas::refusals as quota_refusals;
pub use rollout::{
    HOURS_MAX, Rollout, RolloutDraft, RolloutInput, RolloutPlan, RolloutState, RolloutTenant, TENANTS_MAX,
    TYPED_FROM, TenantOutcome, Wave, Whom, waves,
};
pub use rows::*;

use crate::states::words;

words! {
    /// What a template is made for.
    TenantType {
        Standard = "standard", "Standard";
        Enterprise = "enterprise", "Enterprise";
        Reseller = "reseller", "Reseller with tenants of its own";
        Sandbox = "sandbox", "Sandbox";
    }
}

words! {
    /// The rules that its tenants have to follow.
    Compliance {
        None = "none", "No special rules";
        Gdpr = "gdpr", "GDPR";
        Hipaa = "hipaa", "HIPAA";
        PciDss = "pci_dss", "PCI DSS";
        Soc2 = "soc2", "SOC 2";
    }
}

words! {
    /// The life of a version.
    VersionState {
        /// Can be changed; can be applied to nobody.
        Draft = "draft", "Draft";
        Published = "published", "Published";
        /// Stays with the tenants that are on it; can be applied to nobody else.
        Deprecated = "deprecated", "Deprecated";
    }
}

words! {
    /// What a line of a bundle is about.
    Part {
        Plan = "plan", "Plan";
        Quota = "quota", "Quotas";
        Field = "field", "Fields";
        Task = "task", "AI tasks";
        Setting = "setting", "Settings";
        Checklist = "checklist", "Checklists";
    }
}

words! {
    /// How a tenant stands to its template, over all lines.
    Standing {
        Drifting = "drifting", "Differs";
        Accepted = "accepted", "Differs as accepted";
        Aligned = "aligned", "Aligned";
        Without = "without", "On no template";
    }
}

//! Where a tenant stands beside its status: its stage, its plan, its health, and where its data lives.

use super::status::Status;
use crate::states::words;

words! {
    /// Where a tenant's data lives: in shared tables, or in a schema and role of its own. Never changes by itself.
    Placement {
        Pooled = "pooled", "Shared tables";
        Dedicated = "dedicated", "A schema of its own";
    }
}

words! {
    /// What a person sees of status and onboarding together; derived, never stored.
    Stage {
        Provision = "provision", "Provision";
        Configure = "configure", "Configure";
        Validate = "validate", "Validate";
        GoLive = "go_live", "Go live";
        Operate = "operate", "Operate";
        Offboard = "offboard", "Offboard";
    }
}

impl Stage {
    /// The same rule as `steward.stage()` in the database.
    pub const fn of(status: Status, configured: bool, validated: bool, live: bool) -> Self {
        match status {
            Status::Provisioning | Status::Failed => Self::Provision,
            Status::Offboarding | Status::Offboarded | Status::Purging | Status::Deleted => Self::Offboard,
            Status::Trial | Status::Active | Status::Suspended => match (configured, validated, live) {
                (false, _, _) => Self::Configure,
                (_, false, _) => Self::Validate,
                (_, _, false) => Self::GoLive,
                _ => Self::Operate,
            },
        }
    }

    /// 0 for Provision to 5 for Offboard.
    pub const fn position(self) -> u32 {
        self as u32
    }
}

words! {
    /// The plans of `seeds/003` 5.3; their limits are rows.
    PlanId {
        Free = "free", "Free";
        Starter = "starter", "Starter";
        Professional = "professional", "Professional";
        Enterprise = "enterprise", "Enterprise";
    }
}

words! {
    /// Health bands (`design.md` 9): healthy ≥ 75, watch ≥ 50, at risk ≥ 25, critical below; no data is its own band.
    Band {
        Healthy = "healthy", "Healthy";
        Watch = "watch", "Watch";
        AtRisk = "at_risk", "At risk";
        Critical = "critical", "Critical";
        NoData = "no_data", "No score";
    }
}

impl Band {
    pub const fn of(score: Option<i16>) -> Self {
        match score {
            None => Self::NoData,
            Some(75..) => Self::Healthy,
            Some(50..) => Self::Watch,
            Some(25..) => Self::AtRisk,
            Some(_) => Self::Critical,
        }
    }
}

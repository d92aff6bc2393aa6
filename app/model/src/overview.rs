//! The operators' landing page: numbers that lead to lists, what needs attention, what happened lately.

use crate::audit::Line;
use crate::charts::Figure;
use crate::health::BandCount;
use crate::states::words;
use crate::tenants::Stage;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// Why a tenant needs attention, the most pressing kind first.
    Concern {
        Failed = "failed", "Provisioning failed";
        GraceEnds = "grace_ends", "Grace period ends within 3 days";
        TrialOver = "trial_over", "Trial is over";
        Alert = "alert", "Monitoring alert";
        Critical = "critical", "Critical health";
        Overdue = "overdue", "Onboarding for more than 30 days";
    }
}

/// Tenants shown of one kind, so that one kind does not hide the others.
pub const EACH: u32 = 4;
/// Tenants shown in all.
pub const ALL: u32 = 10;

/// A tenant that needs attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub slug: String,
    pub name: String,
    pub concern: Concern,
    /// The reason in words.
    pub why: String,
    pub since: DateTime<Utc>,
    pub owner: Option<String>,
}

/// The numbers, as of one moment. Each equals the total of the list it leads to at that moment, as far as that is counted
/// (`directory::COUNTED`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub tenants: i64,
    /// In configure, validate or go live.
    pub onboarding: i64,
    /// At risk or critical.
    pub at_risk: i64,
    pub suspended: i64,
    pub offboarding: i64,
    /// Of those, with a grace period that ends within seven days.
    pub leaving_soon: i64,
    pub stages: Vec<(Stage, i64)>,
    pub bands: Vec<BandCount>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub counts: Counts,
    pub conversations_today: i64,
    pub attention: Vec<Attention>,
    /// Conversations of the fleet, the last 30 days.
    pub usage: Figure,
    /// The newest lines of all chains; none for those who may not read them.
    pub recent: Option<Vec<Line>>,
    pub may_create: bool,
    pub as_of: DateTime<Utc>,
}

//! The moves of a tenant's life as people are asked about them: what a move would touch, and what the overview shows.

use crate::checklists::Checklist;
use crate::tenants::{OffboardingReason, TenantHead};
use crate::usage::Meter;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What has to be typed, besides the slug, to start an offboarding that leaves no grace period.
pub const NO_GRACE: &str = "no grace period";

/// How many people, programs and conversations a move touches, counted now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    pub members: i64,
    /// Sessions of its members that are open now.
    pub sessions: i64,
    /// API keys that are not revoked.
    pub keys: i64,
    pub conversations: i64,
    /// Conversations that wait for their tasks or are in work.
    pub pending: i64,
    pub enabled_tasks: i64,
}

/// Trigger, days of grace and the moment the grace would end if the offboarding began now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    pub reason: OffboardingReason,
    pub days: i64,
    pub ends_at: DateTime<Utc>,
}

/// One line of the audit log, as an overview shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub target: String,
    pub reason: Option<String>,
    pub denied: bool,
}

/// How a tenant uses the AI tasks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCounts {
    pub published: i64,
    pub enabled: i64,
    pub overridden: i64,
}

/// The first section of a tenant's page. What the viewer may not see is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub head: TenantHead,
    pub onboarding: Option<Checklist>,
    /// Sums of the last 30 days; for storage what is kept now.
    pub usage: Option<Vec<(Meter, i64)>>,
    pub tasks: Option<TaskCounts>,
    /// Newest first.
    pub changes: Option<Vec<Change>>,
}

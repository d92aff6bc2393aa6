//! The shapes that a tenant's page shows.

use super::place::{Band, PlanId, Stage};
use super::status::{Access, OffboardingReason, Status, Suspension, SuspensionReason};
use crate::operations::OperationRow;
use crate::permission::Actor;
use crate::work::Work;
use crate::{TenantId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A tenant as its own page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub external_id: Option<String>,
    pub status: Status,
    pub status_since: DateTime<Utc>,
    /// What reinstating or cancelling goes back to.
    pub status_before: Option<Status>,
    pub suspension: Option<Suspension>,
    /// A word of [`SuspensionReason`] or [`OffboardingReason`], by status.
    pub status_reason: Option<String>,
    /// For the platform's people only; nobody else is given it.
    pub status_note: Option<String>,
    /// What the tenant's own people are told of its suspension.
    pub status_message: Option<String>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    pub plan: PlanId,
    pub region: String,
    pub country: Option<String>,
    pub industry: Option<String>,
    pub owner: Option<UserId>,
    pub owner_name: Option<String>,
    pub tags: Vec<String>,
    pub placement: String,
    pub cell: String,
    pub legal_hold: bool,
    pub support_contact: Option<String>,
    pub escalation_contact: Option<String>,
    pub stage: Stage,
    pub health_score: Option<i16>,
    pub health_band: Band,
    pub health_at: Option<DateTime<Utc>>,
    /// For optimistic locking: goes into every form, comes back with it.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Tenant {
    pub fn access(&self) -> Access {
        Access::of(self.status, self.suspension)
    }

    /// Whole days until access or trial ends, as a person counts them: a day that has begun counts.
    pub fn days_left(&self, now: DateTime<Utc>) -> Option<i64> {
        self.badge().days_left(now)
    }

    /// The words of the status badge: status with its reason or its countdown (`ux.md` 2.1).
    pub fn status_text(&self, now: DateTime<Utc>) -> String {
        self.badge().text(now)
    }

    /// What is still to be done about a trial after another step, as a sentence that follows one; empty where it is none.
    pub fn still_on_trial(&self) -> String {
        match (self.status, self.trial_ends_at) {
            (Status::Trial, Some(at)) => format!(
                " It is on trial still, until {}: convert it once it is a customer.",
                at.format("%-d %b %Y")
            ),
            (Status::Trial, None) => " It is on trial still: convert it once it is a customer.".to_owned(),
            _ => String::new(),
        }
    }

    fn badge(&self) -> StatusBadge<'_> {
        StatusBadge {
            status: self.status,
            reason: self.status_reason.as_deref(),
            trial_ends_at: self.trial_ends_at,
            grace_ends_at: self.grace_ends_at,
        }
    }

    /// The reason in words, whatever kind it is.
    pub fn reason_label(&self) -> Option<&'static str> {
        reason_label(self.status_reason.as_deref()?)
    }
}

/// What the badge of a status needs, of a whole tenant or of a row.
#[derive(Clone, Copy, Debug)]
pub struct StatusBadge<'a> {
    pub status: Status,
    pub reason: Option<&'a str>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
}

impl StatusBadge<'_> {
    /// Whole days until access or trial ends, as a person counts them: a day that has begun counts.
    pub fn days_left(&self, now: DateTime<Utc>) -> Option<i64> {
        let until = match self.status {
            Status::Offboarding => self.grace_ends_at?,
            Status::Trial => self.trial_ends_at?,
            _ => return None,
        };
        Some(days_between(now, until))
    }

    /// Status with its reason or its countdown (`ux.md` 2.1).
    pub fn text(&self, now: DateTime<Utc>) -> String {
        let label = self.status.label();
        match (self.status, self.days_left(now), self.reason.and_then(reason_label)) {
            (Status::Trial, Some(0), _) => format!("{label} · ended"),
            (Status::Offboarding, Some(0), _) => format!("{label} · grace is over"),
            (Status::Trial | Status::Offboarding, Some(1), _) => format!("{label} · 1 day left"),
            (Status::Trial | Status::Offboarding, Some(days), _) => format!("{label} · {days} days left"),
            (Status::Suspended, _, Some(reason)) => format!("{label} · {}", reason.to_lowercase()),
            _ => label.to_owned(),
        }
    }
}

/// The words of a stored reason: of a [`SuspensionReason`] or an [`OffboardingReason`].
pub fn reason_label(word: &str) -> Option<&'static str> {
    word.parse::<SuspensionReason>()
        .map(SuspensionReason::label)
        .or_else(|_| word.parse::<OffboardingReason>().map(OffboardingReason::label))
        .ok()
}

/// Days from `now` to `until`, rounded up; never negative.
pub fn days_between(now: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
    const DAY: i64 = 86_400;
    ((until - now).num_seconds() + DAY - 1).div_euclid(DAY).max(0)
}

/// How far a checklist is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Passed or waived.
    pub done: i64,
    pub total: i64,
}

/// What every section of a tenant's page shows above itself, and who looks at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantHead {
    pub tenant: Tenant,
    pub viewer: Actor,
    pub onboarding: Option<Progress>,
    /// Who suspended it or started its offboarding, where the audit log knows.
    pub status_by: Option<String>,
    /// Whether a rule did, and nobody by hand; likewise.
    pub by_rule: Option<bool>,
    /// Score now minus score 30 days ago, where both are known.
    pub score_change: Option<i16>,
    /// What works on it now, is stuck or waits; of a tenant whose making failed, that.
    pub operation: Option<OperationRow>,
    /// The server's time when this was read: what countdowns are counted from.
    pub now: DateTime<Utc>,
}

impl TenantHead {
    /// Why nobody can do this to the tenant now, in the words of the refusal; `None` where its status allows it.
    pub fn refusal(&self, work: Work) -> Option<String> {
        work.check(self.tenant.status).err()
    }

    /// How pressing its suspension is and who asked for it (R78): `P0 · by rule`. Nothing unless it is suspended.
    pub fn pressing(&self) -> Option<String> {
        let reason =
            self.tenant.status_reason.as_deref().filter(|_| self.tenant.status == Status::Suspended)?;
        let priority = reason.parse::<SuspensionReason>().ok()?.priority();
        Some(match self.by_rule {
            Some(true) => format!("P{priority} · by rule"),
            Some(false) => format!("P{priority} · by hand"),
            None => format!("P{priority}"),
        })
    }
}

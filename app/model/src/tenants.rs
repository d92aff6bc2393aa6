//! The tenant: statuses and their legal moves (`design.md` 7 as code), access per status, stage, plans, and the shapes
//! that the directory and the tenant page show.

use crate::permission::Actor;
use crate::states::words;
use crate::work::Work;
use crate::{TenantId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// Where a tenant is in its life.
    Status {
        Provisioning = "provisioning", "Provisioning";
        Failed = "failed", "Provisioning failed";
        Trial = "trial", "Trial";
        Active = "active", "Active";
        Suspended = "suspended", "Suspended";
        Offboarding = "offboarding", "Offboarding";
        Offboarded = "offboarded", "Offboarded";
        Purging = "purging", "Deleting data";
        Deleted = "deleted", "Deleted";
    }
}

words! {
    /// How a suspension bites.
    Suspension {
        ReadOnly = "read_only", "Read-only";
        Blocked = "blocked", "Blocked";
    }
}

words! {
    /// Where a tenant's data lives: in shared tables, or in a schema and role of its own. Never changes by itself.
    Placement {
        Pooled = "pooled", "Shared tables";
        Dedicated = "dedicated", "A schema of its own";
    }
}

words! {
    /// Why a tenant was suspended (R78).
    SuspensionReason {
        PaymentFailure = "payment_failure", "Payment failure";
        TermsViolation = "terms_violation", "Terms violation";
        SecurityIncident = "security_incident", "Security incident";
        CustomerRequest = "customer_request", "Customer request";
        Inactivity = "inactivity", "Inactivity";
        TrialEnded = "trial_ended", "Trial ended";
    }
}

impl SuspensionReason {
    /// How pressing it is, 0 before 2 (`seeds/003` 6.2).
    pub const fn priority(self) -> u8 {
        match self {
            Self::PaymentFailure | Self::TermsViolation | Self::SecurityIncident => 0,
            Self::CustomerRequest | Self::TrialEnded => 1,
            Self::Inactivity => 2,
        }
    }
}

words! {
    /// Why a tenant leaves (R103); each has its grace period.
    OffboardingReason {
        CustomerRequest = "customer_request", "Customer request";
        ContractEnd = "contract_end", "Contract end";
        NonPayment = "non_payment", "Extended non-payment";
        TermsViolation = "terms_violation", "Terms violation";
    }
}

impl OffboardingReason {
    /// Days between the notice and the end of access (`seeds/003` 7.2).
    pub const fn grace_days(self) -> i64 {
        match self {
            Self::CustomerRequest | Self::ContractEnd => 30,
            Self::NonPayment => 60,
            Self::TermsViolation => 0,
        }
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

words! {
    /// What a status leaves to the people and programs of a tenant; enforced on every request.
    Access {
        Full = "full", "Full access";
        ReadOnly = "read_only", "Read-only";
        None = "none", "No access";
    }
}

impl Access {
    pub const fn of(status: Status, suspension: Option<Suspension>) -> Self {
        match (status, suspension) {
            (Status::Trial | Status::Active, _) => Self::Full,
            (Status::Suspended | Status::Offboarding, Some(Suspension::ReadOnly))
            | (Status::Offboarding, None) => Self::ReadOnly,
            // Offboarding gives nothing back that a suspension took.
            (
                Status::Suspended
                | Status::Offboarding
                | Status::Provisioning
                | Status::Failed
                | Status::Offboarded
                | Status::Purging
                | Status::Deleted,
                _,
            ) => Self::None,
        }
    }
}

impl Status {
    /// After "A tenant": `that is suspended`.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Provisioning => "that is still being provisioned",
            Self::Failed => "whose provisioning failed",
            Self::Trial => "on trial",
            Self::Active => "that is active",
            Self::Suspended => "that is suspended",
            Self::Offboarding => "that is being offboarded",
            Self::Offboarded => "that is offboarded",
            Self::Purging => "whose data is being deleted",
            Self::Deleted => "that is deleted",
        }
    }

    /// After "It": `is suspended`.
    pub const fn predicate(self) -> &'static str {
        match self {
            Self::Provisioning => "is still being provisioned",
            Self::Failed => "could not be provisioned",
            Self::Trial => "is on trial",
            Self::Active => "is active",
            Self::Suspended => "is suspended",
            Self::Offboarding => "is being offboarded",
            Self::Offboarded => "is offboarded",
            Self::Purging => "is losing its data",
            Self::Deleted => "is deleted",
        }
    }

    /// The legal moves (`design.md` 7). A plan change is no move: it stays in `active` (or `trial`).
    pub const fn may_become(self, to: Self) -> bool {
        use Status::*;
        match self {
            Provisioning => matches!(to, Trial | Active | Failed),
            Failed => matches!(to, Provisioning | Deleted),
            Trial => matches!(to, Active | Suspended | Offboarding),
            Active => matches!(to, Suspended | Offboarding),
            Suspended => matches!(to, Trial | Active | Offboarding),
            Offboarding => matches!(to, Trial | Active | Suspended | Offboarded),
            Offboarded => matches!(to, Suspended | Purging),
            Purging => matches!(to, Deleted),
            Deleted => false,
        }
    }
}

/// What can be done to a tenant as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Suspend,
    Reinstate,
    ChangePlan,
    StartOffboarding,
    CancelOffboarding,
    GoLive,
}

impl Action {
    /// `Ok`, or why not, in words for the disabled button; the server refuses with the same words.
    pub fn check(self, status: Status) -> Result<(), String> {
        let legal = match self {
            Self::Suspend => {
                status.may_become(Status::Suspended) && matches!(status, Status::Trial | Status::Active)
            }
            Self::Reinstate => status == Status::Suspended,
            Self::ChangePlan | Self::GoLive => matches!(status, Status::Trial | Status::Active),
            Self::StartOffboarding => status.may_become(Status::Offboarding),
            Self::CancelOffboarding => status == Status::Offboarding,
        };
        if legal {
            Ok(())
        } else {
            Err(format!("A tenant {} cannot be {}.", status.clause(), self.participle()))
        }
    }

    const fn participle(self) -> &'static str {
        match self {
            Self::Suspend => "suspended",
            Self::Reinstate => "reinstated: only a suspended one can",
            Self::ChangePlan => "moved to another plan: only a trial or active one can",
            Self::StartOffboarding => "offboarded",
            Self::CancelOffboarding => "called back: only one in its grace period can",
            Self::GoLive => "taken live: only a trial or active one can",
        }
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
    /// Score now minus score 30 days ago, where both are known.
    pub score_change: Option<i16>,
    /// The server's time when this was read: what countdowns are counted from.
    pub now: DateTime<Utc>,
}

impl TenantHead {
    /// Why nobody can do this to the tenant now, in the words of the refusal; `None` where its status allows it.
    pub fn refusal(&self, work: Work) -> Option<String> {
        work.check(self.tenant.status).err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legal_moves_are_those_of_the_design() {
        let mut moves = Vec::new();
        for from in Status::ALL {
            for to in Status::ALL.iter().filter(|to| from.may_become(**to)) {
                moves.push(format!("{} -> {}", from.as_str(), to.as_str()));
            }
        }
        assert_eq!(
            moves,
            [
                "provisioning -> failed",
                "provisioning -> trial",
                "provisioning -> active",
                "failed -> provisioning",
                "failed -> deleted",
                "trial -> active",
                "trial -> suspended",
                "trial -> offboarding",
                "active -> suspended",
                "active -> offboarding",
                "suspended -> trial",
                "suspended -> active",
                "suspended -> offboarding",
                "offboarding -> trial",
                "offboarding -> active",
                "offboarding -> suspended",
                "offboarding -> offboarded",
                "offboarded -> suspended",
                "offboarded -> purging",
                "purging -> deleted",
            ]
        );
    }

    #[test]
    fn no_status_leads_back_from_deleted_and_none_to_itself() {
        for status in Status::ALL {
            assert!(!Status::Deleted.may_become(*status));
            assert!(!status.may_become(*status));
        }
    }

    #[test]
    fn access_follows_status() {
        assert_eq!(Access::of(Status::Active, None), Access::Full);
        assert_eq!(Access::of(Status::Suspended, Some(Suspension::ReadOnly)), Access::ReadOnly);
        assert_eq!(Access::of(Status::Suspended, Some(Suspension::Blocked)), Access::None);
        assert_eq!(Access::of(Status::Suspended, None), Access::None);
        assert_eq!(Access::of(Status::Offboarding, None), Access::ReadOnly);
        assert_eq!(Access::of(Status::Offboarding, Some(Suspension::Blocked)), Access::None);
        assert_eq!(Access::of(Status::Offboarded, None), Access::None);
    }

    #[test]
    fn bands_change_exactly_at_their_thresholds() {
        for (score, band) in [
            (100, Band::Healthy),
            (75, Band::Healthy),
            (74, Band::Watch),
            (50, Band::Watch),
            (49, Band::AtRisk),
            (25, Band::AtRisk),
            (24, Band::Critical),
            (0, Band::Critical),
        ] {
            assert_eq!(Band::of(Some(score)), band, "{score}");
        }
        assert_eq!(Band::of(None), Band::NoData);
    }

    #[test]
    fn actions_say_why_not() {
        assert!(Action::Suspend.check(Status::Active).is_ok());
        let why = Action::Suspend.check(Status::Offboarding).expect_err("refused");
        assert_eq!(why, "A tenant that is being offboarded cannot be suspended.");
        let why = Action::Suspend.check(Status::Failed).expect_err("refused");
        assert_eq!(why, "A tenant whose provisioning failed cannot be suspended.");
        let why = Action::ChangePlan.check(Status::Purging).expect_err("refused");
        assert!(why.starts_with("A tenant whose data is being deleted cannot be moved"), "{why}");
        assert!(Action::StartOffboarding.check(Status::Deleted).is_err());
    }

    #[test]
    fn every_action_is_allowed_exactly_where_its_move_is_legal() {
        for status in Status::ALL {
            let running = matches!(status, Status::Trial | Status::Active);
            for (action, allowed) in [
                (Action::Suspend, running),
                (Action::Reinstate, *status == Status::Suspended),
                (Action::ChangePlan, running),
                (Action::StartOffboarding, running || *status == Status::Suspended),
                (Action::CancelOffboarding, *status == Status::Offboarding),
                (Action::GoLive, running),
            ] {
                assert_eq!(action.check(*status).is_ok(), allowed, "{action:?} {status:?}");
            }
        }
    }

    #[test]
    fn grace_follows_the_trigger() {
        let days: Vec<_> = OffboardingReason::ALL.iter().map(|reason| reason.grace_days()).collect();
        assert_eq!(days, [30, 30, 60, 0]);
    }

    #[test]
    fn a_countdown_counts_the_day_that_has_begun() {
        let start = DateTime::UNIX_EPOCH;
        for (hours, days) in [(-48, 0), (0, 0), (1, 1), (24, 1), (25, 2), (720, 30)] {
            assert_eq!(days_between(start, start + chrono::TimeDelta::hours(hours)), days, "{hours}");
        }
    }

    #[test]
    fn the_stage_is_the_first_milestone_not_reached() {
        assert_eq!(Stage::of(Status::Trial, false, false, false), Stage::Configure);
        assert_eq!(Stage::of(Status::Active, true, false, false), Stage::Validate);
        assert_eq!(Stage::of(Status::Active, true, true, false), Stage::GoLive);
        assert_eq!(Stage::of(Status::Suspended, true, true, true), Stage::Operate);
        assert_eq!(Stage::of(Status::Deleted, true, true, true), Stage::Offboard);
    }
}

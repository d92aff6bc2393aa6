//! Where a tenant is in its life: statuses, their legal moves and reasons, and what each leaves to its people.

use crate::states::words;

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
    /// How far its suspension goes.
    ChangeScope,
    Reinstate,
    ChangePlan,
    /// From a trial to a customer (R9).
    ConvertTrial,
    /// A later day for the end of its trial.
    ExtendTrial,
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
            Self::ChangeScope | Self::Reinstate => status == Status::Suspended,
            Self::ChangePlan | Self::GoLive => matches!(status, Status::Trial | Status::Active),
            Self::ConvertTrial => status == Status::Trial && status.may_become(Status::Active),
            Self::ExtendTrial => status == Status::Trial,
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
            Self::ChangeScope => "given another scope of its suspension: only a suspended one can",
            Self::Reinstate => "reinstated: only a suspended one can",
            Self::ChangePlan => "moved to another plan: only a trial or active one can",
            Self::ConvertTrial => "made a customer: only one on trial can",
            Self::ExtendTrial => "given a longer trial: only one on trial can",
            Self::StartOffboarding => "offboarded",
            Self::CancelOffboarding => "called back: only one in its grace period can",
            Self::GoLive => "taken live: only a trial or active one can",
        }
    }
}

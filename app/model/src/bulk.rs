//! One piece of work on many tenants (R141): chosen in the directory, previewed as a frozen set, confirmed once.
//!
//! [`judge`] decides for one tenant whether the work can be done to it, from facts alone, in the words in which the
//! server would refuse the single move. Nothing here undoes anything: what was done to a tenant is taken back there.

use crate::details::{self, Owner, TAGS_MAX};
use crate::directory::Listing;
use crate::page::grouped;
use crate::permission::Permission;
use crate::states::words;
use crate::templates::VersionRef;
use crate::tenants::{self, PlanId, Status, Suspension, SuspensionReason};
use crate::{OperationId, TenantId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod input;
#[cfg(test)]
mod tests;

pub use input::{Asked, BulkDraft, BulkInput};

/// The most tenants of one set.
pub const TENANTS_MAX: i64 = 10_000;
/// More tenants than this need their number typed (`ux.md` 4.2).
pub const TYPED_FROM: i64 = 25;
/// The most tenants that can be ticked: those of the longest page.
pub const TICKED_MAX: usize = 100;
/// Hours until a preview that nobody confirms is over.
pub const HOURS: i32 = 24;
/// The longest message to the tenants.
const MESSAGE_MAX: u32 = 500;

words! {
    /// What can be done to many tenants at once.
    Action {
        Suspend = "suspend", "Suspend";
        Reinstate = "reinstate", "Reinstate";
        ChangePlan = "change_plan", "Change plan";
        ApplyTemplate = "apply_template", "Apply template";
        SetOwner = "set_owner", "Set owner";
        ChangeTags = "change_tags", "Change tags";
    }
}

impl Action {
    /// What somebody needs for it besides [`Permission::TenantBulk`]: the same as for one tenant.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Suspend | Self::Reinstate => Permission::TenantSuspend,
            Self::ChangePlan => Permission::TenantPlan,
            Self::ApplyTemplate => Permission::TemplateApply,
            Self::SetOwner | Self::ChangeTags => Permission::TenantDetails,
        }
    }

    /// Tier 2 of `ux.md` 4.2: its number is typed however small it is.
    pub const fn is_hard_to_reverse(self) -> bool {
        matches!(self, Self::Suspend)
    }

    /// `suspended`, after "can be".
    pub const fn participle(self) -> &'static str {
        match self {
            Self::Suspend => "suspended",
            Self::Reinstate => "reinstated",
            Self::ChangePlan => "moved to the plan",
            Self::ApplyTemplate => "put on the template",
            Self::SetOwner => "given to this owner",
            Self::ChangeTags => "tagged so",
        }
    }
}

words! {
    /// Whom it is to reach.
    Whom {
        Ticked = "ticked", "Those that are ticked";
        Matching = "matching", "All that match";
    }
}

words! {
    /// Why a tenant is left out.
    Why {
        Status = "status", "Its status does not allow it";
        Same = "same", "It is so already";
        Busy = "busy", "An operation is working on it";
        Limits = "limits", "It uses more than the new plan allows";
        Payment = "payment", "Not paid yet";
        Changed = "changed", "It changed in the meantime";
        Full = "full", "It would have more tags than a tenant may have";
    }
}

words! {
    /// How one tenant fares; what somebody has to look at comes first.
    Outcome {
        Failed = "failed", "Failed";
        Approval = "approval", "Awaiting approval";
        Running = "running", "Under way";
        /// Nothing has been asked for yet.
        Waiting = "waiting", "To do";
        Done = "done", "Done";
        /// Left out, in the preview or because it changed since.
        Skipped = "skipped", "Skipped";
        Cancelled = "cancelled", "Called off";
    }
}

/// What is to be done, checked already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Work {
    Suspend {
        code: SuspensionReason,
        scope: Suspension,
        #[serde(default)]
        message: Option<String>,
    },
    Reinstate,
    ChangePlan {
        to: PlanId,
    },
    ApplyTemplate {
        to: VersionRef,
        /// Its name, for people.
        template: String,
    },
    SetOwner {
        /// None: nobody looks after them any more.
        owner: Option<UserId>,
        /// Their name, for people.
        name: String,
    },
    ChangeTags {
        add: Vec<String>,
        remove: Vec<String>,
    },
}

impl Work {
    pub const fn action(&self) -> Action {
        match self {
            Self::Suspend { .. } => Action::Suspend,
            Self::Reinstate => Action::Reinstate,
            Self::ChangePlan { .. } => Action::ChangePlan,
            Self::ApplyTemplate { .. } => Action::ApplyTemplate,
            Self::SetOwner { .. } => Action::SetOwner,
            Self::ChangeTags { .. } => Action::ChangeTags,
        }
    }

    /// What it is called: `suspension`.
    pub fn noun(&self) -> String {
        match self {
            Self::Suspend { .. } => "suspension".into(),
            Self::Reinstate => "reinstatement".into(),
            Self::ChangePlan { to } => format!("change to {}", to.label()),
            Self::ApplyTemplate { to, template } => {
                format!("application of {template}, version {}", to.version)
            }
            Self::SetOwner { owner: None, .. } => "removal of the owner".into(),
            Self::SetOwner { name, .. } => format!("handover to {name}"),
            Self::ChangeTags { .. } => "change of tags".into(),
        }
    }

    /// As a button says it: `Suspend 12 tenants`.
    pub fn order(&self, tenants: i64) -> String {
        let whom = tenants_in_words(tenants);
        match self {
            Self::Suspend { .. } => format!("Suspend {whom}"),
            Self::Reinstate => format!("Reinstate {whom}"),
            Self::ChangePlan { to } => format!("Move {whom} to {}", to.label()),
            Self::ApplyTemplate { to, template } => {
                format!("Put {whom} on {template}, version {}", to.version)
            }
            Self::SetOwner { owner: None, .. } => format!("Leave {whom} without an owner"),
            Self::SetOwner { name, .. } => format!("Give {whom} to {name}"),
            Self::ChangeTags { add, remove } => match (add.is_empty(), remove.is_empty()) {
                (false, true) => format!("Tag {whom} with {}", add.join(", ")),
                (true, false) => format!("Take {} from {whom}", remove.join(", ")),
                _ => format!("Change the tags of {whom}"),
            },
        }
    }

    /// Whether the number of tenants has to be typed before it begins.
    pub const fn is_typed(&self, tenants: i64) -> bool {
        tenants > TYPED_FROM || self.action().is_hard_to_reverse()
    }
}

/// `1 tenant`, `1 284 tenants`.
pub fn tenants_in_words(n: i64) -> String {
    if n == 1 { "1 tenant".into() } else { format!("{} tenants", grouped(n)) }
}

/// Whether what was typed is this number; spaces between its digits do not matter.
pub fn is_number(typed: &str, n: i64) -> bool {
    typed.chars().filter(|c| !c.is_whitespace()).collect::<String>() == n.to_string()
}

/// What is known of a tenant when the set is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub status: Status,
    pub plan: PlanId,
    /// Why it is suspended, if it is: a word of [`SuspensionReason`].
    pub reason: Option<String>,
    /// Payments that did not come.
    pub unpaid: i64,
    /// What is queued or running on it, in words.
    pub busy: Option<String>,
    /// It changed after the list was shown.
    pub changed: bool,
    /// Why the new plan is too small for it.
    pub over: Vec<String>,
    /// It is on that version of the template.
    pub there: bool,
    /// Who looks after it.
    pub owner: Option<UserId>,
    pub tags: Vec<String>,
}

impl Facts {
    /// A tenant of this status about which there is nothing to say.
    pub const fn of(status: Status, plan: PlanId) -> Self {
        Self {
            status,
            plan,
            reason: None,
            unpaid: 0,
            busy: None,
            changed: false,
            over: Vec::new(),
            there: false,
            owner: None,
            tags: Vec::new(),
        }
    }
}

/// Why the work is not done to this tenant; nothing: it can be done.
pub fn judge(work: &Work, facts: &Facts) -> Option<(Why, String)> {
    let status = match work {
        Work::Suspend { .. } => tenants::Action::Suspend.check(facts.status),
        Work::Reinstate => tenants::Action::Reinstate.check(facts.status),
        Work::ChangePlan { .. } => tenants::Action::ChangePlan.check(facts.status),
        Work::ApplyTemplate { .. } => crate::work::Work::Configure.check(facts.status),
        Work::SetOwner { .. } | Work::ChangeTags { .. } => crate::work::Work::Record.check(facts.status),
    };
    // Who is so already has the wrong status for it too, but that is not what there is to say.
    let same = match work {
        Work::Suspend { .. } if facts.status == Status::Suspended => Some("It is suspended already.".into()),
        Work::ChangePlan { to } if facts.plan == *to => {
            Some(format!("It is on the {} plan already.", to.label()))
        }
        Work::ApplyTemplate { .. } if facts.there => Some("It is on this version already.".into()),
        Work::SetOwner { owner, name } if facts.owner == *owner => Some(match owner {
            Some(_) => format!("{name} is its owner already."),
            None => "It has no owner.".into(),
        }),
        Work::ChangeTags { add, remove } if details::retag(&facts.tags, add, remove) == facts.tags => {
            Some("Its tags are so already.".into())
        }
        _ => None,
    };
    if let Some(same) = same {
        return Some((Why::Same, same));
    }
    if let Err(why) = status {
        return Some((Why::Status, why));
    }
    if let Some(what) = &facts.busy {
        return Some((Why::Busy, format!("An operation is queued or running on it: {what}.")));
    }
    if !facts.over.is_empty() {
        return Some((Why::Limits, facts.over.join(" ")));
    }
    if let Work::ChangeTags { add, remove } = work {
        let then = details::retag(&facts.tags, add, remove).len();
        if then > TAGS_MAX {
            return Some((Why::Full, format!("It would have {then} tags; {TAGS_MAX} are the most.")));
        }
    }
    let owes = facts.unpaid > 0 && facts.reason.as_deref() == Some(SuspensionReason::PaymentFailure.as_str());
    if owes && *work == Work::Reinstate {
        return Some((Why::Payment, format!("{} not settled yet.", payments(facts.unpaid))));
    }
    facts.changed.then(|| (Why::Changed, "It was changed after the list was shown.".to_owned()))
}

fn payments(n: i64) -> String {
    if n == 1 { "1 failed payment is".into() } else { format!("{} failed payments are", grouped(n)) }
}

/// One tenant of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRow {
    /// Its place in the set, from 1: what pages go by.
    pub seq: i64,
    pub tenant: TenantId,
    /// None: it is gone.
    pub slug: Option<String>,
    pub name: String,
    pub status: Option<Status>,
    pub outcome: Outcome,
    pub why: Option<Why>,
    /// Why it was left out, or failed, in words.
    pub note: Option<String>,
    pub operation: Option<OperationId>,
}

/// A set, previewed or in work, with one page of its tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    pub id: Uuid,
    pub work: Work,
    pub whom: Whom,
    /// The query of the list that it was chosen in.
    pub list: String,
    /// When that list was shown.
    pub shown_at: DateTime<Utc>,
    /// Tenants ticked that were not there any more.
    pub missing: i64,
    pub total: i64,
    /// Those that it can be done to, when it was frozen.
    pub eligible: i64,
    pub by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Nobody confirmed it in time.
    pub over: bool,
    /// Of the confirmed set.
    pub operation: Option<OperationId>,
    pub counts: Vec<(Outcome, i64)>,
    /// Those left out, by reason.
    pub skipped: Vec<(Why, i64)>,
    /// What the rows are limited to.
    pub only: Option<Outcome>,
    pub rows: Vec<BulkRow>,
    pub next: Option<i64>,
    pub previous: Option<i64>,
    /// Keys of the address that were not understood.
    pub left_out: Vec<String>,
}

impl Bulk {
    pub fn count(&self, outcome: Outcome) -> i64 {
        self.counts.iter().filter(|(of, _)| *of == outcome).map(|(_, n)| n).sum()
    }

    /// Those it was to be done to that have come to an end, one way or another.
    pub fn settled(&self) -> i64 {
        self.total
            - [Outcome::Approval, Outcome::Running, Outcome::Waiting]
                .map(|o| self.count(o))
                .iter()
                .sum::<i64>()
    }

    /// How it stands, as a sentence: `47 done, 2 failed, 1 skipped.`
    pub fn summary(&self) -> String {
        summary(&self.counts)
    }
}

/// `47 done, 2 failed, 1 skipped.`
pub fn summary(counts: &[(Outcome, i64)]) -> String {
    let order = [
        Outcome::Done,
        Outcome::Failed,
        Outcome::Approval,
        Outcome::Running,
        Outcome::Waiting,
        Outcome::Skipped,
        Outcome::Cancelled,
    ];
    let of = |outcome: Outcome| counts.iter().filter(|(o, _)| *o == outcome).map(|(_, n)| n).sum::<i64>();
    let parts: Vec<_> = order
        .into_iter()
        .filter(|outcome| of(*outcome) > 0)
        .map(|outcome| format!("{} {}", grouped(of(outcome)), outcome.label().to_lowercase()))
        .collect();
    if parts.is_empty() { "Nobody is in it.".into() } else { format!("{}.", parts.join(", ")) }
}

/// What the forms before a preview offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkForm {
    /// Whom it reaches as things are, where all that match are chosen.
    pub listing: Option<Listing>,
    pub plans: Vec<crate::plans::Plan>,
    /// Published templates: `key.version` and a name.
    pub templates: Vec<(String, String)>,
    /// Who may look after tenants.
    pub owners: Vec<Owner>,
}

//! Operations: long work on tenants as a ledger of steps that are done, checked and undone (`design.md` 6).
//!
//! An operation ends finished or clean: an error undoes what was done in reverse order; only an undo that fails needs a
//! person, and says so. Retry, cancel and roll back are different moves ([`Control`]); [`State::may_become`] is the
//! table that the server refuses by and the page explains by. An operation of the platform itself (bulk work) stands
//! under [`TenantId::PLATFORM`].

use crate::limits::{AskedLimit, Effective};
use crate::permission::{Permission, Role};
use crate::plans::Plan;
use crate::states::words;
use crate::templates::Offer;
use crate::tenants::{Placement, PlanId};
use crate::{OperationId, TenantId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// What is done.
    Kind {
        Provision = "provision", "Provision";
        Suspend = "suspend", "Suspend";
        ChangeScope = "change_scope", "Change scope";
        Reinstate = "reinstate", "Reinstate";
        ChangePlan = "change_plan", "Change plan";
        ConvertTrial = "convert_trial", "Convert trial";
        /// Owner and tags, as bulk work does it.
        ChangeDetails = "change_details", "Change details";
        ApplyTemplate = "apply_template", "Apply template";
        Export = "export", "Export";
        Offboard = "offboard", "Offboard";
        Purge = "purge", "Delete data";
        Restore = "restore", "Restore";
        Migrate = "migrate", "Migrate";
        Backfill = "backfill", "Backfill";
        Bulk = "bulk", "Bulk";
    }
}

impl Kind {
    /// Whether a rule can make it wait for a second person (R10): kinds whose forms say so to who asks.
    pub const fn may_wait(self) -> bool {
        matches!(
            self,
            Self::Provision
                | Self::Suspend
                | Self::ChangeScope
                | Self::Reinstate
                | Self::ChangePlan
                | Self::ConvertTrial
                | Self::ApplyTemplate
                | Self::Bulk
        )
    }

    /// The kind whose rule holds for this one as well: what may not be done alone may not be reached by a change either
    /// (read-only, then blocked).
    pub const fn waits_with(self) -> Option<Self> {
        match self {
            Self::ChangeScope => Some(Self::Suspend),
            _ => None,
        }
    }
}

words! {
    /// Where an operation stands.
    State {
        /// Waits for a second person.
        Requested = "requested", "Awaiting approval";
        /// Will be taken up when its time has come and nothing else runs on the tenant.
        Queued = "queued", "Queued";
        Running = "running", "Running";
        /// Something failed or was called off: what was done is being undone, the last step first.
        Undoing = "undoing", "Undoing";
        Succeeded = "succeeded", "Succeeded";
        /// A step failed, and everything done before it is undone.
        Failed = "failed", "Failed, undone";
        Cancelled = "cancelled", "Cancelled";
        RolledBack = "rolled_back", "Rolled back";
        Rejected = "rejected", "Rejected";
        /// Stopped where it is, nothing undone: its content could not be read, or it must not be undone by itself.
        Parked = "parked", "Parked";
        /// An undo failed. What remains is named in its steps.
        NeedsOperator = "needs_operator", "Needs an operator";
    }
}

impl State {
    /// The legal moves.
    pub const fn may_become(self, to: Self) -> bool {
        use State::*;
        match self {
            Requested => matches!(to, Queued | Rejected | Cancelled),
            Queued => matches!(to, Running | Cancelled | Parked),
            // Back to the queue: its process is being stopped, or it waits before the next attempt.
            Running => matches!(to, Succeeded | Undoing | Parked | Queued),
            Undoing => matches!(to, Failed | Cancelled | RolledBack | NeedsOperator),
            Failed => matches!(to, Queued | Undoing),
            // Bulk work that is parked has nothing to undo: it can be closed as it is.
            Parked => matches!(to, Queued | Undoing | Cancelled),
            NeedsOperator => matches!(to, Queued | Undoing),
            Succeeded | Cancelled | RolledBack | Rejected => false,
        }
    }

    /// Whether nothing happens any more unless a person asks for it.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Requested | Self::Queued | Self::Running | Self::Undoing)
    }

    /// Whether it holds the tenant, so that no other operation works on it.
    pub const fn holds_tenant(self) -> bool {
        matches!(self, Self::Running | Self::Undoing)
    }
}

words! {
    /// Where one step stands.
    StepState {
        Pending = "pending", "To do";
        /// Begun; for an effect outside the database its intent is on record.
        Running = "running", "Running";
        Done = "done", "Done";
        Failed = "failed", "Failed";
        Undone = "undone", "Undone";
        UndoFailed = "undo_failed", "Could not be undone";
    }
}

words! {
    /// What a person can do to an operation.
    Control {
        /// As the second person: let it begin.
        Approve = "approve", "Approve";
        Reject = "reject", "Reject";
        /// Do it again: from the first step where everything is undone, else from the step that stopped it.
        Retry = "retry", "Retry";
        /// Call it off before it is finished; what was done is undone.
        Cancel = "cancel", "Cancel";
        /// Undo what a failed operation left standing, and give it up.
        RollBack = "roll_back", "Roll back";
    }
}

impl Control {
    /// What somebody needs to do it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Approve | Self::Reject => Permission::OperationApprove,
            Self::Retry | Self::Cancel | Self::RollBack => Permission::OperationControl,
        }
    }

    /// The state it leads to, or why not, in words for the disabled button; the server refuses with the same words.
    pub fn check(self, state: State) -> Result<State, String> {
        use State::*;
        let to = match (self, state) {
            (Self::Approve, Requested) => Queued,
            (Self::Reject, Requested) => Rejected,
            (Self::Retry, Failed | Parked | NeedsOperator) => Queued,
            (Self::Cancel, Requested | Queued) => Cancelled,
            // The runner turns around at the next step.
            (Self::Cancel, Running) => Undoing,
            (Self::RollBack, Failed | Parked | NeedsOperator) => Undoing,
            _ => return Err(format!("{} {}", self.only(), Self::is(state))),
        };
        Ok(to)
    }

    /// The same for an operation of this kind. Bulk work is not undone as a whole: what was done to a tenant is taken back
    /// there, so it cannot be rolled back, and what failed can be left as it is.
    pub fn check_on(self, kind: Kind, state: State) -> Result<State, String> {
        match (self, kind, state) {
            (Self::Cancel, Kind::Bulk, State::Parked) => Ok(State::Cancelled),
            (Self::RollBack, Kind::Bulk, _) => Err(
                "Bulk work is not undone as a whole: what was done to a tenant is taken back on its own page.".into(),
            ),
            _ => self.check(state),
        }
    }

    const fn only(self) -> &'static str {
        match self {
            Self::Approve | Self::Reject => "Only an operation that awaits approval can be decided on.",
            Self::Retry => {
                "Only an operation that failed, is parked or needs an operator can be tried again."
            }
            Self::Cancel => "Only an operation that has not ended can be cancelled.",
            Self::RollBack => {
                "Only an operation that failed, is parked or needs an operator can be rolled back."
            }
        }
    }

    fn is(state: State) -> String {
        format!("This one is: {}.", state.label().to_lowercase())
    }
}

/// One step, as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From 1.
    pub seq: i32,
    pub name: String,
    pub label: String,
    pub state: StepState,
    /// How often it was begun since the last retry.
    pub attempt: i32,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// What it left as evidence.
    pub output: Option<serde_json::Value>,
    pub error: Option<String>,
}

impl Step {
    /// Milliseconds between its begin and its end.
    pub fn duration_ms(&self) -> Option<i64> {
        Some((self.finished_at? - self.started_at?).num_milliseconds())
    }
}

/// A line of an operation's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub n: i64,
    pub at: DateTime<Utc>,
    /// The step it is about; 0 for the operation as a whole.
    pub seq: i32,
    pub message: String,
}

/// An operation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRow {
    pub id: OperationId,
    pub tenant: TenantId,
    /// The tenant's address where it has a page.
    pub slug: Option<String>,
    /// What it is about, in words: the tenant's name when it was asked for.
    pub subject: String,
    pub kind: Kind,
    pub state: State,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    /// Not before this time.
    pub run_after: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub steps_done: i64,
    pub steps_total: i64,
    /// The step that is in hand, or that stopped it.
    pub current: Option<String>,
    /// How often a worker took it up since its last finished step.
    pub attempt: i32,
    pub error: Option<String>,
    /// Counts every change: what a page that shows it live compares.
    pub version: i64,
}

/// An operation as its own page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    pub row: OperationRow,
    pub reason: Option<String>,
    /// What was asked for; secrets are never part of it.
    pub payload: serde_json::Value,
    /// What came out, with its evidence.
    pub result: Option<serde_json::Value>,
    pub request_id: String,
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub approval_note: Option<String>,
    /// A cancellation or rollback that was asked for while it ran.
    pub stopping: bool,
    /// The bulk operation that it is part of.
    pub parent: Option<OperationId>,
    pub steps: Vec<Step>,
    /// What a tenant that is asked for may use and begins with; empty for people of a tenant.
    pub terms: Option<Terms>,
    /// Milliseconds that steps usually take, by their label, while it is not settled; empty for people of a tenant.
    pub typical: BTreeMap<String, i64>,
    /// The newest lines, the oldest of them first; empty for people of a tenant.
    pub log: Vec<LogLine>,
    /// What the viewer may do now, and why not where not.
    pub controls: Vec<(Control, Result<(), String>)>,
    /// The database's clock when this was read.
    pub now: DateTime<Utc>,
}

/// What a request for a tenant means in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub plan: Plan,
    /// The version of the template that was asked for.
    pub offer: Offer,
    /// What it may use: by its plan, its template, or for this tenant alone.
    pub limits: Vec<Effective>,
    /// The last of them with their reasons.
    pub own: Vec<AskedLimit>,
}

/// Filters of the list; a cursor is the id of the row at an end of what is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationQuery {
    /// Any of them; none: whatever its state.
    pub states: Vec<State>,
    pub kinds: Vec<Kind>,
    pub tenant: Option<TenantId>,
    pub parent: Option<OperationId>,
    /// Only what has not settled, or needs somebody.
    pub open: bool,
    pub after: Option<OperationId>,
    /// The page that ends before this row; wins over `after`.
    pub before: Option<OperationId>,
    pub limit: u32,
}

/// The list as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationPage {
    pub rows: Vec<OperationRow>,
    pub next: Option<OperationId>,
    pub previous: Option<OperationId>,
    /// How many there are of each state that somebody may have to do with, up to [`COUNT_MAX`]; empty for a tenant's own.
    pub counts: Vec<(State, i64)>,
    /// Address and name of the tenant that the list is limited to.
    pub tenant: Option<(String, String)>,
    /// Keys of the address that were not understood.
    pub left_out: Vec<String>,
}

/// Where counting a state ends: beyond it the list is too long to be looked through anyway.
pub const COUNT_MAX: i64 = 1_000;

/// Where an operation stands, in one line: what a page that shows it live is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    pub tenant: TenantId,
    pub state: State,
    pub steps_done: i64,
    pub steps_total: i64,
    pub current: Option<String>,
    pub version: i64,
}

impl std::fmt::Display for Pulse {
    /// `Running, 4 of 12 steps done. Now: Prove its isolation.`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} of {} steps done.", self.state.label(), self.steps_done, self.steps_total)?;
        match &self.current {
            Some(step) if self.state == State::Running => write!(f, " Now: {step}."),
            _ => Ok(()),
        }
    }
}

/// The receipt of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    pub id: OperationId,
    pub tenant: TenantId,
    pub state: State,
    /// The same request was made before: this is its operation.
    pub repeated: bool,
}

/// Somebody who is let into a new tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// What a new tenant is asked for with (R10, R11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProvisionRequest {
    pub name: String,
    /// Empty: suggested from the name.
    #[serde(default)]
    pub slug: String,
    #[serde(default)]
    pub domain: String,
    #[serde(default)]
    pub external_id: String,
    pub plan: PlanId,
    /// Empty: the platform's own.
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub country: String,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default = "pooled")]
    pub placement: Placement,
    /// Key of a template, or empty for the baseline; `version` none: the newest published one.
    #[serde(default)]
    pub template: String,
    #[serde(default)]
    pub template_version: Option<i32>,
    /// Settings of this tenant alone, by the registry's keys.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Limits of this tenant alone, over those of its plan and its template (R74).
    #[serde(default)]
    pub limits: Vec<AskedLimit>,
    /// Who looks after it; nobody where they cannot any more when it is made.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// The first administrator; none: nobody is let in yet.
    #[serde(default)]
    pub admin: Option<Person>,
    /// More people to let in (R23).
    #[serde(default)]
    pub people: Vec<Person>,
    #[serde(default)]
    pub support_contact: String,
    #[serde(default)]
    pub escalation_contact: String,
    /// Days of trial; 0: active at once.
    #[serde(default = "trial_days")]
    pub trial_days: i32,
    /// Where the bill goes (R11).
    #[serde(default)]
    pub billing_reference: String,
    /// Why, in words; part of what a second person approves.
    #[serde(default)]
    pub reason: String,
}

const fn pooled() -> Placement {
    Placement::Pooled
}

const fn trial_days() -> i32 {
    14
}

impl ProvisionRequest {
    /// A request that says only what every request must.
    pub fn named(name: impl Into<String>, plan: PlanId) -> Self {
        Self {
            name: name.into(),
            slug: String::new(),
            domain: String::new(),
            external_id: String::new(),
            plan,
            region: String::new(),
            country: String::new(),
            tags: vec![],
            placement: Placement::Pooled,
            template: String::new(),
            template_version: None,
            settings: BTreeMap::new(),
            limits: vec![],
            owner: None,
            admin: None,
            people: vec![],
            support_contact: String::new(),
            escalation_contact: String::new(),
            trial_days: trial_days(),
            billing_reference: String::new(),
            reason: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_leads_along_a_legal_move() {
        for state in State::ALL {
            for control in Control::ALL {
                for kind in Kind::ALL {
                    if let Ok(to) = control.check_on(*kind, *state) {
                        assert!(state.may_become(to), "{control:?} of {kind:?} from {state:?} to {to:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_ended_well_or_was_given_up_stays_so() {
        for state in [State::Succeeded, State::Cancelled, State::RolledBack, State::Rejected] {
            assert!(State::ALL.iter().all(|to| !state.may_become(*to)));
            assert!(Control::ALL.iter().all(|control| control.check(state).is_err()));
        }
    }

    #[test]
    fn a_pulse_is_a_sentence() {
        let mut pulse = Pulse {
            tenant: TenantId::PLATFORM,
            state: State::Running,
            steps_done: 4,
            steps_total: 12,
            current: Some("Prove its isolation".into()),
            version: 9,
        };
        assert_eq!(pulse.to_string(), "Running, 4 of 12 steps done. Now: Prove its isolation.");
        pulse.state = State::Failed;
        assert_eq!(pulse.to_string(), "Failed, undone, 4 of 12 steps done.");
    }

    #[test]
    fn everything_that_stopped_has_a_way_on_and_a_way_back() {
        for state in [State::Failed, State::Parked, State::NeedsOperator] {
            assert_eq!(Control::Retry.check(state), Ok(State::Queued));
            assert_eq!(Control::RollBack.check(state), Ok(State::Undoing));
            assert!(Control::Cancel.check(state).is_err(), "there is nothing left to call off");
        }
        assert!(Control::Retry.check(State::Running).is_err_and(|why| why.contains("running")));
    }
}

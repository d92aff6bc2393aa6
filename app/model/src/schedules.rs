//! Plan changes that wait for their day (R65), and what stands in their way.

use crate::OperationId;
use crate::operations::State;
use crate::tenants::PlanId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A plan change with a day of its own: still to come, or tried on its day without success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSchedule {
    /// The operation that makes it. People of the tenant see that it is there, not its inside.
    pub operation: OperationId,
    pub from: PlanId,
    pub to: PlanId,
    /// Not before.
    pub at: DateTime<Utc>,
    pub state: State,
    /// Who asked for it and why; for the platform's people only.
    pub by: Option<String>,
    pub note: Option<String>,
    pub asked_at: DateTime<Utc>,
    /// A second person has approved it, for this day.
    pub approved: bool,
    /// Counts every change of it: what a form says that it was filled in on.
    pub version: i64,
    /// Why it did not happen; for the platform's people only.
    pub error: Option<String>,
    /// What the tenant uses now that the new plan does not allow; empty where it would fit today.
    pub refusals: Vec<String>,
}

impl PlanSchedule {
    /// Whether it is still to come.
    pub const fn is_to_come(&self) -> bool {
        matches!(self.state, State::Requested | State::Queued)
    }

    /// Whether its day has passed without it.
    pub const fn has_failed(&self) -> bool {
        self.state.is_settled()
    }

    /// Why its day cannot be changed any more.
    pub const fn keeps_its_day(&self) -> Option<&'static str> {
        match self.state {
            State::Requested => None,
            State::Queued if self.approved => Some(
                "A second person has approved it for this day. Cancel it and schedule another one instead.",
            ),
            State::Queued => None,
            _ => Some("It has begun: its day cannot be changed any more."),
        }
    }
}

/// A scheduled plan change in the list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledChange {
    pub slug: String,
    pub name: String,
    pub schedule: PlanSchedule,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_state(state: State, approved: bool) -> PlanSchedule {
        PlanSchedule {
            operation: OperationId(uuid::Uuid::from_u128(1)),
            from: PlanId::Professional,
            to: PlanId::Free,
            at: DateTime::UNIX_EPOCH,
            state,
            by: None,
            note: None,
            asked_at: DateTime::UNIX_EPOCH,
            approved,
            version: 1,
            error: None,
            refusals: vec![],
        }
    }

    #[test]
    fn only_what_nobody_has_approved_and_nobody_has_begun_can_be_moved() {
        assert_eq!(in_state(State::Requested, false).keeps_its_day(), None);
        assert_eq!(in_state(State::Queued, false).keeps_its_day(), None);
        assert!(in_state(State::Queued, true).keeps_its_day().is_some_and(|why| why.contains("approved")));
        for state in State::ALL {
            let schedule = in_state(*state, false);
            assert_eq!(schedule.is_to_come(), schedule.keeps_its_day().is_none(), "{state:?}");
        }
        assert!(in_state(State::Failed, false).has_failed() && !in_state(State::Running, false).has_failed());
    }
}

//! Another plan that a tenant's own admins have asked for (R66): what they see of it, and what can come of it.

use crate::OperationId;
use crate::operations::{Operation, State};
use crate::plans::{Plan, PlanPreview};
use crate::states::words;
use crate::tenants::PlanId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

words! {
    /// What came of a request, as whoever asked is told.
    Decision {
        Approved = "approved", "Approved";
        /// Always with the reason: it is meant for whoever asked.
        Refused = "refused", "Refused";
        /// By the platform's people, before it was done.
        CalledOff = "called_off", "Called off";
        /// Approved, and then it could not be done; the plan is what it was.
        Failed = "failed", "Could not be made";
    }
}

/// Requests that the people of one tenant can make within a day: each of them writes to everybody who may approve.
pub const ASKED_PER_DAY: i64 = 10;

/// Whether this is what a tenant's own people asked for: by what the ledger keeps of it.
pub fn is_tenants_own(payload: &Value) -> bool {
    payload.get("by_tenant").and_then(Value::as_bool) == Some(true)
}

impl Operation {
    /// Whether a tenant's own people asked for it: then they are told what came of it, and why it was refused.
    pub fn is_tenants_own(&self) -> bool {
        is_tenants_own(&self.payload)
    }
}

/// A request as the tenant's admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    /// The operation that it waits as.
    pub operation: OperationId,
    pub from: PlanId,
    pub to: PlanId,
    pub state: State,
    /// Who asked, and why.
    pub by: String,
    pub reason: Option<String>,
    pub asked_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused. What the platform's people note with an approval is not for the tenant.
    pub answer: Option<String>,
    /// Counts every change of it: what a form says that it was filled in on.
    pub version: i64,
}

impl PlanRequest {
    /// Whether it waits for a decision, so that it can be withdrawn.
    pub const fn waits(&self) -> bool {
        matches!(self.state, State::Requested)
    }

    /// Whether something may still come of it, so that no other one can be made.
    pub const fn is_open(&self) -> bool {
        !self.state.is_settled()
    }

    /// Where it stands, in words.
    pub const fn words(&self) -> &'static str {
        match self.state {
            State::Requested => "Waits for a decision",
            State::Queued | State::Running => "Approved, being made",
            State::Succeeded => "Approved and made",
            State::Rejected => "Refused",
            State::Cancelled | State::RolledBack => "Withdrawn or called off",
            State::Undoing | State::Failed | State::Parked | State::NeedsOperator => {
                "Approved, but it could not be made"
            }
        }
    }
}

/// The plans that a tenant's admins can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOffer {
    /// The smallest first.
    pub plans: Vec<Plan>,
    /// What moving to the plan that was chosen would mean; none where it is the one that the tenant has.
    pub preview: Option<PlanPreview>,
    /// The newest one of the last 30 days.
    pub request: Option<PlanRequest>,
    /// Why no request can be made now, whatever the plan; the server refuses with the same words.
    pub obstacle: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn in_state(state: State) -> PlanRequest {
        PlanRequest {
            operation: OperationId(uuid::Uuid::from_u128(1)),
            from: PlanId::Starter,
            to: PlanId::Professional,
            state,
            by: "Ines".into(),
            reason: None,
            asked_at: DateTime::UNIX_EPOCH,
            decided_at: None,
            answer: None,
            version: 1,
        }
    }

    #[test]
    fn only_what_waits_is_withdrawn_and_all_that_is_under_way_is_in_the_way() {
        for state in State::ALL {
            let request = in_state(*state);
            assert_eq!(request.waits(), *state == State::Requested);
            assert!(!request.waits() || request.is_open());
            assert!(!request.words().is_empty());
        }
        assert!(in_state(State::Running).is_open() && !in_state(State::Failed).is_open());
    }

    #[test]
    fn only_what_says_so_is_the_tenants_own() {
        assert!(is_tenants_own(&json!({ "by_tenant": true, "to": "free" })));
        for other in [json!({ "by_tenant": "true" }), json!({ "by_tenant": false }), json!({}), Value::Null] {
            assert!(!is_tenants_own(&other), "{other}");
        }
    }
}

//! The success criteria of a new tenant with their evidence (R25), as provisioning leaves them in its ledger.

use crate::RunId;
use crate::operations::{Kind, Operation};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The step of provisioning that leaves them.
pub const STEP: &str = "criteria";

/// One criterion, and what it was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    pub criterion: String,
    pub met: bool,
    /// In words.
    pub evidence: String,
    /// When what it is decided on was looked at; older operations do not know.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// The run of the isolation probe that it rests on.
    #[serde(default)]
    pub run: Option<RunId>,
    /// What is kept as it was asked for and obeyed by nothing yet: it holds on paper only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_only: Vec<String>,
}

/// The criteria of an operation: none where it makes no tenant, has not come that far, or is not for the reader.
pub fn of(operation: &Operation) -> Vec<Criterion> {
    if operation.row.kind != Kind::Provision {
        return Vec::new();
    }
    let step = operation.steps.iter().find(|step| step.name == STEP);
    step.and_then(|step| read(step.output.as_ref()?)).unwrap_or_default()
}

fn read(output: &serde_json::Value) -> Option<Vec<Criterion>> {
    serde_json::from_value(output.get("criteria")?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_older_server_left_is_read_too() {
        let old = json!({ "criteria": [{ "criterion": "Isolated", "met": true, "evidence": "Refused." }] });
        let list = read(&old).expect("criteria");
        assert!(list[0].met && list[0].at.is_none() && list[0].run.is_none() && list[0].kept_only.is_empty());
        assert_eq!(read(&json!({ "criteria": serde_json::to_value(&list).expect("json") })), Some(list));
        assert_eq!((read(&json!({})), read(&json!({ "criteria": 1 }))), (None, None));
    }
}

//! Which operation goes before others (R78): of what is queued the most urgent is taken first, and of what is as urgent the
//! one that has waited longest. What is in hand is not interrupted, and is gone on with first where a worker has left it. A
//! part of bulk work may wait, whatever it is: many at once would keep everybody else waiting.

use model::operations::Kind;
use model::tenants::SuspensionReason;
use serde_json::Value;

/// What may wait.
const ORDINARY: i16 = 0;
/// P1 (R78).
const SOON: i16 = 1;
/// P0 (R78): somebody must be kept out now.
const AT_ONCE: i16 = 2;
/// Of those, somebody may be doing harm.
const FIRST: i16 = 3;

/// The turn of an operation; larger is sooner.
pub(super) fn of(kind: Kind, payload: &Value) -> i16 {
    let is_harm = |code: &str| code == SuspensionReason::SecurityIncident.as_str();
    match kind {
        Kind::Suspend if payload.get("code").and_then(Value::as_str).is_some_and(is_harm) => FIRST,
        Kind::Suspend => match payload.get("priority").and_then(Value::as_u64) {
            Some(0) => AT_ONCE,
            Some(1) => SOON,
            _ => ORDINARY,
        },
        // It is about a suspension that goes too far, or not far enough.
        Kind::ChangeScope => AT_ONCE,
        _ => ORDINARY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_must_be_kept_out_goes_first() {
        let suspend = |priority: u8| of(Kind::Suspend, &json!({ "priority": priority }));
        assert_eq!([suspend(0), suspend(1), suspend(2)], [AT_ONCE, SOON, ORDINARY]);
        let of_code = |code: &str| of(Kind::Suspend, &json!({ "priority": 0, "code": code }));
        assert_eq!([of_code("security_incident"), of_code("payment_failure")], [FIRST, AT_ONCE]);
        // One from before there were priorities.
        assert_eq!(of(Kind::Suspend, &json!({})), ORDINARY);
        assert_eq!(of(Kind::ChangeScope, &json!({ "scope": "blocked" })), AT_ONCE);
        assert_eq!(of(Kind::Provision, &json!({ "priority": 0 })), ORDINARY);
    }
}

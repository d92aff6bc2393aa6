//! What of an entry stays on the platform's side. A tenant's people read their own chain (R134), but not what operators
//! wrote to each other about them: the note of a suspension or an offboarding. The entry itself keeps everything, and its
//! hash is over everything.

use crate::ctx::Ctx;
use serde_json::Value;

/// Fields of a tenant that only the platform's people see.
const FIELDS: [&str; 4] = ["note", "interrupted", "owner", "owner_name"];

/// Whether this reader sees entries as they are.
pub(super) fn sees_all(cx: &Ctx) -> bool {
    cx.actor().is_platform()
}

/// The reason as the tenant may read it: the code, without the words after it.
pub(super) fn reason(action: &str, reason: Option<String>) -> Option<String> {
    match action {
        "tenant.suspend" | "tenant.offboard" => {
            reason.and_then(|text| text.split_once(": ").map(|(code, _)| code.to_owned()))
        }
        // The reason is what operators say to each other; what it came to stands in the values.
        "tenant.change_scope"
        | "tenant.convert_trial"
        | "tenant.extend_trial"
        | "tenant.change_details"
        | "tenant.set_limit"
        | "tenant.remove_limit" => None,
        // What operators say to each other about long work, or what went wrong inside.
        _ if action.starts_with("operation.") => None,
        _ => reason,
    }
}

/// The values before or after, without what is not theirs.
pub(super) fn values(action: &str, values: Option<Value>) -> Option<Value> {
    let mut values = values?;
    if action.starts_with("tenant.")
        && let Some(fields) = values.as_object_mut()
    {
        FIELDS.iter().for_each(|field| drop(fields.remove(*field)));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn notes_stay_on_the_platforms_side() {
        let said = |action, text: &str| reason(action, Some(text.to_owned()));
        assert_eq!(
            said("tenant.suspend", "Payment failure: They lie: see 4."),
            Some("Payment failure".into())
        );
        assert_eq!(said("tenant.suspend", "no code"), None);
        assert_eq!(said("task.override", "Ours: for EU"), Some("Ours: for EU".into()));
        assert_eq!(said("tenant.change_scope", "Payment failure: They lie."), None);
        assert_eq!(said("tenant.extend_trial", "They are slow."), None);
        assert_eq!(said("tenant.set_limit", "They pay more."), None);
        assert_eq!(said("operation.reject", "They will not pay."), None);
        let row = json!({ "status": "suspended", "note": "They lie.", "message": "Pay, please." });
        assert_eq!(
            values("tenant.suspend", Some(row.clone())),
            Some(json!({ "status": "suspended", "message": "Pay, please." }))
        );
        assert_eq!(values("checklist.waive", Some(row.clone())), Some(row));
        assert_eq!(said("tenant.change_details", "Ann is slow."), None);
        let row = json!({ "name": "Acme", "owner": "1", "owner_name": "Ann" });
        assert_eq!(values("tenant.change_details", Some(row)), Some(json!({ "name": "Acme" })));
    }
}

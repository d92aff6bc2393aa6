//! What was asked for: the reason, the decision, and the request itself, field by field.

use crate::paths;
use crate::ui::{Card, Props};
use leptos::prelude::*;
use model::operations::Operation;
use serde_json::Value;

/// A value longer than this is folded.
const LONG: usize = 300;

pub(super) fn asked(op: &Operation) -> AnyView {
    let mut items = Vec::new();
    if let Some(reason) = &op.reason {
        items.push(("Reason", reason.clone().into_any()));
    }
    if let Some(note) = op.approval_note.clone().filter(|note| !note.is_empty()) {
        items.push(("Note of the decision", note.into_any()));
    }
    if let Some(parent) = op.parent {
        items.push(("Part of", view! { <a href=paths::operation(parent)>"a bulk operation"</a> }.into_any()));
    }
    let fields = op.payload.as_object().into_iter().flatten();
    let told = |key: &str| key == "reason" && op.reason.is_some();
    let fields = fields.filter(|(key, value)| !is_empty(value) && !told(key));
    let fields: Vec<_> = fields
        .map(|(key, value)| view! { <div><dt>{named(key)}</dt><dd>{shown(value)}</dd></div> })
        .collect();
    if items.is_empty() && fields.is_empty() {
        return ().into_any();
    }
    let props = (!items.is_empty()).then(|| view! { <Props items/> });
    let fields = (!fields.is_empty()).then(|| view! { <dl class="c-props" data-cols="2">{fields}</dl> });
    view! { <Card id="asked" title="What was asked for">{props}{fields}</Card> }.into_any()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `billing_reference` as `Billing reference`.
fn named(key: &str) -> String {
    let mut name = key.replace('_', " ");
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// Short values in words; the rest is there to be unfolded.
fn shown(value: &Value) -> AnyView {
    let text = words(value);
    let label = match value {
        Value::Array(list) if list.iter().any(Value::is_object) => format!("Show all {}", list.len()),
        _ if text.len() > LONG => "Show all of it".to_owned(),
        _ => return text.into_any(),
    };
    let whole = serde_json::to_string_pretty(value).unwrap_or_default();
    view! { <details class="c-disclosure"><summary>{label}</summary><pre class="c-code" tabindex="0"><code>{whole}</code></pre></details> }
        .into_any()
}

fn words(value: &Value) -> String {
    let join = |words: Vec<String>| words.join(", ");
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => join(list.iter().map(words).collect()),
        Value::Object(map) => {
            let parts = map.iter().filter(|(_, value)| !is_empty(value));
            join(parts.map(|(key, value)| format!("{}: {}", key.replace('_', " "), words(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_reads_as_words() {
        assert_eq!(named("billing_reference"), "Billing reference");
        assert_eq!(
            words(&json!({ "name": "Ada", "email": "", "role": "tenant_admin" })),
            "name: Ada, role: tenant_admin"
        );
        assert_eq!(words(&json!(["gold", "emea"])), "gold, emea");
        assert_eq!((words(&json!(false)), words(&json!(14))), ("no".into(), "14".into()));
        assert!(is_empty(&json!([])) && !is_empty(&json!(0)));
    }
}

//! The operation as plain text: for a ticket, a mail, a colleague. Whoever gets it needs no page beside it: what was asked
//! for, who decided, what each step left as evidence, which criteria were not met, and which build did it.
//!
//! Invariant: a ticket travels farther than a page, so people are counted in it, not named: neither those who are let in
//! nor the contacts of a tenant.

use super::steps::log_text;
use crate::operations::parts::title;
use crate::ui::{self, Card, Copy};
use leptos::prelude::*;
use model::operations::{Operation, State};
use serde_json::Value;

/// A longer value of a step ends here.
const LONG: usize = 4_000;

pub(super) fn diagnostics(op: &Operation) -> AnyView {
    let text = report(op);
    let aside = view! { <Copy value=text.clone() label="Copy diagnostics".to_owned()/> };
    view! {
        <Card id="diagnostics" title="Diagnostics" aside=aside.into_any()>
            <details class="c-disclosure"><summary>"Everything above as text, to pass on"</summary><pre class="c-code" tabindex="0"><code>{text}</code></pre></details>
        </Card>
    }
    .into_any()
}

fn report(op: &Operation) -> String {
    let row = &op.row;
    let mut lines = vec![
        title(row),
        format!("operation   {}", row.id),
        format!("tenant      {}", row.tenant),
        format!("state       {} (version {})", row.state.as_str(), row.version),
        format!("requested   {} by {}", row.requested_at.to_rfc3339(), row.requested_by),
        format!("request id  {}", op.request_id),
        format!("server      {}", env!("CARGO_PKG_VERSION")),
    ];
    lines.extend(op.parent.map(|parent| format!("part of     {parent}")));
    lines.extend(op.reason.iter().map(|reason| format!("reason      {reason}")));
    if let (Some(by), Some(at)) = (&op.approved_by, op.approved_at) {
        let word = if row.state == State::Rejected { "rejected" } else { "approved" };
        lines.push(format!("{word}    {} by {by}", at.to_rfc3339()));
    }
    let note = op.approval_note.iter().filter(|note| !note.is_empty());
    lines.extend(note.map(|note| format!("note        {note}")));
    lines.extend(row.error.iter().map(|error| format!("error       {error}")));
    lines.push(String::new());
    for step in &op.steps {
        let took = step.duration_ms().map(|ms| format!(" {}", ui::span(ms))).unwrap_or_default();
        lines.push(format!(
            "{:>2} {:<14} {:<11} attempt {}{took}",
            step.seq,
            step.name,
            step.state.as_str(),
            step.attempt
        ));
        lines.extend(step.error.iter().map(|error| format!("   error: {error}")));
        let output = step.output.as_ref().filter(|output| !output.is_null());
        lines.extend(output.into_iter().flat_map(unmet).map(|criterion| format!("   not met: {criterion}")));
        lines.extend(output.map(|output| format!("   output: {}", cut(counted(output).to_string()))));
    }
    if !op.payload.is_null() {
        let asked = serde_json::to_string_pretty(&counted(&op.payload)).unwrap_or_default();
        lines.extend([String::new(), "asked for".to_owned(), cut(asked)]);
    }
    // Most often it is what a step has left already.
    let told = |result: &&Value| op.steps.iter().any(|step| step.output.as_ref() == Some(*result));
    if let Some(result) = op.result.as_ref().filter(|result| !result.is_null() && !told(result)) {
        let result = serde_json::to_string_pretty(&counted(result)).unwrap_or_default();
        lines.extend([String::new(), "result".to_owned(), cut(result)]);
    }
    let log = log_text(op);
    if !log.is_empty() {
        lines.extend([String::new(), log]);
    }
    lines.push(format!("as of {}", op.now.to_rfc3339()));
    lines.join("\n")
}

/// The criteria of a step that do not hold, each with its evidence.
fn unmet(output: &Value) -> Vec<String> {
    let criteria = output.get("criteria").and_then(Value::as_array).into_iter().flatten();
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    criteria
        .filter(|one| one.get("met").and_then(Value::as_bool) == Some(false))
        .map(|one| format!("{}: {}", text(one, "criterion"), text(one, "evidence")))
        .collect()
}

/// The same value with people counted instead of named.
fn counted(value: &Value) -> Value {
    let is_person = |value: &Value| value.get("email").is_some();
    match value {
        one if is_person(one) => "1 person".into(),
        Value::Array(list) if !list.is_empty() && list.iter().all(is_person) => match list.len() {
            1 => "1 person".into(),
            n => format!("{n} people").into(),
        },
        Value::Array(list) => list.iter().map(counted).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match value.as_str() {
                Some(text) if key.ends_with("_contact") && !text.is_empty() => {
                    (key.clone(), "left out".into())
                }
                _ => (key.clone(), counted(value)),
            })
            .collect(),
        other => other.clone(),
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}… (its page has all of it)", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn people_are_counted_and_not_named() {
        let person = |name: &str| json!({ "name": name, "email": format!("{name}@example.com"), "role": "tenant_admin" });
        let asked = json!({
            "name": "Acme", "admin": person("ada"), "people": [person("bo"), person("cy")], "support_contact": "dee@example.com",
            "escalation_contact": "", "tags": ["gold"], "settings": { "ai.max_tokens": 500 }, "nobody": [],
        });
        let expected = json!({
            "name": "Acme", "admin": "1 person", "people": "2 people", "support_contact": "left out",
            "escalation_contact": "", "tags": ["gold"], "settings": { "ai.max_tokens": 500 }, "nobody": [],
        });
        assert_eq!(counted(&asked), expected);
    }

    #[test]
    fn what_is_not_met_is_told_with_its_evidence() {
        let output = json!({ "criteria": [
            { "criterion": "Isolation", "met": true, "evidence": "35 refused." },
            { "criterion": "Policies", "met": false, "evidence": "0 settings hold." },
        ] });
        assert_eq!(unmet(&output), ["Policies: 0 settings hold."]);
        assert_eq!(unmet(&json!(null)), Vec::<String>::new());
    }

    #[test]
    fn a_long_value_ends_between_letters() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = cut("ö".repeat(LONG + 1));
        assert!(long.starts_with('ö') && long.ends_with("all of it)"));
        assert_eq!(long.chars().filter(|c| *c == 'ö').count(), LONG);
    }
}

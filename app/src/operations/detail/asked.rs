//! What was asked for: the reason, the decision, and the request itself, field by field; of a tenant also what its plan
//! allows and which policies hold, because that is what a second person decides on.

use crate::paths;
use crate::templates;
use crate::ui::{self, Card, Props};
use leptos::prelude::*;
use model::operations::{Kind as What, Operation, Person, State};
use model::permission::{Permission, Role, Scope};
use model::settings::Key;
use model::tenants::{OffboardingReason, Placement, PlanId, Suspension, SuspensionReason};
use serde_json::Value;
use std::str::FromStr;

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
    // Whoever changes plans looks at the limits first; to others there is no such page.
    let may = crate::server::actor().allows(Permission::TenantPlan, Scope::Tenant(op.row.tenant));
    let waits = may && op.row.kind == What::ChangePlan && op.row.state == State::Requested;
    let to = op.payload.get("to").and_then(Value::as_str).filter(|_| waits);
    if let (Some(slug), Some(to)) = (&op.row.slug, to) {
        let href = format!("{}?plan={to}", paths::tenant(slug, "plan"));
        items.push(("Limits", view! { <a href=href>"What the change would mean"</a> }.into_any()));
    }
    if let Some(parent) = op.parent {
        items.push(("Part of", view! { <a href=paths::operation(parent)>"a bulk operation"</a> }.into_any()));
    }
    let fields = op.payload.as_object().into_iter().flatten();
    // What is a reason of the ledger already is not said twice.
    let told = |value: &Value| value.is_string() && value.as_str() == op.reason.as_deref();
    let fields = fields.filter(|(_, value)| !is_empty(value) && !told(value));
    let mut fields: Vec<_> =
        fields.filter(|(key, _)| op.terms.is_none() || key.as_str() != "template_version").collect();
    fields
        .sort_by_key(|(key, _)| FIRST.iter().position(|first| *first == key.as_str()).unwrap_or(FIRST.len()));
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(key, value)| {
            let value = match of_tenant(op, key, value) {
                Some(words) => words.into_any(),
                None => shown(key, value),
            };
            view! { <div><dt>{named(key)}</dt><dd>{value}</dd></div> }
        })
        .collect();
    if items.is_empty() && fields.is_empty() {
        return ().into_any();
    }
    let props = (!items.is_empty()).then(|| view! { <Props items/> });
    let fields = (!fields.is_empty()).then(|| view! { <dl class="c-props" data-cols="2">{fields}</dl> });
    let terms = op.terms.as_ref().map(templates::terms);
    view! { <Card id="asked" title="What was asked for">{props}{fields}</Card>{terms} }.into_any()
}

/// What names a tenant stands first; the rest follows in the order of the alphabet.
const FIRST: [&str; 8] =
    ["name", "slug", "domain", "external_id", "template", "plan", "placement", "trial_days"];

/// What a field of a request for a tenant says, where its value alone says it badly.
fn of_tenant(op: &Operation, key: &str, value: &Value) -> Option<String> {
    let terms = op.terms.as_ref()?;
    match key {
        "template" => Some(format!("{}, version {}", terms.offer.template.name, terms.offer.version)),
        "trial_days" => Some(match value.as_i64()? {
            0 => "None, active at once".to_owned(),
            days => ui::plural(days, "day"),
        }),
        "admin" => person(value),
        "people" => {
            let people: Vec<_> = value.as_array()?.iter().filter_map(person).collect();
            // A long list is unfolded as it is.
            (people.len() <= 20).then(|| people.join("; "))
        }
        "settings" => {
            let lines = value.as_object()?.iter().map(|(word, value)| {
                let known = word.parse::<Key>().ok();
                let value = serde_json::from_value(value.clone()).ok();
                known.zip(value).map(|(key, value)| format!("{}: {}", key.label(), key.words(&value)))
            });
            lines.collect::<Option<Vec<_>>>().map(|lines| lines.join("; "))
        }
        _ => None,
    }
}

/// `Ada Lovelace (ada@acme.example), Tenant admin`
fn person(value: &Value) -> Option<String> {
    let person: Person = serde_json::from_value(value.clone()).ok()?;
    Some(format!("{} ({}), {}", person.name, person.email, person.role.label()))
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
fn shown(key: &str, value: &Value) -> AnyView {
    let text = words(key, value);
    let label = match value {
        Value::Array(list) if list.iter().any(Value::is_object) => format!("Show all {}", list.len()),
        _ if text.len() > LONG => "Show all of it".to_owned(),
        _ => return text.into_any(),
    };
    let whole = serde_json::to_string_pretty(value).unwrap_or_default();
    view! { <details class="c-disclosure"><summary>{label}</summary><pre class="c-code" tabindex="0"><code>{whole}</code></pre></details> }
        .into_any()
}

/// The label of a word of one of the closed sets, by the field that it stands in; other text is somebody's own.
fn label<'a>(key: &str, text: &'a str) -> &'a str {
    fn of<T: FromStr>(text: &str, label: fn(T) -> &'static str) -> Option<&'static str> {
        text.parse().ok().map(label)
    }
    let known = match key {
        "plan" | "from" | "to" => of(text, PlanId::label),
        "placement" => of(text, Placement::label),
        "scope" | "suspension" | "was" => of(text, Suspension::label),
        "role" => of(text, Role::label),
        "reason" | "code" => of(text, SuspensionReason::label).or_else(|| of(text, OffboardingReason::label)),
        _ => None,
    };
    known.unwrap_or(text)
}

fn words(key: &str, value: &Value) -> String {
    let join = |words: Vec<String>| words.join(", ");
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => label(key, text).to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => join(list.iter().map(|value| words(key, value)).collect()),
        Value::Object(map) => {
            let parts = map.iter().filter(|(_, value)| !is_empty(value));
            join(
                parts
                    .map(|(key, value)| format!("{}: {}", key.replace('_', " "), words(key, value)))
                    .collect(),
            )
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
            words("admin", &json!({ "name": "Ada", "email": "", "role": "tenant_admin" })),
            "name: Ada, role: Tenant admin"
        );
        assert_eq!(words("tags", &json!(["gold", "emea"])), "gold, emea");
        assert_eq!((words("x", &json!(false)), words("x", &json!(14))), ("no".into(), "14".into()));
        assert_eq!(label("scope", "read_only"), "Read-only");
        assert_eq!(label("name", "free"), "free", "somebody's own word");
        assert!(is_empty(&json!([])) && !is_empty(&json!(0)));
    }
}

//! The audit log as pages show it (R134, R135): lines, their filters as a URL, and what an entry changed.

use crate::TenantId;
use crate::directory::Cursor;
use crate::states::words;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

words! {
    /// What became of an attempt.
    Outcome {
        Done = "done", "Done";
        Denied = "denied", "Denied";
    }
}

/// The address word of the platform's own chain; no tenant can have this slug.
pub const PLATFORM: &str = "platform";

/// The first parts of actions, for the filter. An action of another group is still found by everything else.
pub const GROUPS: &[(&str, &str)] = &[
    ("tenant", "Tenants"),
    ("task", "AI tasks"),
    ("checklist", "Checklists"),
    ("setting", "Settings"),
    ("template", "Templates"),
    ("api_key", "API keys"),
    ("platform_key", "Platform keys"),
    ("webhook", "Webhooks"),
    ("notification", "Notifications"),
    ("health", "Health"),
    ("isolation", "Isolation"),
    ("member", "Members"),
    ("user", "Users"),
    ("session", "Sessions"),
    ("bootstrap", "First sign-in"),
    ("audit", "This log"),
    ("access", "Refused access"),
];

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub tenant: TenantId,
    /// Slug and name of the tenant; none for the platform's chain.
    pub of: Option<(String, String)>,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor: String,
    pub action: String,
    pub outcome: Outcome,
    pub target: String,
    pub reason: Option<String>,
    /// Values that differ between before and after.
    pub changes: u32,
    pub request: String,
}

impl Line {
    /// The word of its chain in addresses.
    pub fn stream(&self) -> &str {
        self.of.as_ref().map_or(PLATFORM, |(slug, _)| slug)
    }
}

/// A value that differs, or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// `outer.inner` for nested objects.
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// An entry with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub line: Line,
    pub changed: Vec<Difference>,
    pub unchanged: Vec<Difference>,
    /// Hexadecimal SHA-256.
    pub hash: String,
    /// Lines of the same request in this chain or, for platform people, in all.
    pub siblings: i64,
    /// Whether the reader may read all chains.
    pub fleet: bool,
}

/// Whether a chain holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verified {
    /// Entries checked.
    Sound(i64),
    /// The first `seq` that does not fit, and why.
    Broken { seq: i64, why: String },
}

/// What narrows the log; the URL is its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// A part of the actor's name.
    pub actor: String,
    /// The first part of the action, like `tenant`.
    pub group: String,
    pub outcome: Option<Outcome>,
    /// First and last day, UTC, both included.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// A tenant's slug, or [`PLATFORM`]; only over all chains.
    pub tenant: String,
    pub request: String,
    pub cursor: Cursor,
}

/// The longest text that is looked for.
const TEXT_MAX: usize = 100;

impl Filter {
    /// Reads a URL's pairs; never fails. Keys that were not understood come back beside it.
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> (Self, Vec<String>) {
        let mut filter = Self::default();
        let mut ignored = Vec::new();
        let text =
            |value: &str| value.trim().chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect::<String>();
        for (key, value) in pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref())) {
            if value.is_empty() {
                continue;
            }
            let understood = match key {
                "actor" => {
                    filter.actor = text(value);
                    true
                }
                "group" => {
                    let word = value.chars().all(|c| c.is_ascii_lowercase() || c == '_') && value.len() <= 40;
                    if word {
                        filter.group = value.to_owned();
                    }
                    word
                }
                "result" => value.parse().map(|outcome| filter.outcome = Some(outcome)).is_ok(),
                "from" => value.parse().map(|day| filter.from = Some(day)).is_ok(),
                "to" => value.parse().map(|day| filter.to = Some(day)).is_ok(),
                "tenant" => {
                    filter.tenant = text(value).to_lowercase();
                    true
                }
                "request" => {
                    filter.request = text(value);
                    true
                }
                // The number of the first row, for people: see `ui::Pagination`.
                "at" => value.bytes().all(|b| b.is_ascii_digit()),
                "after" => {
                    filter.cursor = Cursor::After(value.to_owned());
                    true
                }
                "before" => {
                    filter.cursor = Cursor::Before(value.to_owned());
                    true
                }
                _ => false,
            };
            if !understood {
                ignored.push(key.to_owned());
            }
        }
        (filter, ignored)
    }

    /// Key, value and words of everything that filters.
    pub fn terms(&self) -> Vec<(&'static str, String, String)> {
        let mut terms = Vec::new();
        let mut push = |key, value: String, words: String| {
            if !value.is_empty() {
                terms.push((key, value, words));
            }
        };
        push("actor", self.actor.clone(), format!("Actor: {}", self.actor));
        let group = GROUPS
            .iter()
            .find(|(word, _)| *word == self.group)
            .map_or(self.group.as_str(), |(_, label)| label);
        push("group", self.group.clone(), format!("Action: {group}"));
        if let Some(outcome) = self.outcome {
            push(
                "result",
                outcome.as_str().to_owned(),
                format!("Result: {}", outcome.label().to_lowercase()),
            );
        }
        let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
        push("from", day(self.from), format!("From {}", day(self.from)));
        push("to", day(self.to), format!("Until {}", day(self.to)));
        push("tenant", self.tenant.clone(), format!("Tenant: {}", self.tenant));
        push("request", self.request.clone(), format!("Request: {}", self.request));
        terms
    }

    /// Whether anything but the place in the list is set.
    pub fn is_empty(&self) -> bool {
        Self { cursor: Cursor::First, ..self.clone() } == Self::default()
    }
}

/// What differs between two objects, and what does not; nested objects are compared by path. Anything but objects is
/// compared as a whole, under the path `value`.
pub fn diff(before: Option<&Value>, after: Option<&Value>) -> (Vec<Difference>, Vec<Difference>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    flatten("", before, &mut old);
    flatten("", after, &mut new);
    let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
    let paths: std::collections::BTreeSet<_> = old.iter().chain(&new).map(|(path, _)| path.clone()).collect();
    for path in paths {
        let find = |values: &[(String, String)]| {
            values.iter().find(|(of, _)| *of == path).map(|(_, value)| value.clone())
        };
        let difference = Difference { before: find(&old), after: find(&new), path };
        if difference.before == difference.after {
            unchanged.push(difference)
        } else {
            changed.push(difference)
        }
    }
    (changed, unchanged)
}

fn flatten(path: &str, value: Option<&Value>, out: &mut Vec<(String, String)>) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) if !map.is_empty() => {
            for (key, value) in map {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&inner, Some(value), out);
            }
        }
        Some(other) => {
            let path = if path.is_empty() { "value".to_owned() } else { path.to_owned() };
            let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            out.push((path, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_diff_goes_into_objects_and_keeps_what_is_equal_apart() {
        let (changed, unchanged) = diff(
            Some(&json!({ "a": 1, "b": { "c": "x", "d": [1] }, "n": null })),
            Some(&json!({ "a": 1, "b": { "c": "y" }, "e": true })),
        );
        let text = |d: &Difference| {
            format!(
                "{} {:?} {:?}",
                d.path,
                d.before.as_deref().unwrap_or("-"),
                d.after.as_deref().unwrap_or("-")
            )
        };
        assert_eq!(
            changed.iter().map(text).collect::<Vec<_>>(),
            [r#"b.c "x" "y""#, r#"b.d "[1]" "-""#, r#"e "-" "true""#]
        );
        assert_eq!(unchanged.iter().map(text).collect::<Vec<_>>(), [r#"a "1" "1""#]);
        assert_eq!(diff(None, Some(&json!("x"))).0[0].path, "value");
        assert_eq!(diff(None, None), (vec![], vec![]));
    }

    #[test]
    fn a_filter_reads_its_url_and_names_what_it_did_not_understand() {
        let pairs = [
            ("actor", " Ito "),
            ("group", "tenant"),
            ("result", "denied"),
            ("from", "2026-11-01"),
            ("to", "nonsense"),
            ("tenant", "ACME"),
            ("x", "y"),
            ("group", "A;B"),
            ("request", ""),
        ];
        let (filter, ignored) = Filter::parse(&pairs);
        assert_eq!(ignored, ["to", "x", "group"]);
        let words: Vec<_> = filter.terms().into_iter().map(|(_, _, words)| words).collect();
        assert_eq!(
            words,
            ["Actor: Ito", "Action: Tenants", "Result: denied", "From 2026-11-01", "Tenant: acme"]
        );
        assert!(!filter.is_empty());
        assert!(Filter::parse(&[("after", "x")]).0.is_empty());
    }

    #[test]
    fn a_url_and_its_terms_are_each_others_inverse() {
        let (filter, _) = Filter::parse(&[
            ("actor", "a"),
            ("group", "task"),
            ("result", "done"),
            ("from", "2026-01-02"),
            ("to", "2026-01-03"),
            ("tenant", "t"),
            ("request", "r"),
        ]);
        let pairs: Vec<_> = filter.terms().into_iter().map(|(key, value, _)| (key, value)).collect();
        assert_eq!(Filter::parse(&pairs), (filter, vec![]));
    }
}

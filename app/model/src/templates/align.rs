//! How far a tenant is from its template: for every line what is expected, what is there, and who accepted the
//! difference until when (R31).
//!
//! An acceptance covers exactly the difference that its author saw: when either side moves, it no longer does. A task
//! that a tenant enabled although the template leaves it disabled is no difference: that choice is the tenant's (R36).
//! Nor is the plan: a template says on which one a tenant starts, and the customer's contract on which one it is; the quotas
//! of a template that names another plan expect nothing.

use super::{Actual, Bundle, Part, quotas};
use crate::limits::LimitSource;
use crate::plans::limit_text;
use crate::settings::{self, Level};
use crate::states::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// How a line stands.
    State {
        Drift = "drift", "Differs";
        /// Somebody accepted it, but the time is up or the difference is another one now.
        Lapsed = "lapsed", "Acceptance lapsed";
        Accepted = "accepted", "Accepted";
        Aligned = "aligned", "Aligned";
    }
}

/// Somebody's word that a difference is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// [`Item::id`].
    pub item: String,
    pub expected: String,
    pub actual: String,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
    /// None: until somebody takes it back.
    pub until: Option<DateTime<Utc>>,
}

impl Acceptance {
    fn covers(&self, expected: &str, actual: &str, now: DateTime<Utc>) -> bool {
        self.expected == expected && self.actual == actual && self.until.is_none_or(|until| until > now)
    }
}

/// One thing that the template expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub part: Part,
    pub key: String,
    pub expected: String,
    pub actual: String,
    pub state: State,
    pub acceptance: Option<Acceptance>,
    /// What else there is to know: who decided it, or that the tenant may.
    pub note: Option<String>,
}

impl Item {
    /// What names it: `setting:ai.model`.
    pub fn id(&self) -> String {
        item_id(self.part, &self.key)
    }
}

fn item_id(part: Part, key: &str) -> String {
    format!("{}:{key}", part.as_str())
}

/// Every line, those that need somebody first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alignment {
    pub items: Vec<Item>,
}

impl Alignment {
    pub fn count(&self, state: State) -> i64 {
        i64::try_from(self.items.iter().filter(|item| item.state == state).count()).unwrap_or(i64::MAX)
    }

    pub fn expected(&self) -> i64 {
        i64::try_from(self.items.len()).unwrap_or(i64::MAX)
    }

    /// Differences that nobody stands for.
    pub fn open(&self) -> i64 {
        self.count(State::Drift) + self.count(State::Lapsed)
    }

    /// When the first acceptance runs out.
    pub fn next_expiry(&self) -> Option<DateTime<Utc>> {
        let held = self.items.iter().filter(|item| item.state == State::Accepted);
        held.filter_map(|item| item.acceptance.as_ref().and_then(|a| a.until)).min()
    }

    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id() == id)
    }
}

/// Compares what a template expects with what is there; `actual.said` has the template's own level in it.
pub fn align(expected: &Bundle, actual: &Actual, accepted: &[Acceptance], now: DateTime<Utc>) -> Alignment {
    let mut items = Vec::new();
    let mut line = |part, key: &str, wanted: String, found: String, note: Option<String>| {
        let id = item_id(part, key);
        let acceptance = accepted.iter().find(|a| a.item == id).cloned();
        let state = match &acceptance {
            _ if wanted == found => State::Aligned,
            Some(a) if a.covers(&wanted, &found, now) => State::Accepted,
            Some(_) => State::Lapsed,
            None => State::Drift,
        };
        let acceptance = acceptance.filter(|_| state != State::Aligned);
        items.push(Item {
            part,
            key: key.to_owned(),
            expected: wanted,
            actual: found,
            state,
            acceptance,
            note,
        });
    };
    for now in actual.limits.iter().filter(|_| quotas::hold_on(expected, actual.plan)) {
        let Some(quota) = expected.quotas.get(&now.meter) else { continue };
        let note = match now.source {
            LimitSource::Template => None,
            LimitSource::Tenant => Some("Set for this tenant alone.".to_owned()),
            LimitSource::Plan => Some("Decided by its plan.".to_owned()),
        };
        let words = |limit| limit_text(now.meter, Some(limit));
        line(Part::Quota, now.meter.as_str(), words(*quota), words(now.limit), note);
    }
    for key in &expected.fields {
        let found = if actual.fields.contains(key) { "Included" } else { "Missing" };
        line(Part::Field, key, "Included".into(), found.into(), None);
    }
    for task in &expected.tasks {
        let now = actual.task(&task.key);
        let enabled = now.is_some_and(|now| now.enabled);
        let overridden = now.is_some_and(|now| now.overridden);
        let free = enabled && !task.enabled;
        let wanted = if task.enabled { "Enabled" } else { "Available" };
        let found = match (task.enabled, enabled) {
            (false, _) => "Available",
            (true, true) => "Enabled",
            (true, false) => "Disabled",
        };
        let found = if overridden { format!("{found}, overridden") } else { found.to_owned() };
        let note = free.then(|| "Enabled by the tenant, as it may.".to_owned());
        line(Part::Task, &task.key, wanted.into(), found, note);
    }
    for setting in &expected.settings {
        let got = settings::resolve(setting.key, &actual.entries(setting.key));
        let words = |value| setting.key.words(value);
        let note = match &got.from {
            Level::Template(..) => None,
            Level::Tenant => Some("Decided by the tenant.".to_owned()),
            other => Some(format!("Decided by {}.", other.words())),
        };
        line(Part::Setting, setting.key.as_str(), words(&setting.value), words(&got.value), note);
    }
    for list in &expected.checklists {
        let found = actual
            .checklist(list.key)
            .map_or_else(|| "Not started".to_owned(), |version| format!("Version {version}"));
        // A list that nobody needs yet is not missing.
        let wanted = format!("Version {}", list.version);
        let found = if list.key == crate::checklists::ListKey::Offboarding && found == "Not started" {
            wanted.clone()
        } else {
            found
        };
        line(Part::Checklist, list.key.as_str(), wanted, found, None);
    }
    items.sort_by_key(|item| (item.state, item.part));
    Alignment { items }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Entry, Key, Value};
    use crate::templates::ActualTask;
    use crate::templates::diff::tests::{bare, bundle, level, users_line};
    use chrono::TimeDelta;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn accepted(item: &Item, until: Option<DateTime<Utc>>) -> Acceptance {
        Acceptance {
            item: item.id(),
            expected: item.expected.clone(),
            actual: item.actual.clone(),
            reason: "contract".into(),
            by: "Ada".into(),
            at: now(),
            until,
        }
    }

    fn with_settings() -> Actual {
        let said = bundle()
            .settings
            .iter()
            .map(|s| (s.key, Entry { level: level(), value: s.value.clone(), locked: s.locked }))
            .collect();
        Actual { said, limits: vec![users_line(30, LimitSource::Template)], ..bare() }
    }

    #[test]
    fn a_bare_tenant_differs_where_something_is_missing() {
        let got = align(&bundle(), &with_settings(), &[], now());
        assert_eq!((got.expected(), got.open(), got.count(State::Aligned)), (8, 4, 4));
        let open: Vec<_> = got.items.iter().take(4).map(Item::id).collect();
        assert_eq!(open, ["field:csat", "field:summary", "task:summary", "checklist:onboarding"]);
    }

    #[test]
    fn what_the_tenant_may_choose_is_no_difference_but_an_override_is() {
        let task = |overridden| ActualTask { key: "csat".into(), enabled: true, decided: true, overridden };
        let csat = |overridden| {
            let actual = Actual { tasks: vec![task(overridden)], ..with_settings() };
            align(&bundle(), &actual, &[], now()).item("task:csat").cloned().expect("a line")
        };
        assert_eq!(csat(false).state, State::Aligned);
        assert!(csat(false).note.is_some());
        assert_eq!((csat(true).state, csat(true).actual), (State::Drift, "Available, overridden".to_owned()));
    }

    #[test]
    fn an_acceptance_covers_exactly_what_was_seen_and_only_until_its_end() {
        let own = |n| Entry { level: Level::Tenant, value: Value::Number(n), locked: false };
        let actual = |n| {
            let mut actual = with_settings();
            actual.said.push((Key::AiMaxTokens, own(n)));
            actual
        };
        let state = |n, accepted: &[Acceptance], at| {
            align(&bundle(), &actual(n), accepted, at).item("setting:ai.max_tokens").cloned().expect("a line")
        };
        let item = state(900, &[], now());
        assert_eq!((item.state, item.note.as_deref()), (State::Drift, Some("Decided by the tenant.")));
        let until = now() + TimeDelta::days(30);
        let word = [accepted(&item, Some(until))];
        assert_eq!(state(900, &word, now()).state, State::Accepted);
        assert_eq!(state(900, &word, until).state, State::Lapsed, "the end is exact");
        assert_eq!(state(901, &word, now()).state, State::Lapsed, "another difference");
        assert_eq!(state(500, &word, now()).state, State::Aligned, "it is as it should be");
        assert_eq!(state(500, &word, now()).acceptance, None);
        let got = align(&bundle(), &actual(900), &word, now());
        assert_eq!(got.next_expiry(), Some(until));
        let forever = [accepted(&item, None)];
        assert_eq!(state(900, &forever, now() + TimeDelta::days(9999)).state, State::Accepted);
    }

    #[test]
    fn a_limit_of_its_own_is_a_difference_that_can_be_accepted() {
        let quota = |actual: &Actual, accepted: &[Acceptance]| {
            align(&bundle(), actual, accepted, now()).item("quota:users").cloned()
        };
        let aligned = quota(&with_settings(), &[]).expect("a line");
        assert_eq!((aligned.state, aligned.expected.as_str(), aligned.note), (State::Aligned, "30", None));
        let own = |n| Actual { limits: vec![users_line(n, LimitSource::Tenant)], ..with_settings() };
        let item = quota(&own(50), &[]).expect("a line");
        assert_eq!((item.state, item.actual.as_str()), (State::Drift, "50"));
        assert_eq!(item.note.as_deref(), Some("Set for this tenant alone."));
        let word = [accepted(&item, Some(now() + TimeDelta::days(30)))];
        assert_eq!(quota(&own(50), &word).map(|item| item.state), Some(State::Accepted));
        assert_eq!(quota(&own(60), &word).map(|item| item.state), Some(State::Lapsed), "another difference");
        let elsewhere = Actual { plan: crate::tenants::PlanId::Free, ..own(50) };
        assert_eq!(quota(&elsewhere, &[]), None, "the template speaks of another plan");
    }

    #[test]
    fn a_runbook_that_nobody_needs_yet_is_not_missing() {
        let mut expected = bundle();
        expected.checklists =
            vec![crate::templates::PinnedList { key: crate::checklists::ListKey::Offboarding, version: 1 }];
        let got = align(&expected, &with_settings(), &[], now());
        assert_eq!(got.item("checklist:offboarding").map(|item| item.state), Some(State::Aligned));
    }
}

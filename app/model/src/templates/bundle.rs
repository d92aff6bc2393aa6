//! What a version of a template holds, and how the editor's form becomes one.

use crate::checklists::ListKey;
use crate::fields::Field;
use crate::settings::{Key, Section, Value};
use crate::tenants::PlanId;
use crate::usage::{Limit, LimitMeter};
use crate::validate::FieldErrors;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A task that tenants start with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleTask {
    pub key: String,
    /// Default: disabled; the tenant's administrators enable it when they are ready (R30, R36).
    pub enabled: bool,
}

/// A setting that the template says something about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleSetting {
    pub key: Key,
    pub value: Value,
    /// Tenants cannot change it.
    pub locked: bool,
}

impl BundleSetting {
    /// Whether it is about security or sessions: a policy.
    pub fn is_policy(&self) -> bool {
        matches!(self.key.spec().section, Section::Security | Section::Sessions)
    }
}

/// A version of a checklist's definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedList {
    pub key: ListKey,
    pub version: i32,
}

/// The contents of a version: always in canonical order, so that equal bundles are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bundle {
    /// The plan that the wizard starts with; applying never changes a tenant's plan.
    pub plan: Option<PlanId>,
    /// What tenants may use otherwise than their plan says; where a plan is named, on that plan only.
    pub quotas: BTreeMap<LimitMeter, Limit>,
    pub fields: Vec<String>,
    pub tasks: Vec<BundleTask>,
    pub settings: Vec<BundleSetting>,
    pub checklists: Vec<PinnedList>,
}

impl Bundle {
    pub fn setting(&self, key: Key) -> Option<&BundleSetting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    pub fn task(&self, key: &str) -> Option<&BundleTask> {
        self.tasks.iter().find(|task| task.key == key)
    }

    pub fn checklist(&self, key: ListKey) -> Option<i32> {
        self.checklists.iter().find(|list| list.key == key).map(|list| list.version)
    }

    /// Settings about security and sessions: the policies.
    pub fn policies(&self) -> i64 {
        length(self.settings.iter().filter(|setting| setting.is_policy()).count())
    }

    /// What a card says about it: “15 fields · 4 tasks, all disabled · 6 settings, 2 locked · 3 policies · 1 checklist”.
    pub fn summary(&self) -> Vec<String> {
        let plural = |n: i64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let enabled = length(self.tasks.iter().filter(|task| task.enabled).count());
        let tasks = length(self.tasks.len());
        let locked = length(self.settings.iter().filter(|setting| setting.locked).count());
        let policies = self.policies();
        let mut out = vec![plural(length(self.fields.len()), "field")];
        out.push(match (tasks, enabled) {
            (0, _) => "no tasks".into(),
            (n, 0) if n > 1 => format!("{}, all disabled", plural(n, "task")),
            (n, 0) => format!("{}, disabled", plural(n, "task")),
            (n, on) => format!("{}, {on} enabled", plural(n, "task")),
        });
        let settings = length(self.settings.len()) - policies;
        out.push(plural(settings, "setting"));
        out.push(plural(policies, "policy").replace("policys", "policies"));
        if locked > 0 {
            out.push(format!("{locked} locked"));
        }
        out.push(plural(length(self.checklists.len()), "checklist"));
        if let Some(plan) = self.plan {
            out.push(format!("plan {}", plan.label()));
        }
        if !self.quotas.is_empty() {
            out.push(plural(length(self.quotas.len()), "quota"));
        }
        out
    }

    /// Sorts by the catalogue's order, and takes out what stands twice.
    pub fn canonical(mut self, catalogue: &Catalogue) -> Self {
        let field_at = |key: &str| catalogue.fields.iter().position(|field| field.key == key);
        let task_at = |key: &str| catalogue.tasks.iter().position(|task| task.key == key);
        self.fields.sort_by_key(|key| (field_at(key).is_none(), field_at(key), key.clone()));
        self.fields.dedup();
        self.tasks.sort_by_key(|task| (task_at(&task.key).is_none(), task_at(&task.key), task.key.clone()));
        self.tasks.dedup_by(|a, b| a.key == b.key);
        self.settings.sort_by_key(|setting| setting.key);
        self.settings.dedup_by_key(|setting| setting.key);
        self.checklists.sort_by_key(|list| list.key);
        self.checklists.dedup_by_key(|list| list.key);
        self
    }

    /// What keeps it from being published: every sentence names a thing.
    pub fn problems(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut out = Vec::new();
        for key in self.fields.iter().filter(|key| !catalogue.fields.iter().any(|f| f.key == **key)) {
            out.push(format!("There is no field {key}."));
        }
        for task in &self.tasks {
            let Some(known) = catalogue.tasks.iter().find(|known| known.key == task.key) else {
                out.push(format!("There is no task {}.", task.key));
                continue;
            };
            for field in known.writes.iter().filter(|field| !self.fields.contains(field)) {
                out.push(format!(
                    "The task {} writes the field {field}, which is not in the template.",
                    known.name
                ));
            }
        }
        for setting in self.settings.iter().filter(|setting| !setting.key.accepts(&setting.value)) {
            out.push(format!("{} has a value that is not allowed.", setting.key.label()));
        }
        let wrong = |limit: &Limit| !matches!(limit, Limit::Unlimited | Limit::Number(1..));
        for (meter, _) in self.quotas.iter().filter(|(_, limit)| wrong(limit)) {
            out.push(format!("The quota of {} is no limit.", meter.label()));
        }
        for list in &self.checklists {
            if !catalogue.checklists.contains(list) {
                out.push(format!("There is no version {} of the checklist {}.", list.version, list.key));
            }
        }
        if self.fields.is_empty() && self.tasks.is_empty() && self.settings.is_empty() {
            out.push("It is empty: give it at least one field, task or setting.".into());
        }
        out
    }
}

fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A task as the editor offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueTask {
    pub key: String,
    pub name: String,
    /// Keys of the fields that it writes.
    pub writes: Vec<String>,
}

/// What can be put into a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    pub fields: Vec<Field>,
    pub tasks: Vec<CatalogueTask>,
    pub checklists: Vec<PinnedList>,
}

/// The editor's form as it was sent; names like `mode[ai.model]` arrive as maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleInput {
    /// Empty: the template says nothing about the plan.
    pub plan: String,
    /// Meter to a limit; empty: the template says nothing about it.
    pub quota: BTreeMap<String, String>,
    /// Key to anything that is not empty: ticked.
    pub field: BTreeMap<String, String>,
    /// Key to `none`, `disabled` or `enabled`.
    pub task: BTreeMap<String, String>,
    /// Key to `inherit`, `value` or `locked`.
    pub mode: BTreeMap<String, String>,
    pub value: BTreeMap<String, String>,
    /// Key to a version; empty: none.
    pub checklist: BTreeMap<String, String>,
}

impl BundleInput {
    /// # Errors
    /// All that is wrong, by the names of the form's fields.
    pub fn validate(&self, catalogue: &Catalogue) -> Result<Bundle, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut bundle = Bundle::default();
        if !self.plan.is_empty() {
            bundle.plan = errors.take("plan", crate::validate::word::<PlanId>(&self.plan, "The plan"));
        }
        for (word, text) in &self.quota {
            let name = format!("quota[{word}]");
            let Ok(meter) = word.parse::<LimitMeter>() else {
                errors.add(&name, "There is no such quota.");
                continue;
            };
            if let Some(Some(limit)) = errors.take(&name, crate::limits::parse(meter, text)) {
                bundle.quotas.insert(meter, limit);
            }
        }
        for (key, _) in self.field.iter().filter(|(_, sent)| !sent.is_empty()) {
            match catalogue.fields.iter().any(|field| field.key == *key) {
                true => bundle.fields.push(key.clone()),
                false => errors.add(&format!("field[{key}]"), "There is no such field."),
            }
        }
        for (key, mode) in &self.task {
            let name = format!("task[{key}]");
            let enabled = match mode.as_str() {
                "none" | "" => continue,
                "disabled" => false,
                "enabled" => true,
                _ => {
                    errors.add(&name, "Choose one of the three.");
                    continue;
                }
            };
            match catalogue.tasks.iter().any(|task| task.key == *key) {
                true => bundle.tasks.push(BundleTask { key: key.clone(), enabled }),
                false => errors.add(&name, "There is no such task."),
            }
        }
        for (word, mode) in &self.mode {
            let locked = match mode.as_str() {
                "inherit" | "" => continue,
                "value" => false,
                "locked" => true,
                _ => {
                    errors.add(&format!("mode[{word}]"), "Choose one of the three.");
                    continue;
                }
            };
            let Ok(key) = word.parse::<Key>() else {
                errors.add(&format!("mode[{word}]"), "There is no such setting.");
                continue;
            };
            let sent = self.value.get(word).map_or("", String::as_str);
            if let Some(value) = errors.take(&format!("value[{word}]"), key.parse(sent)) {
                bundle.settings.push(BundleSetting { key, value, locked });
            }
        }
        for (word, version) in self.checklist.iter().filter(|(_, version)| !version.is_empty()) {
            let pinned = word.parse().ok().zip(version.parse().ok());
            match pinned.map(|(key, version)| PinnedList { key, version }) {
                Some(list) if catalogue.checklists.contains(&list) => bundle.checklists.push(list),
                _ => errors.add(&format!("checklist[{word}]"), "There is no such version."),
            }
        }
        errors.into_result()?;
        Ok(bundle.canonical(catalogue))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::fields::{FieldKind, Group};

    pub(in crate::templates) fn catalogue() -> Catalogue {
        let field = |key: &str| Field {
            key: key.into(),
            name: key.to_uppercase(),
            group: Group::Cx,
            kind: FieldKind::Text,
            options: vec![],
        };
        let task = |key: &str, writes: &str| CatalogueTask {
            key: key.into(),
            name: format!("{key} task"),
            writes: vec![writes.into()],
        };
        Catalogue {
            fields: ["csat", "sentiment", "summary"].map(field).into(),
            tasks: vec![task("summary", "summary"), task("csat", "csat")],
            checklists: vec![PinnedList { key: ListKey::Onboarding, version: 1 }],
        }
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_form_becomes_a_bundle_in_the_order_of_the_catalogue() {
        let input = BundleInput {
            plan: "starter".into(),
            quota: map(&[("users", "30"), ("projects", "")]),
            field: map(&[("summary", "on"), ("csat", "on"), ("sentiment", "")]),
            task: map(&[("csat", "enabled"), ("summary", "disabled")]),
            mode: map(&[("security.mfa", "locked"), ("ai.model", "inherit"), ("ai.max_tokens", "value")]),
            value: map(&[("security.mfa", "required"), ("ai.model", "x"), ("ai.max_tokens", "500")]),
            checklist: map(&[("onboarding", "1"), ("offboarding", "")]),
        };
        let bundle = input.validate(&catalogue()).expect("fine");
        assert_eq!(bundle.fields, ["csat", "summary"]);
        assert_eq!(bundle.tasks.iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), ["summary", "csat"]);
        assert_eq!(bundle.settings.len(), 2, "what is inherited is not in the bundle");
        assert!(bundle.setting(Key::Mfa).is_some_and(|s| s.locked));
        assert_eq!(
            bundle.summary(),
            [
                "2 fields",
                "2 tasks, 1 enabled",
                "1 setting",
                "1 policy",
                "1 locked",
                "1 checklist",
                "plan Starter",
                "1 quota"
            ]
        );
        assert!(bundle.problems(&catalogue()).is_empty());
        let json = serde_json::to_string(&bundle).expect("JSON");
        assert_eq!(serde_json::from_str::<Bundle>(&json).expect("a bundle"), bundle);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_beside_its_field() {
        let input = BundleInput {
            plan: "gold".into(),
            quota: map(&[("users", "many"), ("coffee", "3")]),
            field: map(&[("nope", "on")]),
            task: map(&[("nope", "enabled"), ("csat", "perhaps")]),
            mode: map(&[("ai.max_tokens", "value"), ("no.such", "value"), ("security.mfa", "yes")]),
            value: map(&[("ai.max_tokens", "-3")]),
            checklist: map(&[("onboarding", "9")]),
        };
        let errors = input.validate(&catalogue()).expect_err("wrong");
        assert_eq!(
            errors.0.keys().map(String::as_str).collect::<Vec<_>>(),
            [
                "checklist[onboarding]",
                "field[nope]",
                "mode[no.such]",
                "mode[security.mfa]",
                "plan",
                "quota[coffee]",
                "quota[users]",
                "task[csat]",
                "task[nope]",
                "value[ai.max_tokens]"
            ]
        );
    }

    #[test]
    fn a_task_needs_the_fields_that_it_writes() {
        let bundle =
            Bundle { tasks: vec![BundleTask { key: "csat".into(), enabled: false }], ..Bundle::default() };
        assert_eq!(
            bundle.problems(&catalogue()),
            ["The task csat task writes the field csat, which is not in the template."]
        );
        assert_eq!(Bundle::default().problems(&catalogue()).len(), 1, "an empty one cannot be published");
    }

    #[test]
    fn tasks_are_disabled_in_so_many_words() {
        let bundle = Bundle {
            tasks: ["a", "b"].map(|key| BundleTask { key: key.into(), enabled: false }).into(),
            ..Bundle::default()
        };
        assert_eq!(bundle.summary()[1], "2 tasks, all disabled");
    }
}

//! What two bundles differ in, and what applying one would change for a tenant: pure, so that the preview and the
//! application cannot disagree.

use super::{Bundle, BundleSetting, Part, quotas};
use crate::checklists::ListKey;
use crate::limits::Effective;
use crate::plans::limit_text;
use crate::settings::{self, Entry, Key, Level};
use crate::states::words;
use crate::tenants::PlanId;
use crate::usage::LimitMeter;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

words! {
    /// What applying does about one line.
    Effect {
        /// It will be as the template says.
        Changes = "changes", "Changes";
        /// The tenant decided it itself, or a contract did: that stays.
        Kept = "kept", "Kept";
        /// It holds from the next time on: a checklist that runs is not replaced.
        Later = "later", "Next time";
        Same = "same", "Stays the same";
    }
}

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub part: Part,
    /// The key of the quota, field, task, setting or list; empty for the plan.
    pub key: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub effect: Effect,
    /// Why it is kept, or what else it means.
    pub note: Option<String>,
}

/// A task at a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActualTask {
    pub key: String,
    pub enabled: bool,
    /// A person decided it, not a template.
    pub decided: bool,
    /// Prompt or filters are the tenant's own.
    pub overridden: bool,
}

/// What is there at a tenant, of all that a template can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actual {
    pub plan: PlanId,
    /// What it may use, by the limits that hold.
    pub limits: Vec<Effective>,
    pub fields: Vec<String>,
    /// Tasks with an activation row; every other task is available and disabled.
    pub tasks: Vec<ActualTask>,
    /// What each level says of each setting, the platform first; levels that say nothing are absent.
    pub said: Vec<(Key, Entry)>,
    /// The versions of the newest runs.
    pub checklists: Vec<(ListKey, i32)>,
}

impl Actual {
    pub fn task(&self, key: &str) -> Option<&ActualTask> {
        self.tasks.iter().find(|task| task.key == key)
    }

    /// What the levels say of one setting.
    pub fn entries(&self, key: Key) -> Vec<Entry> {
        self.said.iter().filter(|(of, _)| *of == key).map(|(_, entry)| entry.clone()).collect()
    }

    pub fn checklist(&self, key: ListKey) -> Option<i32> {
        self.checklists.iter().find(|(of, _)| *of == key).map(|(_, version)| *version)
    }
}

/// The entries as they would be on this template: its own in the place of whatever template's there are.
pub fn with_template(entries: &[Entry], level: &Level, said: Option<&BundleSetting>) -> Vec<Entry> {
    let mut out: Vec<Entry> =
        entries.iter().filter(|entry| !matches!(entry.level, Level::Template(..))).cloned().collect();
    if let Some(said) = said {
        let at = out.iter().take_while(|entry| entry.level == Level::Platform).count();
        out.insert(at, Entry { level: level.clone(), value: said.value.clone(), locked: said.locked });
    }
    out
}

const fn on(enabled: bool) -> &'static str {
    if enabled { "Enabled" } else { "Disabled" }
}

fn setting_words(setting: &BundleSetting) -> String {
    let lock = if setting.locked { ", locked" } else { "" };
    format!("{}{lock}", setting.key.words(&setting.value))
}

/// What differs between two bundles, from the first to the second; what is equal comes with [`Effect::Same`].
pub fn compare(from: &Bundle, to: &Bundle) -> Vec<Change> {
    let mut out = Vec::new();
    let mut line = |part, key: &str, before: Option<String>, after: Option<String>| {
        if before.is_some() || after.is_some() {
            let effect = if before == after { Effect::Same } else { Effect::Changes };
            out.push(Change { part, key: key.to_owned(), before, after, effect, note: None });
        }
    };
    let plan = |bundle: &Bundle| bundle.plan.map(|plan| plan.label().to_owned());
    line(Part::Plan, "", plan(from), plan(to));
    for meter in LimitMeter::ALL {
        let said = |bundle: &Bundle| bundle.quotas.get(meter).map(|limit| limit_text(*meter, Some(*limit)));
        line(Part::Quota, meter.as_str(), said(from), said(to));
    }
    for key in union(from.fields.iter(), to.fields.iter()) {
        let has = |bundle: &Bundle| bundle.fields.contains(key).then(|| "Included".to_owned());
        line(Part::Field, key, has(from), has(to));
    }
    for key in union(from.tasks.iter().map(|t| &t.key), to.tasks.iter().map(|t| &t.key)) {
        let has = |bundle: &Bundle| bundle.task(key).map(|task| on(task.enabled).to_owned());
        line(Part::Task, key, has(from), has(to));
    }
    for key in Key::ALL {
        let has = |bundle: &Bundle| bundle.setting(*key).map(setting_words);
        line(Part::Setting, key.as_str(), has(from), has(to));
    }
    for key in ListKey::ALL {
        let has = |bundle: &Bundle| bundle.checklist(*key).map(|version| format!("Version {version}"));
        line(Part::Checklist, key.as_str(), has(from), has(to));
    }
    out
}

/// Both in one order: the first's, then what only the second has.
fn union<'a>(a: impl Iterator<Item = &'a String>, b: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut seen = BTreeSet::new();
    a.chain(b).filter(|key| seen.insert(key.as_str())).collect()
}

/// What applying `to` would change for a tenant; `level` names the version that it would be on.
pub fn preview(level: &Level, to: &Bundle, actual: &Actual) -> Vec<Change> {
    let mut out = Vec::new();
    if let Some(plan) = to.plan {
        let same = plan == actual.plan;
        out.push(Change {
            part: Part::Plan,
            key: String::new(),
            before: Some(actual.plan.label().into()),
            after: Some(actual.plan.label().into()),
            effect: if same { Effect::Same } else { Effect::Kept },
            note: (!same).then(|| {
                format!("The template starts tenants on {}. Applying never changes a plan.", plan.label())
            }),
        });
    }
    out.extend(actual.limits.iter().filter_map(|now| quotas::change(now, to, actual.plan)));
    for key in union(to.fields.iter(), actual.fields.iter()) {
        let (has, wants) = (actual.fields.contains(key), to.fields.contains(key));
        let (effect, note) = match (has, wants) {
            (false, _) => (Effect::Changes, None),
            (true, true) => (Effect::Same, None),
            (true, false) => {
                (Effect::Kept, Some("It is not in the template. Fields are never taken away.".into()))
            }
        };
        out.push(Change {
            part: Part::Field,
            key: key.clone(),
            before: has.then(|| "Included".into()),
            after: Some("Included".into()),
            effect,
            note,
        });
    }
    for task in &to.tasks {
        let now = actual.task(&task.key);
        let enabled = now.is_some_and(|now| now.enabled);
        let decided = now.is_some_and(|now| now.decided);
        let effect = match (enabled == task.enabled, decided) {
            (true, _) => Effect::Same,
            (false, true) => Effect::Kept,
            (false, false) => Effect::Changes,
        };
        let overridden = now.is_some_and(|now| now.overridden);
        let note = match (effect, overridden) {
            (Effect::Kept, _) => Some("The tenant decided it itself.".to_owned()),
            (_, true) => Some("Its overridden settings stay.".to_owned()),
            _ => None,
        };
        let after = if effect == Effect::Kept { enabled } else { task.enabled };
        out.push(Change {
            part: Part::Task,
            key: task.key.clone(),
            before: Some(on(enabled).into()),
            after: Some(on(after).into()),
            effect,
            note,
        });
    }
    for key in Key::ALL {
        let entries = actual.entries(*key);
        let said = to.setting(*key);
        if said.is_none() && !entries.iter().any(|entry| matches!(entry.level, Level::Template(..))) {
            continue;
        }
        out.push(setting_change(*key, &entries, level, said));
    }
    for list in &to.checklists {
        let now = actual.checklist(list.key);
        let effect = if now == Some(list.version) { Effect::Same } else { Effect::Later };
        out.push(Change {
            part: Part::Checklist,
            key: list.key.as_str().into(),
            before: Some(now.map_or_else(|| "Not started".into(), |version| format!("Version {version}"))),
            after: Some(format!("Version {}", list.version)),
            effect,
            note: (effect == Effect::Later).then(|| "It holds for the next run of this list.".into()),
        });
    }
    out
}

fn setting_change(key: Key, entries: &[Entry], level: &Level, said: Option<&BundleSetting>) -> Change {
    let before = settings::resolve(key, entries);
    let after = settings::resolve(key, &with_template(entries, level, said));
    let own = entries.iter().find(|entry| entry.level == Level::Tenant);
    let (effect, note) = if before.value != after.value {
        let note = own.filter(|_| after.from != Level::Tenant && before.from == Level::Tenant).map(|own| {
            format!("The tenant’s own {} no longer holds: the template locks it.", key.words(&own.value))
        });
        (Effect::Changes, note)
    } else if before.locked_by != after.locked_by {
        let note = if after.locked_by.as_ref() == Some(level) {
            "From then on the tenant cannot change it."
        } else {
            "From then on the tenant can change it."
        };
        (Effect::Changes, Some(note.to_owned()))
    } else if said.is_some_and(|said| said.value != after.value) {
        let by = match &after.from {
            Level::Tenant => "The tenant decided it itself.".to_owned(),
            other => format!("Set by {}.", other.words()),
        };
        (Effect::Kept, Some(by))
    } else {
        (Effect::Same, None)
    };
    Change {
        part: Part::Setting,
        key: key.as_str().into(),
        before: Some(key.words(&before.value)),
        after: Some(key.words(&after.value)),
        effect,
        note,
    }
}

#[cfg(test)]
pub(super) mod tests;

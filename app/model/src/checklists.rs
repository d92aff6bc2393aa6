//! Checklists (R97): a definition is data, versioned and pinned per run; an item is proven by a check of the real
//! system or by a person, or waived with a reason that stays visible.
//!
//! Three things are never confused: a check that *passed*, a check that looked and found it *not yet* there, and a
//! check that *could not run*. And what a check proved is worded differently from what a person said.

use crate::RunId;
use crate::states::words;
use crate::work::Work;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// Which list it is.
    ListKey {
        Onboarding = "onboarding", "Onboarding";
        Offboarding = "offboarding", "Offboarding";
    }
}

words! {
    /// What looks at the real system.
    Probe {
        AdminAccess = "admin_access", "a tenant admin exists and has signed in";
        Ingestion = "ingestion", "an API key exists or a conversation arrived";
        VoiceTranscripts = "voice_transcripts", "a voice conversation has a transcript";
        BaselineTasks = "baseline_tasks", "the baseline tasks are published and nothing is enabled by itself";
        TaskRuns = "task_runs", "an AI task has run for this tenant";
        UsageVisible = "usage_visible", "usage of this tenant is rolled up by day";
        Contacts = "contacts", "support and escalation contacts are on record";
        IngestionOff = "ingestion_off", "nothing was taken in since the offboarding began";
        ProcessingStopped = "processing_stopped", "nothing is being processed any more";
        AccessRevoked = "access_revoked", "nobody of the tenant has access";
    }
}

words! {
    /// A milestone that is reached when all its steps are done.
    Milestone {
        Configured = "configured", "Configured";
        Validated = "validated", "Validated";
    }
}

words! {
    ItemState {
        Open = "open", "To do";
        Passed = "passed", "Done";
        /// It was proven once, and a check found that it no longer holds.
        Failed = "failed", "No longer holds";
        Waived = "waived", "Waived";
    }
}

impl ItemState {
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Passed | Self::Waived)
    }
}

words! {
    /// Who says so.
    ProvedBy {
        Probe = "probe", "automatic check";
        Person = "person", "a person";
    }
}

words! {
    /// What a check came to.
    Outcome {
        Passed = "passed", "passed";
        NotYet = "not_yet", "not yet";
        /// The check itself failed; it says nothing about the item.
        Unable = "could_not_run", "could not run";
    }
}

/// One step of a definition, as stored in `checklist.steps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub key: String,
    pub title: String,
    pub phase: String,
    /// Why it is asked, and how it is done.
    pub why: String,
    pub how: String,
    /// Who usually does it.
    pub owner: String,
    /// Days after the start of the run.
    #[serde(default)]
    pub due_days: Option<i64>,
    #[serde(default)]
    pub probe: Option<Probe>,
    /// Whether a person may say that it is done.
    #[serde(default)]
    pub manual: bool,
    #[serde(default = "yes")]
    pub required: bool,
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// Keys of steps that come first.
    #[serde(default)]
    pub after: Vec<String>,
}

const fn yes() -> bool {
    true
}

impl Step {
    /// Neither a check nor a person finishes it: an operation does, once there is one.
    pub const fn is_operation(&self) -> bool {
        self.probe.is_none() && !self.manual
    }
}

/// What a check looked at, and what it found: the machine's evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub outcome: Outcome,
    /// What was found, in a sentence.
    pub said: String,
    /// Which tables were looked at.
    pub looked_at: String,
    #[serde(default)]
    pub counts: BTreeMap<String, i64>,
    /// The newest things found: ids or names.
    #[serde(default)]
    pub newest: Vec<String>,
    pub at: DateTime<Utc>,
}

impl Check {
    /// Whether both found the same, whenever it was.
    pub fn same_finding(&self, other: &Self) -> bool {
        let timeless = |check: &Self| Self { at: DateTime::UNIX_EPOCH, ..check.clone() };
        timeless(self) == timeless(other)
    }
}

/// What is kept with an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The newest check, whatever it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// What a person pointed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// One item of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub step: Step,
    pub state: ItemState,
    pub proved_by: Option<ProvedBy>,
    pub by_name: Option<String>,
    /// What a person wrote: the evidence, or the reason of a waiver.
    pub note: Option<String>,
    pub evidence: Evidence,
    /// When the state was last decided, or the check last run.
    pub checked_at: Option<DateTime<Utc>>,
}

impl Item {
    /// The state in words: what a check proved reads differently from what a person said.
    pub fn words(&self) -> String {
        let by = self.by_name.as_deref().unwrap_or("somebody");
        match (self.state, self.proved_by, self.evidence.check.as_ref().map(|check| check.outcome)) {
            (ItemState::Passed, Some(ProvedBy::Person), _) => format!("done, confirmed by {by}"),
            (ItemState::Passed, ..) => "done, proven by an automatic check".into(),
            (ItemState::Waived, ..) => format!("waived by {by}"),
            (ItemState::Failed, ..) => "no longer holds, says an automatic check".into(),
            (ItemState::Open, ..) if self.step.is_operation() => "ahead, not automated yet".into(),
            (ItemState::Open, _, Some(Outcome::Unable)) => "to do, its check could not run".into(),
            (ItemState::Open, _, Some(Outcome::NotYet)) => "to do, checked: not there yet".into(),
            (ItemState::Open, ..) => "to do".into(),
        }
    }
}

/// A run of a checklist for one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    pub run: RunId,
    pub key: ListKey,
    pub title: String,
    pub version: i32,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// When the checks last ran by themselves.
    pub swept_at: Option<DateTime<Utc>>,
    pub items: Vec<Item>,
}

impl ListKey {
    /// What working on it is, to the tenant's status.
    pub const fn work(self) -> Work {
        match self {
            Self::Onboarding => Work::Onboard,
            Self::Offboarding => Work::Record,
        }
    }
}

impl Checklist {
    pub fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.step.key == key)
    }

    /// Titles of the steps that come before this one and are not done.
    pub fn waits_for(&self, item: &Item) -> Vec<&str> {
        let open = |key: &String| self.item(key).filter(|before| !before.state.is_done());
        item.step.after.iter().filter_map(open).map(|before| before.step.title.as_str()).collect()
    }

    /// Done and all of the required items, or of the others.
    pub fn count(&self, required: bool) -> (usize, usize) {
        let of = || self.items.iter().filter(|item| item.step.required == required);
        (of().filter(|item| item.state.is_done()).count(), of().count())
    }

    /// Whether every required item is done.
    pub fn is_complete(&self) -> bool {
        let (done, all) = self.count(true);
        done == all
    }

    /// Whether every step of the milestone is done; a milestone without steps is reached with the whole list.
    pub fn reached(&self, milestone: Milestone) -> bool {
        let mut of = self.items.iter().filter(|item| item.step.milestone == Some(milestone)).peekable();
        if of.peek().is_none() { self.is_complete() } else { of.all(|item| item.state.is_done()) }
    }

    /// What somebody could do next, in order.
    pub fn next(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| {
            !item.state.is_done() && !item.step.is_operation() && self.waits_for(item).is_empty()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(key: &str, milestone: Option<Milestone>) -> Step {
        serde_json::from_value(serde_json::json!({
            "key": key, "title": key.to_uppercase(), "phase": "p", "why": "", "how": "", "owner": "o", "manual": true,
            "milestone": milestone, "after": if key == "b" { vec!["a"] } else { vec![] },
        }))
        .expect("a step")
    }

    fn item(key: &str, state: ItemState, milestone: Option<Milestone>) -> Item {
        Item {
            step: step(key, milestone),
            state,
            proved_by: None,
            by_name: None,
            note: None,
            evidence: Evidence::default(),
            checked_at: None,
        }
    }

    fn list(items: Vec<Item>) -> Checklist {
        Checklist {
            run: RunId(uuid::Uuid::nil()),
            key: ListKey::Onboarding,
            title: "t".into(),
            version: 1,
            started_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            swept_at: None,
            items,
        }
    }

    #[test]
    fn a_step_is_required_unless_it_says_otherwise_and_unknown_probes_are_refused() {
        assert!(step("a", None).required);
        let unknown = serde_json::json!({ "key": "a", "title": "", "phase": "", "why": "", "how": "", "owner": "", "probe": "guess" });
        assert!(serde_json::from_value::<Step>(unknown).is_err());
    }

    #[test]
    fn milestones_count_waivers_and_wait_for_the_last_step() {
        let configured = Some(Milestone::Configured);
        let mut list = list(vec![
            item("a", ItemState::Waived, configured),
            item("b", ItemState::Open, configured),
            item("c", ItemState::Failed, None),
        ]);
        assert!(!list.reached(Milestone::Configured));
        list.items[1].state = ItemState::Passed;
        assert!(list.reached(Milestone::Configured));
        assert!(!list.is_complete());
        assert!(!list.reached(Milestone::Validated), "without steps of its own it waits for the whole list");
        list.items[2].state = ItemState::Passed;
        assert!(list.is_complete() && list.reached(Milestone::Validated));
    }

    #[test]
    fn a_step_waits_for_those_before_it() {
        let list = list(vec![item("a", ItemState::Failed, None), item("b", ItemState::Open, None)]);
        assert_eq!(list.waits_for(&list.items[1]), ["A"]);
        assert_eq!(list.next().map(|item| item.step.key.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_check_and_a_person_are_worded_differently() {
        let mut item = item("a", ItemState::Passed, None);
        item.proved_by = Some(ProvedBy::Probe);
        assert_eq!(item.words(), "done, proven by an automatic check");
        item.proved_by = Some(ProvedBy::Person);
        item.by_name = Some("Ada".into());
        assert_eq!(item.words(), "done, confirmed by Ada");
        item.state = ItemState::Open;
        for (outcome, words) in [
            (Outcome::NotYet, "to do, checked: not there yet"),
            (Outcome::Unable, "to do, its check could not run"),
        ] {
            item.evidence.check = Some(Check {
                outcome,
                said: String::new(),
                looked_at: String::new(),
                counts: BTreeMap::new(),
                newest: vec![],
                at: DateTime::UNIX_EPOCH,
            });
            assert_eq!(item.words(), words);
        }
    }
}

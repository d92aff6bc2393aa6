//! AI tasks (R34–R39): global with immutable versions, enabled per tenant, and overridden per tenant in prompt and filters.
//!
//! Activation and override are separate: a disabled task may keep its override. What runs is [`resolve`]d from the
//! published version and the override, by pure code that server and page share. The tag “Overridden settings” stands
//! exactly when the result differs from what it would be without the override ([`Effective::differing`]).

mod filters;
mod input;
mod output;
mod resolve;

pub use filters::{ConversationFacts, Filters};
pub use input::{MAX_PROMPT, OverrideDraft, OverrideInput, normal_prompt};
pub use output::{Output, OutputKind};
pub use resolve::{Effective, OverrideState, Provenance, resolve};

pub use crate::conversations::{Channel, RunOutcome, SkipReason};

use crate::fields::Group;
use crate::page::Total;
use crate::states::words;
use crate::{ConversationId, RunId, TaskId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What runs a task.
    EngineKind {
        Builtin = "builtin", "Built-in engine";
        OpenAi = "openai", "OpenAI-compatible endpoint";
    }
}

words! {
    /// What a tenant may override, each part on its own.
    Part {
        Prompt = "prompt", "Prompt";
        Filters = "filters", "Filters";
    }
}

words! {
    /// One line of a comparison. The filters are one part to override, but four lines to read.
    Setting {
        Prompt = "prompt", "Prompt";
        Channels = "channels", "Channels";
        Languages = "languages", "Languages";
        MinTurns = "min_turns", "Least turns";
        MinChars = "min_chars", "Least characters";
    }
}

impl Setting {
    pub const fn part(self) -> Part {
        match self {
            Self::Prompt => Part::Prompt,
            Self::Channels | Self::Languages | Self::MinTurns | Self::MinChars => Part::Filters,
        }
    }
}

words! {
    /// The tabs of a tenant's task list.
    State {
        Enabled = "enabled", "Enabled";
        Disabled = "disabled", "Disabled";
        All = "all", "All";
    }
}

/// What a task is for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub key: String,
    pub name: String,
    pub purpose: String,
    pub group: Group,
}

/// One published version; never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskVersion {
    pub version: i32,
    pub prompt: String,
    pub filters: Filters,
    pub outputs: Vec<Output>,
    pub engine: EngineKind,
    /// What changed, for the people who have overridden it.
    pub notes: String,
    pub published_at: DateTime<Utc>,
}

/// Whether a tenant lets a task run. Nobody decided yet: disabled (R36).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    pub enabled: bool,
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
}

/// What a tenant does differently. Each part present or inherited; at least one present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub prompt: Option<String>,
    pub filters: Option<Filters>,
    /// The version that its author saw.
    pub base_version: i32,
    pub reason: String,
    /// Who changed it last.
    pub author: String,
    pub updated_at: DateTime<Utc>,
    /// For optimistic locking; 0 stands for “there was none”.
    pub version: i64,
}

impl Override {
    pub fn has(&self, part: Part) -> bool {
        match part {
            Part::Prompt => self.prompt.is_some(),
            Part::Filters => self.filters.is_some(),
        }
    }
}

/// What became of a task lately: the newest runs of the last 30 days, counted up to a cap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Runs that an engine was asked for; skips are not runs.
    pub runs: Total,
    pub counted: i64,
    pub failed: i64,
    pub skipped: i64,
    pub last_at: Option<DateTime<Utc>>,
    pub last_failed: bool,
}

impl RunFacts {
    /// Failures per thousand runs; `None` without runs.
    pub fn failed_per_mille(&self) -> Option<i64> {
        (self.counted > 0).then(|| (self.failed * 2000 + self.counted) / (self.counted * 2))
    }

    /// `0.4 %`, and `under 0.1 %` for what would round to nothing.
    pub fn error_rate(&self) -> Option<String> {
        self.failed_per_mille().map(|rate| match rate {
            0 if self.failed > 0 => "under 0.1 %".into(),
            rate => format!("{}.{} %", rate / 10, rate % 10),
        })
    }
}

/// A task as a tenant has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantTask {
    pub task: Task,
    /// The version that is published now.
    pub published: TaskVersion,
    pub activation: Activation,
    pub overriding: Option<Override>,
    pub effective: Effective,
    pub facts: RunFacts,
}

impl TenantTask {
    pub fn is_in(&self, state: State) -> bool {
        match state {
            State::All => true,
            State::Enabled => self.activation.enabled,
            State::Disabled => !self.activation.enabled,
        }
    }
}

/// Whether the reader may do something, and if not now, why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ability {
    Yes,
    /// Not in this role: the control is absent.
    Never,
    /// Not at the moment: the control stays, with this reason.
    NotNow(String),
}

/// What the reader may do to a tenant's tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    pub enable: Ability,
    pub change: Ability,
}

/// All tasks of a tenant, in the order of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskList {
    pub tasks: Vec<TenantTask>,
    pub abilities: Abilities,
}

impl TaskList {
    /// The tasks that a search and filters leave: every word of `text` in name, purpose, key or a field that it writes.
    /// The counts are those of what is left, so that a tab never promises more than its list holds (D1).
    pub fn narrowed(mut self, text: &str, group: Option<Group>, overridden: bool) -> Self {
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        self.tasks.retain(|item| {
            let fields = item.effective.outputs.iter().map(|output| output.field.as_str());
            let said =
                [item.task.name.as_str(), &item.task.purpose, &item.task.key].into_iter().chain(fields);
            let said = said.collect::<Vec<_>>().join(" ").to_lowercase();
            words.iter().all(|word| said.contains(word))
                && group.is_none_or(|group| item.task.group == group)
                && (!overridden || item.effective.state() == OverrideState::Overridden)
        });
        self
    }

    pub fn count(&self, state: State) -> i64 {
        i64::try_from(self.tasks.iter().filter(|task| task.is_in(state)).count()).unwrap_or(i64::MAX)
    }
}

/// One run, newest first on the task's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    pub id: RunId,
    pub conversation: ConversationId,
    pub external_id: String,
    pub at: DateTime<Utc>,
    pub version: i32,
    pub overridden: bool,
    pub outcome: RunOutcome,
    pub skip_reason: Option<SkipReason>,
    pub error: Option<String>,
    pub duration_us: i64,
}

/// One task of a tenant with everything about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDetail {
    pub item: TenantTask,
    /// The version the override was made on, where that is not the published one.
    pub base: Option<TaskVersion>,
    pub runs: Vec<RunRow>,
    pub abilities: Abilities,
}

words! {
    /// What a piece of a text is in a comparison.
    PieceKind {
        Same = "same", "unchanged";
        Removed = "removed", "removed";
        Added = "added", "added";
    }
}

/// A stretch of a prompt in a word diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub kind: PieceKind,
    pub text: String,
}

/// A task beside its global default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub detail: TaskDetail,
    /// From the published prompt to the tenant's.
    pub prompt: Vec<Piece>,
    /// From the prompt when it was overridden to the published one, where the default moved.
    pub prompt_moved: Vec<Piece>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_rates_are_told_as_they_are() {
        let facts = |failed, counted| RunFacts {
            runs: Total::Exact(counted),
            counted,
            failed,
            skipped: 0,
            last_at: None,
            last_failed: false,
        };
        assert_eq!(facts(0, 0).error_rate(), None);
        assert_eq!(facts(0, 10).error_rate().as_deref(), Some("0.0 %"));
        assert_eq!(facts(1, 250).error_rate().as_deref(), Some("0.4 %"));
        assert_eq!(facts(1, 10_000).error_rate().as_deref(), Some("under 0.1 %"));
        assert_eq!(facts(3, 3).error_rate().as_deref(), Some("100.0 %"));
    }

    #[test]
    fn every_setting_belongs_to_a_part() {
        for part in Part::ALL {
            assert!(Setting::ALL.iter().any(|setting| setting.part() == *part));
        }
    }
}

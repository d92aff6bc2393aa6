//! What happens to one conversation: pure but for the engine and the clock that measures it.

use super::Engine;
use super::store::Claimed;
use crate::engines::{self, EngineError};
use crate::tasks::EnabledTask;
use model::RunId;
use model::conversations::{SkipReason, Speaker, Turn};
use model::tasks::{ConversationFacts, EngineKind, Output, OutputKind};
use std::time::Instant;
use uuid::Uuid;

/// A run, and what it found.
#[derive(Clone, Debug)]
pub(super) struct TaskResult {
    pub id: RunId,
    pub task: Uuid,
    pub version: i32,
    pub overridden: bool,
    pub ending: Ending,
    pub duration_us: i64,
    pub input_tokens: i32,
    pub output_tokens: i32,
}

#[derive(Clone, Debug)]
pub(super) enum Ending {
    Succeeded(Vec<Value>),
    Skipped(SkipReason),
    Failed(String),
}

#[derive(Clone, Debug)]
pub(super) struct Value {
    pub field: String,
    pub value: serde_json::Value,
    pub explanation: String,
    pub confidence: f32,
}

impl TaskResult {
    /// Whether an engine was asked: a skip costs nothing and is no usage.
    pub(super) fn is_run(&self) -> bool {
        !matches!(self.ending, Ending::Skipped(_))
    }
}

pub(super) fn run(
    engine: &Engine,
    enabled: &[EnabledTask],
    conversation: &Claimed,
    turns: &[Turn],
    new_id: impl Fn() -> Uuid,
) -> Vec<TaskResult> {
    let chars = turns.iter().map(|turn| turn.text.chars().count()).sum::<usize>();
    let facts = ConversationFacts {
        channel: conversation.channel,
        language: conversation.language.as_deref(),
        turns: u32::try_from(turns.len()).unwrap_or(u32::MAX),
        chars: u32::try_from(chars).unwrap_or(u32::MAX),
    };
    let turns: Vec<_> =
        turns.iter().map(|turn| engines::Turn { speaker: speaker(turn.speaker), text: &turn.text }).collect();
    enabled
        .iter()
        .map(|task| {
            let mut result = TaskResult {
                id: RunId(new_id()),
                task: task.task.id.0,
                version: task.effective.version,
                overridden: task.overridden(),
                ending: Ending::Skipped(SkipReason::EngineUnavailable),
                duration_us: 0,
                input_tokens: 0,
                output_tokens: 0,
            };
            match (task.effective.filters.matches(&facts), task.effective.engine) {
                (Err(reason), _) => result.ending = Ending::Skipped(reason),
                (Ok(()), EngineKind::OpenAi) => {}
                (Ok(()), EngineKind::Builtin) => ask(engine, task, &turns, &mut result),
            }
            result
        })
        .collect()
}

const fn speaker(speaker: Speaker) -> engines::Speaker {
    match speaker {
        Speaker::Customer => engines::Speaker::Customer,
        Speaker::Agent => engines::Speaker::Agent,
    }
}

fn ask(engine: &Engine, task: &EnabledTask, turns: &[engines::Turn<'_>], result: &mut TaskResult) {
    let outputs = &task.effective.outputs;
    let choices: Vec<Vec<&str>> = outputs
        .iter()
        .map(|output| match &output.kind {
            OutputKind::Choice { options } => options.iter().map(String::as_str).collect(),
            OutputKind::Text { .. } | OutputKind::Number { .. } => Vec::new(),
        })
        .collect();
    let asked: Vec<_> = outputs
        .iter()
        .zip(&choices)
        .map(|(output, choices)| engines::Output {
            attribute: &output.attribute,
            kind: kind(&output.kind, choices),
        })
        .collect();
    let request = engines::Request { prompt: &task.effective.prompt, turns, outputs: &asked };
    let begun = Instant::now();
    let outcome = engine(&task.task.key, &request);
    result.duration_us = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
    result.ending = match outcome {
        Ok(outcome) => {
            result.input_tokens = i32::try_from(outcome.input_tokens).unwrap_or(i32::MAX);
            result.output_tokens = i32::try_from(outcome.output_tokens).unwrap_or(i32::MAX);
            match check(outputs, outcome.answers) {
                Ok(values) => Ending::Succeeded(values),
                Err(why) => Ending::Failed(why),
            }
        }
        Err(EngineError::Empty) => Ending::Skipped(SkipReason::NoContent),
        Err(EngineError::TooLong { .. }) => Ending::Skipped(SkipReason::TooLong),
        Err(EngineError::NoOutputs | EngineError::UnknownTask { .. } | EngineError::Unsupported { .. }) => {
            Ending::Skipped(SkipReason::EngineUnsupported)
        }
    };
}

fn kind<'a>(kind: &OutputKind, choices: &'a [&'a str]) -> engines::OutputKind<'a> {
    match kind {
        OutputKind::Text { max_chars } => engines::OutputKind::Text { max_chars: *max_chars as usize },
        OutputKind::Number { min, max } => engines::OutputKind::Number { min: *min, max: *max },
        OutputKind::Choice { .. } => engines::OutputKind::Choice(choices),
    }
}

/// An engine's answers are input like any other: one for each output, each of its form, or the whole run has failed.
fn check(outputs: &[Output], answers: Vec<engines::Answer>) -> Result<Vec<Value>, String> {
    outputs
        .iter()
        .map(|output| {
            let answer = answers.iter().find(|answer| answer.attribute == output.attribute);
            let answer = answer.ok_or_else(|| format!("no answer for {}", output.attribute))?;
            output.kind.check(&answer.value).map_err(|why| format!("{}: {why}", output.attribute))?;
            if answer.explanation.trim().is_empty() {
                return Err(format!("{}: no explanation", output.attribute));
            }
            Ok(Value {
                field: output.field.clone(),
                value: answer.value.clone(),
                explanation: answer.explanation.clone(),
                confidence: answer.confidence.clamp(0.0, 1.0),
            })
        })
        .collect()
}

//! Engines that run an AI task over one conversation.
//!
//! An engine takes plain data and gives plain data: it does no I/O, reads no clock and draws no
//! random numbers, so that a run can be repeated and its answers compared. [`builtin`] is the one
//! that needs no model; larger engines answer the same [`Request`] with the same [`Outcome`].

pub mod builtin;

pub use builtin::{Directives, directives, run};

use std::fmt;

/// Who says a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    Customer,
    Agent,
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        })
    }
}

/// One turn of a conversation. Explanations number turns from 1 in the order given.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    pub speaker: Speaker,
    pub text: &'a str,
}

/// The form an attribute's value must have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputKind<'a> {
    /// A string of at most `max_chars` characters (Unicode scalar values).
    Text { max_chars: usize },
    /// A number, both bounds included.
    Number { min: f64, max: f64 },
    /// Exactly one of these strings.
    Choice(&'a [&'a str]),
}

/// One attribute the task must fill.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The attribute's key, for example `sentiment`.
    pub attribute: &'a str,
    pub kind: OutputKind<'a>,
}

/// Everything an engine may look at.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub prompt: &'a str,
    pub turns: &'a [Turn<'a>],
    pub outputs: &'a [Output<'a>],
}

/// The value of one attribute and why it is so.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub attribute: String,
    /// `Null` means "no data": the conversation holds no evidence for a value.
    pub value: serde_json::Value,
    /// Cites its evidence as `turn N (speaker): “words”`, the words verbatim from that turn.
    pub explanation: String,
    /// 0 (a guess, or no value) to 1 (certain), in steps of 0.01.
    pub confidence: f32,
}

/// The answers of one run, in the order of the requested outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub answers: Vec<Answer>,
    /// Estimate: one token for every 4 characters of prompt and turns, rounded up.
    pub input_tokens: u32,
    /// Estimate: one token for every 4 characters of values and explanations, rounded up.
    pub output_tokens: u32,
}

/// Why a run gave no answers at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Prompt and turns together exceed what the engine reads; sizes in bytes.
    #[error("the conversation and prompt hold {bytes} bytes; at most {limit} are read")]
    TooLong { bytes: usize, limit: usize },
    /// The request has no turns.
    #[error("the conversation has no turns")]
    Empty,
    /// The request asks for no attribute.
    #[error("the request asks for no attribute")]
    NoOutputs,
    /// The task is none that the engine knows.
    #[error("the engine does not know the task {task:?}")]
    UnknownTask { task: String },
    /// The task cannot fill this attribute, or not in the form asked for.
    #[error("the task cannot fill the attribute {attribute:?} in the form asked for")]
    Unsupported { attribute: String },
}

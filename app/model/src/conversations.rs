//! Conversations, and what the pipeline made of them: field values with their explanation, runs, reasons for skips.

use crate::states::words;
use crate::{ConversationId, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest id that a caller may give a conversation, in characters.
pub const EXTERNAL_ID_MAX: usize = 200;
/// The most turns of one conversation.
pub const TURNS_MAX: usize = 5_000;
/// The most bytes of one conversation as it is sent. The engine reads half of that; longer ones are kept and skipped.
pub const CONVERSATION_BYTES_MAX: usize = 1024 * 1024;
/// How often the pipeline tries a conversation before it is parked for a person to look at.
pub const ATTEMPTS_MAX: i16 = 3;

words! {
    /// Who says a turn.
    Speaker {
        Customer = "customer", "Customer";
        Agent = "agent", "Agent";
    }
}

words! {
    /// How a conversation was held.
    Channel {
        Voice = "voice", "Voice";
        Chat = "chat", "Chat";
        Email = "email", "E-mail";
    }
}

words! {
    /// Where a conversation is in the pipeline.
    State {
        Pending = "pending", "Waiting";
        Running = "running", "Running";
        Done = "done", "Done";
        Parked = "parked", "Parked";
    }
}

words! {
    /// How one run of a task over one conversation ended.
    RunOutcome {
        Succeeded = "succeeded", "Succeeded";
        Skipped = "skipped", "Skipped";
        Failed = "failed", "Failed";
    }
}

words! {
    /// Why an enabled task was not run over a conversation. A task that is disabled leaves no trace; a tenant that is
    /// suspended or leaving is not skipped: its conversations wait.
    SkipReason {
        FilterChannel = "filter_channel", "The task’s filter leaves out this channel";
        FilterLanguage = "filter_language", "The task’s filter leaves out this language";
        FilterMinTurns = "filter_min_turns", "Fewer turns than the task’s filter asks for";
        FilterMinChars = "filter_min_chars", "Shorter than the task’s filter asks for";
        NoContent = "no_content", "There are no words to analyse";
        EngineUnavailable = "engine_unavailable", "The task’s engine is not set up here";
        EngineUnsupported = "engine_unsupported", "The engine cannot do this task";
        TooLong = "too_long", "Longer than the engine reads";
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub speaker: Speaker,
    pub text: String,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConversationRow {
    pub id: ConversationId,
    /// The caller's own id, unique within the tenant.
    pub external_id: String,
    pub channel: Channel,
    pub language: Option<String>,
    pub started_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub turn_count: i32,
    pub state: State,
    pub processed_at: Option<DateTime<Utc>>,
}

/// The value of one field of one conversation, and why it is so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldValue {
    pub field: String,
    /// `null` where the conversation holds no evidence for a value.
    pub value: serde_json::Value,
    pub explanation: String,
    /// 0 (a guess, or no value) to 1 (certain).
    pub confidence: f32,
    pub run: RunId,
    pub at: DateTime<Utc>,
}

/// One run of a task over one conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRun {
    pub id: RunId,
    /// The task's key.
    pub task: String,
    pub task_version: i32,
    /// Whether the tenant's own prompt or filters were used.
    pub overridden: bool,
    pub outcome: RunOutcome,
    pub skip_reason: Option<SkipReason>,
    pub error: Option<String>,
    pub at: DateTime<Utc>,
    pub duration_us: i64,
    pub input_tokens: i32,
    pub output_tokens: i32,
}

/// A conversation with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub row: ConversationRow,
    pub attempts: i16,
    /// Why it was parked, or why the last attempt failed.
    pub error: Option<String>,
    pub turns: Vec<Turn>,
    pub values: Vec<FieldValue>,
    pub runs: Vec<TaskRun>,
}

/// What became of a request that sent conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub received: i64,
    /// Stored by this request.
    pub created: i64,
    /// Already there under the same external id; left as they were.
    pub duplicates: i64,
}

//! The shapes of the machine API. Apart from the console's own, so that these can stay as they are for years.

use chrono::{DateTime, Utc};
use model::conversations::{Conversation, ConversationRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A conversation as it is sent. Fields that are not listed are ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes what domain::conversations::parse reads")]
pub struct NewConversation {
    /// Your own id; sending it again changes nothing and is counted as a duplicate. 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, example = "call-2026-02-01-0042")]
    id: String,
    /// Default: chat.
    #[schema(example = "voice")]
    channel: Option<ChannelWord>,
    /// A language tag (BCP 47).
    #[schema(example = "en-GB")]
    language: Option<String>,
    /// From 1970 to a day from now. Default: when it arrives.
    started_at: Option<DateTime<Utc>>,
    #[schema(min_items = 1, max_items = 5000)]
    turns: Vec<Turn>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelWord {
    Voice,
    Chat,
    Email,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// `customer` or `agent`.
    #[schema(pattern = "^(customer|agent)$", example = "customer")]
    pub speaker: String,
    #[schema(example = "Where is my parcel?")]
    pub text: String,
}

/// What became of the conversations sent. `received` = `created` + `duplicates`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Received {
    pub received: i64,
    pub created: i64,
    /// Already there under the same id, or twice in the same request; left as they were.
    pub duplicates: i64,
}

/// A conversation in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationItem {
    /// Your own id.
    pub id: String,
    #[schema(example = "chat")]
    pub channel: &'static str,
    pub language: Option<String>,
    pub started_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub turn_count: i32,
    /// `pending`, `running`, `done`, or `parked` (given up after three attempts).
    #[schema(example = "done")]
    pub state: &'static str,
    pub processed_at: Option<DateTime<Utc>>,
}

/// A page of conversations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationPage {
    pub items: Vec<ConversationItem>,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The value of one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldValue {
    /// The field’s key.
    #[schema(example = "sentiment")]
    pub field: String,
    /// A text or a number by the field’s kind; null where the conversation holds no evidence.
    #[schema(value_type = Value, example = "negative")]
    pub value: serde_json::Value,
    /// Why, quoting the turns it rests on.
    pub explanation: String,
    /// 0 (a guess, or no value) to 1 (certain).
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: f32,
    pub at: DateTime<Utc>,
}

/// One run of an AI task.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    /// The task’s key.
    #[schema(example = "summary")]
    pub task: String,
    pub version: i32,
    /// Whether the tenant’s own prompt or filters were used.
    pub overridden: bool,
    /// `succeeded`, `skipped` or `failed`.
    #[schema(example = "succeeded")]
    pub outcome: &'static str,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "filter_channel")]
    pub skip_reason: Option<&'static str>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub at: DateTime<Utc>,
}

/// A conversation with its results.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationDetail {
    #[serde(flatten)]
    pub item: ConversationItem,
    /// Why it was parked, or why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub turns: Vec<Turn>,
    pub values: Vec<FieldValue>,
    pub runs: Vec<Run>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// 1 to 200; default 50.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `pending`, `running`, `done` or `parked`.
    pub state: Option<String>,
}

/// A limit that holds: the plan's, or what the tenant's template or a word for it alone says in its place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanLimit {
    #[schema(example = "api_calls_15min")]
    pub meter: &'static str,
    /// `number`, `unlimited`, or `custom` (agreed by contract).
    #[schema(example = "number")]
    pub kind: &'static str,
    /// Where the kind is `number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
}

/// What was used of something that is counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeterUsage {
    #[schema(example = "conversations")]
    pub meter: &'static str,
    #[schema(example = "conversations")]
    pub unit: &'static str,
    /// Today (UTC), up to a few seconds ago.
    pub today: i64,
    /// The last 30 days, today included; of storage, what is stored now.
    pub last_30_days: i64,
}

/// API calls in the running window of 15 minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallWindow {
    pub used: i64,
    /// Seconds until the window ends.
    pub resets_in: i64,
}

/// The key’s own tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantStanding {
    pub id: uuid::Uuid,
    #[schema(example = "acme")]
    pub slug: String,
    pub name: String,
    #[schema(example = "active")]
    pub status: &'static str,
    /// What the status leaves: `full` or `read_only`.
    #[schema(example = "full")]
    pub access: &'static str,
    #[schema(example = "professional")]
    pub plan: &'static str,
    pub limits: Vec<PlanLimit>,
    pub usage: Vec<MeterUsage>,
    pub api_calls: CallWindow,
}

impl From<ConversationRow> for ConversationItem {
    fn from(row: ConversationRow) -> Self {
        Self {
            id: row.external_id,
            channel: row.channel.as_str(),
            language: row.language,
            started_at: row.started_at,
            received_at: row.received_at,
            turn_count: row.turn_count,
            state: row.state.as_str(),
            processed_at: row.processed_at,
        }
    }
}

impl From<Conversation> for ConversationDetail {
    fn from(c: Conversation) -> Self {
        let turn = |turn: model::conversations::Turn| Turn {
            speaker: turn.speaker.as_str().into(),
            text: turn.text,
        };
        let value = |v: model::conversations::FieldValue| FieldValue {
            field: v.field,
            value: v.value,
            explanation: v.explanation,
            confidence: v.confidence,
            at: v.at,
        };
        let run = |r: model::conversations::TaskRun| Run {
            task: r.task,
            version: r.task_version,
            overridden: r.overridden,
            outcome: r.outcome.as_str(),
            skip_reason: r.skip_reason.map(model::conversations::SkipReason::as_str),
            error: r.error,
            at: r.at,
        };
        Self {
            item: c.row.into(),
            error: c.error,
            turns: c.turns.into_iter().map(turn).collect(),
            values: c.values.into_iter().map(value).collect(),
            runs: c.runs.into_iter().map(run).collect(),
        }
    }
}

impl From<model::conversations::Received> for Received {
    fn from(r: model::conversations::Received) -> Self {
        Self { received: r.received, created: r.created, duplicates: r.duplicates }
    }
}

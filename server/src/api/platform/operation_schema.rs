//! The shapes of operations in the machine API.

use chrono::{DateTime, Utc};
use model::operations::{Control, Operation, OperationRow, State, Step};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An operation in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationItem {
    pub id: Uuid,
    /// `provision`, `suspend`, `change_scope`, `reinstate`, `change_plan`, `apply_template`, `bulk`, …
    #[schema(example = "suspend")]
    pub kind: &'static str,
    /// `requested` (waits for a second person), `queued`, `running`, `undoing`, `succeeded`, `failed` (and undone),
    /// `cancelled`, `rolled_back`, `rejected`, `parked` or `needs_operator`.
    #[schema(example = "queued")]
    pub state: &'static str,
    /// Nothing happens any more unless somebody asks for it.
    pub settled: bool,
    /// Somebody else has to approve it in the console first.
    pub awaits_approval: bool,
    /// The slug of its tenant, once there is one.
    #[schema(example = "acme")]
    pub tenant: Option<String>,
    /// What it is about, in words.
    #[schema(example = "Acme")]
    pub subject: String,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    /// Not before.
    pub run_after: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    #[schema(example = 1)]
    pub steps_done: i64,
    #[schema(example = 3)]
    pub steps_total: i64,
    /// The step that is in hand, or that stopped it.
    pub current: Option<String>,
    /// How often it was taken up since its last finished step.
    pub attempt: i32,
    /// Why it failed.
    pub error: Option<String>,
}

impl From<OperationRow> for OperationItem {
    fn from(row: OperationRow) -> Self {
        Self {
            id: row.id.0,
            kind: row.kind.as_str(),
            state: row.state.as_str(),
            settled: row.state.is_settled(),
            awaits_approval: row.state == State::Requested,
            tenant: row.slug,
            subject: row.subject,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            run_after: row.run_after,
            started_at: row.started_at,
            finished_at: row.finished_at,
            steps_done: row.steps_done,
            steps_total: row.steps_total,
            current: row.current,
            attempt: row.attempt,
            error: row.error,
        }
    }
}

/// A page of operations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationList {
    pub operations: Vec<OperationItem>,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One step.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationStep {
    /// From 1.
    pub seq: i32,
    #[schema(example = "status")]
    pub name: String,
    #[schema(example = "Suspend it")]
    pub label: String,
    /// `pending`, `running`, `done`, `failed`, `undone` or `undo_failed`.
    #[schema(example = "done")]
    pub state: &'static str,
    /// How often it was begun since the last retry.
    pub attempt: i32,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub error: Option<String>,
}

impl From<Step> for OperationStep {
    fn from(step: Step) -> Self {
        Self {
            seq: step.seq,
            name: step.name,
            label: step.label,
            state: step.state.as_str(),
            attempt: step.attempt,
            started_at: step.started_at,
            finished_at: step.finished_at,
            error: step.error,
        }
    }
}

/// An operation with its steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationDetail {
    #[serde(flatten)]
    pub operation: OperationItem,
    /// Why it was asked for.
    pub reason: Option<String>,
    /// The second person, and what they said.
    pub approved_by: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub approval_note: Option<String>,
    /// A cancellation or rollback that was asked for while it ran.
    pub stopping: bool,
    /// The operation on many tenants that it is part of.
    pub parent: Option<Uuid>,
    pub steps: Vec<OperationStep>,
    /// What this key may do to it now: `retry`, `cancel`, `roll-back`.
    #[schema(example = json!(["cancel"]))]
    pub controls: Vec<&'static str>,
}

/// The end of the address of what a key can do to an operation; a second person is a person.
const fn address(control: Control) -> Option<&'static str> {
    match control {
        Control::Retry => Some("retry"),
        Control::Cancel => Some("cancel"),
        Control::RollBack => Some("roll-back"),
        Control::Approve | Control::Reject => None,
    }
}

impl From<Operation> for OperationDetail {
    fn from(operation: Operation) -> Self {
        let controls = operation.controls.iter().filter(|(_, may)| may.is_ok());
        Self {
            controls: controls.filter_map(|(control, _)| address(*control)).collect(),
            operation: operation.row.into(),
            reason: operation.reason,
            approved_by: operation.approved_by,
            approved_at: operation.approved_at,
            approval_note: operation.approval_note,
            stopping: operation.stopping,
            parent: operation.parent.map(|id| id.0),
            steps: operation.steps.into_iter().map(OperationStep::from).collect(),
        }
    }
}

/// Why something is done to an operation.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "note": "The mail server is back." }))]
pub struct NoteInput {
    #[serde(default)]
    pub note: String,
}

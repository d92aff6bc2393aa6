//! What crosses the wire: ids, rows, inputs, state enums with their legal transitions, validation, permissions.
//!
//! No I/O, no Leptos, no SQL. Both the server and the browser compile it, so what a page explains and what the
//! server refuses come from the same function. Numbers on the wire are `i64`, `i32` or `u32`, never `usize`,
//! which has another width in the browser.

mod id;
mod states;

pub mod acceptance;
pub mod access;
pub mod api_keys;
pub mod approvals;
pub mod audit;
pub mod bulk;
pub mod charts;
pub mod checklists;
pub mod conversations;
pub mod details;
pub mod directory;
pub mod drafts;
pub mod fields;
pub mod health;
pub mod isolation;
pub mod lifecycle;
pub mod limits;
pub mod monitors;
pub mod notifications;
pub mod operations;
pub mod overview;
pub mod page;
pub mod people;
pub mod permission;
pub mod plan_requests;
pub mod plans;
pub mod platform_keys;
pub mod reports;
pub mod rules;
pub mod schedules;
pub mod settings;
pub mod signup;
pub mod tasks;
pub mod templates;
pub mod tenants;
pub mod url;
pub mod usage;
pub mod users;
pub mod validate;
pub mod vectors;
pub mod webhooks;
pub mod work;

pub use id::{
    ApiKeyId, ConversationId, DeliveryId, DraftId, ImportId, OperationId, PlatformKeyId, RunId, SignupId,
    SignupPageId, TaskId, TemplateId, TenantId, UserId, WebhookId,
};

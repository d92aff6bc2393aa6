//! Publishing a version of a global task (R35). It reaches every tenant at once, and no override is touched: those are
//! told “Base updated” and decide for themselves.

use super::store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::fields;
use chrono::{DateTime, Utc};
use model::fields::Field;
use model::permission::{Permission, Scope};
use model::tasks::{EngineKind, Filters, MAX_PROMPT, Output, TaskVersion, normal_prompt};
use model::validate::{FieldErrors, optional, required};
use serde_json::json;

/// A version to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVersion {
    pub prompt: String,
    pub filters: Filters,
    pub outputs: Vec<Output>,
    pub engine: EngineKind,
    pub notes: String,
}

/// Publishes the next version of a task and answers its number.
///
/// # Errors
/// `NotFound` for a key that no task has; `Invalid` when an output does not fit its field.
pub async fn publish_version(cx: &Ctx, key: &str, new: &NewVersion) -> Result<i32> {
    cx.require(Permission::TaskPublish, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let (task, published) = store::lock_task(tx.conn(), key).await?.ok_or(Error::NotFound)?;
    let version = check(new, &fields::catalogue(tx.conn()).await?, published + 1)?;
    let before = store::version(tx.conn(), task, published).await?;
    store::publish(tx.conn(), task, &version).await?;
    let kept = store::overrides_of(tx.conn(), task).await?;
    let event = AuditEvent::platform("task.publish", key)
        .reason(version.notes.clone())
        .before(before)
        .after(json!({ "version": version.version, "prompt": version.prompt, "filters": version.filters, "outputs": version.outputs,
            "engine": version.engine, "overrides_kept": kept }));
    tx.commit(event).await?;
    Ok(version.version)
}

fn check(new: &NewVersion, fields: &[Field], version: i32) -> Result<TaskVersion> {
    let mut errors = FieldErrors::default();
    let prompt = errors.take("prompt", required(&normal_prompt(&new.prompt), "A prompt", MAX_PROMPT));
    let notes = errors.take("notes", optional(&new.notes, "A note", 1_000)).flatten().unwrap_or_default();
    if new.outputs.is_empty() {
        errors.add("outputs", "A task needs at least one output.");
    }
    for (at, output) in new.outputs.iter().enumerate() {
        if new
            .outputs
            .iter()
            .take(at)
            .any(|other| other.attribute == output.attribute || other.field == output.field)
        {
            errors.add("outputs", format!("“{}” is written twice.", output.attribute));
        }
        match fields.iter().find(|field| field.key == output.field) {
            None => errors.add("outputs", format!("There is no field “{}”.", output.field)),
            Some(field) if !output.kind.fits(field) => errors
                .add("outputs", format!("“{}” does not fit the field “{}”.", output.attribute, field.name)),
            Some(_) => {}
        }
    }
    errors.into_result()?;
    Ok(TaskVersion {
        version,
        prompt: prompt.unwrap_or_default(),
        filters: new.filters.canonical(),
        outputs: new.outputs.clone(),
        engine: new.engine,
        notes,
        published_at: DateTime::<Utc>::UNIX_EPOCH,
    })
}

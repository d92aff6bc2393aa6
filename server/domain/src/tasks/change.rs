//! Writing: enabling, overriding, keeping, reverting. Every change has its line with before and after (R39).

use super::{OWN_OFF, own_allowed, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use model::TenantId;
use model::permission::{Permission, Scope};
use model::tasks::{Override, OverrideInput, Part, Task, TaskVersion};
use model::validate;
use model::work::Work;
use serde_json::{Value, json};

/// What switching a task did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The task's name, for the banner.
    pub name: String,
    /// `false`: it was so already, and nothing was written.
    pub changed: bool,
}

/// Lets the task run on new conversations.
///
/// # Errors
/// `NotFound` for a key that no task has, `Conflict` for a tenant that is gone.
pub async fn enable(cx: &Ctx, tenant: TenantId, key: &str) -> Result<Switched> {
    switch(cx, tenant, key, true).await
}

/// Stops the task; its override stays.
///
/// # Errors
/// As [`enable`].
pub async fn disable(cx: &Ctx, tenant: TenantId, key: &str) -> Result<Switched> {
    switch(cx, tenant, key, false).await
}

async fn switch(cx: &Ctx, tenant: TenantId, key: &str, enabled: bool) -> Result<Switched> {
    cx.require(Permission::TaskEnable, Scope::Tenant(tenant)).await?;
    let (mut tx, task, published) = open(cx, tenant, key).await?;
    let before = store::lock_activation(tx.conn(), tenant, task.id).await?;
    if before == enabled {
        return Ok(Switched { name: task.name, changed: false });
    }
    store::activate(tx.conn(), tenant, task.id, enabled, cx.actor().name()).await?;
    let action = if enabled { "task.enable" } else { "task.disable" };
    let event = AuditEvent::on(tenant, action, key)
        .before(json!({ "enabled": before }))
        .after(json!({ "enabled": enabled, "version": published.version }));
    tx.commit(event).await?;
    Ok(Switched { name: task.name, changed: true })
}

/// Overrides prompt and filters, each set or inherited. Both inherited takes an override away.
///
/// # Errors
/// `Invalid` field by field; `Conflict` when the override changed since the form was made.
pub async fn set_override(cx: &Ctx, tenant: TenantId, key: &str, input: &OverrideInput) -> Result<()> {
    cx.require(Permission::TaskOverride, Scope::Tenant(tenant)).await?;
    let draft = input.validate()?;
    // Taking an override away is always possible.
    if (draft.prompt.is_some() || draft.filters.is_some()) && !own_allowed(cx, tenant).await? {
        return Err(Error::Conflict(OWN_OFF.into()));
    }
    let (mut tx, task, published) = open(cx, tenant, key).await?;
    let before = store::lock_override(tx.conn(), tenant, task.id).await?;
    unchanged_since(before.as_ref(), draft.version)?;
    // The base is the version that the author saw. One that was never published cannot have been seen.
    if !(1..=published.version).contains(&draft.base) {
        return Err(Error::Conflict("This page is out of date. Reload it and make the change again.".into()));
    }
    if draft.prompt.is_none() && draft.filters.is_none() {
        return match before {
            None => Err(Error::field(
                "prompt_mode",
                "Nothing is overridden yet: choose “Override” for the prompt or the filters.",
            )),
            Some(before) => {
                store::delete_override(tx.conn(), tenant, task.id).await?;
                tx.commit(
                    AuditEvent::on(tenant, "task.revert", key).reason(draft.reason).before(snapshot(&before)),
                )
                .await
            }
        };
    }
    let new = Override {
        prompt: draft.prompt,
        filters: draft.filters,
        base_version: draft.base,
        reason: draft.reason,
        author: cx.actor().name().to_owned(),
        updated_at: DateTime::<Utc>::UNIX_EPOCH,
        version: 0,
    };
    if before.is_some() {
        store::update_override(tx.conn(), tenant, task.id, &new).await?;
    } else if !store::insert_override(tx.conn(), tenant, task.id, &new).await? {
        return Err(Error::Conflict(
            "Somebody else overrode this task a moment ago. Compare, then save again.".into(),
        ));
    }
    let mut event =
        AuditEvent::on(tenant, "task.override", key).reason(new.reason.clone()).after(snapshot(&new));
    if let Some(before) = &before {
        event = event.before(snapshot(before));
    }
    tx.commit(event).await
}

/// Keeps an override as it is although the global version moved: it now counts as made on the published version.
///
/// # Errors
/// `NotFound` without an override; `Conflict` when it changed since the page was made, or another version came out.
pub async fn keep_override(cx: &Ctx, tenant: TenantId, key: &str, version: i64, base: i32) -> Result<()> {
    cx.require(Permission::TaskOverride, Scope::Tenant(tenant)).await?;
    let (mut tx, task, published) = open(cx, tenant, key).await?;
    let before = store::lock_override(tx.conn(), tenant, task.id).await?;
    unchanged_since(before.as_ref(), version)?;
    let before = before.ok_or(Error::NotFound)?;
    if base != published.version {
        return Err(Error::Conflict(format!(
            "Version {} has been published in the meantime. Compare again.",
            published.version
        )));
    }
    let new = Override { base_version: base, author: cx.actor().name().to_owned(), ..before.clone() };
    store::update_override(tx.conn(), tenant, task.id, &new).await?;
    let event = AuditEvent::on(tenant, "task.keep_override", key)
        .before(json!({ "base_version": before.base_version }))
        .after(json!({ "base_version": base }));
    tx.commit(event).await
}

/// Takes the override away, whole or one part: the task follows the global default again, now and later (R39).
///
/// # Errors
/// `NotFound` when there is nothing to revert, `Conflict` when it changed since the page was made.
pub async fn revert(
    cx: &Ctx,
    tenant: TenantId,
    key: &str,
    part: Option<Part>,
    version: i64,
    reason: &str,
) -> Result<()> {
    cx.require(Permission::TaskOverride, Scope::Tenant(tenant)).await?;
    let reason =
        validate::optional(reason, "A reason", 1_000).map_err(|message| Error::field("reason", message))?;
    let (mut tx, task, _) = open(cx, tenant, key).await?;
    let before = store::lock_override(tx.conn(), tenant, task.id).await?;
    unchanged_since(before.as_ref(), version)?;
    let before = before.ok_or(Error::NotFound)?;
    if part.is_some_and(|part| !before.has(part)) {
        return Err(Error::NotFound);
    }
    let rest = Override {
        prompt: before.prompt.clone().filter(|_| part == Some(Part::Filters)),
        filters: before.filters.clone().filter(|_| part == Some(Part::Prompt)),
        author: cx.actor().name().to_owned(),
        ..before.clone()
    };
    let mut event = AuditEvent::on(tenant, "task.revert", key).before(snapshot(&before));
    if let Some(reason) = reason {
        event = event.reason(reason);
    }
    if rest.prompt.is_none() && rest.filters.is_none() {
        store::delete_override(tx.conn(), tenant, task.id).await?;
    } else {
        store::update_override(tx.conn(), tenant, task.id, &rest).await?;
        event = event.after(snapshot(&rest));
    }
    tx.commit(event).await
}

/// A write on one task of a tenant whose status allows it.
async fn open(cx: &Ctx, tenant: TenantId, key: &str) -> Result<(Tx, Task, TaskVersion)> {
    let mut tx = cx.begin_in(tenant, Work::Configure).await?;
    let parts =
        store::of_tenant(tx.conn(), tenant, Some(key)).await?.pop().ok_or(Error::NotFound)?.into_parts();
    Ok((tx, parts.task, parts.published))
}

/// Refuses a form that was made on another state of the override; says who changed it, when and why.
fn unchanged_since(now: Option<&Override>, version: i64) -> Result<()> {
    match now {
        None if version == 0 => Ok(()),
        None => Err(Error::Conflict(
            "The override has been reverted in the meantime. Nothing was changed.".into(),
        )),
        Some(o) if o.version == version => Ok(()),
        Some(o) => Err(Error::Conflict(format!(
            "{} changed this override on {} UTC: “{}”. Nothing was overwritten.",
            o.author,
            o.updated_at.format("%-d %b %Y %H:%M"),
            o.reason
        ))),
    }
}

/// What the audit log keeps of an override: all of it, so that what was reverted can be read again.
fn snapshot(o: &Override) -> Value {
    json!({ "prompt": o.prompt, "filters": o.filters, "base_version": o.base_version, "reason": o.reason, "author": o.author })
}

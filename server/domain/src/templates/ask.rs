//! A version for one tenant, because a person asked: an operation of the ledger as every other (R12, R33), so that it
//! waits for what else works on the tenant, and can be tried again and taken back.

use super::step::Asked;
use super::{apply, edit_store, store};
use crate::audit::AuditEvent;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::operations::{self, Request};
use model::operations::{Kind, Requested};
use model::permission::{Permission, Scope};
use model::validate::optional;
use model::work::Work;
use model::{OperationId, TenantId};
use serde_json::json;

/// Asks for a version to be applied to one tenant. Nothing is changed yet: the answer names the operation that does it.
///
/// # Errors
/// `NotFound` for a template or version that is not there; `Conflict` for one that is not published and that the tenant
/// is not on, for a tenant whose status does not allow it or that uses more than its quotas leave, and where one waits for a second person already; `Invalid` at
/// `reason`.
pub async fn request_apply(
    cx: &Ctx,
    tenant: TenantId,
    key: &str,
    version: i32,
    reason: &str,
) -> Result<Requested> {
    cx.require(Permission::TemplateApply, Scope::Tenant(tenant)).await?;
    if let Some(same) = operations::asked_before(cx).await? {
        return Ok(same);
    }
    let reason = optional(reason, "A reason", 1_000).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin_about(tenant, Work::Configure).await?;
    let to = edit_store::version_of_key(tx.conn(), key, version).await?.ok_or(Error::NotFound)?;
    let found = store::version(tx.conn(), to).await?.ok_or(Error::NotFound)?;
    let on = store::assigned(tx.conn(), tenant).await?;
    let there = on.is_some_and(|on| on.template.id == to.template && on.version == to.version);
    if let Some(why) = apply::unusable(&found.template.name, version, found.state).filter(|_| !there) {
        return Err(Error::Conflict(why));
    }
    let actual = store::actual(tx.conn(), tenant).await?;
    if let Some(why) = apply::too_small(tx.conn(), tenant, &found.bundle, &actual).await? {
        return Err(Error::Conflict(why));
    }
    let (_, _, name) = store::tenant(tx.conn(), tenant).await?;
    let id = OperationId(cx.new_id());
    if let Some(same) = operations::take(&mut tx, cx, id).await? {
        drop(tx);
        return operations::receipt(cx, same).await;
    }
    let request = Request {
        id,
        kind: Kind::ApplyTemplate,
        tenant,
        subject: &name,
        payload: serde_json::to_value(Asked { to, reason: reason.clone() })?,
        reason: reason.as_deref(),
        dedicated: false,
        parent: None,
        run_after: None,
    };
    let asked = operations::enqueue_one(&mut tx, cx, &request).await?;
    let after =
        json!({ "operation": id, "state": asked.state, "template": found.template.name, "version": version });
    let target = format!("{} {name}", Kind::ApplyTemplate.label());
    let mut event = AuditEvent::on(tenant, "operation.request", target).after(after);
    if let Some(reason) = &reason {
        event = event.reason(reason.as_str());
    }
    tx.commit(event).await?;
    operations::ring(cx);
    Ok(asked)
}

/// The same at once and past the ledger: for tests of what applying does.
///
/// # Errors
/// As [`super::apply`]; `NotFound` for a template or version that is not there.
#[cfg(any(test, feature = "testing"))]
pub async fn apply_to(
    cx: &Ctx,
    tenant: TenantId,
    key: &str,
    version: i32,
    reason: &str,
) -> Result<super::Applied> {
    cx.require(Permission::TemplateApply, Scope::Tenant(tenant)).await?;
    let reason = optional(reason, "A reason", 1_000).map_err(|why| Error::field("reason", why))?;
    let mut tx = cx.begin_about(tenant, Work::Configure).await?;
    let at = edit_store::version_of_key(tx.conn(), key, version).await?.ok_or(Error::NotFound)?;
    let applied = apply::apply(tx.conn(), cx, tenant, at, reason.as_deref()).await?;
    if applied.changed {
        let mut event = applied.event();
        if let Some(reason) = reason {
            event = event.reason(reason);
        }
        tx.commit(event).await?;
        cx.services().settings().forget();
    }
    Ok(applied)
}

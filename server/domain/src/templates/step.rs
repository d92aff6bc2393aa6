//! The operation that applies a version to one tenant: one step, whose effect and record are one commit.

use super::{apply, rollout_store, store};
use crate::error::Result;
use crate::operations::step::{At, Step, step};
use model::templates::{Effect, VersionRef};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What an operation is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub to: VersionRef,
    pub reason: Option<String>,
}

/// What the operation is asked for with, by whoever asks for many.
pub(crate) fn payload(to: VersionRef, reason: &str) -> Result<Value> {
    Ok(serde_json::to_value(Asked { to, reason: Some(reason.to_owned()) })?)
}

pub(crate) static STEPS: &[Step] = &[step!(Sql, "apply", "Apply the template", one)];

mod one {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        let asked: Asked = at.payload()?;
        let (tenant, operation, cx) = (at.tenant(), at.op.id, at.cx.clone());
        let applied =
            apply::apply_as(at.conn()?, &cx, tenant, asked.to, asked.reason.as_deref(), Some(operation))
                .await?;
        if applied.changed {
            let event = applied.event();
            at.audit(match asked.reason {
                Some(reason) => event.reason(reason),
                None => event,
            });
        }
        at.log(format!(
            "{}, version {}: {} changed, {} kept",
            applied.template,
            applied.version,
            applied.count(Effect::Changes),
            applied.count(Effect::Kept)
        ));
        Ok(json!({
            "template": applied.template, "version": applied.version, "changed": applied.count(Effect::Changes),
            "kept": applied.count(Effect::Kept), "was_so_already": !applied.changed,
        }))
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, operation) = (at.tenant(), at.op.id);
        let done = rollout_store::application(at.conn()?, tenant, operation).await?;
        Ok(done.map(|done| json!({ "version": done.to.version, "changed": done.changed })))
    }

    /// Back to what it was: the version before, without the fields and the states of tasks that came with this one.
    pub(super) async fn undo(at: &mut At) -> Result<()> {
        let (tenant, operation) = (at.tenant(), at.op.id);
        let conn = at.conn()?;
        let Some(done) = rollout_store::application(conn, tenant, operation).await? else { return Ok(()) };
        rollout_store::take_back(conn, tenant, operation, &done).await?;
        super::super::align::refresh_in(conn, tenant).await?;
        let on = store::lock_assigned(conn, tenant).await?;
        at.audit(
            crate::audit::AuditEvent::on(tenant, "template.undo", at.op.subject.clone())
                .before(json!({ "version": done.to.version }))
                .after(json!({ "version": on.map(|on| on.version) })),
        );
        Ok(())
    }
}

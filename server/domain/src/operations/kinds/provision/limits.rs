//! The limits that a new tenant was asked for with, over those of its plan and its template (R74), and who looks after it.
//!
//! A server of a version that does not know them may have done the steps before: what it left out is seen ([`lacking`]), and
//! done by whoever knows them.

use super::{ProvisionRequest, store};
use crate::audit::AuditEvent;
use crate::error::Result;
use crate::operations::step::At;
use crate::tenants;
use model::plans::limit_text;
use serde_json::{Map, Value, json};

/// Writes them, each with its line in the tenant's log; answers what holds now, by meter.
pub(super) async fn put(at: &mut At, asked: &ProvisionRequest) -> Result<Value> {
    let (tenant, by) = (at.tenant(), at.cx.actor().name().to_owned());
    for one in &asked.limits {
        if store::limits::put(at.conn()?, tenant, one, &by).await? {
            at.audit(
                AuditEvent::on(tenant, "tenant.set_limit", one.meter.label())
                    .reason(one.reason.clone())
                    .after(json!({ "meter": one.meter, "limit": one.limit })),
            );
        }
    }
    if !asked.limits.is_empty() {
        crate::templates::refresh_in(at.conn()?, tenant).await?;
    }
    let now = crate::plans::effective_on(at.conn()?, tenant, asked.plan).await?;
    let words = |line: model::limits::Effective| {
        let text = limit_text(line.meter, Some(line.limit));
        (line.meter.as_str().to_owned(), json!({ "limit": text, "by": line.source }))
    };
    Ok(Value::Object(now.into_iter().map(words).collect::<Map<_, _>>()))
}

/// Gives it the owner that it was asked for with, where the record was made without.
pub(super) async fn look_after(at: &mut At, asked: &ProvisionRequest) -> Result<()> {
    let Some(owner) = asked.owner else { return Ok(()) };
    let tenant = at.tenant();
    let Some(owner) = tenants::owner(at.conn()?, owner).await? else { return Ok(()) };
    if store::limits::give_owner(at.conn()?, tenant, owner.id).await? {
        let event = AuditEvent::on(tenant, "tenant.change_details", asked.name.clone());
        at.audit(event.after(json!({ "owner": owner.id, "owner_name": owner.name })));
    }
    Ok(())
}

/// What is not there of the limits and the owner that it was asked for with, in words. Whose account was closed since is no
/// owner that is missing.
pub(super) async fn lacking(at: &mut At, asked: &ProvisionRequest) -> Result<Vec<String>> {
    let tenant = at.tenant();
    let meters = store::limits::lacking(at.conn()?, tenant, &asked.limits).await?;
    let mut out: Vec<String> =
        meters.into_iter().map(|meter| format!("Its own limit is not set: {}.", meter.label())).collect();
    if let Some(owner) = asked.owner
        && store::limits::owner(at.conn()?, tenant).await?.is_none()
        && tenants::owner(at.conn()?, owner).await?.is_some()
    {
        out.push("Nobody looks after it, although somebody was named.".to_owned());
    }
    Ok(out)
}

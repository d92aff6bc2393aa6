//! The first steps: what can be said before anything is there, and the record that everything else hangs on.

use super::{ProvisionRequest, template_key};
use crate::operations::step::At;

/// Looks at everything once more that may have changed since the request: approval takes its time.
pub(super) mod validate {
    use super::super::{store, terms, unfit_people};
    use super::*;
    use crate::error::{Error, Result};
    use model::operations::State;
    use model::usage::Limit;
    use serde_json::{Map, Value, json};

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let (tenant, approved_by) = (at.tenant(), at.op.approved_by.clone());
        let conn = at.conn()?;
        if let Some(problem) = store::taken_by_others(conn, tenant, &asked).await? {
            return Err(Error::Conflict(problem));
        }
        if let Some((_, problem)) = unfit_people(conn, &asked).await? {
            return Err(Error::Conflict(problem));
        }
        let (key, version) = (template_key(&asked), asked.template_version);
        let template = crate::templates::to_begin_with(conn, key, version).await?;
        let resources: Map<String, Value> = terms::limits(conn, &asked)
            .await?
            .into_iter()
            .map(|line| (line.meter.as_str().to_owned(), resource(line.limit)))
            .collect();
        Ok(json!({
            "template": template.template.key, "template_version": template.version, "plan": asked.plan,
            "resources": resources, "billing_reference": asked.billing_reference, "approved_by": approved_by,
        }))
    }

    /// A number, or the word for none.
    fn resource(limit: Limit) -> Value {
        match limit {
            Limit::Number(hard) => json!(hard),
            Limit::Unlimited | Limit::Custom => json!(limit),
        }
    }

    pub(in super::super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    /// After a failure the names stay taken for a retry.
    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let id = at.op.id;
        if at.ending != Some(State::Failed) {
            store::give_names_back(at.conn()?, id).await?;
        }
        Ok(())
    }
}

pub(super) mod row {
    use super::super::store;
    use super::*;
    use crate::audit::AuditEvent;
    use crate::ctx::Reach;
    use crate::error::Result;
    use model::operations::State;
    use model::tenants::Status;
    use serde_json::{Value, json};

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let (tenant, id) = (at.tenant(), at.op.id);
        let conn = at.conn()?;
        let (new, owner) = store::insert(conn, tenant, &asked).await?;
        store::give_names_back(conn, id).await?;
        let state = json!({
            "slug": asked.slug, "status": Status::Provisioning, "plan": asked.plan, "placement": asked.placement, "owner": owner,
        });
        let action = if new { "tenant.create" } else { "tenant.provision_again" };
        at.audit(AuditEvent::on(tenant, action, asked.name.clone()).after(&state));
        if new {
            crate::notifications::announce(
                at.tx()?,
                tenant,
                model::notifications::Event::TenantCreated,
                json!({}),
            )
            .await?;
        }
        Ok(state)
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        Ok(store::status(at.conn()?, tenant).await?.map(|status| json!({ "status": status })))
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let (tenant, why) = (at.tenant(), at.op.error.clone().unwrap_or_default());
        let Some(status) = store::status(at.conn()?, tenant).await? else { return Ok(()) };
        let keep = at.ending == Some(State::Failed);
        let conn = at.reach(Reach::Provision).await?;
        if keep {
            store::wipe(conn, tenant, &[]).await?;
        } else {
            store::forget(conn, tenant).await?;
        }
        let conn = at.reach(Reach::Fleet).await?;
        let after = if keep {
            store::fail(conn, tenant, &why).await?;
            json!({ "status": Status::Failed })
        } else {
            Value::Null
        };
        let action = if keep { "tenant.fail" } else { "tenant.forget" };
        let event = AuditEvent::on(tenant, action, at.op.subject.clone())
            .before(json!({ "status": status }))
            .after(after);
        at.audit(event);
        Ok(())
    }
}

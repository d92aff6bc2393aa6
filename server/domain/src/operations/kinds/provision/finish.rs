//! The last steps: the success criteria of `seeds/001` with their evidence (R25), and the opening.

use super::people::let_in;
use super::{ProvisionRequest, store};
use crate::error::{Error, Result};
use crate::operations::step::At;
use serde_json::{Value, json};

pub(super) mod criteria {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let criteria = super::super::acceptance::criteria(at).await?;
        let unmet: Vec<_> =
            criteria.iter().filter(|c| !c.met).map(|c| format!("{}: {}", c.criterion, c.evidence)).collect();
        if !unmet.is_empty() {
            return Err(Error::Conflict(format!("Not met: {}", unmet.join(" "))));
        }
        Ok(json!({ "criteria": criteria }))
    }

    pub(in super::super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(in super::super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

pub(super) mod activate {
    use super::*;
    use crate::audit::AuditEvent;
    use crate::notifications::announce;
    use model::notifications::Event;
    use model::tenants::Status;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let to = if asked.trial_days > 0 { Status::Trial } else { Status::Active };
        if !store::open(at.conn()?, tenant, to, asked.trial_days).await? {
            return check(at).await?.ok_or(Error::NotFound);
        }
        at.audit(
            AuditEvent::on(tenant, "tenant.activate", asked.name.clone())
                .before(json!({ "status": Status::Provisioning }))
                .after(json!({ "status": to, "trial_days": asked.trial_days })),
        );
        announce(at.tx()?, tenant, Event::TenantProvisioned, json!({ "status": to })).await?;
        for person in let_in(at) {
            let data = json!({ "user": { "id": person.user, "name": person.name, "email": person.email, "role": person.role } });
            announce(at.tx()?, tenant, Event::UserInvited, data).await?;
        }
        Ok(json!({ "status": to }))
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let status = store::status(at.conn()?, tenant).await?;
        Ok(status
            .filter(|s| matches!(s, Status::Trial | Status::Active))
            .map(|status| json!({ "status": status })))
    }

    /// Closes it again, so that the steps before can be undone.
    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        store::close(at.conn()?, tenant).await
    }
}

//! The last steps: the success criteria of `seeds/001` with their evidence (R25), and the opening.

use super::people::let_in;
use super::{ProvisionRequest, store};
use crate::error::{Error, Result};
use crate::operations::step::At;
use serde_json::{Value, json};

pub(super) mod criteria {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let output = |step: &str, field: &str| {
            at.outputs.get(step).and_then(|o| o.get(field)).cloned().unwrap_or_default()
        };
        let (attempts, values) = (output("isolation", "passed"), output("smoke", "values"));
        let facts = store::facts(at.conn()?, tenant).await?;
        let wanted = asked.admin.iter().chain(&asked.people).count() as i64;
        let criteria = [
            (
                "The tenant can authenticate and access the system",
                facts.members >= wanted,
                if wanted == 0 {
                    "Nobody was to be let in yet.".to_owned()
                } else {
                    format!(
                        "{} of {wanted} people have their place and can set a password once it is open.",
                        facts.members
                    )
                },
            ),
            (
                "Data isolation is verified through testing",
                facts.proven,
                format!("{attempts} attempts to get at something foreign were refused."),
            ),
            (
                "All security policies are active",
                facts.policies > 0 && facts.forced,
                format!(
                    "{} settings of its template hold; row level security is forced on every table.",
                    facts.policies
                ),
            ),
            (
                "Monitoring and alerting are operational",
                facts.monitors > 0 && facts.backups > 0,
                format!("{} monitors, {} backup schedules.", facts.monitors, facts.backups),
            ),
            (
                "A conversation goes through",
                values.as_i64() > Some(0),
                format!("Values that the smoke test wrote: {values}."),
            ),
        ];
        let unmet: Vec<_> = criteria
            .iter()
            .filter(|(_, met, _)| !met)
            .map(|(name, _, said)| format!("{name}: {said}"))
            .collect();
        if !unmet.is_empty() {
            return Err(Error::Conflict(format!("Not met: {}", unmet.join(" "))));
        }
        let list: Vec<_> = criteria
            .iter()
            .map(|(name, met, said)| json!({ "criterion": name, "met": met, "evidence": said }))
            .collect();
        Ok(json!({ "criteria": list }))
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

//! The first people of a tenant (R21–R23): accounts without a password, and their place. They are invited by the last step.

use super::{ProvisionRequest, store};
use crate::audit::AuditEvent;
use crate::operations::step::At;
use model::operations::Person;
use serde::{Deserialize, Serialize};

/// Somebody who was let in.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LetIn {
    pub user: uuid::Uuid,
    pub email: String,
    pub name: String,
    pub role: model::permission::Role,
    /// The account was made for it, so that undoing takes it away again.
    pub created: bool,
}

fn everybody(asked: &ProvisionRequest) -> impl Iterator<Item = &Person> {
    asked.admin.iter().chain(&asked.people)
}

pub(super) mod administrator {
    use super::*;
    use crate::ctx::Reach;
    use crate::error::{Error, Result};
    use serde_json::{Value, json};

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let (tenant, cx, since) = (at.tenant(), at.cx.clone(), at.op.requested_at);
        // Looked at once more where it counts: somebody may have been given a role of the platform since.
        if let Some((_, problem)) = super::super::unfit_people(at.conn()?, &asked).await? {
            return Err(Error::Conflict(problem));
        }
        // Accounts in one order for everybody: two tenants with the same new people never wait for each other in a circle.
        let mut wanted: Vec<&Person> = everybody(&asked).collect();
        wanted.sort_by(|a, b| a.email.cmp(&b.email));
        let mut people = Vec::new();
        for person in wanted {
            let conn = at.conn()?;
            let (user, created) =
                store::account(conn, cx.new_id(), &person.email, &person.name, since).await?;
            store::member(conn, tenant, user, person.role).await?;
            at.audit(
                AuditEvent::on(tenant, "member.set", person.email.clone())
                    .after(json!({ "role": person.role, "account": if created { "new" } else { "known" } })),
            );
            people.push(LetIn {
                user,
                email: person.email.clone(),
                name: person.name.clone(),
                role: person.role,
                created,
            });
        }
        Ok(json!({ "people": people }))
    }

    pub(in super::super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        let people = let_in(at);
        let conn = at.reach(Reach::Provision).await?;
        store::wipe(conn, tenant, &["member"]).await?;
        for person in people.iter().filter(|person| person.created) {
            store::drop_account(conn, person.user).await?;
        }
        Ok(())
    }
}

/// Whom the step has let in.
pub(super) fn let_in(at: &At) -> Vec<LetIn> {
    at.outputs
        .get("administrator")
        .and_then(|output| serde_json::from_value(output.get("people")?.clone()).ok())
        .unwrap_or_default()
}

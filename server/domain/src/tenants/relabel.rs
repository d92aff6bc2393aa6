//! Changing owner and tags of one tenant as an operation, for bulk work: what its one step does, how it is seen, and how
//! it is taken back. A person on the page of the details does it at once: [`super::details`].
//!
//! Invariants: decided on the version that was previewed; an owner is looked up again when it is done; taken back, owner
//! and tags are as they were, and nothing else is touched.

use super::lifecycle::changed_since;
use super::store::details as store;
use crate::audit::AuditEvent;
use crate::error::{Error, Result};
use crate::operations::step::{At, Step, step};
use model::UserId;
use model::work::Work;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) static CHANGE_DETAILS: &[Step] = &[step!(Sql, "details", "Change owner and tags", details)];

/// What can be changed on many tenants at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Labels {
    pub owner: Option<UserId>,
    /// For people.
    pub owner_name: Option<String>,
    pub tags: Vec<String>,
}

impl Labels {
    /// Names of people may change meanwhile.
    fn is(&self, other: &Self) -> bool {
        self.owner == other.owner && self.tags == other.tags
    }
}

/// What a change is asked for with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Relabelling {
    /// The version of the tenant that it was decided on.
    pub version: i64,
    pub reason: String,
    pub was: Labels,
    pub to: Labels,
}

mod details {
    use super::*;

    pub(super) async fn act(at: &mut At) -> Result<Value> {
        if let Some(done) = check(at).await? {
            return Ok(done);
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Relabelling>()?);
        let before = store::lock(at.conn()?, tenant).await?;
        if before.version != asked.version {
            let what = changed_since(at.conn()?, tenant, asked.version).await?;
            return Err(Error::Conflict(format!("{what}, after the preview. Nothing was done.")));
        }
        Work::Record.check(before.status).map_err(Error::Conflict)?;
        if let Some(owner) = asked.to.owner.filter(|owner| before.owner != Some(*owner))
            && store::owner(at.conn()?, owner).await?.is_none()
        {
            let who = asked.to.owner_name.as_deref().unwrap_or("This person");
            return Err(Error::Conflict(format!("{who} may not look after tenants any more.")));
        }
        store::set_labels(at.conn()?, tenant, &asked.to).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.change_details", before.name.clone())
            .reason(asked.reason)
            .before(&before)
            .after(&after);
        at.audit(event);
        check(at).await?.ok_or(Error::NotFound)
    }

    pub(super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let (tenant, asked) = (at.tenant(), at.payload::<Relabelling>()?);
        let row = store::get(at.conn()?, tenant).await?;
        Ok(row.labels().is(&asked.to).then(|| json!({ "owner": row.owner_name, "tags": row.tags })))
    }

    pub(super) async fn undo(at: &mut At) -> Result<()> {
        if check(at).await?.is_none() {
            return Ok(());
        }
        let (tenant, asked) = (at.tenant(), at.payload::<Relabelling>()?);
        let before = store::lock(at.conn()?, tenant).await?;
        store::set_labels(at.conn()?, tenant, &asked.was).await?;
        let after = store::get(at.conn()?, tenant).await?;
        let event = AuditEvent::on(tenant, "tenant.details_change_undone", before.name.clone())
            .before(&before)
            .after(&after);
        at.audit(event);
        Ok(())
    }
}

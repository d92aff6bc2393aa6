//! Where the data of the tenant is, that it is found quickly there, and that nobody else gets at it.

use super::ProvisionRequest;
use super::store;
use crate::ctx::Reach;
use crate::error::{Error, Result};
use crate::operations::step::At;
use model::tenants::Placement;
use serde_json::{Value, json};

/// Shared tables, or a schema and a role of its own (R16).
pub(super) mod placement {
    use super::*;

    /// Dedicated tenants of one database at most (security.md 3.3).
    const MOST: i64 = 1_000;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        if asked.placement == Placement::Dedicated {
            if store::dedicated(at.conn()?).await? > MOST {
                return Err(Error::Conflict(format!(
                    "This cell holds {MOST} tenants with schemas of their own. Use another cell, or shared tables."
                )));
            }
            store::create_namespace(at.reach(Reach::Provision).await?, tenant).await?;
            at.reach(Reach::Fleet).await?;
        }
        check(at).await?.ok_or_else(|| Error::Internal("its tables are not there".into()))
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let asked: ProvisionRequest = at.payload()?;
        let tenant = at.tenant();
        let there = store::place(at.conn()?, tenant, asked.placement).await?;
        Ok(there.map(|(schema, role, tables)| json!({ "placement": asked.placement, "schema": schema, "role": role, "tables": tables })))
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let tenant = at.tenant();
        store::drop_namespace(at.reach(Reach::Provision).await?, tenant).await
    }
}

/// Indexes that begin with the tenant, and the function that tells programs whose data this is (R17).
pub(super) mod indexes {
    use super::*;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        check(at).await?.ok_or_else(|| Error::Internal("an index or the context function is missing".into()))
    }

    pub(in super::super) async fn check(at: &mut At) -> Result<Option<Value>> {
        let tenant = at.tenant();
        let conn = at.reach(Reach::Tenant(tenant)).await?;
        let context = store::context(conn).await?;
        let indexes = store::indexes(conn).await?;
        let found = (context == Some(tenant.0) && !indexes.is_empty())
            .then(|| json!({ "context": "tenant_context()", "indexes": indexes }));
        at.reach(Reach::Fleet).await?;
        Ok(found)
    }

    pub(in super::super) async fn undo(_at: &mut At) -> Result<()> {
        Ok(())
    }
}

/// The attack probe, with its evidence (R25, R127).
pub(super) mod isolation {
    use super::*;
    use crate::isolation::{Trigger, probe};

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let system = at.cx.services().system("provisioning");
        let evidence = probe(&system, at.tenant(), Trigger::Provisioning).await?;
        if let Some(problems) = evidence.problems() {
            return Err(Error::Conflict(format!("Its isolation is not proven: {problems}.")));
        }
        at.log(format!("{} attempts to get at something foreign, all refused.", evidence.passed));
        Ok(json!({ "run": evidence.id, "passed": evidence.passed, "failed": evidence.failed }))
    }

    /// Never: what was proven a while ago is proven again.
    pub(in super::super) async fn check(_at: &mut At) -> Result<Option<Value>> {
        Ok(None)
    }

    pub(in super::super) async fn undo(at: &mut At) -> Result<()> {
        let mut tx = at.cx.begin(Reach::Provision).await?;
        store::wipe(tx.conn(), at.tenant(), &["isolation_newest", "isolation_run"]).await?;
        tx.commit_unaudited("the undoing of a step").await
    }
}

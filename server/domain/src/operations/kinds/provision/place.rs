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

/// The attack probe, with its evidence (R25, R127). That of a proof that failed stays in the ledger, whatever is undone.
pub(super) mod isolation {
    use super::super::STEPS;
    use super::*;
    use crate::isolation::{Evidence, Trigger, probe};
    use crate::operations::store as ledger;

    pub(in super::super) async fn act(at: &mut At) -> Result<Value> {
        let system = at.cx.services().system("provisioning");
        let evidence = probe(&system, at.tenant(), Trigger::Provisioning).await?;
        if let Some(problems) = evidence.problems() {
            keep(at, &evidence).await?;
            return Err(Error::Conflict(format!("Its isolation is not proven: {problems}.")));
        }
        at.log(format!("{} attempts to get at something foreign, all refused.", evidence.passed));
        Ok(json!({ "run": evidence.id, "passed": evidence.passed, "failed": evidence.failed }))
    }

    /// What did not come out as it must, in full, in the log of the operation: the run itself is a row of the tenant, and
    /// goes with all of them when this failure is undone. Committed by itself, for nothing of a step that fails is.
    async fn keep(at: &mut At, evidence: &Evidence) -> Result<()> {
        let mut lines = vec![format!(
            "Run {} of the isolation probe on {} ({}): {} attempts came out as they must, {} did not.",
            evidence.id,
            evidence.slug,
            evidence.placement.label(),
            evidence.passed,
            evidence.failed
        )];
        let wrong = evidence.attempts.iter().filter(|attempt| !attempt.passed);
        lines.extend(wrong.map(|a| format!("{}: expected {}, got {}", a.name, a.expected, a.actual)));
        let seq = STEPS.iter().position(|step| step.name == "isolation").map_or(0, |place| place + 1);
        let mut tx = at.cx.begin(Reach::Fleet).await?;
        ledger::log(tx.conn(), &at.op, i16::try_from(seq).unwrap_or(0), &lines).await?;
        tx.commit_unaudited("the log of the ledger").await
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

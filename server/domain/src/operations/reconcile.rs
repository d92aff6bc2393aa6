//! Looks for what no operation stands for any more: schemas, roles, accounts, rows and names that a crash, a restored backup
//! or a hand has left behind; and for operations that nobody moves and notices that nobody was told. It changes nothing: each finding says how to clean it.

use super::store::reconcile as store;
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use model::TenantId;
use model::permission::{Permission, Scope};
use serde::Serialize;

/// Something that should not be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `schema`, `role`, `tenant`, `name`, `account`, `conversation`, `vectors`, `notice` or `operation`.
    pub kind: String,
    pub object: String,
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

/// Everything that is left over; nothing is a pass.
pub async fn reconcile(cx: &Ctx) -> Result<Vec<Finding>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let mut all = store::findings(read.conn()).await?;
    let dedicated = store::dedicated(read.conn()).await?;
    drop(read);
    for (tenant, schema) in dedicated {
        match within(cx, tenant, &schema).await {
            Ok(found) => all.extend(found),
            // One that is broken hides nothing of the others.
            Err(error) => all.push(Finding {
                kind: "schema".into(),
                object: schema,
                why: format!("It could not be looked into: {error}"),
                remedy: format!("As the administrator: SELECT prov.create_namespace('{tenant}')"),
            }),
        }
    }
    all.sort_by(|a, b| (&a.kind, &a.object).cmp(&(&b.kind, &b.object)));
    Ok(all)
}

/// In the schema of one tenant, with its role.
async fn within(cx: &Ctx, tenant: TenantId, schema: &str) -> Result<Vec<Finding>> {
    let mut read = cx.read(Reach::Within(tenant)).await?;
    store::within(read.conn(), tenant, schema).await
}

/// Forgets callers' keys that are a day old.
pub async fn sweep(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::OperationControl, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let gone = store::old_keys(tx.conn()).await?;
    tx.commit_unaudited("removal of keys that mean nothing any more").await?;
    Ok(gone)
}

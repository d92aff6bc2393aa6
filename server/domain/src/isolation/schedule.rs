//! The schedule of proofs: each tenant in service once an hour, as far as an eighth of the time of each process reaches.
//!
//! A proof is some sixty small transactions: about 0.1 s on two busy cores. After each the process rests seven times as long
//! as it took, so that proofs never crowd out what people ask for, and do less where the machine has more to do. So one
//! process makes about 4,500 proofs an hour: with more tenants each waits longer, with 100,000 not quite a day. Several
//! processes share the work, by claims in the database, and reach accordingly more.
//!
//! Who needs it most comes first: whoever is not proven, for a fifth of the turns at most, so that many of them do not keep
//! the others from theirs; who was never verified; then the longest wait.
//!
//! What is kept of it: the newest run of each tenant, the one of its provisioning, and those by hand that did not hold; those
//! by hand that held for [`KEPT_DAYS`]; and of those by schedule, for as long, of each day the last that held and the first
//! and the last that did not. The rest goes when the tenant's next run is kept: what is not mended does not pile up.

use super::{probe, store};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use model::TenantId;
use model::isolation::Trigger;
use model::permission::{Permission, Scope};
use std::time::Instant;

/// Days for which runs are kept that nothing else keeps.
pub(super) const KEPT_DAYS: i32 = 90;
/// Tenants that are claimed at once: a minute of work.
const BATCH: i64 = 50;
/// How long a process rests, in times of the proof before.
const REST: u32 = 7;

/// Claims tenants and proves them, one after the other with rests between; how many. One that cannot be probed keeps
/// nobody else from it, and has its next turn in an hour.
pub async fn prove_some(cx: &Ctx) -> Result<usize> {
    let tenants = claim(cx, BATCH).await?;
    for tenant in &tenants {
        let begun = Instant::now();
        if let Err(error) = probe(cx, *tenant, Trigger::Schedule).await {
            tracing::error!(%tenant, %error, "the isolation of a tenant could not be probed");
        }
        tokio::time::sleep(begun.elapsed() * REST).await;
    }
    Ok(tenants.len())
}

/// Whose turn it is, `limit` at most; for an hour, or until they are proven, they are nobody else's.
pub(super) async fn claim(cx: &Ctx, limit: i64) -> Result<Vec<TenantId>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let claimed = store::claim(tx.conn(), limit).await?;
    tx.commit_unaudited("whose proof is under way").await?;
    Ok(claimed)
}

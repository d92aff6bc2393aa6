//! What a wave is judged by: what the database knows of its tenants, and how their tasks fare (R32).
//!
//! Invariants: only what a rule asks for is read; tasks are looked at of a sample of the wave, the same at every look; runs
//! of a tenant with a schema of its own are counted in it, when no other connection is held; a tenant whose runs cannot be
//! read is left out, and the numbers say of how many tenants they are.

use super::graduation_store::{self as store, Applied, Runs};
use super::rollout_store::Row;
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use chrono::{DateTime, Utc};
use model::templates::{Measures, Rules, TaskRuns};
use model::tenants::Placement;
use sqlx::PgConnection;

/// Tenants with a schema of their own whose runs are counted for one look: each is a transaction of its own.
const OWN_MAX: usize = 20;

/// What is known of the current wave of a roll-out, and the tenants of the sample whose runs lie in schemas of their own:
/// those are for [`add_own`]. `connection` is of reach `Fleet`.
pub(super) async fn measures(
    connection: &mut PgConnection,
    row: &Row,
    rules: Rules,
) -> Result<(Measures, Vec<Applied>)> {
    let mut seen = store::measures(&mut *connection, row.id).await?;
    if rules.tasks.is_none() {
        return Ok((seen, vec![]));
    }
    let (sample, applied) = store::applied(&mut *connection, row.id).await?;
    seen.tasks.applied = applied;
    let (own, shared): (Vec<_>, Vec<_>) =
        sample.into_iter().partition(|one| one.placement == Placement::Dedicated);
    for runs in store::task_runs(connection, &shared, row.wave_since).await? {
        seen.tasks.add(runs.before, runs.since);
    }
    Ok((seen, own))
}

/// Counts the runs of tenants with schemas of their own. The caller holds no connection.
pub(super) async fn add_own(cx: &Ctx, own: Vec<Applied>, wave_since: DateTime<Utc>, tasks: &mut TaskRuns) {
    for one in own.into_iter().take(OWN_MAX) {
        let tenant = one.tenant;
        match own_runs(cx, one, wave_since).await {
            Ok(counted) => counted.iter().for_each(|runs| tasks.add(runs.before, runs.since)),
            Err(error) => {
                tracing::warn!(%tenant, %error, "the task runs of a tenant could not be counted");
            }
        }
    }
}

/// The runs of a tenant that keeps them in a schema of its own.
async fn own_runs(cx: &Ctx, one: Applied, wave_since: DateTime<Utc>) -> Result<Vec<Runs>> {
    let mut read = cx.read(Reach::Within(one.tenant)).await?;
    store::task_runs(read.conn(), &[one], wave_since).await
}

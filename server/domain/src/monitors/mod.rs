//! Monitors (R24): what provisioning sets up for a tenant is looked at, and raises one alert per tenant and kind.
//!
//! [`tick`] is called every few seconds by every process. It takes up to [`BATCH`] tenants whose turn it is, by a claim that
//! passes over what others hold; a tenant in service has its turn once in a quarter of an hour, any other one in six hours.
//! What is found is judged by `judge`, which knows no database: an alert is raised and cleared after two looks in a row that
//! say so, with a gap between the two thresholds.
//!
//! What a tick costs: where nobody is due, one look into an index. Else, for all of the batch together, seven statements
//! that read single ranges of indexes (for each tenant: the last hour with conversations, the newest [`RUNS`] task runs, its
//! days of storage, its newest proof) and one small write for each tenant; a monitor's own row is written only when its
//! state changes. 100,000 tenants are 110 such looks a second for the whole fleet, which one process does; a tenant with a
//! schema of its own costs one read more, and a kind with something to tell one range of an hour's notices. With fewer
//! processes than that takes, each tenant waits longer and none is forgotten.
//!
//! Invariants: whoever changes a monitor's state announces it, once, in the same transaction; of many within an hour, however
//! many ticks they came in, one notice tells the number. What is scheduled for backups follows the settings at the tenant's
//! next turn, whoever changed them: the tenant, one above it, its template or the platform. Nothing is looked at while a
//! tenant is not in service; [`sweep`] gives those their turn that are again. What the probe of isolation found is for whoever
//! may read the audit log.

mod judge;
mod store;
#[cfg(test)]
mod tests;

use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::{notifications, settings};
use judge::{Found, judge, next};
use model::TenantId;
use model::monitors::{Kind, Monitoring, State};
use model::notifications::Event;
use model::permission::{Actor, Permission, Scope};
use model::settings::{Key, Value};
use model::tenants::Placement;
use sqlx::PgConnection;
use store::Change;

/// Tenants of one tick.
const BATCH: i64 = 1_000;
/// Task runs of a tenant that are looked at.
const RUNS: i64 = 100;
/// Alerts of a kind that are told one by one within an hour; of more the number is told.
const EACH: i64 = 20;

/// Days between two copies of everything, by the setting's word.
pub(crate) fn backup_days(word: Option<&str>) -> i32 {
    match word {
        Some("weekly") => 7,
        Some("monthly") => 30,
        _ => 1,
    }
}

/// Looks at whoever's turn it is; how many tenants that were.
pub async fn tick(cx: &Ctx) -> Result<usize> {
    only_system(cx).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let due = store::claim(tx.conn(), BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    tx.commit_unaudited("whose turn it is").await?;
    evaluate(cx, &due).await?;
    Ok(due.len())
}

/// Gives a turn to monitors that have none, which a server of the version before has set up, and to tenants that are in
/// service again.
pub async fn sweep(cx: &Ctx) -> Result<()> {
    only_system(cx).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::missing_turns(tx.conn()).await?;
    store::wake(tx.conn()).await?;
    tx.commit_unaudited("whose turn it is").await
}

/// How a tenant's monitors stand, and what its backups are scheduled for.
pub async fn of_tenant(cx: &Ctx, tenant: TenantId) -> Result<Monitoring> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    // What was accepted stands in the ledger of provisioning, which people of a tenant are not shown.
    let may = cx.actor().is_platform() && cx.actor().allows(Permission::OperationRead, Scope::Tenant(tenant));
    // Words of the newest proof: they are its history's, and shown to the same people.
    let proofs = cx.actor().allows(Permission::AuditRead, Scope::Tenant(tenant));
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let (evaluated_at, rests) = store::standing(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let mut monitors = store::of_tenant(read.conn(), tenant).await?;
    monitors.retain(|monitor| proofs || monitor.kind != Kind::Isolation);
    let backups = store::backups(read.conn(), tenant).await?;
    let accepted = if may { store::accepted(read.conn(), tenant).await? } else { None };
    Ok(Monitoring { monitors, evaluated_at, backups, rests, accepted })
}

/// Looks at a tenant that is being made, in the transaction of its provisioning (reach `Fleet`): nothing is raised yet, and
/// from then on it is known that its monitors work.
pub(crate) async fn evaluate_in(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    let tenants = [tenant];
    let (found, round) = (store::found(connection, &tenants).await?, store::round(connection).await?);
    write(connection, &found, round).await?;
    Ok(())
}

/// The server's own work.
async fn only_system(cx: &Ctx) -> Result<()> {
    cx.require(Permission::HealthFleet, Scope::Platform).await?;
    if matches!(cx.actor(), Actor::System { .. }) {
        Ok(())
    } else {
        Err(Error::Forbidden(Permission::HealthFleet))
    }
}

async fn evaluate(cx: &Ctx, tenants: &[TenantId]) -> Result<()> {
    let mut read = cx.read(Reach::Fleet).await?;
    let round = store::round(read.conn()).await?;
    let mut found = store::found(read.conn(), tenants).await?;
    let pooled: Vec<_> =
        found.iter().filter(|f| f.placement == Placement::Pooled).map(|f| f.tenant).collect();
    let runs = store::runs(read.conn(), &pooled, RUNS).await?;
    drop(read);
    for one in &mut found {
        one.runs = match one.placement {
            Placement::Pooled => runs.get(&one.tenant).copied(),
            Placement::Dedicated => match own_runs(cx, one.tenant).await {
                Ok(runs) => runs,
                Err(error) => {
                    // The other monitors of it, and everybody else's, are looked at all the same.
                    tracing::warn!(tenant = %one.tenant, %error, "the task runs of a tenant could not be counted");
                    None
                }
            },
        };
    }
    let resting: Vec<TenantId> =
        tenants.iter().copied().filter(|tenant| !found.iter().any(|found| found.tenant == *tenant)).collect();
    let mut tx = cx.begin(Reach::Fleet).await?;
    follow(tx.conn(), tenants).await?;
    store::rest(tx.conn(), &resting).await?;
    let changes = write(tx.conn(), &found, round).await?;
    tell(&mut tx, &changes).await?;
    tx.commit_unaudited("monitors are their own record").await
}

/// The newest runs of a tenant that keeps them in a schema of its own.
async fn own_runs(cx: &Ctx, tenant: TenantId) -> Result<Option<(i64, i64)>> {
    let mut read = cx.read(Reach::Within(tenant)).await?;
    Ok(store::runs(read.conn(), &[tenant], RUNS).await?.get(&tenant).copied())
}

/// Thresholds and backups as the settings want them now.
async fn follow(connection: &mut PgConnection, tenants: &[TenantId]) -> Result<()> {
    const KEYS: [Key; 3] = [Key::BackupSchedule, Key::BackupDays, Key::NotifyQuotaPercent];
    let mut wanted = store::Wanted::default();
    for (tenant, values) in settings::of_many(connection, tenants, &KEYS).await? {
        let number = |at: usize, or: i32| {
            values.get(at).and_then(Value::as_number).and_then(|n| i32::try_from(n).ok()).unwrap_or(or).max(1)
        };
        wanted.tenants.push(tenant.0);
        wanted.every.push(backup_days(values.first().and_then(Value::as_text)));
        wanted.keep.push(number(1, 30));
        wanted.quota.push(number(2, 85));
    }
    store::follow(connection, &wanted).await
}

/// Judges what was found and writes what changed; answers that.
async fn write(connection: &mut PgConnection, found: &[Found], round: i64) -> Result<Vec<Change>> {
    let tenants: Vec<TenantId> = found.iter().map(|found| found.tenant).collect();
    let mut moves = store::Moves::default();
    for row in store::rows(connection, &tenants).await? {
        let Some(found) = found.iter().find(|found| found.tenant == row.tenant) else { continue };
        let (pressing, said) = judge(row.kind, row.threshold, found, round);
        let (state, streak) = next(row.state, row.streak, pressing);
        if (state, streak) != (row.state, row.streak) {
            moves.push(&row, state, streak, if state == State::Raised { said } else { String::new() });
        }
    }
    let changes = store::write(connection, &moves).await?;
    store::evaluated(connection, &tenants).await?;
    Ok(changes)
}

/// Once for each alert that is raised or cleared, [`EACH`] of a kind within an hour; then their number, once within an hour.
/// Processes that tell at the same moment do not count each other.
async fn tell(tx: &mut Tx, changes: &[Change]) -> Result<()> {
    for kind in Kind::ALL {
        for (event, from, to) in [
            (Event::MonitorRaised, State::Calm, State::Raised),
            (Event::MonitorCleared, State::Raised, State::Calm),
        ] {
            let these: Vec<_> =
                changes.iter().filter(|c| c.kind == *kind && c.was == from && c.state == to).collect();
            if these.is_empty() {
                continue;
            }
            let told = store::told_lately(tx.conn(), event, *kind).await?;
            let all = told.singly.saturating_add(i64::try_from(these.len()).unwrap_or(i64::MAX));
            if all <= EACH {
                for change in these {
                    let data = serde_json::json!({ "monitor": { "kind": kind, "said": change.said } });
                    notifications::announce(tx, change.tenant, event, data).await?;
                }
            } else if !told.number {
                let data = serde_json::json!({ "monitor": { "kind": kind }, "tenants": all });
                notifications::announce(tx, TenantId::PLATFORM, event, data).await?;
            }
        }
    }
    Ok(())
}

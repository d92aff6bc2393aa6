//! Usage (R82): counted per hour in the transaction of its cause, rolled up to days, shown from days only.
//!
//! Invariants: what a counter says was committed together with what it counts. [`rollup`] recomputes whole days from
//! their hours and never adds, so a crash, a replay or a second process changes nothing. It finds the hours to look at
//! by the transaction that wrote them last, against the horizon of a snapshot: a transaction that began earlier and
//! commits later is never missed.

pub mod export;
pub mod report;
pub(crate) mod store;

use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use chrono::{Days, NaiveDate};
use model::TenantId;
use model::permission::{Permission, Scope};
use model::usage::{Meter, Usage};

/// The most days that one answer covers.
pub const DAYS_MAX: u32 = 400;

/// One tenant's usage over the last `days` days (1 to [`DAYS_MAX`]), today included.
pub async fn series(cx: &Ctx, tenant: TenantId, days: u32) -> Result<Usage> {
    cx.require(Permission::UsageRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let (from, to) = span(store::today(read.conn()).await?, days);
    let rows = store::days(read.conn(), tenant, from, to).await?;
    let before = store::before(read.conn(), tenant, Meter::StorageBytes, from).await?;
    Ok(Usage::new(from, to, &rows, &[(Meter::StorageBytes, before)]))
}

/// The whole fleet's usage, summed over tenants.
pub async fn fleet(cx: &Ctx, days: u32) -> Result<Usage> {
    cx.require(Permission::OverviewRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let (from, to) = span(store::today(read.conn()).await?, days);
    let rows = store::fleet_days(read.conn(), from, to).await?;
    let before = store::fleet_before(read.conn(), Meter::StorageBytes, from).await?;
    Ok(Usage::new(from, to, &rows, &[(Meter::StorageBytes, before)]))
}

fn span(today: NaiveDate, days: u32) -> (NaiveDate, NaiveDate) {
    let back = u64::from(days.clamp(1, DAYS_MAX) - 1);
    (today.checked_sub_days(Days::new(back)).unwrap_or(today), today)
}

/// Brings the days up to date with their hours. Run by every process every few seconds; one at a time does it.
/// Answers how many days it wrote; `None` when another process is at it.
pub async fn rollup(cx: &Ctx) -> Result<Option<u64>> {
    cx.require(Permission::OverviewRead, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    if !store::lock_rollup(tx.conn()).await? {
        return Ok(None);
    }
    let done_to = store::horizon(tx.conn()).await?;
    let days = store::recompute(tx.conn()).await?;
    store::mark(tx.conn(), &done_to).await?;
    store::forget_windows(tx.conn()).await?;
    tx.commit_unaudited("a roll-up of counters").await?;
    Ok(Some(days))
}

#[cfg(test)]
mod tests;

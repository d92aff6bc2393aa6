//! Health: scores with their inputs kept (R88, R89), computed daily, on demand, and after usage changed.
//!
//! [`score`] is the arithmetic, `store` counts what goes into it, this file decides when and shows the result.
//! A snapshot belongs to a day (UTC) of the database's clock; computing twice on a day replaces it. The newest score,
//! band and 7-day movement stand on the tenant too, so that lists sort and filter by an index.

pub mod score;
mod store;
#[cfg(test)]
mod tests;

use crate::audit::AuditEvent;
use crate::charts::{Area, Ink, Kind, Series, Spec, Threshold, Unit};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use chrono::{DateTime, Days, NaiveDate, Utc};
use model::TenantId;
use model::charts::Figure;
use model::health::{AtRisk, Change, FleetFilter, FleetHealth, Mover, Snapshot, TenantHealth};
use model::page::{Page, Total};
use model::permission::{Actor, Permission, Scope, Verdict};
use model::work::Work;
use score::score;

/// Days of the score's chart.
const HISTORY: i32 = 90;
/// Days of a movement.
const WEEK: u64 = 7;
/// Tenants computed in one transaction.
const BATCH: i64 = 500;
/// Rows of the list of tenants at risk.
const ROWS: i64 = 50;
/// Movers shown each way.
const MOVERS: i64 = 8;

/// The health section of one tenant.
pub async fn of_tenant(cx: &Ctx, tenant: TenantId) -> Result<TenantHealth> {
    cx.require(Permission::HealthRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let weights = store::weights(read.conn()).await?;
    let (today, now) = store::today(read.conn()).await?;
    let history = store::history(read.conn(), tenant, HISTORY).await?;
    let latest = history.last().cloned();
    let week = latest.as_ref().and_then(|latest| week_of(&history, latest));
    let chart =
        (!history.is_empty()).then(|| chart(&history, today, latest.as_ref().map_or(now, |s| s.computed_at)));
    let may_compute = cx.actor().may(Permission::HealthCompute, Scope::Tenant(tenant)) == Verdict::Allowed;
    Ok(TenantHealth { now: latest, week, chart, weights, may_compute })
}

/// The movement since seven days before `latest`, or since the oldest score within them.
fn week_of(history: &[Snapshot], latest: &Snapshot) -> Option<Change> {
    let from = latest.day.checked_sub_days(Days::new(WEEK))?;
    let old = history.iter().find(|s| s.day >= from && s.day < latest.day && s.score.is_some())?;
    Change::between(old, latest)
}

fn chart(history: &[Snapshot], today: NaiveDate, as_of: DateTime<Utc>) -> Figure {
    let first = history.first().map_or(today, |s| s.day);
    let days: Vec<_> = first.iter_days().take_while(|day| *day <= today).collect();
    let values = days
        .iter()
        .map(|day| history.iter().find(|s| s.day == *day).and_then(|s| s.score).map(i64::from))
        .collect();
    let area = |from, to, ink| Area { from, to, ink };
    let threshold = |name: &str, value, ink| Threshold { name: name.to_owned(), value, ink };
    Spec {
        id: "score",
        title: "Health score, last 90 days".into(),
        kind: Kind::Line,
        unit: Unit::Score,
        days,
        series: vec![Series { name: "Score".into(), ink: Ink::Series(1), values }],
        areas: vec![
            area(0, 25, Ink::Critical),
            area(25, 50, Ink::Risk),
            area(50, 75, Ink::Watch),
            area(75, 100, Ink::Healthy),
        ],
        thresholds: vec![
            threshold("75 (Healthy)", 75, Ink::Healthy),
            threshold("50 (Watch)", 50, Ink::Watch),
            threshold("25 (At risk)", 25, Ink::Critical),
        ],
        as_of,
        csv: None,
    }
    .figure()
}

/// Computes one tenant now, at somebody's wish; the audit line says from what to what.
pub async fn compute(cx: &Ctx, tenant: TenantId) -> Result<Snapshot> {
    cx.require(Permission::HealthCompute, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_about(tenant, Work::Measure).await?;
    let weights = store::weights(tx.conn()).await?;
    let inputs = store::inputs(tx.conn(), &[tenant.0]).await?;
    let Some((_, inputs)) = inputs.first() else { return Err(Error::NotFound) };
    let before = store::history(tx.conn(), tenant, 2).await?.pop();
    store::save(tx.conn(), weights.version, &[(tenant, score(inputs, &weights))]).await?;
    let snapshot = store::history(tx.conn(), tenant, 1)
        .await?
        .pop()
        .ok_or_else(|| Error::Internal("a snapshot that was just written is missing".into()))?;
    let brief = |s: &Snapshot| serde_json::json!({ "day": s.day, "score": s.score, "band": s.band });
    let mut event = AuditEvent::on(tenant, "health.compute", "health score").after(brief(&snapshot));
    if let Some(before) = &before {
        event = event.before(brief(before));
    }
    tx.commit(event).await?;
    Ok(snapshot)
}

/// Computes these tenants, some hundred in a transaction. For the server's own work.
async fn compute_batch(cx: &Ctx, tenants: &[uuid::Uuid]) -> Result<()> {
    for chunk in tenants.chunks(BATCH as usize) {
        let mut tx = cx.begin(Reach::Fleet).await?;
        let weights = store::weights(tx.conn()).await?;
        let inputs = store::inputs(tx.conn(), chunk).await?;
        let scores: Vec<_> = inputs.into_iter().map(|(id, inputs)| (id, score(&inputs, &weights))).collect();
        store::save(tx.conn(), weights.version, &scores).await?;
        tx.commit_unaudited("snapshots are their own record").await?;
    }
    Ok(())
}

/// Computes every tenant in service whose snapshot of today is missing. Answers how many. Done again on the same day,
/// it finds nothing to do.
pub async fn compute_all(cx: &Ctx) -> Result<i64> {
    only_system(cx).await?;
    let mut done = 0;
    loop {
        let mut read = cx.read(Reach::Fleet).await?;
        let due = store::due(read.conn(), BATCH).await?;
        drop(read);
        if due.is_empty() {
            return Ok(done);
        }
        done += due.len() as i64;
        compute_batch(cx, &due).await?;
    }
}

/// One round of the server's own work, to be called every few seconds by every process: a batch of tenants whose
/// snapshot of today is missing; new tenants whose first usage arrived; and, once a minute over all processes, every
/// tenant whose usage was rolled up since. Answers how many scores were computed.
pub async fn tick(cx: &Ctx) -> Result<i64> {
    only_system(cx).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let mut due = store::due(read.conn(), BATCH).await?;
    due.extend(store::waiting(read.conn(), BATCH).await?);
    drop(read);
    due.sort_unstable();
    due.dedup();
    compute_batch(cx, &due).await?;
    let mut done = due.len() as i64;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let Some(span) = store::claim_touched(tx.conn()).await? else { return Ok(done) };
    let touched = store::touched(tx.conn(), &span).await?;
    tx.commit_unaudited("the claim of a roll-up").await?;
    compute_batch(cx, &touched).await?;
    done += touched.len() as i64;
    // Only now: a process that dies before leaves the span to the next.
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::finish_touched(tx.conn(), &span).await?;
    tx.commit_unaudited("the end of a roll-up").await?;
    Ok(done)
}

/// The server's own work; people compute single tenants.
async fn only_system(cx: &Ctx) -> Result<()> {
    cx.require(Permission::HealthFleet, Scope::Platform).await?;
    if matches!(cx.actor(), Actor::System { .. }) {
        Ok(())
    } else {
        Err(Error::Forbidden(Permission::HealthFleet))
    }
}

/// The health of the fleet, narrowed by the filter. Every list is read from an index and bounded.
pub async fn fleet(cx: &Ctx, filter: &FleetFilter) -> Result<FleetHealth> {
    cx.require(Permission::HealthFleet, Scope::Platform).await?;
    let me = match cx.actor() {
        Actor::User { id, .. } => Some(*id),
        _ => None,
    };
    let owner = match filter.owner.as_deref() {
        None | Some("") => None,
        Some("none") => Some(None),
        Some("me") => me.map(Some),
        // What is not an id filters nothing.
        Some(id) => id.parse().ok().map(Some),
    };
    let after = filter.after.as_deref().and_then(cursor);
    let mut read = cx.read(Reach::Fleet).await?;
    let (_, now) = store::today(read.conn()).await?;
    let bands = store::bands(read.conn(), filter, owner).await?;
    let falling = store::movers(read.conn(), filter, owner, true, MOVERS).await?;
    let rising = store::movers(read.conn(), filter, owner, false, MOVERS).await?;
    let ids: Vec<_> = falling.iter().chain(&rising).map(|moved| moved.id.0).collect();
    let histories = store::histories(read.conn(), &ids, 30).await?;
    let mut rows = store::at_risk(read.conn(), filter, owner, after, ROWS + 1).await?;
    let regions = store::regions(read.conn()).await?;
    let owners = store::owners(read.conn()).await?;
    let more = rows.len() as i64 > ROWS;
    rows.truncate(ROWS as usize);
    let next = rows.last().filter(|_| more).map(|row: &AtRisk| format!("{}:{}", row.score, row.id));
    let total = Total::Exact(
        bands
            .iter()
            .filter(|b| matches!(b.band, model::tenants::Band::AtRisk | model::tenants::Band::Critical))
            .map(|b| b.tenants)
            .sum(),
    );
    let movers = |moved: Vec<store::Moved>| {
        moved
            .into_iter()
            .map(|moved| {
                let history: Vec<_> =
                    histories.iter().filter(|(id, _)| *id == moved.id).map(|(_, s)| s.clone()).collect();
                let why = history
                    .last()
                    .and_then(|latest| week_of(&history, latest))
                    .map_or_else(String::new, |change| lead(&change));
                let spark = history.iter().filter_map(|s| s.score).collect();
                Mover {
                    slug: moved.slug,
                    name: moved.name,
                    score: moved.score,
                    band: moved.band,
                    delta: moved.delta,
                    why,
                    spark,
                }
            })
            .collect()
    };
    Ok(FleetHealth {
        falling: movers(falling),
        rising: movers(rising),
        bands,
        at_risk: Page { rows, next, previous: None, total },
        regions,
        owners,
        as_of: now,
    })
}

/// What moved it most, in a few words: the dimension that went the same way as the score.
fn lead(change: &Change) -> String {
    let same_way = |moved: f64| (moved < 0.0) == (change.delta() < 0);
    change
        .parts
        .iter()
        .find(|(_, moved)| same_way(*moved))
        .map(|(dimension, moved)| {
            format!("{} {}{:.0} points", dimension.label(), if *moved < 0.0 { "−" } else { "+" }, moved.abs())
        })
        .unwrap_or_default()
}

/// `score:id` of the last row of the page before; anything else starts at the top.
fn cursor(text: &str) -> Option<(i16, uuid::Uuid)> {
    let (score, id) = text.split_once(':')?;
    Some((score.parse().ok()?, id.parse().ok()?))
}

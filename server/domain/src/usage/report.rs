//! Usage for people: charts, the plan's limits, the largest tenants.

use super::store;
use crate::charts::{Ink, Kind, Series, Spec, Threshold, Unit, bytes};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::fresh::Fresh;
use chrono::{DateTime, NaiveDate, Utc};
use model::page::grouped;
use model::permission::{Permission, Scope};
use model::reports::{Allowance, FleetUsage, MeterReport, TenantUsage, Top};
use model::tenants::Tenant;
use model::usage::{Limit, LimitMeter, Meter, Usage};
use std::time::Duration;

/// Days over which tenants are ranked.
const RANKED: i32 = 30;
/// Tenants ranked.
const TOP: i64 = 20;
/// How old the fleet's days may be: they sum over every tenant.
const AGE: Duration = Duration::from_secs(60);
/// How old a ranking may be.
const TOP_AGE: Duration = Duration::from_secs(120);

/// What this process has read of the fleet lately.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    spans: [Fresh<(Usage, DateTime<Utc>)>; 3],
    tops: [Fresh<Vec<Top>>; 4],
}

/// The usage section of a tenant over the last `days` days.
pub async fn of_tenant(cx: &Ctx, tenant: &Tenant, days: u32, csv: Option<String>) -> Result<TenantUsage> {
    let usage = super::series(cx, tenant.id, days).await?;
    let mut read = cx.read(Reach::Tenant(tenant.id)).await?;
    let (plan, allowances) = store::allowances(read.conn(), tenant.id).await?.ok_or(Error::NotFound)?;
    let as_of = store::now(read.conn()).await?;
    let storage =
        allowances.iter().find(|a: &&Allowance| a.meter == LimitMeter::StorageBytes).map(|a| a.limit);
    let any = usage.series.iter().any(|series| series.total() > 0);
    let since = usage.begins(tenant.created_at.date_naive());
    Ok(TenantUsage {
        days,
        meters: meters(&usage, since, storage, as_of, csv.as_deref()),
        allowances,
        plan,
        any,
        as_of,
    })
}

/// The fleet's usage over the last `days` days and its largest tenants.
pub async fn of_fleet(cx: &Ctx, days: u32, by: Meter, csv: Option<String>) -> Result<FleetUsage> {
    cx.require(Permission::OverviewRead, Scope::Platform).await?;
    let cache = cx.services().usage();
    let place = model::reports::SPANS.iter().position(|span| *span == days).unwrap_or(1);
    let days = model::reports::SPANS[place];
    let kept = cache.spans[place]
        .get(AGE, async {
            let usage = super::fleet(cx, days).await?;
            let mut read = cx.read(Reach::Fleet).await?;
            Ok((usage, store::now(read.conn()).await?))
        })
        .await?;
    let top = cache.tops[by as usize]
        .get(TOP_AGE, async {
            let mut read = cx.read(Reach::Fleet).await?;
            let rows = store::largest(read.conn(), by, RANKED, TOP).await?;
            Ok(rows
                .into_iter()
                .map(|(slug, name, total)| Top { slug, name, total, text: text(by, total) })
                .collect())
        })
        .await?;
    let (usage, as_of) = (&kept.0, kept.1);
    let any = usage.series.iter().any(|series| series.total() > 0);
    Ok(FleetUsage {
        days,
        meters: meters(usage, usage.from, None, as_of, csv.as_deref()),
        top: top.to_vec(),
        by,
        any,
        as_of,
    })
}

fn text(meter: Meter, n: i64) -> String {
    if meter.is_stock() { bytes(n) } else { format!("{} {}", grouped(n), meter.unit()) }
}

/// Days before `since` have no value.
fn meters(
    usage: &Usage,
    since: NaiveDate,
    storage: Option<Limit>,
    as_of: DateTime<Utc>,
    csv: Option<&str>,
) -> Vec<MeterReport> {
    usage
        .series
        .iter()
        .map(|series| {
            let meter = series.meter;
            let values =
                usage.dates().zip(series.shown()).map(|(day, n)| (day >= since).then_some(n)).collect();
            let (kind, unit, title) = if meter.is_stock() {
                (Kind::Line, Unit::Bytes, format!("{} at the end of each day", meter.label()))
            } else {
                (Kind::Columns, Unit::Count(meter.unit()), format!("{} per day", meter.label()))
            };
            let limit = match storage {
                Some(Limit::Number(value)) if meter == Meter::StorageBytes => {
                    vec![Threshold { name: "its limit".into(), value, ink: Ink::Limit }]
                }
                _ => vec![],
            };
            let chart = Spec {
                id: match meter {
                    Meter::Conversations => "u-conversations",
                    Meter::ApiCalls => "u-api-calls",
                    Meter::TaskRuns => "u-task-runs",
                    Meter::StorageBytes => "u-storage",
                },
                title,
                kind,
                unit,
                days: usage.dates().collect(),
                series: vec![Series {
                    name: meter.label().into(),
                    ink: Ink::Series(meter as u8 + 1),
                    values,
                }],
                areas: vec![],
                thresholds: limit,
                as_of,
                csv: csv.map(str::to_owned),
            };
            MeterReport {
                meter,
                total: if meter.is_stock() { bytes(series.total()) } else { grouped(series.total()) },
                chart: chart.figure(),
            }
        })
        .collect()
}

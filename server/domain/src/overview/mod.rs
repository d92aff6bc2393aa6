//! The fleet at one glance. What it costs does not depend on how many people look: numbers about everything are read
//! at most every two seconds per process, the days of the chart that are over once a minute.

mod store;
#[cfg(test)]
mod tests;

use crate::audit;
use crate::charts::{Ink, Kind, Series, Spec, Unit};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::fresh::Fresh;
use chrono::{DateTime, Days, NaiveDate, Utc};
use model::overview::{ALL, Attention, Counts, Overview};
use model::permission::{Permission, Scope};
use std::time::Duration;

/// Days of the chart.
const DAYS: u64 = 30;
/// Audit lines.
const RECENT: i64 = 8;
/// How old the numbers may be.
const AGE: Duration = Duration::from_secs(2);
/// How old the days that are over may be: late roll-ups still change them a little.
const PAST_AGE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Cache {
    now: Fresh<Now>,
    past: Fresh<(NaiveDate, Vec<(NaiveDate, i64)>)>,
}

#[derive(Debug)]
struct Now {
    counts: Counts,
    attention: Vec<Attention>,
    /// Yesterday and today.
    conversations: Vec<(NaiveDate, i64)>,
    today: NaiveDate,
    as_of: DateTime<Utc>,
}

pub async fn overview(cx: &Ctx) -> Result<Overview> {
    cx.require(Permission::OverviewRead, Scope::Platform).await?;
    let cache = cx.services().overview();
    let now = cache.now.get(AGE, read_now(cx)).await?;
    let from = now.today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(now.today);
    let mut past = cache.past.get(PAST_AGE, read_past(cx, now.today)).await?;
    if past.0 != now.today {
        // Midnight has passed since.
        past = cache.past.get(Duration::ZERO, read_past(cx, now.today)).await?;
    }
    let days: Vec<_> = from.iter_days().take_while(|day| *day <= now.today).collect();
    let of = |day: NaiveDate| {
        now.conversations.iter().chain(&past.1).find(|(of, _)| *of == day).map_or(0, |(_, n)| *n)
    };
    let usage = Spec {
        id: "fleet-usage",
        title: "Conversations per day, all tenants".into(),
        kind: Kind::Columns,
        unit: Unit::Count("conversations"),
        series: vec![Series {
            name: "Conversations".into(),
            ink: Ink::Series(1),
            values: days.iter().map(|day| Some(of(*day))).collect(),
        }],
        days,
        areas: vec![],
        thresholds: vec![],
        as_of: now.as_of,
        csv: None,
    };
    let may = |permission| cx.actor().allows(permission, Scope::Platform);
    let recent = if may(Permission::AuditFleet) {
        Some(audit::lines(cx, None, &model::audit::Filter::default(), RECENT).await?.rows)
    } else {
        None
    };
    Ok(Overview {
        counts: now.counts.clone(),
        conversations_today: of(now.today),
        attention: now.attention.iter().take(ALL as usize).cloned().collect(),
        usage: usage.figure(),
        recent,
        may_create: may(Permission::TenantCreate),
        as_of: now.as_of,
    })
}

async fn read_now(cx: &Ctx) -> Result<Now> {
    let mut read = cx.read(Reach::Fleet).await?;
    let (today, as_of) = store::now(read.conn()).await?;
    let counts = store::counts(read.conn()).await?;
    let attention = store::attention(read.conn()).await?;
    let yesterday = today.pred_opt().unwrap_or(today);
    let conversations = store::conversations(read.conn(), yesterday, today).await?;
    Ok(Now { counts, attention, conversations, today, as_of })
}

async fn read_past(cx: &Ctx, today: NaiveDate) -> Result<(NaiveDate, Vec<(NaiveDate, i64)>)> {
    let day = |back| today.checked_sub_days(Days::new(back)).unwrap_or(today);
    let mut read = cx.read(Reach::Fleet).await?;
    Ok((today, store::conversations(read.conn(), day(DAYS - 1), day(2)).await?))
}

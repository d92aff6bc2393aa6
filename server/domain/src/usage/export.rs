//! Usage as CSV: one line per day, exact numbers, bytes as bytes.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::sheet;
use model::usage::{Meter, Usage};

/// The last `days` days of one tenant.
pub async fn of_tenant(cx: &Ctx, slug: &str, days: u32) -> Result<Vec<u8>> {
    let tenant = crate::tenants::by_slug(cx, slug).await?;
    file(&super::series(cx, tenant.id, days).await?)
}

/// The last `days` days of all tenants together.
pub async fn of_fleet(cx: &Ctx, days: u32) -> Result<Vec<u8>> {
    file(&super::fleet(cx, days).await?)
}

fn file(usage: &Usage) -> Result<Vec<u8>> {
    let head =
        std::iter::once("day".to_owned()).chain(Meter::ALL.iter().map(|meter| meter.as_str().to_owned()));
    let shown: Vec<_> =
        Meter::ALL.iter().map(|meter| usage.meter(*meter).map(|series| series.shown())).collect();
    let line = |(at, day): (usize, chrono::NaiveDate)| {
        let cell = |values: &Option<Vec<i64>>| {
            let value = values.as_ref().and_then(|values| values.get(at));
            value.map(ToString::to_string).unwrap_or_default()
        };
        std::iter::once(day.to_string()).chain(shown.iter().map(cell)).collect()
    };
    sheet::written(std::iter::once(head.collect()).chain(usage.dates().enumerate().map(line)))
}

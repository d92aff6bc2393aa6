//! Usage: the section of one tenant and the fleet's page.

pub mod api;
mod fleet;
mod tenant;

pub use fleet::FleetUsagePage;
pub use tenant::TenantUsagePage;

use crate::charts::Chart;
use crate::ui::{NavItem, Query, SectionNav};
use leptos::prelude::*;
use model::reports::{MeterReport, SPANS};
use model::usage::Meter;

/// The spans as links.
fn spans(path: &str, days: u32) -> AnyView {
    let items = SPANS
        .iter()
        .map(|span| {
            NavItem::new(
                Query::here().set("days", &span.to_string()).href(path),
                format!("{span} days"),
                *span == days,
            )
        })
        .collect();
    view! { <SectionNav label="Period" items small=true/> }.into_any()
}

/// The chart of each meter, in their order.
fn charts(meters: Vec<MeterReport>) -> AnyView {
    let charts = meters.into_iter().map(|report| {
        let id = match report.meter {
            Meter::Conversations => "u-conversations",
            Meter::ApiCalls => "u-api-calls",
            Meter::TaskRuns => "u-task-runs",
            Meter::StorageBytes => "u-storage",
        };
        view! { <section class="c-card" aria-labelledby=format!("{id}-h")><div class="c-card__body"><Chart id figure=report.chart/></div></section> }
    });
    view! { <div class="l-grid" data-cols="2">{charts.collect_view()}</div> }.into_any()
}

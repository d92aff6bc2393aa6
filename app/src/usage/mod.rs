//! Usage: the section of one tenant, what it may use, and the fleet's page.

pub mod api;
mod fleet;
mod limits;
pub mod limits_api;
mod tenant;

pub use fleet::FleetUsagePage;
pub use limits::TenantLimitsPage;
pub use tenant::TenantUsagePage;

use crate::charts::Chart;
use crate::ui::{self, Banner, NavItem, Query, SectionNav, Tone};
use leptos::prelude::*;
use model::limits::Effective;
use model::reports::{MeterReport, SPANS, offered};
use model::usage::{LimitMeter, Meter};

/// The keys of an address whose values these pages do not offer: shown is what holds without them.
fn unread(here: &Query) -> Vec<&'static str> {
    let wrong = |key: &str, offered: fn(&str) -> bool| {
        here.get(key).is_some_and(|value| !value.is_empty() && !offered(value))
    };
    let days = wrong("days", |value| offered(value).is_some()).then_some("days");
    let by = wrong("by", |value| value.parse::<Meter>().is_ok()).then_some("by");
    days.into_iter().chain(by).collect()
}

/// The query of this page without what was not understood in it, for links that go on from here.
fn understood() -> Query {
    let here = Query::here();
    unread(&here).into_iter().fold(here, |query, key| query.drop(key))
}

/// What was not understood, in the words of lists.
fn left_out() -> Option<AnyView> {
    let keys = unread(&Query::here());
    if keys.is_empty() {
        return None;
    }
    let text = ui::left_out(keys.into_iter(), |key| match key {
        "days" => Some("Period"),
        "by" => Some("By"),
        _ => None,
    });
    Some(view! { <Banner tone=Tone::Warning>{text}</Banner> }.into_any())
}

/// What is limited, within a sentence.
pub(crate) const fn spoken(meter: LimitMeter) -> &'static str {
    match meter {
        LimitMeter::Users => "users",
        LimitMeter::Projects => "projects",
        LimitMeter::StorageBytes => "storage",
        LimitMeter::ApiCalls15min => "API calls per 15 minutes",
    }
}

/// What the limit of a tenant alone is in place of; where it says the same, it takes nothing's place.
pub(crate) fn overrides(now: &Effective) -> &'static str {
    if now.limit == now.below {
        "For this tenant alone"
    } else if now.below == now.plan {
        "Overrides the plan"
    } else {
        "Overrides the template"
    }
}

/// Whose word holds without a limit of the tenant alone.
fn whose(now: &Effective) -> &'static str {
    if now.below == now.plan { "its plan" } else { "its template" }
}

/// The spans as links.
fn spans(path: &str, days: u32) -> AnyView {
    let items = SPANS
        .iter()
        .map(|span| {
            NavItem::new(
                understood().set("days", &span.to_string()).href(path),
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
    view! {
        <h2 class="u-visually-hidden">"Meter by meter"</h2>
        <div class="l-grid" data-cols="2">{charts.collect_view()}</div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_overrides_something() {
        use model::limits::LimitSource;
        use model::usage::Limit::{Number, Unlimited};
        let now = |limit, below| Effective {
            meter: LimitMeter::Users,
            limit,
            source: LimitSource::Tenant,
            plan: Number(20),
            below,
            until: None,
        };
        assert_eq!(overrides(&now(Number(50), Number(20))), "Overrides the plan");
        assert_eq!(overrides(&now(Unlimited, Number(30))), "Overrides the template");
        assert_eq!(overrides(&now(Number(20), Number(30))), "Overrides the template");
        for same in [20, 30] {
            assert_eq!(overrides(&now(Number(same), Number(same))), "For this tenant alone", "{same}");
        }
        assert_eq!(whose(&now(Number(50), Number(20))), "its plan");
        assert_eq!(whose(&now(Number(50), Number(30))), "its template");
    }

    #[test]
    fn what_is_not_offered_is_named_by_its_key() {
        let read = |query: &[(&str, &str)]| {
            unread(&Query(query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()))
        };
        for days in ["-1", "99999", "8", "all"] {
            assert_eq!(read(&[("days", days)]), ["days"], "{days}");
        }
        assert_eq!(read(&[("days", "-1"), ("by", "evil")]), ["days", "by"]);
        for fine in [&[][..], &[("days", "7"), ("by", "api_calls")], &[("days", "")], &[("other", "x")]] {
            assert!(read(fine).is_empty(), "{fine:?}");
        }
    }
}

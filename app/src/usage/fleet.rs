//! The usage of the fleet: per day, and the largest tenants.

use super::api::get_fleet_usage;
use super::{charts, left_out, spans, understood};
use crate::paths;
use crate::ui::{Card, Empty, Load, NavItem, PageHeader, Query, SectionNav, Stack};
use leptos::prelude::*;
use leptos_meta::Title;
use model::reports::FleetUsage;
use model::usage::Meter;

#[component]
pub fn FleetUsagePage() -> impl IntoView {
    let here = Query::here();
    let get = |key: &str| here.get(key).unwrap_or_default().to_owned();
    let (days, by) = (get("days"), get("by"));
    view! {
        <Title text="Usage"/>
        <Load read=move || get_fleet_usage(days.clone(), by.clone()) view=body/>
    }
}

fn body(usage: FleetUsage) -> AnyView {
    let as_of = usage.as_of.format("As of %H:%M UTC").to_string();
    let header = view! { <PageHeader title="Usage" lead="What all tenants use together." meta=vec![as_of.into_any()]/> };
    if !usage.any {
        return view! { {header} {left_out()} {spans(paths::USAGE, usage.days)} <Empty icon="activity" title="No usage in this period" text="Usage appears within a minute after the first conversation or API call of any tenant."/> }.into_any();
    }
    let by = usage.by;
    let meters = Meter::ALL
        .iter()
        .map(|meter| {
            NavItem::new(
                understood().set("by", meter.as_str()).href(paths::USAGE),
                meter.label(),
                *meter == by,
            )
        })
        .collect();
    let most = usage.top.first().map_or(1, |top| top.total).max(1);
    let rows = usage.top.into_iter().enumerate().map(move |(at, top)| {
        let id = format!("top-{at}");
        view! {
            <li class="c-meter" data-level="ok">
                <div class="c-meter__head"><a class="c-meter__label" id=id.clone() href=paths::tenant(&top.slug, "usage")>{top.name}</a><span class="c-meter__text">{top.text.clone()}</span></div>
                <div class="c-meter__track"><meter aria-labelledby=id min="0" max=most value=top.total>{top.text}</meter></div>
            </li>
        }
    });
    view! {
        {header}
        <Stack gap=6>
            {left_out()}
            {spans(paths::USAGE, usage.days)}
            {charts(usage.meters)}
            <Card id="top" title="Largest tenants, 30 days">
                <SectionNav label="By" items=meters small=true/>
                <ol class="c-list">{rows.collect_view()}</ol>
            </Card>
        </Stack>
    }
    .into_any()
}

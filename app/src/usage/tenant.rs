//! The usage of one tenant: where it stands in its plan, and day by day.

use super::api::get_tenant_usage;
use super::{charts, left_out, spans};
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{self, Card, Empty, Icon, KpiCard, Kpis, Load, Query, Stack};
use leptos::prelude::*;
use model::page::grouped;
use model::permission::{Permission, Scope};
use model::reports::{Allowance, Level, TenantUsage};
use model::usage::{Limit, LimitMeter};

#[component]
pub fn TenantUsagePage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Usage view=|head| {
            let slug = head.tenant.slug.clone();
            let days = Query::here().get("days").unwrap_or_default().to_owned();
            let read = slug.clone();
            let may = head.viewer.allows(Permission::TenantPlan, Scope::Tenant(head.tenant.id));
            view! { <Load read=move || get_tenant_usage(read.clone(), days.clone()) view=move |usage| body(&slug, may, usage)/> }.into_any()
        }/>
    }
}

fn body(slug: &str, may: bool, usage: TenantUsage) -> AnyView {
    let path = paths::tenant(slug, "usage");
    let as_of = usage.as_of.format("As of %H:%M UTC").to_string();
    let rows = usage.allowances.iter().map(allowance).collect_view();
    let more = if may { "Change limits" } else { "Where each limit comes from" };
    let all = paths::tenant(slug, "limits");
    let limits = view! {
        <Card id="limits" title=format!("Limits on the {} plan", usage.plan) aside=view! { <span class="u-muted">{as_of}</span> }.into_any()>
            {rows}
            <p><a href=all>{more}</a></p>
        </Card>
    };
    if !usage.any {
        return view! {
            <Stack gap=6>
                {left_out()}
                {limits}
                <Empty icon="activity" title="No usage in this period" text="Usage appears within a minute after the first conversation or API call."/>
            </Stack>
        }
        .into_any();
    }
    let kpis = usage.meters.iter().map(|report| {
        let what = if report.meter.is_stock() { "now".to_owned() } else { format!("in {} days", usage.days) };
        view! { <KpiCard label=report.meter.label() value=report.total.clone() note=what.into_any()/> }
            .into_any()
    });
    let kpis = kpis.collect::<Vec<_>>();
    view! {
        <Stack gap=6>
            {left_out()}
            {limits}
            {spans(&path, usage.days)}
            <Kpis>{kpis}</Kpis>
            {charts(usage.meters)}
        </Stack>
    }
    .into_any()
}

/// A quantity against its limit, in a bar and in words.
fn allowance(row: &Allowance) -> AnyView {
    let id = format!("q-{}", row.meter.as_str());
    let amount = |n: i64| if row.meter == LimitMeter::StorageBytes { ui::bytes(n) } else { grouped(n) };
    let level = row.level();
    let (word, note) = match level {
        Level::Fine => ("ok", None),
        Level::Approaching => ("near", Some("Approaching limit")),
        Level::At => ("blocked", Some("At the limit")),
        Level::Over => ("blocked", Some("Over limit")),
        Level::Open => ("unlimited", None),
        Level::Unknown => ("none", Some("Not counted yet")),
    };
    let text = match (row.used, row.limit) {
        (None, Limit::Number(limit)) => format!("limit {}", amount(limit)),
        (None, Limit::Unlimited) => "unlimited".into(),
        (None, Limit::Custom) => "by contract".into(),
        (Some(used), Limit::Unlimited) => format!("{}, unlimited", amount(used)),
        (Some(used), Limit::Custom) => format!("{}, limit by contract", amount(used)),
        (Some(used), Limit::Number(limit)) => {
            format!("{} of {} ({} %)", amount(used), amount(limit), ui::percent(used, limit))
        }
    };
    let bar = match (row.used, row.limit) {
        (Some(used), Limit::Number(limit)) => Some(
            view! { <div class="c-meter__track"><meter aria-labelledby=id.clone() min="0" max=limit value=used.clamp(0, limit)>{text.clone()}</meter></div> },
        ),
        _ => None,
    };
    let icon = matches!(level, Level::Approaching | Level::At | Level::Over)
        .then(|| view! { <Icon name="alert-triangle"/> });
    view! {
        <div class="c-meter" data-level=word>
            <div class="c-meter__head"><span class="c-meter__label" id=id>{row.meter.label()}</span><span class="c-meter__text">{text}</span></div>
            {bar}
            {note.map(|note| view! { <p class="c-meter__note">{icon}{note}</p> })}
        </div>
    }
    .into_any()
}

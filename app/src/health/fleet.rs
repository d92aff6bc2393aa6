//! The health of the fleet: bands, who moved, who is at risk and why.

use super::api::get_fleet_health;
use super::{BandBar, BandTable};
use crate::paths;
use crate::ui::{
    self, Card, Cols, DataTable, Empty, FilterBar, Grid, Load, PageHeader, Pagination, PlanTag, Query,
    ScoreInline, Spark, Stack, StatusBadge, Th, ZeroRow,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::health::{AtRisk, FleetHealth, Mover};
use model::tenants::PlanId;

#[component]
pub fn FleetHealthPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! {
        <Title text="Health"/>
        <Load read=move || get_fleet_health(query.clone()) view=body/>
    }
}

fn body(fleet: FleetHealth) -> AnyView {
    let here = Query::here();
    let get = |key: &str| here.get(key).unwrap_or_default().to_owned();
    let narrowed = !(get("plan").is_empty() && get("region").is_empty() && get("owner").is_empty());
    let total: i64 = fleet.bands.iter().map(|b| b.tenants).sum();
    let as_of = fleet.as_of.format("As of %H:%M UTC").to_string();
    let header = view! { <PageHeader title="Health" lead="Scores are computed daily and follow usage within minutes. A tenant without enough data has no score: that is neither good nor bad." meta=vec![as_of.into_any()]/> };
    if total == 0 && !narrowed {
        return view! { {header} <Empty icon="heart-pulse" title="No tenants yet" text="Scores appear once tenants send conversations."/> }.into_any();
    }
    // The directory knows the same filters, but "nobody" and "me" are not owners' ids.
    let more = ["plan", "region", "owner"]
        .into_iter()
        .map(|key| (key.to_owned(), get(key)))
        .filter(|(_, value)| !value.is_empty() && value != "none" && value != "me")
        .collect::<Vec<_>>();
    let clear =
        narrowed.then(|| view! { <a class="c-button" data-kind="quiet" href=paths::HEALTH>"Clear all"</a> });
    let (region, owner, plan) = (get("region"), get("owner"), get("plan"));
    let plans = PlanId::ALL.iter().map(|p| (p.as_str().to_owned(), p.label().to_owned())).collect();
    let regions = fleet.regions.iter().map(|r| (r.clone(), r.clone())).collect();
    let owners = [("me".to_owned(), "Mine".to_owned()), ("none".to_owned(), "Nobody".to_owned())]
        .into_iter()
        .chain(fleet.owners.iter().cloned())
        .collect();
    let at_risk = fleet.at_risk;
    let shown = at_risk.rows.len();
    view! {
        {header}
        <FilterBar label="Health" path=paths::HEALTH>
            {select("plan", "Plan", plans, &plan)}
            {select("region", "Region", regions, &region)}
            {select("owner", "Owner", owners, &owner)}
            {clear}
        </FilterBar>
        <Stack gap=6>
            <Grid cols=Cols::Three>
                <Card id="fleet-bands" title="Bands"><BandBar bands=fleet.bands.clone()/><BandTable bands=fleet.bands more/></Card>
                <Card id="falling" title="Falling" flush=true>{movers("falling-list", "Tenants whose score fell most in 7 days", fleet.falling)}</Card>
                <Card id="rising" title="Rising" flush=true>{movers("rising-list", "Tenants whose score rose most in 7 days", fleet.rising)}</Card>
            </Grid>
            <ui::Section id="at-risk" title="At risk and critical, worst first">
                {risk_table(at_risk.rows)}
                <Pagination path=paths::HEALTH shown total=at_risk.total next=at_risk.next previous=at_risk.previous what="tenants"/>
            </ui::Section>
        </Stack>
    }
    .into_any()
}

fn select(name: &'static str, label: &'static str, choices: Vec<(String, String)>, chosen: &str) -> AnyView {
    let options = choices.into_iter().map(|(value, text)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }
    });
    let any = format!("{label}: any");
    view! { <div class="c-field" data-width="sm"><select class="c-select" name=name aria-label=label><option value="">{any}</option>{options.collect_view()}</select></div> }.into_any()
}

fn movers(id: &'static str, caption: &'static str, movers: Vec<Mover>) -> AnyView {
    if movers.is_empty() {
        return view! { <div class="c-card__body"><p class="u-muted">"Nobody moved within 7 days."</p></div> }.into_any();
    }
    let rows = movers.into_iter().map(|mover| {
        let spark = mover.spark.iter().map(|score| f64::from(*score)).collect::<Vec<_>>();
        view! {
            <tr>
                <th scope="row"><a class="c-table__link" href=paths::tenant(&mover.slug, "health")>{mover.name}</a><span class="c-table__sub">{mover.why}</span></th>
                <td class="u-num"><ScoreInline score=Some(mover.score) change=Some(i64::from(mover.delta))/></td>
                <td><Spark values=spark/></td>
            </tr>
        }
    });
    view! {
        <DataTable id caption small=true head=view! { <Th>"Tenant"</Th><Th num=true>"Score"</Th><Th hidden=true>"Last 30 days"</Th> }.into_any()>{rows.collect_view()}</DataTable>
    }
    .into_any()
}

fn risk_table(rows: Vec<AtRisk>) -> AnyView {
    let zero = rows.is_empty().then(|| {
        let narrowed = ["plan", "region", "owner"]
            .iter()
            .any(|key| Query::here().get(key).is_some_and(|value| !value.is_empty()));
        if narrowed {
            view! { <ZeroRow columns=6 what="No tenant with these filters is at risk" clear=paths::HEALTH/> }
                .into_any()
        } else {
            view! { <ZeroRow columns=6 what="No tenant is at risk"/> }.into_any()
        }
    });
    let rows = rows.into_iter().map(|row| {
        view! {
            <tr>
                <th scope="row"><a class="c-table__link" href=paths::tenant(&row.slug, "health")>{row.name}</a><span class="c-table__sub"><code>{row.slug}</code></span></th>
                <td data-label="Score"><ScoreInline score=Some(row.score) change=row.delta.map(i64::from)/></td>
                <td data-label="Main reason">{row.reason.unwrap_or_else(|| "—".into())}</td>
                <td data-label="Owner">{row.owner.unwrap_or_else(|| "nobody".into())}</td>
                <td data-label="Plan"><PlanTag plan=row.plan/></td>
                <td data-label="Status"><StatusBadge status=row.status/></td>
            </tr>
        }
    });
    view! {
        <DataTable id="at-risk-list" caption="Tenants at risk" cards=true head=view! {
            <Th>"Tenant"</Th><Th>"Score, 7 days"</Th><Th>"Main reason"</Th><Th>"Owner"</Th><Th>"Plan"</Th><Th>"Status"</Th>
        }.into_any()>{rows.collect_view()}{zero}</DataTable>
    }
    .into_any()
}

//! The operators' landing page. Every number leads to the list that says the same number.

pub mod api;

use crate::audit::LineRow;
use crate::charts::Chart;
use crate::health::{BandBar, BandTable};
use crate::paths;
use crate::ui::{
    Card, Cols, DataTable, Empty, Grid, KpiCard, Kpis, LinkButton, Load, PageHeader, Query, Stack, Th, Tone,
    When, icon,
};
use api::get_overview;
use leptos::prelude::*;
use leptos_meta::Title;
use model::directory::{COUNTED, View};
use model::overview::{Attention, Concern, Overview};
use model::page::{Total, grouped};
use model::tenants::Stage;

#[component]
pub fn OverviewPage() -> impl IntoView {
    view! {
        <Title text="Overview"/>
        <Load read=get_overview view=body/>
    }
}

/// The directory with a view's filter: the same list as the view's tab.
fn list(view: View) -> String {
    let filter = view.filter(None).unwrap_or_default();
    model::directory::Query::of(filter).href(paths::TENANTS)
}

fn body(page: Overview) -> AnyView {
    let as_of = page.as_of.format("As of %H:%M:%S UTC").to_string();
    let header = view! { <PageHeader title="Overview" meta=vec![as_of.into_any(), view! { <a href=paths::OVERVIEW>"Refresh"</a> }.into_any()]/> };
    let counts = page.counts;
    if counts.tenants == 0 {
        let actions = page.may_create.then(|| view! { <LinkButton href=paths::TENANTS_IMPORT>{icon("upload", crate::ui::Size::Medium)}"Import tenants"</LinkButton> });
        return view! {
            {header}
            <Empty icon="building" title="No tenants yet" text="Import a list of organisations as CSV: you see every row with what is wrong with it before anything is created.">{actions}</Empty>
        }
        .into_any();
    }
    let soon = match counts.leaving_soon {
        0 => "no grace period ends within 7 days".to_owned(),
        n => format!("{} due within 7 days", listed(n)),
    };
    let attention = page.attention;
    view! {
        {header}
        <Stack gap=6>
            <Kpis>
                <KpiCard label="Tenants" href=list(View::All) value=listed(counts.tenants)/>
                <KpiCard label="Onboarding" href=list(View::Onboarding) value=listed(counts.onboarding)/>
                <KpiCard label="At risk" href=list(View::AtRisk) value=listed(counts.at_risk) note="at risk or critical".into_any()/>
                <KpiCard label="Suspended" href=list(View::Suspended) value=listed(counts.suspended)/>
                <KpiCard label="Offboarding" href=list(View::Offboarding) value=listed(counts.offboarding) note=soon.into_any()/>
                <KpiCard label="Conversations today" href=paths::USAGE value=grouped(page.conversations_today) note="since 00:00 UTC".into_any()/>
            </Kpis>
            <Card id="attention" title="Needs attention" flush=true foot=view! {
                <p class="u-muted">"Ranked: failed provisioning, grace periods that end within 3 days, trials that are over, monitoring alerts, critical health, onboarding for more than 30 days; at most 4 of a kind."</p>
            }.into_any()>{attention_table(attention)}</Card>
            <Grid cols=Cols::Two>
                <Card id="stages" title="Lifecycle">{stages(&counts.stages)}</Card>
                <Card id="fleet-health" title="Fleet health" aside=view! { <a href=paths::HEALTH>"Details"</a> }.into_any()><BandBar bands=counts.bands.clone()/><BandTable bands=counts.bands/></Card>
            </Grid>
            <Card id="usage" title="Usage" aside=view! { <a href=paths::USAGE>"All meters"</a> }.into_any()><Chart id="fleet-usage" figure=page.usage/></Card>
            {page.recent.map(|lines| view! {
                <Card id="recent" title="Recent changes" flush=true aside=view! { <a href=paths::AUDIT>"Audit log"</a> }.into_any()>
                    <DataTable id="recent-list" caption="The newest lines of the audit log" cards=true small=true head=crate::audit::head(true)>
                        {lines.into_iter().map(|line| view! { <LineRow line fleet=true/> }).collect_view()}
                    </DataTable>
                </Card>
            })}
        </Stack>
    }
    .into_any()
}

/// A number in the words of the list that it leads to: exact as far as that is counted.
fn listed(n: i64) -> String {
    Total::up_to(n, COUNTED).short()
}

/// Stages in their order, as bars of the largest.
fn stages(stages: &[(Stage, i64)]) -> AnyView {
    let most = stages.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    let rows = stages.iter().map(|(stage, n)| {
        let id = format!("stage-{}", stage.as_str());
        let href = Query::default().set("stage", stage.as_str()).href(paths::TENANTS);
        view! {
            <div class="c-meter" data-level="ok">
                <div class="c-meter__head"><a class="c-meter__label" id=id.clone() href=href>{stage.label()}</a><span class="c-meter__text">{listed(*n)}</span></div>
                <div class="c-meter__track"><meter aria-labelledby=id min="0" max=most value=*n>{listed(*n)}</meter></div>
            </div>
        }
    });
    rows.collect_view().into_any()
}

fn attention_table(rows: Vec<Attention>) -> AnyView {
    if rows.is_empty() {
        return view! { <div class="c-card__body"><p class="u-muted">"Nothing needs attention."</p></div> }
            .into_any();
    }
    let rows = rows.into_iter().map(|row| {
        let (section, tone, action) = match row.concern {
            Concern::Failed => ("overview", Tone::Danger, "See what failed"),
            Concern::GraceEnds => ("offboarding", Tone::Orange, "Open runbook"),
            Concern::TrialOver => ("plan", Tone::Warning, "Choose a plan"),
            Concern::Alert => ("overview", Tone::Warning, "See its monitors"),
            Concern::Critical => ("health", Tone::Danger, "See why"),
            Concern::Overdue => ("onboarding", Tone::Warning, "Open list"),
        };
        let name = format!(" of {}", row.name);
        let href = paths::tenant(&row.slug, section);
        view! {
            <tr data-tone=tone.as_str()>
                <th scope="row"><a class="c-table__link" href=paths::tenant(&row.slug, "")>{row.name}</a><span class="c-table__sub"><code>{row.slug}</code></span></th>
                <td data-label="Why">{row.why}</td>
                <td data-label="Since"><When at=row.since/></td>
                <td data-label="Owner">{row.owner.unwrap_or_else(|| "nobody".into())}</td>
                <td data-label="Action"><a class="c-button" data-size="sm" href=href>{action}<span class="u-visually-hidden">{name}</span></a></td>
            </tr>
        }
    });
    view! {
        <DataTable id="attention-list" caption="Tenants that need attention" cards=true small=true head=view! { <Th>"Tenant"</Th><Th>"Why"</Th><Th>"Since"</Th><Th>"Owner"</Th><Th hidden=true>"Action"</Th> }.into_any()>{rows.collect_view()}</DataTable>
    }
    .into_any()
}

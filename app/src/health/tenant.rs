//! The health of one tenant: score, what moved it, its 90 days, and what each dimension came from.

use super::api::get_tenant_health;
use crate::charts::Chart;
use crate::tenants::{Section, TenantSection};
use crate::ui::{
    self, Button, Card, Cols, DataTable, Empty, Form, Grid, Hidden, Icon, Load, Size, Stack, Th, When,
    form_state,
};
use leptos::prelude::*;
use model::health::{Change, Reading, Snapshot, TenantHealth};
use model::tenants::TenantHead;
use model::work::Work;

#[component]
pub fn TenantHealthPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Health view=|head| {
            let read = head.tenant.slug.clone();
            view! { <Load read=move || get_tenant_health(read.clone()) view=move |health| body(&head, health)/> }.into_any()
        }/>
    }
}

fn body(head: &TenantHead, health: TenantHealth) -> AnyView {
    let compute = health.may_compute.then(|| compute_form(head));
    let Some(now) = health.now else {
        return view! {
            <Empty icon="heart-pulse" title="Not computed yet" text="A score is computed once a day for every tenant in service, and after its usage changed. It needs at least two dimensions with data.">
                {compute}
            </Empty>
        }
        .into_any();
    };
    let meta = view! {
        <ul class="c-meta"><li>"Computed "<When at=now.computed_at full=true/></li><li>{format!("Weights version {}", now.weights)}</li><li>{format!("{} of 6 dimensions have data", now.readings.iter().filter(|r| r.value.is_some()).count())}</li></ul>
    };
    let (score, moved, dimensions) =
        (score(&now, health.week.as_ref()), moved(&now, health.week.as_ref()), dimensions(now.readings));
    let chart = health.chart.map(|figure| view! { <section class="c-card" aria-labelledby="score-h"><div class="c-card__body"><Chart id="score" figure/></div></section> });
    view! {
        <Stack gap=6>
            <Grid cols=Cols::Two>
                <Card id="h-now" title="Score" aside=compute.into_any()>{score}{meta}</Card>
                <Card id="h-why" title="What moved it">{moved}</Card>
            </Grid>
            {chart}
            <Card id="h-dimensions" title="What it is made of" flush=true>{dimensions}</Card>
        </Stack>
    }
    .into_any()
}

fn compute_form(head: &TenantHead) -> AnyView {
    if let Some(reason) = head.refusal(Work::Measure) {
        return view! { <ui::DisabledButton id="why-compute" reason>"Compute now"</ui::DisabledButton> }
            .into_any();
    }
    let slug = head.tenant.slug.clone();
    view! {
        <Form to="compute_health" state=form_state("compute_health")>
            <Hidden name="slug" value=slug/>
            <Button size=Size::Small icon="refresh-cw">"Compute now"</Button>
        </Form>
    }
    .into_any()
}

fn score(now: &Snapshot, week: Option<&Change>) -> AnyView {
    let delta = week.map(|week| view! { <p><ui::Delta change=i64::from(week.delta()) text=format!("since {}", week.since.format("%-d %b"))/></p> });
    let none = now.score.is_none().then(|| {
        view! { <p class="u-muted">"No score yet: at least two dimensions with 40 of 100 points of weight must have data. Missing data counts neither for nor against a tenant."</p> }
    });
    view! { <ui::Score score=now.score/> {delta} {none} }.into_any()
}

fn moved(now: &Snapshot, week: Option<&Change>) -> AnyView {
    let reason =
        now.main_reason().map(|reason| view! { <p>"Costs most points: "<strong>{reason}</strong></p> });
    let change = match week {
        None => view! { <p class="u-muted">"There is no older score within 7 days to compare with."</p> }
            .into_any(),
        Some(week) => {
            let parts = week.parts.iter().map(|(dimension, moved)| {
                let tone = if *moved < 0.0 { "danger" } else { "success" };
                let (icon, word) = if *moved < 0.0 { ("arrow-down", "down") } else { ("arrow-up", "up") };
                view! {
                    <li class="c-list__item"><span class="u-grow">{dimension.label()}</span>
                        <span class="c-delta" data-tone=tone><Icon name=icon/><span class="u-visually-hidden">{format!("{word} ")}</span>{format!("{:.1} points", moved.abs())}</span></li>
                }
            });
            let head = format!("From {} on {} to {}.", week.from, week.since.format("%-d %b"), week.to);
            let none = week.parts.is_empty().then(|| view! { <p class="u-muted">"No dimension moved."</p> });
            view! { <p>{head}</p><ul class="c-list">{parts.collect_view()}</ul>{none} }.into_any()
        }
    };
    view! { {reason}{change} }.into_any()
}

fn dimensions(readings: Vec<Reading>) -> AnyView {
    let rows = readings.into_iter().map(|reading| {
        let id = format!("d-{}", reading.dimension.as_str());
        let value = reading.value.map_or_else(|| "no data".to_owned(), |value| value.to_string());
        let bar = reading.value.map(|value| view! { <meter aria-labelledby=id.clone() min="0" max="100" value=value>{format!("{value} of 100")}</meter> });
        let share = if reading.effective > 0.0 { format!("{:.0} % ({} of 100)", reading.effective, reading.weight) } else { format!("{} of 100", reading.weight) };
        let points = reading.value.filter(|_| reading.effective > 0.0).map_or_else(|| "—".to_owned(), |_| format!("{:.1}", reading.points()));
        view! {
            <tr>
                <th scope="row" id=id>{reading.dimension.label()}</th>
                <td data-label="Value" class="u-num">{value}</td>
                <td data-label="Bar"><div class="c-meter" data-level=if reading.value.is_some() { "ok" } else { "none" } data-size="sm">{bar}</div></td>
                <td data-label="Weight in effect" class="u-num">{share}</td>
                <td data-label="Points" class="u-num">{points}</td>
                <td data-label="Because">{reading.words}</td>
            </tr>
        }
    });
    view! {
        <DataTable id="dimensions" caption="Dimensions of the score" cards=true small=true head=view! {
            <Th>"Dimension"</Th><Th num=true>"Value"</Th><Th hidden=true>"Bar"</Th><Th num=true>"Weight in effect"</Th><Th num=true>"Points"</Th><Th>"Because"</Th>
        }.into_any()>{rows.collect_view()}</DataTable>
    }
    .into_any()
}

//! The section of a tenant: which template it is on, how far it is from it, and who stands for the differences (R31).

use super::api::get_baseline;
use super::apply::chooser;
use super::{item_name, state_look};
use crate::paths;
use crate::tenants::{Section as TenantPart, TenantSection};
use crate::ui::{
    Actions, Badge, Banner, Button, Card, Cols, DataTable, Empty, FieldWidth, Form, Grid, Hidden, Kind,
    LinkButton, Load, Props, Query, Section, Size, Stack, TextArea, TextField, Th, Tone, When, form_state,
    plural, status,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::fields::percent;
use model::templates::{Alignment, Assigned, Item, State, TenantBaseline};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn BaselinePage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Baseline view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_baseline(slug.clone()) view=move |found| page(&tenant, &found)/> }.into_any()
        }/>
    }
}

fn page(tenant: &Tenant, found: &TenantBaseline) -> AnyView {
    let apply = found.may_apply.then(|| {
        let chooser = chooser(tenant, found);
        view! { <Section id="baseline-apply" title="Apply a template">{chooser}</Section> }
    });
    let Some(assigned) = &found.assigned else {
        return view! {
            <Empty icon="layers" title="On no template" text="Nothing says yet what is expected of this tenant. Apply a template to give it a known baseline."/>
            {apply}
        }
        .into_any();
    };
    let (behind, history) = (behind(tenant, found, assigned), history(found));
    let (facts, sums, lines) = (facts(assigned), sums(&found.alignment), lines(tenant, found));
    let check = found.may_accept.then(|| {
        let state = form_state("check_alignment");
        let slug = tenant.slug.clone();
        view! {
            <Form to="check_alignment" state=&state class="u-inline">
                <Hidden name="slug" value=slug/>
                <Button size=Size::Small icon="refresh-cw">"Look again"</Button>
            </Form>
        }
    });
    view! {
        <Stack gap=6>
            {behind}
            <Grid cols=Cols::Two>
                <Card id="baseline-on" title="On the template"><Props items=facts/></Card>
                <Card id="baseline-sum" title="Alignment" aside=check.into_any()><Props items=sums/></Card>
            </Grid>
            <Section id="baseline-lines" title="Expected and there">{lines}</Section>
            {history}
            {apply}
        </Stack>
    }
    .into_any()
}

fn behind(tenant: &Tenant, found: &TenantBaseline, assigned: &Assigned) -> Option<AnyView> {
    let newest = assigned.newest.filter(|newest| *newest > assigned.version)?;
    let href = paths::apply_template(&tenant.slug, &assigned.template.key, newest);
    let text = format!(
        "Version {newest} of this template is published; the tenant is on version {}.",
        assigned.version
    );
    let action = found.may_apply.then(|| view! { <LinkButton href>"Preview what changes"</LinkButton> });
    Some(
        view! { <Banner tone=Tone::Info quiet=true actions=action.into_any()><p>{text}</p></Banner> }
            .into_any(),
    )
}

fn facts(assigned: &Assigned) -> Vec<(&'static str, AnyView)> {
    let template = &assigned.template;
    let href = paths::template_version(&template.key, assigned.version);
    let (by, at) = (assigned.by.clone(), assigned.at);
    let name = format!("{}, version {}", template.name, assigned.version);
    vec![
        ("Template", view! { <a href=href>{name}</a>" "{super::state_badge(assigned.state)} }.into_any()),
        ("For", template.for_whom().into_any()),
        ("Applied", view! { <When at full=true/>{format!(" by {by}")} }.into_any()),
    ]
}

fn sums(alignment: &Alignment) -> Vec<(&'static str, AnyView)> {
    let all = alignment.expected();
    let of = |n: i64| match percent(n, all) {
        Some(share) => format!("{n} of {all} ({share} %)"),
        None => "nothing is expected".to_owned(),
    };
    let mut sums = vec![
        ("Aligned", of(alignment.count(State::Aligned)).into_any()),
        ("Accepted", of(alignment.count(State::Accepted)).into_any()),
        ("Open", of(alignment.open()).into_any()),
    ];
    if let Some(at) = alignment.next_expiry() {
        sums.push(("Next acceptance ends", view! { <When at full=true/> }.into_any()));
    }
    sums
}

fn lines(tenant: &Tenant, found: &TenantBaseline) -> AnyView {
    let (open, aligned): (Vec<_>, Vec<_>) =
        found.alignment.items.iter().partition(|item| item.state != State::Aligned);
    let table = |id: &'static str, caption: &'static str, items: &[&Item]| {
        let rows = items.iter().map(|item| line(tenant, found, item)).collect_view();
        let head = view! { <Th>"What"</Th><Th>"Expected"</Th><Th>"There"</Th><Th>"State"</Th><Th hidden=true>"Actions"</Th> }.into_any();
        view! { <DataTable id caption head cards=true>{rows}</DataTable> }.into_any()
    };
    let differing = if open.is_empty() {
        view! { <Empty icon="check-circle" title="Nothing differs" text="Everything that the template expects is there."/> }.into_any()
    } else {
        table("baseline-open", "What differs from the template", &open)
    };
    let folded = (!aligned.is_empty()).then(|| {
        let summary = format!("Show {} aligned", aligned.len());
        let table = table("baseline-aligned", "What is aligned", &aligned);
        view! { <details class="c-disclosure"><summary>{summary}</summary>{table}</details> }
    });
    view! { {differing}{folded} }.into_any()
}

fn line(tenant: &Tenant, found: &TenantBaseline, item: &Item) -> AnyView {
    let (tone, icon) = state_look(item.state);
    let gutter = (item.state != State::Aligned).then_some(tone.as_str());
    let name = item_name(item, &found.catalogue);
    let state = item.state.label();
    let note = item.note.clone().map(|note| view! { <span class="c-table__sub">{note}</span> });
    let accepted = item.acceptance.clone().map(|word| {
        let until = word.until.map(|at| view! { ", until "<When at full=true/> });
        let open_end = word.until.is_none().then_some(", until it is taken back");
        view! { <span class="c-table__sub">{word.by}", "<When at=word.at full=true/>": "<q>{word.reason}</q>{until}{open_end}</span> }
    });
    let action = (found.may_accept && item.state != State::Aligned).then(|| {
        let word = if item.state == State::Drift { "Accept…" } else { "Acceptance…" };
        let label = format!("{} {}", word.trim_end_matches('…'), name.to_lowercase());
        view! { <LinkButton href=paths::accept_difference(&tenant.slug, &item.id()) size=Size::Small label>{word}</LinkButton> }
    });
    view! {
        <tr data-tone=gutter>
            <th scope="row">{name}<span class="c-table__sub">{item.part.label()}</span></th>
            <td data-label="Expected">{item.expected.clone()}</td>
            <td data-label="There">{item.actual.clone()}{note}</td>
            <td data-label="State"><Badge tone icon>{state}</Badge>{accepted}</td>
            <td data-label="Actions">{action}</td>
        </tr>
    }
    .into_any()
}

fn history(found: &TenantBaseline) -> AnyView {
    let rows = found.history.iter().map(|done| {
        let reason = match done.reason.clone() {
            Some(reason) => view! { <q>{reason}</q> }.into_any(),
            None => "—".into_any(),
        };
        view! {
            <tr>
                <th scope="row"><When at=done.at full=true/></th>
                <td data-label="Template"><a href=paths::template_version(&done.key, done.version)>{format!("{}, version {}", done.template, done.version)}</a></td>
                <td data-label="By">{done.by.clone()}</td>
                <td data-label="Changed">{plural(done.changed.into(), "line")}</td>
                <td data-label="Reason">{reason}</td>
            </tr>
        }
    }).collect_view();
    let head = view! { <Th>"When"</Th><Th>"Template"</Th><Th>"By"</Th><Th>"Changed"</Th><Th>"Reason"</Th> }
        .into_any();
    view! { <Section id="baseline-history" title="Applied so far"><DataTable id="applications" caption="Applications" head cards=true>{rows}</DataTable></Section> }
        .into_any()
}

#[component]
pub fn AcceptPage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Baseline view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_baseline(slug.clone()) view=move |found| find(&tenant, &found)/> }.into_any()
        }/>
    }
}

fn find(tenant: &Tenant, found: &TenantBaseline) -> AnyView {
    let here = Query::here();
    match found.alignment.item(here.get("item").unwrap_or_default()) {
        Some(item) => accept(tenant, found, item),
        None => {
            status(404);
            view! { <crate::error::ErrorView error=crate::error::AppError::NotFound/> }.into_any()
        }
    }
}

fn accept(tenant: &Tenant, found: &TenantBaseline, item: &Item) -> AnyView {
    let name = item_name(item, &found.catalogue);
    let back = paths::tenant(&tenant.slug, "baseline");
    let facts = vec![
        ("Expected", item.expected.clone().into_any()),
        ("There", item.actual.clone().into_any()),
        ("State", item.state.label().into_any()),
    ];
    let body = if item.state == State::Aligned {
        view! {
            <crate::ui::SummaryOf state=form_state("accept_difference")/>
            <Empty icon="check-circle" title="Nothing differs" text="There is nothing to accept."><LinkButton href=back>"Back to the baseline"</LinkButton></Empty>
        }
        .into_any()
    } else if !found.may_accept {
        status(403);
        view! { <Empty kind=crate::ui::EmptyKind::Denied icon="ban" title="Only operators accept differences" text="Your role reads them."/> }.into_any()
    } else {
        view! { {accept_form(tenant, item, back)}{take_back(tenant, item)} }.into_any()
    };
    view! {
        <Title text=format!("Accept {} · {}", name.to_lowercase(), tenant.name)/>
        <Stack gap=6>
            <Card id="accept-what" title=name><Props items=facts/></Card>
            {body}
        </Stack>
    }
    .into_any()
}

fn accept_form(tenant: &Tenant, item: &Item, back: String) -> AnyView {
    let state = form_state("accept_difference");
    let hidden = [
        ("slug", tenant.slug.clone()),
        ("item", item.id()),
        ("expected", item.expected.clone()),
        ("actual", item.actual.clone()),
    ];
    let hidden = hidden.map(|(name, value)| view! { <Hidden name value/> }).collect_view();
    let title = if item.acceptance.is_some() { "Accept it anew" } else { "Accept this difference" };
    view! {
        <Section id="accept-h" title>
            <Form to="accept_difference" state=&state>
                {hidden}
                <TextArea state=&state name="reason" label="Reason" rows=2 max=1_000 help="Who agreed to it, and why. Stands beside the line and in the audit log."/>
                <TextField state=&state name="until" label="Until" kind="date" optional=true width=FieldWidth::Sm help="From that day on (UTC) it is open again. Without a day: until it is taken back."/>
                <Actions>
                    <Button kind=Kind::Primary>"Accept difference"</Button>
                    <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
                </Actions>
            </Form>
        </Section>
    }
    .into_any()
}

fn take_back(tenant: &Tenant, item: &Item) -> Option<AnyView> {
    let word = item.acceptance.clone()?;
    let state = form_state("take_back_acceptance");
    let (slug, id) = (tenant.slug.clone(), item.id());
    Some(
        view! {
            <Section id="take-back-h" title="Take the acceptance back">
                <p>{format!("{} accepted it: ", word.by)}<q>{word.reason}</q></p>
                <Form to="take_back_acceptance" state=&state>
                    <Hidden name="slug" value=slug/>
                    <Hidden name="item" value=id/>
                    <TextField state=&state name="why" label="Reason for taking it back" max=1_000/>
                    <Actions><Button icon="undo">"Take back"</Button></Actions>
                </Form>
            </Section>
        }
        .into_any(),
    )
}

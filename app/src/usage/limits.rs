//! `/tenants/{slug}/limits`: what a tenant may use, whose word that is, and, for whoever may, the limits of it alone.
//!
//! The meter that is being changed stands in the address, so that the page works without anything in the browser.

use super::limits_api::get_tenant_limits;
use super::{overrides, spoken, whose};
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{
    self, Actions, Banner, Button, Card, FieldWidth, Form, FormState, Hidden, Kind, LinkButton, Load, Query,
    Stack, TextArea, TextField, Tone, form_state,
};
use leptos::prelude::*;
use model::limits::{LimitRow, LimitSource, OwnLimit, REASON_MAX, hint, write};
use model::permission::{Permission, Scope};
use model::plans::{amount, limit_text};
use model::tenants::TenantHead;
use model::usage::LimitMeter;
use model::work::Work;

#[component]
pub fn TenantLimitsPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Usage view=|head| {
            let slug = head.tenant.slug.clone();
            view! { <Load read=move || get_tenant_limits(slug.clone()) view=move |rows| body(&head, rows)/> }.into_any()
        }/>
    }
}

fn body(head: &TenantHead, rows: Vec<LimitRow>) -> AnyView {
    let slug = head.tenant.slug.as_str();
    let may = head.viewer.allows(Permission::TenantPlan, Scope::Tenant(head.tenant.id));
    let refusal = head.refusal(Work::Record).filter(|_| may);
    let may = may && refusal.is_none();
    let chosen = Query::here().get("meter").and_then(|word| word.parse::<LimitMeter>().ok());
    let asked = rows.iter().find(|row| may && Some(row.now.meter) == chosen);
    let owned = asked.filter(|row| row.own.is_some());
    let unsent = unsent(asked.is_some(), owned.is_some());
    let refusal =
        refusal.map(|why| view! { <Banner tone=Tone::Info icon="lock" quiet=true><p>{why}</p></Banner> });
    let (form, back) = (asked.map(|row| change(slug, row)), owned.map(|row| take_back(slug, row)));
    let lines = rows.iter().map(|row| line(slug, row, may)).collect_view();
    let last = may.then(|| view! { <ui::Th hidden=true>"Actions"</ui::Th> });
    let columns = view! { <ui::Th>"Limit"</ui::Th><ui::Th num=true>"In use"</ui::Th><ui::Th num=true>"May use"</ui::Th><ui::Th num=true>"Plan"</ui::Th><ui::Th>"Comes from"</ui::Th>{last} };
    let usage = paths::tenant(slug, "usage");
    let plan = head.tenant.plan.label();
    view! {
        <Stack gap=6>
            <p><a href=usage>"Back to usage"</a></p>
            {refusal}
            {unsent}
            <Card id="limits" title="Limits">
                <p class="u-muted">{format!("Where nothing else is said, the plan {plan} holds. A limit for this tenant alone stays when its plan changes.")}</p>
                <ui::DataTable id="limits-table" caption="What it may use" head=columns.into_any() cards=true>{lines}</ui::DataTable>
            </Card>
            {form}
            {back}
        </Stack>
    }
    .into_any()
}

/// Where a form is not there (any more): why it was refused, and what was written in it.
fn unsent(can_change: bool, can_take_back: bool) -> AnyView {
    const SET: &[(&str, &str)] = &[("limit", "Limit"), ("until", "Until"), ("reason", "Reason")];
    let set = (!can_change).then(|| lost("set_tenant_limit", SET));
    let remove = (!can_take_back).then(|| lost("remove_tenant_limit", &[("why", "Why it is taken back")]));
    view! { {set}{remove} }.into_any()
}

fn lost(form: &str, fields: &'static [(&'static str, &'static str)]) -> AnyView {
    let state = form_state(form).on_page(|_| false);
    view! { <ui::SummaryOf state=&state/><ui::Typed state=&state fields/> }.into_any()
}

fn line(slug: &str, row: &LimitRow, may: bool) -> AnyView {
    let now = &row.now;
    let meter = now.meter;
    let used = row.used.map_or_else(|| "—".to_owned(), |used| amount(meter, used));
    // Of a rate there is no now.
    let highest = (meter == LimitMeter::ApiCalls15min && row.used.is_some())
        .then(|| view! { <br/><small class="u-muted">"highest in 7 days"</small> });
    let (limit, plan) = (limit_text(meter, Some(now.limit)), limit_text(meter, Some(now.plan)));
    let by = match now.source {
        LimitSource::Plan => "Its plan".into_any(),
        LimitSource::Template => view! { <ui::Tag icon="layers">"Its template"</ui::Tag> }.into_any(),
        LimitSource::Tenant => {
            let until =
                now.until.map(|at| view! { <span class="c-table__sub">"until "<ui::When at=at/></span> });
            let words = overrides(now);
            if now.limit == now.below {
                view! { <ui::Tag>{words}</ui::Tag>{until} }.into_any()
            } else {
                view! { <ui::Tag tone=Tone::Override icon="diamond">{words}</ui::Tag>{until} }.into_any()
            }
        }
    };
    let why = row.own.as_ref().map(why);
    let last = may.then(|| {
        let href = format!("{}?meter={}#change", paths::tenant(slug, "limits"), meter.as_str());
        let label = format!("Change the limit of {}", spoken(meter));
        view! { <td class="c-table__actions"><LinkButton href size=ui::Size::Small label>"Change"</LinkButton></td> }
    });
    view! {
        <tr>
            <th scope="row">{meter.label()}</th>
            <td class="u-num" data-label="In use">{used}{highest}</td>
            <td class="u-num" data-label="May use"><strong>{limit}</strong></td>
            <td class="u-num" data-label="Plan">{plan}</td>
            <td data-label="Comes from">{by}{why}</td>
            {last}
        </tr>
    }
    .into_any()
}

/// Why it has a limit of its own; also of one whose time is up.
fn why(own: &OwnLimit) -> AnyView {
    let over =
        own.over.then(|| format!("{} until its time was up. ", limit_text(own.meter, Some(own.limit))));
    let (by, reason, at) = (own.by.clone(), own.reason.clone(), own.at);
    // In one piece: parts of their own would stand apart, the comma too.
    view! { <span class="c-table__sub"><span class="u-break">{over}{by}", "<ui::When at=at/>": "{reason}</span></span> }
        .into_any()
}

/// A refused form keeps the version it was filled in on; after a conflict its reader has been told what changed.
fn version(state: &FormState, row: &LimitRow) -> String {
    let now = row.own.as_ref().map_or(0, |own| own.version).to_string();
    if state.failed() && !state.is_conflict() { state.value("version", &now) } else { now }
}

fn change(slug: &str, row: &LimitRow) -> AnyView {
    let meter = row.now.meter;
    let state = form_state("set_tenant_limit");
    let own = row.own.as_ref().filter(|own| !own.over);
    let limit = own.map(|own| write(meter, own.limit)).unwrap_or_default();
    let until = own.and_then(|own| own.until).map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default();
    let reason = own.map(|own| own.reason.clone()).unwrap_or_default();
    let version = version(&state, row);
    let cancel = paths::tenant(slug, "limits");
    let (slug, so_far) = (slug.to_owned(), so_far(row));
    view! {
        <Card id="change" title=format!("Limit of {} for this tenant alone", spoken(meter))>
            <p class="u-muted">{so_far}</p>
            <Form to="set_tenant_limit" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="meter" value=meter.as_str().to_owned()/>
                <Hidden name="version" value=version/>
                <TextField state=&state name="limit" label="Limit" initial=limit width=FieldWidth::Sm max=40 help=hint(meter)/>
                <TextField state=&state name="until" label="Until" kind="date" initial=until optional=true width=FieldWidth::Sm
                    help="The first day, UTC, on which it no longer holds. Left empty: until somebody takes it back."/>
                <TextArea state=&state name="reason" label="Reason" initial=reason rows=2 max=REASON_MAX
                    help="For the platform’s people: here and in the audit log. The tenant never sees it."/>
                <Actions><Button kind=Kind::Primary>"Save limit"</Button><LinkButton href=cancel kind=Kind::Quiet>"Cancel"</LinkButton></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

/// `In use: 12. Without a limit of its own: 20 (its plan).` The table may have left the screen.
fn so_far(row: &LimitRow) -> String {
    let now = &row.now;
    let below = limit_text(now.meter, Some(now.below));
    let without = format!("Without a limit of its own: {below} ({}).", whose(now));
    match row.used {
        Some(used) => format!("In use: {}. {without}", amount(now.meter, used)),
        None => without,
    }
}

/// A form of its own: what is written here has nothing to do with what stands in the other one.
fn take_back(slug: &str, row: &LimitRow) -> AnyView {
    let now = &row.now;
    let state = form_state("remove_tenant_limit");
    let version = version(&state, row);
    let (slug, meter) = (slug.to_owned(), now.meter.as_str().to_owned());
    let then = if row.own.as_ref().is_some_and(|own| own.over) {
        "Its time is up already: what it may use stays as it is.".to_owned()
    } else {
        format!("Then it may use {} ({}).", limit_text(now.meter, Some(now.below)), whose(now))
    };
    view! {
        <Card id="take-back" title=format!("Take the limit of {} back", spoken(now.meter))>
            <Form to="remove_tenant_limit" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="meter" value=meter/>
                <Hidden name="version" value=version/>
                <TextField state=&state name="why" label="Why it is taken back" max=REASON_MAX help=then/>
                <Actions><Button kind=Kind::DangerQuiet icon="trash">"Take limit back"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

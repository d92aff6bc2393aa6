//! A plan change on a day of its own: what the tenant's pages show of it, its forms, and the list of all.

use super::schedule_api::{get_plan_changes, get_plan_schedule};
use crate::paths;
use crate::ui::{
    self, Actions, Badge, Banner, Button, Card, DataTable, Empty, Form, Hidden, Kind, LinkButton, Load,
    PageHeader, Pagination, Props, Tag, TextField, Th, Tone, When, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::operations::State;
use model::page::Page;
use model::schedules::{PlanSchedule, ScheduledChange};
use model::tenants::{PlanId, Tenant};

/// The plan change that is to come, or that failed on its day, on the first page of a tenant; nothing where there is none.
#[component]
pub fn PlanScheduleCard(#[prop(into)] slug: String) -> impl IntoView {
    let read = slug.clone();
    view! { <Load read=move || get_plan_schedule(read.clone()) view=move |found| card(&slug, found)/> }
        .into_any()
}

fn card(slug: &str, found: Option<PlanSchedule>) -> AnyView {
    let Some(schedule) = found else { return ().into_any() };
    // Who may change plans finds the rest on that page; everybody else reads it here.
    let may = crate::server::actor().is_platform();
    let aside = may.then(|| view! { <a href=paths::tenant(slug, "plan")>"Change or cancel"</a> });
    view! {
        <Card id="plan-schedule" title="Scheduled plan change" aside=aside.into_any() tone=tone(&schedule)>
            {sentence(&schedule)}
            {obstacles(&schedule)}
        </Card>
    }
    .into_any()
}

const fn tone(schedule: &PlanSchedule) -> Tone {
    if schedule.has_failed() {
        Tone::Danger
    } else if schedule.refusals.is_empty() {
        Tone::Info
    } else {
        Tone::Warning
    }
}

/// What will happen when, in one line.
fn sentence(schedule: &PlanSchedule) -> AnyView {
    let (from, to, at) = (schedule.from.label(), schedule.to.label(), schedule.at);
    match schedule.state {
        _ if schedule.has_failed() => {
            let why = schedule.error.clone().map(|error| view! { " "{error} });
            view! { <p><strong>{format!("The change from {from} to {to} did not happen")}</strong>" on "<When at full=true/>"."{why}" The plan is what it was; nothing is tried again by itself."</p> }
                .into_any()
        }
        State::Requested => view! { <p>{format!("From {from} to ")}<strong>{to}</strong>" on "<When at full=true/>", once a second person has approved it."</p> }
            .into_any(),
        State::Queued => view! { <p>{format!("From {from} to ")}<strong>{to}</strong>" on "<When at full=true/>"."</p> }.into_any(),
        _ => view! { <p>{format!("From {from} to ")}<strong>{to}</strong>": it is being changed now."</p> }.into_any(),
    }
}

/// What would stand in its way if its day were today.
fn obstacles(schedule: &PlanSchedule) -> AnyView {
    if schedule.refusals.is_empty() {
        let fits = (!schedule.has_failed())
            .then(|| view! { <p class="u-muted">"What is used now fits the new limits."</p> });
        return fits.into_any();
    }
    let list = schedule.refusals.iter().map(|why| view! { <li>{why.clone()}</li> }).collect_view();
    let lead = if schedule.has_failed() {
        "Still in the way:"
    } else {
        "Today it would not fit. What is over on the day keeps the plan as it is:"
    };
    view! { <p>{lead}</p><ul>{list}</ul> }.into_any()
}

/// On the page of the plan: what is scheduled, and the two forms that change it.
pub(super) fn panel(tenant: &Tenant, schedule: &PlanSchedule) -> AnyView {
    let obstacles = obstacles(schedule);
    if schedule.has_failed() {
        let sentence = sentence(schedule);
        let open = view! { <LinkButton href=paths::operation(schedule.operation) size=ui::Size::Small>"Open the operation"</LinkButton> };
        return view! { <Banner tone=Tone::Danger quiet=true actions=open.into_any()>{sentence}{obstacles}</Banner> }
            .into_any();
    }
    let mut items = vec![
        ("Change", format!("{} to {}", schedule.from.label(), schedule.to.label()).into_any()),
        ("On", view! { <When at=schedule.at full=true/> }.into_any()),
        ("State", state(schedule)),
    ];
    if let Some(by) = schedule.by.clone() {
        items.push(("Asked for by", view! { {by}", "<When at=schedule.asked_at/> }.into_any()));
    }
    if let Some(note) = schedule.note.clone() {
        items.push(("Note", note.into_any()));
    }
    let open = view! { <a href=paths::operation(schedule.operation)>"Operation"</a> };
    let forms =
        schedule.is_to_come().then(|| view! { {move_form(tenant, schedule)}{cancel_form(tenant, schedule)} });
    view! {
        <Card id="plan-schedule" title="Scheduled plan change" aside=open.into_any() tone=tone(schedule)>
            <Props items/>
            {obstacles}
        </Card>
        {forms}
    }
    .into_any()
}

fn state(schedule: &PlanSchedule) -> AnyView {
    let (tone, icon, words) = match schedule.state {
        State::Requested => (Tone::Warning, "hand", "Waits for approval"),
        State::Queued if schedule.refusals.is_empty() => (Tone::Info, "calendar", "Scheduled"),
        State::Queued => (Tone::Warning, "alert-triangle", "Would not fit today"),
        State::Running | State::Undoing => (Tone::Info, "refresh-cw", "Being changed"),
        _ => (Tone::Danger, "octagon-x", "Did not happen"),
    };
    view! { <Badge tone icon>{words}</Badge> }.into_any()
}

/// Its version: after a conflict the new one, because the reader has been told what changed.
fn version(schedule: &PlanSchedule, state: &ui::FormState) -> String {
    let now = schedule.version.to_string();
    if state.failed() && !state.is_conflict() { state.value("version", &now) } else { now }
}

fn move_form(tenant: &Tenant, schedule: &PlanSchedule) -> AnyView {
    if let Some(why) = schedule.keeps_its_day() {
        return view! { <Card id="move" title="Another day"><p>{why}</p></Card> }.into_any();
    }
    let state = form_state("move_plan_change");
    let version = version(schedule, &state);
    let (slug, initial) = (tenant.slug.clone(), schedule.at.format("%Y-%m-%d").to_string());
    view! {
        <Card id="move" title="Another day">
            <Form to="move_plan_change" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="version" value=version/>
                <TextField state=&state name="day" label="New day" kind="date" width=ui::FieldWidth::Sm
                    initial help="It begins at 00:00 UTC."/>
                <TextField state=&state name="why" label="Reason for the new day" max=2_000 help="Stands in the audit log. The tenant’s admins are told the new day."/>
                <Actions><Button>"Change the day"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn cancel_form(tenant: &Tenant, schedule: &PlanSchedule) -> AnyView {
    let state = form_state("cancel_plan_change");
    let version = version(schedule, &state);
    let slug = tenant.slug.clone();
    view! {
        <Card id="cancel" title="Cancel it">
            <Form to="cancel_plan_change" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="version" value=version/>
                <TextField state=&state name="reason" label="Reason" max=2_000 help="Stands in the audit log. The tenant’s admins are told that the plan stays."/>
                <Actions><Button kind=Kind::DangerQuiet>"Cancel the plan change"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

/// The form that schedules a change to this plan.
pub(super) fn form(tenant: &Tenant, to: PlanId) -> AnyView {
    let state = form_state("schedule_plan_change");
    let slug = tenant.slug.clone();
    let help = "It begins at 00:00 UTC. Whether what is used fits is decided then: if it does not, the plan stays, and whoever scheduled it is told.";
    view! {
        <Card id="later" title="On a later day">
            <Form to="schedule_plan_change" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="plan" value=to.as_str()/>
                <TextField state=&state name="at" label="Day" kind="date" width=ui::FieldWidth::Sm help/>
                <TextField state=&state name="why" label="Note" optional=true max=2_000 help="Stands in the audit log."/>
                <Actions><Button icon="calendar">{format!("Schedule the change to {}", to.label())}</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

/// `/plan-changes`
#[component]
pub fn PlanChangesPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! {
        <Title text="Scheduled plan changes"/>
        <Load read=move || get_plan_changes(query.clone()) view=list/>
    }
}

fn list(page: Page<ScheduledChange>) -> AnyView {
    let header = view! { <PageHeader title="Scheduled plan changes" lead="Changes of plan that wait for their day, the next one first. What is over the new limits on the day keeps its plan."/> };
    if page.rows.is_empty() && page.previous.is_none() && page.next.is_none() {
        return view! {
            {header}
            <Empty icon="calendar" title="No plan change is scheduled" text="Open a tenant, choose Change plan and a day. A tenant that is over the limits of the new plan can be scheduled too.">
                <LinkButton href=paths::TENANTS>"Open tenants"</LinkButton>
                <LinkButton href=format!("{}?kind=change_plan&state=failed", paths::OPERATIONS) kind=Kind::Quiet>"Changes that failed"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let shown = page.rows.len();
    let rows = page.rows.into_iter().map(row).collect_view();
    let head = view! { <Th>"Tenant"</Th><Th>"Change"</Th><Th>"Day"</Th><Th>"State"</Th><Th>"Asked for"</Th> }
        .into_any();
    view! {
        {header}
        <DataTable id="plan-changes" caption="Scheduled plan changes" head cards=true>{rows}</DataTable>
        <Pagination path=paths::PLAN_CHANGES shown total=page.total next=page.next previous=page.previous what="changes"/>
        <p><a href=format!("{}?kind=change_plan&state=failed", paths::OPERATIONS)>"Changes that failed"</a></p>
    }
    .into_any()
}

fn row(change: ScheduledChange) -> AnyView {
    let schedule = change.schedule;
    let why = schedule.refusals.first().cloned().map(|why| view! { <span class="c-table__sub">{why}</span> });
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=paths::tenant(&change.slug, "plan")>{change.name}</a><span class="c-table__sub"><code>{change.slug.clone()}</code></span></th>
            <td data-label="Change"><Tag>{schedule.from.label()}</Tag>" to "<Tag>{schedule.to.label()}</Tag></td>
            <td data-label="Day"><When at=schedule.at full=true/></td>
            <td data-label="State">{state(&schedule)}{why}</td>
            <td data-label="Asked for"><When at=schedule.asked_at/><span class="c-table__sub">{schedule.by.clone().unwrap_or_default()}</span></td>
        </tr>
    }
    .into_any()
}

//! Changing the plan: choose, see every limit before and after against what is used, then confirm. The tenant's own
//! people ask for it at the same address (`super::ask`).

use super::ask::AskForPlan;
use super::lifecycle_api::get_plan_change;
use super::schedule;
use super::suspend::{Impossible, MoveHeader, carried, stays_on_trial};
use crate::paths;
use crate::ui::{
    self, Actions, Button, Choice, ConfirmPage, Consequence, FormState, Load, Tier, Tone, form_state,
};
use leptos::prelude::*;
use model::limits::LimitSource;
use model::operations::{Kind as What, State};
use model::plans::{Fit, LimitChange, Plan, PlanPreview, amount, limit_text};
use model::schedules::PlanSchedule;
use model::tenants::{Action, PlanId, TenantHead};
use model::usage::LimitMeter;

#[component]
pub fn PlanPage() -> impl IntoView {
    let slug = ui::param("slug");
    let plan =
        ui::query().into_iter().find(|(key, _)| key == "plan").map(|(_, value)| value).unwrap_or_default();
    if !crate::server::actor().is_platform() {
        return view! { <AskForPlan slug plan/> }.into_any();
    }
    view! {
        <Load read=move || get_plan_change(slug.clone(), plan.clone()) view=|(head, plans, preview, schedule)| page(&head, plans, preview, schedule)/>
    }
    .into_any()
}

/// Every plan with its limits, as it is for everybody, the one that the tenant has marked.
pub(super) fn choices(plans: &[Plan], now: PlanId) -> Vec<Choice> {
    let choice = |plan: &Plan| {
        let limits = plan
            .limits
            .iter()
            .map(|(meter, limit)| format!("{}: {}", meter.label(), limit_text(*meter, Some(*limit))));
        let text = limits.collect::<Vec<_>>().join(", ");
        let current = if plan.id == now { " (now)" } else { "" };
        Choice::new(plan.id.as_str(), format!("{}{current}", plan.name)).note(text)
    };
    plans.iter().map(choice).collect()
}

/// What a plan takes away that no limit says.
pub(super) fn losses(preview: &PlanPreview) -> Vec<Consequence> {
    let mut lines = Vec::new();
    if preview.limits.iter().any(|limit| limit.fit == Fit::Throttled) {
        lines.push(Consequence::new(
            Tone::Warning,
            "alert-triangle",
            "The busiest quarter of an hour of the last seven days was above the new limit: such calls will be refused with 429.",
        ));
    }
    if preview.from.sso && !preview.to.sso {
        lines.push(Consequence::new(Tone::Warning, "lock", "Single sign-on is not part of the new plan."));
    }
    lines
}

fn page(
    head: &TenantHead,
    plans: Vec<Plan>,
    preview: Option<PlanPreview>,
    scheduled: Option<PlanSchedule>,
) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Change plan"/> };
    if let Err(why) = Action::ChangePlan.check(tenant.status) {
        let scheduled = scheduled.map(|scheduled| schedule::panel(&tenant, &scheduled));
        return view! { {header}{scheduled}<Impossible tenant why to="change_plan"/> }.into_any();
    }
    // Its plan is not changed by hand while a change waits for its day.
    let waits = scheduled.as_ref().is_some_and(|scheduled| !scheduled.has_failed());
    let scheduled = scheduled.map(|scheduled| schedule::panel(&tenant, &scheduled));
    let chosen = preview.as_ref().map_or(tenant.plan, |preview| preview.to.id);
    let cards = choices(&plans, tenant.plan);
    let asked = asked_for(head).filter(|_| !waits);
    let details = match preview {
        None => {
            let unsent = unsent(&form_state("change_plan"));
            view! { {unsent}<p class="u-muted">"Choose another plan to see what would change."</p> }
                .into_any()
        }
        Some(preview) => confirm(head, preview, &plans, waits),
    };
    view! {
        {header}
        <div class="u-stack">
        {asked}
        {scheduled}
        <form method="get" class="c-form">
            <ui::RadioCards state=ui::FormState::default() name="plan" label="Plan" choices=cards initial=chosen.as_str() cols=2/>
            <Actions><Button>"Show what changes"</Button></Actions>
        </form>
        {details}
        </div>
    }
    .into_any()
}

/// What waits for a decision already is decided on before another change is made.
fn asked_for(head: &TenantHead) -> Option<AnyView> {
    let row = head
        .operation
        .as_ref()
        .filter(|row| row.kind == What::ChangePlan && row.state == State::Requested)?;
    let open = view! { <ui::LinkButton href=paths::operation(row.id) size=ui::Size::Small>"Look at it and decide"</ui::LinkButton> };
    let by = row.requested_by.clone();
    let at = row.requested_at;
    Some(
        view! {
            <ui::Banner tone=Tone::Warning icon="hand" quiet=true actions=open.into_any()>
                <p><strong>"A change of plan waits for a decision"</strong>", asked for by "{by}", "<ui::When at/>"."</p>
            </ui::Banner>
        }
        .into_any(),
    )
}

/// Where the form is not there any more: why it was refused, and what was written in it.
fn unsent(state: &FormState) -> AnyView {
    view! {
        <ui::SummaryOf state=state/>
        <ui::Typed state=state fields=&[("note", "Note")]/>
    }
    .into_any()
}

fn confirm(head: &TenantHead, preview: PlanPreview, plans: &[Plan], waits: bool) -> AnyView {
    let tenant = head.tenant.clone();
    let to = preview.to.clone();
    let refusals = preview.refusals();
    let table = comparison(&tenant.slug, &preview, plans);
    let state = form_state("change_plan");
    if waits {
        let unsent = unsent(&state);
        return view! { {table}{unsent}<p>"A change is scheduled already. Cancel it first, or change its day."</p> }
            .into_any();
    }
    let later = schedule::form(&tenant, to.id);
    if !refusals.is_empty() {
        let list = refusals.into_iter().map(|why| view! { <li>{why}</li> });
        let unsent = unsent(&state);
        return view! {
            {table}
            {unsent}
            <ui::Banner tone=Tone::Danger>
                <p><strong>{format!("{} cannot move to {} now.", tenant.name, to.name)}</strong></p>
                <ul>{list.collect_view()}</ul>
                <p>"It can be scheduled: then there is time to bring it down."</p>
            </ui::Banner>
            {later}
        }
        .into_any();
    }
    let mut consequences = vec![Consequence::new(
        Tone::Neutral,
        "gauge",
        "The limits under “Then” hold from the next request on.",
    )];
    consequences.extend(losses(&preview));
    consequences.extend(stays_on_trial(&tenant));
    let mut hidden = carried(&tenant, &state);
    hidden.push(("plan", to.id.as_str().to_owned()));
    view! {
        {table}
        <ConfirmPage to="change_plan" state=&state tier=Tier::Review consequences button=format!("Change to {}", to.name)
            back=paths::tenant(&tenant.slug, "") hidden>
            {state.error("plan").map(|error| view! { <p class="c-field__error">{error}</p> })}
            <ui::TextField state=&state name="note" label="Note" optional=true help="Stands in the audit log." max=2_000/>
        </ConfirmPage>
        {later}
    }
    .into_any()
}

/// The limits before and after, with what is used of them, and what else differs between the plans. `plans` are the plans as
/// they are for everybody: their numbers stand beside what a template, or a word for this tenant alone, puts in their place.
pub(super) fn comparison(slug: &str, preview: &PlanPreview, plans: &[Plan]) -> AnyView {
    let PlanPreview { from, to, limits } = preview;
    let bare = |id: PlanId| plans.iter().find(|plan| plan.id == id);
    let of = |id: PlanId, meter: LimitMeter| bare(id).and_then(|plan| plan.limit(meter));
    let now_differs = |limit: &LimitChange| limit.before != of(from.id, limit.meter);
    let rows = limits.iter().map(|limit| {
        let plan = |id: PlanId| limit_text(limit.meter, of(id, limit.meter));
        let held = now_differs(limit).then(|| plan(from.id));
        row(limit, held, plan(to.id))
    });
    let rows = rows.collect_view();
    let yes = |has: bool| if has { "included" } else { "not included" }.to_owned();
    let others = [
        ("Single sign-on", yes(from.sso), yes(to.sso)),
        ("SCIM", yes(from.scim), yes(to.scim)),
        ("Availability promised", from.sla.clone(), to.sla.clone()),
    ]
    .into_iter()
    .map(|(name, from, to)| {
        let then = if from == to { to.into_any() } else { view! { <strong>{to}</strong> }.into_any() };
        view! {
            <tr><th scope="row">{name}</th><td class="u-num" data-label="Now">{from}</td><td class="u-num" data-label="Then">{then}</td>
                <td data-label="Comes from">"The plan"</td><td class="u-num" data-label="In use">"—"</td><td data-label="Fits">"—"</td></tr>
        }
    })
    .collect_view();
    let own = |limit: &LimitChange| limit.source != LimitSource::Plan || now_differs(limit);
    let note = limits.iter().any(own).then(|| {
        let href = paths::tenant(slug, "limits");
        view! { <p>"Not every limit is the plan’s: a quota of its template, or a limit for this tenant alone, stands in its place. "<a href=href>"Limits of this tenant"</a></p> }
    });
    let head = view! {
        <ui::Th>"Limit"</ui::Th><ui::Th num=true>"Now"</ui::Th><ui::Th num=true>"Then"</ui::Th><ui::Th>"Comes from"</ui::Th>
        <ui::Th num=true>"In use"</ui::Th><ui::Th>"Fits"</ui::Th>
    };
    view! {
        <ui::Section id="limits" title=format!("{} to {}", from.name, to.name)>
            {note}
            <ui::DataTable id="limits-table" caption="Limits now and then" head=head.into_any() cards=true>{rows}{others}</ui::DataTable>
        </ui::Section>
    }
    .into_any()
}

/// `held` is what the plan of now says where something else holds, `plan` what the new one says for everybody.
fn row(limit: &LimitChange, held: Option<String>, plan: String) -> AnyView {
    let meter = limit.meter;
    let (tone, words) = match limit.fit {
        Fit::Fits => (Tone::Success, "fits"),
        Fit::Over => (Tone::Danger, "over the limit"),
        Fit::Throttled => (Tone::Warning, "was higher lately"),
        Fit::Unknown => (Tone::Neutral, "not counted yet"),
    };
    let used = limit.used.map_or_else(|| "—".to_owned(), |used| amount(meter, used));
    let after = limit_text(meter, limit.after);
    let after =
        if limit.differs() { view! { <strong>{after}</strong> }.into_any() } else { after.into_any() };
    let held = held.map(|plan| view! { <br/><small class="u-muted">{format!("plan: {plan}")}</small> });
    let plan = view! { <span class="c-table__sub">{format!("plan: {plan}")}</span> };
    let by = match limit.source {
        LimitSource::Plan => "The plan".into_any(),
        LimitSource::Template => {
            view! { <ui::Tag icon="layers">"By its template"</ui::Tag>{plan} }.into_any()
        }
        LimitSource::Tenant => {
            view! { <ui::Tag tone=Tone::Override icon="diamond">"For this tenant alone"</ui::Tag>{plan} }
                .into_any()
        }
    };
    view! {
        <tr>
            <th scope="row">{meter.label()}</th>
            <td class="u-num" data-label="Now">{limit_text(meter, limit.before)}{held}</td>
            <td class="u-num" data-label="Then">{after}</td>
            <td data-label="Comes from">{by}</td>
            <td class="u-num" data-label="In use">{used}</td>
            <td data-label="Fits"><ui::Badge tone icon=tone.icon()>{words}</ui::Badge></td>
        </tr>
    }
    .into_any()
}

//! The plan as the tenant's own people see it (R66): what they have asked for and what came of it; what another plan
//! would give and take, and asking for it. Whoever may change plans has another page at the same address.

use super::ask_api::get_plan_request;
use super::plan::{choices, comparison, losses};
use super::schedule::PlanScheduleCard;
use super::suspend::{Impossible, MoveHeader};
use crate::paths;
use crate::ui::{
    self, Actions, Badge, Banner, Button, Card, ConfirmPage, Consequence, Form, FormState, Hidden, Kind,
    Load, Props, RadioCards, Tag, TextArea, Tier, Tone, When, form_state,
};
use leptos::prelude::*;
use model::operations::State;
use model::permission::{Permission, Scope};
use model::plan_requests::{PlanOffer, PlanRequest};
use model::plans::{Plan, PlanPreview};
use model::tenants::{Action, Tenant, TenantHead};

#[component]
pub(super) fn AskForPlan(slug: String, plan: String) -> impl IntoView {
    view! {
        <Load read=move || get_plan_request(slug.clone(), plan.clone()) view=|(head, offer)| page(&head, offer)/>
    }
    .into_any()
}

fn page(head: &TenantHead, offer: PlanOffer) -> AnyView {
    let PlanOffer { plans, preview, request, obstacle } = offer;
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Plan"/> };
    // What a suspension takes away for now is not offered: the banner of its pages says why.
    let may = head.viewer.allows(Permission::TenantPlanRequest, Scope::Tenant(tenant.id));
    let request = request.map(|request| state_of(&tenant, &request, may));
    let scheduled = view! { <PlanScheduleCard slug=tenant.slug.clone()/> };
    if let Err(why) = Action::ChangePlan.check(tenant.status) {
        return view! { {header}<div class="u-stack">{request}{scheduled}<Impossible tenant why to="ask_for_plan"/></div> }
            .into_any();
    }
    let chosen = preview.as_ref().map_or(tenant.plan, |preview| preview.to.id);
    let cards = choices(&plans, tenant.plan);
    let details = match preview {
        None => {
            let unsent = unsent(&form_state("ask_for_plan"));
            view! { {unsent}<p class="u-muted">"Choose another plan to see what it would give and take."</p> }
                .into_any()
        }
        Some(preview) => ask(&tenant, preview, &plans, obstacle, may),
    };
    view! {
        {header}
        <div class="u-stack">
            {request}
            {scheduled}
            <form method="get" class="c-form">
                <RadioCards state=ui::FormState::default() name="plan" label="Plan" choices=cards initial=chosen.as_str() cols=2/>
                <Actions><Button>"Show what changes"</Button></Actions>
            </form>
            {details}
        </div>
    }
    .into_any()
}

/// Where the form is not there any more: why it was refused, and what was written in it.
fn unsent(state: &FormState) -> AnyView {
    view! {
        <ui::SummaryOf state=state/>
        <ui::Typed state=state fields=&[("reason", "Reason")]/>
    }
    .into_any()
}

/// The limits before and after, then the form, or why there is none.
fn ask(
    tenant: &Tenant,
    preview: PlanPreview,
    plans: &[Plan],
    obstacle: Option<String>,
    may: bool,
) -> AnyView {
    let refusals = preview.refusals();
    let consequences = losses(&preview);
    let table = comparison(&tenant.slug, &preview, plans);
    let PlanPreview { from, to, .. } = preview;
    let state = form_state("ask_for_plan");
    if !refusals.is_empty() {
        let list = refusals.into_iter().map(|why| view! { <li>{why}</li> }).collect_view();
        let unsent = unsent(&state);
        return view! {
            {table}
            {unsent}
            <Banner tone=Tone::Danger quiet=true>
                <p><strong>{format!("What is used now does not fit {}.", to.name)}</strong>" Bring it down, then ask for the plan."</p>
                <ul>{list}</ul>
            </Banner>
        }
        .into_any();
    }
    if let Some(why) = obstacle.or_else(|| (!may).then(|| "It cannot be asked for now.".to_owned())) {
        let unsent = unsent(&state);
        return view! { {table}{unsent}<p>{why}</p> }.into_any();
    }
    let mut lines = vec![
        Consequence::new(
            Tone::Neutral,
            "hand",
            "Somebody of the platform looks at it and decides. Until then nothing changes, and you can withdraw it.",
        ),
        Consequence::new(Tone::Neutral, "mail", "You get a mail with the decision."),
        Consequence::new(
            Tone::Neutral,
            "gauge",
            "Once it is approved, the limits under “Then” hold from the next request on.",
        ),
    ];
    lines.extend(consequences);
    let hidden = vec![
        ("slug", tenant.slug.clone()),
        ("from", from.id.as_str().to_owned()),
        ("plan", to.id.as_str().to_owned()),
    ];
    let plan_error = state.error("plan").map(|error| view! { <p class="c-field__error">{error}</p> });
    view! {
        {table}
        <ConfirmPage to="ask_for_plan" state=&state tier=Tier::Review consequences=lines button=format!("Ask for {}", to.name)
            back=paths::tenant(&tenant.slug, "") hidden>
            {plan_error}
            <TextArea state=&state name="reason" label="Reason" rows=3 max=2_000 help="Read by whoever decides. Stands in your audit log."/>
        </ConfirmPage>
    }
    .into_any()
}

/// What was asked for, and where it stands.
fn state_of(tenant: &Tenant, request: &PlanRequest, may: bool) -> AnyView {
    let (tone, icon) = match request.state {
        State::Requested => (Tone::Warning, "hand"),
        State::Queued | State::Running => (Tone::Info, "refresh-cw"),
        State::Succeeded => (Tone::Success, "check-circle"),
        State::Rejected => (Tone::Danger, "slash"),
        State::Cancelled | State::RolledBack => (Tone::Neutral, "ban"),
        State::Undoing | State::Failed | State::Parked | State::NeedsOperator => (Tone::Danger, "octagon-x"),
    };
    let (from, to, words) = (request.from.label(), request.to.label(), request.words());
    let change = view! { <Tag>{from}</Tag>" to "<Tag>{to}</Tag> };
    let mut items = vec![
        ("Change", change.into_any()),
        ("State", view! { <Badge tone icon>{words}</Badge> }.into_any()),
        ("Asked for by", view! { {request.by.clone()}", "<When at=request.asked_at/> }.into_any()),
    ];
    if let Some(reason) = request.reason.clone() {
        items.push(("Reason", reason.into_any()));
    }
    if let Some(at) = request.decided_at {
        items.push(("Decided", view! { <When at full=true/> }.into_any()));
    }
    if let Some(answer) = request.answer.clone() {
        items.push(("Why it was refused", answer.into_any()));
    }
    let open = view! { <a href=paths::operation(request.operation)>"Operation"</a> };
    let withdraw = (request.waits() && may).then(|| {
        let state = form_state("withdraw_plan_request");
        let (slug, version) = (tenant.slug.clone(), request.version.to_string());
        view! {
            <Form to="withdraw_plan_request" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="version" value=version/>
                <Actions><Button kind=Kind::DangerQuiet>"Withdraw the request"</Button></Actions>
            </Form>
        }
    });
    // Who was too late is told so, though the form is gone.
    let late =
        (!request.waits()).then(|| view! { <ui::SummaryOf state=form_state("withdraw_plan_request")/> });
    view! {
        <Card id="plan-request" title="Another plan, asked for" aside=open.into_any() tone>
            {late}
            <Props items/>
            {withdraw}
        </Card>
    }
    .into_any()
}

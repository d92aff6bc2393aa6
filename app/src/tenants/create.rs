//! A new tenant at once: the few things that cannot be left for later. The wizard asks for everything.

use super::api::get_create_form;
use crate::paths;
use crate::ui::{self, Button, Choice, Form, Kind, LinkButton, Load, form_state};
use leptos::prelude::*;
use leptos_meta::Title;
use model::tenants::PlanId;

#[component]
pub fn QuickTenantPage() -> impl IntoView {
    view! {
        <Title text="New tenant, quickly"/>
        <Load read=get_create_form view=|days| {
            let lead = format!("It begins with {}; all AI tasks are off until you enable them.", a_trial(days));
            view! { <ui::PageHeader title="New tenant, quickly" lead/> {form()} }.into_any()
        }/>
    }
    .into_any()
}

/// "a trial of 14 days"
pub(super) fn a_trial(days: i32) -> String {
    format!("a trial of {}", ui::plural(days.into(), "day"))
}

fn form() -> impl IntoView {
    let state = form_state("create_tenant");
    let plans = PlanId::ALL.iter().map(|plan| Choice::new(plan.as_str(), plan.label())).collect::<Vec<_>>();
    view! {
        <Form to="create_tenant" state=state.clone()>
            <ui::TextField state=&state name="name" label="Name" max=200/>
            <ui::TextField state=&state name="slug" label="Slug" optional=true mono=true max=63 help="Stands in addresses; made from the name when left empty."/>
            <ui::TextField state=&state name="domain" label="Domain" optional=true mono=true max=253 help="Like example.com; no two tenants have the same."/>
            <ui::SelectField state=&state name="plan" label="Plan" choices=plans initial=PlanId::Starter.as_str()/>
            <ui::TextField state=&state name="region" label="Region" initial="eu-1" mono=true max=30/>
            <ui::Actions>
                <Button kind=Kind::Primary>"Create tenant"</Button>
                <LinkButton href=paths::TENANTS kind=Kind::Quiet>"Cancel"</LinkButton>
            </ui::Actions>
        </Form>
    }
}

//! What is to be done: the fields of one action, for those who were chosen in the list. Nothing is looked up or frozen
//! before the preview is asked for.

use super::api::get_bulk_form;
use super::select::{list_href, symbol};
use crate::paths;
use crate::ui::{
    self, Actions, Button, Choice, Empty, Form, Hidden, Kind, LinkButton, Load, PageHeader, Query,
    RadioCards, TextArea, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::bulk::{Action, BulkForm, Whom};
use model::plans::limit_text;
use model::tenants::{Suspension, SuspensionReason};

#[component]
pub fn BulkSetupPage() -> impl IntoView {
    view! {
        <Title text="Work on many tenants"/>
        <Load read=get_bulk_form view=|form| page(&form)/>
    }
    .into_any()
}

/// What the address carries from the list.
struct Chosen {
    whom: Whom,
    list: String,
    at: String,
    slugs: Vec<String>,
}

impl Chosen {
    fn here(here: &Query) -> Self {
        let text = |key: &str| here.get(key).unwrap_or_default().to_owned();
        let slugs = here.all("t");
        let whom =
            text("whom").parse().unwrap_or(if slugs.is_empty() { Whom::Matching } else { Whom::Ticked });
        Self { whom, list: text("list"), at: text("at"), slugs }
    }

    fn words(&self) -> String {
        match self.whom {
            Whom::Ticked => {
                format!("{} ticked in the list.", model::bulk::tenants_in_words(self.slugs.len() as i64))
            }
            Whom::Matching if self.list.is_empty() => {
                "All tenants of the list, which was not filtered.".to_owned()
            }
            Whom::Matching => "All that match the filters of the list, on all its pages.".to_owned(),
        }
    }
}

fn page(form: &BulkForm) -> AnyView {
    let here = Query::here();
    let chosen = Chosen::here(&here);
    let back = list_href(&chosen.list);
    if chosen.at.is_empty() || (chosen.whom == Whom::Ticked && chosen.slugs.is_empty()) {
        return view! {
            <PageHeader title="Work on many tenants"/>
            <Empty icon="building" title="No tenant is chosen" text="Tick tenants in the list, or take all that match its filters, and say what to do.">
                <LinkButton href=back kind=Kind::Primary>"To the list"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let action = here.get("action").and_then(|word| word.parse::<Action>().ok());
    let links = Action::ALL.iter().map(|other| {
        let href = here.clone().set("action", other.as_str()).href(paths::BULK);
        let current = (Some(*other) == action).then_some("page");
        view! { <li><a href=href aria-current=current>{ui::icon(symbol(*other), ui::Size::Medium)}{other.label()}</a></li> }
    });
    let whom = chosen.words();
    let fields = match action {
        Some(action) => fields(action, &chosen, form, back),
        None => view! { <p class="u-muted">"Choose what to do. You see whom it reaches before anything begins."</p> }.into_any(),
    };
    view! {
        <PageHeader title="Work on many tenants" lead=whom/>
        <nav class="c-section-nav" aria-label="What to do" data-size="sm"><ul>{links.collect_view()}</ul></nav>
        {fields}
    }
    .into_any()
}

fn fields(action: Action, chosen: &Chosen, form: &BulkForm, back: String) -> AnyView {
    let state = form_state("preview_bulk");
    let asked = match action {
        Action::Suspend => {
            let reasons = SuspensionReason::ALL.iter().map(|r| Choice::new(r.as_str(), r.label())).collect();
            let scopes = vec![
                Choice::new(Suspension::ReadOnly.as_str(), "Read-only")
                    .note("Their people and programs can still read. Nothing can be written or taken in."),
                Choice::new(Suspension::Blocked.as_str(), "Blocked")
                    .note("Their people see nothing any more; API keys are refused altogether."),
            ];
            view! {
                <RadioCards state=&state name="code" label="Why" choices=reasons cols=2/>
                <RadioCards state=&state name="scope" label="How far it goes" choices=scopes cols=2/>
                <TextArea state=&state name="message" label="Message to the tenants" optional=true rows=3 max=500
                    help="Their people read this on every page and when they are refused."/>
            }
            .into_any()
        }
        Action::Reinstate => view! { <p>"Each goes back to what it was before its suspension. The proof that the cause is gone is asked for at the end."</p> }.into_any(),
        Action::ChangePlan => {
            let plans = form.plans.iter().map(|plan| {
                let limits = plan.limits.iter().map(|(meter, limit)| format!("{}: {}", meter.label(), limit_text(*meter, Some(*limit))));
                Choice::new(plan.id.as_str(), plan.name.clone()).note(limits.collect::<Vec<_>>().join(", "))
            });
            let plans = plans.collect();
            view! { <RadioCards state=&state name="plan" label="New plan" choices=plans cols=2/> }.into_any()
        }
        Action::ApplyTemplate if form.templates.is_empty() => {
            return view! { <Empty icon="layers" title="No template is published" text="Publish a version first."/> }.into_any();
        }
        Action::ApplyTemplate => {
            let templates = form.templates.iter().map(|(word, name)| Choice::new(word.clone(), name.clone())).collect();
            view! { <RadioCards state=&state name="to" label="Template" choices=templates cols=2/> }.into_any()
        }
    };
    let error = state
        .error("whom")
        .map(|error| view! { <p class="c-field__error" id="f-whom" tabindex="-1">{error}</p> });
    let hidden = [
        ("action", action.as_str().to_owned()),
        ("whom", chosen.whom.as_str().to_owned()),
        ("list", chosen.list.clone()),
        ("at", chosen.at.clone()),
        ("tenants", chosen.slugs.join(" ")),
    ];
    let hidden = hidden.map(|(name, value)| view! { <Hidden name value/> }).collect_view();
    view! {
        <Form to="preview_bulk" state=&state>
            {hidden}
            {error}
            {asked}
            <Actions><Button kind=Kind::Primary>"Preview"</Button><LinkButton href=back kind=Kind::Quiet>"Back to the list"</LinkButton></Actions>
        </Form>
    }
    .into_any()
}

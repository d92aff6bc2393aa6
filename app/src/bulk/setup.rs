//! What is to be done: the fields of one action, for those who were chosen in the list. Nothing is looked up or frozen
//! before the preview is asked for.

use super::api::get_bulk_form;
use super::select::{list_href, symbol};
use crate::paths;
use crate::tenants::key_label;
use crate::ui::{
    self, Actions, Button, Choice, Empty, FieldWidth, Form, Hidden, Kind, LinkButton, Load, PageHeader,
    Query, RadioCards, SelectField, TextArea, TextField, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::bulk::{Action, BulkForm, Whom, tenants_in_words};
use model::details::NOBODY;
use model::directory::Listing;
use model::page::Total;
use model::plans::limit_text;
use model::tenants::{Suspension, SuspensionReason};

#[component]
pub fn BulkSetupPage() -> impl IntoView {
    let Chosen { whom, list, .. } = Chosen::here(&Query::here());
    view! {
        <Title text="Work on many tenants"/>
        <Load read=move || get_bulk_form(whom.as_str().to_owned(), list.clone()) view=|form| page(&form)/>
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

    /// How many, and by which filters: before anything is asked for.
    fn words(&self, listing: Option<&Listing>) -> String {
        let tenants = |total: Total| match total {
            Total::Exact(n) => tenants_in_words(n),
            other => format!("{other} tenants"),
        };
        match (self.whom, listing) {
            (Whom::Ticked, _) => format!("{} ticked in the list.", tenants_in_words(self.slugs.len() as i64)),
            (Whom::Matching, Some(Listing { total, terms })) if terms.is_empty() => {
                format!("All tenants of the list, which was not filtered: now {}.", tenants(*total))
            }
            (Whom::Matching, Some(Listing { total, terms })) => {
                format!(
                    "All that match on all pages of the list, now {}. {}.",
                    tenants(*total),
                    filters(terms)
                )
            }
            (Whom::Matching, None) => "All that match on all pages of the list.".to_owned(),
        }
    }
}

/// `Status: Suspended or Trial; Plan: Free`
fn filters(terms: &[(String, String)]) -> String {
    let mut text = String::new();
    let mut last = "";
    for (key, label) in terms {
        if key == last {
            text.push_str(" or ");
        } else {
            text.push_str(if text.is_empty() { "" } else { "; " });
            text.push_str(key_label(key));
            text.push_str(": ");
        }
        text.push_str(label);
        last = key;
    }
    text
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
    let whom = chosen.words(form.listing.as_ref());
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
        Action::SetOwner => {
            let mut people = vec![Choice::new(NOBODY, "Nobody")];
            people.extend(form.owners.iter().map(|owner| {
                Choice::new(owner.id.to_string(), owner.name.clone()).note(owner.role.label())
            }));
            view! {
                <SelectField state=&state name="owner" label="New owner" choices=people empty="Choose" width=FieldWidth::Md
                    help="Somebody who acts for the platform. They are told what happens to their tenants."/>
            }
            .into_any()
        }
        Action::ChangeTags => view! {
            <TextField state=&state name="add" label="Add tags" optional=true width=FieldWidth::Md help="Separated by commas. A tenant may have ten."/>
            <TextField state=&state name="remove" label="Remove tags" optional=true width=FieldWidth::Md
                help="Separated by commas. Who does not have them is none the worse."/>
        }
        .into_any(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_it_reaches_is_said_with_number_and_filters() {
        let chosen = |whom, slugs: &[&str]| Chosen {
            whom,
            list: String::new(),
            at: String::new(),
            slugs: slugs.iter().map(|slug| (*slug).to_owned()).collect(),
        };
        let terms = [("status", "Suspended"), ("status", "Trial"), ("q", "acme")];
        let terms = terms.map(|(key, label)| (key.to_owned(), label.to_owned())).to_vec();
        let all = chosen(Whom::Matching, &[]);
        assert_eq!(
            all.words(Some(&Listing { total: Total::Exact(87), terms })),
            "All that match on all pages of the list, now 87 tenants. Status: Suspended or Trial; Search: acme."
        );
        assert_eq!(
            all.words(Some(&Listing { total: Total::AtLeast(10_000), terms: vec![] })),
            "All tenants of the list, which was not filtered: now more than 10\u{202f}000 tenants."
        );
        assert_eq!(chosen(Whom::Ticked, &["a"]).words(None), "1 tenant ticked in the list.");
    }
}

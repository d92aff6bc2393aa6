//! Making and changing a sign-up page.

use super::api::{get_signup_choices, get_signup_form};
use crate::paths;
use crate::ui::{
    self, Actions, Button, Checkbox, Choice, FieldSet, FieldWidth, Form, FormState, Hidden, Kind, LinkButton,
    Load, PageHeader, RadioCards, SelectField, TextArea, TextField, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::signup::{Colour, PageDetail, SignupPage, TemplateChoice};
use model::tenants::{Placement, PlanId};

#[component]
pub fn NewSignupPagePage() -> impl IntoView {
    view! { <Title text="New sign-up page"/> <Load read=get_signup_choices view=|choices| new(&choices)/> }
}

fn new(choices: &[TemplateChoice]) -> AnyView {
    let state = form_state("create_signup_page");
    let fields = fields(&state, choices, None);
    view! {
        <PageHeader title="New sign-up page" lead="It is open at once; nobody finds it who does not know its address."/>
        <Form to="create_signup_page" state=&state>
            {fields}
            <Actions>
                <Button kind=Kind::Primary>"Create page"</Button>
                <LinkButton href=paths::SIGNUP_PAGES kind=Kind::Quiet>"Cancel"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}

#[component]
pub fn EditSignupPagePage() -> impl IntoView {
    let slug = ui::param("page");
    view! {
        <Load read=move || get_signup_form(slug.clone())
            view=|(detail, choices): (PageDetail, Vec<TemplateChoice>)| edit(&detail, &choices)/>
    }
}

fn edit(detail: &PageDetail, choices: &[TemplateChoice]) -> AnyView {
    let page = &detail.row.page;
    let title = format!("Change {}", page.content.name);
    let state = form_state("change_signup_page");
    let fields = fields(&state, choices, Some(page));
    let (slug, version, back) =
        (page.slug.clone(), page.version.to_string(), paths::signup_page(&page.slug, ""));
    view! {
        <Title text=title.clone()/>
        <PageHeader title lead="What is changed holds for everybody who confirms from now on, also for those who have registered already."/>
        <Form to="change_signup_page" state=&state>
            <Hidden name="page" value=slug/>
            <Hidden name="version" value=version/>
            {fields}
            <Actions>
                <Button kind=Kind::Primary>"Save page"</Button>
                <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}

/// The newest of each template, and each version by itself.
fn templates(choices: &[TemplateChoice]) -> Vec<Choice> {
    let mut all = Vec::new();
    for choice in choices {
        if !all.iter().any(|known: &Choice| known.value == choice.key) {
            let text = format!("{}, always the newest version", choice.name);
            all.push(Choice::new(choice.key.clone(), text));
        }
        let (word, text) = (
            format!("{}.{}", choice.key, choice.version),
            format!("{}, version {}", choice.name, choice.version),
        );
        all.push(Choice::new(word, text));
    }
    all
}

fn fields(state: &FormState, choices: &[TemplateChoice], now: Option<&SignupPage>) -> AnyView {
    let content = now.map(|page| &page.content);
    let text = |read: fn(&model::signup::PageContent) -> String, first: &str| {
        content.map_or_else(|| first.to_owned(), read)
    };
    let colours = Colour::ALL.iter().map(|word| Choice::new(word.as_str(), word.label())).collect();
    let plans = PlanId::ALL.iter().map(|plan| Choice::new(plan.as_str(), plan.label())).collect();
    let places = Placement::ALL
        .iter()
        .map(|place| {
            let note = match place {
                Placement::Pooled => "Beside other tenants, kept apart by row level security. Made at once.",
                Placement::Dedicated => {
                    "A schema and a role of its own. A second person may have to approve each."
                }
            };
            Choice::new(place.as_str(), place.label()).note(note)
        })
        .collect();
    let mut templates = templates(choices);
    let template = now.map_or_else(
        || choices.first().map(|c| c.key.clone()).unwrap_or_default(),
        SignupPage::template_word,
    );
    // What it is on stands in the list even where it cannot be chosen anew.
    if let Some(page) = now.filter(|page| !page.offered) {
        templates.insert(
            0,
            Choice::new(template.clone(), format!("{} (not published any more)", page.template_name)),
        );
    }
    let slug = now.is_none().then(|| {
        view! { <TextField state name="slug" label="Address" optional=true mono=true max=63 width=FieldWidth::Md prefix="/join/" help="Made from the name when left empty. It never changes."/> }
    });
    let colour = content.map_or(Colour::Petrol, |c| c.colour).as_str();
    let plan = content.map_or(PlanId::Free, |c| c.plan).as_str();
    let placement = content.map_or(Placement::Pooled, |c| c.placement).as_str();
    let approval = content.is_some_and(|c| c.approval);
    let seen = view! {
            <TextField state name="name" label="Name" max=80 width=FieldWidth::Md initial=text(|c| c.name.clone(), "") help="Of your product or brand."/>
            {slug}
            <TextArea state name="greeting" label="Greeting" optional=true rows=3 max=600 initial=text(|c| c.greeting.clone(), "") help="Above the form; plain text."/>
            <SelectField state name="colour" label="Colour" choices=colours initial=colour width=FieldWidth::Sm help="Each can be read in light and in dark."/>
            <TextField state name="terms_url" label="Address of the terms" optional=true max=500 initial=text(|c| c.terms_url.clone().unwrap_or_default(), "") help="Like https://example.com/terms. Visitors have to agree to them."/>
    };
    let begun = view! {
            <SelectField state name="template" label="Template" choices=templates initial=template width=FieldWidth::Md/>
            <SelectField state name="plan" label="Plan" choices=plans initial=plan width=FieldWidth::Md/>
            <TextField state name="trial_days" label="Days of trial" width=FieldWidth::Xs initial=text(|c| c.trial_days.to_string(), "14") help="0 makes it active at once."/>
            <RadioCards state name="placement" label="Where its data lives" choices=places initial=placement cols=2/>
            <TextField state name="region" label="Region" mono=true max=30 width=FieldWidth::Sm initial=text(|c| c.region.clone(), "eu-1")/>
    };
    let taken = view! {
            <TextField state name="email_domains" label="Domains of e-mail addresses" optional=true mono=true initial=text(|c| c.email_domains.join(", "), "") help="With commas between, like example.com. Left empty, every address may sign up."/>
            <TextField state name="daily_limit" label="Tenants within 24 hours" width=FieldWidth::Xs initial=text(|c| c.daily_limit.to_string(), "20") help="Then the page says that it takes in nobody at the moment."/>
            <Checkbox state name="approval" label="An operator approves each of them" checked=approval/>
    };
    view! {
        <FieldSet legend="What visitors see">{seen}</FieldSet>
        <FieldSet legend="What begins">{begun}</FieldSet>
        <FieldSet legend="Who is taken in">{taken}</FieldSet>
    }
    .into_any()
}

//! The last page: the answers with the way to change each, and what will happen.

use crate::paths;
use crate::ui::{self, Banner, Card, FormState, Tone};
use leptos::prelude::*;
use model::drafts::{DraftView, Page};

pub(super) fn review(state: &FormState, view: &DraftView) -> AnyView {
    let cards: Vec<_> = Page::ALL
        .iter()
        .filter(|page| **page != Page::Review)
        .map(|page| answers(state, view, *page))
        .collect();
    let steps: Vec<_> =
        view.steps.iter().zip(1..).map(|(step, n)| view! { <li>{format!("{n}. {step}")}</li> }).collect();
    let approval = view.second_person.then(|| {
        view! { <Banner tone=Tone::Warning quiet=true><p>"A second person has to approve it before it begins. Say for them why it is needed."</p></Banner> }
    });
    let count = steps.len();
    view! {
        {cards}
        <Card id="steps" title="What will happen">
            <p>{format!("{count} steps, in this order. If one fails, all before it are undone.")}</p>
            <ol>{steps}</ol>
        </Card>
        {approval}
        <ui::TextArea state=state name="reason" label="Reason" initial=view.draft.request.reason.clone() optional=true rows=2 max=2_000 help="Stands in the audit log."/>
    }
    .into_any()
}

/// The answers of one page, each with what is wrong with it by now, and the way to change them.
fn answers(state: &FormState, view: &DraftView, page: Page) -> AnyView {
    let rows: Vec<_> = given(view, page)
        .into_iter()
        .map(|(field, label, value)| {
            let wrong = state.error(field).map(|error| view! { <p class="c-field__error">{error}</p> });
            view! { <div id=format!("f-{field}") tabindex="-1"><dt>{label}</dt><dd>{value}{wrong}</dd></div> }
        })
        .collect();
    let href = format!("{}?change=1", paths::draft(view.draft.id, page));
    let aside = view! { <a href=href>"Change"<span class="u-visually-hidden">{format!(" {}", page.label().to_lowercase())}</span></a> };
    let id = match page {
        Page::Template => "answers-template",
        Page::Identity => "answers-identity",
        Page::Plan => "answers-plan",
        Page::People => "answers-people",
        Page::Review => "answers",
    };
    view! { <Card id title=page.label() aside=aside.into_any()><dl class="c-props" data-cols="2">{rows}</dl></Card> }.into_any()
}

/// What another window has saved for a page, beside the form that came too late.
pub(super) fn saved_meanwhile(view: &DraftView, page: Page) -> AnyView {
    let rows = given(view, page)
        .into_iter()
        .map(|(_, label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> });
    let rows: Vec<_> = rows.collect();
    view! { <Card id="meanwhile" title="As it was saved meanwhile" tone=Tone::Warning><dl class="c-props" data-cols="2">{rows}</dl></Card> }
        .into_any()
}

/// The answers of one page: field, label, words.
fn given(view: &DraftView, page: Page) -> Vec<(&'static str, &'static str, String)> {
    let draft = &view.draft;
    let now = &draft.request;
    let template = view.offers.iter().find(|offer| offer.template.key == now.template);
    let admin = now.admin.as_ref();
    let rows = match page {
        Page::Template => vec![(
            "template",
            "Template",
            template.map_or_else(
                || now.template.clone(),
                |offer| format!("{}, version {}", offer.template.name, offer.version),
            ),
        )],
        Page::Identity => vec![
            ("name", "Name", now.name.clone()),
            ("slug", "Slug", now.slug.clone()),
            ("domain", "Domain", now.domain.clone()),
            ("external_id", "External id", now.external_id.clone()),
            ("region", "Region", now.region.clone()),
            ("country", "Country", now.country.clone()),
            ("tags", "Tags", now.tags.join(", ")),
        ],
        Page::Plan => vec![
            ("plan", "Plan", now.plan.label().to_owned()),
            ("placement", "Where its data lives", now.placement.label().to_owned()),
            (
                "trial_days",
                "Trial",
                if now.trial_days == 0 {
                    "none, active at once".to_owned()
                } else {
                    ui::plural(now.trial_days.into(), "day")
                },
            ),
            ("billing_reference", "Billing reference", now.billing_reference.clone()),
        ],
        Page::People => vec![
            ("admin_name", "First administrator", admin.map(|a| a.name.clone()).unwrap_or_default()),
            ("admin_email", "E-mail", admin.map(|a| a.email.clone()).unwrap_or_default()),
            ("support_contact", "Support contact", now.support_contact.clone()),
            ("escalation_contact", "Escalation contact", now.escalation_contact.clone()),
        ],
        Page::Review => vec![],
    };
    let or_none = |value: String| if value.is_empty() { "—".to_owned() } else { value };
    rows.into_iter().map(|(field, label, value)| (field, label, or_none(value))).collect()
}

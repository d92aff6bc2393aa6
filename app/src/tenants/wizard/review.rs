//! The last page: the answers with the way to change each, and what will happen.

use crate::paths;
use crate::templates;
use crate::ui::{self, Banner, Card, FormState, Tone};
use crate::usage::overrides;
use leptos::prelude::*;
use model::drafts::{DraftView, Page};
use model::limits::{field, instead};
use model::plans::limit_text;
use model::settings::Key;

pub(super) fn review(state: &FormState, view: &DraftView) -> AnyView {
    let cards: Vec<_> = Page::ALL
        .iter()
        .filter(|page| **page != Page::Review)
        .map(|page| answers(state, view, *page))
        .collect();
    let steps: Vec<_> = view
        .steps
        .iter()
        .zip(1..)
        .map(|(step, n)| {
            let usual = view.typical.get(step).map(|ms| {
                view! { <span class="u-muted">{format!(" · usually {}", ui::span(*ms))}</span> }
            });
            view! { <li>{format!("{n}. {step}")}{usual}</li> }
        })
        .collect();
    let usual: i64 = view.steps.iter().filter_map(|step| view.typical.get(step)).sum();
    let together =
        if usual > 0 { format!(" Together they usually take {}.", ui::span(usual)) } else { String::new() };
    let differences = differences(view);
    let terms = view.terms.as_ref().map(templates::terms);
    let approval = view.second_person.then(|| {
        view! { <Banner tone=Tone::Warning quiet=true><p>"A second person has to approve it before it begins. Say for them why it is needed."</p></Banner> }
    });
    let count = steps.len();
    view! {
        {cards}
        {differences}
        {terms}
        <Card id="steps" title="What will happen">
            <p>{format!("{count} steps, in this order. If one fails, all before it are undone.{together}")}</p>
            <ol>{steps}</ol>
        </Card>
        {approval}
        <ui::TextArea state=state name="reason" label="Reason" initial=view.draft.request.reason.clone() optional=true rows=2 max=2_000 help="Stands in the audit log."/>
    }
    .into_any()
}

/// What is asked for otherwise than the template says.
fn differences(view: &DraftView) -> AnyView {
    let Some(terms) = &view.terms else { return ().into_any() };
    let (now, bundle) = (&view.draft.request, &terms.offer.bundle);
    let mut lines = Vec::new();
    if let Some(plan) = bundle.plan.filter(|plan| *plan != now.plan) {
        let line = format!("Plan: {} instead of {}", now.plan.label(), plan.label());
        lines.push((line, String::new(), "Overrides the template"));
    }
    let days = bundle.setting(Key::TrialDays).and_then(|setting| setting.value.as_number());
    if let Some(days) = days.filter(|days| *days != i64::from(now.trial_days)) {
        let line = format!("Trial: {} instead of {days}", ui::plural(now.trial_days.into(), "day"));
        lines.push((line, String::new(), "Overrides the template"));
    }
    // What is only said again differs from nothing; it stands among the answers and the limits.
    for line in &terms.limits {
        let Some(text) = instead(line) else { continue };
        let reason = now.limits.iter().find(|own| own.meter == line.meter).map(|own| own.reason.clone());
        lines.push((text, reason.unwrap_or_default(), overrides(line)));
    }
    if lines.is_empty() {
        return ().into_any();
    }
    let lines = lines.into_iter().map(|(line, reason, tag)| {
        let reason = (!reason.is_empty()).then(|| view! { <p class="u-muted">{reason}</p> });
        view! { <li class="c-list__item"><div class="u-grow">{line}" "<ui::Tag tone=Tone::Override icon="diamond">{tag}</ui::Tag>{reason}</div></li> }
    });
    let lines: Vec<_> = lines.collect();
    view! { <Card id="differences" title="Differs from the template" tone=Tone::Override><ul class="c-list">{lines}</ul></Card> }
        .into_any()
}

/// Whether the page has a place for what is wrong with a field. The review has one for each answer that it shows.
pub(super) fn has(view: &DraftView, page: Page, field: &str) -> bool {
    let shown = |of: &Page| given(view, *of).iter().any(|(name, _, _)| *name == field);
    page.fields().contains(&field) || (page == Page::Review && Page::ALL.iter().any(shown))
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

/// The version that was chosen, and the newer one where one was published since: it is not taken by itself.
fn template(view: &DraftView) -> String {
    let now = &view.draft.request;
    let Some(offer) = view.offers.iter().find(|offer| offer.template.key == now.template) else {
        return now.template.clone();
    };
    let (name, newest) = (&offer.template.name, offer.version);
    match now.template_version {
        Some(version) if version < newest => format!(
            "{name}, version {version}. Version {newest} is published by now: choose the template again to begin with that."
        ),
        Some(version) => format!("{name}, version {version}"),
        None => format!("{name}, version {newest}"),
    }
}

/// Who is to look after it; somebody who cannot any more is told by the error beside it.
fn owner(view: &DraftView) -> String {
    let Some(id) = view.draft.request.owner else { return String::new() };
    let owner = view.owners.iter().find(|owner| owner.id == id);
    owner.map_or_else(|| "Somebody who cannot be chosen any more".to_owned(), |owner| owner.name.clone())
}

/// The answers of one page: field, label, words.
fn given(view: &DraftView, page: Page) -> Vec<(&'static str, &'static str, String)> {
    let draft = &view.draft;
    let now = &draft.request;
    let admin = now.admin.as_ref();
    let rows = match page {
        Page::Template => vec![("template", "Template", template(view))],
        Page::Identity => vec![
            ("name", "Name", now.name.clone()),
            ("slug", "Slug", now.slug.clone()),
            ("domain", "Domain", now.domain.clone()),
            ("external_id", "External id", now.external_id.clone()),
            ("region", "Region", now.region.clone()),
            ("country", "Country", now.country.clone()),
            ("tags", "Tags", now.tags.join(", ")),
            ("owner", "Owner", owner(view)),
        ],
        Page::Plan => [
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
        ]
        .into_iter()
        .chain(now.limits.iter().map(|own| {
            let text = limit_text(own.meter, Some(own.limit));
            (field(own.meter), own.meter.label(), format!("{text}, for this tenant alone"))
        }))
        .collect(),
        Page::People => vec![
            ("admin_name", "First administrator", admin.map(|a| a.name.clone()).unwrap_or_default()),
            ("admin_email", "E-mail", admin.map(|a| a.email.clone()).unwrap_or_default()),
            ("people", "More people", crate::users::named(&now.people)),
            ("support_contact", "Support contact", now.support_contact.clone()),
            ("escalation_contact", "Escalation contact", now.escalation_contact.clone()),
        ],
        Page::Review => vec![],
    };
    let or_none = |value: String| if value.is_empty() { "—".to_owned() } else { value };
    rows.into_iter().map(|(field, label, value)| (field, label, or_none(value))).collect()
}

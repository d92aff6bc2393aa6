//! The frame of the wizard's pages, its entrance, and which page an address shows.

use super::api::{get_draft, get_drafts};
use super::{contents, fields, review};
use crate::paths;
use crate::ui::{
    self, Button, Card, Form, FormState, Icon, Kind, LinkButton, Load, PageHeader, When, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::drafts::{Draft, DraftView, Page};
use model::templates::{Catalogue, Offer};

/// `/tenants/new`: the first page, before there is a draft; and the drafts that there are.
#[component]
pub fn NewTenantPage() -> impl IntoView {
    view! {
        <Title text="New tenant"/>
        <Load read=get_drafts view=|(offers, catalogue, drafts)| entrance(&offers, &catalogue, &drafts)/>
    }
    .into_any()
}

fn entrance(offers: &[Offer], catalogue: &Catalogue, drafts: &[Draft]) -> AnyView {
    if offers.is_empty() {
        return view! {
            <PageHeader title="New tenant"/>
            <ui::Empty title="No template is published" text="A tenant begins with a template: its fields, tasks, settings and checklists.">
                <LinkButton href=paths::TEMPLATES>"See templates"</LinkButton>
            </ui::Empty>
        }
        .into_any();
    }
    let state = form_state("begin_tenant_draft");
    let first = offers.first().map(|offer| offer.template.key.clone()).unwrap_or_default();
    let cards = fields::templates(&state, offers, catalogue, &first);
    let compare = contents::compare(offers);
    let drafts = (!drafts.is_empty()).then(|| {
        let items: Vec<_> = drafts.iter().map(draft_line).collect();
        view! { <Card id="drafts" title="Your drafts"><ul class="c-list">{items}</ul></Card> }
    });
    let progress = progress(None, Page::Template);
    view! {
        <PageHeader title="New tenant" lead=lead(Page::Template)/>
        {drafts}
        {progress}
        <Form to="begin_tenant_draft" state>
            {cards}
            <ui::Actions>
                <Button kind=Kind::Primary>"Continue"</Button>
                <LinkButton href=paths::TENANTS kind=Kind::Quiet>"Cancel"</LinkButton>
            </ui::Actions>
        </Form>
        {compare}
    }
    .into_any()
}

fn draft_line(draft: &Draft) -> AnyView {
    let name = if draft.request.name.is_empty() {
        "A tenant without a name".to_owned()
    } else {
        draft.request.name.clone()
    };
    let open = draft.open();
    let left = format!("Next: {}. Kept until {}.", open.label(), ui::day(draft.expires_at));
    let label = format!("Discard the draft {name}");
    view! {
        <li class="c-list__item">
            <div class="u-grow"><a href=paths::draft(draft.id, open)>{name}</a><p class="u-muted">"Changed "<When at=draft.updated_at/>". "{left}</p></div>
            <form method="post">
                <input type="hidden" name=ui::FORM_NAME value="discard_tenant_draft"/>
                <ui::Hidden name="id" value=draft.id.to_string()/>
                <Button size=ui::Size::Small icon="trash" label/>
            </form>
        </li>
    }
    .into_any()
}

/// `/tenants/new/{draft}/{step}`.
#[component]
pub fn DraftPage() -> impl IntoView {
    let (id, step) = (ui::param("draft"), ui::param("step"));
    let page = step.parse().unwrap_or(Page::Template);
    view! { <Load read=move || get_draft(id.clone(), step.clone()) view=move |view| shown(&view, page)/> }
        .into_any()
}

fn shown(view: &DraftView, page: Page) -> AnyView {
    let draft = &view.draft;
    let name = if draft.request.name.is_empty() {
        "New tenant".to_owned()
    } else {
        format!("New tenant: {}", draft.request.name)
    };
    let to = function(page);
    let state = form_state(to).on_page(|field| review::has(view, page, field));
    let fields = match page {
        Page::Template => fields::templates(&state, &view.offers, &view.catalogue, &draft.request.template),
        Page::Identity => fields::identity(&state, &draft.request, &view.owners),
        Page::Plan => fields::plan(&state, &draft.request, &view.plans, view.terms.as_ref()),
        Page::People => fields::people(&state, &draft.request, view.terms.as_ref()),
        Page::Review => review::review(&state, view),
    };
    let changes = ui::Query::here().get("change").is_some();
    let back = if changes { Some(Page::Review) } else { page.before() };
    let back = back.map(|back| view! { <LinkButton href=paths::draft(draft.id, back)>"Back"</LinkButton> });
    let label = match (page, changes) {
        (Page::Review, _) => "Create tenant",
        (_, true) => "Save and go back to the review",
        _ => "Continue",
    };
    let then = if changes { Page::Review.as_str() } else { "" };
    let version = version(&state, draft);
    let meanwhile =
        (state.is_conflict() && page != Page::Review).then(|| review::saved_meanwhile(view, page));
    let id = draft.id.to_string();
    let progress = progress(Some(draft), page);
    let compare = (page == Page::Template).then(|| contents::compare(&view.offers));
    view! {
        <Title text=format!("{} · {name}", page.label())/>
        <PageHeader title=name lead=lead(page)/>
        {progress}
        <Form to state>
            <ui::Hidden name="id" value=id/>
            <ui::Hidden name="version" value=version/>
            <ui::Hidden name="then" value=then/>
            {meanwhile}
            {fields}
            <ui::Actions>
                <Button kind=Kind::Primary>{label}</Button>
                {back}
                <LinkButton href=paths::TENANTS_NEW kind=Kind::Quiet>"Continue later"</LinkButton>
            </ui::Actions>
        </Form>
        {compare}
    }
    .into_any()
}

/// A refused form keeps the version it was filled in on; after a conflict it takes the new one, because its reader sees
/// what was saved meanwhile.
fn version(state: &FormState, draft: &Draft) -> String {
    let now = draft.version.to_string();
    if state.is_conflict() { now } else { state.value("version", &now) }
}

fn lead(page: Page) -> String {
    format!("Page {} of {}: {}.", page.place() + 1, Page::ALL.len(), page.label().to_lowercase())
}

const fn function(page: Page) -> &'static str {
    match page {
        Page::Template => "save_draft_template",
        Page::Identity => "save_draft_identity",
        Page::Plan => "save_draft_plan",
        Page::People => "save_draft_people",
        Page::Review => "submit_tenant_draft",
    }
}

/// The five pages; those that are answered are links.
fn progress(draft: Option<&Draft>, here: Page) -> AnyView {
    let items: Vec<_> = Page::ALL
        .iter()
        .map(|page| {
            let answered = draft.is_some_and(|draft| page.place() < draft.reached);
            let (state, icon, word) = match (*page == here, answered) {
                (true, _) => ("running", "circle-dot", ", this page"),
                (false, true) => ("done", "check-circle", ", answered"),
                (false, false) => ("queued", "circle-dashed", ", to do"),
            };
            let label = page.label();
            let open = draft.filter(|draft| *page != here && draft.may_open(*page));
            let title = match open {
                Some(draft) => view! { <a href=paths::draft(draft.id, *page)>{label}</a> }.into_any(),
                None => label.into_any(),
            };
            let current = (*page == here).then_some("step");
            view! {
                <li class="c-steps__item" data-state=state aria-current=current>
                    <Icon name=icon/>
                    <div class="c-steps__body"><p class="c-steps__title">{title}<span class="u-visually-hidden">{word}</span></p></div>
                </li>
            }
        })
        .collect();
    view! { <nav aria-label="Pages of the wizard"><ol class="c-steps" data-inline>{items}</ol></nav> }
        .into_any()
}

//! One checklist: its phases, and each item with why, how, what a check found, what people said, and what can be done.
//!
//! At most one item has a form open, chosen by the address (`?item=…&do=complete`), so that the page works without a
//! script and no two fields share a name.

use crate::paths;
use crate::ui::{self, FormState, Kind, Size, Tag, Tone, form_state};
use leptos::prelude::*;
use model::checklists::{Check, Checklist, Item, ItemState, Outcome, ProvedBy};
use model::permission::{Permission, Scope};
use model::tenants::{Tenant, TenantHead};
use model::work::Work;

/// What the address asks for.
#[derive(Clone, Debug, Default)]
struct Open {
    item: String,
    what: String,
}

impl Open {
    fn here() -> Self {
        let query = ui::query();
        let of = |name: &str| {
            query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self { item: of("item"), what: of("do") }
    }
}

/// What the reader may do.
#[derive(Clone, Copy, Debug)]
struct Rights {
    work: bool,
    waive: bool,
    /// Contacts change after the onboarding, too.
    contacts: bool,
}

#[component]
pub fn ChecklistView(head: TenantHead, list: Checklist) -> impl IntoView {
    let scope = Scope::Tenant(head.tenant.id);
    let refused = head.refusal(list.key.work());
    let running = list.ended_at.is_none() && refused.is_none();
    let rights = Rights {
        work: running && head.viewer.allows(Permission::ChecklistWork, scope),
        waive: running && head.viewer.allows(Permission::ChecklistWaive, scope),
        contacts: head.viewer.allows(Permission::ChecklistWork, scope)
            && head.refusal(Work::Record).is_none(),
    };
    let refused = refused
        .filter(|_| list.ended_at.is_none() && head.viewer.allows(Permission::ChecklistWork, scope))
        .map(|why| view! { <ui::Banner tone=Tone::Info quiet=true><p>{why}</p></ui::Banner> });
    let mut open = Open::here();
    if open.item.is_empty() {
        open.item = list.next().next().map(|item| item.step.key.clone()).unwrap_or_default();
    }
    let (done, all) = list.count(true);
    let (extra, optional) = list.count(false);
    let optional = (optional > 0).then(|| format!(", {extra} of {optional} optional"));
    let ended = list.ended_at.map(|at| view! { <li>"Closed "<ui::When at full=true/></li> });
    let swept =
        list.swept_at.map(|at| view! { <li class="c-meta__asof">"Checked by itself "<ui::When at/></li> });
    let phases = phases(&list).into_iter().map(|(at, phase, items)| {
        let done = items.iter().filter(|item| item.state.is_done()).count();
        let total = items.len();
        let rows = items.into_iter().map(|item| row(&head.tenant, &list, item, rights, &open)).collect_view();
        let id = format!("phase-{at}");
        let heading = id.clone();
        view! {
            <section class="c-section" aria-labelledby=heading>
                <div class="c-section__head"><h3 id=id>{phase}</h3><span class="c-count">{format!("{done}/{total}")}<span class="u-visually-hidden">" done"</span></span></div>
                <ol class="c-checklist">{rows}</ol>
            </section>
        }
    });
    let phases = phases.collect_view();
    let key = list.key.as_str();
    view! {
        <section class="c-section" aria-labelledby=key>
            <div class="c-section__head"><h2 id=key>{list.title.clone()}</h2></div>
            <ul class="c-meta">
                <li>{format!("{done} of {all} required items done")}{optional}</li>
                <li>"Started "<ui::When at=list.started_at/></li>
                <li>{format!("Definition {}", list.version)}</li>
                {ended}{swept}
            </ul>
            <progress class="c-progress" value=done.to_string() max=all.to_string() aria-label="Required items done">{format!("{done} of {all}")}</progress>
            {refused}
            {phases}
        </section>
    }
    .into_any()
}

/// The phases in order, each with its items.
fn phases(list: &Checklist) -> Vec<(usize, String, Vec<&Item>)> {
    let mut phases: Vec<(usize, String, Vec<&Item>)> = Vec::new();
    for item in &list.items {
        match phases.iter_mut().find(|(_, phase, _)| *phase == item.step.phase) {
            Some((.., items)) => items.push(item),
            None => phases.push((phases.len(), item.step.phase.clone(), vec![item])),
        }
    }
    phases
}

/// The word of `data-state` and the icon (`style/README.md`).
fn look(item: &Item, waits: bool, late: bool) -> (&'static str, &'static str) {
    match (item.state, item.proved_by, item.evidence.check.as_ref().map(|check| check.outcome)) {
        (ItemState::Passed, Some(ProvedBy::Person), _) => ("manual", "user-check"),
        (ItemState::Passed, ..) => ("auto", "check-circle"),
        (ItemState::Waived, ..) => ("waived", "slash"),
        (ItemState::Failed, ..) => ("failed", "octagon-x"),
        (ItemState::Open, ..) if waits => ("blocked", "ban"),
        (ItemState::Open, ..) if late => ("overdue", "clock"),
        (ItemState::Open, _, Some(Outcome::Unable)) => ("evidence", "circle-dot"),
        (ItemState::Open, ..) => ("todo", "circle"),
    }
}

fn row(tenant: &Tenant, list: &Checklist, item: &Item, rights: Rights, open: &Open) -> AnyView {
    let waits: Vec<String> = if item.state.is_done() {
        vec![]
    } else {
        list.waits_for(item).into_iter().map(str::to_owned).collect()
    };
    let due = item
        .step
        .due_days
        .filter(|_| !item.state.is_done())
        .and_then(|days| list.started_at.checked_add_days(chrono::Days::new(days.unsigned_abs())));
    // The day it is due is still a day to do it.
    let late = due.is_some_and(|due| due.date_naive() < ui::now().date_naive());
    let (state, icon) = look(item, !waits.is_empty(), late);
    let mut words = item.words();
    if !waits.is_empty() {
        words = format!("cannot start yet: needs “{}”", waits.join("”, “"));
        if item.step.is_operation() {
            words = item.words();
        }
    }
    let chosen = open.item == item.step.key;
    let optional = (!item.step.required).then(|| view! { " "<Tag>"optional"</Tag> });
    let due = due.map(|due| format!(" · {} {}", if late { "was due" } else { "due" }, ui::day(due)));
    let check = item.evidence.check.clone().map(|check| result(tenant, list, item, rights, check));
    let unchecked = (check.is_none() && item.step.probe.is_some() && rights.work && !decided_by_person(item))
        .then(|| check_button(tenant, list, item));
    let note = item.note.clone().map(|note| {
        let what = if item.state == ItemState::Waived { "Waived: " } else { "Evidence: " };
        let by = item.by_name.clone().unwrap_or_default();
        let at = item.checked_at.map(|at| view! { <ui::When at full=true/> });
        view! { <li><ui::Icon name="file-text"/><span>{what}<q>{note}</q></span><span class="u-muted">{by}" "{at}</span></li> }
    });
    let link = item.evidence.link.clone().map(|link| {
        let address = link.clone();
        view! { <li><ui::Icon name="link"/><a href=address rel="noopener noreferrer nofollow">{link}</a></li> }
    });
    let evidence =
        (note.is_some() || link.is_some()).then(|| view! { <ul class="c-evidence">{note}{link}</ul> });
    let contacts = (item.step.key == "contacts" && rights.contacts).then(|| contacts_form(tenant));
    view! {
        <li class="c-check" data-state=state id=format!("item-{}", item.step.key)>
            <details name="checklist" open=chosen>
                <summary>
                    <ui::Icon name=icon/>
                    <span class="c-check__title">{item.step.title.clone()}{optional}</span>
                    <span class="c-check__state">{words}</span>
                    <span class="c-check__meta">{item.step.owner.clone()}{due}</span>
                </summary>
                <div class="c-check__body">
                    <p>{item.step.why.clone()}" "{item.step.how.clone()}</p>
                    {check}{unchecked}{evidence}{contacts}
                    {decisions(tenant, list, item, rights, waits.is_empty(), if chosen { &open.what } else { "" })}
                </div>
            </details>
        </li>
    }
    .into_any()
}

fn decided_by_person(item: &Item) -> bool {
    item.state == ItemState::Waived
        || item.state == ItemState::Passed && item.proved_by == Some(ProvedBy::Person)
}

/// What the newest check found, and the evidence it left.
fn result(tenant: &Tenant, list: &Checklist, item: &Item, rights: Rights, check: Check) -> AnyView {
    let (tone, icon) = match check.outcome {
        Outcome::Passed => (Tone::Success, "check-circle"),
        Outcome::NotYet => (Tone::Warning, "hourglass"),
        Outcome::Unable => (Tone::Danger, "alert-triangle"),
    };
    let again = (rights.work && !decided_by_person(item)).then(|| check_button(tenant, list, item));
    let counts = check
        .counts
        .iter()
        .map(|(what, n)| view! { <div><dt>{what.clone()}</dt><dd>{ui::grouped(*n)}</dd></div> });
    let counts = (!check.counts.is_empty()).then(|| counts.collect_view());
    let newest = (!check.newest.is_empty())
        .then(|| view! { <div><dt>"Newest"</dt><dd><code>{check.newest.join(", ")}</code></dd></div> });
    view! {
        <div class="c-check__result" data-tone=tone.as_str()>
            <ui::Icon name=icon/>
            <span>{format!("Automatic check {}: {}", check.outcome.label(), check.said)}</span>
            {again}
        </div>
        <details class="c-disclosure">
            <summary>"What was looked at"</summary>
            <dl class="c-props">
                <div><dt>"Looked at"</dt><dd>{check.looked_at}</dd></div>
                {counts}{newest}
                <div><dt>"Checked"</dt><dd><ui::When at=check.at full=true/></dd></div>
            </dl>
        </details>
    }
    .into_any()
}

/// What every form about an item carries.
fn about(tenant: &Tenant, list: &Checklist, item: &Item) -> AnyView {
    view! {
        <ui::Hidden name="slug" value=tenant.slug.clone()/>
        <ui::Hidden name="list" value=list.key.as_str()/>
        <ui::Hidden name="step" value=item.step.key.clone()/>
    }
    .into_any()
}

/// The state of a form that stands in several items: only the one that was sent has failed.
fn state_for(form: &str, item: &Item) -> FormState {
    let state = form_state(form);
    if state.sent("step") == Some(item.step.key.as_str()) { state } else { FormState::default() }
}

fn check_button(tenant: &Tenant, list: &Checklist, item: &Item) -> AnyView {
    let state = state_for("check_item", item);
    let about = about(tenant, list, item);
    let title = format!(": {}", item.step.title);
    view! {
        <form method="post">
            <input type="hidden" name=ui::FORM_NAME value="check_item"/>
            {about}
            <ui::SummaryOf state/>
            <ui::Button size=Size::Small>"Check again"<span class="u-visually-hidden">{title}</span></ui::Button>
        </form>
    }
    .into_any()
}

/// Links to what a person may decide, or the one form that the address opens.
fn decisions(
    tenant: &Tenant,
    list: &Checklist,
    item: &Item,
    rights: Rights,
    free: bool,
    what: &str,
) -> AnyView {
    let done = item.state.is_done();
    let complete = rights.work && item.step.manual && !done && free;
    let waive = rights.waive && !done && !item.step.is_operation();
    let reopen = if item.state == ItemState::Waived {
        rights.waive
    } else {
        rights.work && item.state != ItemState::Open
    };
    // Proven by a check that still holds: there is nothing to take back.
    let reopen = reopen && !(item.state == ItemState::Passed && item.proved_by == Some(ProvedBy::Probe));
    match what {
        "complete" if complete => return complete_form(tenant, list, item),
        "waive" if waive => {
            return reason_form(
                tenant,
                list,
                item,
                "waive_item",
                "Waive",
                "Why it can be left out",
                Kind::Danger,
            );
        }
        "reopen" if reopen => {
            return reason_form(
                tenant,
                list,
                item,
                "reopen_item",
                "Reopen",
                "Why it is open again",
                Kind::Primary,
            );
        }
        _ => {}
    }
    let to = |what: &str| {
        format!(
            "{}&do={what}#item-{}",
            paths::tenant_item(&tenant.slug, list.key.as_str(), &item.step.key),
            item.step.key
        )
    };
    let link = |shown: bool, what: &str, label: &'static str| {
        let (href, title) = (to(what), format!(": {}", item.step.title));
        shown.then(|| {
            view! { <ui::LinkButton href size=Size::Small>{label}<span class="u-visually-hidden">{title}</span></ui::LinkButton> }.into_any()
        })
    };
    let links: Vec<_> = [
        link(complete, "complete", "Mark done…"),
        link(waive, "waive", "Waive…"),
        link(reopen, "reopen", "Reopen…"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!links.is_empty()).then(|| view! { <ui::Actions>{links}</ui::Actions> }).into_any()
}

fn back(tenant: &Tenant, list: &Checklist, item: &Item) -> String {
    paths::tenant_item(&tenant.slug, list.key.as_str(), &item.step.key)
}

fn complete_form(tenant: &Tenant, list: &Checklist, item: &Item) -> AnyView {
    let state = state_for("complete_item", item);
    let (about, back) = (about(tenant, list, item), back(tenant, list, item));
    view! {
        <ui::Form to="complete_item" state=&state>
            {about}
            <ui::TextArea state=&state name="note" label="How do you know?" help="Your evidence, in words. It is marked as yours, not as a check." rows=3 max=2_000/>
            <ui::TextField state=&state name="link" label="Link" optional=true kind="url" help="To a recording, a ticket, a mail."/>
            <ui::Actions><ui::Button kind=Kind::Primary>"Mark done"</ui::Button><ui::LinkButton href=back kind=Kind::Quiet>"Cancel"</ui::LinkButton></ui::Actions>
        </ui::Form>
    }
    .into_any()
}

fn reason_form(
    tenant: &Tenant,
    list: &Checklist,
    item: &Item,
    to: &'static str,
    button: &'static str,
    label: &'static str,
    kind: Kind,
) -> AnyView {
    let state = state_for(to, item);
    let (about, back) = (about(tenant, list, item), back(tenant, list, item));
    view! {
        <ui::Form to state=&state>
            {about}
            <ui::TextArea state=&state name="reason" label help="Stays visible here and in the audit log." rows=3 max=2_000/>
            <ui::Actions><ui::Button kind>{button}</ui::Button><ui::LinkButton href=back kind=Kind::Quiet>"Cancel"</ui::LinkButton></ui::Actions>
        </ui::Form>
    }
    .into_any()
}

/// Item 7 is done by entering what it asks for.
fn contacts_form(tenant: &Tenant) -> AnyView {
    let state = form_state("set_contacts");
    let (slug, version) = (tenant.slug.clone(), tenant.version.to_string());
    let support = tenant.support_contact.clone().unwrap_or_default();
    let escalation = tenant.escalation_contact.clone().unwrap_or_default();
    view! {
        <ui::Form to="set_contacts" state=&state>
            <ui::Hidden name="slug" value=slug/>
            <ui::Hidden name="version" value=version/>
            <ui::TextField state=&state name="support" label="Support contact" initial=support help="Name, address or number." max=200/>
            <ui::TextField state=&state name="escalation" label="Escalation contact" initial=escalation max=200/>
            <ui::Actions><ui::Button>"Save contacts"</ui::Button></ui::Actions>
        </ui::Form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::checklists::ListKey;

    #[test]
    fn the_sections_of_the_lists_are_named_like_the_lists() {
        for key in ListKey::ALL {
            assert!(crate::tenants::Section::ALL.iter().any(|section| section.as_str() == key.as_str()));
        }
    }
}

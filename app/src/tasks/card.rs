//! What a card and the page of a task both show: switch, tags, facts.

use crate::paths;
use crate::ui::{Badge, Icon, Kind, LinkButton, OverriddenTag, Size, Switch, Tone, When};
use leptos::prelude::*;
use model::tasks::{Abilities, Ability, Effective, OverrideState, Part, Provenance, TenantTask};
use model::tenants::Tenant;

/// A task as a card.
pub(super) fn card(tenant: &Tenant, item: &TenantTask, abilities: &Abilities) -> AnyView {
    let name_id = format!("task-{}", item.task.key);
    let to = |action: &str| paths::task(&tenant.slug, &item.task.key, action);
    let overridden = item.effective.state() == OverrideState::Overridden;
    let quiet = (!item.activation.enabled).then_some("false");
    let hidden = || format!(" {}", item.task.name);
    let edit = (abilities.change == Ability::Yes).then(|| {
        let name = hidden();
        view! { <LinkButton href=to("override") size=Size::Small icon="pencil">"Edit"<span class="u-visually-hidden">{name}</span></LinkButton> }
    });
    let compare = item.overriding.is_some().then(|| {
        let name = hidden();
        view! { <LinkButton href=to("compare") size=Size::Small icon="git-compare">"Compare"<span class="u-visually-hidden">{name}</span></LinkButton> }
    });
    let name = hidden();
    view! {
        <li><article class="c-task" data-overridden=overridden data-enabled=quiet aria-labelledby=name_id.clone()>
            <header class="c-task__head">
                <h3 id=name_id.clone()><a href=to("")>{item.task.name.clone()}</a></h3>
                {switch(tenant, item, &abilities.enable, &name_id)}
            </header>
            <p class="c-task__origin">{origin(item)}</p>
            <div class="c-task__tags">{tags(tenant, item)}</div>
            <dl class="c-task__facts">{facts(item).into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}</dl>
            <footer class="c-task__foot">
                {edit}
                {compare}
                <span class="u-grow"></span>
                <LinkButton href=to("") size=Size::Small kind=Kind::Quiet>"Details"<span class="u-visually-hidden">" of"{name}</span></LinkButton>
            </footer>
        </article></li>
    }
    .into_any()
}

/// `Global task v1 · Conversation understanding`.
pub(super) fn origin(item: &TenantTask) -> String {
    format!("Global task v{} · {}", item.published.version, item.task.group.label())
}

/// The switch as the reader may use it; a role that never may sees the state in a word.
pub(super) fn switch(tenant: &Tenant, item: &TenantTask, ability: &Ability, named_by: &str) -> AnyView {
    let on = item.activation.enabled;
    match ability {
        Ability::Yes => {
            let inputs =
                vec![("slug".to_owned(), tenant.slug.clone()), ("key".to_owned(), item.task.key.clone())];
            view! { <Switch to="switch_task" on named_by=named_by.to_owned() inputs/> }.into_any()
        }
        Ability::NotNow(why) => {
            let id = format!("why-{}", item.task.key);
            view! {
                <span class="c-switch-form">
                    <button type="button" class="c-switch" role="switch" aria-checked=on.to_string() aria-disabled="true" aria-labelledby=named_by.to_owned() aria-describedby=id.clone() title=why.clone()>
                        <span class="c-switch__text">{if on { "On" } else { "Off" }}</span>
                    </button>
                    <span id=id class="u-visually-hidden">{why.clone()}</span>
                </span>
            }
            .into_any()
        }
        Ability::Never if on => {
            view! { <Badge tone=Tone::Success icon="status-active">"On"</Badge> }.into_any()
        }
        Ability::Never => view! { <Badge>"Off"</Badge> }.into_any(),
    }
}

/// Only what sets the task apart; nothing for one that follows the default.
pub(super) fn tags(tenant: &Tenant, item: &TenantTask) -> AnyView {
    let to = |action: &str| paths::task(&tenant.slug, &item.task.key, action);
    let effective = &item.effective;
    let count = i64::try_from(effective.differing.len()).unwrap_or(i64::MAX);
    let main = match effective.state() {
        OverrideState::Inherited => None,
        OverrideState::Overridden => Some(view! { <OverriddenTag count href=to("compare")/> }.into_any()),
        OverrideState::Redundant => {
            Some(view! { <a class="c-tag" href=to("revert")>"Same as default, remove?"</a> }.into_any())
        }
    };
    let moved = effective.base_updated.then(|| {
        view! { <a class="c-tag" data-tone="warning" href=to("compare")><Icon name="alert-triangle" size=Size::Small/>"Base updated"</a> }
    });
    view! { {main}{moved} }.into_any()
}

/// Names and values of what it does and how it fares. What is not known is left out, never shown as zero.
pub(super) fn facts(item: &TenantTask) -> Vec<(&'static str, AnyView)> {
    let writes =
        item.effective.outputs.iter().map(|output| output.field.as_str()).collect::<Vec<_>>().join(", ");
    let facts = &item.facts;
    let mut list = vec![
        ("Writes", format!("{writes} · with explanation").into_any()),
        ("Runs on", item.effective.filters.summary().into_any()),
    ];
    let runs = match facts.error_rate() {
        Some(rate) => format!("{} in 30 days · error rate {rate}", facts.runs),
        None => "none in 30 days".into(),
    };
    list.push(("Runs", runs.into_any()));
    if facts.skipped > 0 {
        list.push(("Skipped", format!("{} in 30 days", model::page::grouped(facts.skipped)).into_any()));
    }
    if let Some(at) = facts.last_at {
        let outcome = if facts.last_failed { "failed" } else { "succeeded" };
        list.push(("Last run", view! { <When at/>{format!(", {outcome}")} }.into_any()));
    }
    list
}

/// Where a part comes from, in a sentence.
pub(super) fn provenance(effective: &Effective, part: Part) -> AnyView {
    match effective.from(part) {
        Provenance::Inherited => {
            view! { <p class="c-field__origin"><span class="c-provenance" data-kind="platform"><Icon name="globe"/>{format!("Global default v{}", effective.version)}</span></p> }
                .into_any()
        }
        Provenance::Overridden { author, at, reason, redundant } => {
            let word = if *redundant { "Same as default" } else { "This tenant" };
            let kind = if *redundant { "platform" } else { "tenant" };
            view! {
                <p class="c-field__origin">
                    <span class="c-provenance" data-kind=kind><Icon name="diamond"/>{word}</span>
                    <span>{format!("by {author}, ")}<When at=*at/>": "<q>{reason.clone()}</q></span>
                </p>
            }
            .into_any()
        }
    }
}

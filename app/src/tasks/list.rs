//! The cards of a tenant, by state.

use super::api::get_tasks;
use super::card::card;
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{self, Banner, Empty, LinkButton, Load, NavItem, Query, SectionNav, Tone};
use leptos::prelude::*;
use model::page::grouped;
use model::tasks::{State, TaskList};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn TasksPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Tasks view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_tasks(slug.clone()) view=move |list| section(&tenant, &list)/> }.into_any()
        }/>
    }
}

fn section(tenant: &Tenant, list: &TaskList) -> AnyView {
    let asked = Query::here().get("state").map(str::to_owned);
    let parsed = asked.as_deref().map(str::parse::<State>);
    let unknown = matches!(parsed, Some(Err(_))).then(|| {
        let asked = asked.clone().unwrap_or_default();
        view! { <Banner tone=Tone::Info>{format!("There is no list “{asked}”; these are all tasks.")}</Banner> }
    });
    let state = match parsed {
        None => State::Enabled,
        Some(Ok(state)) => state,
        Some(Err(_)) => State::All,
    };
    let here = paths::tenant(&tenant.slug, "tasks");
    let tab = |tab: &State| {
        let href = Query::default().set("state", tab.as_str()).href(&here);
        NavItem::new(href, tab.label(), *tab == state).count(grouped(list.count(*tab)))
    };
    let tabs = State::ALL.iter().map(tab).collect();
    let note = (state == State::Disabled)
        .then(|| view! { <p class="u-muted">"Global tasks appear here until you enable them."</p> });
    let shown: Vec<AnyView> = list
        .tasks
        .iter()
        .filter(|item| item.is_in(state))
        .map(|item| card(tenant, item, &list.abilities))
        .collect();
    let body = if shown.is_empty() {
        nothing(state, list, &here)
    } else {
        view! { <ul class="c-tasks">{shown}</ul> }.into_any()
    };
    view! {
        <section class="c-section" aria-labelledby="tasks-h">
            <h2 id="tasks-h" class="u-visually-hidden">{format!("{} AI tasks", state.label())}</h2>
            <SectionNav label="Tasks by state" items=tabs small=true/>
            {unknown}
            {note}
            {body}
        </section>
    }
    .into_any()
}

fn nothing(state: State, list: &TaskList, here: &str) -> AnyView {
    let all = list.count(State::All);
    let (disabled, enabled) = (format!("{here}?state=disabled"), format!("{here}?state=enabled"));
    match state {
        State::Enabled if all > 0 => view! {
            <Empty icon="sparkles" title="No tasks are on" text=format!("Enable one from {} available.", grouped(all))>
                <LinkButton href=disabled>"See disabled tasks"</LinkButton>
            </Empty>
        }
        .into_any(),
        State::Disabled if all > 0 => view! {
            <Empty icon="check-circle" title="Every task is on" text="Global tasks that are published later appear here until you enable them.">
                <LinkButton href=enabled>"See enabled tasks"</LinkButton>
            </Empty>
        }
        .into_any(),
        _ => view! { <Empty icon="sparkles" title="There are no tasks yet" text="Tasks that the platform publishes appear here, disabled."/> }.into_any(),
    }
}

/// The address of the task that the page stands on.
pub(super) fn key() -> String {
    ui::param("key")
}

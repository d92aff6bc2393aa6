//! The cards of a tenant, by state.

use super::api::get_tasks;
use super::card::card;
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{self, Banner, Empty, LinkButton, Load, NavItem, Query, SectionNav, Tone};
use leptos::prelude::*;
use model::fields::Group;
use model::page::grouped;
use model::tasks::{State, TaskList};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn TasksPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Tasks view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_tasks(slug.clone()) view=move |list| section(&tenant, list)/> }.into_any()
        }/>
    }
}

/// What the address narrows the list by.
struct Narrow {
    text: String,
    group: Option<Group>,
    overridden: bool,
}

impl Narrow {
    fn here() -> Self {
        let here = Query::here();
        Self {
            text: here.get("q").unwrap_or_default().chars().take(100).collect(),
            group: here.get("group").and_then(|word| word.parse().ok()),
            overridden: here.get("overridden").is_some(),
        }
    }

    fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.group.is_none() && !self.overridden
    }

    /// Another state of the same search.
    fn in_state(&self, state: State) -> Query {
        let group = self.group.map_or("", Group::as_str);
        let overridden = if self.overridden { "1" } else { "" };
        Query::default()
            .set("state", state.as_str())
            .set("q", self.text.trim())
            .set("group", group)
            .set("overridden", overridden)
    }
}

fn filters(narrow: &Narrow, here: &str) -> AnyView {
    let chosen = narrow.group;
    let groups = Group::ALL.iter().map(move |group| {
        view! { <option value=group.as_str() selected=Some(*group) == chosen>{group.label()}</option> }
    });
    let overridden = narrow.overridden;
    view! {
        <ui::FilterBar label="Tasks" path=here.to_owned() placeholder="Name, purpose or field" keep=&["state"]>
            <div class="c-field" data-width="sm"><select class="c-select" name="group" aria-label="Category"><option value="">"Category: any"</option>{groups.collect_view()}</select></div>
            <label class="c-choice"><input type="checkbox" name="overridden" value="1" checked=overridden/><span>"Overridden"</span></label>
        </ui::FilterBar>
    }
    .into_any()
}

fn section(tenant: &Tenant, list: TaskList) -> AnyView {
    let narrow = Narrow::here();
    let any = list.count(State::All) > 0;
    let list = &list.narrowed(&narrow.text, narrow.group, narrow.overridden);
    let asked = Query::here().get("state").map(str::to_owned);
    let parsed = asked.as_deref().map(str::parse::<State>);
    let unknown = matches!(parsed, Some(Err(_))).then(|| {
        view! { <Banner tone=Tone::Info>"There is no such list; these are all tasks."</Banner> }
    });
    let state = match parsed {
        None => State::Enabled,
        Some(Ok(state)) => state,
        Some(Err(_)) => State::All,
    };
    let here = paths::tenant(&tenant.slug, "tasks");
    let tab = |tab: &State| {
        let href = narrow.in_state(*tab).href(&here);
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
    let bar = any.then(|| filters(&narrow, &here));
    let body = if shown.is_empty() && !narrow.is_empty() {
        let (clear, all) = (
            Query::default().set("state", state.as_str()).href(&here),
            narrow.in_state(State::All).href(&here),
        );
        let others = (list.count(State::All) > 0 && state != State::All)
            .then(|| view! { <LinkButton href=all>{format!("See all {}", grouped(list.count(State::All)))}</LinkButton> });
        view! { <Empty kind=ui::EmptyKind::Zero icon="search" title="No task matches">{others}<LinkButton href=clear>"Clear all filters"</LinkButton></Empty> }.into_any()
    } else if shown.is_empty() {
        nothing(state, list, &here)
    } else {
        view! { <ul class="c-tasks">{shown}</ul> }.into_any()
    };
    view! {
        <section class="c-section" aria-labelledby="tasks-h">
            <h2 id="tasks-h" class="u-visually-hidden">{format!("{} AI tasks", state.label())}</h2>
            <SectionNav label="Tasks by state" items=tabs small=true/>
            {bar}
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

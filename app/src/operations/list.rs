//! All operations: views with counts, filters, keyset pages.

use super::api::get_operation_page;
use super::parts::{badge, progress, title, took};
use crate::paths;
use crate::ui::{
    self, Banner, Chip, Chips, Choice, DataTable, Empty, FilterBar, FilterGroup, LinkButton, Load, NavItem,
    PageHeader, Query, Th, Tone, ViewsNav, When, ZeroRow,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::operations::{COUNT_MAX, Kind, OperationPage, OperationRow, State};
use model::permission::{Permission, Scope};

/// Letters of the reason of a failure in the list.
const REASON: usize = 90;

/// Prepared lists: what somebody waits for or has to look at.
const VIEWS: &[(&str, &[State], Tone)] = &[
    ("In hand", &[State::Queued, State::Running, State::Undoing], Tone::Info),
    ("Awaiting approval", &[State::Requested], Tone::Warning),
    ("Needs an operator", &[State::Parked, State::NeedsOperator], Tone::Danger),
    ("Failed", &[State::Failed], Tone::Danger),
];

#[component]
pub fn OperationsPage() -> impl IntoView {
    let (_, query) = crate::server::uri();
    view! {
        <Title text="Operations"/>
        <Load read=move || get_operation_page(query.clone()) view=|list| page(&list)/>
    }
    .into_any()
}

fn page(list: &OperationPage) -> AnyView {
    let here = Query::here();
    let (states, kinds) = (here.all("state"), here.all("kind"));
    let title = match &list.tenant {
        Some((_, name)) => format!("Operations on {name}"),
        None => "Operations".to_owned(),
    };
    let filtered = !states.is_empty() || !kinds.is_empty();
    let known = |key: &str| match key {
        "state" => Some("State"),
        "kind" => Some("Kind"),
        _ => None,
    };
    let left_out = (!list.left_out.is_empty()).then(|| {
        let text = ui::left_out(list.left_out.iter().map(String::as_str), known);
        view! { <Banner tone=Tone::Warning quiet=true><p>{text}</p></Banner> }
    });
    let clear = match &list.tenant {
        Some((slug, _)) => paths::operations_of(slug),
        None => paths::OPERATIONS.to_owned(),
    };
    let mut chips: Vec<Chip> = Vec::new();
    for state in State::ALL.iter().filter(|state| states.iter().any(|word| word == state.as_str())) {
        chips.push(Chip::of(paths::OPERATIONS, "state", state.as_str(), format!("State: {}", state.label())));
    }
    for kind in Kind::ALL.iter().filter(|kind| kinds.iter().any(|word| word == kind.as_str())) {
        chips.push(Chip::of(paths::OPERATIONS, "kind", kind.as_str(), format!("Kind: {}", kind.label())));
    }
    if let Some((slug, name)) = &list.tenant {
        chips.push(Chip::of(paths::OPERATIONS, "tenant", slug, format!("Tenant: {name}")));
    }
    let result = match list.rows.len() {
        0 => "None".to_owned(),
        n if list.next.is_none() && list.previous.is_none() => {
            ui::plural(i64::try_from(n).unwrap_or_default(), "operation")
        }
        n => format!("{n} shown, newest first"),
    };
    let state_choices = State::ALL.iter().map(|state| Choice::new(state.as_str(), state.label())).collect();
    let kind_choices = Kind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect();
    let head = view! {
        <Th>"Operation"</Th><Th>"State"</Th><Th>"Steps done"</Th><Th>"Requested"</Th><Th num=true>"Took"</Th>
    }
    .into_any();
    let empty = list.rows.is_empty();
    let rows = if empty {
        view! { <ZeroRow columns=5 what="No operations match" clear=clear.clone()/> }.into_any()
    } else {
        list.rows.iter().map(row).collect_view().into_any()
    };
    // Of the whole fleet only: a tenant's are on its own pages.
    let plans = list.tenant.is_none().then(|| {
        let isolation = crate::server::actor()
            .allows(Permission::AuditFleet, Scope::Platform)
            .then(|| view! { <LinkButton href=paths::ISOLATION>"Isolation"</LinkButton> });
        view! { <LinkButton href=paths::PLAN_CHANGES>"Scheduled plan changes"</LinkButton>{isolation} }
    });
    let header = view! { <PageHeader title lead="Long work on tenants, step by step: it ends finished or undone." actions=plans.into_any()/> };
    let at_start = list.next.is_none() && list.previous.is_none();
    if empty && at_start && !filtered && here.get("after").or(here.get("before")).is_none() {
        let title = match &list.tenant {
            Some((_, name)) => format!("No operations on {name} yet"),
            None => "No operations yet".to_owned(),
        };
        return view! {
            {header}
            {left_out}
            <Empty icon="refresh-cw" title text="Creating, suspending or moving a tenant is an operation. It is listed here with every step, whether it went well or not."/>
        }
        .into_any();
    }
    let pages = (!at_start).then(|| {
        let (next, previous) = (list.next.map(|id| id.to_string()), list.previous.map(|id| id.to_string()));
        pages(next, previous, list.rows.len())
    });
    view! {
        {header}
        {left_out}
        {views(list, &states)}
        <FilterBar label="Operations" path=paths::OPERATIONS keep=&["tenant"]>
            <FilterGroup name="state" label="State" choices=state_choices/>
            <FilterGroup name="kind" label="Kind" choices=kind_choices/>
        </FilterBar>
        <Chips chips clear result/>
        <DataTable id="operations" caption="Operations" head cards=true>{rows}</DataTable>
        {pages}
    }
    .into_any()
}

/// A keyset list of which nobody knows how long it is: first, previous, next.
fn pages(next: Option<String>, previous: Option<String>, shown: usize) -> AnyView {
    let here = Query::here().first_page();
    let link = |href: Option<String>, label: &'static str, rel: &'static str| match href {
        Some(href) => {
            view! { <li><a class="c-button" data-size="sm" rel=rel href=href>{label}</a></li> }.into_any()
        }
        None => view! { <li><span class="c-button" data-size="sm" aria-disabled="true">{label}</span></li> }
            .into_any(),
    };
    let first = previous.is_some().then(|| here.href(paths::OPERATIONS));
    let previous = previous.map(|id| here.clone().set("before", &id).href(paths::OPERATIONS));
    let next = next.map(|id| here.clone().set("after", &id).href(paths::OPERATIONS));
    view! {
        <nav class="c-pagination" aria-label="Pagination">
            <p class="c-pagination__range">{ui::plural(i64::try_from(shown).unwrap_or_default(), "operation")}" on this page"</p>
            <ul>{link(first, "First", "first")}{link(previous, "Previous", "prev")}{link(next, "Next", "next")}</ul>
        </nav>
    }
    .into_any()
}

/// Views with how many are behind each; a tenant's own list has none.
fn views(list: &OperationPage, states: &[String]) -> AnyView {
    if list.counts.is_empty() {
        return ().into_any();
    }
    let here = Query::here();
    let plain = here.all("kind").is_empty() && list.tenant.is_none();
    let mut items = vec![NavItem::new(paths::OPERATIONS, "All", plain && states.is_empty())];
    for (label, of, tone) in VIEWS {
        let words: Vec<&str> = of.iter().map(|state| state.as_str()).collect();
        let query = Query(words.iter().map(|word| ("state".to_owned(), (*word).to_owned())).collect());
        let current =
            plain && states.len() == words.len() && words.iter().all(|w| states.iter().any(|s| s == w));
        let item = NavItem::new(query.href(paths::OPERATIONS), *label, current);
        let count: i64 = list.counts.iter().filter(|(state, _)| of.contains(state)).map(|(_, n)| n).sum();
        let text =
            if count > COUNT_MAX { format!("{}+", ui::grouped(COUNT_MAX)) } else { ui::grouped(count) };
        items.push(if count > 0 { item.counted(text, "operations", *tone) } else { item.count(text) });
    }
    view! { <ViewsNav items/> }.into_any()
}

fn row(row: &OperationRow) -> AnyView {
    // No link: one name above the other leaves neither room for a finger, and the operation's page leads to its tenant.
    let about = match &row.slug {
        Some(slug) => view! { <code>{slug.clone()}</code> }.into_any(),
        None => "no tenant page".into_any(),
    };
    let error =
        row.error.as_deref().map(|error| view! { <span class="c-table__sub">{shortened(error)}</span> });
    let tries = (row.attempt > 1)
        .then(|| view! { <span class="c-table__sub">{format!("attempt {}", row.attempt)}</span> });
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=paths::operation(row.id)>{title(row)}</a><span class="c-table__sub">{about}</span></th>
            <td data-label="State">{badge(row.state)}{tries}</td>
            <td data-label="Steps done">{progress(row)}{error}</td>
            <td data-label="Requested"><When at=row.requested_at/><span class="c-table__sub">{row.requested_by.clone()}</span></td>
            <td data-label="Took" class="u-num">{took(row, ui::now()).unwrap_or_else(|| "—".to_owned())}</td>
        </tr>
    }
    .into_any()
}

/// The beginning of a reason: all of it stands on the operation's own page.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", reason.get(..end).unwrap_or(reason).trim_end()),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_begun_only() {
        assert_eq!(shortened("in use"), "in use");
        let long = shortened(&"é".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with("é…")), (REASON + 1, true));
    }
}

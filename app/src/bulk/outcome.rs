//! How each tenant fares, on the page of the bulk operation and in its preview.

use super::api::get_bulk_outcome;
use super::preview::reasons;
use crate::paths;
use crate::ui::{
    self, Badge, DataTable, Load, NavItem, Query, SectionNav, StatusBadge, Th, Tone, ZeroRow, grouped, plural,
};
use leptos::prelude::*;
use model::OperationId;
use model::bulk::{Bulk, BulkRow, Outcome};

/// The look of an outcome.
const fn look(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Failed => (Tone::Danger, "octagon-x"),
        Outcome::Approval => (Tone::Warning, "hand"),
        Outcome::Running => (Tone::Info, "hourglass"),
        Outcome::Waiting => (Tone::Neutral, "clock"),
        Outcome::Done => (Tone::Success, "check-circle"),
        Outcome::Skipped => (Tone::Neutral, "slash"),
        Outcome::Cancelled => (Tone::Neutral, "ban"),
    }
}

/// The outcomes of a bulk operation.
#[component]
pub fn Outcomes(id: OperationId) -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! { <Load read=move || get_bulk_outcome(id.to_string(), query.clone()) view=move |bulk| outcomes(&bulk, id)/> }
        .into_any()
}

fn outcomes(bulk: &Bulk, id: OperationId) -> AnyView {
    let address = paths::operation(id);
    let settled = bulk.settled();
    let text = format!("{} of {}", grouped(settled), plural(bulk.total, "tenant"));
    let shown: Vec<Outcome> =
        Outcome::ALL.iter().copied().filter(|o| bulk.count(*o) > 0 || bulk.only == Some(*o)).collect();
    let (summary, total) = (bulk.summary(), bulk.total.max(1));
    let (reasons, nav) = (reasons(bulk), nav(bulk, &address, &shown, Outcome::label));
    let (table, pages) = (table(bulk, false), pages(bulk, &address));
    view! {
        <p>{summary}</p>
        <p><progress class="c-progress" value=settled max=total aria-label="Tenants that have come to an end">{text.clone()}</progress></p>
        <p class="u-muted">{text}" have come to an end."</p>
        {reasons}
        {nav}
        {table}
        {pages}
    }
    .into_any()
}

/// The list limited to one outcome, each with its number.
pub(super) fn nav(
    bulk: &Bulk,
    address: &str,
    shown: &[Outcome],
    label: fn(Outcome) -> &'static str,
) -> AnyView {
    let mut items = vec![NavItem::new(address, "All", bulk.only.is_none()).count(grouped(bulk.total))];
    for outcome in shown {
        let href = Query::default().set("outcome", outcome.as_str()).href(address);
        let item = NavItem::new(href, label(*outcome), bulk.only == Some(*outcome));
        let count = grouped(bulk.count(*outcome));
        items.push(if *outcome == Outcome::Failed && bulk.count(Outcome::Failed) > 0 {
            item.counted(count, "failed", Tone::Danger)
        } else {
            item.count(count)
        });
    }
    view! { <SectionNav label="Outcomes" items small=true/> }.into_any()
}

/// The tenants of one page. Before it begins an outcome is what is planned.
pub(super) fn table(bulk: &Bulk, planned: bool) -> AnyView {
    let head = view! { <Th>"Tenant"</Th><Th>"Status"</Th><Th>{if planned { "What happens" } else { "Outcome" }}</Th><Th hidden=planned>"Operation"</Th> }.into_any();
    let rows = if bulk.rows.is_empty() {
        view! { <ZeroRow columns=4 what="No tenant of the set is so"/> }.into_any()
    } else {
        bulk.rows.iter().map(|one| row(one, planned)).collect_view().into_any()
    };
    view! { <DataTable id="bulk-tenants" caption="Tenants of the set" head cards=true>{rows}</DataTable> }
        .into_any()
}

fn row(row: &BulkRow, planned: bool) -> AnyView {
    let (tone, icon) = look(row.outcome);
    let word = match (row.outcome, planned) {
        (Outcome::Waiting, true) => "Reached",
        (Outcome::Skipped, true) => "Left out",
        (outcome, _) => outcome.label(),
    };
    let tone = if planned && row.outcome == Outcome::Waiting { Tone::Info } else { tone };
    let name = match &row.slug {
        Some(slug) => view! { <a class="c-table__link" href=paths::tenant(slug, "")>{row.name.clone()}</a><span class="c-table__sub"><code>{slug.clone()}</code></span> }.into_any(),
        None => row.name.clone().into_any(),
    };
    let status = match row.status {
        Some(status) => view! { <StatusBadge status/> }.into_any(),
        None => "—".into_any(),
    };
    let note = row.note.clone().map(|note| view! { <span class="c-table__sub">{note}</span> });
    let operation = match row.operation {
        Some(id) => view! { <a href=paths::operation(id)>"Operation"<span class="u-visually-hidden">{format!(" on {}", row.name)}</span></a> }.into_any(),
        None => "—".into_any(),
    };
    view! {
        <tr data-tone=(row.outcome == Outcome::Failed).then_some("danger")>
            <th scope="row">{name}</th>
            <td data-label="Status">{status}</td>
            <td data-label=if planned { "What happens" } else { "Outcome" }><Badge tone icon>{word}</Badge>{note}</td>
            <td data-label="Operation">{operation}</td>
        </tr>
    }
    .into_any()
}

/// First, previous, next of a set whose size is known.
pub(super) fn pages(bulk: &Bulk, address: &str) -> AnyView {
    if bulk.next.is_none() && bulk.previous.is_none() {
        return ().into_any();
    }
    let here = Query::here().first_page();
    let link = |href: Option<String>, label: &'static str, rel: &'static str| match href {
        Some(href) => {
            view! { <li><a class="c-button" data-size="sm" rel=rel href=href>{label}</a></li> }.into_any()
        }
        None => view! { <li><span class="c-button" data-size="sm" aria-disabled="true">{label}</span></li> }
            .into_any(),
    };
    let turned =
        |key: &str, at: Option<i64>| at.map(|at| here.clone().set(key, &at.to_string()).href(address));
    let first = bulk.previous.map(|_| here.href(address));
    let (previous, next) = (turned("before", bulk.previous), turned("after", bulk.next));
    let shown = plural(bulk.rows.len() as i64, "tenant");
    view! {
        <nav class="c-pagination" aria-label="Pagination">
            <p class="c-pagination__range">{shown}" on this page"</p>
            <ul>{link(first, "First", "first")}{link(previous, "Previous", "prev")}{link(next, "Next", "next")}</ul>
        </nav>
    }
    .into_any()
}

//! Tables: caption, named scroll region, sort links, pages, and the row that says that nothing matches.

use super::{Icon, Markup, Query};
use leptos::prelude::*;
use model::page::Total;

/// The shell of every table: `head` is the `th`s of the head row, children are the rows.
///
/// `<DataTable id="tenants" caption="Tenants" head=view!{ <SortHeader …/><Th>"Plan"</Th> }.into_any()>{rows}</DataTable>`
#[component]
pub fn DataTable(
    /// Unique on the page.
    id: &'static str,
    #[prop(into)] caption: String,
    head: AnyView,
    /// Rows become cards on a phone; cells need `data-label`.
    #[prop(optional)]
    cards: bool,
    /// Always scrolls sideways.
    #[prop(optional)]
    wide: bool,
    /// One of several below each other: their columns stand at the same places.
    #[prop(optional)]
    aligned: bool,
    /// For a table inside a card.
    #[prop(optional)]
    small: bool,
    /// The rows as text, in place of children.
    #[prop(optional)]
    written: Option<Markup>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let body = match written {
        // As inner HTML: `Markup` escapes, and views for thousands of cells cost more than the rest of a page.
        Some(rows) => view! { <tbody inner_html=rows.into_string()></tbody> }.into_any(),
        None => view! { <tbody>{children.map(|children| children())}</tbody> }.into_any(),
    };
    let caption_id = format!("{id}-caption");
    view! {
        <div class="c-table-region" id=id role="region" aria-labelledby=caption_id tabindex="0" data-wide=wide>
            <table class="c-table" data-cards=cards data-aligned=aligned data-size=small.then_some("sm")>
                <caption class="u-visually-hidden" id=caption_id.clone()>{caption}</caption>
                <thead><tr>{head}</tr></thead>
                {body}
            </table>
        </div>
    }
    .into_any()
}

/// A column that cannot be sorted. `hidden` shows its name to screen readers only, `num` aligns to the right.
///
/// `<Th num=true>"Users"</Th>`, `<Th hidden=true>"Actions"</Th>`
#[component]
pub fn Th(#[prop(optional)] num: bool, #[prop(optional)] hidden: bool, children: Children) -> impl IntoView {
    let content = if hidden {
        view! { <span class="u-visually-hidden">{children()}</span> }.into_any()
    } else {
        children().into_any()
    };
    view! { <th scope="col" class=num.then_some("u-num")>{content}</th> }.into_any()
}

/// A column that sorts by a link: `?sort=name` upwards, `?sort=-name` downwards; filters stay, the list begins anew.
///
/// `<SortHeader key="name" label="Tenant" sort="-health" path=paths::TENANTS/>`
#[component]
pub fn SortHeader(
    key: &'static str,
    label: &'static str,
    /// What the list is sorted by now.
    #[prop(into)]
    sort: String,
    #[prop(into)] path: String,
    #[prop(optional)] num: bool,
    /// What the link keeps of the address; without it everything that stands in it.
    #[prop(optional)]
    base: Option<Query>,
    /// What stands before the link.
    #[prop(optional)]
    before: Option<AnyView>,
) -> impl IntoView {
    let (direction, icon, next) = if sort == key {
        (Some("ascending"), "arrow-up", format!("-{key}"))
    } else if sort.strip_prefix('-') == Some(key) {
        (Some("descending"), "arrow-down", key.to_owned())
    } else {
        (None, "chevrons-up-down", key.to_owned())
    };
    let href = base.unwrap_or_else(Query::here).first_page().set("sort", &next).href(&path);
    view! { <th scope="col" class=num.then_some("u-num") aria-sort=direction>{before}<a class="c-sort" href=href>{label}" "<Icon name=icon/></a></th> }.into_any()
}

/// The row of a table in which nothing matches: the head stays, the way back is in it.
///
/// `<ZeroRow columns=8 what="No tenants match" clear=paths::TENANTS/>`
#[component]
pub fn ZeroRow(
    columns: u32,
    #[prop(into)] what: String,
    /// The list without filters; absent when nothing is filtered.
    #[prop(optional, into)]
    clear: Option<String>,
    /// The nearest hint.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <tr class="c-table__zero"><td colspan=columns>
            <div class="c-empty" data-kind="zero">
                <Icon name="search" size=super::Size::ExtraLarge/>
                <p class="c-empty__title">{what}</p>
                {children.map(|children| children())}
                {clear.map(|href| view! { <div class="c-actions"><a class="c-button" href=href>"Clear all filters"</a></div> })}
            </div>
        </td></tr>
    }
    .into_any()
}

/// First, Previous, Next; which rows are shown of how many; rows per page.
///
/// A keyset page does not know how many rows lie before it: the links carry the number of their first row (`at`). It is
/// there to be read, and nothing is looked up by it.
///
/// `<Pagination path=paths::TENANTS shown=page.rows.len() total=page.total next=page.next previous=page.previous/>`
#[component]
pub fn Pagination(
    #[prop(into)] path: String,
    shown: usize,
    total: Total,
    #[prop(optional_no_strip)] next: Option<String>,
    #[prop(optional_no_strip)] previous: Option<String>,
    /// What the rows are: `tenants`.
    #[prop(default = "rows")]
    what: &'static str,
    /// The sizes to choose from and the one that holds; empty offers none.
    #[prop(optional)]
    sizes: Vec<u32>,
    #[prop(optional)] size: u32,
    /// What the links keep of the address; without it everything that stands in it.
    #[prop(optional)]
    base: Option<Query>,
) -> impl IntoView {
    let place = Query::here().get("at").and_then(|at| at.parse::<i64>().ok()).filter(|at| *at > 0);
    let here = base.unwrap_or_else(Query::here).first_page();
    let at_start = previous.is_none();
    let place = if at_start { Some(1) } else { place };
    let first = (!at_start).then(|| here.href(&path));
    let turned = |key: &str, cursor: String, at: Option<i64>| {
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        here.clone().set(key, &cursor).set("at", &at).href(&path)
    };
    let count = i64::try_from(shown).unwrap_or(i64::MAX);
    let next = next.map(|cursor| turned("after", cursor, place.map(|at| at.saturating_add(count))));
    let page = i64::from(if size > 0 { size } else { model::directory::ROWS_DEFAULT });
    let previous = previous.map(|cursor| turned("before", cursor, place.map(|at| (at - page).max(1))));
    if shown == 0 && at_start && next.is_none() {
        // Nothing matches: there is nowhere to go.
        return ().into_any();
    }
    let range = range(count, place, total, what);
    // A list of one page has nowhere to turn to.
    let steps = (first.is_some() || next.is_some()).then(|| {
        view! {
            <ul>
                <li>{step(first, "First", None, false)}</li>
                <li>{step(previous, "Previous", Some("prev"), false)}</li>
                <li>{step(next, "Next", Some("next"), true)}</li>
            </ul>
        }
    });
    let sizes = (sizes.len() > 1).then(|| {
        let links = sizes.into_iter().map(|rows| {
            let href = here.clone().set("rows", &rows.to_string()).href(&path);
            view! { " " <a href=href aria-current=(rows == size).then_some("true")>{rows}</a> }
        });
        view! { <p class="c-pagination__size">"Rows"{links.collect_view()}</p> }
    });
    view! {
        <nav class="c-pagination" aria-label="Pagination">
            <p class="c-pagination__range">{range}</p>
            {steps}
            {sizes}
        </nav>
    }
    .into_any()
}

/// `51–100 of 300 tenants`; only how many where the place in the list is not known.
fn range(shown: i64, place: Option<i64>, total: Total, what: &'static str) -> String {
    use model::page::grouped;
    let noun = if total == Total::Exact(1) { singular(what) } else { what };
    match (total, place) {
        (Total::Exact(n), _) if n == shown => format!("{} {noun}", grouped(n)),
        (_, Some(first)) if shown > 1 => {
            format!("{}–{} of {total} {noun}", grouped(first), grouped(first + shown - 1))
        }
        (_, Some(first)) if shown == 1 => format!("{} of {total} {noun}", grouped(first)),
        _ => format!("{} of {total} {noun}", grouped(shown)),
    }
}

/// The singular of a list's noun.
fn singular(what: &'static str) -> &'static str {
    match what {
        "entries" => "entry",
        _ => what.strip_suffix('s').unwrap_or(what),
    }
}

fn step(href: Option<String>, label: &'static str, rel: Option<&'static str>, forward: bool) -> AnyView {
    let left = (rel.is_some() && !forward).then(|| view! { <Icon name="chevron-left"/> });
    let right = forward.then(|| view! { <Icon name="chevron-right"/> });
    match href {
        Some(href) => {
            view! { <a class="c-button" data-size="sm" rel=rel href=href>{left}{label}{right}</a> }.into_any()
        }
        None => {
            view! { <span class="c-button" data-size="sm" aria-disabled="true">{left}{label}{right}</span> }
                .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_which_rows_it_shows() {
        for (shown, place, total, text) in [
            (1, Some(1), Total::Exact(1), "1 tenant"),
            (3, Some(1), Total::Exact(3), "3 tenants"),
            (50, Some(1), Total::Exact(300), "1–50 of 300 tenants"),
            (50, Some(51), Total::About(104_000), "51–100 of about 104\u{202f}000 tenants"),
            (1, Some(301), Total::Exact(301), "301 of 301 tenants"),
            (50, None, Total::Exact(300), "50 of 300 tenants"),
        ] {
            assert_eq!(range(shown, place, total, "tenants"), text);
        }
        assert_eq!(range(1, Some(1), Total::Exact(1), "entries"), "1 entry");
    }
}

//! Filters as a GET form, what is active as links that take it away, and saved views.

use super::page::NavItem;
use super::{Choice, Icon, Markup, Query};
use leptos::prelude::*;

/// The bar above a list. Children are [`FilterGroup`]s; `keep` names query keys that the form carries along (`sort`, `rows`).
///
/// `<FilterBar label="Tenants" path=paths::TENANTS placeholder="Name, slug, domain or id" keep=&["sort"]><FilterGroup …/></FilterBar>`
#[component]
pub fn FilterBar(
    /// What is filtered.
    label: &'static str,
    #[prop(into)] path: String,
    /// Of the search box `q`; without it there is none.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    #[prop(optional)] keep: &'static [&'static str],
    /// Menus at the end.
    #[prop(optional)]
    end: Option<AnyView>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let here = Query::here();
    let search = placeholder.map(|placeholder| {
        let q = here.get("q").unwrap_or_default().to_owned();
        view! {
            <div class="c-filter-bar__search">
                <Icon name="search"/>
                <input class="c-input" type="search" name="q" value=q aria-label=format!("Search {}", label.to_lowercase()) placeholder=placeholder autocomplete="off"/>
            </div>
        }
    });
    let kept = keep
        .iter()
        .flat_map(|key| {
            here.all(key).into_iter().map(|value| view! { <input type="hidden" name=*key value=value/> })
        })
        .collect_view();
    view! {
        <form class="c-filter-bar" id="filters" method="get" action=path role="search" aria-label=label>
            {search}
            {children.map(|children| children())}
            {kept}
            <button class="c-button">"Apply"</button>
            {end.map(|end| view! { <div class="c-filter-bar__end">{end}</div> })}
        </form>
    }
    .into_any()
}

/// One filter with several values; what is ticked comes from the address.
///
/// `<FilterGroup name="status" label="Status" choices=statuses/>`
#[component]
pub fn FilterGroup(name: &'static str, label: &'static str, choices: Vec<Choice>) -> impl IntoView {
    let ticked = Query::here().all(name);
    let count = choices.iter().filter(|choice| ticked.contains(&choice.value)).count();
    let count = (count > 0).then(|| view! { " " <span class="c-count">{count}</span> });
    // As inner HTML, written by `Markup`: half a hundred boxes on every page of the directory.
    let mut boxes = Markup::with_capacity(120 * choices.len());
    for choice in &choices {
        write_box(&mut boxes, name, choice, ticked.contains(&choice.value));
    }
    view! {
        <details class="c-filter" name="filters">
            <summary>{label}{count}</summary>
            <div class="c-filter__panel"><fieldset aria-label=label inner_html=boxes.into_string()></fieldset></div>
        </details>
    }
    .into_any()
}

/// What `field::choice_box` shows.
fn write_box(html: &mut Markup, name: &'static str, choice: &Choice, ticked: bool) {
    html.raw(r#"<label class="c-choice"><input type="checkbox" name=""#)
        .raw(name)
        .raw(r#"" value=""#)
        .attribute(&choice.value)
        .raw(if ticked { "\" checked>" } else { "\">" })
        .raw("<span>")
        .text(&choice.label);
    if !choice.note.is_empty() {
        html.raw(" <small>").text(&choice.note).raw("</small>");
    }
    html.raw("</span></label>");
}

/// A filter that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// `Status: active`.
    pub label: String,
    /// The list without it.
    pub href: String,
}

impl Chip {
    /// The chip of one value under a key of this page's query.
    pub fn of(path: &str, key: &str, value: &str, label: impl Into<String>) -> Self {
        Self { label: label.into(), href: Query::here().first_page().without(key, value).href(path) }
    }
}

/// The filters in force, and how many rows match. Always rendered, so that its status can be announced.
///
/// `<Chips chips clear=paths::TENANTS result="1 284 match, sorted by health"/>`
#[component]
pub fn Chips(chips: Vec<Chip>, #[prop(into)] clear: String, #[prop(into)] result: String) -> impl IntoView {
    let active = !chips.is_empty();
    let chips = chips.into_iter().map(|chip| {
        view! { <li><a class="c-chip" href=chip.href><span>{chip.label}</span><Icon name="x"/><span class="u-visually-hidden">", remove filter"</span></a></li> }
    });
    let list = active.then(|| view! { <ul aria-label="Active filters">{chips.collect_view()}</ul><a class="c-chips__clear" href=clear>"Clear all"</a> });
    view! { <div class="c-chips">{list}<p class="c-chips__result" role="status">{result}</p></div> }
        .into_any()
}

/// What an address said that was not understood: known keys by their labels, the rest only counted. Nothing that
/// somebody wrote into a link is ever printed.
///
/// `left_out(["status", "evil"].into_iter(), label)`: "Not understood and left out: Status, 1 other part of the address."
pub fn left_out<'a>(
    keys: impl Iterator<Item = &'a str>,
    label: impl Fn(&str) -> Option<&'static str>,
) -> String {
    let (mut known, mut others) = (Vec::new(), 0);
    for key in keys {
        match label(key) {
            Some(label) if known.contains(&label) => {}
            Some(label) => known.push(label),
            None => others += 1,
        }
    }
    let mut parts: Vec<String> = known.into_iter().map(str::to_owned).collect();
    if others > 0 {
        let other = if parts.is_empty() { "part" } else { "other part" };
        parts.push(format!("{} of the address", super::plural(others, other)));
    }
    format!("Not understood and left out: {}.", parts.join(", "))
}

/// Prepared lists over a table.
///
/// `<ViewsNav items=vec![NavItem::new("/tenants?health=at_risk", "At risk", false).count(grouped(1904))]/>`
#[component]
pub fn ViewsNav(items: Vec<NavItem>) -> impl IntoView {
    let items = items.into_iter().map(|item| view! { <li>{item.link()}</li> });
    view! { <nav class="c-views" aria-label="Views"><ul>{items.collect_view()}</ul></nav> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_address_is_printed() {
        let label = |key: &str| (key == "status").then_some("Status");
        let text = |keys: &[&str]| left_out(keys.iter().copied(), label);
        assert_eq!(text(&["status", "status"]), "Not understood and left out: Status.");
        assert_eq!(
            text(&["status", "call 555-0100", "x"]),
            "Not understood and left out: Status, 2 other parts of the address."
        );
        assert_eq!(text(&["x"]), "Not understood and left out: 1 part of the address.");
    }
}

//! A search that sends itself: the page of what was typed takes the place of this one, so that Back leads to where the
//! reader came from and not through every letter (N3). The field has its focus, its cursor and what was typed meanwhile
//! again on the page that comes. Enter sends the form as ever.

use leptos::prelude::*;
use model::url::{decode, encode};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlFormElement, HtmlInputElement, InputEvent};

/// The field of a filter bar that is typed into.
pub(super) const FIELD: &str = "form.c-filter-bar input[type=search]";
/// What the window is called from one page to the next; its name is the tab's own, and lasts no longer than that.
const KEPT: &str = "search ";

/// Whether the letters are not chosen yet: input methods ask first.
pub(super) fn is_composing(event: &Event) -> bool {
    event.dyn_ref::<InputEvent>().is_some_and(InputEvent::is_composing)
}

/// Loads the page of what the field of this bar says; says whether there is anything to load. One letter finds nothing.
pub(super) fn refine(bar: &HtmlFormElement) -> bool {
    let Some(field) = field() else { return false };
    let location = window().location();
    let (Ok(path), Ok(query)) = (location.pathname(), location.search()) else { return false };
    if bar.get_attribute("action").is_some_and(|action| action != path) {
        return false;
    }
    let pairs = decode(query.trim_start_matches('?'));
    let Some(query) = refined(pairs, &field.value()) else { return false };
    let address = if query.is_empty() { path } else { format!("{path}?{query}") };
    keep();
    location.replace(&address).is_ok()
}

/// The query of this search from its beginning, everything else as it was; none where it is searched for already.
fn refined(mut pairs: Vec<(String, String)>, typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.chars().count() == 1 || typed == asked(&pairs) {
        return None;
    }
    pairs.retain(|(key, _)| !matches!(key.as_str(), "q" | "after" | "before" | "at"));
    if !typed.is_empty() {
        pairs.insert(0, ("q".to_owned(), typed.to_owned()));
    }
    Some(encode(&pairs))
}

fn asked(pairs: &[(String, String)]) -> &str {
    pairs.iter().find(|(key, _)| key == "q").map_or("", |(_, value)| value.trim())
}

/// Keeps the field for the page that comes: when it is asked for, and with every letter until it is there. Leaving the
/// page would be too late, its window has been handed over by then.
pub(super) fn keep() {
    let Some(field) = field().filter(is_active) else { return };
    let cursor = field.selection_start().ok().flatten().unwrap_or_default();
    let path = window().location().pathname().unwrap_or_default();
    let _kept = window().set_name(&format!("{KEPT}{cursor} {path} {}", field.value()));
}

/// Forgets what was kept: somebody goes or writes elsewhere, and the page that comes is not the search's.
pub(super) fn forget() {
    if window().name().is_ok_and(|name| name.starts_with(KEPT)) {
        let _forgotten = window().set_name("");
    }
}

/// Gives the field back what was kept, where nothing else has the focus yet; the bar, where more was typed meanwhile.
pub(super) fn resume() -> Option<HtmlFormElement> {
    let name = window().name().ok()?;
    let kept = name.strip_prefix(KEPT)?;
    let _forgotten = window().set_name("");
    let (cursor, kept) = kept.split_once(' ')?;
    let (path, typed) = kept.split_once(' ')?;
    let location = window().location();
    let idle = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    let field = field()?;
    if location.pathname().ok()? != path || !(idle || is_active(&field)) {
        return None;
    }
    field.set_value(typed);
    field.focus().ok()?;
    let cursor = cursor.parse().ok()?;
    let _placed = field.set_selection_range(cursor, cursor);
    let pairs = decode(location.search().ok()?.trim_start_matches('?'));
    refined(pairs, typed).and_then(|_| field.form())
}

fn field() -> Option<HtmlInputElement> {
    document().query_selector(FIELD).ok()??.dyn_into().ok()
}

fn is_active(field: &HtmlInputElement) -> bool {
    document().active_element().is_some_and(|active| active.is_same_node(Some(field)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refine(query: &str, typed: &str) -> Option<String> {
        refined(decode(query), typed)
    }

    #[test]
    fn a_search_keeps_the_filters_and_begins_at_its_start() {
        assert_eq!(
            refine("status=trial&status=active&after=x&at=51&sort=name", "acme & co").as_deref(),
            Some("q=acme+%26+co&status=trial&status=active&sort=name")
        );
        assert_eq!(refine("q=acme&plan=free", " ").as_deref(), Some("plan=free"));
        assert_eq!(refine("q=acme", "").as_deref(), Some(""));
    }

    #[test]
    fn nothing_is_asked_twice_and_one_letter_asks_nothing() {
        assert_eq!(refine("q=acme", "acme "), None);
        assert_eq!(refine("", "  "), None);
        assert_eq!(refine("q=acme", "é"), None);
    }
}

//! What the browser adds to plain pages, by listening at the document: nothing here is needed to use them.
//!
//! - Menus (`details.c-menu`, `details.c-filter`) close on Escape and on a click elsewhere; arrows move in them.
//! - The current section of a row of sections that scrolls sideways is in view.
//! - A filter bar sends itself a moment after a choice, and a moment after the last letter of a search (`typed`); not one
//!   with `data-by-hand`.
//! - Single keys lead to the search, through the rows and to other pages (`keys`).
//! - Ctrl+Enter in a field sends its form.
//! - A form that was changed and not sent asks before the page is left.
//! - `html[data-hydrated]` tells tests that the islands are awake.

use super::{keys, typed};
use leptos::ev;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDetailsElement, HtmlElement, HtmlFormElement};

const OPEN_MENUS: &str = "details.c-menu[open], details.c-filter[open]";
const ITEMS: &str = "a[href], button, input, [tabindex='0']";
const FILTER_PAUSE: Duration = Duration::from_millis(250);

#[island]
pub fn Enhance() -> impl IntoView {
    let dirty = StoredValue::new(false);
    let turn = StoredValue::new(0_u32);
    let chosen = StoredValue::new(false);
    let searching = StoredValue::new(false);
    let waiting = StoredValue::new(f64::NEG_INFINITY);
    // Only the last choice or letter counts. A choice is a page of its own, a search takes the place of this one.
    let send_later = move |bar: HtmlFormElement| {
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        set_timeout(
            move || {
                if turn.get_value() != mine {
                    return;
                }
                if chosen.get_value() {
                    chosen.set_value(false);
                    let _sent = bar.request_submit();
                } else {
                    searching.set_value(typed::refine(&bar));
                }
            },
            FILTER_PAUSE,
        );
    };
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            let _set = root.set_attribute("data-hydrated", "");
        }
        show_current();
        focus_named();
        if let Some(bar) = typed::resume() {
            send_later(bar);
        }
        let handles = [
            window_event_listener(ev::keydown, move |event| {
                if event.key() == "Escape" {
                    close_menus(None, true);
                } else if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                    send(&event);
                } else {
                    let arrow = matches!(event.key().as_str(), "ArrowDown" | "ArrowUp");
                    if arrow && step(&event, event.key() == "ArrowDown") || keys::press(&event, waiting) {
                        event.prevent_default();
                    }
                }
            }),
            window_event_listener(ev::click, |event| {
                if target(&event).is_some_and(|el| matches!(el.closest("a[href]"), Ok(Some(_)))) {
                    typed::forget();
                }
                close_menus(target(&event).as_ref(), false);
                keys::close_sheet(target(&event).as_ref());
            }),
            window_event_listener(ev::focusin, |event| {
                if target(&event).is_some_and(|el| !matches!(el.matches(typed::FIELD), Ok(true))) {
                    typed::forget();
                }
            }),
            window_event_listener(ev::change, move |event| {
                let Some(field) = target(&event) else { return };
                if let Some(bar) = bar_of(&field) {
                    if !matches!(field.matches(typed::FIELD), Ok(true)) {
                        chosen.set_value(true);
                    }
                    send_later(bar);
                }
            }),
            window_event_listener(ev::input, move |event| {
                let Some(field) = target(&event) else { return };
                if searching.get_value() {
                    typed::keep();
                }
                if matches!(field.closest("form[method=post].c-form"), Ok(Some(_))) {
                    dirty.set_value(true);
                }
                if matches!(field.matches(typed::FIELD), Ok(true))
                    && !typed::is_composing(&event)
                    && let Some(bar) = bar_of(&field)
                {
                    send_later(bar);
                }
            }),
            window_event_listener(ev::submit, move |_| {
                dirty.set_value(false);
                typed::forget();
                // What is sent by hand is not sent once more.
                turn.update_value(|turn| *turn += 1);
            }),
            window_event_listener(ev::beforeunload, move |event| {
                if dirty.get_value() {
                    event.prevent_default();
                }
            }),
        ];
        on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    });
}

/// Sends the form around the field, where it has one thing to do.
fn send(event: &web_sys::KeyboardEvent) {
    let form = target(event).and_then(|el| el.closest("form.c-form").ok().flatten());
    let one = form.filter(|form| {
        matches!(form.query_selector("input[type=hidden][name=_form]"), Ok(Some(_)))
            && matches!(form.query_selector_all("button[name]"), Ok(named) if named.length() == 0)
    });
    if let Some(form) = one.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
        event.prevent_default();
        let _sent = form.request_submit();
    }
}

/// Scrolls rows of links so that the one of this page stands in their middle. A style sheet cannot say that yet everywhere.
fn show_current() {
    let Ok(links) = document().query_selector_all(":is(.c-section-nav, .c-views) a[aria-current]") else {
        return;
    };
    for link in (0..links.length())
        .filter_map(|n| links.get(n))
        .filter_map(|node| node.dyn_into::<HtmlElement>().ok())
    {
        let row = link.closest("nav").ok().flatten().and_then(|row| row.dyn_into::<HtmlElement>().ok());
        if let Some(row) = row {
            let off = link.offset_left() - row.offset_left();
            row.set_scroll_left(off - (row.client_width() - link.offset_width()) / 2);
        }
    }
}

/// A page that is loaded anew leaves the focus at its beginning, also where its address names a heading.
fn focus_named() {
    let Ok(name) = window().location().hash() else { return };
    let idle = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    let named = name.strip_prefix('#').and_then(|id| document().get_element_by_id(id));
    if let Some(named) = named.filter(|named| idle && named.has_attribute("tabindex")) {
        focus(named);
    }
}

/// The filter bar around a field, unless it is sent by hand only.
fn bar_of(field: &Element) -> Option<HtmlFormElement> {
    field.closest("form.c-filter-bar:not([data-by-hand])").ok()??.dyn_into().ok()
}

pub(super) fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// Closes every open menu but the one around `inside`; with `refocus` the focus goes back to what opened it.
fn close_menus(inside: Option<&Element>, refocus: bool) {
    let Ok(menus) = document().query_selector_all(OPEN_MENUS) else { return };
    for menu in (0..menus.length())
        .filter_map(|n| menus.get(n))
        .filter_map(|node| node.dyn_into::<HtmlDetailsElement>().ok())
    {
        if inside.is_some_and(|inside| menu.contains(Some(inside))) {
            continue;
        }
        let focused = document().active_element().is_some_and(|el| menu.contains(Some(&el)));
        menu.set_open(false);
        if refocus
            && focused
            && let Ok(Some(summary)) = menu.query_selector("summary")
        {
            focus(summary);
        }
    }
}

/// Moves the focus inside an open menu; says whether it did.
fn step(event: &web_sys::KeyboardEvent, down: bool) -> bool {
    let Some(here) = target(event) else { return false };
    let Ok(Some(menu)) = here.closest("details.c-menu[open]") else { return false };
    let Ok(items) = menu.query_selector_all(&format!(".c-menu__panel :is({ITEMS})")) else { return false };
    let items: Vec<Element> =
        (0..items.length()).filter_map(|n| items.get(n)).filter_map(|node| node.dyn_into().ok()).collect();
    let at = items.iter().position(|item| *item == here);
    let next = match (at, down) {
        (Some(at), true) => (at + 1) % items.len(),
        (Some(at), false) => (at + items.len() - 1) % items.len(),
        (None, true) => 0,
        (None, false) => items.len().saturating_sub(1),
    };
    items.into_iter().nth(next).is_some_and(focus)
}

pub(super) fn focus(element: Element) -> bool {
    element.dyn_into::<HtmlElement>().is_ok_and(|element| element.focus().is_ok())
}

//! Single keys (`ux.md` 4.3): they move the focus or follow a link that stands on the page, and nothing more, so that
//! everything they do can be done without them. They mean nothing in a field, with Ctrl, Alt or ⌘, while a dialog is open,
//! and to a reader who has switched them off (WCAG 2.1.4, `/me/preferences`).

use super::enhance::{focus, target};
use crate::paths;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{
    Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent, XmlHttpRequest,
    XmlHttpRequestResponseType,
};

/// Where letters are letters.
const FIELDS: &str = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
/// The element that the page of the keys holds ready.
pub(crate) const SHEET: &str = "key-sheet";
/// `g` waits so long for its second letter, in milliseconds.
const SECOND: f64 = 1_500.0;

/// Where `g` and a letter lead, by the links of the rail: who has no such link goes nowhere.
pub(crate) const GO: &[(&str, &str, &str)] = &[
    ("o", "Overview", paths::OVERVIEW),
    ("t", "Tenants", paths::TENANTS),
    ("h", "Health", paths::HEALTH),
    ("u", "Usage", paths::USAGE),
    ("j", "Operations", paths::OPERATIONS),
    ("a", "Audit log", paths::AUDIT),
];

/// Does what the key means on this page; says whether it means something. `waiting` is when `g` was pressed.
pub(super) fn press(event: &KeyboardEvent, waiting: StoredValue<f64>) -> bool {
    if !listens(event) {
        return false;
    }
    let second = event.time_stamp() - waiting.get_value() < SECOND;
    waiting.set_value(f64::NEG_INFINITY);
    let key = event.key();
    if let Some((_, _, path)) = GO.iter().find(|(letter, ..)| second && *letter == key) {
        return click(&format!("a.c-rail__link[href='{path}']"));
    }
    match key.as_str() {
        "g" => {
            waiting.set_value(event.time_stamp());
            true
        }
        "/" => search() || click("a.c-jump"),
        "?" => {
            sheet();
            true
        }
        "j" => step(true),
        "k" => step(false),
        "o" => in_row().and_then(|row| link(&row)).is_some_and(|link| {
            link.click();
            true
        }),
        "x" => in_row()
            .and_then(|row| row.query_selector("input.c-table__pick").ok().flatten())
            .is_some_and(press_box),
        "[" => click("a[rel=prev]"),
        "]" => click("a[rel=next]"),
        _ => false,
    }
}

fn listens(event: &KeyboardEvent) -> bool {
    let off = document()
        .document_element()
        .is_none_or(|root| root.get_attribute("data-keys").is_some_and(|word| word == "off"));
    let other = event.ctrl_key() || event.meta_key() || event.alt_key();
    let typing = target(event).is_none_or(|el| !matches!(el.closest(FIELDS), Ok(None)));
    let dialog = !matches!(document().query_selector("dialog[open]"), Ok(None));
    !(off || other || typing || dialog || event.is_composing() || event.default_prevented())
}

/// Into the search field of the page, if it has one.
fn search() -> bool {
    let field = document().query_selector("main input[type=search]").ok().flatten();
    field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()).is_some_and(|field| {
        let there = field.focus().is_ok();
        field.select();
        there
    })
}

fn click(link: &str) -> bool {
    let link = document().query_selector(link).ok().flatten();
    link.and_then(|link| link.dyn_into::<HtmlElement>().ok()).is_some_and(|link| {
        link.click();
        true
    })
}

/// A click, so that whoever counts the boxes hears of it.
fn press_box(pick: Element) -> bool {
    pick.dyn_into::<HtmlElement>().is_ok_and(|pick| {
        pick.click();
        true
    })
}

/// The row in which the focus is.
fn in_row() -> Option<Element> {
    document().active_element()?.closest(".c-table tbody tr").ok()?
}

/// What a row opens by: its name, else its first link.
fn link(row: &Element) -> Option<HtmlElement> {
    let named = row.query_selector("a.c-table__link").ok()?;
    named.or_else(|| row.query_selector("a[href]").ok().flatten())?.dyn_into().ok()
}

/// Moves the focus to the link of the next row that is to be seen, or to that of the one before; Enter then opens it.
fn step(down: bool) -> bool {
    let Ok(rows) = document().query_selector_all(".c-table tbody tr") else { return false };
    let links: Vec<HtmlElement> = (0..rows.length())
        .filter_map(|n| rows.get(n)?.dyn_into::<Element>().ok())
        .filter_map(|row| link(&row))
        .filter(|link| link.offset_width() > 0)
        .collect();
    let at = in_row().and_then(|row| links.iter().position(|link| row.contains(Some(link))));
    let next = match at {
        None => 0,
        Some(at) if down => (at + 1).min(links.len().saturating_sub(1)),
        Some(at) => at.saturating_sub(1),
    };
    links.into_iter().nth(next).is_some_and(|link| focus(link.into()))
}

/// Shows the list of the keys in a dialog, which their page holds ready; that page itself where it cannot be had.
fn sheet() {
    if show() {
        return;
    }
    let leave = || drop(window().location().set_href(paths::SHORTCUTS));
    let Ok(request) = XmlHttpRequest::new() else { return leave() };
    if request.open("GET", paths::SHORTCUTS).is_err() {
        return leave();
    }
    request.set_response_type(XmlHttpRequestResponseType::Document);
    let _accepts = request.set_request_header("accept", "text/html");
    let done = {
        let request = request.clone();
        Closure::once_into_js(move || {
            // Asked for twice before it had come, it is there and open.
            if document().get_element_by_id(SHEET).is_some() {
                return;
            }
            let page = request.response_xml().ok().flatten();
            let sheet = page.and_then(|page| page.get_element_by_id(SHEET));
            let body = document().body();
            let added = sheet.zip(body).is_some_and(|(sheet, body)| body.append_child(&sheet).is_ok());
            if !(added && show()) {
                leave();
            }
        })
    };
    let _added = request.add_event_listener_with_callback("loadend", done.unchecked_ref());
    let _sent = request.send();
}

fn show() -> bool {
    let sheet =
        document().get_element_by_id(SHEET).and_then(|sheet| sheet.dyn_into::<HtmlDialogElement>().ok());
    sheet.is_some_and(|sheet| sheet.show_modal().is_ok())
}

/// Closes the list by its button, or by a click beside it.
pub(super) fn close_sheet(clicked: Option<&Element>) {
    let Some(clicked) = clicked else { return };
    let Ok(Some(sheet)) = clicked.closest("dialog[open]") else { return };
    let meant = sheet.is_same_node(Some(clicked)) || matches!(clicked.closest("button"), Ok(Some(_)));
    if sheet.id() == SHEET
        && meant
        && let Ok(sheet) = sheet.dyn_into::<HtmlDialogElement>()
    {
        sheet.close();
    }
}

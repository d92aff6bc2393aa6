//! Showing an operation while it runs: the only thing about it that must live in the browser.
//!
//! The server says that something changed, never what; the page itself is fetched again and every element with
//! `data-live` is exchanged by its id. So there is one way of drawing an operation, and a reload shows the same.

use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::{
    Document, Element, Event, EventSource, HtmlDetailsElement, MessageEvent, XmlHttpRequest,
    XmlHttpRequestResponseType,
};

/// Between two announcements for screen readers.
const QUIET: Duration = Duration::from_secs(5);

/// Follows the operation at `address` from `version` on, until it ends; then the page is loaded anew.
#[island]
pub fn Live(#[prop(into)] address: String, version: i64) -> impl IntoView {
    let (said, set_said) = signal(String::new());
    let quiet = StoredValue::new(false);
    let say = move |text: String| {
        if !quiet.get_value() {
            quiet.set_value(true);
            set_said.set(text);
            set_timeout(move || quiet.set_value(false), QUIET);
        }
    };
    Effect::new(move |_| {
        let Ok(source) = EventSource::new(&format!("{address}/events?since={version}")) else { return };
        // Under way, and whether something changed meanwhile.
        let fetching = StoredValue::new((false, false));
        let page = address.clone();
        let changed = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            say(text_of(&event));
            fetch(&page, fetching);
        });
        let ended = {
            let source = source.clone();
            Closure::<dyn Fn(Event)>::new(move |event: Event| {
                source.close();
                set_said.set(text_of(&event));
                finish();
            })
        };
        for (name, callback) in [("change", &changed), ("end", &ended)] {
            let _added = source.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
        }
        // They live as long as the page.
        changed.forget();
        ended.forget();
        window_event_listener(leptos::ev::pagehide, move |_| source.close());
    });
    view! { <p class="u-visually-hidden" role="status">{move || said.get()}</p> }
}

fn text_of(event: &Event) -> String {
    event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string()).unwrap_or_default()
}

/// Gets the page and exchanges its live parts; a change that comes while it is on its way is fetched afterwards.
fn fetch(page: &str, fetching: StoredValue<(bool, bool)>) {
    if fetching.get_value().0 {
        fetching.set_value((true, true));
        return;
    }
    fetching.set_value((true, false));
    let Ok(request) = XmlHttpRequest::new() else { return };
    if request.open("GET", page).is_err() {
        return;
    }
    request.set_response_type(XmlHttpRequestResponseType::Document);
    let _accepts = request.set_request_header("accept", "text/html");
    let done = {
        let (request, page) = (request.clone(), page.to_owned());
        Closure::once_into_js(move || {
            if request.status() == Ok(200)
                && let Ok(Some(fresh)) = request.response_xml()
            {
                exchange(&fresh);
            }
            let again = fetching.get_value().1;
            fetching.set_value((false, false));
            if again {
                fetch(&page, fetching);
            }
        })
    };
    let _added = request.add_event_listener_with_callback("loadend", done.unchecked_ref());
    let _sent = request.send();
}

/// Takes the live parts of `fresh`. What somebody is in stays as it is, and what is open stays open.
fn exchange(fresh: &Document) {
    let here = document();
    let Ok(parts) = here.query_selector_all("[data-live]") else { return };
    let focus = here.active_element();
    for part in (0..parts.length()).filter_map(|n| parts.get(n)?.dyn_into::<Element>().ok()) {
        let Some(new) = fresh.get_element_by_id(&part.id()) else { continue };
        if part.inner_html() == new.inner_html()
            || focus.as_ref().is_some_and(|focus| part.contains(Some(focus)))
        {
            continue;
        }
        if let Ok(open) = part.query_selector_all("details[open][id]") {
            for id in (0..open.length()).filter_map(|n| Some(open.get(n)?.dyn_into::<Element>().ok()?.id())) {
                let found = new.query_selector(&format!("details[id='{id}']")).ok().flatten();
                if let Some(details) = found.and_then(|found| found.dyn_into::<HtmlDetailsElement>().ok()) {
                    details.set_open(true);
                }
            }
        }
        let _replaced = part.replace_with_with_node_1(&new);
    }
}

/// The end has more to say than the parts that live, and its own buttons: the page as it is now, at its outcome. Who is
/// typing is left alone.
fn finish() {
    let typing = document().active_element().is_some_and(|focus| focus.tag_name() == "TEXTAREA");
    if typing {
        return;
    }
    if let Ok(history) = window().history() {
        let _set = history.replace_state_with_url(&JsValue::NULL, "", Some("#outcome"));
    }
    let _reloaded = window().location().reload();
}

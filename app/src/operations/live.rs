//! Showing an operation while it runs: the only thing about it that must live in the browser.
//!
//! The server says that something changed, never what; the page itself is fetched again and every element with
//! `data-live` is exchanged by its id. So there is one way of drawing an operation, and a reload shows the same. A window
//! that nobody looks at listens to nothing: browsers have six connections for a site, and servers have few to spare.

use leptos::ev;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::{
    Document, Element, Event, EventSource, HtmlDetailsElement, HtmlTextAreaElement, MessageEvent,
    XmlHttpRequest, XmlHttpRequestResponseType,
};

/// Between two announcements for screen readers.
const QUIET: Duration = Duration::from_secs(5);
/// Until the next try where the server would not tell; so many in a row, then the page says so.
const PAUSE: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;

/// Follows the operation at `address` from `version` on, until it ends; then the page is loaded anew.
#[island]
pub fn Live(#[prop(into)] address: String, version: i64) -> impl IntoView {
    let (said, set_said) = signal(String::new());
    let (lost, set_lost) = signal(false);
    let here = address.clone();
    Effect::new(move |_| {
        let follow = Rc::new(Follow {
            address: address.clone(),
            source: RefCell::new(None),
            seen: RefCell::new(version.to_string()),
            fails: Cell::new(0),
            over: Cell::new(false),
            quiet: Cell::new(false),
            fetching: Cell::new((false, false)),
            said: set_said,
            lost: set_lost,
        });
        follow.open();
        let [seen, left, back] = [follow.clone(), follow.clone(), follow];
        window_event_listener(ev::visibilitychange, move |_| {
            if document().hidden() { seen.close() } else { seen.open() }
        });
        window_event_listener(ev::pagehide, move |_| left.close());
        window_event_listener(ev::pageshow, move |_| back.open());
    });
    view! {
        <div>
            <p class="u-visually-hidden" role="status">{move || said.get()}</p>
            <p class="u-muted" hidden=move || !lost.get()>"What happens from here on is not shown by itself. "<a href=here>"Refresh"</a></p>
        </div>
    }
}

/// The page's ear.
struct Follow {
    address: String,
    source: RefCell<Option<EventSource>>,
    /// The version that the page has heard of.
    seen: RefCell<String>,
    /// In a row.
    fails: Cell<u32>,
    over: Cell<bool>,
    quiet: Cell<bool>,
    /// The page is on its way; and something changed meanwhile.
    fetching: Cell<(bool, bool)>,
    said: WriteSignal<String>,
    lost: WriteSignal<bool>,
}

impl Follow {
    fn open(self: &Rc<Self>) {
        if self.over.get() || self.source.borrow().is_some() || document().hidden() {
            return;
        }
        let address = format!("{}/events?since={}", self.address, self.seen.borrow());
        let Ok(source) = EventSource::new(&address) else { return };
        for (name, heard) in
            [("change", Self::changed as fn(&Rc<Self>, Event)), ("end", Self::ended), ("error", Self::failed)]
        {
            let follow = self.clone();
            let heard = Closure::<dyn Fn(Event)>::new(move |event| heard(&follow, event));
            // It lives as long as its source.
            let _added = source.add_event_listener_with_callback(name, heard.into_js_value().unchecked_ref());
        }
        *self.source.borrow_mut() = Some(source);
    }

    fn close(&self) {
        if let Some(source) = self.source.borrow_mut().take() {
            source.close();
        }
    }

    fn changed(self: &Rc<Self>, event: Event) {
        self.fails.set(0);
        self.lost.set(false);
        let text = self.read(&event);
        if !self.quiet.replace(true) {
            self.said.set(text);
            let follow = self.clone();
            set_timeout(move || follow.quiet.set(false), QUIET);
        }
        self.fetch();
    }

    /// The end has more to say than the parts that live: the page as it is now, at its outcome. What somebody has written
    /// is not taken away.
    fn ended(self: &Rc<Self>, event: Event) {
        self.over.set(true);
        self.close();
        self.said.set(self.read(&event));
        if has_writing() {
            self.fetch();
            return;
        }
        if let Ok(history) = window().history() {
            let _set = history.replace_state_with_url(&JsValue::NULL, "", Some("#outcome"));
        }
        let _reloaded = window().location().reload();
    }

    /// The browser comes back by itself after a stream has ended, but not where it was refused.
    fn failed(self: &Rc<Self>, _event: Event) {
        let refused = self.source.borrow().as_ref().is_some_and(|s| s.ready_state() == EventSource::CLOSED);
        if !refused {
            return;
        }
        self.close();
        self.fails.set(self.fails.get() + 1);
        if self.fails.get() >= TRIES {
            self.lost.set(true);
            return;
        }
        let follow = self.clone();
        set_timeout(move || follow.open(), PAUSE);
    }

    /// The event's text; its id is remembered.
    fn read(&self, event: &Event) -> String {
        let Some(event) = event.dyn_ref::<MessageEvent>() else { return String::new() };
        *self.seen.borrow_mut() = event.last_event_id();
        event.data().as_string().unwrap_or_default()
    }

    /// Gets the page and exchanges its live parts; a change that comes while it is on its way is fetched afterwards.
    fn fetch(self: &Rc<Self>) {
        if self.fetching.get().0 {
            self.fetching.set((true, true));
            return;
        }
        let Ok(request) = XmlHttpRequest::new() else { return };
        // With its query: a list on the page stays at its filter and place.
        let query = window().location().search().unwrap_or_default();
        if request.open("GET", &format!("{}{query}", self.address)).is_err() {
            return;
        }
        self.fetching.set((true, false));
        request.set_response_type(XmlHttpRequestResponseType::Document);
        let _accepts = request.set_request_header("accept", "text/html");
        let done = {
            let (request, follow) = (request.clone(), self.clone());
            Closure::once_into_js(move || {
                if request.status() == Ok(200)
                    && let Ok(Some(fresh)) = request.response_xml()
                {
                    exchange(&fresh);
                }
                let again = follow.fetching.replace((false, false)).1;
                if again {
                    follow.fetch();
                }
            })
        };
        let _added = request.add_event_listener_with_callback("loadend", done.unchecked_ref());
        let _sent = request.send();
    }
}

/// Takes the live parts of `fresh`. What somebody is in stays as it is, what is open stays open, what is written stays.
pub(crate) fn exchange(fresh: &Document) {
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
        if let (Some(old), Some(new)) = (writing(&part), writing(&new)) {
            new.set_value(&old.value());
        }
        let _replaced = part.replace_with_with_node_1(&new);
    }
}

fn writing(part: &Element) -> Option<HtmlTextAreaElement> {
    part.query_selector("textarea").ok()??.dyn_into().ok()
}

/// Whether somebody is writing on this page, or has.
fn has_writing() -> bool {
    let root = document().document_element();
    root.as_ref().and_then(writing).is_some_and(|area| {
        !area.value().is_empty() || document().active_element().as_ref() == Some(area.as_ref())
    })
}

//! Waiting for a tenant with the page open: it is asked for again every few seconds, and its live part exchanged. Without
//! a script the link on the page does the same.

use crate::operations::live::exchange;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Document, XmlHttpRequest, XmlHttpRequestResponseType};

/// Between two looks, and after so many that brought nothing new.
const SOON: Duration = Duration::from_secs(2);
const LATER: Duration = Duration::from_secs(15);
const SOON_TIMES: u32 = 60;

/// Asks `address` again until nothing moves there any more. A window that nobody looks at does not ask.
#[island]
pub fn Waiting(#[prop(into)] address: String) -> impl IntoView {
    let (said, set_said) = signal(String::new());
    Effect::new(move |_| again(address.clone(), set_said, 0));
    view! { <p class="u-visually-hidden" role="status">{move || said.get()}</p> }
}

fn again(address: String, said: WriteSignal<String>, times: u32) {
    let pause = if times < SOON_TIMES { SOON } else { LATER };
    set_timeout(
        move || {
            if document().hidden() {
                again(address, said, times);
            } else {
                ask(address, said, times.saturating_add(1));
            }
        },
        pause,
    );
}

fn ask(address: String, said: WriteSignal<String>, times: u32) {
    let Ok(request) = XmlHttpRequest::new() else { return };
    if request.open("GET", &address).is_err() {
        return;
    }
    request.set_response_type(XmlHttpRequestResponseType::Document);
    let _accepts = request.set_request_header("accept", "text/html");
    let done = {
        let request = request.clone();
        Closure::once_into_js(move || {
            let fresh = request.response_xml().ok().flatten().filter(|_| request.status() == Ok(200));
            let before = text(&document());
            if let Some(fresh) = &fresh {
                exchange(fresh);
                let now = text(fresh);
                if now != before {
                    said.set(now);
                }
            }
            // What could not be reached is tried again.
            if fresh.is_none_or(|fresh| moves(&fresh)) {
                again(address, said, times);
            }
        })
    };
    let _added = request.add_event_listener_with_callback("loadend", done.unchecked_ref());
    let _sent = request.send();
}

fn text(page: &Document) -> String {
    page.get_element_by_id("progress-said").and_then(|part| part.text_content()).unwrap_or_default()
}

fn moves(page: &Document) -> bool {
    page.get_element_by_id("progress")
        .and_then(|part| part.get_attribute("data-moves"))
        .is_some_and(|word| word == "true")
}

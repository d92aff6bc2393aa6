//! Choosing in the directory: boxes in the rows, and a bar below the table that shows as soon as one is ticked. The style
//! sheet does that and counts; a script adds the box that ticks the page and says the count aloud.

use crate::paths;
use crate::ui::Tone;
use leptos::ev;
use leptos::prelude::*;
use model::bulk::{Action, Whom};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// The boxes of the page.
const BOXES: &str = "input.c-table__pick";

/// The box that ticks the page. It is there once it can do something.
#[island]
pub fn SelectAll() -> impl IntoView {
    let (awake, set_awake) = signal(false);
    let (ticked, set_ticked) = signal(0_usize);
    let (all, set_all) = signal(0_usize);
    let look = move || {
        let boxes = boxes();
        set_all.set(boxes.len());
        set_ticked.set(boxes.iter().filter(|pick| pick.checked()).count());
    };
    Effect::new(move |_| {
        set_awake.set(true);
        // A browser that comes back to the page has kept its ticks.
        look();
        let handles = [
            window_event_listener(ev::change, move |_| look()),
            window_event_listener(ev::keydown, move |event| {
                if event.key() == "Escape" && ticked.get_untracked() > 0 && !menu_is_open() {
                    boxes().iter().for_each(|pick| pick.set_checked(false));
                    look();
                }
            }),
        ];
        let back = window_event_listener(ev::pageshow, move |_| look());
        on_cleanup(move || {
            handles.into_iter().for_each(|handle| handle.remove());
            back.remove();
        });
    });
    let tick = move |event: ev::Event| {
        let on = event
            .target()
            .and_then(|el| el.dyn_into::<HtmlInputElement>().ok())
            .is_some_and(|el| el.checked());
        boxes().iter().for_each(|pick| pick.set_checked(on));
        look();
    };
    let whole = move || ticked.get() > 0 && ticked.get() == all.get();
    let part = move || ticked.get() > 0 && ticked.get() < all.get();
    let said = move || match ticked.get() {
        0 => String::new(),
        n => format!("{n} on this page selected"),
    };
    view! {
        <Show when=move || awake.get()>
            <input class="c-table__all" type="checkbox" aria-label="Select all on this page"
                prop:checked=whole prop:indeterminate=part on:change=tick/>
        </Show>
        <span class="u-visually-hidden" role="status">{said}</span>
    }
}

fn boxes() -> Vec<HtmlInputElement> {
    let Ok(found) = document().query_selector_all(BOXES) else { return vec![] };
    (0..found.length()).filter_map(|n| found.get(n)?.dyn_into().ok()).collect()
}

fn menu_is_open() -> bool {
    matches!(document().query_selector("details[open], dialog[open]"), Ok(Some(_)))
}

/// The bar of the form around the table. `total` is what the list says of itself: “1 284 that match”.
#[component]
pub fn Bar(#[prop(into)] total: String) -> impl IntoView {
    let choice = |whom: Whom, label: AnyView, checked: bool| {
        view! { <label class="c-choice"><input type="radio" name="whom" value=whom.as_str() checked=checked/><span>{label}</span></label> }
    };
    let ticked = choice(
        Whom::Ticked,
        view! { <span class="c-bulk__count"></span>" ticked on this page" }.into_any(),
        true,
    );
    let matching = choice(Whom::Matching, format!("All {total}").into_any(), false);
    let buttons = Action::ALL.iter().map(|action| {
        view! { <button class="c-button" data-size="sm" name="action" value=action.as_str()>{action.label()}"…"</button> }
    });
    view! {
        <div class="c-bulk" role="region" aria-label="Bulk actions">
            <fieldset class="c-choices" data-inline="true" aria-label="Whom it reaches">{ticked}{matching}</fieldset>
            <div class="c-actions">{buttons.collect_view()}</div>
        </div>
    }
    .into_any()
}

pub(super) const fn symbol(action: Action) -> &'static str {
    match action {
        Action::Suspend => "pause",
        Action::Reinstate => "play",
        Action::ChangePlan => "gauge",
        Action::ApplyTemplate => "layers",
        Action::SetOwner => "users",
        Action::ChangeTags => "list",
    }
}

pub(super) const fn tone(action: Action) -> Tone {
    match action {
        Action::Suspend => Tone::Danger,
        Action::Reinstate => Tone::Success,
        Action::ChangePlan | Action::ApplyTemplate | Action::SetOwner | Action::ChangeTags => Tone::Info,
    }
}

/// The page that asks what to do with all of a list.
pub(super) fn list_href(list: &str) -> String {
    if list.is_empty() { paths::TENANTS.to_owned() } else { format!("{}?{list}", paths::TENANTS) }
}

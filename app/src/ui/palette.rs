//! The command palette: ⌘K or Ctrl+K, type, arrows, Enter. Without WASM its button is a link to `/search`.
//!
//! Follows the ARIA pattern "combobox with listbox": the focus stays in the input, `aria-activedescendant` names the
//! option, and the number of results is announced.

use crate::search::{Hit, search};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::{ev, html};
use std::time::Duration;

/// Typing is not over before this.
const PAUSE: Duration = Duration::from_millis(120);

#[island]
pub fn Palette() -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let hits = RwSignal::new(Vec::<Hit>::new());
    let at = RwSignal::new(0_usize);
    let status = RwSignal::new(String::new());
    let turn = StoredValue::new(0_u32);

    // Only the answer to the last question counts.
    let ask = move |q: String| {
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        set_timeout(
            move || {
                if turn.get_value() != mine {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let from = window().location().pathname().unwrap_or_default();
                    let answer = search(q, from).await;
                    if turn.get_value() != mine {
                        return;
                    }
                    at.set(0);
                    match answer {
                        Ok(found) => {
                            status.set(match found.len() {
                                0 => "Nothing found".into(),
                                1 => "1 result".into(),
                                n => format!("{n} results"),
                            });
                            hits.set(found);
                        }
                        Err(_) => {
                            hits.set(Vec::new());
                            status.set("The search did not answer. Try again.".into());
                        }
                    }
                });
            },
            PAUSE,
        );
    };
    let open = move || {
        if let (Some(dialog), Some(input)) = (dialog.get_untracked(), input.get_untracked())
            && !dialog.open()
            && dialog.show_modal().is_ok()
        {
            input.set_value("");
            ask(String::new());
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let go = move |href: String| {
        close();
        let _left = window().location().set_href(&href);
    };
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key())
                && !event.shift_key()
                && !event.alt_key()
                && event.key().eq_ignore_ascii_case("k")
            {
                event.prevent_default();
                open();
            }
        });
        on_cleanup(move || handle.remove());
    });
    let keydown = move |event: KeyboardEvent| {
        let count = hits.with(Vec::len);
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if count > 0 => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                if let Some(hit) = hits.with(|hits| hits.get(at.get()).cloned()) {
                    go(hit.href);
                }
            }
            _ => return,
        }
        event.prevent_default();
        if let Some(option) = document().get_element_by_id(&format!("pal-{}", at.get())) {
            option.scroll_into_view_with_bool(false);
        }
    };
    let rows = move || {
        let mut last = String::new();
        let mut rows = Vec::new();
        for (n, hit) in hits.get().into_iter().enumerate() {
            if hit.group != last {
                last.clone_from(&hit.group);
                rows.push(
                    view! { <p class="c-palette__group" role="presentation">{hit.group.clone()}</p> }
                        .into_any(),
                );
            }
            let href = hit.href.clone();
            rows.push(
                view! {
                    <div class="c-palette__item" role="option" id=format!("pal-{n}") aria-selected=move || (at.get() == n).to_string()
                        on:click=move |_| go(href.clone())>
                        <svg class="c-icon" aria-hidden="true"><use href=format!("/icons.svg#{}", hit.icon)/></svg>
                        <span class="c-palette__title">{hit.title}</span>
                        <span class="c-palette__hint">{hit.hint}</span>
                    </div>
                }
                .into_any(),
            );
        }
        rows
    };
    view! {
        <a class="c-jump" href="/search" aria-label="Jump to" on:click=move |event| {
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                open();
            }
        }>
            <svg class="c-icon" aria-hidden="true"><use href="/icons.svg#search"/></svg>
            <span class="c-jump__text">"Jump to…"</span>
            <kbd class="c-kbd">"Ctrl K"</kbd>
        </a>
        <dialog class="c-palette" aria-label="Jump to" node_ref=dialog on:click=move |event| {
            // A click on the backdrop hits the dialog itself.
            if event.target() == event.current_target() {
                close();
            }
        }>
            <div class="c-palette__search">
                <svg class="c-icon" aria-hidden="true"><use href="/icons.svg#search"/></svg>
                <input role="combobox" aria-expanded="true" aria-controls="pal" aria-autocomplete="list" aria-label="Where to"
                    autocomplete="off" spellcheck="false" node_ref=input
                    aria-activedescendant=move || hits.with(|hits| (!hits.is_empty()).then(|| format!("pal-{}", at.get())))
                    on:input=move |event| ask(event_target_value(&event)) on:keydown=keydown/>
                <kbd class="c-kbd">"Esc"</kbd>
            </div>
            <div class="c-palette__list" id="pal" role="listbox" aria-label="Results">{rows}</div>
            <p class="c-palette__status" role="status">{move || status.get()}</p>
        </dialog>
    }
}

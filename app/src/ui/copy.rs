//! Copying to the clipboard, which only the browser can do: without WASM the button does not exist.

use super::Icon;
use leptos::prelude::*;

/// Copies `value`; `label` says what: "Copy id". Shows a tick for two seconds.
///
/// `<Copy value=tenant.id.to_string() label="Copy id"/>`
#[island]
pub fn Copy(#[prop(into)] value: String, #[prop(into)] label: String) -> impl IntoView {
    let (ready, set_ready) = signal(false);
    let (copied, set_copied) = signal(false);
    Effect::new(move |_| set_ready.set(true));
    let copy = move |_| {
        let _promise = window().navigator().clipboard().write_text(&value);
        set_copied.set(true);
        set_timeout(move || set_copied.set(false), std::time::Duration::from_secs(2));
    };
    view! {
        <button class="c-copy" type="button" hidden=move || !ready.get() data-copied=move || copied.get() aria-label=label on:click=copy>
            <svg class="c-icon" aria-hidden="true"><use href=move || if copied.get() { "/icons.svg#check" } else { "/icons.svg#copy" }/></svg>
            <span class="u-visually-hidden" role="status">{move || copied.get().then_some("Copied")}</span>
        </button>
    }
}

/// A secret that is shown this once, with what copies it; `id` is the title's, unique on the page.
///
/// `<ShownOnce id="made-title" title="The key is made. Copy it now." value=key.text label="Copy the key">"It is kept nowhere."</ShownOnce>`
#[component]
pub fn ShownOnce(
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="c-banner" data-tone="warning" role="alert" aria-labelledby=id>
            <Icon name="key"/>
            <div class="c-banner__body">
                <p id=id><strong>{title}</strong></p>
                <p><code>{value.clone()}</code>" "<Copy value label/></p>
                <p>{children()}</p>
            </div>
        </section>
    }
    .into_any()
}

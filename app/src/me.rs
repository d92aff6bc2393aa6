//! What a person chooses for themselves: the theme, the density and whether single keys do something, kept in cookies and
//! so per browser; and the list of the keys.

use crate::error::AppError;
use crate::paths;
use crate::ui::keys::{GO, SHEET};
use crate::ui::{self, Actions, Button, Choice, Form, Kind, PageHeader, RadioCards, form_state};
use leptos::prelude::*;
use leptos_meta::Title;

/// Keeps the choice for a year. Words outside the lists are refused, since they end in an attribute of every page.
#[server]
pub async fn set_preferences(
    #[server(default)] theme: String,
    #[server(default)] density: String,
    #[server(default)] keys: String,
) -> Result<(), AppError> {
    crate::request::check_preferences(&theme, &density, &keys).map_err(AppError::Invalid)?;
    crate::server::set_preference("theme", &theme);
    crate::server::set_preference("density", &density);
    crate::server::set_preference("keys", &keys);
    crate::server::flash("success", "Your preferences are saved in this browser.");
    Ok(())
}

#[component]
pub fn PreferencesPage() -> impl IntoView {
    let state = form_state("set_preferences");
    let themes = vec![
        Choice::new("system", "System").note("Follows this device."),
        Choice::new("light", "Light").note("Paper and ink."),
        Choice::new("dark", "Dark").note("For dim rooms."),
    ];
    let densities = vec![
        Choice::new("compact", "Compact").note("More rows on a screen."),
        Choice::new("regular", "Regular").note("The default."),
        Choice::new("roomy", "Roomy").note("Easier to hit."),
    ];
    let keys = vec![
        Choice::new("on", "On").note("/ searches, j and k go through rows, ? lists all."),
        Choice::new("off", "Off").note("Only keys with Ctrl do something."),
    ];
    view! {
        <Title text="Preferences"/>
        <PageHeader title="Preferences" lead="They hold in this browser only."/>
        <Form to="set_preferences" state=&state>
            <RadioCards state=&state name="theme" label="Theme" choices=themes initial=ui::theme().unwrap_or("system") cols=3/>
            <RadioCards state=&state name="density" label="Density of tables" choices=densities initial=ui::density().unwrap_or("regular") cols=3/>
            <RadioCards state=&state name="keys" label="Single keys" choices=keys initial=ui::keys_off().unwrap_or("on") cols=2/>
            <p><a href=paths::SHORTCUTS>"All keyboard shortcuts"</a></p>
            <Actions><Button kind=Kind::Primary>"Save preferences"</Button></Actions>
        </Form>
    }
    .into_any()
}

/// Keys and what they do, but for those of [`GO`].
const KEYS: &[(&[&str], &str)] = &[
    (&["Ctrl K", "⌘ K"], "Jump to a page or a tenant"),
    (&["/"], "Go to the search of the page"),
    (&["j"], "Next row"),
    (&["k"], "Row before"),
    (&["Enter", "o"], "Open the row"),
    (&["x"], "Tick the row, while selecting"),
    (&["["], "Page before"),
    (&["]"], "Next page"),
    (&["Ctrl Enter"], "Send the form"),
    (&["Esc"], "Close what is open"),
    (&["?"], "This list"),
];

/// The page of the keys. It also holds the dialog ready that `?` shows on every other page.
#[component]
pub fn ShortcutsPage() -> impl IntoView {
    view! {
        <Title text="Keyboard shortcuts"/>
        <PageHeader title="Keyboard shortcuts" lead="Single keys do nothing while you type in a field."/>
        {key_table()}
        <p><a href=paths::PREFERENCES>"Switch single keys on or off"</a></p>
        <dialog class="c-palette" id=SHEET aria-label="Keyboard shortcuts">
            <div class="c-palette__search">
                <h2 class="u-grow">"Keyboard shortcuts"</h2>
                <button class="c-button" type="button" data-size="sm">"Close"</button>
            </div>
            <div class="c-palette__list" role="region" aria-label="Keys" tabindex="0">{key_table()}</div>
            <p class="c-palette__status"><a href=paths::PREFERENCES>"Switch single keys on or off"</a></p>
        </dialog>
    }
    .into_any()
}

fn key_table() -> AnyView {
    let keys = KEYS.iter().map(|(keys, what)| {
        let keys = keys.iter().enumerate().map(|(n, word)| view! { {(n > 0).then_some(" or ")}{key(word)} });
        row(keys.collect_view().into_any(), (*what).to_owned())
    });
    let go = GO.iter().map(|(letter, label, _)| {
        row(view! { {key("g")}" then "{key(letter)} }.into_any(), format!("Go to {label}, if you may see it"))
    });
    view! {
        <table class="c-table" data-size="sm">
            <caption class="u-visually-hidden">"Keyboard shortcuts"</caption>
            <thead><tr><ui::Th>"Key"</ui::Th><ui::Th>"What it does"</ui::Th></tr></thead>
            <tbody>{keys.collect_view()}{go.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn key(key: &'static str) -> AnyView {
    view! { <kbd class="c-kbd">{key}</kbd> }.into_any()
}

fn row(keys: AnyView, what: String) -> AnyView {
    view! { <tr><th scope="row" class="u-nowrap">{keys}</th><td>{what}</td></tr> }.into_any()
}

//! What a person chooses for themselves: the theme and the density, kept in cookies and so per browser.

use crate::error::AppError;
use crate::ui::{self, Actions, Button, Choice, Form, Kind, PageHeader, RadioCards, form_state};
use leptos::prelude::*;
use leptos_meta::Title;

/// Keeps the choice for a year. Words outside the lists are refused, since they end in an attribute of every page.
#[server]
pub async fn set_preferences(
    #[server(default)] theme: String,
    #[server(default)] density: String,
) -> Result<(), AppError> {
    crate::request::check_preferences(&theme, &density).map_err(AppError::Invalid)?;
    crate::server::set_preference("theme", &theme);
    crate::server::set_preference("density", &density);
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
    view! {
        <Title text="Preferences"/>
        <PageHeader title="Preferences" lead="They hold in this browser only."/>
        <Form to="set_preferences" state=&state>
            <RadioCards state=&state name="theme" label="Theme" choices=themes initial=ui::theme().unwrap_or("system") cols=3/>
            <RadioCards state=&state name="density" label="Density of tables" choices=densities initial=ui::density().unwrap_or("regular") cols=3/>
            <Actions><Button kind=Kind::Primary>"Save preferences"</Button></Actions>
        </Form>
    }
    .into_any()
}

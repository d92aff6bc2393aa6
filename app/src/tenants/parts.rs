//! Small pieces that the pages of one tenant share.

use chrono::DateTime;
use leptos::prelude::*;
use model::tenants::{Band, Status};

/// A symbol of the sprite; the word stands beside it.
pub fn icon(id: &'static str) -> impl IntoView {
    view! { <svg class="c-icon" aria-hidden="true"><use href=format!("/icons.svg#{id}")/></svg> }
}

/// A point in time to the minute, in UTC.
#[component]
pub fn Utc(at: DateTime<chrono::Utc>) -> impl IntoView {
    view! { <time datetime=at.format("%Y-%m-%dT%H:%M:%SZ").to_string()>{at.format("%-d %b %Y %H:%M UTC").to_string()}</time> }
}

/// The day of a point in time; the exact time is in its title.
#[component]
pub fn Day(at: DateTime<chrono::Utc>) -> impl IntoView {
    view! {
        <time datetime=at.format("%Y-%m-%dT%H:%M:%SZ").to_string() title=at.format("%-d %b %Y %H:%M:%S UTC").to_string()>
            {at.format("%-d %b %Y").to_string()}
        </time>
    }
}

/// Tone and symbol of a status (`style/README.md`, badges).
pub const fn status_look(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Provisioning => ("info", "status-provisioning"),
        Status::Failed => ("danger", "octagon-x"),
        Status::Trial => ("neutral", "clock"),
        Status::Active => ("success", "status-active"),
        Status::Suspended => ("warning", "status-suspended"),
        Status::Offboarding => ("orange", "status-offboarding"),
        Status::Offboarded => ("neutral", "archive"),
        Status::Purging => ("danger", "status-provisioning"),
        Status::Deleted => ("neutral", "ban"),
    }
}

/// The stylesheet's word for a band, and its symbol.
pub const fn band_look(band: Band) -> (&'static str, &'static str) {
    match band {
        Band::Healthy => ("healthy", "band-healthy"),
        Band::Watch => ("watch", "band-watch"),
        Band::AtRisk => ("risk", "band-risk"),
        Band::Critical => ("critical", "band-critical"),
        Band::NoData => ("none", "band-none"),
    }
}

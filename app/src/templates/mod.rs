//! Templates (R29–R34): the catalogue with its editor, applying to one tenant, a tenant's section, and the alignment of
//! the fleet (R31). What applying changes and what differs is computed by `model::templates`; pages only show it.

pub mod api;
mod apply;
mod baseline;
mod compare;
mod confirm;
mod contents;
mod detail;
mod fleet;
mod form;
mod graduation;
mod list;
mod rollout;

pub use apply::ApplyPage;
pub use baseline::{AcceptPage, BaselinePage};
pub use compare::ComparePage;
pub use confirm::{DeprecatePage, PublishPage};
pub(crate) use contents::{brief, terms};
pub use detail::TemplatePage;
pub use fleet::AlignmentPage;
pub use form::{DraftPage, NewTemplatePage, TemplateDetailsPage};
pub use list::TemplatesPage;
pub use rollout::{RollOutPage, RolloutPage};

use crate::ui::{Badge, Tone, param};
use leptos::prelude::*;
use model::templates::{Catalogue, Change, Effect, Item, Part, State, VersionState};

/// The template of the address.
fn key_here() -> String {
    param("key")
}

/// A version's state in a word.
fn state_badge(state: VersionState) -> AnyView {
    let (tone, icon) = match state {
        VersionState::Draft => (Tone::Neutral, "pencil"),
        VersionState::Published => (Tone::Success, "check-circle"),
        VersionState::Deprecated => (Tone::Warning, "archive"),
    };
    view! { <Badge tone icon>{state.label()}</Badge> }.into_any()
}

/// What a line is about, in words.
fn name_of(part: Part, key: &str, catalogue: &Catalogue) -> String {
    let found = match part {
        Part::Plan => Some("Plan".to_owned()),
        Part::Quota => key.parse::<model::usage::LimitMeter>().ok().map(|meter| meter.label().to_owned()),
        Part::Field => catalogue.fields.iter().find(|field| field.key == key).map(|field| field.name.clone()),
        Part::Task => catalogue.tasks.iter().find(|task| task.key == key).map(|task| task.name.clone()),
        Part::Setting => key.parse::<model::settings::Key>().ok().map(|key| key.label().to_owned()),
        Part::Checklist => key.parse::<model::checklists::ListKey>().ok().map(|key| key.label().to_owned()),
    };
    found.unwrap_or_else(|| key.to_owned())
}

fn change_name(change: &Change, catalogue: &Catalogue) -> String {
    name_of(change.part, &change.key, catalogue)
}

fn item_name(item: &Item, catalogue: &Catalogue) -> String {
    name_of(item.part, &item.key, catalogue)
}

/// Tone and icon of what applying does.
const fn effect_look(effect: Effect) -> (Tone, &'static str) {
    match effect {
        Effect::Changes => (Tone::Override, "diamond"),
        Effect::Kept => (Tone::Info, "hand"),
        Effect::Later => (Tone::Neutral, "clock"),
        Effect::Same => (Tone::Neutral, "check"),
    }
}

/// Tone and icon of how a line stands.
const fn state_look(state: State) -> (Tone, &'static str) {
    match state {
        State::Drift => (Tone::Warning, "alert-triangle"),
        State::Lapsed => (Tone::Danger, "hourglass"),
        State::Accepted => (Tone::Info, "hand"),
        State::Aligned => (Tone::Success, "check-circle"),
    }
}

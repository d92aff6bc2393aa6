//! Settings (R49–R59): the section of a tenant, and the page of the platform. Each row says what holds and who says so;
//! a change is a page of its own with its reason, so that it works by link and without a script.

pub mod api;
mod approvals;
mod detail;
mod keys;
mod lifecycle;
mod list;
mod platform;
mod rules_api;

pub use approvals::{ApprovalRulePage, ApprovalRulesPage};
pub use detail::SettingPage;
pub use keys::{PlatformKeysPage, RevokePlatformKeyPage};
pub use lifecycle::{LifecycleRulePage, LifecycleRulesPage};
pub use list::SettingsPage;
pub use platform::{PlatformSettingPage, PlatformSettingsPage};

use crate::paths;
use crate::ui::{
    Choice, FieldWidth, FormState, NavItem, Origin, Provenance, SectionNav, SelectField, TextField,
};
use leptos::prelude::*;
use model::permission::{Permission, Scope};
use model::settings::{Key, Kind, Level, Value};

/// The parts of the platform's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Settings,
    Approvals,
    Rules,
    Keys,
}

fn tabs(current: Tab) -> AnyView {
    let items = [
        (Tab::Settings, paths::SETTINGS, "Values"),
        (Tab::Approvals, paths::APPROVALS, "Approval rules"),
        (Tab::Rules, paths::RULES, "Lifecycle rules"),
        (Tab::Keys, paths::PLATFORM_KEYS, "Platform keys"),
    ];
    let keys = crate::server::actor().allows(Permission::PlatformKeyRead, Scope::Platform);
    let items = items.into_iter().filter(|(tab, ..)| keys || *tab != Tab::Keys);
    let items = items.map(|(tab, href, label)| NavItem::new(href, label, tab == current)).collect();
    view! { <SectionNav label="Parts of the settings" items/> }.into_any()
}

/// The chip of a level, and its name beside it where the chip does not say it all.
fn origin(level: &Level, locked: bool) -> AnyView {
    let (origin, more) = match level {
        Level::Default => (Origin::Platform, Some("built in".to_owned())),
        Level::Platform => (Origin::Platform, None),
        Level::Template(name, version) => (Origin::Template, Some(format!("{name} v{version}"))),
        Level::Parent(_, name) => (Origin::Parent, Some(name.clone())),
        Level::Tenant => (Origin::Tenant, None),
    };
    let lock = locked.then(|| view! { " " <Provenance origin=Origin::Locked/> });
    let more = more.map(|more| view! { " " <span class="u-muted">{more}</span> });
    view! { <Provenance origin/>{more}{lock} }.into_any()
}

/// The control for a value of this setting.
fn control(state: &FormState, key: Key, now: &Value) -> AnyView {
    let spec = key.spec();
    let (label, initial) = (key.label(), now.raw());
    match spec.kind {
        Kind::Switch => {
            let choices = vec![Choice::new("on", "On"), Choice::new("off", "Off")];
            view! { <SelectField state name="value" label choices initial help=spec.help width=FieldWidth::Sm/> }
                .into_any()
        }
        Kind::Choice(words) => {
            let choices = words.iter().map(|(word, label)| Choice::new(*word, *label)).collect();
            view! { <SelectField state name="value" label choices initial help=spec.help width=FieldWidth::Md/> }
                .into_any()
        }
        Kind::Number { min, max, unit } => {
            let help =
                format!("{} From {} to {}.", spec.help, model::page::grouped(min), model::page::grouped(max));
            view! { <TextField state name="value" label kind="number" suffix=unit initial help width=FieldWidth::Md/> }
                .into_any()
        }
        Kind::Text { max, optional } => {
            view! { <TextField state name="value" label initial help=spec.help max optional/> }.into_any()
        }
    }
}

/// The setting of the address.
fn key_here() -> Option<Key> {
    crate::ui::param("key").parse().ok()
}

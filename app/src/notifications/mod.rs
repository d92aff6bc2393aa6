//! What was told to whom: the log of mails and webhook calls, of a tenant or (the slug `platform`) of all.

pub mod api;
mod detail;
mod list;

pub use detail::{DeliveryPage, TenantDeliveryPage};
pub use list::{NotificationsPage, TenantNotificationsPage};

use crate::ui::{Badge, Tone};
use leptos::prelude::*;
use model::notifications::{Delivery, DeliveryState};

/// How far it is, in a word.
fn state(delivery: &Delivery) -> AnyView {
    let (tone, icon, word) = match delivery.state {
        DeliveryState::Waiting if delivery.busy => (Tone::Info, "send", "Being sent"),
        DeliveryState::Waiting if delivery.attempts > 0 => {
            (Tone::Warning, "hourglass", "Will be tried again")
        }
        DeliveryState::Waiting => (Tone::Info, "clock", "Waiting"),
        DeliveryState::Delivered => (Tone::Success, "check-circle", "Delivered"),
        DeliveryState::Parked => (Tone::Danger, "octagon-x", "Given up"),
        DeliveryState::NotSent => (Tone::Warning, "ban", "Not sent"),
    };
    view! { <Badge tone icon>{word}</Badge> }.into_any()
}

//! Webhooks: addresses at which programs are told what happens, as pages show them. The secret is shown once, when it is
//! made or replaced, and never again.

use crate::notifications::Event;
use crate::states::words;
use crate::{TenantId, WebhookId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest name, in characters.
pub const NAME_MAX: u32 = 100;
/// The most endpoints of one tenant, or of the platform.
pub const WEBHOOKS_MAX: i64 = 20;
/// How long the secret before stays good after a rotation, in hours.
pub const OVERLAP_HOURS: i32 = 24;
/// Days of nothing but failures after which an endpoint is switched off: the whole schedule of attempts, and some.
pub const FAILING_DAYS: i32 = 4;

words! {
    /// Why an endpoint is off.
    OffReason {
        Person = "person", "Switched off";
        Failing = "failing", "Switched off after days of failures";
        /// It answered 410 Gone.
        Gone = "gone", "Switched off: it said that it is gone";
    }
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    pub id: WebhookId,
    /// [`TenantId::PLATFORM`]: hears of every tenant.
    pub tenant: TenantId,
    pub name: String,
    pub url: String,
    /// Empty: every event, later ones too.
    pub events: Vec<Event>,
    pub off: Option<(OffReason, DateTime<Utc>)>,
    pub failing_since: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    /// Until when the secret before is good as well.
    pub previous_until: Option<DateTime<Utc>>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

impl Webhook {
    /// Whether it is told of this.
    pub fn hears(&self, event: Event) -> bool {
        self.off.is_none() && (self.events.is_empty() || self.events.contains(&event))
    }
}

/// The events that an endpoint can choose from.
pub fn choices(platform: bool) -> impl Iterator<Item = Event> {
    Event::ALL
        .iter()
        .copied()
        .filter(|event| *event != Event::WebhookTest && !event.is_mail_only())
        .filter(move |event| platform || !event.is_internal())
}

/// Words with commas between, as forms send boxes that are ticked.
pub fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A secret that was just made: the only moment at which its text exists.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSecret {
    pub id: WebhookId,
    pub name: String,
    /// `whsec_…`
    pub secret: String,
    /// Whether another secret stays good for a while.
    pub rotated: bool,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_hears_nothing_of_the_platforms_own_affairs() {
        assert!(choices(false).all(|event| !event.is_internal()));
        assert!(choices(true).any(|event| event == Event::NeedsOperator));
        assert!(choices(true).all(|event| event != Event::WebhookTest));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let new = NewSecret {
            id: WebhookId(uuid::Uuid::from_u128(1)),
            name: "n".into(),
            secret: "whsec_x".into(),
            rotated: false,
        };
        assert!(!format!("{new:?}").contains("whsec"));
    }
}

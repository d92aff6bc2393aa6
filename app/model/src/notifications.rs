//! What people and programs are told about: the events of a tenant's life, and who hears of each.
//!
//! An event is written by the change itself (`domain::notifications::announce`) and becomes mails and webhook calls
//! afterwards. The word of an event is its `type` in a webhook's body and therefore never changes its meaning.

use crate::directory::Cursor;
use crate::page::Page;
use crate::states::words;
use crate::{DeliveryId, TenantId, WebhookId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What happened.
    Event {
        TenantCreated = "tenant.created", "Tenant created";
        TenantProvisioned = "tenant.provisioned", "Tenant provisioned";
        ProvisioningFailed = "tenant.provisioning_failed", "Provisioning failed";
        TenantLive = "tenant.live", "Tenant went live";
        TenantSuspended = "tenant.suspended", "Tenant suspended";
        SuspensionChanged = "tenant.suspension_changed", "Suspension changed";
        TenantReinstated = "tenant.reinstated", "Tenant reinstated";
        PlanChanged = "tenant.plan_changed", "Plan changed";
        /// Also when its day is another one.
        PlanScheduled = "tenant.plan_scheduled", "Plan change scheduled";
        PlanScheduleCancelled = "tenant.plan_schedule_cancelled", "Scheduled plan change called off";
        /// One that the tenant's own admins have asked for.
        PlanRequestDecided = "tenant.plan_request_decided", "Plan request decided";
        TrialEnding = "tenant.trial_ending", "Trial ends soon";
        TrialEnded = "tenant.trial_ended", "Trial ended";
        TrialExtended = "tenant.trial_extended", "Trial extended";
        TrialConverted = "tenant.trial_converted", "Trial converted";
        OffboardingStarted = "tenant.offboarding_started", "Offboarding started";
        OffboardingCancelled = "tenant.offboarding_cancelled", "Offboarding cancelled";
        TenantOffboarded = "tenant.offboarded", "Access ended";
        TenantRestored = "tenant.restored", "Tenant restored";
        TenantDeleted = "tenant.deleted", "Tenant deleted";
        ExportReady = "tenant.export_ready", "Export ready";
        UserInvited = "user.invited", "Somebody invited";
        OperationFailed = "operation.failed", "Operation failed and undone";
        NeedsOperator = "operation.needs_operator", "Operation needs an operator";
        ApprovalWaits = "operation.approval_waits", "Operation waits for approval";
        /// Of one tenant; of the platform itself where many tenants raise theirs at once.
        MonitorRaised = "monitor.raised", "Monitoring alert";
        MonitorCleared = "monitor.cleared", "Monitoring alert cleared";
        WebhookDisabled = "webhook.disabled", "Webhook switched off";
        /// To an address that nobody has proven to be theirs.
        SignupRequested = "signup.requested", "Sign-up to confirm";
        SignupEnded = "signup.ended", "Sign-up not completed";
        /// Sent when somebody asks for a test.
        WebhookTest = "webhook.test", "Test";
    }
}

/// The `monitor.kind` of what the lint of the database's catalogue has found: it is of the platform, and no tenant's.
pub const CATALOGUE: &str = "catalogue";

impl Event {
    /// What one person is told by mail, and no program: it is about somebody who is not a customer yet.
    pub const fn is_mail_only(self) -> bool {
        matches!(self, Self::SignupRequested | Self::SignupEnded)
    }

    /// What only the people of the platform hear of.
    pub const fn is_internal(self) -> bool {
        matches!(
            self,
            Self::ProvisioningFailed
                | Self::OperationFailed
                | Self::NeedsOperator
                | Self::ApprovalWaits
                | Self::MonitorRaised
                | Self::MonitorCleared
        )
    }
}

words! {
    /// How somebody is told.
    Channel {
        Mail = "mail", "E-mail";
        Webhook = "webhook", "Webhook";
    }
}

words! {
    /// How far it is.
    DeliveryState {
        Waiting = "waiting", "Waiting";
        Delivered = "delivered", "Delivered";
        /// Every attempt failed, or the last one said that no other will help.
        Parked = "parked", "Given up";
        /// There was nothing to send it with.
        NotSent = "not_sent", "Not sent";
    }
}

/// A notice to one recipient, as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    /// Whose log it stands in; the platform's is [`TenantId::PLATFORM`].
    pub tenant: TenantId,
    /// Slug and name of the tenant that it is about.
    pub about: Option<(String, String)>,
    pub event: Event,
    pub channel: Channel,
    pub webhook: Option<WebhookId>,
    /// An e-mail address, or the address of an endpoint.
    pub recipient: String,
    pub state: DeliveryState,
    pub attempts: i16,
    /// When the next attempt is due, while it waits.
    pub next_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    /// Why it is not delivered, in words.
    pub problem: Option<String>,
    /// An attempt is under way.
    pub busy: bool,
    pub created_at: DateTime<Utc>,
}

impl Delivery {
    /// Why another attempt cannot be asked for now.
    pub fn resend_refusal(&self) -> Option<&'static str> {
        self.busy.then_some("It is being sent at this moment.")
    }
}

/// A page of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryLog {
    pub page: Page<Delivery>,
    /// Whether mails leave this installation at all.
    pub mail: bool,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: i16,
    pub at: DateTime<Utc>,
    pub duration_ms: i32,
    pub delivered: bool,
    /// HTTP status or SMTP code.
    pub status: Option<i16>,
    /// The beginning of the answer, or why there was none.
    pub said: String,
}

/// A delivery with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    /// The newest first, [`ATTEMPTS_SHOWN`] at most.
    pub attempts: Vec<Attempt>,
    /// Of a mail.
    pub subject: Option<String>,
    /// What is sent: the text of a mail, or the body of a call. A secret link is left out.
    pub content: String,
    /// The name of the endpoint.
    pub webhook_name: Option<String>,
}

/// How many attempts a page shows.
pub const ATTEMPTS_SHOWN: i64 = 50;

/// What narrows a log of deliveries; the URL is its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFilter {
    pub state: Option<DeliveryState>,
    pub channel: Option<Channel>,
    pub event: Option<Event>,
    pub webhook: Option<WebhookId>,
    pub cursor: Cursor,
}

impl DeliveryFilter {
    /// Reads a URL's pairs; never fails. Keys that were not understood come back beside it.
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> (Self, Vec<String>) {
        let mut filter = Self::default();
        let mut ignored = Vec::new();
        for (key, value) in pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref())) {
            if value.is_empty() {
                continue;
            }
            let understood = match key {
                "state" => value.parse().map(|word| filter.state = Some(word)).is_ok(),
                "channel" => value.parse().map(|word| filter.channel = Some(word)).is_ok(),
                "event" => value.parse().map(|word| filter.event = Some(word)).is_ok(),
                "webhook" => value.parse().map(|id| filter.webhook = Some(id)).is_ok(),
                "after" => {
                    filter.cursor = Cursor::After(value.to_owned());
                    true
                }
                "before" => {
                    filter.cursor = Cursor::Before(value.to_owned());
                    true
                }
                _ => false,
            };
            if !understood {
                ignored.push(key.to_owned());
            }
        }
        (filter, ignored)
    }

    /// Key, value and words of everything that filters.
    pub fn terms(&self) -> Vec<(&'static str, String, String)> {
        let mut terms = Vec::new();
        if let Some(state) = self.state {
            terms.push(("state", state.as_str().to_owned(), format!("State: {}", state.label())));
        }
        if let Some(channel) = self.channel {
            terms.push(("channel", channel.as_str().to_owned(), format!("By: {}", channel.label())));
        }
        if let Some(event) = self.event {
            terms.push(("event", event.as_str().to_owned(), format!("Event: {}", event.label())));
        }
        if let Some(webhook) = self.webhook {
            terms.push(("webhook", webhook.to_string(), "One endpoint".to_owned()));
        }
        terms
    }

    /// Whether anything but the place in the list is set.
    pub fn is_empty(&self) -> bool {
        Self { cursor: Cursor::First, ..self.clone() } == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_fits_the_column() {
        for event in Event::ALL {
            let (noun, what) = event.as_str().split_once('.').expect("two words");
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(plain(noun) && plain(what) && !what.is_empty(), "{event:?}");
        }
    }

    #[test]
    fn a_url_and_its_terms_are_each_others_inverse() {
        let id = WebhookId(uuid::Uuid::from_u128(7)).to_string();
        let pairs = [
            ("state", "parked"),
            ("channel", "mail"),
            ("event", "tenant.suspended"),
            ("webhook", id.as_str()),
            ("x", "y"),
            ("state", "odd"),
        ];
        let (filter, ignored) = DeliveryFilter::parse(&pairs);
        assert_eq!(ignored, ["x", "state"]);
        let terms: Vec<_> = filter.terms().into_iter().map(|(key, value, _)| (key, value)).collect();
        assert_eq!(DeliveryFilter::parse(&terms), (filter.clone(), vec![]));
        assert!(!filter.is_empty() && DeliveryFilter::parse(&[("after", "x")]).0.is_empty());
    }
}

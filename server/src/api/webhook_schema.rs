//! The shapes of endpoints and deliveries in the machine API.

use chrono::{DateTime, Utc};
use model::notifications::{Attempt, Delivery, DeliveryDetail};
use model::webhooks::Webhook;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An endpoint as it is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WebhookInput {
    #[schema(min_length = 1, max_length = 100, example = "Billing")]
    pub name: String,
    /// Public and with https.
    #[schema(max_length = 2000, example = "https://example.com/hooks")]
    pub url: String,
    /// What it is told of; left out: every event, later ones too.
    #[schema(example = json!(["tenant.suspended", "tenant.reinstated"]))]
    pub events: Option<Vec<String>>,
    /// Left out: on when it is made, unchanged when it is changed.
    pub enabled: Option<bool>,
}

/// A secret, in the only answer that it ever stands in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretOnce {
    pub id: Uuid,
    #[schema(example = "whsec_…")]
    pub secret: String,
}

/// An endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookItem {
    pub id: Uuid,
    pub name: String,
    pub url: String,
    /// `null`: every event.
    pub events: Option<Vec<&'static str>>,
    pub enabled: bool,
    /// Why it is off: `person`, `failing` or `gone`.
    pub off_reason: Option<&'static str>,
    /// Since when every attempt has failed.
    pub failing_since: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    /// Until when calls are signed with the secret before as well.
    pub previous_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl From<Webhook> for WebhookItem {
    fn from(webhook: Webhook) -> Self {
        let events: Vec<_> = webhook.events.iter().map(|event| event.as_str()).collect();
        Self {
            id: webhook.id.0,
            name: webhook.name,
            url: webhook.url,
            events: (!events.is_empty()).then_some(events),
            enabled: webhook.off.is_none(),
            off_reason: webhook.off.map(|(reason, _)| reason.as_str()),
            failing_since: webhook.failing_since,
            last_success_at: webhook.last_success_at,
            previous_secret_until: webhook.previous_until,
            created_at: webhook.created_at,
        }
    }
}

/// All endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    pub items: Vec<WebhookItem>,
}

/// What narrows the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// `waiting`, `delivered`, `parked` or `not_sent`.
    pub state: Option<String>,
    /// `mail` or `webhook`.
    pub channel: Option<String>,
    /// Like `tenant.suspended`.
    pub event: Option<String>,
    /// The id of an endpoint.
    pub webhook: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// A notice to one recipient.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryItem {
    pub id: Uuid,
    pub event: &'static str,
    pub channel: &'static str,
    pub webhook: Option<Uuid>,
    pub recipient: String,
    pub state: &'static str,
    pub attempts: i16,
    /// While it waits.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub problem: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl From<Delivery> for DeliveryItem {
    fn from(delivery: Delivery) -> Self {
        let waits = delivery.state == model::notifications::DeliveryState::Waiting;
        Self {
            id: delivery.id.0,
            event: delivery.event.as_str(),
            channel: delivery.channel.as_str(),
            webhook: delivery.webhook.map(|id| id.0),
            recipient: delivery.recipient,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: waits.then_some(delivery.next_at),
            delivered_at: delivery.delivered_at,
            problem: delivery.problem,
            created_at: delivery.created_at,
        }
    }
}

/// A page of deliveries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    pub items: Vec<DeliveryItem>,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptItem {
    pub number: i16,
    pub at: DateTime<Utc>,
    pub duration_ms: i32,
    pub delivered: bool,
    /// HTTP status or SMTP code.
    pub status: Option<i16>,
    /// The beginning of the answer, or why there was none.
    pub said: String,
}

impl From<Attempt> for AttemptItem {
    fn from(attempt: Attempt) -> Self {
        let Attempt { number, at, duration_ms, delivered, status, said } = attempt;
        Self { number, at, duration_ms, delivered, status, said }
    }
}

/// A delivery with its attempts, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryWithAttempts {
    #[serde(flatten)]
    pub delivery: DeliveryItem,
    /// Of a mail.
    pub subject: Option<String>,
    /// The body of the call, or the text of the mail.
    pub content: String,
    pub history: Vec<AttemptItem>,
}

impl From<DeliveryDetail> for DeliveryWithAttempts {
    fn from(detail: DeliveryDetail) -> Self {
        Self {
            delivery: detail.delivery.into(),
            subject: detail.subject,
            content: detail.content,
            history: detail.attempts.into_iter().map(Into::into).collect(),
        }
    }
}

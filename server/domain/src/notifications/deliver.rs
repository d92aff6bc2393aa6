//! One attempt of one delivery: what is sent, and what becomes of it.
//!
//! The attempt was counted when it was claimed; its outcome is written only while it is the newest one, together with
//! what it means for the endpoint. A worker that dies leaves the delivery to its lease: at least once, never twice on
//! purpose. Receivers of webhooks tell repeats by `webhook-id`, mail programs by `Message-ID`.

use super::mail::words::{self, Facts, SetUp};
use super::mail::{Letter, Server};
use super::store::queue::{self, Claimed, Endpoint, Outcome};
use super::{announce, retry};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::signup::{self, Invitation};
use crate::{users, webhooks};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::TenantId;
use model::notifications::{Channel, DeliveryState, Event};
use model::webhooks::{FAILING_DAYS, OffReason};
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Waits between tries to write an outcome; together well below the lease.
const PAUSES: &[Duration] = &[Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];

/// What an attempt came to.
#[derive(Debug)]
pub(super) struct Ending {
    pub verdict: Verdict,
    /// HTTP status or SMTP code.
    pub status: Option<i16>,
    pub said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// Another attempt may help; the other side may have asked for seconds of peace.
    Failed {
        asked: Option<i64>,
    },
    /// The fault is ours: tried again, and not held against the endpoint.
    Ours,
    /// No other attempt will help.
    Hopeless,
    /// The endpoint said that it is gone.
    Gone,
    /// There is nothing to send it with.
    NotSent,
}

impl Ending {
    fn new(verdict: Verdict, status: Option<i16>, said: impl Into<String>) -> Self {
        Self { verdict, status, said: said.into() }
    }

    fn hopeless(said: &str) -> Self {
        Self::new(Verdict::Hopeless, None, said)
    }
}

/// Makes the attempt and writes down what came of it.
pub(super) async fn attempt(cx: &Ctx, claimed: &Claimed) -> Result<()> {
    let begun = Instant::now();
    // A delivery that kills its worker every time never gets to an outcome; its attempts were counted all the same.
    let exhausted =
        usize::try_from(claimed.tries).is_ok_and(|tries| tries > retry::attempts(claimed.channel));
    let ending = match claimed.event.parse::<Event>() {
        _ if exhausted => Ok(Ending::hopeless("Every attempt was cut off.")),
        Err(_) => Ok(Ending::new(Verdict::Ours, None, "This version does not know the event.")),
        Ok(event) => match claimed.channel {
            Channel::Mail => mail(cx, claimed, event).await,
            Channel::Webhook => call(cx, claimed, event).await,
        },
    };
    // A fault of ours is an attempt like any other, or it would be made for ever.
    let ending = ending.unwrap_or_else(|error| {
        tracing::error!(%error, delivery = %claimed.id, "an attempt failed by a fault of ours");
        Ending::new(Verdict::Ours, None, "A fault on our side; its cause stands in the server’s log.")
    });
    let took = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
    // What was sent must not be sent again because the database was busy for a moment.
    for pause in PAUSES {
        match settle(cx, claimed, &ending, took).await {
            Err(error) => {
                tracing::warn!(%error, delivery = %claimed.id, "an outcome could not be written yet");
                tokio::time::sleep(*pause).await;
            }
            Ok(()) => return Ok(()),
        }
    }
    settle(cx, claimed, &ending, took).await
}

async fn mail(cx: &Ctx, claimed: &Claimed, event: Event) -> Result<Ending> {
    if event.is_mail_only() {
        return stranger(cx, claimed, event).await;
    }
    let mut read = cx.read(Reach::System).await?;
    let user = claimed.user.unwrap_or_default();
    // Withdrawn while its mail waited: there is no place to let them into, and maybe no account any more.
    if event == Event::UserInvited && !queue::belongs(read.conn(), claimed.tenant, user).await? {
        return Ok(Ending::hopeless("The invitation was withdrawn."));
    }
    let person = queue::person(read.conn(), user).await?;
    drop(read);
    let Some(person) = person else { return Ok(Ending::hopeless("The account is closed.")) };
    let deployment = cx.services().deployment();
    let Some(server) = &deployment.mail else {
        return Ok(Ending::new(Verdict::NotSent, None, "Not sent: no mail server is configured."));
    };
    // The link of an invitation is made for this very mail; the database keeps its hash only.
    let token = match (event, person.has_password, claimed.user) {
        (Event::UserInvited, false, Some(user)) => Some(users::set_up_token(cx, model::UserId(user)).await?),
        _ => None,
    };
    let letter = words::letter(&Facts {
        event,
        at: claimed.happened_at,
        data: &claimed.data,
        tenant: claimed.about_tenant.as_ref(),
        name: &person.name,
        console: &deployment.public_url,
        set_up: token.as_deref().map_or(SetUp::SignIn, SetUp::Token),
    });
    Ok(hand_in(server, claimed, &letter).await)
}

async fn hand_in(server: &Server, claimed: &Claimed, letter: &Letter) -> Ending {
    match server.send(&claimed.recipient, letter, claimed.id).await {
        Ok(said) => Ending::new(Verdict::Delivered, Some(250), said),
        Err(refusal) if refusal.forever => Ending::new(Verdict::Hopeless, refusal.code, refusal.said),
        Err(refusal) => Ending::new(Verdict::Failed { asked: None }, refusal.code, refusal.said),
    }
}

/// A mail to an address that has signed up. What its owner may do is looked up now, so that nothing in it, nor how long
/// the form took to answer, told whoever typed the address.
async fn stranger(cx: &Ctx, claimed: &Claimed, event: Event) -> Result<Ending> {
    let deployment = cx.services().deployment();
    let Some(server) = &deployment.mail else {
        return Ok(Ending::new(Verdict::NotSent, None, "Not sent: no mail server is configured."));
    };
    let token;
    let set_up = if event == Event::SignupRequested {
        let id = claimed.data.pointer("/signup/id").and_then(|id| id.as_str()?.parse().ok());
        match signup::invitation(cx, id.unwrap_or_default()).await? {
            Invitation::Over => {
                return Ok(Ending::hopeless("The sign-up is confirmed, or its time is over."));
            }
            Invitation::Refused => SetUp::Refused,
            Invitation::Choose(made) => {
                token = made;
                SetUp::Token(&token)
            }
            Invitation::Prove(made) => {
                token = made;
                SetUp::Account(&token)
            }
        }
    } else {
        SetUp::SignIn
    };
    let letter = words::letter(&Facts {
        event,
        at: claimed.happened_at,
        data: &claimed.data,
        tenant: None,
        name: &claimed.recipient,
        console: &deployment.public_url,
        set_up,
    });
    Ok(hand_in(server, claimed, &letter).await)
}

/// What of a tenant only the platform's own endpoints are told (R80): the tenant's people read the first under Billing,
/// but not every program of theirs may, and who looks after it is the platform's own affair.
const OURS: [&str; 2] = ["billing_reference", "owner"];

/// The body of a call: the same bytes in every attempt, for they are signed and their id tells repeats. `to` is whose
/// endpoint it goes to.
pub(super) fn body(
    to: TenantId,
    event: Event,
    at: chrono::DateTime<chrono::Utc>,
    tenant: Option<&serde_json::Value>,
    data: &serde_json::Value,
) -> String {
    let mut inner = data.as_object().cloned().unwrap_or_default();
    // Only for finding the recipients of mails.
    for field in ["requester", "told"] {
        inner.remove(field);
    }
    let mut tenant = tenant.cloned().unwrap_or(serde_json::Value::Null);
    if let Some(fields) = tenant.as_object_mut().filter(|_| to != TenantId::PLATFORM) {
        OURS.iter().for_each(|field| drop(fields.remove(*field)));
    }
    inner.insert("tenant".into(), tenant);
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    json!({ "type": event.as_str(), "timestamp": at, "data": inner }).to_string()
}

async fn call(cx: &Ctx, claimed: &Claimed, event: Event) -> Result<Ending> {
    let id = claimed.webhook.unwrap_or_default();
    let mut read = cx.read(Reach::Fleet).await?;
    let endpoint = queue::endpoint(read.conn(), claimed.tenant, id).await?;
    drop(read);
    let Some(endpoint) = endpoint else { return Ok(Ending::hopeless("The endpoint is switched off.")) };
    let outward = &cx.services().deployment().outward;
    // It was checked when it was typed; what may be talked to can have changed since.
    let url = match outward.check(&endpoint.url) {
        Ok(url) => url,
        Err(why) => return Ok(Ending::new(Verdict::Failed { asked: None }, None, why)),
    };
    let body = body(claimed.tenant, event, claimed.happened_at, claimed.about_tenant.as_ref(), &claimed.data);
    let headers = headers(cx, claimed, &endpoint, id, &body)?;
    Ok(match outward.post(&url, headers, body.into_bytes()).await {
        Ok(answer) => {
            let status = Some(answer.status.as_u16().cast_signed());
            let verdict = match answer.status {
                status if status.is_success() => Verdict::Delivered,
                StatusCode::GONE => Verdict::Gone,
                _ => Verdict::Failed { asked: answer.retry_after },
            };
            let said = if answer.status.is_redirection() && answer.text.is_empty() {
                "A redirect; redirects are not followed.".to_owned()
            } else {
                answer.text
            };
            Ending::new(verdict, status, said)
        }
        Err(failure) => Ending::new(Verdict::Failed { asked: None }, None, failure.to_string()),
    })
}

/// The headers of the Standard Webhooks specification.
fn headers(cx: &Ctx, claimed: &Claimed, endpoint: &Endpoint, id: Uuid, body: &str) -> Result<HeaderMap> {
    let keys = &cx.services().deployment().keys;
    let place = webhooks::place(claimed.tenant, model::WebhookId(id));
    let mut secrets = vec![keys.open(&place, &endpoint.secret)?];
    if let Some(previous) = &endpoint.previous_secret {
        secrets.push(keys.open(&place, previous)?);
    }
    let message = message_id(claimed.id);
    let timestamp = cx.now().timestamp();
    let signature = webhooks::signature(&secrets, &message, timestamp, body.as_bytes())?;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", message),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
        ("content-type", "application/json".to_owned()),
    ] {
        let value = HeaderValue::from_str(&value).map_err(|error| Error::Internal(error.to_string()))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// `webhook-id`: the same in every attempt, also in one that somebody asked for.
pub(super) fn message_id(id: model::DeliveryId) -> String {
    format!("msg_{}", id.0.simple())
}

async fn settle(cx: &Ctx, claimed: &Claimed, ending: &Ending, took: i32) -> Result<()> {
    let (state, wait_ms) = match ending.verdict {
        Verdict::Delivered => (DeliveryState::Delivered, 0),
        Verdict::NotSent => (DeliveryState::NotSent, 0),
        Verdict::Hopeless | Verdict::Gone => (DeliveryState::Parked, 0),
        Verdict::Failed { .. } | Verdict::Ours => {
            let asked = if let Verdict::Failed { asked } = ending.verdict { asked } else { None };
            let dice = u16::from_be_bytes(cx.random());
            match retry::wait(claimed.channel, claimed.tries, dice, asked) {
                Some(wait) => (DeliveryState::Waiting, wait),
                None => (DeliveryState::Parked, 0),
            }
        }
    };
    let problem = (state != DeliveryState::Delivered).then(|| problem(ending));
    let mut tx = cx.begin(Reach::Fleet).await?;
    let delivered = state == DeliveryState::Delivered;
    queue::insert_attempt(tx.conn(), claimed, took, delivered, ending.status, &ending.said).await?;
    let outcome = Outcome { state, wait_ms, problem: problem.as_deref() };
    let mine = queue::settle(tx.conn(), claimed, &outcome).await?;
    // Without a mail server that is every notice: the start has said so once.
    if state == DeliveryState::NotSent {
        tracing::debug!(delivery = %claimed.id, tenant = %claimed.tenant, problem, "a notice was not sent");
    } else if !delivered {
        tracing::warn!(
            delivery = %claimed.id, tenant = %claimed.tenant, channel = claimed.channel.as_str(),
            attempt = claimed.attempts, state = state.as_str(), problem, "a notice was not delivered"
        );
    }
    match (claimed.webhook, mine) {
        (Some(webhook), true) => endpoint_after(tx, claimed, webhook, ending).await,
        _ => tx.commit_unaudited("deliveries are their own record").await,
    }
}

fn problem(ending: &Ending) -> String {
    match (ending.status, ending.said.as_str()) {
        (Some(status), "") => format!("Answered {status}."),
        (Some(status), said) => format!("Answered {status}: {said}"),
        (None, said) => said.to_owned(),
    }
}

/// What the attempt means for its endpoint: one that has failed for days, or is gone, is switched off with a notice.
async fn endpoint_after(mut tx: Tx, claimed: &Claimed, webhook: Uuid, ending: &Ending) -> Result<()> {
    let off = match ending.verdict {
        Verdict::Delivered => {
            queue::endpoint_succeeded(tx.conn(), claimed.tenant, webhook).await?;
            None
        }
        Verdict::Gone => Some(OffReason::Gone),
        Verdict::Failed { .. } => {
            let tired = queue::endpoint_failed(tx.conn(), claimed.tenant, webhook, FAILING_DAYS).await?;
            tired.then_some(OffReason::Failing)
        }
        Verdict::Hopeless | Verdict::NotSent | Verdict::Ours => None,
    };
    let Some(reason) = off else { return tx.commit_unaudited("deliveries are their own record").await };
    let endpoint = queue::endpoint(tx.conn(), claimed.tenant, webhook).await?;
    let (true, Some(endpoint)) =
        (queue::switch_off(tx.conn(), claimed.tenant, webhook, reason).await?, endpoint)
    else {
        return tx.commit_unaudited("deliveries are their own record").await;
    };
    switched_off(tx, claimed.tenant, webhook, endpoint, reason).await
}

async fn switched_off(
    mut tx: Tx,
    tenant: TenantId,
    webhook: Uuid,
    endpoint: Endpoint,
    reason: OffReason,
) -> Result<()> {
    let data = json!({
        "webhook": { "id": webhook, "name": endpoint.name, "url": endpoint.url },
        "problem": reason.label(),
    });
    announce(&mut tx, tenant, Event::WebhookDisabled, data).await?;
    let event = AuditEvent::on(tenant, "webhook.disable", endpoint.name)
        .reason(reason.label())
        .before(json!({ "on": true }))
        .after(json!({ "on": false }));
    tx.commit(event).await
}

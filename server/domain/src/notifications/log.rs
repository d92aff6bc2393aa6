//! The log of deliveries: of one tenant, or (for platform people) of all; and sending again.

use super::deliver;
use super::mail::words::{self, Facts, SetUp};
use super::store::{log as store, queue};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use model::directory::Cursor;
use model::notifications::{
    ATTEMPTS_SHOWN, Channel, Delivery, DeliveryDetail, DeliveryFilter, DeliveryState,
};
use model::page::{Page, Total};
use model::permission::{Permission, Scope};
use model::work::Work;
use model::{DeliveryId, TenantId, WebhookId};
use serde_json::json;
use uuid::Uuid;

/// Rows of a page.
pub const ROWS: i64 = 50;
/// Up to here matches are counted.
const COUNTED: i64 = 1_000;
/// How far back "send everything again" goes, and how much it takes at once.
const AGAIN_DAYS: i32 = 7;
const AGAIN_MAX: i64 = 1_000;
/// How long a log is kept.
const KEPT_DAYS: i32 = 90;

/// Where a log is looked at: a tenant's scope, or the platform's.
fn place_of(tenant: Option<TenantId>) -> (Scope, Reach) {
    match tenant {
        Some(tenant) => (Scope::Tenant(tenant), Reach::Tenant(tenant)),
        None => (Scope::Platform, Reach::Fleet),
    }
}

/// A write to one of the logs, where the tenant's status allows it.
async fn begin(cx: &Ctx, tenant: Option<TenantId>) -> Result<Tx> {
    match tenant {
        Some(tenant) => cx.begin_in(tenant, Work::Record).await,
        None => cx.begin(Reach::Fleet).await,
    }
}

/// The deliveries of one tenant's log, or with `None` of all logs; newest first.
pub async fn list(cx: &Ctx, tenant: Option<TenantId>, filter: &DeliveryFilter) -> Result<Page<Delivery>> {
    let (scope, reach) = place_of(tenant);
    cx.require(Permission::NotificationRead, scope).await?;
    // A cursor that is not one begins at the start.
    let (place, backwards) = match &filter.cursor {
        Cursor::First => (None, false),
        Cursor::After(text) => (text.parse::<Uuid>().ok(), false),
        Cursor::Before(text) => (text.parse::<Uuid>().ok(), true),
    };
    let backwards = backwards && place.is_some();
    let mut read = cx.read(reach).await?;
    let mut found = store::list(read.conn(), tenant, filter, place, backwards, ROWS + 1).await?;
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    if backwards {
        found.reverse();
    }
    let counted = if found.is_empty() && place.is_none() {
        0
    } else {
        store::count(read.conn(), tenant, filter, COUNTED + 1).await?
    };
    let end = |row: Option<&store::Row>| row.map(|row| row.id().to_string());
    let (newer, older) = if backwards { (more, true) } else { (place.is_some(), more) };
    Ok(Page {
        next: end(found.last()).filter(|_| older),
        previous: end(found.first()).filter(|_| newer),
        rows: found.into_iter().filter_map(store::Row::delivery).collect(),
        total: if counted > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exact(counted) },
    })
}

/// One delivery of a log, with its attempts and what it says. `tenant` is whose log it stands in.
pub async fn get(cx: &Ctx, tenant: Option<TenantId>, id: DeliveryId) -> Result<DeliveryDetail> {
    let (scope, reach) = place_of(tenant);
    cx.require(Permission::NotificationRead, scope).await?;
    let owner = tenant.unwrap_or(TenantId::PLATFORM);
    let mut read = cx.read(reach).await?;
    let row = store::get(read.conn(), owner, id, false).await?.ok_or(Error::NotFound)?;
    let told = store::told(read.conn(), owner, id).await?;
    let attempts = store::attempts(read.conn(), owner, id, ATTEMPTS_SHOWN).await?;
    drop(read);
    let delivery = row.delivery().ok_or(Error::NotFound)?;
    let (subject, content) = match delivery.channel {
        Channel::Webhook => {
            (None, deliver::body(owner, delivery.event, told.at, told.tenant.as_ref(), &told.data))
        }
        Channel::Mail => {
            let mut read = cx.read(Reach::System).await?;
            let person = queue::person(read.conn(), told.user.unwrap_or_default()).await?;
            drop(read);
            let name = person.map_or_else(|| delivery.recipient.clone(), |person| person.name);
            let letter = words::letter(&Facts {
                event: delivery.event,
                at: told.at,
                data: &told.data,
                tenant: told.tenant.as_ref(),
                name: &name,
                console: &cx.services().deployment().public_url,
                set_up: SetUp::Hidden,
            });
            (Some(letter.subject.clone()), letter.text())
        }
    };
    Ok(DeliveryDetail { delivery, attempts, subject, content, webhook_name: told.webhook_name })
}

/// Sends one again, with all its attempts anew; what waits is tried now.
///
/// # Errors
/// `NotFound`; `Conflict` while an attempt is under way.
pub async fn resend(cx: &Ctx, tenant: Option<TenantId>, id: DeliveryId) -> Result<Delivery> {
    let (scope, _) = place_of(tenant);
    cx.require(Permission::NotificationSend, scope).await?;
    let owner = tenant.unwrap_or(TenantId::PLATFORM);
    let mut tx = begin(cx, tenant).await?;
    let row = store::get(tx.conn(), owner, id, true).await?.ok_or(Error::NotFound)?;
    let before = row.delivery().ok_or(Error::NotFound)?;
    if let Some(why) = before.resend_refusal() {
        return Err(Error::Conflict(why.to_owned()));
    }
    if !store::resend(tx.conn(), owner, id).await? {
        return Err(Error::Conflict("It is being sent at this moment.".into()));
    }
    let event = AuditEvent::on(owner, "notification.resend", target(&before))
        .before(json!({ "state": before.state, "attempts": before.attempts }))
        .after(json!({ "state": DeliveryState::Waiting }));
    tx.commit(event).await?;
    Ok(before)
}

fn target(delivery: &Delivery) -> String {
    format!("{} to {}", delivery.event.as_str(), delivery.recipient)
}

/// Sends everything of the last days again that was given up or never sent, of one endpoint or of the whole log; how
/// many that are, a thousand at most at once.
pub async fn resend_all(cx: &Ctx, tenant: Option<TenantId>, webhook: Option<WebhookId>) -> Result<u64> {
    let (scope, _) = place_of(tenant);
    cx.require(Permission::NotificationSend, scope).await?;
    let owner = tenant.unwrap_or(TenantId::PLATFORM);
    let mut tx = begin(cx, tenant).await?;
    let count = store::resend_all(tx.conn(), owner, webhook.map(|id| id.0), AGAIN_DAYS, AGAIN_MAX).await?;
    if count == 0 {
        return Err(Error::Conflict(format!(
            "Nothing of the last {AGAIN_DAYS} days was given up or not sent."
        )));
    }
    let whose = webhook.map_or_else(|| "everything that was not delivered".to_owned(), |id| id.to_string());
    tx.commit(AuditEvent::on(owner, "notification.resend_all", whose).after(json!({ "deliveries": count })))
        .await?;
    Ok(count)
}

/// Removes what is over and older than the log is kept. Run now and then by the server.
pub async fn sweep(cx: &Ctx) -> Result<u64> {
    cx.require(Permission::NotificationSend, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let removed = store::sweep(tx.conn(), KEPT_DAYS, 10_000).await?;
    store::sweep_notices(tx.conn(), KEPT_DAYS, 10_000).await?;
    tx.commit_unaudited("removal of old deliveries").await?;
    Ok(removed)
}

/// Whether mails leave this process at all.
pub fn mail_is_configured(cx: &Ctx) -> bool {
    cx.services().deployment().mail.is_some()
}

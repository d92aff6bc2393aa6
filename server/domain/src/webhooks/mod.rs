//! Endpoints of programs that want to be told: made, changed, tested, rotated and removed by people and by keys.
//!
//! Invariants: an address is judged by `outward` when it is typed and again at every call. A secret leaves [`create`] and
//! [`rotate`] once; the database holds it sealed, bound to its row. After a rotation both secrets sign for a day, so that
//! a receiver can change over without missing anything. Sending is `notifications`' work.

mod sign;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use sign::signature;

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, OnConstraint, Result};
use crate::notifications::announce;
use model::notifications::Event;
use model::permission::{Permission, Scope};
use model::validate::{self, FieldErrors};
use model::webhooks::{NAME_MAX, NewSecret, OVERLAP_HOURS, WEBHOOKS_MAX, Webhook, choices};
use model::work::Work;
use model::{TenantId, WebhookId};
use serde_json::json;

/// Whose endpoints are meant: a tenant's, or (`None`) the platform's, which hear of every tenant.
fn place_of(tenant: Option<TenantId>) -> (TenantId, Scope, Reach) {
    match tenant {
        Some(tenant) => (tenant, Scope::Tenant(tenant), Reach::Tenant(tenant)),
        None => (TenantId::PLATFORM, Scope::Platform, Reach::Fleet),
    }
}

/// A write among them, where the tenant's status allows it.
async fn begin(cx: &Ctx, tenant: Option<TenantId>, work: Work) -> Result<Tx> {
    match tenant {
        Some(tenant) => cx.begin_in(tenant, work).await,
        None => cx.begin(Reach::Fleet).await,
    }
}

/// Where a sealed secret belongs.
pub(crate) fn place(tenant: TenantId, id: WebhookId) -> String {
    format!("webhook {tenant} {id}")
}

pub async fn list(cx: &Ctx, tenant: Option<TenantId>) -> Result<Vec<Webhook>> {
    let (owner, scope, reach) = place_of(tenant);
    cx.require(Permission::NotificationRead, scope).await?;
    let mut read = cx.read(reach).await?;
    store::list(read.conn(), owner).await
}

pub async fn get(cx: &Ctx, tenant: Option<TenantId>, id: WebhookId) -> Result<Webhook> {
    let (owner, scope, reach) = place_of(tenant);
    cx.require(Permission::NotificationRead, scope).await?;
    let mut read = cx.read(reach).await?;
    store::get(read.conn(), owner, id, false).await?.ok_or(Error::NotFound)
}

/// What a form, or a program, says about an endpoint; words as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Form<'a> {
    pub name: &'a str,
    pub url: &'a str,
    /// Hears of everything, also of what there is later.
    pub every: bool,
    /// Words of [`Event`].
    pub events: &'a [String],
}

struct Checked {
    name: String,
    url: String,
    events: Vec<String>,
}

impl Form<'_> {
    fn check(&self, cx: &Ctx, tenant: Option<TenantId>) -> Result<Checked> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", validate::line(self.name, "A name", NAME_MAX));
        let url = errors.take("url", validate::line(self.url, "An address", crate::outward::URL_MAX));
        let outward = &cx.services().deployment().outward;
        let url = url.and_then(|url| errors.take("url", outward.check(&url)));
        let events = errors.take("events", self.chosen(tenant));
        match (name, url, events) {
            (Some(name), Some(url), Some(events)) => Ok(Checked { name, url: url.to_string(), events }),
            _ => Err(errors.into()),
        }
    }

    /// In the order of the list, each once; empty for every event.
    fn chosen(&self, tenant: Option<TenantId>) -> Result<Vec<String>, String> {
        if self.every {
            return Ok(Vec::new());
        }
        let allowed: Vec<Event> = choices(tenant.is_none()).collect();
        for word in self.events {
            let event = validate::word::<Event>(word, "The event")?;
            if !allowed.contains(&event) {
                return Err(format!("“{}” cannot be chosen here.", event.label()));
            }
        }
        let chosen: Vec<String> = allowed
            .iter()
            .map(|event| event.as_str().to_owned())
            .filter(|word| self.events.contains(word))
            .collect();
        if chosen.is_empty() { Err("Choose at least one event, or every event.".into()) } else { Ok(chosen) }
    }
}

fn seal(cx: &Ctx, tenant: TenantId, id: WebhookId) -> Result<(String, Vec<u8>)> {
    let secret: [u8; sign::SECRET] = cx.random();
    let sealed = cx.services().deployment().keys.seal(cx.random(), &place(tenant, id), &secret)?;
    Ok((sign::text(&secret), sealed))
}

fn shown(webhook: &Webhook) -> serde_json::Value {
    json!({ "name": webhook.name, "url": webhook.url, "events": webhook.events, "on": webhook.off.is_none() })
}

/// Makes an endpoint. The answer is the only place where its secret ever stands.
///
/// # Errors
/// `Invalid` by field; `Conflict` when there are too many.
pub async fn create(cx: &Ctx, tenant: Option<TenantId>, form: &Form<'_>) -> Result<NewSecret> {
    let (owner, scope, _) = place_of(tenant);
    cx.require(Permission::WebhookManage, scope).await?;
    let checked = form.check(cx, tenant)?;
    let id = WebhookId(cx.new_id());
    let (secret, sealed) = seal(cx, owner, id)?;
    let mut tx = begin(cx, tenant, Work::Admit).await?;
    if store::count(tx.conn(), owner).await? >= WEBHOOKS_MAX {
        return Err(Error::Conflict(format!(
            "There are {WEBHOOKS_MAX} endpoints. Remove one that is not used."
        )));
    }
    let new = store::New {
        tenant: owner,
        id,
        url: &checked.url,
        name: &checked.name,
        events: &checked.events,
        secret: &sealed,
        created_by: cx.actor().name(),
    };
    store::insert(tx.conn(), &new).await.on_constraint("webhook_name_key", "name", TAKEN)?;
    let after = json!({ "url": checked.url, "events": checked.events });
    tx.commit(AuditEvent::on(owner, "webhook.create", checked.name.as_str()).after(after)).await?;
    Ok(NewSecret { id, name: checked.name, secret, rotated: false })
}

const TAKEN: &str = "There is already an endpoint with this name.";

/// The endpoint, locked, as the form believed it to be.
async fn decide(
    cx: &Ctx,
    tenant: Option<TenantId>,
    id: WebhookId,
    version: Option<i64>,
    work: Work,
) -> Result<(Tx, Webhook)> {
    let (owner, ..) = place_of(tenant);
    let mut tx = begin(cx, tenant, work).await?;
    let webhook = store::get(tx.conn(), owner, id, true).await?.ok_or(Error::NotFound)?;
    if version.is_some_and(|version| version != webhook.version) {
        return Err(Error::Conflict(format!(
            "“{}” was changed in the meantime. Nothing was done; look at it as it is now.",
            webhook.name
        )));
    }
    Ok((tx, webhook))
}

/// Changes name, address and events. `version` is what the form was filled in on.
pub async fn change(
    cx: &Ctx,
    tenant: Option<TenantId>,
    id: WebhookId,
    version: Option<i64>,
    form: &Form<'_>,
) -> Result<Webhook> {
    let (owner, scope, _) = place_of(tenant);
    cx.require(Permission::WebhookManage, scope).await?;
    let checked = form.check(cx, tenant)?;
    let (mut tx, before) = decide(cx, tenant, id, version, Work::Admit).await?;
    store::update(tx.conn(), &before, &checked.url, &checked.name, &checked.events).await.on_constraint(
        "webhook_name_key",
        "name",
        TAKEN,
    )?;
    let after = store::get(tx.conn(), owner, id, false).await?.ok_or(Error::NotFound)?;
    let event = AuditEvent::on(owner, "webhook.change", before.name.as_str())
        .before(shown(&before))
        .after(shown(&after));
    tx.commit(event).await?;
    Ok(after)
}

/// Switches an endpoint on or off. What waits for one that is off is given up, and can be sent again later.
pub async fn switch(cx: &Ctx, tenant: Option<TenantId>, id: WebhookId, on: bool) -> Result<Webhook> {
    let (owner, scope, _) = place_of(tenant);
    cx.require(Permission::WebhookManage, scope).await?;
    let work = if on { Work::Admit } else { Work::Withdraw };
    let (mut tx, before) = decide(cx, tenant, id, None, work).await?;
    if before.off.is_none() == on {
        return Err(Error::Conflict(format!(
            "“{}” is {} already.",
            before.name,
            if on { "on" } else { "off" }
        )));
    }
    if on {
        store::switch_on(tx.conn(), &before).await?;
    } else {
        store::switch_off(tx.conn(), &before).await?;
    }
    let action = if on { "webhook.enable" } else { "webhook.disable" };
    let after = store::get(tx.conn(), owner, id, false).await?.ok_or(Error::NotFound)?;
    tx.commit(
        AuditEvent::on(owner, action, before.name.as_str()).before(shown(&before)).after(shown(&after)),
    )
    .await?;
    Ok(after)
}

/// A new secret; the one before stays good for a day. The answer is the only place where it stands.
pub async fn rotate(cx: &Ctx, tenant: Option<TenantId>, id: WebhookId) -> Result<NewSecret> {
    let (owner, scope, _) = place_of(tenant);
    cx.require(Permission::WebhookManage, scope).await?;
    let (mut tx, webhook) = decide(cx, tenant, id, None, Work::Admit).await?;
    let (secret, sealed) = seal(cx, owner, id)?;
    store::rotate(tx.conn(), &webhook, &sealed, OVERLAP_HOURS).await?;
    let after = json!({ "overlap_hours": OVERLAP_HOURS });
    tx.commit(AuditEvent::on(owner, "webhook.rotate", webhook.name.as_str()).after(after)).await?;
    Ok(NewSecret { id, name: webhook.name, secret, rotated: true })
}

/// Removes an endpoint and its secrets for good; the log of what it was sent stays.
pub async fn remove(cx: &Ctx, tenant: Option<TenantId>, id: WebhookId, reason: &str) -> Result<Webhook> {
    let (owner, scope, _) = place_of(tenant);
    cx.require(Permission::WebhookManage, scope).await?;
    let reason = validate::required(reason, "A reason", 1_000).map_err(|e| Error::field("reason", e))?;
    let (mut tx, webhook) = decide(cx, tenant, id, None, Work::Withdraw).await?;
    store::remove(tx.conn(), &webhook).await?;
    let event =
        AuditEvent::on(owner, "webhook.remove", webhook.name.as_str()).reason(reason).before(shown(&webhook));
    tx.commit(event).await?;
    Ok(webhook)
}

/// Sends a test call, by the same way as everything else.
///
/// # Errors
/// `Conflict` for an endpoint that is off.
pub async fn test(cx: &Ctx, tenant: Option<TenantId>, id: WebhookId) -> Result<Webhook> {
    let (owner, scope, _) = place_of(tenant);
    cx.require(Permission::WebhookManage, scope).await?;
    let (mut tx, webhook) = decide(cx, tenant, id, None, Work::Admit).await?;
    if webhook.off.is_some() {
        return Err(Error::Conflict(format!("“{}” is off. Switch it on first.", webhook.name)));
    }
    announce(&mut tx, owner, Event::WebhookTest, json!({ "webhook": { "id": id } })).await?;
    tx.commit(AuditEvent::on(owner, "webhook.test", webhook.name.as_str())).await?;
    Ok(webhook)
}

//! From a notice to its deliveries, in one transaction: either all recipients are in the queue, or none is and it is
//! tried again.

use super::audience::{self, Audience};
use super::store::outbox::{self, Notice, People};
use super::store::queue::{self, New};
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::{settings, signup};
use model::notifications::{Channel, Event};
use model::settings::{Key, Value, resolve};
use model::{SignupId, TenantId};
use uuid::Uuid;

/// Notices of one round.
const ROUND: i64 = 100;
/// Attempts until a notice is set aside; an older process may meet a word that only a newer one knows.
const ATTEMPTS_MAX: i16 = 10;

/// Finds the recipients of what is due; how many notices were looked at.
pub(super) async fn round(cx: &Ctx) -> Result<usize> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    let notices = outbox::claim(tx.conn(), ROUND).await?;
    tx.commit_unaudited("the queue of notices").await?;
    for notice in &notices {
        if let Err(error) = fan(cx, notice).await {
            let last = notice.attempts >= ATTEMPTS_MAX;
            if last {
                tracing::error!(%error, notice = %notice.id, event = notice.event, "a notice was set aside");
            } else {
                tracing::warn!(%error, notice = %notice.id, event = notice.event, "a notice waits");
            }
            let seconds = (!last).then(|| 5 << i32::from(notice.attempts.clamp(0, 10)));
            let mut tx = cx.begin(Reach::Fleet).await?;
            outbox::failed(tx.conn(), notice, seconds, &error.to_string()).await?;
            tx.commit_unaudited("the queue of notices").await?;
        }
    }
    Ok(notices.len())
}

async fn fan(cx: &Ctx, notice: &Notice) -> Result<()> {
    let event: Event = notice
        .event
        .parse()
        .map_err(|_| Error::Internal(format!("the event {} is not known", notice.event)))?;
    let platform = notice.tenant == TenantId::PLATFORM;
    let mut tx = cx.begin(Reach::Fleet).await?;
    if !outbox::fanned(tx.conn(), notice).await? {
        return Ok(());
    }
    let mut people = people(notice, audience::of(event, platform));
    if people.admins && audience::may_be_declined(event) {
        let levels = settings::levels(tx.conn(), notice.tenant).await?;
        let wanted = resolve(Key::NotifyLifecycle, &settings::of_key(&levels, Key::NotifyLifecycle));
        people.admins = wanted.value == Value::Switch(true);
    }
    let mut all: Vec<New> = Vec::new();
    for person in outbox::recipients(tx.conn(), notice.tenant, &people).await? {
        // Whoever asked for a tenant and has left it since hears nothing of it any more.
        if event == Event::PlanRequestDecided && !person.inside {
            continue;
        }
        all.push(New {
            // A tenant's log shows what its own people were told, the platform's the rest.
            tenant: if person.inside { notice.tenant } else { TenantId::PLATFORM },
            id: cx.new_id(),
            channel: Channel::Mail,
            webhook: None,
            user: Some(person.user),
            recipient: person.email,
        });
    }
    if event.is_mail_only() {
        let signup = SignupId(id(&notice.data, "signup").unwrap_or_default());
        // One that is over by now is told nothing.
        if let Some(recipient) = signup::recipient(tx.conn(), signup).await? {
            let tenant = TenantId::PLATFORM;
            all.push(New {
                tenant,
                id: cx.new_id(),
                channel: Channel::Mail,
                webhook: None,
                user: None,
                recipient,
            });
        }
        queue::insert(tx.conn(), notice.tenant, notice.id, event.as_str(), &all).await?;
        return tx.commit_unaudited("deliveries are their own record").await;
    }
    let only = (event == Event::WebhookTest).then(|| id(&notice.data, "webhook").unwrap_or_default());
    let listeners =
        outbox::listeners(tx.conn(), notice.tenant, event.as_str(), event.is_internal(), only).await?;
    for listener in listeners {
        all.push(New {
            tenant: listener.tenant,
            id: cx.new_id(),
            channel: Channel::Webhook,
            webhook: Some(listener.id),
            user: None,
            recipient: listener.url,
        });
    }
    queue::insert(tx.conn(), notice.tenant, notice.id, event.as_str(), &all).await?;
    tx.commit_unaudited("deliveries are their own record").await
}

fn people(notice: &Notice, audience: &[Audience]) -> People {
    let mut people = People::default();
    let named = notice.data.get("requester").and_then(|id| id.as_str()?.parse().ok());
    let requester = named.or(notice.actor);
    // Somebody who hears the same by another notice.
    let told = notice.data.get("told").and_then(|id| id.as_str()?.parse().ok());
    for who in audience {
        match who {
            Audience::Admins => people.admins = true,
            Audience::Owner => people.owner = true,
            Audience::Operators => (people.operators, people.except) = (true, told),
            Audience::Approvers => (people.operators, people.except) = (true, requester),
            Audience::Requester => people.ids.extend(requester),
            Audience::Person => people.ids.extend(id(&notice.data, "user")),
        }
    }
    people
}

/// `data.<key>.id`.
fn id(data: &serde_json::Value, key: &str) -> Option<Uuid> {
    data.get(key)?.get("id")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(event: Event, data: serde_json::Value) -> Notice {
        let (tenant, id) = (TenantId::PLATFORM, Uuid::nil());
        Notice { tenant, id, event: event.as_str().to_owned(), data, actor: None, attempts: 1 }
    }

    /// Bulk work that fails in part is told to whoever asked for it, and to those who run the platform: to nobody twice.
    #[test]
    fn whoever_hears_of_it_by_another_notice_is_left_out() {
        let asked = Uuid::from_u128(7);
        let data = serde_json::json!({ "requester": asked, "told": asked });
        let found = people(&notice(Event::NeedsOperator, data), audience::of(Event::NeedsOperator, true));
        assert!(found.operators && found.ids.is_empty());
        assert_eq!(found.except, Some(asked));
        let data = serde_json::json!({ "requester": asked });
        let found =
            people(&notice(Event::NeedsOperator, data.clone()), audience::of(Event::NeedsOperator, true));
        assert_eq!((found.operators, found.except), (true, None), "nobody else told them");
        let found = people(&notice(Event::OperationFailed, data), audience::of(Event::OperationFailed, true));
        assert_eq!((found.operators, found.ids, found.except), (false, vec![asked], None));
    }
}

//! SQL of the log of deliveries.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::notifications::{Attempt, Channel, Delivery, DeliveryFilter, DeliveryState, Event};
use model::{DeliveryId, TenantId, WebhookId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// A row of the list; the event may be a word of a newer version.
#[derive(Debug, FromRow)]
pub(in crate::notifications) struct Row {
    tenant_id: TenantId,
    id: Uuid,
    event: String,
    channel: Channel,
    webhook_id: Option<Uuid>,
    recipient: String,
    state: DeliveryState,
    attempts: i16,
    next_at: DateTime<Utc>,
    delivered_at: Option<DateTime<Utc>>,
    problem: Option<String>,
    busy: bool,
    created_at: DateTime<Utc>,
    slug: Option<String>,
    name: Option<String>,
}

impl Row {
    /// `None` for an event that this version does not know.
    pub(in crate::notifications) fn delivery(self) -> Option<Delivery> {
        Some(Delivery {
            id: DeliveryId(self.id),
            tenant: self.tenant_id,
            about: self.slug.zip(self.name),
            event: self.event.parse::<Event>().ok()?,
            channel: self.channel,
            webhook: self.webhook_id.map(WebhookId),
            recipient: self.recipient,
            state: self.state,
            attempts: self.attempts,
            next_at: self.next_at,
            delivered_at: self.delivered_at,
            problem: self.problem,
            busy: self.busy,
            created_at: self.created_at,
        })
    }

    pub(in crate::notifications) fn id(&self) -> Uuid {
        self.id
    }
}

const COLUMNS: &str = "SELECT d.tenant_id, d.id, d.event, d.channel, d.webhook_id, d.recipient, d.state, d.attempts, d.next_at, d.delivered_at,
    d.problem, coalesce(d.claimed_until > now(), false) AS busy, d.created_at, t.slug, t.name";

fn narrow(query: &mut QueryBuilder<Postgres>, tenant: Option<TenantId>, filter: &DeliveryFilter) {
    query.push(" WHERE true");
    if let Some(tenant) = tenant {
        query.push(" AND d.tenant_id = ").push_bind(tenant);
    }
    if let Some(state) = filter.state {
        query.push(" AND d.state = ").push_bind(state.as_str());
    }
    if let Some(channel) = filter.channel {
        query.push(" AND d.channel = ").push_bind(channel.as_str());
    }
    if let Some(event) = filter.event {
        query.push(" AND d.event = ").push_bind(event.as_str());
    }
    if let Some(webhook) = filter.webhook {
        query.push(" AND d.webhook_id = ").push_bind(webhook.0);
    }
}

/// Newest first; `backwards` the other way round.
pub(in crate::notifications) async fn list(
    connection: &mut PgConnection,
    tenant: Option<TenantId>,
    filter: &DeliveryFilter,
    place: Option<Uuid>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<Row>> {
    // The names are looked up for the rows of the page only.
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" FROM (SELECT d.* FROM delivery d");
    narrow(&mut query, tenant, filter);
    if let Some(place) = place {
        query.push(" AND d.id ").push(if backwards { "> " } else { "< " }).push_bind(place);
    }
    let order = if backwards { "d.id" } else { "d.id DESC" };
    query.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(limit);
    query.push(") d LEFT JOIN tenant t ON t.id = d.about_id ORDER BY ").push(order);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// How many match, `most` at most.
pub(in crate::notifications) async fn count(
    connection: &mut PgConnection,
    tenant: Option<TenantId>,
    filter: &DeliveryFilter,
    most: i64,
) -> Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM delivery d");
    narrow(&mut query, tenant, filter);
    query.push(" LIMIT ").push_bind(most).push(") x");
    Ok(query.build_query_scalar().fetch_one(connection).await?)
}

/// One delivery; locked where it is about to change.
pub(in crate::notifications) async fn get(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: DeliveryId,
    lock: bool,
) -> Result<Option<Row>> {
    let mut query = QueryBuilder::new(COLUMNS);
    query
        .push(" FROM delivery d LEFT JOIN tenant t ON t.id = d.about_id WHERE d.tenant_id = ")
        .push_bind(tenant);
    query.push(" AND d.id = ").push_bind(id);
    if lock {
        query.push(" FOR UPDATE OF d");
    }
    Ok(query.build_query_as().fetch_optional(connection).await?)
}

/// What was told.
#[derive(Debug)]
pub(in crate::notifications) struct Told {
    pub data: serde_json::Value,
    pub tenant: Option<serde_json::Value>,
    pub at: DateTime<Utc>,
    pub webhook_name: Option<String>,
    pub user: Option<Uuid>,
}

pub(in crate::notifications) async fn told(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: DeliveryId,
) -> Result<Told> {
    let told = sqlx::query_as!(
        Told,
        r#"SELECT n.data, n.tenant, n.at, w.name AS "webhook_name?", d.user_id AS "user"
        FROM delivery d JOIN notification n ON n.tenant_id = d.about_id AND n.id = d.notification_id
        LEFT JOIN webhook w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
        WHERE d.tenant_id = $1 AND d.id = $2"#,
        tenant.0,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(told)
}

pub(in crate::notifications) async fn attempts(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: DeliveryId,
    limit: i64,
) -> Result<Vec<Attempt>> {
    let attempts = sqlx::query_as!(
        Attempt,
        "SELECT number, at, duration_ms, delivered, status, said FROM delivery_attempt
        WHERE tenant_id = $1 AND delivery_id = $2 ORDER BY number DESC LIMIT $3",
        tenant.0,
        id.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(attempts)
}

/// Puts it back into the queue, its waits begun anew; not while somebody is at it.
pub(in crate::notifications) async fn resend(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: DeliveryId,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE delivery SET state = 'waiting', tries = 0, next_at = now(), problem = NULL
        WHERE tenant_id = $1 AND id = $2 AND coalesce(claimed_until <= now(), true)",
        tenant.0,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The same for everything of the last `days` days that was given up or never sent; how many.
pub(in crate::notifications) async fn resend_all(
    connection: &mut PgConnection,
    tenant: TenantId,
    webhook: Option<Uuid>,
    days: i32,
    limit: i64,
) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE delivery SET state = 'waiting', tries = 0, next_at = now(), problem = NULL
        WHERE tenant_id = $1 AND id IN (
            SELECT id FROM delivery WHERE tenant_id = $1 AND state IN ('parked', 'not_sent') AND ($2::uuid IS NULL OR webhook_id = $2)
                AND created_at > now() - make_interval(days => $3) ORDER BY id LIMIT $4)
            AND state IN ('parked', 'not_sent')",
        tenant.0,
        webhook,
        days,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Removes notices that are older than `days` and have no delivery left.
pub(in crate::notifications) async fn sweep_notices(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM notification n USING (SELECT tenant_id, id FROM notification
            WHERE at < now() - make_interval(days => $1) AND (fanned_at IS NOT NULL OR parked_at IS NOT NULL) ORDER BY id LIMIT $2) old
        WHERE n.tenant_id = old.tenant_id AND n.id = old.id
            AND NOT EXISTS (SELECT FROM delivery d WHERE d.about_id = n.tenant_id AND d.notification_id = n.id)",
        days,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Removes what is older than `days` and over; how many deliveries.
pub(in crate::notifications) async fn sweep(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM delivery d USING (SELECT tenant_id, id FROM delivery
            WHERE created_at < now() - make_interval(days => $1) AND state <> 'waiting' ORDER BY id LIMIT $2) old
        WHERE d.tenant_id = old.tenant_id AND d.id = old.id",
        days,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

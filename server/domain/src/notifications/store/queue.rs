//! SQL of the queue of deliveries.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::notifications::{Channel, DeliveryState};
use model::webhooks::OffReason;
use model::{DeliveryId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// A delivery to be.
#[derive(Debug)]
pub(in crate::notifications) struct New {
    pub tenant: TenantId,
    pub id: Uuid,
    pub channel: Channel,
    pub webhook: Option<Uuid>,
    pub user: Option<Uuid>,
    pub recipient: String,
}

pub(in crate::notifications) async fn insert(
    connection: &mut PgConnection,
    about: TenantId,
    notification: Uuid,
    event: &str,
    all: &[New],
) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO delivery (tenant_id, id, about_id, notification_id, event, channel, webhook_id, user_id, recipient)
        SELECT x.tenant, x.id, $1, $2, $3, x.channel, x.webhook, x.person, x.recipient
        FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[], $9::text[])
            AS x (tenant, id, channel, webhook, person, recipient)",
        about.0,
        notification,
        event,
        &all.iter().map(|new| new.tenant.0).collect::<Vec<_>>(),
        &all.iter().map(|new| new.id).collect::<Vec<_>>(),
        &all.iter().map(|new| new.channel.as_str().to_owned()).collect::<Vec<_>>(),
        &all.iter().map(|new| new.webhook).collect::<Vec<_>>() as &[Option<Uuid>],
        &all.iter().map(|new| new.user).collect::<Vec<_>>() as &[Option<Uuid>],
        &all.iter().map(|new| new.recipient.clone()).collect::<Vec<_>>()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A delivery that is ours until its lease ends, with everything that is needed to make it.
#[derive(Clone, Debug)]
pub(in crate::notifications) struct Claimed {
    pub tenant: TenantId,
    pub id: DeliveryId,
    pub event: String,
    pub channel: Channel,
    pub webhook: Option<Uuid>,
    pub user: Option<Uuid>,
    pub recipient: String,
    /// Also the fence: an outcome counts only while this is the newest attempt.
    pub attempts: i16,
    pub tries: i16,
    pub data: serde_json::Value,
    pub about_tenant: Option<serde_json::Value>,
    pub happened_at: DateTime<Utc>,
}

impl Claimed {
    /// What it must not crowd out others by: its endpoint, or mail as a whole.
    pub(in crate::notifications) fn way(&self) -> Uuid {
        self.webhook.unwrap_or_default()
    }
}

/// Takes up to `limit` that are due, `per_way` of one endpoint (or of mail); `busy` ways have enough in hand already.
pub(in crate::notifications) async fn claim(
    connection: &mut PgConnection,
    limit: i64,
    per_way: i64,
    busy: &[Uuid],
    lease: i32,
) -> Result<Vec<Claimed>> {
    let claimed = sqlx::query_as!(
        Claimed,
        r#"WITH due AS (
            SELECT tenant_id, id, webhook_id, next_at FROM delivery
            WHERE state = 'waiting' AND next_at <= now()
                AND coalesce(webhook_id, '00000000-0000-0000-0000-000000000000') <> ALL ($3)
            ORDER BY next_at LIMIT 500
        ), ranked AS (
            SELECT tenant_id, id, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at, id) AS n FROM due
        ), picked AS (
            SELECT d.tenant_id, d.id FROM delivery d JOIN ranked USING (tenant_id, id)
            WHERE n <= $2 AND d.state = 'waiting' AND d.next_at <= now()
            ORDER BY d.next_at, d.id LIMIT $1 FOR UPDATE OF d SKIP LOCKED
        )
        UPDATE delivery d SET attempts = d.attempts + 1, tries = d.tries + 1,
            next_at = now() + make_interval(secs => $4), claimed_until = now() + make_interval(secs => $4)
        FROM picked JOIN delivery p USING (tenant_id, id) JOIN notification n ON n.tenant_id = p.about_id AND n.id = p.notification_id
        WHERE d.tenant_id = picked.tenant_id AND d.id = picked.id
        RETURNING d.tenant_id AS "tenant: TenantId", d.id AS "id: DeliveryId", d.event,
            d.channel AS "channel: Channel", d.webhook_id AS webhook, d.user_id AS "user", d.recipient, d.attempts, d.tries,
            n.data, n.tenant AS about_tenant, n.at AS happened_at"#,
        limit,
        per_way,
        busy,
        f64::from(lease)
    )
    .fetch_all(connection)
    .await?;
    Ok(claimed)
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Debug)]
pub(in crate::notifications) struct Outcome<'a> {
    pub state: DeliveryState,
    /// Milliseconds until the next attempt, while it waits.
    pub wait_ms: i64,
    pub problem: Option<&'a str>,
}

/// Writes the outcome; whether the claim was still ours.
pub(in crate::notifications) async fn settle(
    connection: &mut PgConnection,
    claimed: &Claimed,
    outcome: &Outcome<'_>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE delivery SET state = $4, problem = $5, claimed_until = NULL, next_at = now() + $6 * interval '1 millisecond',
            delivered_at = CASE WHEN $4 = 'delivered' THEN now() ELSE delivered_at END
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'waiting'",
        claimed.tenant.0,
        claimed.id.0,
        claimed.attempts,
        outcome.state.as_str(),
        outcome.problem,
        outcome.wait_ms as f64
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::notifications) async fn insert_attempt(
    connection: &mut PgConnection,
    claimed: &Claimed,
    duration_ms: i32,
    delivered: bool,
    status: Option<i16>,
    said: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO delivery_attempt (tenant_id, delivery_id, number, duration_ms, delivered, status, said)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        claimed.tenant.0,
        claimed.id.0,
        claimed.attempts,
        duration_ms,
        delivered,
        status,
        said
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An endpoint as the sender needs it.
#[derive(Debug)]
pub(in crate::notifications) struct Endpoint {
    pub name: String,
    pub url: String,
    pub secret: Vec<u8>,
    /// Only while it is good.
    pub previous_secret: Option<Vec<u8>>,
}

/// `None` where it was switched off or removed since.
pub(in crate::notifications) async fn endpoint(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
) -> Result<Option<Endpoint>> {
    let found = sqlx::query_as!(
        Endpoint,
        r#"SELECT name, url, secret, CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret
        FROM webhook WHERE tenant_id = $1 AND id = $2 AND off_at IS NULL AND removed_at IS NULL"#,
        tenant.0,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

pub(in crate::notifications) async fn endpoint_succeeded(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook SET failing_since = NULL, last_success_at = now() WHERE tenant_id = $1 AND id = $2",
        tenant.0,
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes a failure; whether it has failed for so many days that it is to be switched off.
pub(in crate::notifications) async fn endpoint_failed(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    days: i32,
) -> Result<bool> {
    let tired = sqlx::query_scalar!(
        r#"UPDATE webhook SET failing_since = coalesce(failing_since, now()) WHERE tenant_id = $1 AND id = $2 AND off_at IS NULL
        RETURNING failing_since < now() - make_interval(days => $3) AS "tired!""#,
        tenant.0,
        id,
        days
    )
    .fetch_optional(connection)
    .await?;
    Ok(tired.unwrap_or(false))
}

/// Switches an endpoint off and gives up what waits for it; whether it was on.
pub(in crate::notifications) async fn switch_off(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: Uuid,
    reason: OffReason,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE webhook SET off_at = now(), off_reason = $3, version = version + 1
        WHERE tenant_id = $1 AND id = $2 AND off_at IS NULL AND removed_at IS NULL",
        tenant.0,
        id,
        reason.as_str()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE delivery SET state = 'parked', problem = $3 WHERE tenant_id = $1 AND webhook_id = $2 AND state = 'waiting'",
        tenant.0,
        id,
        "The endpoint is switched off."
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A person as a mail needs them; `None` for a closed account.
#[derive(Debug)]
pub(in crate::notifications) struct Person {
    pub name: String,
    pub has_password: bool,
}

pub(in crate::notifications) async fn person(
    connection: &mut PgConnection,
    user: Uuid,
) -> Result<Option<Person>> {
    let found = sqlx::query_as!(
        Person,
        r#"SELECT name, password_hash IS NOT NULL AS "has_password!" FROM user_account WHERE id = $1 AND disabled_at IS NULL"#,
        user
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// Whether somebody has a place in a tenant.
pub(in crate::notifications) async fn belongs(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: Uuid,
) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM member WHERE tenant_id = $1 AND user_id = $2) AS "found!""#,
        tenant.0,
        user
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

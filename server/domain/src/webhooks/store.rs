//! SQL of endpoints.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::notifications::Event;
use model::webhooks::{OffReason, Webhook};
use model::{TenantId, WebhookId};
use sqlx::PgConnection;

struct Row {
    tenant: TenantId,
    id: WebhookId,
    url: String,
    name: String,
    events: Vec<String>,
    off_at: Option<DateTime<Utc>>,
    off_reason: Option<OffReason>,
    failing_since: Option<DateTime<Utc>>,
    last_success_at: Option<DateTime<Utc>>,
    previous_until: Option<DateTime<Utc>>,
    created_by: String,
    created_at: DateTime<Utc>,
    version: i64,
}

impl From<Row> for Webhook {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant,
            name: row.name,
            url: row.url,
            // A word of a newer version stays in the row and is not shown by this one.
            events: row.events.iter().filter_map(|word| word.parse::<Event>().ok()).collect(),
            off: row.off_reason.zip(row.off_at),
            failing_since: row.failing_since,
            last_success_at: row.last_success_at,
            previous_until: row.previous_until,
            created_by: row.created_by,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

pub(super) async fn list(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<Webhook>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT tenant_id AS "tenant: TenantId", id AS "id: WebhookId", url, name, events, off_at, off_reason AS "off_reason: OffReason",
            failing_since, last_success_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_until, created_by, created_at, version
        FROM webhook WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY created_at, id LIMIT 200"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Webhook::from).collect())
}

/// Locked until the transaction ends, where it is about to change.
pub(super) async fn get(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: WebhookId,
    lock: bool,
) -> Result<Option<Webhook>> {
    if lock {
        sqlx::query!(
            "SELECT 1 AS one FROM webhook WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
            tenant.0,
            id.0
        )
        .fetch_optional(&mut *connection)
        .await?;
    }
    let row = sqlx::query_as!(
        Row,
        r#"SELECT tenant_id AS "tenant: TenantId", id AS "id: WebhookId", url, name, events, off_at, off_reason AS "off_reason: OffReason",
            failing_since, last_success_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_until, created_by, created_at, version
        FROM webhook WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL"#,
        tenant.0,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Webhook::from))
}

pub(super) async fn count(connection: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook WHERE tenant_id = $1 AND removed_at IS NULL"#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

pub(super) struct New<'a> {
    pub tenant: TenantId,
    pub id: WebhookId,
    pub url: &'a str,
    pub name: &'a str,
    pub events: &'a [String],
    pub secret: &'a [u8],
    pub created_by: &'a str,
}

pub(super) async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO webhook (tenant_id, id, url, name, events, secret, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new.tenant.0,
        new.id.0,
        new.url,
        new.name,
        new.events,
        new.secret,
        new.created_by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Another address begins with a clean record.
pub(super) async fn update(
    connection: &mut PgConnection,
    webhook: &Webhook,
    url: &str,
    name: &str,
    events: &[String],
) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook SET url = $3, name = $4, events = $5, version = version + 1,
            failing_since = CASE WHEN url = $3 THEN failing_since END
        WHERE tenant_id = $1 AND id = $2",
        webhook.tenant.0,
        webhook.id.0,
        url,
        name,
        events
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn switch_on(connection: &mut PgConnection, webhook: &Webhook) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook SET off_at = NULL, off_reason = NULL, failing_since = NULL, version = version + 1 WHERE tenant_id = $1 AND id = $2",
        webhook.tenant.0,
        webhook.id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Off, by a person; what waits for it is given up when its turn comes.
pub(super) async fn switch_off(connection: &mut PgConnection, webhook: &Webhook) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook SET off_at = now(), off_reason = 'person', version = version + 1 WHERE tenant_id = $1 AND id = $2",
        webhook.tenant.0,
        webhook.id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The secret that was good becomes the one before; an older one ends now.
pub(super) async fn rotate(
    connection: &mut PgConnection,
    webhook: &Webhook,
    secret: &[u8],
    hours: i32,
) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook SET previous_secret = secret, previous_until = now() + make_interval(hours => $4), secret = $3, version = version + 1
        WHERE tenant_id = $1 AND id = $2",
        webhook.tenant.0,
        webhook.id.0,
        secret,
        hours
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Out of sight for good, its secrets gone; what was sent to it stays in the log.
pub(super) async fn remove(connection: &mut PgConnection, webhook: &Webhook) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook SET removed_at = now(), secret = '', previous_secret = NULL, previous_until = NULL, version = version + 1
        WHERE tenant_id = $1 AND id = $2",
        webhook.tenant.0,
        webhook.id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

//! SQL of platform keys.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::PlatformKeyId;
use model::permission::{Actor, Role};
use model::platform_keys::PlatformKey;
use sqlx::{Executor, PgConnection};

pub(super) async fn list(connection: &mut PgConnection) -> Result<Vec<PlatformKey>> {
    let keys = sqlx::query_as!(
        PlatformKey,
        r#"SELECT id AS "id: PlatformKeyId", name, role AS "role: Role", created_by, created_at, expires_at, revoked_at, last_used_at
        FROM platform_key ORDER BY revoked_at IS NOT NULL OR expires_at <= now(), created_at DESC, id LIMIT 500"#
    )
    .fetch_all(connection)
    .await?;
    Ok(keys)
}

pub(super) async fn get(connection: &mut PgConnection, id: PlatformKeyId) -> Result<Option<PlatformKey>> {
    let key = sqlx::query_as!(
        PlatformKey,
        r#"SELECT id AS "id: PlatformKeyId", name, role AS "role: Role", created_by, created_at, expires_at, revoked_at, last_used_at
        FROM platform_key WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(key)
}

/// Whoever makes keys does so one after the other, until the end of the transaction: the number of living ones is exact.
pub(super) async fn lock_number(connection: &mut PgConnection) -> Result<()> {
    connection.execute("SELECT pg_advisory_xact_lock(5300139)").await?;
    Ok(())
}

pub(super) async fn living(connection: &mut PgConnection) -> Result<i64> {
    let living = sqlx::query_scalar!(
        r#"SELECT count(*) AS "living!" FROM platform_key WHERE revoked_at IS NULL AND expires_at > now()"#
    )
    .fetch_one(connection)
    .await?;
    Ok(living)
}

/// Answers when it ends.
pub(super) async fn insert(
    connection: &mut PgConnection,
    id: PlatformKeyId,
    name: &str,
    role: Role,
    secret_hash: &[u8],
    by: &Actor,
    days: i32,
) -> Result<DateTime<Utc>> {
    let maker = match by {
        Actor::User { id, .. } => Some(id.0),
        _ => None,
    };
    let expires_at = sqlx::query_scalar!(
        "INSERT INTO platform_key (id, name, role, secret_hash, created_by, created_by_id, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7)) RETURNING expires_at",
        id.0,
        name,
        role.as_str(),
        secret_hash,
        by.name(),
        maker,
        days
    )
    .fetch_one(connection)
    .await?;
    Ok(expires_at)
}

/// Whether it was this call that revoked it.
pub(super) async fn revoke(connection: &mut PgConnection, id: PlatformKeyId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE platform_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL",
        id.0
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

pub(super) struct Found {
    pub name: String,
    pub role: Role,
    pub secret_hash: Vec<u8>,
    pub created_by_id: Option<uuid::Uuid>,
    /// Revoked, or over.
    pub ended: bool,
}

/// A key with everything that decides about the request, in one statement.
pub(super) async fn find(connection: &mut PgConnection, id: PlatformKeyId) -> Result<Option<Found>> {
    let found = sqlx::query_as!(
        Found,
        r#"SELECT name, role AS "role: Role", secret_hash, created_by_id, (revoked_at IS NOT NULL OR expires_at <= now()) AS "ended!"
        FROM platform_key WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

pub(super) struct Counted {
    /// `None`: the limit was reached, nothing was counted.
    pub used: Option<i32>,
    pub resets_in: i64,
}

/// Counts and refuses in one statement: calls of one key wait for its row, and each compares what the one before has left.
/// Of two that meet at the border of two windows the later window stands: none is ever begun anew.
pub(super) async fn count_call(
    connection: &mut PgConnection,
    id: PlatformKeyId,
    limit: i32,
) -> Result<Counted> {
    // As with the keys of tenants: what a crash of the database server can cost is the count of the last half second.
    connection.execute("SET LOCAL synchronous_commit = off").await?;
    let counted = sqlx::query_as!(
        Counted,
        r#"WITH counted AS (
            UPDATE platform_key k SET
                window_used = CASE WHEN k.window_starts_at < date_bin('15 minutes', now(), 'epoch') THEN 1 ELSE k.window_used + 1 END,
                window_starts_at = greatest(k.window_starts_at, date_bin('15 minutes', now(), 'epoch')),
                last_used_at = CASE WHEN k.last_used_at > now() - interval '1 minute' THEN k.last_used_at ELSE now() END
            WHERE k.id = $1 AND (k.window_starts_at < date_bin('15 minutes', now(), 'epoch') OR k.window_used < $2)
            RETURNING k.window_used
        )
        SELECT (SELECT window_used FROM counted) AS used,
            ceil(extract(epoch FROM date_bin('15 minutes', now(), 'epoch') + interval '15 minutes' - now()))::bigint AS "resets_in!""#,
        id.0,
        limit
    )
    .fetch_one(connection)
    .await?;
    Ok(counted)
}

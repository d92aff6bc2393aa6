//! SQL of one-time links: the first owner’s, and those that set a first password.

use crate::error::Result;
use model::{TenantId, UserId};
use sqlx::PgConnection;

/// A link of the first owner, good for 24 hours. Unused ones of more than an hour ago end; younger ones are those of
/// processes that start together, each of which has told somebody its own.
pub(in crate::users) async fn offer_link(connection: &mut PgConnection, hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM one_time_link WHERE purpose = 'bootstrap' AND used_at IS NULL AND created_at <= now() - interval '1 hour'")
        .execute(&mut *connection)
        .await?;
    sqlx::query!("INSERT INTO one_time_link (token_hash, purpose, ends_at) VALUES ($1, 'bootstrap', now() + interval '24 hours')", hash)
        .execute(connection)
        .await?;
    Ok(())
}

pub(in crate::users) async fn link_is_good(connection: &mut PgConnection, hash: &[u8]) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM one_time_link WHERE token_hash = $1 AND purpose = 'bootstrap' AND used_at IS NULL AND ends_at > now()) AS "found!""#,
        hash
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

/// Whether the link was good until now. It ends all others of its purpose; two who come at once, by the same or by two of
/// them, do not both get in.
pub(in crate::users) async fn use_link(connection: &mut PgConnection, hash: &[u8]) -> Result<bool> {
    // All of them, always in this order: whoever comes second waits here.
    sqlx::query!(
        "SELECT token_hash FROM one_time_link WHERE purpose = 'bootstrap' ORDER BY token_hash FOR UPDATE"
    )
    .fetch_all(&mut *connection)
    .await?;
    let done = sqlx::query!(
        "UPDATE one_time_link SET used_at = now() WHERE token_hash = $1 AND purpose = 'bootstrap' AND used_at IS NULL AND ends_at > now()",
        hash
    )
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("DELETE FROM one_time_link WHERE purpose = 'bootstrap' AND used_at IS NULL")
        .execute(connection)
        .await?;
    Ok(true)
}

pub(in crate::users) async fn insert_set_up(
    connection: &mut PgConnection,
    hash: &[u8],
    user: UserId,
    days: i32,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO one_time_link (token_hash, purpose, user_id, ends_at) VALUES ($1, 'set_up', $2, now() + make_interval(days => $3))",
        hash,
        user.0,
        days
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose living link this is: somebody's who has a place, in a tenant or on the platform, and no password yet.
pub(in crate::users) async fn set_up_of(
    connection: &mut PgConnection,
    hash: &[u8],
) -> Result<Option<UserId>> {
    let row = sqlx::query_scalar!(
        r#"SELECT l.user_id AS "id!: UserId" FROM one_time_link l JOIN user_account u ON u.id = l.user_id
        WHERE l.token_hash = $1 AND l.purpose = 'set_up' AND l.used_at IS NULL AND l.ends_at > now()
            AND u.disabled_at IS NULL AND u.password_hash IS NULL
            AND (u.platform_role IS NOT NULL OR EXISTS (SELECT FROM member m WHERE m.user_id = u.id))"#,
        hash
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Removes a link that nobody was told of.
pub(in crate::users) async fn remove_set_up(connection: &mut PgConnection, hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM one_time_link WHERE token_hash = $1 AND purpose = 'set_up'", hash)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the unused links of somebody who has no place but in this tenant.
pub(in crate::users) async fn end_set_ups_here(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
) -> Result<()> {
    sqlx::query!(
        "DELETE FROM one_time_link l WHERE l.user_id = $1 AND l.purpose = 'set_up' AND l.used_at IS NULL
            AND EXISTS (SELECT FROM member m WHERE m.user_id = $1 AND m.tenant_id = $2)
            AND NOT EXISTS (SELECT FROM member m WHERE m.user_id = $1 AND m.tenant_id <> $2)
            AND NOT EXISTS (SELECT FROM user_account u WHERE u.id = $1 AND u.platform_role IS NOT NULL)",
        user.0,
        tenant.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a link, and with it all others of the same person.
pub(in crate::users) async fn use_set_up(
    connection: &mut PgConnection,
    hash: &[u8],
) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar!(
        r#"UPDATE one_time_link SET used_at = now() WHERE token_hash = $1 AND purpose = 'set_up' AND used_at IS NULL AND ends_at > now()
        RETURNING user_id AS "id!: UserId""#,
        hash
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(user) = user {
        sqlx::query!(
            "UPDATE one_time_link SET used_at = now() WHERE user_id = $1 AND used_at IS NULL",
            user.0
        )
        .execute(connection)
        .await?;
    }
    Ok(user)
}

//! SQL of the throttling of sign-ins.

use crate::error::Result;
use sqlx::PgConnection;

/// Counts a try of this address, or answers the seconds to wait.
pub(in crate::users) async fn claim_address(
    connection: &mut PgConnection,
    key: &str,
    most: i32,
) -> Result<Option<i32>> {
    let row = sqlx::query!(
        r#"INSERT INTO sign_in_throttle AS t (key, failures, first_at, locked_until) VALUES ($1, 1, now(), now())
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN t.first_at <= now() - interval '1 minute' THEN 1 ELSE least(t.failures, $2) + 1 END,
            first_at = CASE WHEN t.first_at <= now() - interval '1 minute' THEN now() ELSE t.first_at END
        RETURNING failures, ceil(extract(epoch FROM first_at + interval '1 minute' - now()))::int AS "seconds!""#,
        key,
        most
    )
    .fetch_one(connection)
    .await?;
    Ok((row.failures > most).then_some(row.seconds.max(1)))
}

/// Counts a try of this account, or answers the seconds to wait. The first try of the day leaves no lock, so that two
/// tabs can sign in at once; every further one that is still undecided holds the next off for a second.
pub(in crate::users) async fn claim_account(connection: &mut PgConnection, key: &str) -> Result<Option<i32>> {
    let counted = sqlx::query!(
        r#"INSERT INTO sign_in_throttle AS t (key, failures, first_at, locked_until) VALUES ($1, 1, now(), now())
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN t.first_at < date_trunc('day', now(), 'UTC') THEN 1 ELSE t.failures + 1 END,
            first_at = CASE WHEN t.first_at < date_trunc('day', now(), 'UTC') THEN now() ELSE t.first_at END,
            locked_until = now() + interval '1 second'
        WHERE t.locked_until <= now()"#,
        key
    )
    .execute(&mut *connection)
    .await?;
    if counted.rows_affected() > 0 {
        return Ok(None);
    }
    let seconds = sqlx::query_scalar!(
        r#"SELECT ceil(extract(epoch FROM locked_until - now()))::int AS "seconds!" FROM sign_in_throttle WHERE key = $1"#,
        key
    )
    .fetch_optional(connection)
    .await?;
    Ok(Some(seconds.unwrap_or(1).max(1)))
}

pub(in crate::users) async fn failures(connection: &mut PgConnection, key: &str) -> Result<i32> {
    let failures =
        sqlx::query_scalar!("SELECT failures FROM sign_in_throttle WHERE key = $1 FOR UPDATE", key)
            .fetch_optional(connection)
            .await?;
    Ok(failures.unwrap_or(1))
}

/// Locks for so many seconds, or until the day ends.
pub(in crate::users) async fn lock_account(
    connection: &mut PgConnection,
    key: &str,
    seconds: Option<i32>,
) -> Result<()> {
    sqlx::query!(
        r#"UPDATE sign_in_throttle SET locked_until = greatest(locked_until,
            CASE WHEN $2::int IS NULL THEN date_trunc('day', now(), 'UTC') + interval '1 day' ELSE now() + make_interval(secs => $2::int) END)
        WHERE key = $1"#,
        key,
        seconds
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The password was right: the account starts anew, and the address gets this try back. The address first, as when a
/// try is counted: two sign-ins at once would otherwise wait for each other.
pub(in crate::users) async fn forgive(
    connection: &mut PgConnection,
    account: &str,
    address: &str,
) -> Result<()> {
    sqlx::query!("UPDATE sign_in_throttle SET failures = greatest(failures - 1, 0) WHERE key = $1", address)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM sign_in_throttle WHERE key = $1", account).execute(connection).await?;
    Ok(())
}

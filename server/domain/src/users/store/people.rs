//! SQL of the platform's people and of one's own sessions.

use crate::error::Result;
use crate::users::sessions::SessionId;
use model::UserId;
use model::permission::Role;
use sqlx::PgConnection;

/// Everybody with a platform role.
pub(in crate::users) async fn platform_people(
    connection: &mut PgConnection,
    me: Option<UserId>,
) -> Result<Vec<model::access::Person>> {
    let rows = sqlx::query!(
        r#"SELECT u.id AS "id: UserId", u.name, u.email, u.platform_role AS "role!: Role", u.password_hash IS NOT NULL AS "has_password!",
            u.disabled_at IS NOT NULL AS "disabled!", u.created_at, u.last_seen_at,
            (SELECT count(*) FROM session s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.idle_until > now() AND s.ends_at > now()) AS "sessions!"
        FROM user_account u WHERE u.platform_role IS NOT NULL ORDER BY u.disabled_at IS NOT NULL, lower(u.name), u.id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| model::access::Person {
            standing: match (row.disabled, row.has_password) {
                (true, _) => model::access::Standing::Closed,
                (false, true) => model::access::Standing::Active,
                (false, false) => model::access::Standing::Invited,
            },
            me: me == Some(row.id),
            id: row.id,
            name: row.name,
            email: row.email,
            role: row.role,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            sessions: row.sessions,
        })
        .collect())
}

/// What a change of somebody on the platform is decided on.
pub(in crate::users) struct Account {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub disabled: bool,
    pub has_password: bool,
}

/// Somebody on the platform, locked.
pub(in crate::users) async fn account(connection: &mut PgConnection, id: UserId) -> Result<Option<Account>> {
    let account = sqlx::query_as!(
        Account,
        r#"SELECT name, email, platform_role AS "role!: Role", disabled_at IS NOT NULL AS "disabled!", password_hash IS NOT NULL AS "has_password!"
        FROM user_account WHERE id = $1 AND platform_role IS NOT NULL FOR UPDATE"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(account)
}

pub(in crate::users) async fn lock_owners(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT id FROM user_account WHERE platform_role = 'owner' ORDER BY id FOR UPDATE")
        .fetch_all(connection)
        .await?;
    Ok(())
}

/// Whether another owner can sign in.
pub(in crate::users) async fn other_owner(connection: &mut PgConnection, id: UserId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM user_account WHERE platform_role = 'owner' AND disabled_at IS NULL AND password_hash IS NOT NULL AND id <> $1) AS "found!""#,
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

pub(in crate::users) async fn set_platform_role(
    connection: &mut PgConnection,
    id: UserId,
    role: Role,
) -> Result<()> {
    sqlx::query!("UPDATE user_account SET platform_role = $2 WHERE id = $1", id.0, role.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the unused links by which somebody could choose a password.
pub(in crate::users) async fn end_set_ups(connection: &mut PgConnection, id: UserId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM one_time_link WHERE user_id = $1 AND purpose = 'set_up' AND used_at IS NULL",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The first characters of a session's name in the database, which is a hash: enough to tell one's own apart.
pub(in crate::users) async fn own_sessions(
    connection: &mut PgConnection,
    me: UserId,
    current: SessionId,
) -> Result<Vec<model::access::OwnSession>> {
    let rows = sqlx::query_as!(
        model::access::OwnSession,
        r#"SELECT left(encode(id_hash, 'hex'), 16) AS "key!", created_at AS began_at, last_seen_at AS seen_at, idle_until, ends_at, address, agent, id_hash = $2 AS "current!"
        FROM session WHERE user_id = $1 AND revoked_at IS NULL AND idle_until > now() AND ends_at > now()
        ORDER BY id_hash = $2 DESC, last_seen_at DESC, id_hash LIMIT 100"#,
        me.0,
        current.as_bytes()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

pub(in crate::users) async fn revoke_others(
    connection: &mut PgConnection,
    me: UserId,
    current: SessionId,
) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now() WHERE user_id = $1 AND id_hash <> $2 AND revoked_at IS NULL AND idle_until > now() AND ends_at > now()",
        me.0,
        current.as_bytes()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

pub(in crate::users) async fn revoke_own(
    connection: &mut PgConnection,
    me: UserId,
    key: &str,
) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now() WHERE user_id = $1 AND left(encode(id_hash, 'hex'), 16) = $2 AND revoked_at IS NULL",
        me.0,
        key
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

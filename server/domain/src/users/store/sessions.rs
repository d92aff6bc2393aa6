//! SQL of sessions and of whom they make an actor.

use crate::error::Result;
use crate::users::sessions::{Browser, Lifetime, SessionId};
use model::permission::{Actor, Membership, Role};
use model::tenants::{Access, Status, Suspension};
use model::{TenantId, UserId};
use sqlx::PgConnection;

/// One row per membership, or one with no tenant.
struct Person {
    id: UserId,
    name: String,
    email: String,
    platform: Option<Role>,
    stale: bool,
    tenant: Option<TenantId>,
    slug: Option<String>,
    tenant_name: Option<String>,
    role: Option<Role>,
    status: Option<Status>,
    suspension: Option<Suspension>,
}

fn actor(rows: Vec<Person>) -> Option<(Actor, bool)> {
    let first = rows.first()?;
    let (id, name, email, platform, stale) =
        (first.id, first.name.clone(), first.email.clone(), first.platform, first.stale);
    let memberships = rows
        .into_iter()
        .filter_map(|row| {
            Some(Membership {
                tenant: row.tenant?,
                slug: row.slug?,
                tenant_name: row.tenant_name?,
                role: row.role?,
                access: Access::of(row.status?, row.suspension),
            })
        })
        .collect();
    Some((Actor::User { id, name, email, platform, memberships }, stale))
}

/// The owner of a live session, and whether its last use was written down more than a minute ago.
pub(in crate::users) async fn actor_of_session(
    connection: &mut PgConnection,
    session: SessionId,
) -> Result<Option<(Actor, bool)>> {
    let rows = sqlx::query_as!(
        Person,
        r#"SELECT u.id AS "id: UserId", u.name, u.email, u.platform_role AS "platform: Role",
            s.last_seen_at < now() - interval '1 minute' AS "stale!",
            t.id AS "tenant?: TenantId", t.slug AS "slug?", t.name AS "tenant_name?", m.role AS "role?: Role",
            t.status AS "status?: Status", t.suspension AS "suspension?: Suspension"
        FROM session s JOIN user_account u ON u.id = s.user_id
            LEFT JOIN member m ON m.user_id = u.id LEFT JOIN tenant t ON t.id = m.tenant_id
        WHERE s.id_hash = $1 AND s.revoked_at IS NULL AND s.idle_until > now() AND s.ends_at > now() AND u.disabled_at IS NULL
        ORDER BY t.name_key, t.id"#,
        session.as_bytes()
    )
    .fetch_all(connection)
    .await?;
    Ok(actor(rows))
}

pub(in crate::users) async fn actor_of_user(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Option<Actor>> {
    let rows = sqlx::query_as!(
        Person,
        r#"SELECT u.id AS "id: UserId", u.name, u.email, u.platform_role AS "platform: Role", false AS "stale!",
            t.id AS "tenant?: TenantId", t.slug AS "slug?", t.name AS "tenant_name?", m.role AS "role?: Role",
            t.status AS "status?: Status", t.suspension AS "suspension?: Suspension"
        FROM user_account u LEFT JOIN member m ON m.user_id = u.id LEFT JOIN tenant t ON t.id = m.tenant_id
        WHERE u.id = $1 AND u.disabled_at IS NULL
        ORDER BY t.name_key, t.id"#,
        user.0
    )
    .fetch_all(connection)
    .await?;
    Ok(actor(rows).map(|(actor, _)| actor))
}

/// How the first of a person's tenants stands.
pub(in crate::users) struct Standing {
    pub name: String,
    pub status: Status,
    pub since: chrono::DateTime<chrono::Utc>,
    pub message: Option<String>,
    pub contact: Option<String>,
}

pub(in crate::users) async fn standing(
    connection: &mut PgConnection,
    user: UserId,
) -> Result<Option<Standing>> {
    let standing = sqlx::query_as!(
        Standing,
        r#"SELECT t.name, t.status AS "status: Status", t.status_since AS since, t.status_message AS message, t.support_contact AS contact
        FROM member m JOIN tenant t ON t.id = m.tenant_id WHERE m.user_id = $1 ORDER BY t.name_key, t.id LIMIT 1"#,
        user.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(standing)
}

/// A plain INSERT: an id that exists already is an error, never somebody else's session.
pub(in crate::users) async fn insert_session(
    connection: &mut PgConnection,
    session: SessionId,
    user: UserId,
    lifetime: Lifetime,
    browser: &Browser<'_>,
) -> Result<()> {
    sqlx::query!(
        r#"WITH seen AS (UPDATE user_account SET last_seen_at = now() WHERE id = $2)
        INSERT INTO session (id_hash, user_id, idle_until, ends_at, address, agent)
        VALUES ($1, $2, now() + make_interval(secs => $3::int), now() + make_interval(secs => $4::int), $5, $6)"#,
        session.as_bytes(),
        user.0,
        lifetime.idle,
        lifetime.absolute,
        browser.address.to_canonical().to_string(),
        browser.kept_agent()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes the use of a session that is still live; never brings one back.
pub(in crate::users) async fn touch(
    connection: &mut PgConnection,
    session: SessionId,
    lifetime: Lifetime,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"WITH alive AS (
            UPDATE session SET last_seen_at = now(), idle_until = least(ends_at, now() + make_interval(secs => $2::int))
            WHERE id_hash = $1 AND revoked_at IS NULL AND idle_until > now() AND ends_at > now() RETURNING user_id)
        UPDATE user_account u SET last_seen_at = now() FROM alive WHERE u.id = alive.user_id"#,
        session.as_bytes(),
        lifetime.idle
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether it was live until now.
pub(in crate::users) async fn revoke(connection: &mut PgConnection, session: SessionId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now() WHERE id_hash = $1 AND revoked_at IS NULL",
        session.as_bytes()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(in crate::users) async fn revoke_all(connection: &mut PgConnection, user: UserId) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL",
        user.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Removes what ended more than a day ago.
pub(in crate::users) async fn sweep(connection: &mut PgConnection) -> Result<u64> {
    let sessions = sqlx::query!("DELETE FROM session WHERE ends_at < now() - interval '1 day'")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "DELETE FROM one_time_link WHERE purpose = 'set_up' AND ends_at < now() - interval '30 days'"
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM sign_in_throttle WHERE first_at < now() - interval '2 days' AND locked_until < now()"
    )
    .execute(connection)
    .await?;
    Ok(sessions.rows_affected())
}

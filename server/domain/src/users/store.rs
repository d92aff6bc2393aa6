//! SQL of people, sessions, throttling and one-time links.

mod people;

pub(super) use people::{
    Account, account, end_set_ups, lock_owners, other_owner, own_sessions, platform_people, revoke_others,
    revoke_own, set_platform_role,
};

use super::sessions::{Browser, Lifetime, SessionId};
use crate::error::{Error, OnConstraint, Result};
use model::permission::{Actor, Membership, Role};
use model::tenants::{Access, Status, Suspension};
use model::{TenantId, UserId};
use sqlx::{PgConnection, Row};

/// Id and hash of an account that may sign in.
pub(super) async fn credentials(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<(UserId, Option<String>)>> {
    let row = sqlx::query!(
        "SELECT id, password_hash FROM user_account WHERE email = $1 AND disabled_at IS NULL",
        email
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (UserId(row.id), row.password_hash)))
}

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
pub(super) async fn actor_of_session(
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

pub(super) async fn actor_of_user(connection: &mut PgConnection, user: UserId) -> Result<Option<Actor>> {
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
pub(super) struct Standing {
    pub name: String,
    pub status: Status,
    pub since: chrono::DateTime<chrono::Utc>,
    pub message: Option<String>,
    pub contact: Option<String>,
}

pub(super) async fn standing(connection: &mut PgConnection, user: UserId) -> Result<Option<Standing>> {
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
pub(super) async fn insert_session(
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
pub(super) async fn touch(
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
pub(super) async fn revoke(connection: &mut PgConnection, session: SessionId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now() WHERE id_hash = $1 AND revoked_at IS NULL",
        session.as_bytes()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn revoke_all(connection: &mut PgConnection, user: UserId) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL",
        user.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Removes what ended more than a day ago.
pub(super) async fn sweep(connection: &mut PgConnection) -> Result<u64> {
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

/// Counts a try of this address, or answers the seconds to wait.
pub(super) async fn claim_address(
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
pub(super) async fn claim_account(connection: &mut PgConnection, key: &str) -> Result<Option<i32>> {
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

pub(super) async fn failures(connection: &mut PgConnection, key: &str) -> Result<i32> {
    let failures =
        sqlx::query_scalar!("SELECT failures FROM sign_in_throttle WHERE key = $1 FOR UPDATE", key)
            .fetch_optional(connection)
            .await?;
    Ok(failures.unwrap_or(1))
}

/// Locks for so many seconds, or until the day ends.
pub(super) async fn lock_account(
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
pub(super) async fn forgive(connection: &mut PgConnection, account: &str, address: &str) -> Result<()> {
    sqlx::query!("UPDATE sign_in_throttle SET failures = greatest(failures - 1, 0) WHERE key = $1", address)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM sign_in_throttle WHERE key = $1", account).execute(connection).await?;
    Ok(())
}

pub(super) async fn insert_user(
    connection: &mut PgConnection,
    id: UserId,
    email: &str,
    name: &str,
    password_hash: Option<&str>,
    role: Option<Role>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO user_account (id, email, name, password_hash, platform_role) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        email,
        name,
        password_hash,
        role.map(Role::as_str)
    )
    .execute(connection)
    .await
    .on_constraint("user_account_email_key", "email", "Somebody with this e-mail address exists already.")?;
    Ok(())
}

/// Name and e-mail.
pub(super) async fn person(connection: &mut PgConnection, id: UserId) -> Result<(String, String)> {
    let row = sqlx::query!("SELECT name, email FROM user_account WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| (row.name, row.email)).ok_or(Error::NotFound)
}

pub(super) async fn update_password(connection: &mut PgConnection, id: UserId, hash: &str) -> Result<()> {
    sqlx::query!("UPDATE user_account SET password_hash = $2 WHERE id = $1", id.0, hash)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn disable(connection: &mut PgConnection, id: UserId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE user_account SET disabled_at = now() WHERE id = $1 AND disabled_at IS NULL",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Adds somebody to a tenant, or gives them another role there.
pub(super) async fn upsert_member(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
    role: Role,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = EXCLUDED.role",
        tenant.0,
        user.0,
        role.as_str()
    )
    .execute(connection)
    .await
    .on_constraint("member_user_id_fkey", "user", "There is no such person.")?;
    Ok(())
}

pub(super) async fn owner_exists(connection: &mut PgConnection) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM user_account WHERE platform_role IN ('owner', 'operator') AND disabled_at IS NULL AND password_hash IS NOT NULL) AS "found!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

/// Replaces every unused link of the purpose by this one, good for 24 hours.
pub(super) async fn replace_link(connection: &mut PgConnection, hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM one_time_link WHERE purpose = 'bootstrap' AND used_at IS NULL")
        .execute(&mut *connection)
        .await?;
    sqlx::query!("INSERT INTO one_time_link (token_hash, purpose, ends_at) VALUES ($1, 'bootstrap', now() + interval '24 hours')", hash)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn link_is_good(connection: &mut PgConnection, hash: &[u8]) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM one_time_link WHERE token_hash = $1 AND purpose = 'bootstrap' AND used_at IS NULL AND ends_at > now()) AS "found!""#,
        hash
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

/// Whether the link was good until now; two who come at once do not both get it.
pub(super) async fn use_link(connection: &mut PgConnection, hash: &[u8]) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE one_time_link SET used_at = now() WHERE token_hash = $1 AND purpose = 'bootstrap' AND used_at IS NULL AND ends_at > now()",
        hash
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The account of an address, as far as an invitation into a tenant asks.
pub(super) struct Known {
    pub id: UserId,
    pub closed: bool,
    /// Has a role of the platform.
    pub platform: bool,
    /// Belongs to the tenant.
    pub member: bool,
}

pub(super) async fn known(
    connection: &mut PgConnection,
    tenant: TenantId,
    email: &str,
) -> Result<Option<Known>> {
    let known = sqlx::query_as!(
        Known,
        r#"SELECT u.id AS "id: UserId", u.disabled_at IS NOT NULL AS "closed!", u.platform_role IS NOT NULL AS "platform!",
            EXISTS (SELECT FROM member m WHERE m.user_id = u.id AND m.tenant_id = $2) AS "member!"
        FROM user_account u WHERE u.email = $1"#,
        email,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(known)
}

/// Whether they were none before.
pub(super) async fn insert_member(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
    role: Role,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO member (tenant_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        tenant.0,
        user.0,
        role.as_str()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) struct Member {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub has_password: bool,
}

pub(super) async fn member(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Member>> {
    let member = sqlx::query_as!(
        Member,
        r#"SELECT u.name, u.email, m.role AS "role: Role", u.password_hash IS NOT NULL AS "has_password!"
        FROM member m JOIN user_account u ON u.id = m.user_id
        WHERE m.tenant_id = $1 AND m.user_id = $2 AND u.disabled_at IS NULL"#,
        tenant.0,
        user.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(member)
}

pub(super) async fn insert_set_up(
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

/// Whose living link this is.
pub(super) async fn set_up_of(connection: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
    let row = sqlx::query_scalar!(
        r#"SELECT l.user_id AS "id!: UserId" FROM one_time_link l JOIN user_account u ON u.id = l.user_id
        WHERE l.token_hash = $1 AND l.purpose = 'set_up' AND l.used_at IS NULL AND l.ends_at > now()
            AND u.disabled_at IS NULL AND u.password_hash IS NULL"#,
        hash
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Uses a link, and with it all others of the same person.
pub(super) async fn use_set_up(connection: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
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

/// Whether the account was open and had none; the address is proven by the link.
pub(super) async fn first_password(connection: &mut PgConnection, user: UserId, hash: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE user_account SET password_hash = $2, email_verified_at = now() WHERE id = $1 AND password_hash IS NULL AND disabled_at IS NULL",
        user.0,
        hash
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn people(
    connection: &mut PgConnection,
    tenant: TenantId,
    place: Option<&str>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<model::users::Person>> {
    let mut query = sqlx::QueryBuilder::new(
        "SELECT u.id, u.name, u.email, m.role, u.password_hash IS NULL AS invited, u.disabled_at IS NOT NULL AS closed,
            u.last_seen_at, m.created_at AS since
        FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.tenant_id = ",
    );
    query.push_bind(tenant);
    if let Some(place) = place {
        query.push(" AND u.email ").push(if backwards { "< " } else { "> " }).push_bind(place);
    }
    query.push(if backwards { " ORDER BY u.email DESC LIMIT " } else { " ORDER BY u.email LIMIT " });
    query.push_bind(limit);
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(model::users::Person {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                email: row.try_get("email")?,
                role: row.try_get("role")?,
                invited: row.try_get("invited")?,
                closed: row.try_get("closed")?,
                last_seen_at: row.try_get("last_seen_at")?,
                since: row.try_get("since")?,
            })
        })
        .collect()
}

/// How many people a tenant has, `most` at most.
pub(super) async fn count_people(connection: &mut PgConnection, tenant: TenantId, most: i64) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM member WHERE tenant_id = $1 LIMIT $2) x"#,
        tenant.0,
        most
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// The plan's seats, where all of them are taken. Locks the tenant, so that two who invite at once count each other.
pub(super) async fn no_seat_left(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<i64>> {
    let full = sqlx::query_scalar!(
        r#"WITH locked AS (SELECT id, plan_id FROM tenant WHERE id = $1 FOR UPDATE)
        SELECT l.hard AS "hard!" FROM locked t JOIN plan_limit l ON l.plan_id = t.plan_id AND l.meter = 'users' AND l.kind = 'number'
        WHERE (SELECT count(*) FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.tenant_id = $1 AND u.disabled_at IS NULL) >= l.hard"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(full)
}

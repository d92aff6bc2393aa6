//! SQL of the people of one tenant.

use crate::error::{OnConstraint, Result};
use model::permission::Role;
use model::{TenantId, UserId};
use sqlx::{PgConnection, Row};
use std::collections::HashMap;

/// The account of an address, as far as an invitation into a tenant asks.
pub(in crate::users) struct Known {
    pub id: UserId,
    pub closed: bool,
    /// Has a role of the platform.
    pub platform: bool,
    /// Belongs to the tenant.
    pub member: bool,
}

pub(in crate::users) async fn known(
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

/// Adds somebody to a tenant, or gives them another role there.
pub(in crate::users) async fn upsert_member(
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

/// Whether they were none before.
pub(in crate::users) async fn insert_member(
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
    .await
    // With its last invitation, taken back in this moment, the account went.
    .on_constraint(
        "member_user_id_fkey",
        "email",
        "Somebody took back another invitation of this address just now. Try again.",
    )?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::users) struct Member {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub has_password: bool,
}

pub(in crate::users) async fn member(
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

/// Somebody with a place in a tenant, whose account is locked until the transaction ends.
pub(in crate::users) struct Guest {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub has_password: bool,
}

pub(in crate::users) async fn lock_member(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Guest>> {
    let guest = sqlx::query_as!(
        Guest,
        r#"SELECT u.name, u.email, m.role AS "role: Role", u.password_hash IS NOT NULL AS "has_password!"
        FROM member m JOIN user_account u ON u.id = m.user_id
        WHERE m.tenant_id = $1 AND m.user_id = $2 AND u.disabled_at IS NULL FOR UPDATE OF u"#,
        tenant.0,
        user.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(guest)
}

pub(in crate::users) async fn delete_member(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
) -> Result<()> {
    sqlx::query!("DELETE FROM member WHERE tenant_id = $1 AND user_id = $2", tenant.0, user.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes an account that nobody has ever used and that has no place anywhere; whether it was one. Needs the reach
/// `Provision`.
pub(in crate::users) async fn drop_account(connection: &mut PgConnection, user: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT prov.drop_account($1)").bind(user.0).fetch_one(connection).await?)
}

pub(in crate::users) async fn one_of(
    connection: &mut PgConnection,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<model::users::Person>> {
    let person = sqlx::query_as!(
        model::users::Person,
        r#"SELECT u.id AS "id: UserId", u.name, u.email, m.role AS "role: Role", u.password_hash IS NULL AS "invited!",
            u.disabled_at IS NOT NULL AS "closed!", u.last_seen_at, m.created_at AS since
        FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.user_id = $2"#,
        tenant.0,
        user.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(person)
}

pub(in crate::users) async fn people(
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
pub(in crate::users) async fn count_people(
    connection: &mut PgConnection,
    tenant: TenantId,
    most: i64,
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM member WHERE tenant_id = $1 LIMIT $2) x"#,
        tenant.0,
        most
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// The seats of a tenant and how many are taken; none where it has no limit. Whoever gives one away holds the tenant.
pub(in crate::users) async fn seats(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<model::people::Seats>> {
    let seats = sqlx::query_as!(
        model::people::Seats,
        r#"SELECT l.hard AS "all!",
            (SELECT count(*) FROM member m JOIN user_account u ON u.id = m.user_id WHERE m.tenant_id = t.id AND u.disabled_at IS NULL) AS "taken!"
        FROM tenant t JOIN LATERAL limits_of(t.id, t.plan_id) l ON l.meter = 'users' AND l.kind = 'number' WHERE t.id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(seats)
}

/// Mails with which a tenant's own people invited somebody within the last day, and addresses of which they were told that
/// they have an account elsewhere: nobody else is. What the platform's people and programs send is not theirs.
pub(in crate::users) async fn invited_lately(connection: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT
            (SELECT count(*) FROM notification n
                WHERE n.tenant_id = $1 AND n.event = 'user.invited' AND n.at > now() - interval '1 day' AND n.actor_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM user_account u WHERE u.id = n.actor_id AND u.platform_role IS NOT NULL)
                AND NOT EXISTS (SELECT FROM platform_key k WHERE k.id = n.actor_id))
            + (SELECT coalesce(sum((e.after->>'elsewhere')::bigint), 0)::bigint FROM audit_entry e
                WHERE e.tenant_id = $1 AND e.at > now() - interval '1 day' AND e.action = 'member.invite_refused' AND e.result = 'done') AS "count!""#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// An account, as far as a list of invitations asks.
pub(in crate::users) struct KnownBy {
    pub closed: bool,
    pub platform: bool,
    pub member: bool,
}

/// The accounts of these addresses, by address; with `own`, only those that belong to the tenant.
pub(in crate::users) async fn known_of(
    connection: &mut PgConnection,
    tenant: TenantId,
    emails: &[String],
    own: bool,
) -> Result<HashMap<String, KnownBy>> {
    let rows = sqlx::query!(
        r#"SELECT u.email, u.disabled_at IS NOT NULL AS "closed!", u.platform_role IS NOT NULL AS "platform!", m.user_id IS NOT NULL AS "member!"
        FROM user_account u LEFT JOIN member m ON m.user_id = u.id AND m.tenant_id = $2
        WHERE u.email = ANY($1) AND (m.user_id IS NOT NULL OR NOT $3)"#,
        emails,
        tenant.0,
        own
    )
    .fetch_all(connection)
    .await?;
    let known = rows
        .into_iter()
        .map(|row| (row.email, KnownBy { closed: row.closed, platform: row.platform, member: row.member }));
    Ok(known.collect())
}

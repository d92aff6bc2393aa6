//! SQL of accounts. Sessions, throttling, one-time links, a tenant's members and the platform's people have files of
//! their own.

mod links;
mod members;
mod people;
mod sessions;
mod throttle;

pub(super) use links::{
    end_set_ups_here, insert_set_up, link_is_good, offer_link, remove_set_up, set_up_of, use_link, use_set_up,
};
pub(super) use members::{
    KnownBy, count_people, delete_member, drop_account, insert_member, invited_lately, known, known_of,
    lock_member, member, one_of, people, seats, upsert_member,
};
pub(super) use people::{
    Account, account, end_set_ups, lock_owners, other_owner, own_sessions, platform_people, revoke_others,
    revoke_own, set_platform_role,
};
pub(super) use sessions::{
    Standing, actor_of_session, actor_of_user, insert_session, revoke, revoke_all, standing, sweep, touch,
};
pub(super) use throttle::{claim_account, claim_address, failures, forgive, lock_account};

use super::join::Applicant;
use crate::error::{Error, OnConstraint, Result};
use model::UserId;
use model::permission::Role;
use sqlx::PgConnection;

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

/// What there is of an address that somebody signs up with.
pub(super) async fn applicant(connection: &mut PgConnection, email: &str) -> Result<Applicant> {
    let row = sqlx::query!(
        r#"SELECT id AS "id: UserId", password_hash IS NOT NULL AS "has_password!",
            disabled_at IS NOT NULL OR platform_role IS NOT NULL AS "refused!"
        FROM user_account WHERE email = $1"#,
        email
    )
    .fetch_optional(connection)
    .await?;
    Ok(match row {
        None => Applicant::Unknown,
        Some(row) if row.refused => Applicant::Refused,
        Some(row) if row.has_password => Applicant::Known(row.id),
        Some(row) => Applicant::Invited(row.id),
    })
}

pub(super) async fn owner_exists(connection: &mut PgConnection) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM user_account WHERE platform_role IN ('owner', 'operator') AND disabled_at IS NULL AND password_hash IS NOT NULL) AS "found!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}

//! Inviting people into a tenant, taking an invitation back, and the link by which they choose their password (R22).
//!
//! Invariants: a token exists in one mail only; the database keeps its SHA-256. Each mail has a token of its own, so that
//! sending a mail again needs no secret at rest; using one of them ends all of that person's, and proves that the address
//! is theirs. An account that has a password is never given another one by a link. A tenant's own people invite addresses
//! that nobody has yet, [`A_DAY`] at most within a day, one by one, by lists and sent again together, and addresses that were
//! refused for an account elsewhere among them; a person with such an account is brought in by people of the platform, whose
//! invitations do not count. Whoever is told of an account elsewhere has a line in the audit log for that.

use super::{NAME_MAX, password, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::notifications::announce;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::directory::Cursor;
use model::notifications::Event;
use model::page::{Page, Total};
use model::permission::{Permission, Role, Scope};
use model::users::Person;
use model::validate::{self, FieldErrors};
use model::work::Work;
use model::{TenantId, UserId};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// Invitations into a tenant within a day, as far as its own people send them; mails that are sent again are some.
pub(super) const A_DAY: i64 = 1_000;

/// Days that a link is good for.
pub const LINK_DAYS: i32 = 7;

/// The most people of a page.
const ROWS: i64 = 50;
/// Up to here people are counted.
const COUNTED: i64 = 1_000;

/// The people of a tenant by their e-mail address, from a cursor onwards.
pub async fn people(cx: &Ctx, tenant: TenantId, cursor: &Cursor) -> Result<Page<Person>> {
    cx.require(Permission::MemberRead, Scope::Tenant(tenant)).await?;
    let (place, backwards) = match cursor {
        Cursor::First => (None, false),
        Cursor::After(email) => (Some(email.as_str()), false),
        Cursor::Before(email) => (Some(email.as_str()), true),
    };
    // Accounts belong to no tenant; the members are this one's only.
    let mut read = cx.read(Reach::Fleet).await?;
    let mut found = store::people(read.conn(), tenant, place, backwards, ROWS + 1).await?;
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    if backwards {
        found.reverse();
    }
    let counted = store::count_people(read.conn(), tenant, COUNTED + 1).await?;
    let (newer, older) = if backwards { (more, true) } else { (place.is_some(), more) };
    Ok(Page {
        next: found.last().map(|person| person.email.clone()).filter(|_| older),
        previous: found.first().map(|person| person.email.clone()).filter(|_| newer),
        rows: found,
        total: if counted > COUNTED { Total::AtLeast(COUNTED) } else { Total::Exact(counted) },
    })
}

/// Gives somebody a place in a tenant and tells them by mail; who is unknown gets an account without a password.
///
/// # Errors
/// `Invalid` at `email`, `name` or `role`; a member, and who has an account elsewhere, among it. `Conflict` when no seat is
/// left, and for a tenant's own people who would invite more than [`A_DAY`] within a day.
pub async fn invite(cx: &Ctx, tenant: TenantId, email: &str, name: &str, role: &str) -> Result<UserId> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    let mut errors = FieldErrors::default();
    let role = errors.take("role", validate::word::<Role>(role, "A role"));
    if role.is_some_and(Role::is_platform) {
        errors.add("role", "This role belongs to the platform, not to a tenant.");
    }
    let email = errors.take("email", validate::email(email));
    let name = errors.take("name", validate::line(name, "A name", NAME_MAX));
    let (Some(role), Some(email), Some(name), true) = (role, email, name, errors.is_empty()) else {
        return Err(errors.into());
    };
    // Accounts belong to no tenant: this is one of the writes that need the wider reach.
    let mut tx = cx.begin_about(tenant, Work::Admit).await?;
    if let Some(seats) = store::seats(tx.conn(), tenant).await?.filter(|seats| seats.left() == 0) {
        return Err(Error::Conflict(format!(
            "All {} seats of this tenant are taken. Remove somebody, or have its limit or its plan changed.",
            seats.all
        )));
    }
    // Whoever is no member counts, whatever becomes of them: else the limit would tell who has an account elsewhere.
    let known = store::known(tx.conn(), tenant, &email).await?;
    let new = usize::from(known.is_none_or(|known| !known.member));
    room_today(&mut tx, tenant, new).await?;
    let id = match invite_on(&mut tx, tenant, &email, &name, role).await {
        Err(Error::Invalid(errors)) if errors.get("email") == Some(ELSEWHERE) => {
            tx.commit(told_elsewhere(tenant, email, 1)).await?;
            return Err(errors.into());
        }
        other => other?,
    };
    let event = AuditEvent::on(tenant, "member.invite", email)
        .after(json!({ "name": name, "role": role.as_str(), "user": id }));
    tx.commit(event).await?;
    Ok(id)
}

/// What is said of an address that has an account elsewhere: the same of everybody's, a colleague's of the platform too.
pub(super) const ELSEWHERE: &str = "This address cannot be invited here. Ask the platform’s support.";
pub(super) const MEMBER: &str = "They are a member of this tenant already.";
pub(super) const PLATFORM: &str = "This address cannot be invited.";
pub(super) const CLOSED: &str = "The account with this address is closed.";

/// Lets a tenant's own people invite so many more today, and the platform's always. The caller holds the tenant: two who
/// invite at once count each other.
///
/// # Errors
/// `Conflict` in words where it would be too many.
pub(super) async fn room_today(tx: &mut Tx, tenant: TenantId, new: usize) -> Result<()> {
    if new == 0 || tx.cx().actor().is_platform() {
        return Ok(());
    }
    let sent = store::invited_lately(tx.conn(), tenant).await?;
    if sent.saturating_add(i64::try_from(new).unwrap_or(i64::MAX)) > A_DAY {
        return Err(Error::Conflict(
            "Too many invitations today: 1,000 can be sent within a day. Go on tomorrow, or ask the platform’s support."
                .into(),
        ));
    }
    Ok(())
}

/// Somebody was told of so many accounts elsewhere: the log says who asked, also when nobody was invited.
pub(super) fn told_elsewhere(tenant: TenantId, target: impl Into<String>, accounts: usize) -> AuditEvent {
    AuditEvent::on(tenant, "member.invite_refused", target).after(json!({ "elsewhere": accounts }))
}

/// The change itself, in a transaction of reach `Fleet`; the e-mail is valid and in lower case.
///
/// An account that is there already would be a member at once, without having been asked, and its name and last visit
/// would stand on the tenant's page. So only people of the platform give it a place, who see both anyway; and nobody
/// gives one to a person of the platform, whose role decides everywhere.
///
/// # Errors
/// `Invalid` at `email` for a member and for an account that the inviter may not bring in.
pub(super) async fn invite_on(
    tx: &mut Tx,
    tenant: TenantId,
    email: &str,
    name: &str,
    role: Role,
) -> Result<UserId> {
    let trusted = tx.cx().actor().is_platform();
    let refused = |why: &str| Err::<UserId, _>(Error::field("email", why));
    let id = match store::known(tx.conn(), tenant, email).await? {
        Some(known) if known.member => return refused(MEMBER),
        Some(_) if !trusted => return refused(ELSEWHERE),
        Some(known) if known.platform => return refused(PLATFORM),
        Some(known) if known.closed => return refused(CLOSED),
        Some(known) => known.id,
        None => {
            let id = UserId(tx.cx().new_id());
            store::insert_user(tx.conn(), id, email, name, None, None).await?;
            id
        }
    };
    // Somebody else may have been as quick.
    if !store::insert_member(tx.conn(), tenant, id, role).await? {
        return refused(MEMBER);
    }
    announce(tx, tenant, Event::UserInvited, invited(id, email, name, role)).await?;
    Ok(id)
}

fn invited(id: UserId, email: &str, name: &str, role: Role) -> serde_json::Value {
    json!({ "user": { "id": id, "email": email, "name": name, "role": role } })
}

/// Sends the invitation of a member again.
///
/// # Errors
/// `NotFound` for who is no member; `Conflict` for somebody who has chosen a password already, and for a tenant's own people
/// who would send more than [`A_DAY`] within a day.
pub async fn invite_again(cx: &Ctx, tenant: TenantId, user: UserId) -> Result<String> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_about(tenant, Work::Admit).await?;
    let member = store::member(tx.conn(), tenant, user).await?.ok_or(Error::NotFound)?;
    if member.has_password {
        return Err(Error::Conflict(format!("{} has accepted the invitation already.", member.name)));
    }
    room_today(&mut tx, tenant, 1).await?;
    announce(&mut tx, tenant, Event::UserInvited, invited(user, &member.email, &member.name, member.role))
        .await?;
    tx.commit(AuditEvent::on(tenant, "member.invite_again", member.email)).await?;
    Ok(member.name)
}

/// One of the people of a tenant.
///
/// # Errors
/// `NotFound` for who is no member.
pub async fn member(cx: &Ctx, tenant: TenantId, user: UserId) -> Result<Person> {
    cx.require(Permission::MemberRead, Scope::Tenant(tenant)).await?;
    // Accounts belong to no tenant; the member is this one's.
    let mut read = cx.read(Reach::Fleet).await?;
    store::one_of(read.conn(), tenant, user).await?.ok_or(Error::NotFound)
}

/// Takes an invitation back that nobody has accepted, and says whose it was: the place goes, and with the last place the
/// account, should nobody have ever used it; the address is nobody's then. Nobody is told; a mail that is still waiting is
/// not sent. A link opens nothing from now on, but for who is invited elsewhere as well: there it is theirs still.
///
/// # Errors
/// `NotFound` for who is no member; `Conflict` for somebody who has chosen a password already.
pub async fn withdraw_invitation(cx: &Ctx, tenant: TenantId, user: UserId) -> Result<String> {
    cx.require(Permission::MemberManage, Scope::Tenant(tenant)).await?;
    let mut tx = cx.begin_about(tenant, Work::Withdraw).await?;
    // Links before the account, as when a password is chosen: two at once would otherwise wait for each other.
    tx.switch(Reach::System).await?;
    store::end_set_ups_here(tx.conn(), tenant, user).await?;
    tx.switch(Reach::Fleet).await?;
    let guest = store::lock_member(tx.conn(), tenant, user).await?.ok_or(Error::NotFound)?;
    if guest.has_password {
        return Err(Error::Conflict(format!(
            "{} has accepted the invitation already: there is none to withdraw.",
            guest.name
        )));
    }
    store::delete_member(tx.conn(), tenant, user).await?;
    // It looks for itself whether the account has any other use, and leaves it then.
    tx.switch(Reach::Provision).await?;
    let removed = store::drop_account(tx.conn(), user).await?;
    tx.switch(Reach::Fleet).await?;
    let event = AuditEvent::on(tenant, "member.withdraw_invitation", guest.email)
        .before(json!({ "name": guest.name, "role": guest.role.as_str(), "user": user }))
        .after(json!({ "account": if removed { "removed" } else { "kept" } }));
    tx.commit(event).await?;
    Ok(guest.name)
}

/// A token for the mail that is being written.
pub(crate) async fn set_up_token(cx: &Ctx, user: UserId) -> Result<String> {
    cx.require(Permission::UserManage, Scope::Platform).await?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(cx.random::<32>());
    let mut tx = cx.begin(Reach::System).await?;
    store::insert_set_up(tx.conn(), &Sha256::digest(token.as_bytes()), user, LINK_DAYS).await?;
    tx.commit_unaudited("the link of a mail whose delivery is its record").await?;
    Ok(token)
}

/// Whether a set-up link for this person would let them choose their password: one is made, looked at as the page does, and
/// removed again. In the caller's transaction (reach `System`); nobody is told the token.
pub(crate) async fn could_set_up(cx: &Ctx, connection: &mut PgConnection, user: UserId) -> Result<bool> {
    let hash = Sha256::digest(cx.random::<32>());
    store::insert_set_up(connection, &hash, user, LINK_DAYS).await?;
    let found = store::set_up_of(connection, &hash).await?;
    store::remove_set_up(connection, &hash).await?;
    Ok(found == Some(user))
}

/// Whose link this is: name and e-mail. Anybody may ask: 256 bits are not guessed.
///
/// # Errors
/// `NotFound` for a token that is used, too old, or was never one.
pub async fn set_up_check(cx: &Ctx, token: &str) -> Result<(String, String)> {
    let mut read = cx.read(Reach::System).await?;
    let id =
        store::set_up_of(read.conn(), &Sha256::digest(token.as_bytes())).await?.ok_or(Error::NotFound)?;
    store::person(read.conn(), id).await
}

/// Chooses the first password of an invited person. The token is the permission, once.
///
/// # Errors
/// `NotFound` for a token that is no good; `Invalid` at `password`.
pub async fn set_up(cx: &Ctx, token: &str, password: &str) -> Result<()> {
    let (name, email) = set_up_check(cx, token).await?;
    password::check(password, &email, &name).map_err(|message| Error::field("password", message))?;
    let mut read = cx.read(Reach::System).await?;
    let person = store::set_up_of(read.conn(), &Sha256::digest(token.as_bytes())).await?;
    drop(read);
    super::long_enough(cx, person.ok_or(Error::NotFound)?, password).await?;
    let hash = password::hash(password.to_owned(), cx.random()).await?;
    let mut tx = cx.begin(Reach::System).await?;
    let user =
        store::use_set_up(tx.conn(), &Sha256::digest(token.as_bytes())).await?.ok_or(Error::NotFound)?;
    if !store::first_password(tx.conn(), user, &hash).await? {
        return Err(Error::NotFound);
    }
    tx.commit(AuditEvent::platform("user.set_up", email).after(json!({ "email_verified": true }))).await
}

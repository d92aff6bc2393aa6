//! The account of somebody who signs up for a tenant (R144): who may, by what they prove that it is theirs, and the first
//! password of a new one.
//!
//! Invariants: the mail's link has proven the address before anything here is asked; an account that has a password is
//! used only by whoever knows it or is signed in with it; people of the platform and closed accounts begin no tenant.

use super::sessions::{account_key, address_key, claim, failed};
use super::{long_enough, password, store};
use crate::audit::{self, AuditEvent};
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use model::UserId;
use sqlx::PgConnection;
use std::net::IpAddr;

/// What there is of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applicant {
    /// No account.
    Unknown,
    /// An account that nobody has chosen a password for.
    Invited(UserId),
    /// An account that is in use.
    Known(UserId),
    /// Of the platform, or closed.
    Refused,
}

pub(crate) async fn applicant(connection: &mut PgConnection, email: &str) -> Result<Applicant> {
    store::applicant(connection, email).await
}

/// The hash of a first password.
///
/// # Errors
/// `Invalid` at `password`.
pub(crate) async fn first_hash(
    cx: &Ctx,
    who: Applicant,
    email: &str,
    name: &str,
    password: &str,
) -> Result<String> {
    password::check(password, email, name).map_err(|message| Error::field("password", message))?;
    if let Applicant::Invited(user) = who {
        long_enough(cx, user, password).await?;
    }
    password::hash(password.to_owned(), cx.random()).await
}

/// Whether whoever asks knows the password of this account; guesses count like wrong sign-ins. No session begins.
///
/// # Errors
/// `Invalid` at `password`; `Throttled`.
pub(crate) async fn prove(cx: &Ctx, email: &str, password: &str, address: IpAddr) -> Result<()> {
    if password.is_empty() {
        return Err(Error::field("password", "Your password is needed."));
    }
    let (key, from) = (account_key(email), address_key(address));
    claim(cx, &key, &from).await?;
    let mut read = cx.read(Reach::System).await?;
    let known = store::credentials(read.conn(), email).await?.and_then(|(_, hash)| hash);
    drop(read);
    if !password::verify(password.to_owned(), known).await? {
        failed(cx, &key).await?;
        let event = AuditEvent::platform("signup.confirm", email).reason("the password was wrong");
        audit::record_refused(cx, event).await?;
        return Err(Error::field("password", "That is not the password of your account."));
    }
    let mut tx = cx.begin(Reach::System).await?;
    store::forgive(tx.conn(), &key, &from).await?;
    tx.commit_unaudited("forgiven tries").await
}

/// Makes the account with its first password, or gives it to one that has none; in the caller's transaction (reach
/// `Fleet`), who writes the audit line.
///
/// # Errors
/// `Conflict` where the account is another than it was when the password was looked at.
pub(crate) async fn admit(
    tx: &mut Tx,
    who: Applicant,
    email: &str,
    name: &str,
    hash: &str,
) -> Result<UserId> {
    let now = store::applicant(tx.conn(), email).await?;
    if now != who {
        return Err(changed());
    }
    let user = match who {
        Applicant::Unknown => {
            let id = UserId(tx.cx().new_id());
            match store::insert_user(tx.conn(), id, email, name, None, None).await {
                // Somebody was as quick.
                Err(Error::Invalid(_)) => return Err(changed()),
                other => other?,
            }
            id
        }
        Applicant::Invited(id) => id,
        Applicant::Known(_) | Applicant::Refused => return Err(changed()),
    };
    if !store::first_password(tx.conn(), user, hash).await? {
        return Err(changed());
    }
    Ok(user)
}

/// Said to the owner of the mailbox alone.
pub(crate) fn changed() -> Error {
    Error::Conflict("The account of this address has changed in the meantime. Open the link again.".into())
}

//! Who may sign in to the platform, and the sessions that a person has.

use crate::UserId;
use crate::permission::Role;
use crate::states::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// How an account stands.
    Standing {
        Active = "active", "Active";
        /// It has no password yet: its one-time link was not used.
        Invited = "invited", "Invited";
        Closed = "closed", "Closed";
    }
}

/// Somebody with a role on the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub standing: Standing,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Sessions that are open now.
    pub sessions: i64,
    /// It is the reader.
    pub me: bool,
}

/// A link that lets somebody choose a password. It is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub name: String,
    pub email: String,
    /// The whole address.
    pub link: String,
    /// Days that it is good for.
    pub days: i32,
}

/// A session of the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSession {
    /// Names it in forms; nobody can sign in with it.
    pub key: String,
    pub began_at: DateTime<Utc>,
    /// Exact to a minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends if it is not used, and at the latest.
    pub idle_until: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Where it was begun, and what the browser called itself there; none for sessions older than the record of it.
    pub address: Option<String>,
    pub agent: Option<String>,
    /// It is the one that asks.
    pub current: bool,
}

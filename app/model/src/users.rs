//! Signing in: the input, and what every page knows about the person who looks at it.

use crate::UserId;
use crate::permission::{Actor, Role};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The shortest password that is accepted (ASVS 5.0 asks for 8 and recommends 15).
pub const PASSWORD_MIN: u32 = 12;
/// The longest; longer ones only burn time in the hash.
pub const PASSWORD_MAX: u32 = 128;

/// What every page needs to know about its reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    pub actor: Actor,
}

/// Somebody who belongs to a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Has chosen no password yet.
    pub invited: bool,
    /// The account was closed.
    pub closed: bool,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub since: DateTime<Utc>,
}

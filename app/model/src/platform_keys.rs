//! Keys of the operator's own programs (R139): what a page may know of them. Like a tenant's keys, the secret itself is
//! shown once, at creation, and kept by nobody.

use crate::PlatformKeyId;
use crate::api_keys::tail;
use crate::permission::Role;
use crate::validate::{self, required};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest name of a key, in characters.
pub const NAME_MAX: u32 = crate::api_keys::NAME_MAX;
/// The most living keys.
pub const KEYS_MAX: i64 = 50;
/// The longest life of a key in days (R57).
pub const DAYS_MAX: i32 = 365;
/// The life of a key of which nothing else is said.
pub const DAYS_DEFAULT: i32 = 90;
/// Calls of one key in a quarter of an hour.
pub const CALLS_MAX: i64 = 6_000;
/// The roles that a key may have. An owner says who may get in, which no program does.
pub const ROLES: [Role; 3] = [Role::Operator, Role::Success, Role::Auditor];

/// A key as the list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformKey {
    pub id: PlatformKeyId,
    pub name: String,
    pub role: Role,
    /// The name of whoever made it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl PlatformKey {
    /// Whether its time was over at `now`.
    pub fn expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at <= now
    }

    /// The part of a key that may be shown and logged, to recognise it by.
    pub fn hint(&self) -> String {
        hint(self.id)
    }
}

/// See [`PlatformKey::hint`].
pub fn hint(id: PlatformKeyId) -> String {
    tail(id.0)
}

/// A key that was just made: the only moment at which its text exists.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPlatformKey {
    pub id: PlatformKeyId,
    pub name: String,
    pub role: Role,
    pub text: String,
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for NewPlatformKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPlatformKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// One of the [`ROLES`].
pub fn role(word: &str) -> Result<Role, String> {
    let role: Role = validate::word(word, "The role")?;
    if ROLES.contains(&role) {
        Ok(role)
    } else {
        Err(format!("A key cannot have the role “{}”.", role.label()))
    }
}

/// The life of a key in days; nothing is [`DAYS_DEFAULT`].
pub fn days(text: &str) -> Result<i32, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(DAYS_DEFAULT);
    }
    let days = text.parse::<i32>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    days.ok_or_else(|| format!("A key lives 1 to {DAYS_MAX} days."))
}

/// Why a key is taken out of use.
pub fn reason(text: &str) -> Result<String, String> {
    required(text, "A reason", 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_not_printed() {
        let key = NewPlatformKey {
            id: PlatformKeyId(uuid::Uuid::from_u128(1)),
            name: "n".into(),
            role: Role::Auditor,
            text: "stw_platform_secret".into(),
            expires_at: DateTime::UNIX_EPOCH,
        };
        assert!(!format!("{key:?}").contains("secret"));
    }

    #[test]
    fn a_program_is_no_owner_and_nobodys_member() {
        for ok in ROLES {
            assert_eq!(role(ok.as_str()), Ok(ok));
        }
        for bad in ["owner", "tenant_admin", "tenant_member", "root", ""] {
            assert!(role(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_life_is_a_day_to_a_year() {
        assert_eq!(days(" "), Ok(DAYS_DEFAULT));
        assert_eq!((days(" 1 "), days("365")), (Ok(1), Ok(365)));
        for bad in ["0", "366", "-1", "9.5", "soon", "99999999999"] {
            assert!(days(bad).is_err(), "{bad}");
        }
    }
}

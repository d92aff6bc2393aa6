//! Keys of programs: what a page may know of them. The secret itself is shown once, at creation, and kept by nobody.

use crate::permission::KeyAccess;
use crate::tenants::{Access, PlanId, Status};
use crate::usage::{Limit, LimitMeter};
use crate::{ApiKeyId, TenantId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest name of a key, in characters.
pub const NAME_MAX: u32 = 100;
/// The most living keys of one tenant.
pub const KEYS_MAX: i64 = 50;

/// A key as the list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub access: KeyAccess,
    /// The name of whoever made it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// None: of a time when keys did not end by themselves.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Whether its time was over at `now`.
    pub fn expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// The part of a key that may be shown and logged, to recognise it by.
    pub fn hint(&self) -> String {
        hint(self.id)
    }
}

/// See [`ApiKey::hint`].
pub fn hint(id: ApiKeyId) -> String {
    tail(id.0)
}

/// The end of a key's id: its beginning is the time, which keys of one day have in common.
pub(crate) fn tail(id: uuid::Uuid) -> String {
    let id = id.simple().to_string();
    format!("…{}", &id[id.len() - 8..])
}

/// A key that was just made: the only moment at which its text exists.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub id: ApiKeyId,
    pub name: String,
    pub access: KeyAccess,
    pub text: String,
    pub expires_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// What a program may know of the tenant that its key belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub status: Status,
    /// What the status leaves.
    pub access: Access,
    pub plan: PlanId,
    pub limits: Vec<(LimitMeter, Limit)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_not_printed() {
        let key = NewKey {
            id: ApiKeyId(uuid::Uuid::from_u128(1)),
            name: "n".into(),
            access: KeyAccess::Read,
            text: "stw_live_secret".into(),
            expires_at: None,
        };
        assert!(!format!("{key:?}").contains("secret"));
    }
}

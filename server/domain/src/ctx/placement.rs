//! Where the rows of a tenant's data plane are: in the shared schema, or in one of its own.
//!
//! A tenant never changes its placement, so what this process has once seen stays true; only a schema that was taken
//! away again (a provisioning that was undone) is noticed when its role is not there any more.

use super::store;
use crate::error::Result;
use model::TenantId;
use model::tenants::Placement;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::Mutex;

/// How a transaction of one tenant finds its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    Shared,
    Own,
    /// It is to have a schema of its own, which is not there.
    Nowhere,
}

/// Tenants that are remembered before the memory begins anew: 3 MB.
const MOST: usize = 100_000;

/// What this process has seen.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<TenantId, Placed>>);

impl Cache {
    pub(super) fn get(&self, tenant: TenantId) -> Option<Placed> {
        self.0.lock().ok()?.get(&tenant).copied()
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        if let Ok(mut known) = self.0.lock() {
            known.remove(&tenant);
        }
    }

    /// Asks the database, inside a transaction that has just begun or may change its role.
    pub(super) async fn look(&self, connection: &mut PgConnection, tenant: TenantId) -> Result<Placed> {
        let placed = match store::placement(connection, tenant).await? {
            // Nobody's rows: row level security shows none.
            None => return Ok(Placed::Shared),
            Some((Placement::Pooled, _)) => Placed::Shared,
            Some((Placement::Dedicated, true)) => Placed::Own,
            Some((Placement::Dedicated, false)) => return Ok(Placed::Nowhere),
        };
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(tenant, placed);
        }
        Ok(placed)
    }
}

/// Whether a role that is there was refused. A session that computes its memberships in the moment in which another one
/// grants the role keeps what it computed: the role of a tenant that was just made is refused there, perhaps for long.
/// Another session sees the grant.
pub(super) fn is_refused(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == "42501")
}

/// Whether a role or schema that was to be entered is not there.
pub(super) fn is_gone(error: &sqlx::Error) -> bool {
    // SET ROLE of a role that is not there is an invalid parameter value.
    error
        .as_database_error()
        .and_then(|e| e.code())
        .is_some_and(|code| matches!(&*code, "22023" | "42704" | "3F000"))
}

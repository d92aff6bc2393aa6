//! Lines about the past, for whole histories at once: the demo fleet's, later a restored tenant's. The chains are the
//! same as any other; only the times were given instead of taken.

mod store;

use super::{Entry, GENESIS};
use crate::error::{Error, Result};
use chrono::{DateTime, SubsecRound, Utc};
use model::TenantId;
use serde_json::Value;
use sqlx::PgConnection;

/// One line about something that was done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Past {
    pub tenant: TenantId,
    pub at: DateTime<Utc>,
    /// Nobody: the system.
    pub actor: Option<uuid::Uuid>,
    pub actor_name: String,
    pub action: &'static str,
    pub target: String,
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Past {
    pub(crate) fn system(tenant: TenantId, at: DateTime<Utc>, action: &'static str) -> Self {
        Self {
            tenant,
            at,
            actor: None,
            actor_name: "steward".into(),
            action,
            target: String::new(),
            reason: None,
            before: None,
            after: None,
        }
    }

    pub(crate) fn by(
        tenant: TenantId,
        at: DateTime<Utc>,
        who: uuid::Uuid,
        name: &str,
        action: &'static str,
    ) -> Self {
        Self { actor: Some(who), actor_name: name.into(), ..Self::system(tenant, at, action) }
    }

    pub(crate) fn target(mut self, target: &str) -> Self {
        self.target = target.into();
        self
    }

    pub(crate) fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.into());
        self
    }

    pub(crate) fn before(mut self, value: Value) -> Self {
        self.before = Some(value);
        self
    }

    pub(crate) fn after(mut self, value: Value) -> Self {
        self.after = Some(value);
        self
    }
}

/// Begins chains with these lines: all of a tenant's beside each other, in the order of their times.
///
/// # Errors
/// `Internal` when a tenant has a chain already: history is never written behind a line that exists.
pub(crate) async fn begin_chains(
    connection: &mut PgConnection,
    lines: Vec<Past>,
    request_id: &str,
) -> Result<()> {
    let mut rows = store::Lines::default();
    let mut heads: Vec<(TenantId, i64, Vec<u8>)> = Vec::new();
    for line in lines {
        if heads.last().is_none_or(|(tenant, ..)| *tenant != line.tenant) {
            heads.push((line.tenant, 0, GENESIS.to_vec()));
        }
        let Some((_, seq, hash)) = heads.last_mut() else { continue };
        *seq += 1;
        let entry = Entry {
            tenant_id: line.tenant,
            seq: *seq,
            at: line.at.trunc_subsecs(6),
            actor_kind: if line.actor.is_some() { "user" } else { "system" },
            actor_id: line.actor,
            actor_name: &line.actor_name,
            action: line.action,
            result: "done",
            target: &line.target,
            reason: line.reason.as_deref(),
            before: line.before.as_ref(),
            after: line.after.as_ref(),
            request_id,
        };
        *hash = entry.hash(hash)?;
        rows.push(&entry, hash.clone());
    }
    if store::insert_heads(connection, &heads).await? != heads.len() as u64 {
        return Err(Error::Internal("a tenant of the history has an audit chain already".into()));
    }
    store::insert_lines(connection, &rows).await
}

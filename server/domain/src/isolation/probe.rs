//! The attack probe: does, as the tenant's own serving role, what would get at something foreign, and keeps what came of
//! it as evidence (R127). Every attempt is a transaction of its own that is never committed.
//!
//! Invariants: a positive control shows that the role sees its own rows, so that a probe that sees nothing at all does not
//! pass; what is expected is an exact SQLSTATE or number of rows, not "some error".

use super::store;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::permission::{Permission, Scope};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why it was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Provisioning,
    Schedule,
    Request,
}

impl Trigger {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Schedule => "schedule",
            Self::Request => "request",
        }
    }
}

/// One attempt and what came of it: `rows N` or a SQLSTATE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub name: String,
    pub expected: String,
    pub actual: String,
    pub passed: bool,
}

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub id: Uuid,
    pub tenant: TenantId,
    pub slug: String,
    pub placement: model::tenants::Placement,
    pub passed: i16,
    pub failed: i16,
    pub attempts: Vec<Attempt>,
}

impl Evidence {
    /// What did not come out as it must, in a sentence.
    pub fn problems(&self) -> Option<String> {
        let wrong: Vec<_> = self
            .attempts
            .iter()
            .filter(|attempt| !attempt.passed)
            .map(|a| format!("{}: expected {}, got {}", a.name, a.expected, a.actual))
            .collect();
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }
}

/// Runs the probe for one tenant and keeps the evidence. About 35 attempts, 50 ms.
pub async fn probe(cx: &Ctx, tenant: TenantId, trigger: Trigger) -> Result<Evidence> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let target = store::target(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    drop(read);
    let mut attempts = Vec::new();
    for each in store::tries(tenant, &target) {
        let mut tx = cx.begin(each.reach).await?;
        let actual = store::attempt(tx.conn(), &each).await?;
        let passed = actual == each.expected;
        attempts.push(Attempt { name: each.name.to_owned(), expected: each.expected, actual, passed });
    }
    attempts.push(follows(cx, tenant, &target).await?);
    let count = |passed: bool| {
        i16::try_from(attempts.iter().filter(|a| a.passed == passed).count()).unwrap_or(i16::MAX)
    };
    let evidence = Evidence {
        id: cx.new_id(),
        tenant,
        slug: target.slug,
        placement: target.placement,
        passed: count(true),
        failed: count(false),
        attempts,
    };
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::keep(tx.conn(), &evidence, trigger).await?;
    tx.commit_unaudited("evidence has rows of its own").await?;
    if let Some(problems) = evidence.problems() {
        tracing::error!(%tenant, problems, "the isolation of a tenant is not proven");
    }
    Ok(evidence)
}

/// The same connection for another tenant afterwards: the second sees nothing of the first.
async fn follows(cx: &Ctx, tenant: TenantId, target: &store::Target) -> Result<Attempt> {
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    let own = store::visible(tx.conn()).await?;
    tx.switch(Reach::Tenant(target.other)).await?;
    let then = store::visible(tx.conn()).await?;
    let actual = format!("{} then {}", own == [tenant.0], then.contains(&tenant.0));
    let expected = "true then false".to_owned();
    let name = "another tenant on the same connection".to_owned();
    Ok(Attempt { passed: actual == expected, name, expected, actual })
}

//! The attack probe: does, as the tenant's own serving role, what would get at something foreign, and keeps what came of
//! it as evidence (R127). Every attempt is a transaction of its own that is never committed.
//!
//! Invariants: a positive control shows that the role sees its own rows, so that a probe that sees nothing at all does not
//! pass; what is expected is an exact SQLSTATE or number of rows, not "some error".

use super::store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::isolation::{Attempt, Trigger, refusal};
use model::permission::{Permission, Scope};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// The evidence of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub id: Uuid,
    pub tenant: TenantId,
    pub slug: String,
    pub placement: model::tenants::Placement,
    pub passed: i16,
    pub failed: i16,
    /// Milliseconds.
    pub took_ms: i32,
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

/// Runs the probe for one tenant and keeps the evidence. About 50 attempts, 100 ms.
pub async fn probe(cx: &Ctx, tenant: TenantId, trigger: Trigger) -> Result<Evidence> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let target = find(cx, tenant).await?;
    let evidence = attack(cx, tenant, target).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::keep(tx.conn(), &evidence, trigger).await?;
    tx.commit_unaudited("evidence has rows of its own").await?;
    Ok(evidence)
}

/// The same because somebody asked for it on the tenant's page: who did stands in its audit log.
///
/// # Errors
/// `Conflict` where the tenant is not in service: there is nobody to be isolated, or its data is on the way out.
pub async fn verify(cx: &Ctx, tenant: TenantId) -> Result<Evidence> {
    cx.require(Permission::AuditFleet, Scope::Tenant(tenant)).await?;
    let target = find(cx, tenant).await?;
    if let Some(why) = refusal(target.status) {
        return Err(Error::Conflict(why));
    }
    let evidence = attack(cx, tenant, target).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    store::keep(tx.conn(), &evidence, Trigger::Request).await?;
    let kept = json!({ "run": evidence.id, "passed": evidence.passed, "failed": evidence.failed });
    tx.commit(AuditEvent::on(tenant, "isolation.verify", evidence.slug.as_str()).after(kept)).await?;
    Ok(evidence)
}

async fn find(cx: &Ctx, tenant: TenantId) -> Result<store::Target> {
    let mut read = cx.read(Reach::Fleet).await?;
    store::target(read.conn(), tenant).await?.ok_or(Error::NotFound)
}

async fn attack(cx: &Ctx, tenant: TenantId, target: store::Target) -> Result<Evidence> {
    let begun = cx.now();
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
        took_ms: i32::try_from((cx.now() - begun).num_milliseconds()).unwrap_or(i32::MAX),
        attempts,
    };
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

//! What a tenant’s page shows above every section and in its first, and what people see before they decide.

use crate::checklists;
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use crate::operations;
use crate::tenants::store::lifecycle as store;
use model::TenantId;
use model::checklists::ListKey;
use model::lifecycle::{Grace, Impact, Overview};
use model::permission::{Permission, Scope};
use model::tenants::{OffboardingReason, Status, TenantHead};

/// How many audit lines an overview shows.
const CHANGES: i64 = 8;

/// The tenant of a page's address, with what stands above every section of its page.
pub async fn head(cx: &Ctx, slug: &str) -> Result<TenantHead> {
    let mut tenant = crate::tenants::by_slug(cx, slug).await?;
    let mut read = cx.read(Reach::Tenant(tenant.id)).await?;
    let onboarding = store::onboarding_progress(read.conn(), tenant.id).await?;
    let moved = match tenant.status {
        Status::Suspended | Status::Offboarding => {
            store::moved_by(read.conn(), tenant.id, tenant.status_since).await?
        }
        _ => None,
    };
    let earlier = store::score_before(read.conn(), tenant.id, 30).await?;
    let operation = operations::under_way(read.conn(), tenant.id, !cx.actor().is_platform()).await?;
    drop(read);
    if let (Some(owner), None, true) = (tenant.owner, &tenant.owner_name, cx.actor().is_platform()) {
        let mut read = cx.read(Reach::System).await?;
        tenant.owner_name = store::user_name(read.conn(), owner).await?;
    }
    let score_change = tenant.health_score.zip(earlier).map(|(now, then)| now - then);
    let by_rule = moved.as_ref().map(|mover| mover.by_rule);
    let status_by = moved.map(|mover| mover.name);
    let (viewer, now) = (cx.actor().clone(), cx.now());
    Ok(TenantHead { viewer, onboarding, status_by, by_rule, score_change, operation, now, tenant })
}

/// The first section of a tenant's page; what the viewer may not see is left out.
pub async fn overview(cx: &Ctx, slug: &str) -> Result<Overview> {
    let head = head(cx, slug).await?;
    let id = head.tenant.id;
    let may = |permission| cx.actor().allows(permission, Scope::Tenant(id));
    let onboarding = if may(Permission::ChecklistRead) {
        checklists::get(cx, id, ListKey::Onboarding).await?
    } else {
        None
    };
    let changes =
        if may(Permission::AuditRead) { Some(crate::audit::recent(cx, id, CHANGES).await?) } else { None };
    let mut read = cx.read(Reach::Tenant(id)).await?;
    let usage =
        if may(Permission::UsageRead) { Some(store::usage_sums(read.conn(), id, 30).await?) } else { None };
    let tasks =
        if may(Permission::TaskRead) { Some(store::task_counts(read.conn(), id).await?) } else { None };
    Ok(Overview { head, onboarding, usage, tasks, changes })
}

/// What a move would touch, counted now.
pub async fn impact(cx: &Ctx, id: TenantId) -> Result<Impact> {
    cx.require(Permission::TenantSuspend, Scope::Tenant(id)).await?;
    let mut read = cx.read(Reach::Within(id)).await?;
    store::impact(read.conn(), id).await
}

/// What each trigger of an offboarding would leave, if it began now.
pub async fn graces(cx: &Ctx, id: TenantId) -> Result<Vec<Grace>> {
    cx.require(Permission::TenantOffboard, Scope::Tenant(id)).await?;
    let now = cx.now();
    let grace = |reason: OffboardingReason| {
        let days = reason.grace_days();
        Grace { reason, days, ends_at: now + chrono::TimeDelta::days(days) }
    };
    Ok(OffboardingReason::ALL.iter().copied().map(grace).collect())
}

//! The moves of a tenant's life (R2, R3, R77, R79, R81, R103): suspend, reinstate, change plan, start and cancel offboarding.

use super::store::lifecycle as store;
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use model::tenants::{Status, TenantHead};

/// The tenant of a page's address, with what stands above every section of its page.
pub async fn head(cx: &Ctx, slug: &str) -> Result<TenantHead> {
    let mut tenant = super::by_slug(cx, slug).await?;
    let mut read = cx.read(Reach::Tenant(tenant.id)).await?;
    let onboarding = store::onboarding_progress(read.conn(), tenant.id).await?;
    let status_by = match tenant.status {
        Status::Suspended | Status::Offboarding => {
            store::moved_by(read.conn(), tenant.id, tenant.status_since).await?
        }
        _ => None,
    };
    let earlier = store::score_before(read.conn(), tenant.id, 30).await?;
    drop(read);
    if let (Some(owner), None, true) = (tenant.owner, &tenant.owner_name, cx.actor().is_platform()) {
        let mut read = cx.read(Reach::System).await?;
        tenant.owner_name = store::user_name(read.conn(), owner).await?;
    }
    let score_change = tenant.health_score.zip(earlier).map(|(now, then)| now - then);
    Ok(TenantHead { viewer: cx.actor().clone(), onboarding, status_by, score_change, now: cx.now(), tenant })
}

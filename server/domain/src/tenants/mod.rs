//! Tenants: the directory, the drafts that become provisioning, the import of fleets that exist elsewhere, and the moves
//! of a tenant's life. The table of legal moves is `model::tenants`.

mod cache;
pub(crate) mod conversion;
mod create;
mod details;
mod drafts;
mod export;
mod import;
mod lifecycle;
mod list;
mod many;
pub(crate) mod moves;
pub(crate) mod relabel;
pub(crate) mod rescope;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use cache::Cache;
pub(crate) use create::check;
pub use create::offered_trial;
#[cfg(any(test, feature = "testing"))]
pub(crate) use create::put;
pub(crate) use details::{Relabel, owner, owners, prepare_details};
pub use details::{change_details, details, set_billing_reference};
pub use drafts::{begin_draft, discard_draft, draft, drafts, save_draft, submit_draft, sweep_drafts};
pub use export::{Export, export};
pub use import::{apply_import, get_import, may_create, stage_import};
pub use lifecycle::{
    AskForPlan, ChangeScope, Offboard, Suspend, ask_for_plan, cancel_offboarding, cancel_plan_change,
    change_plan, change_scope, convert_trial, end_grace, extend_trial, go_live, graces, head, impact,
    move_plan_change, overview, plan_offer, plan_schedule, plan_schedules, reinstate, schedule_plan_change,
    set_contacts, start_offboarding, suspend, trial_head, withdraw_plan_request,
};
pub(crate) use lifecycle::{settle_milestones, tell_decision};
pub(crate) use list::listing;
pub use list::{LISTED_MAX, directory, listed, search_quick};
pub(crate) use many::{Move, ids_matching, ids_of_slugs, prepare};

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::permission::{Permission, Scope};
use model::tenants::Tenant;

/// The name of the tenant of an address, for the frame around its pages; `None` where there is none, or none that the
/// actor may know of. Asking is no attempt: the page itself refuses.
pub async fn name_of(cx: &Ctx, slug: &str) -> Result<Option<String>> {
    let mut read = cx.read(Reach::System).await?;
    let found = store::name_of_slug(read.conn(), slug).await?;
    let may = |(id, name)| cx.actor().allows(Permission::TenantRead, Scope::Tenant(id)).then_some(name);
    Ok(found.and_then(may))
}

/// The slug of a tenant that is known by its id only, for those who look after all of them; `None` where there is none.
pub async fn slug_of(cx: &Ctx, id: TenantId) -> Result<Option<String>> {
    cx.require(Permission::AuditFleet, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    match store::get(read.conn(), id).await {
        Ok(tenant) => Ok(Some(tenant.slug)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The place of a page that is the same for a tenant and for the platform (the reserved slug `platform`): the tenant, or
/// none. Whether the actor may do something there is asked by the service that follows.
///
/// # Errors
/// As [`by_slug`].
pub async fn place(cx: &Ctx, slug: &str) -> Result<Option<TenantId>> {
    if slug == model::audit::PLATFORM { Ok(None) } else { Ok(Some(by_slug(cx, slug).await?.id)) }
}

/// The tenant of a page's address.
///
/// # Errors
/// `NotFound` where there is none, and where the actor may not know of it.
pub async fn by_slug(cx: &Ctx, slug: &str) -> Result<Tenant> {
    let mut read = cx.read(Reach::System).await?;
    let id = store::id_of_slug(read.conn(), slug).await?.ok_or(Error::NotFound)?;
    drop(read);
    cx.require(Permission::TenantRead, Scope::Tenant(id)).await?;
    let mut read = cx.read(Reach::Tenant(id)).await?;
    let mut tenant = store::get(read.conn(), id).await?;
    if !cx.actor().is_platform() {
        // What operators tell each other about a tenant is not for the tenant.
        tenant.status_note = None;
    }
    Ok(tenant)
}

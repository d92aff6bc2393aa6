//! Settings (R19, R20, R49–R59): reading the cascade, and changing what the platform or one tenant says.
//!
//! Invariants: what holds is `model::settings::resolve` over [`levels`], for the page, the API and whatever obeys a
//! setting; a locked setting cannot be changed below its lock; reverting deletes the row, so that inheritance is
//! restored and not its value copied; every change has a reason and its line with before and after.

mod change;
mod held;
mod store;
#[cfg(test)]
mod tests;

pub use change::{revert, revert_platform, set, set_platform};
pub(crate) use held::{Cache, effective, is_on, least, of_many, of_new, strictest};
pub(crate) use store::levels;

use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use model::TenantId;
use model::permission::{Permission, Scope};
use model::settings::{
    Entry, Key, PlatformSetting, PlatformSettings, TenantSetting, TenantSettings, resolve,
};

/// Every setting of a tenant, with what each level says.
pub async fn of_tenant(cx: &Ctx, tenant: TenantId) -> Result<TenantSettings> {
    cx.require(Permission::SettingRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let mut own = store::own(read.conn(), tenant).await?;
    drop(read);
    // Parents' and the template's part of the cascade is read as the system: a tenant does not see their rows.
    let mut read = cx.read(Reach::System).await?;
    let levels = store::levels(read.conn(), tenant).await?;
    let children = store::children(read.conn(), tenant).await?;
    let settings = Key::ALL
        .iter()
        .map(|key| TenantSetting {
            key: *key,
            effective: resolve(*key, &of_key(&levels, *key)),
            own: own.iter().position(|(of, _)| of == key).map(|at| own.swap_remove(at).1),
        })
        .collect();
    Ok(TenantSettings {
        settings,
        may_write: cx.actor().allows(Permission::SettingWrite, Scope::Tenant(tenant)),
        operator: cx.actor().allows(Permission::SettingOperate, Scope::Tenant(tenant)),
        children,
    })
}

/// Every setting with what the platform says.
pub async fn of_platform(cx: &Ctx) -> Result<PlatformSettings> {
    cx.require(Permission::SettingPlatformRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let mut own = store::platform(read.conn()).await?;
    let overridden = store::overridden(read.conn()).await?;
    let settings = Key::ALL
        .iter()
        .map(|key| PlatformSetting {
            key: *key,
            own: own.iter().position(|(of, _)| of == key).map(|at| own.swap_remove(at).1),
            overridden: overridden.iter().find(|(of, _)| of == key).map_or(0, |(_, count)| *count),
        })
        .collect();
    Ok(PlatformSettings {
        settings,
        may_write: cx.actor().allows(Permission::SettingPlatform, Scope::Platform),
    })
}

/// The entries of one key.
pub(crate) fn of_key(levels: &[(Key, Entry)], key: Key) -> Vec<Entry> {
    levels.iter().filter(|(of, _)| *of == key).map(|(_, entry)| entry.clone()).collect()
}

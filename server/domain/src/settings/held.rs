//! What holds, for code that obeys a setting: as the database says it, or as this process read it within the last
//! second. Code that obeys asks on every request, and the answer is nearly always the same.

use super::{of_key, store};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use model::settings::{Effective, Entry, Key, Level, Value, resolve};
use model::templates::Bundle;
use model::{TenantId, UserId};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So long another process’s change may go unnoticed.
const AGE: Duration = Duration::from_secs(1);
/// Tenants that are kept; beyond that all are forgotten.
const KEPT: usize = 5_000;

type Levels = Arc<Vec<(Key, Entry)>>;

/// What this process has read lately.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    known: Mutex<HashMap<TenantId, (Instant, Levels)>>,
}

impl Cache {
    /// Something was written: nobody in this process acts on the old answer.
    pub(crate) fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn get(&self, tenant: TenantId) -> Option<Levels> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&tenant).filter(|(at, _)| at.elapsed() < AGE).map(|(_, levels)| levels.clone())
    }

    fn put(&self, tenant: TenantId, levels: Levels) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(tenant, (Instant::now(), levels));
    }
}

/// What holds for a tenant of one setting, and why. No permission: nothing of it is shown.
pub(crate) async fn effective(cx: &Ctx, tenant: TenantId, key: Key) -> Result<Effective> {
    let cache = cx.services().settings();
    let levels = match cache.get(tenant) {
        Some(levels) => levels,
        None => {
            let mut read = cx.read(Reach::System).await?;
            let levels = Arc::new(store::levels(read.conn(), tenant).await?);
            cache.put(tenant, levels.clone());
            levels
        }
    };
    Ok(resolve(key, &of_key(&levels, key)))
}

/// Whether a switch is on for a tenant.
pub(crate) async fn is_on(cx: &Ctx, tenant: TenantId, key: Key) -> Result<bool> {
    Ok(effective(cx, tenant, key).await?.value == Value::Switch(true))
}

/// What holds for a tenant that is only about to be: what the platform says, and the template that it is made from.
pub(crate) async fn of_new(
    connection: &mut PgConnection,
    key: Key,
    template: Option<&Bundle>,
) -> Result<Value> {
    let platform = store::platform(connection).await?.into_iter().filter(|(of, _)| *of == key);
    let mut said: Vec<Entry> = platform
        .map(|(_, own)| Entry { level: Level::Platform, value: own.value, locked: own.locked })
        .collect();
    said.extend(template.and_then(|bundle| bundle.setting(key)).map(|setting| Entry {
        level: Level::Template(String::new(), 0),
        value: setting.value.clone(),
        locked: setting.locked,
    }));
    Ok(resolve(key, &said).value)
}

/// What holds for each of these tenants, in the order of `keys`. Inside a transaction that may look across tenants.
pub(crate) async fn of_many(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    keys: &[Key],
) -> Result<Vec<(TenantId, Vec<Value>)>> {
    let levels = store::levels_of_many(connection, tenants, keys).await?;
    let holds = |tenant: &TenantId| {
        let said = levels.get(tenant).map(Vec::as_slice).unwrap_or_default();
        keys.iter().map(|key| resolve(*key, &of_key(said, *key)).value).collect()
    };
    Ok(tenants.iter().map(|tenant| (*tenant, holds(tenant))).collect())
}

/// The largest number that any tenant of a person asks for; nothing where they belong to none.
pub(crate) async fn strictest(cx: &Ctx, user: UserId, key: Key) -> Result<Option<i64>> {
    let mut read = cx.read(Reach::System).await?;
    let mut most = None;
    for tenant in store::tenants_of(read.conn(), user).await? {
        let levels = store::levels(read.conn(), tenant).await?;
        most = most.max(resolve(key, &of_key(&levels, key)).value.as_number());
    }
    Ok(most)
}

/// The least that any of these tenants says of each of two settings; nothing where there are none. Inside a transaction
/// that may look across tenants.
pub(crate) async fn least(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    keys: [Key; 2],
) -> Result<[Option<i64>; 2]> {
    let mut out = [None, None];
    for tenant in tenants {
        let levels = store::levels(connection, *tenant).await?;
        for (least, key) in out.iter_mut().zip(keys) {
            let said = resolve(key, &of_key(&levels, key)).value.as_number();
            *least = [*least, said].into_iter().flatten().min();
        }
    }
    Ok(out)
}

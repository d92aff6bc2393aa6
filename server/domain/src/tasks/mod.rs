//! AI tasks of a tenant (R34–R39): what there is, what is enabled, what is overridden, and what therefore runs.
//!
//! Invariants: no activation row means disabled; a published version never changes; publishing never touches an
//! override; reverting restores inheritance and copies no value. What runs is `model::tasks::resolve`, the same pure
//! code that the page explains itself with. Start reading there; then `change` here for the rules of writing.

mod change;
mod compare;
mod publish;
mod resolve;
mod store;
#[cfg(test)]
mod tests;

pub use change::{Switched, disable, enable, keep_override, revert, set_override};
pub use compare::compare;
pub use publish::{NewVersion, publish_version};
pub(crate) use resolve::published_for_smoke;
pub use resolve::{EnabledTask, effective_for_pipeline};

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::fields::WritingTask;
use model::page::Total;
use model::permission::{Permission, Scope, Verdict};
use model::tasks::{Abilities, Ability, RunFacts, TaskDetail, TaskList, TenantTask, resolve as resolve_task};
use model::tenants::{Access, Status};
use model::work::Work;
use sqlx::PgConnection;

/// Runs that a task's page lists.
const RUNS_SHOWN: i64 = 10;

/// Every task as this tenant has it, with what became of it in the last 30 days.
pub async fn list_for_tenant(cx: &Ctx, tenant: TenantId) -> Result<TaskList> {
    cx.require(Permission::TaskRead, Scope::Tenant(tenant)).await?;
    let own = own_allowed(cx, tenant).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let status = store::status(read.conn(), tenant).await?;
    let rows = store::of_tenant(read.conn(), tenant, None).await?;
    let mut facts = store::run_facts(read.conn(), tenant).await?;
    let tasks = rows
        .into_iter()
        .map(|row| {
            let facts = facts.remove(&row.id).unwrap_or_else(no_runs);
            tenant_task(row, facts)
        })
        .collect();
    Ok(TaskList { tasks, abilities: abilities(cx, tenant, status, own) })
}

/// One task with its newest runs and the version that its override was made on.
///
/// # Errors
/// `NotFound` for a key that no task has.
pub async fn get(cx: &Ctx, tenant: TenantId, key: &str) -> Result<TaskDetail> {
    cx.require(Permission::TaskRead, Scope::Tenant(tenant)).await?;
    let own = own_allowed(cx, tenant).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let status = store::status(read.conn(), tenant).await?;
    let row = store::of_tenant(read.conn(), tenant, Some(key)).await?.pop().ok_or(Error::NotFound)?;
    let facts = store::run_facts(read.conn(), tenant).await?.remove(&row.id).unwrap_or_else(no_runs);
    let runs = store::runs(read.conn(), tenant, row.id, RUNS_SHOWN).await?;
    let item = tenant_task(row, facts);
    let base = match &item.overriding {
        Some(o) if o.base_version != item.published.version => {
            store::version(read.conn(), item.task.id, o.base_version).await?
        }
        _ => None,
    };
    Ok(TaskDetail { item, base, runs, abilities: abilities(cx, tenant, status, own) })
}

/// The tasks that write fields, by the field's key.
pub(crate) async fn writers(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<(String, WritingTask)>> {
    let rows = store::of_tenant(connection, tenant, None).await?;
    let writers = rows.into_iter().map(store::Row::into_parts).flat_map(|parts| {
        let task =
            WritingTask { key: parts.task.key, name: parts.task.name, enabled: parts.activation.enabled };
        parts.published.outputs.into_iter().map(move |output| (output.field, task.clone()))
    });
    Ok(writers.collect())
}

fn tenant_task(row: store::Row, facts: RunFacts) -> TenantTask {
    let parts = row.into_parts();
    TenantTask {
        effective: resolve_task(&parts.published, parts.overriding.as_ref()),
        task: parts.task,
        published: parts.published,
        activation: parts.activation,
        overriding: parts.overriding,
        facts,
    }
}

const fn no_runs() -> RunFacts {
    RunFacts { runs: Total::Exact(0), counted: 0, failed: 0, skipped: 0, last_at: None, last_failed: false }
}

/// What the page offers; the functions of `change` refuse by the same rules.
fn abilities(cx: &Ctx, tenant: TenantId, status: Status, own: bool) -> Abilities {
    let ability = |permission| match cx.actor().may(permission, Scope::Tenant(tenant)) {
        Verdict::Allowed => Work::Configure.check(status).map_or_else(Ability::NotNow, |()| Ability::Yes),
        Verdict::Suspended(Access::ReadOnly) => {
            Ability::NotNow("Your organisation’s access is read-only at the moment.".into())
        }
        Verdict::Suspended(_) | Verdict::Forbidden | Verdict::Hidden | Verdict::SignIn => Ability::Never,
    };
    let change = match ability(Permission::TaskOverride) {
        Ability::Yes if !own => Ability::NotNow(OWN_OFF.into()),
        other => other,
    };
    Abilities { enable: ability(Permission::TaskEnable), change }
}

/// Why a tenant's administrators cannot override anything.
const OWN_OFF: &str = "Own prompts and filters are switched off by this tenant’s settings.";

/// Whether whoever acts may override: operators always, a tenant's people unless a setting says no (R54).
async fn own_allowed(cx: &Ctx, tenant: TenantId) -> Result<bool> {
    Ok(cx.actor().is_platform()
        || crate::settings::is_on(cx, tenant, model::settings::Key::TaskOverrides).await?)
}

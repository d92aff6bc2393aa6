//! Plans and their limits (R64), and whether what a tenant uses fits another plan (R3).
//!
//! What a plan allows a tenant is its limits with the tenant's own and its template's quotas over them ([`crate::limits`]);
//! those stay with it wherever it goes.
//!
//! Stocks (people, storage) refuse a plan that is too small; a rate (API calls) only warns, because the limit itself
//! will hold it down. Nothing counts projects yet.

mod store;
#[cfg(test)]
mod tests;

use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::TenantId;
use model::limits::Effective;
use model::permission::{Permission, Scope};
use model::plans::{LimitChange, Plan, PlanPreview};
use model::tenants::PlanId;
use model::usage::LimitMeter;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// Every plan, the smallest first.
pub async fn list(cx: &Ctx) -> Result<Vec<Plan>> {
    cx.require(Permission::TenantList, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::plans(read.conn()).await
}

/// One plan. No permission: whoever asks has it.
pub(crate) async fn one(connection: &mut PgConnection, id: PlanId) -> Result<Option<Plan>> {
    Ok(store::plans(connection).await?.into_iter().find(|plan| plan.id == id))
}

/// The limits of a tenant's plan with what it uses of them.
pub async fn limits(cx: &Ctx, tenant: TenantId) -> Result<Vec<LimitChange>> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let plan = store::plan_of(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    Ok(preview_on(read.conn(), tenant, plan, plan).await?.limits)
}

/// What a plan change would mean.
pub async fn preview(cx: &Ctx, tenant: TenantId, to: PlanId) -> Result<PlanPreview> {
    cx.require(Permission::TenantPlan, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let from = store::plan_of(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    preview_on(read.conn(), tenant, from, to).await
}

/// Every plan, and what moving to one of them would mean; none where it is the tenant's own, or none was chosen.
pub(crate) async fn offer_on(
    connection: &mut PgConnection,
    tenant: TenantId,
    to: Option<PlanId>,
) -> Result<(Vec<Plan>, Option<PlanPreview>)> {
    let from = store::plan_of(&mut *connection, tenant).await?.ok_or(Error::NotFound)?;
    let plans = store::plans(&mut *connection).await?;
    let preview = match to.filter(|to| *to != from) {
        Some(to) => Some(preview_on(connection, tenant, from, to).await?),
        None => None,
    };
    Ok((plans, preview))
}

/// Why each of these tenants, by the plan it is on, cannot move to a plan; nothing where it can. As [`preview`] says it.
pub(crate) async fn refusals(
    connection: &mut PgConnection,
    tenants: &[(TenantId, PlanId)],
    to: PlanId,
) -> Result<Vec<Vec<String>>> {
    let plans = store::plans(&mut *connection).await?;
    let of = |id: PlanId| plans.iter().find(|plan| plan.id == id).cloned();
    let to = of(to).ok_or_else(|| Error::Internal("a plan without a row".into()))?;
    let ids: Vec<TenantId> = tenants.iter().map(|(tenant, _)| *tenant).collect();
    let used = store::used_by(&mut *connection, &ids).await?;
    let wanted: Vec<(TenantId, PlanId)> = ids.iter().map(|tenant| (*tenant, to.id)).collect();
    let there = by_tenant(store::effective(connection, &wanted).await?);
    let refusals = tenants.iter().map(|(tenant, from)| {
        let from = of(*from).unwrap_or_else(|| to.clone());
        let (used, there) = (used.get(tenant), of_one(&there, *tenant));
        // Where it comes from decides nothing about whether it fits there.
        PlanPreview::of_tenant(from, to.clone(), there, there, |meter| used.and_then(|used| used.of(meter)))
            .refusals()
    });
    Ok(refusals.collect())
}

/// Why tenants would not fit these plans with what they use now, in the order of `wanted`; empty where they would.
pub(crate) async fn refusals_on(
    connection: &mut PgConnection,
    wanted: &[(TenantId, PlanId)],
) -> Result<Vec<Vec<String>>> {
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let plans = store::plans(&mut *connection).await?;
    let tenants: Vec<TenantId> = wanted.iter().map(|(tenant, _)| *tenant).collect();
    let used = store::used_by(&mut *connection, &tenants).await?;
    let there = by_tenant(store::effective(connection, wanted).await?);
    let refusals = wanted.iter().map(|(tenant, to)| {
        let plan = plans.iter().find(|plan| plan.id == *to)?;
        let (used, there) = (used.get(tenant)?, of_one(&there, *tenant));
        let preview =
            PlanPreview::of_tenant(plan.clone(), plan.clone(), there, there, |meter| used.of(meter));
        Some(preview.refusals())
    });
    Ok(refusals.map(Option::unwrap_or_default).collect())
}

/// The same inside a transaction that holds the tenant's row.
pub(crate) async fn preview_on(
    connection: &mut PgConnection,
    tenant: TenantId,
    from: PlanId,
    to: PlanId,
) -> Result<PlanPreview> {
    let plans = store::plans(&mut *connection).await?;
    let of = |id: PlanId| plans.iter().find(|plan| plan.id == id).cloned();
    let (Some(from), Some(to)) = (of(from), of(to)) else {
        return Err(Error::Internal("a plan without a row".into()));
    };
    let used = store::used(&mut *connection, tenant).await?;
    let here = effective_on(&mut *connection, tenant, from.id).await?;
    let there = effective_on(connection, tenant, to.id).await?;
    Ok(PlanPreview::of_tenant(from, to, &here, &there, |meter| used.of(meter)))
}

/// What a tenant uses now of what is limited, where it is counted. No permission: whoever asks has it.
pub(crate) async fn used_on(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<BTreeMap<LimitMeter, i64>> {
    let used = store::used(connection, tenant).await?;
    Ok(LimitMeter::ALL.iter().filter_map(|meter| Some((*meter, used.of(*meter)?))).collect())
}

/// What a tenant may use on a plan. No permission: whoever asks has it.
pub(crate) async fn effective_on(
    connection: &mut PgConnection,
    tenant: TenantId,
    plan: PlanId,
) -> Result<Vec<Effective>> {
    let lines = store::effective(connection, &[(tenant, plan)]).await?;
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn by_tenant(lines: Vec<(TenantId, Effective)>) -> HashMap<TenantId, Vec<Effective>> {
    let mut out: HashMap<TenantId, Vec<Effective>> = HashMap::new();
    for (tenant, line) in lines {
        out.entry(tenant).or_default().push(line);
    }
    out
}

fn of_one(lines: &HashMap<TenantId, Vec<Effective>>, tenant: TenantId) -> &[Effective] {
    lines.get(&tenant).map(Vec::as_slice).unwrap_or_default()
}

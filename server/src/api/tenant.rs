//! The handler of the key's own tenant.

use super::Call;
use super::problem::{Problem, Reading};
use super::schema::{CallWindow, MeterUsage, PlanLimit, TenantStanding};
use axum::Json;
use domain::{api_keys, usage};
use model::usage::{Limit, LimitMeter};

/// Status, plan, limits and usage of the key’s own tenant.
#[utoipa::path(
    get, path = "/tenant", operation_id = "getTenant", tag = "tenant",
    responses(
        (status = 200, description = "The tenant", body = TenantStanding),
        Reading,
    )
)]
pub async fn get(call: Call) -> Result<Json<TenantStanding>, Problem> {
    let tenant = call.caller.tenant;
    let standing = api_keys::standing(call.cx(), tenant).await.map_err(|error| call.problem(error))?;
    let usage = usage::series(call.cx(), tenant, 30).await.map_err(|error| call.problem(error))?;
    let meters = usage.series.iter().map(|series| MeterUsage {
        meter: series.meter.as_str(),
        unit: series.meter.unit(),
        today: series.days.last().copied().unwrap_or_default(),
        last_30_days: series.total(),
    });
    Ok(Json(TenantStanding {
        id: standing.id.0,
        slug: standing.slug,
        name: standing.name,
        status: standing.status.as_str(),
        access: standing.access.as_str(),
        plan: standing.plan.as_str(),
        limits: standing.limits.into_iter().map(plan_limit).collect(),
        usage: meters.collect(),
        api_calls: CallWindow { used: call.window.used, resets_in: call.window.resets_in },
    }))
}

fn plan_limit((meter, limit): (LimitMeter, Limit)) -> PlanLimit {
    let (kind, value) = match limit {
        Limit::Number(value) => ("number", Some(value)),
        Limit::Unlimited => ("unlimited", None),
        Limit::Custom => ("custom", None),
    };
    PlanLimit { meter: meter.as_str(), kind, value }
}

//! Server functions of plan changes on a day of their own.

use crate::error::AppError;
use leptos::prelude::*;
use model::page::Page;
use model::schedules::{PlanSchedule, ScheduledChange};

/// The plan change of a tenant that is to come, or that failed on its day.
#[server]
pub async fn get_plan_schedule(slug: String) -> Result<Option<PlanSchedule>, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::tenants::plan_schedule(&cx, tenant).await?)
}

/// Every plan change that is to come; `query` is the one of the page's address.
#[server]
pub async fn get_plan_changes(#[server(default)] query: String) -> Result<Page<ScheduledChange>, AppError> {
    let cursor = model::directory::Cursor::of(&model::url::decode(&query));
    Ok(domain::tenants::plan_schedules(&crate::server::ctx()?, &cursor).await?)
}

/// A plan change at a later time (RFC 3339, a day, or `+30` for so many days from today); whether it fits is decided then.
#[server]
pub async fn schedule_plan_change(
    slug: String,
    #[server(default)] plan: String,
    #[server(default)] at: String,
    #[server(default)] why: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let wrong = |field: &str, why: &str| AppError::Invalid(model::validate::FieldErrors::one(field, why));
    let plan: model::tenants::PlanId = plan.parse().map_err(|_| wrong("plan", "Choose a plan."))?;
    let at = crate::server::moment_ahead(&at, cx.now());
    let at = at.ok_or_else(|| wrong("at", "A day like 2027-01-31."))?;
    let done = domain::tenants::schedule_plan_change(&cx, tenant.id, plan, &why, at).await;
    let asked = done.map_err(|error| AppError::from(error).renamed("note", "why"))?;
    let day = at.format("%-d %b %Y");
    let text = match asked.state {
        model::operations::State::Requested => {
            format!(
                "Asked for. Once a second person has approved it, {} moves to {} on {day}.",
                tenant.name,
                plan.label()
            )
        }
        _ => format!("{} moves to {} on {day}.", tenant.name, plan.label()),
    };
    crate::server::flash("success", text);
    leptos_axum::redirect(&crate::paths::tenant(&slug, "plan"));
    Ok(())
}

/// Another day for it, said in the same ways.
#[server]
pub async fn move_plan_change(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] day: String,
    #[server(default)] why: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let wrong = || AppError::Invalid(model::validate::FieldErrors::one("day", "A day like 2027-01-31."));
    let at = crate::server::moment_ahead(&day, cx.now()).ok_or_else(wrong)?;
    let version = version.parse().unwrap_or(0);
    let done = domain::tenants::move_plan_change(&cx, tenant.id, version, at, &why).await;
    done.map_err(|error| AppError::from(error).renamed("at", "day").renamed("reason", "why"))?;
    crate::server::flash("success", format!("The plan changes on {} now.", at.format("%-d %b %Y")));
    leptos_axum::redirect(&crate::paths::tenant(&slug, "plan"));
    Ok(())
}

/// Calls it off.
#[server]
pub async fn cancel_plan_change(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::tenants::cancel_plan_change(&cx, tenant.id, version.parse().unwrap_or(0), &reason).await?;
    crate::server::flash(
        "success",
        format!("The plan change is cancelled. {} stays on its plan.", tenant.name),
    );
    leptos_axum::redirect(&crate::paths::tenant(&slug, "plan"));
    Ok(())
}

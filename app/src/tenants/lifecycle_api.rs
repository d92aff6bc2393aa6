//! Server functions of the tenant's page and of the moves of its life. Each names its tenant by the slug.

use crate::error::AppError;
use leptos::prelude::*;
use model::lifecycle::{Grace, Impact, Overview};
use model::plans::{LimitChange, Plan, PlanPreview};
use model::schedules::PlanSchedule;
use model::tenants::TenantHead;

/// The tenant with what stands above every section of its page.
#[server]
pub async fn get_tenant_head(slug: String) -> Result<TenantHead, AppError> {
    Ok(domain::tenants::head(&crate::server::ctx()?, &slug).await?)
}

#[server]
pub async fn get_tenant_overview(slug: String) -> Result<Overview, AppError> {
    Ok(domain::tenants::overview(&crate::server::ctx()?, &slug).await?)
}

/// What suspending or offboarding would touch.
#[server]
pub async fn get_impact(slug: String) -> Result<(TenantHead, Impact), AppError> {
    let cx = crate::server::ctx()?;
    let head = domain::tenants::head(&cx, &slug).await?;
    Ok((head.clone(), domain::tenants::impact(&cx, head.tenant.id).await?))
}

/// Until when each trigger would leave access.
#[server]
pub async fn get_graces(slug: String) -> Result<Vec<Grace>, AppError> {
    let cx = crate::server::ctx()?;
    Ok(domain::tenants::graces(&cx, domain::tenants::by_slug(&cx, &slug).await?.id).await?)
}

/// The limits of the tenant's plan with what it uses.
#[server]
pub async fn get_limits(slug: String) -> Result<Vec<LimitChange>, AppError> {
    let cx = crate::server::ctx()?;
    Ok(domain::plans::limits(&cx, domain::tenants::by_slug(&cx, &slug).await?.id).await?)
}

/// Every plan, what moving to the one of the address would mean, and the change that is scheduled; a word that is no plan
/// shows the choice.
#[server]
pub async fn get_plan_change(
    slug: String,
    #[server(default)] plan: String,
) -> Result<(TenantHead, Vec<Plan>, Option<PlanPreview>, Option<PlanSchedule>), AppError> {
    let cx = crate::server::ctx()?;
    let head = domain::tenants::head(&cx, &slug).await?;
    let preview =
        domain::plans::preview(&cx, head.tenant.id, plan.parse().unwrap_or(head.tenant.plan)).await?;
    let schedule = domain::tenants::plan_schedule(&cx, head.tenant.id).await?;
    Ok((
        head,
        domain::plans::list(&cx).await?,
        Some(preview).filter(|preview| preview.to.id != preview.from.id),
        schedule,
    ))
}

#[server]
pub async fn suspend_tenant(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] code: String,
    #[server(default)] scope: String,
    #[server(default)] reason: String,
    #[server(default)] message: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let form = domain::tenants::Suspend { code: &code, note: &reason, scope: &scope, message: &message };
    let asked = domain::tenants::suspend(&cx, tenant.id, version.parse().unwrap_or(0), form).await?;
    let text = format!("{} is suspended. Its access follows at once.", tenant.name);
    crate::server::done_or_asked(&asked, &slug, text);
    Ok(())
}

#[server]
pub async fn change_suspension_scope(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] scope: String,
    #[server(default)] reason: String,
    #[server(default)] message: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let form = domain::tenants::ChangeScope { scope: &scope, reason: &reason, message: &message };
    let asked = domain::tenants::change_scope(&cx, tenant.id, version.parse().unwrap_or(0), form).await?;
    let text = format!("The scope of {}’s suspension is changed. Its access follows at once.", tenant.name);
    crate::server::done_or_asked(&asked, &slug, text);
    Ok(())
}

#[server]
pub async fn reinstate_tenant(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] proof: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let asked = domain::tenants::reinstate(&cx, tenant.id, version.parse().unwrap_or(0), &proof).await?;
    crate::server::done_or_asked(&asked, &slug, format!("{} is reinstated.", tenant.name));
    Ok(())
}

#[server]
pub async fn change_plan(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] plan: String,
    #[server(default)] note: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let version = version.parse().unwrap_or(0);
    let asked = domain::tenants::change_plan(&cx, tenant.id, version, &plan, &note).await?;
    let text = format!("{} is on the {plan} plan now.{}", tenant.name, tenant.still_on_trial());
    crate::server::done_or_asked(&asked, &slug, text);
    Ok(())
}

#[server]
pub async fn start_offboarding(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] code: String,
    #[server(default)] reason: String,
    #[server(default)] confirm: String,
    #[server(default)] confirm_now: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    let form = domain::tenants::Offboard {
        code: &code,
        note: &reason,
        confirm: &confirm,
        confirm_now: &confirm_now,
    };
    domain::tenants::start_offboarding(&cx, tenant.id, version.parse().unwrap_or(0), form).await?;
    crate::server::flash("success", format!("The offboarding of {} has started.", tenant.name));
    leptos_axum::redirect(&crate::paths::tenant(&slug, "offboarding"));
    Ok(())
}

#[server]
pub async fn cancel_offboarding(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::tenants::cancel_offboarding(&cx, tenant.id, version.parse().unwrap_or(0), &reason).await?;
    crate::server::flash("success", format!("The offboarding of {} is cancelled.", tenant.name));
    leptos_axum::redirect(&crate::paths::tenant(&slug, ""));
    Ok(())
}

#[server]
pub async fn go_live(slug: String, #[server(default)] version: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::tenants::go_live(&cx, tenant.id, version.parse().unwrap_or(0)).await?;
    crate::server::flash("success", format!("{} is live.{}", tenant.name, tenant.still_on_trial()));
    leptos_axum::redirect(&crate::paths::tenant(&slug, ""));
    Ok(())
}

#[server]
pub async fn set_contacts(
    slug: String,
    #[server(default)] version: String,
    #[server(default)] support: String,
    #[server(default)] escalation: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?;
    domain::tenants::set_contacts(&cx, tenant.id, version.parse().unwrap_or(0), &support, &escalation)
        .await?;
    crate::server::flash("success", "The contacts are saved.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, "onboarding"));
    Ok(())
}

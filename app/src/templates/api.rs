//! Server functions of templates and alignment.

use crate::error::AppError;
use leptos::prelude::*;
use model::templates::{
    ApplyPreview, Comparison, FleetAlignment, TemplateDetail, TemplateList, TenantBaseline,
};
use std::collections::BTreeMap;

#[server]
pub async fn get_templates() -> Result<TemplateList, AppError> {
    Ok(domain::templates::list(&crate::server::ctx()?).await?)
}

#[server]
pub async fn get_template(key: String) -> Result<TemplateDetail, AppError> {
    Ok(domain::templates::get(&crate::server::ctx()?, &key).await?)
}

/// `from` and `to` are like `baseline.1`.
#[server]
pub async fn get_template_comparison(from: String, to: String) -> Result<Comparison, AppError> {
    let side = |word: &str| model::templates::Compared::parse(word).ok_or(AppError::NotFound);
    let (from, to) = (side(&from)?, side(&to)?);
    let cx = crate::server::ctx()?;
    Ok(domain::templates::compare(&cx, (&from.0, from.1), (&to.0, to.1)).await?)
}

/// Makes a template with a first draft; `copy` is like `baseline.1`, or empty.
#[server]
pub async fn create_template(
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] tenant_type: String,
    #[server(default)] industry: String,
    #[server(default)] compliance: String,
    #[server(default)] copy: String,
) -> Result<(), AppError> {
    let input = model::templates::DetailsInput { name, description, tenant_type, industry, compliance };
    let copy = model::templates::Compared::parse(&copy);
    let copy = copy.as_ref().map(|(key, version)| (key.as_str(), *version));
    let key = domain::templates::create(&crate::server::ctx()?, &input, copy).await?;
    crate::server::flash("success", "The template is made. Fill its first draft, then publish it.");
    leptos_axum::redirect(&crate::paths::template(&key, "edit"));
    Ok(())
}

/// Changes what a template is called and for whom it is.
#[server]
pub async fn describe_template(
    key: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] tenant_type: String,
    #[server(default)] industry: String,
    #[server(default)] compliance: String,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    let input = model::templates::DetailsInput { name, description, tenant_type, industry, compliance };
    domain::templates::describe(&crate::server::ctx()?, &key, &input, version).await?;
    crate::server::flash("success", "The description is saved.");
    leptos_axum::redirect(&crate::paths::template(&key, ""));
    Ok(())
}

/// Begins the next version with the contents of another.
#[server]
pub async fn begin_template_draft(key: String, from: i32) -> Result<(), AppError> {
    let version = domain::templates::begin_draft(&crate::server::ctx()?, &key, from).await?;
    crate::server::flash(
        "success",
        format!("Version {version} is a draft with the contents of version {from}."),
    );
    leptos_axum::redirect(&crate::paths::template(&key, "edit"));
    Ok(())
}

/// Saves the draft. Names like `mode[ai.model]` arrive as maps.
#[server]
pub async fn save_template_draft(
    key: String,
    #[server(default)] plan: String,
    #[server(default)] quota: BTreeMap<String, String>,
    #[server(default)] field: BTreeMap<String, String>,
    #[server(default)] task: BTreeMap<String, String>,
    #[server(default)] mode: BTreeMap<String, String>,
    #[server(default)] value: BTreeMap<String, String>,
    #[server(default)] checklist: BTreeMap<String, String>,
    #[server(default)] notes: String,
    #[server(default)] edits: i64,
) -> Result<(), AppError> {
    let input = model::templates::BundleInput { plan, quota, field, task, mode, value, checklist };
    domain::templates::save_draft(&crate::server::ctx()?, &key, &input, &notes, edits).await?;
    crate::server::flash("success", "The draft is saved. Nobody is on it until it is published and applied.");
    leptos_axum::redirect(&crate::paths::template(&key, "publish"));
    Ok(())
}

/// Throws the draft away.
#[server]
pub async fn discard_template_draft(key: String, #[server(default)] edits: i64) -> Result<(), AppError> {
    domain::templates::discard_draft(&crate::server::ctx()?, &key, edits).await?;
    crate::server::flash("success", "The draft is thrown away.");
    leptos_axum::redirect(&crate::paths::template(&key, ""));
    Ok(())
}

/// Publishes the draft.
#[server]
pub async fn publish_template(key: String, #[server(default)] edits: i64) -> Result<(), AppError> {
    let version = domain::templates::publish(&crate::server::ctx()?, &key, edits).await?;
    crate::server::flash("success", format!("Version {version} is published. No tenant moved by itself."));
    leptos_axum::redirect(&crate::paths::template_version(&key, version));
    Ok(())
}

/// Takes a version out of use.
#[server]
pub async fn deprecate_template(
    key: String,
    version: i32,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    domain::templates::deprecate(&crate::server::ctx()?, &key, version, &reason).await?;
    crate::server::flash(
        "success",
        format!("Version {version} is deprecated: it is applied to nobody else."),
    );
    leptos_axum::redirect(&crate::paths::template(&key, ""));
    Ok(())
}

/// What applying would change for a tenant; `to` is like `baseline.1`.
#[server]
pub async fn get_apply_preview(slug: String, to: String) -> Result<ApplyPreview, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let (key, version) = model::templates::Compared::parse(&to).ok_or(AppError::NotFound)?;
    Ok(domain::templates::preview(&cx, tenant, &key, version).await?)
}

/// Asks for a version to be applied to a tenant; its operation does it.
#[server]
pub async fn apply_template(
    slug: String,
    to: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let (key, version) = model::templates::Compared::parse(&to).ok_or(AppError::NotFound)?;
    let asked = domain::templates::request_apply(&cx, tenant, &key, version, &reason).await?;
    crate::server::flash(
        "success",
        if asked.state == model::operations::State::Requested {
            "Asked for. It begins when a second person has approved it."
        } else {
            "Asked for. This page follows how it fares."
        },
    );
    leptos_axum::redirect(&crate::paths::operation(asked.id));
    Ok(())
}

#[server]
pub async fn get_baseline(slug: String) -> Result<TenantBaseline, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::templates::baseline(&cx, tenant).await?)
}

/// Stands for a difference, exactly as it was shown.
#[server]
pub async fn accept_difference(
    slug: String,
    item: String,
    #[server(default)] expected: String,
    #[server(default)] actual: String,
    #[server(default)] reason: String,
    #[server(default)] until: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let asked = domain::templates::Accept {
        item: &item,
        expected: &expected,
        actual: &actual,
        reason: &reason,
        until: &until,
    };
    domain::templates::accept(&cx, tenant, &asked).await?;
    crate::server::flash("success", "The difference is accepted. It is open again when either side changes.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, "baseline"));
    Ok(())
}

/// Takes an acceptance back.
#[server]
pub async fn take_back_acceptance(
    slug: String,
    item: String,
    #[server(default)] why: String,
) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let done = domain::templates::take_back(&cx, tenant, &item, &why).await;
    done.map_err(|error| AppError::from(error).renamed("reason", "why"))?;
    crate::server::flash("success", "The acceptance is taken back: the difference is open again.");
    leptos_axum::redirect(&crate::paths::tenant(&slug, "baseline"));
    Ok(())
}

/// Looks at a tenant again.
#[server]
pub async fn check_alignment(slug: String) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let found = domain::templates::check_again(&cx, tenant).await?;
    let words = match found.open() {
        0 => "Looked again: nothing is open.".to_owned(),
        1 => "Looked again: 1 difference is open.".to_owned(),
        open => format!("Looked again: {open} differences are open."),
    };
    crate::server::flash("info", words);
    Ok(())
}

/// The alignment of the fleet; `query` is the page's.
#[server]
pub async fn get_fleet_alignment(#[server(default)] query: String) -> Result<FleetAlignment, AppError> {
    let pairs = model::url::decode(&query);
    let (filter, _) = model::templates::FleetFilter::parse(&pairs);
    Ok(domain::templates::fleet(&crate::server::ctx()?, &filter).await?)
}

/// Whom a roll-out would reach; `query` is the page's.
#[server]
pub async fn get_rollout_plan(
    key: String,
    #[server(default)] query: String,
) -> Result<model::templates::RolloutPlan, AppError> {
    let input = model::templates::RolloutInput::of_query(&query);
    Ok(domain::templates::plan(&crate::server::ctx()?, &key, &input).await?)
}

/// Begins a roll-out.
#[server]
pub async fn start_rollout(
    key: String,
    #[server(default)] version: String,
    #[server(default)] whom: String,
    #[server(default)] listed: String,
    #[server(default)] pilots: String,
    #[server(default)] share: String,
    #[server(default)] hours: String,
    #[server(default)] failed: String,
    #[server(default)] drop: String,
    #[server(default)] tasks: String,
    #[server(default)] drift: String,
    #[server(default)] reason: String,
    #[server(default)] confirm: String,
) -> Result<String, AppError> {
    let input = model::templates::RolloutInput {
        version,
        whom,
        listed,
        pilots,
        share,
        hours,
        failed,
        drop,
        tasks,
        drift,
        reason,
        confirm,
    };
    let id = domain::templates::start(&crate::server::ctx()?, &key, &input).await?.to_string();
    crate::server::flash("success", "The roll-out has begun. You can leave this page.");
    leptos_axum::redirect(&crate::paths::rollout(&key, &id));
    Ok(id)
}

#[server]
pub async fn get_rollout(id: String) -> Result<model::templates::Rollout, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    Ok(domain::templates::rollout(&crate::server::ctx()?, id).await?)
}

/// The newest roll-outs of a template.
#[server]
pub async fn get_rollouts(key: String) -> Result<Vec<model::templates::Rollout>, AppError> {
    Ok(domain::templates::rollouts(&crate::server::ctx()?, &key).await?)
}

/// Lets the next wave of a roll-out go.
#[server]
pub async fn advance_rollout(id: String, #[server(default)] reason: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let wave = domain::templates::advance(&crate::server::ctx()?, id, &reason).await?;
    crate::server::flash("success", format!("Wave {wave} has begun."));
    Ok(())
}

/// Lets no further wave begin.
#[server]
pub async fn pause_rollout(id: String, #[server(default)] hold: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let done = domain::templates::pause(&crate::server::ctx()?, id, &hold).await;
    done.map_err(|error| AppError::from(error).renamed("reason", "hold"))?;
    crate::server::flash("success", "The roll-out is paused. What is queued goes on.");
    Ok(())
}

/// Goes on with a roll-out that was paused.
#[server]
pub async fn resume_rollout(id: String, #[server(default)] hold: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let done = domain::templates::resume(&crate::server::ctx()?, id, &hold).await;
    done.map_err(|error| AppError::from(error).renamed("reason", "hold"))?;
    crate::server::flash("success", "The roll-out goes on.");
    Ok(())
}

/// Calls a roll-out off; what was not begun is left as it is.
#[server]
pub async fn cancel_rollout(id: String, #[server(default)] why: String) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let done = domain::templates::cancel(&crate::server::ctx()?, id, &why).await;
    done.map_err(|error| AppError::from(error).renamed("reason", "why"))?;
    crate::server::flash(
        "success",
        "The roll-out is called off. Tenants that were not begun stay as they are.",
    );
    Ok(())
}

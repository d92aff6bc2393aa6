//! Server functions of tasks.

use crate::error::AppError;
use leptos::prelude::*;
use model::tasks::{Comparison, TaskDetail, TaskList};

#[server]
pub async fn get_tasks(slug: String) -> Result<TaskList, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::tasks::list_for_tenant(&cx, tenant).await?)
}

#[server]
pub async fn get_task(slug: String, key: String) -> Result<TaskDetail, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::tasks::get(&cx, tenant, &key).await?)
}

#[server]
pub async fn get_task_comparison(slug: String, key: String) -> Result<Comparison, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::tasks::compare(&cx, tenant, &key).await?)
}

/// Enables (`enabled=true`) or disables a task; the banner takes it back.
#[server]
pub async fn switch_task(slug: String, key: String, enabled: bool) -> Result<(), AppError> {
    use crate::request::Undo;
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    let domain::tasks::Switched { name, changed } = if enabled {
        domain::tasks::enable(&cx, tenant, &key).await?
    } else {
        domain::tasks::disable(&cx, tenant, &key).await?
    };
    let text = match (enabled, changed) {
        (true, true) => format!("{name} is enabled. It runs on new conversations."),
        (true, false) => format!("{name} was enabled already."),
        (false, true) => format!("{name} is disabled. What it wrote stays."),
        (false, false) => format!("{name} was disabled already."),
    };
    let back = [("slug", slug), ("key", key), ("enabled", (!enabled).to_string())];
    let inputs = back.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    crate::server::flash_with_undo(
        "success",
        text,
        changed.then(|| Undo { form: "switch_task".into(), inputs }),
    );
    Ok(())
}

/// Saves the override form.
#[server]
pub async fn override_task(
    slug: String,
    key: String,
    #[server(default)] prompt_mode: String,
    #[server(default)] prompt: String,
    #[server(default)] filters_mode: String,
    #[server(default)] channel_voice: String,
    #[server(default)] channel_chat: String,
    #[server(default)] channel_email: String,
    #[server(default)] languages: String,
    #[server(default)] min_turns: String,
    #[server(default)] min_chars: String,
    #[server(default)] reason: String,
    #[server(default)] version: String,
    #[server(default)] base: String,
) -> Result<(), AppError> {
    let input = model::tasks::OverrideInput {
        prompt_mode,
        prompt,
        filters_mode,
        channel_voice,
        channel_chat,
        channel_email,
        languages,
        min_turns,
        min_chars,
        reason,
        version,
        base,
    };
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    domain::tasks::set_override(&cx, tenant, &key, &input).await?;
    crate::server::flash("success", "The settings are saved. They hold for new conversations.");
    leptos_axum::redirect(&crate::paths::task(&slug, &key, ""));
    Ok(())
}

/// Keeps an override although the default moved.
#[server]
pub async fn keep_task_override(slug: String, key: String, version: i64, base: i32) -> Result<(), AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    domain::tasks::keep_override(&cx, tenant, &key, version, base).await?;
    crate::server::flash(
        "success",
        format!("Your settings are kept. They now count as made on version {base}."),
    );
    Ok(())
}

/// Takes an override away: whole, or the part that is named.
#[server]
pub async fn revert_task(
    slug: String,
    key: String,
    #[server(default)] part: String,
    version: i64,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let part = if part.is_empty() { None } else { Some(part.parse().map_err(|_| AppError::NotFound)?) };
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    domain::tasks::revert(&cx, tenant, &key, part, version, &reason).await?;
    crate::server::flash(
        "success",
        "Reverted. It follows the global default again, now and when the default changes.",
    );
    leptos_axum::redirect(&crate::paths::task(&slug, &key, ""));
    Ok(())
}

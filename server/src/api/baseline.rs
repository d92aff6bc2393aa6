//! The template and the settings of the key's own tenant. Applying a template is the operator's, not a key's.

use super::Call;
use super::problem::{Problem, ProblemDetails, Reading};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// A task of a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateTask {
    #[schema(example = "summary")]
    pub key: String,
    /// Whether it runs from the start; else the tenant’s administrators enable it.
    pub enabled: bool,
}

/// The template that the tenant is on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantTemplate {
    #[schema(example = "baseline")]
    pub key: String,
    pub name: String,
    pub version: i32,
    /// `published` or `deprecated`.
    pub state: &'static str,
    /// The newest published version.
    pub newest: Option<i32>,
    pub applied_at: chrono::DateTime<chrono::Utc>,
    pub fields: Vec<String>,
    pub tasks: Vec<TemplateTask>,
}

/// What holds of one setting.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldSetting {
    #[schema(example = "security.session_idle_minutes")]
    pub key: &'static str,
    #[schema(value_type = Object, example = 30)]
    pub value: serde_json::Value,
    /// Value and unit in words.
    #[schema(example = "30 minutes")]
    pub words: String,
    /// Who says so: `default`, `platform`, `template`, `parent` or `tenant`.
    #[schema(example = "template")]
    pub from: &'static str,
    /// Whether a level above keeps the tenant from changing it.
    pub locked: bool,
}

/// The template of the key’s own tenant with its contents; 404 where it is on none.
#[utoipa::path(
    get, path = "/template", operation_id = "getTemplate", tag = "tenant",
    responses(
        (status = 200, description = "The template", body = TenantTemplate),
        (status = 404, description = "The tenant is on no template", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn template(call: Call) -> Result<Json<TenantTemplate>, Problem> {
    let (on, bundle) = domain::templates::of_tenant(call.cx(), call.caller.tenant)
        .await
        .map_err(|error| call.problem(error))?;
    Ok(Json(TenantTemplate {
        key: on.template.key,
        name: on.template.name,
        version: on.version,
        state: on.state.as_str(),
        newest: on.newest,
        applied_at: on.at,
        fields: bundle.fields,
        tasks: bundle
            .tasks
            .into_iter()
            .map(|task| TemplateTask { key: task.key, enabled: task.enabled })
            .collect(),
    }))
}

/// Every setting of the key’s own tenant as it holds, with who says so.
#[utoipa::path(
    get, path = "/settings", operation_id = "getSettings", tag = "tenant",
    responses(
        (status = 200, description = "The settings", body = Vec<HeldSetting>),
        Reading,
    )
)]
pub async fn settings(call: Call) -> Result<Json<Vec<HeldSetting>>, Problem> {
    let settings = domain::settings::of_tenant(call.cx(), call.caller.tenant)
        .await
        .map_err(|error| call.problem(error))?;
    let held = settings.settings.into_iter().map(|setting| HeldSetting {
        key: setting.key.as_str(),
        words: setting.key.words(&setting.effective.value),
        value: serde_json::to_value(&setting.effective.value).unwrap_or_default(),
        from: setting.effective.from.as_str(),
        locked: setting.effective.locked_by.is_some(),
    });
    Ok(Json(held.collect()))
}

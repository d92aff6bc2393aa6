//! Handlers of the moves of a tenant’s life: suspend, change how far that goes, reinstate, change the plan.

use super::answers::{PlatformReading, PlatformWriting};
use super::move_schema::{PlanChangePreview, PlanInput, PlanQuery, ReinstateInput, ScopeInput, SuspendInput};
use super::operation_schema::OperationDetail;
use super::{accepted, keyed, tenant};
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::{plans, tenants};
use model::tenants::PlanId;
use model::validate::{self, FieldErrors};

/// Suspend a tenant.
///
/// What its people and programs may do changes with the operation’s first step; a `blocked` tenant’s sessions end.
#[utoipa::path(
    post, path = "/tenants/{slug}/suspend", operation_id = "suspendTenant", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = SuspendInput,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn suspend(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<SuspendInput>, JsonRejection>,
) -> Result<Response, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let cx = keyed(&call, &headers, &("suspend", tenant.id, &input))?;
    let (code, note, scope) = (input.code.as_str(), input.reason.as_str(), input.scope.as_str());
    let form = tenants::Suspend { code, note, scope, message: &input.message };
    let asked = tenants::suspend(&cx, tenant.id, input.version.unwrap_or(tenant.version), form).await;
    accepted(&call, asked).await
}

/// Let a suspension go further, or less far.
#[utoipa::path(
    post, path = "/tenants/{slug}/scope", operation_id = "changeSuspensionScope", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = ScopeInput,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn change_scope(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<ScopeInput>, JsonRejection>,
) -> Result<Response, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let cx = keyed(&call, &headers, &("scope", tenant.id, &input))?;
    let form = tenants::ChangeScope { scope: &input.scope, reason: &input.reason, message: &input.message };
    let asked = tenants::change_scope(&cx, tenant.id, input.version.unwrap_or(tenant.version), form).await;
    accepted(&call, asked).await
}

/// End a suspension: back to what it interrupted.
///
/// Of a payment failure, the open payments have to be settled first; the operation fails where they are not.
#[utoipa::path(
    post, path = "/tenants/{slug}/reinstate", operation_id = "reinstateTenant", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = ReinstateInput,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn reinstate(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<ReinstateInput>, JsonRejection>,
) -> Result<Response, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let cx = keyed(&call, &headers, &("reinstate", tenant.id, &input))?;
    let version = input.version.unwrap_or(tenant.version);
    accepted(&call, tenants::reinstate(&cx, tenant.id, version, &input.proof).await).await
}

/// What another plan would mean for a tenant. Nothing is changed.
#[utoipa::path(
    get, path = "/tenants/{slug}/plan", operation_id = "previewPlanChange", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), PlanQuery),
    responses(
        (status = 200, description = "Every limit before and after", body = PlanChangePreview),
        (status = 400, description = "A parameter was not understood", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn preview_plan(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    query: Result<Query<PlanQuery>, QueryRejection>,
) -> Result<Json<PlanChangePreview>, Problem> {
    let tenant = tenant(&call, slug).await?;
    let Query(query) = query.map_err(|error| call.bad(error.body_text()))?;
    let to: PlanId = query.to.parse().map_err(|_| call.bad("to is no plan."))?;
    let preview = plans::preview(call.cx(), tenant.id, to).await.map_err(|error| call.problem(error))?;
    Ok(Json(preview.into()))
}

/// Move a tenant to another plan, now or on a day.
///
/// Now, it is refused where what the tenant uses does not fit (422 at `/plan`); on a day, that is looked at on the day.
#[utoipa::path(
    post, path = "/tenants/{slug}/plan", operation_id = "changePlan", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = PlanInput,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn change_plan(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<PlanInput>, JsonRejection>,
) -> Result<Response, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let cx = keyed(&call, &headers, &("plan", tenant.id, &input))?;
    let day = input.at.as_deref().map(str::trim).filter(|at| !at.is_empty() && *at != "now");
    let asked = match day {
        None => {
            let version = input.version.unwrap_or(tenant.version);
            tenants::change_plan(&cx, tenant.id, version, &input.plan, &input.note).await
        }
        Some(day) => match ahead(&input.plan, day, call.cx().now()) {
            Ok((plan, at)) => tenants::schedule_plan_change(&cx, tenant.id, plan, &input.note, at).await,
            Err(errors) => Err(errors.into()),
        },
    };
    accepted(&call, asked).await
}

fn ahead(plan: &str, day: &str, now: DateTime<Utc>) -> Result<(PlanId, DateTime<Utc>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let plan = errors.take("plan", validate::word::<PlanId>(plan, "A plan"));
    let at = app::server::moment_ahead(day, now)
        .ok_or_else(|| "A day like 2027-01-31, or a time (RFC 3339).".to_owned());
    let at = errors.take("at", at);
    plan.zip(at).ok_or(errors)
}

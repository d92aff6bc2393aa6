//! Handlers of the end of a trial: it becomes a customer, or it ends on a later day.

use super::answers::PlatformWriting;
use super::move_schema::{ConvertInput, ExtendInput};
use super::operation_schema::OperationDetail;
use super::schema::TenantDetail;
use super::{accepted, keyed, tenant};
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::tenants;

/// Make a customer of a trial.
///
/// It is active, and no day ends it any more. Plan, limits and data stay as they are.
#[utoipa::path(
    post, path = "/tenants/{slug}/trial/convert", operation_id = "convertTrial", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = ConvertInput,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn convert(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Json<ConvertInput>, JsonRejection>,
) -> Result<Response, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let cx = keyed(&call, &headers, &("trial/convert", tenant.id, &input))?;
    let version = input.version.unwrap_or(tenant.version);
    accepted(&call, tenants::convert_trial(&cx, tenant.id, version, &input.reason).await).await
}

/// Let a trial end later.
///
/// It is done when the answer is there. Sent again with the same day it is refused (422 at `/day`), for it ends then as it
/// is. `+30` is another day tomorrow: send a day, or `version`, with what is tried again later.
#[utoipa::path(
    post, path = "/tenants/{slug}/trial/extend", operation_id = "extendTrial", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)), request_body = ExtendInput,
    responses(
        (status = 200, description = "The tenant, with the end that its trial has now", body = TenantDetail),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn extend(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    body: Result<Json<ExtendInput>, JsonRejection>,
) -> Result<Json<TenantDetail>, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let version = input.version.unwrap_or(tenant.version);
    let extended = tenants::extend_trial(call.cx(), tenant.id, version, &input.day, &input.reason).await;
    extended.map_err(|error| call.problem(error))?;
    super::tenants::anew(&call, &tenant.slug).await
}

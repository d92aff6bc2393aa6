//! Handlers of tenants: the directory, one of them, and asking for a new one.

use super::answers::{PlatformReading, PlatformWriting};
use super::operation_schema::OperationDetail;
use super::schema::{NewTenant, TenantDetail, TenantItem, TenantPage};
use super::{accepted, key, pairs, tenant, unread};
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::{Error, operations, plans, tenants};
use model::permission::{Permission, Scope};
use model::tenants::Tenant;
use model::validate::FieldErrors;

/// What narrows the list, what orders it, and where its page begins.
pub(super) const KEYS: [&str; 10] =
    ["q", "status", "stage", "plan", "health", "region", "owner", "tag", "sort", "after"];

/// List tenants.
///
/// By their names, or by how well they match `q`. Several values of one filter mean any of them:
/// `status=trial&status=active`.
#[utoipa::path(
    get, path = "/tenants", operation_id = "listTenants", tag = "platform", security(("platform_key" = [])),
    params(
        ("q" = Option<String>, Query, description = "A search, as in the console’s directory"),
        ("status" = Option<Vec<String>>, Query, description = "Like `active`"),
        ("stage" = Option<Vec<String>>, Query, description = "`provision`, `configure`, `validate`, `go_live`, `operate` or `offboard`"),
        ("plan" = Option<Vec<String>>, Query, description = "Like `professional`"),
        ("health" = Option<Vec<String>>, Query, description = "`healthy`, `watch`, `at_risk`, `critical` or `no_data`"),
        ("region" = Option<Vec<String>>, Query, description = "Like `eu-1`"),
        ("owner" = Option<Vec<String>>, Query, description = "The id of a person of the platform"),
        ("tag" = Option<Vec<String>>, Query, description = "Like `vip`"),
        ("sort" = Option<String>, Query, description = "As in the console’s addresses: `created`, or `-created` for the newest first"),
        ("limit" = Option<u32>, Query, description = "1 to 200; default 50"),
        ("after" = Option<String>, Query, description = "`next` of the page before, with the same filters and order"),
    ),
    responses(
        (status = 200, description = "A page", body = TenantPage),
        (status = 400, description = "A parameter was not understood", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn list(call: PlatformCall, RawQuery(query): RawQuery) -> Result<Json<TenantPage>, Problem> {
    let (pairs, limit) = pairs(&call, query, tenants::LISTED_MAX)?;
    if let Some((other, _)) = pairs.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(call.bad(format!("“{other}” is no parameter of this list.")));
    }
    let listed = tenants::listed(call.cx(), &pairs, limit).await;
    let (rows, next) = listed.map_err(|error| unread(&call, error))?;
    Ok(Json(TenantPage { tenants: rows.into_iter().map(TenantItem::from).collect(), next }))
}

/// One tenant, with what can be done to it right now.
#[utoipa::path(
    get, path = "/tenants/{slug}", operation_id = "getPlatformTenant", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)),
    responses(
        (status = 200, description = "The tenant", body = TenantDetail),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn get(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
) -> Result<Json<TenantDetail>, Problem> {
    let tenant = tenant(&call, slug).await?;
    shown(&call, tenant).await
}

/// A tenant as it is after a change.
pub(super) async fn anew(call: &PlatformCall, slug: &str) -> Result<Json<TenantDetail>, Problem> {
    let tenant = tenants::by_slug(call.cx(), slug).await.map_err(|error| call.problem(error))?;
    shown(call, tenant).await
}

/// A tenant with what can be done to it.
pub(super) async fn shown(call: &PlatformCall, tenant: Tenant) -> Result<Json<TenantDetail>, Problem> {
    let limits = plans::limits(call.cx(), tenant.id).await.map_err(|error| call.problem(error))?;
    let ahead = tenants::plan_schedule(call.cx(), tenant.id).await.map_err(|error| call.problem(error))?;
    Ok(Json(TenantDetail::of(tenant, limits, ahead, call.cx().actor())))
}

/// Ask for a tenant.
///
/// The slug, the domain and the external id are taken at once; the tenant is there when the operation has succeeded.
#[utoipa::path(
    post, path = "/tenants", operation_id = "createTenant", tag = "platform", security(("platform_key" = [])),
    params(("Idempotency-Key" = String, Header, description = "1 to 200 characters: the same within 24 hours is the same request")),
    request_body = NewTenant,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        PlatformWriting,
    )
)]
pub async fn create(
    call: PlatformCall,
    headers: HeaderMap,
    body: Result<Json<NewTenant>, JsonRejection>,
) -> Result<Response, Problem> {
    // First: who may not ask shall not be told what is wrong with it.
    let allowed = call.cx().require(Permission::TenantCreate, Scope::Platform).await;
    allowed.map_err(|error| call.problem(error))?;
    let Some(key) = key(&call, &headers)? else {
        return Err(call.bad("Send an Idempotency-Key: asked for twice, a tenant shall not be made twice."));
    };
    let input = call.input(body)?;
    let days = tenants::offered_trial(call.cx()).await.map_err(|error| call.problem(error))?;
    let asked = input.request(days).map_err(|errors| call.problem(pointed(errors.into())))?;
    let requested = operations::request_provision(call.cx(), asked, Some(&key)).await;
    accepted(&call, requested.map_err(pointed)).await
}

/// Errors at the fields of people, where they stand in the body: `admin_email` is `/admin/email` there.
fn pointed(error: Error) -> Error {
    let place = |field: String| match field.split_once('_') {
        Some((whom @ ("admin" | "people"), rest)) => format!("{whom}/{rest}"),
        _ => field,
    };
    match error {
        Error::Invalid(errors) => Error::Invalid(FieldErrors(
            errors.0.into_iter().map(|(field, why)| (place(field), why)).collect(),
        )),
        other => other,
    }
}

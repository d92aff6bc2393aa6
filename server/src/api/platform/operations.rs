//! Handlers of operations: how they fare, and retrying, cancelling and rolling back.

use super::answers::{PlatformReading, PlatformWriting};
use super::operation_schema::{NoteInput, OperationDetail, OperationItem, OperationList};
use super::pairs;
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::operations;
use model::OperationId;
use model::operations::{Control, OperationQuery};

/// List operations, newest first.
#[utoipa::path(
    get, path = "/operations", operation_id = "listOperations", tag = "platform", security(("platform_key" = [])),
    params(
        ("state" = Option<Vec<String>>, Query, description = "Like `failed`; several mean any of them"),
        ("kind" = Option<Vec<String>>, Query, description = "Like `suspend`; several mean any of them"),
        ("tenant" = Option<String>, Query, description = "The slug of a tenant"),
        ("limit" = Option<u32>, Query, description = "1 to 100; default 50"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = OperationList),
        (status = 400, description = "A parameter was not understood", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "There is no such tenant", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn list(call: PlatformCall, RawQuery(query): RawQuery) -> Result<Json<OperationList>, Problem> {
    let (pairs, limit) = pairs(&call, query, operations::PAGE_MAX)?;
    let mut asked = OperationQuery { limit, ..OperationQuery::default() };
    for (key, value) in &pairs {
        let understood = match key.as_str() {
            "state" => value.parse().map(|state| asked.states.push(state)).is_ok(),
            "kind" => value.parse().map(|kind| asked.kinds.push(kind)).is_ok(),
            "after" => value.parse().map(|id| asked.after = Some(id)).is_ok(),
            "tenant" => {
                let tenant = domain::tenants::by_slug(call.cx(), value).await;
                asked.tenant = Some(tenant.map_err(|error| call.problem(error))?.id);
                true
            }
            _ => false,
        };
        if !understood {
            return Err(call.bad(format!("“{key}” was not understood.")));
        }
    }
    let listed = operations::list(call.cx(), &asked).await;
    let (rows, next) = listed.map_err(|error| call.problem(error))?;
    Ok(Json(OperationList {
        operations: rows.into_iter().map(OperationItem::from).collect(),
        next: next.map(|id| id.to_string()),
    }))
}

/// One operation with its steps.
#[utoipa::path(
    get, path = "/operations/{id}", operation_id = "getOperation", tag = "platform", security(("platform_key" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The operation", body = OperationDetail),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn get(
    call: PlatformCall,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<OperationDetail>, Problem> {
    let id: OperationId = call.id(id)?;
    let found = operations::get(call.cx(), id).await;
    Ok(Json(found.map_err(|error| call.problem(error))?.into()))
}

/// Do an operation again that failed, is parked or needs an operator.
#[utoipa::path(
    post, path = "/operations/{id}/retry", operation_id = "retryOperation", tag = "platform", security(("platform_key" = [])),
    params(("id" = String, Path)), request_body = Option<NoteInput>,
    responses(
        (status = 202, description = "It is queued again", body = OperationDetail),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn retry(
    call: PlatformCall,
    id: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<NoteInput>>, JsonRejection>,
) -> Result<Response, Problem> {
    control(&call, id, body, Control::Retry).await
}

/// Call an operation off that has not ended; what was done is undone.
#[utoipa::path(
    post, path = "/operations/{id}/cancel", operation_id = "cancelOperation", tag = "platform", security(("platform_key" = [])),
    params(("id" = String, Path)), request_body = Option<NoteInput>,
    responses(
        (status = 202, description = "It is called off", body = OperationDetail),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn cancel(
    call: PlatformCall,
    id: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<NoteInput>>, JsonRejection>,
) -> Result<Response, Problem> {
    control(&call, id, body, Control::Cancel).await
}

/// Undo what a failed operation left standing, and give it up.
#[utoipa::path(
    post, path = "/operations/{id}/roll-back", operation_id = "rollBackOperation", tag = "platform", security(("platform_key" = [])),
    params(("id" = String, Path)), request_body = Option<NoteInput>,
    responses(
        (status = 202, description = "It is being undone", body = OperationDetail),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn roll_back(
    call: PlatformCall,
    id: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<NoteInput>>, JsonRejection>,
) -> Result<Response, Problem> {
    control(&call, id, body, Control::RollBack).await
}

/// A body may be left out: nothing has to be said.
async fn control(
    call: &PlatformCall,
    id: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<NoteInput>>, JsonRejection>,
    what: Control,
) -> Result<Response, Problem> {
    let id: OperationId = call.id(id)?;
    let input = call.input(body.map(Option::unwrap_or_default))?;
    let done = operations::control(call.cx(), id, what, &input.note).await;
    done.map_err(|error| call.problem(error))?;
    let operation = operations::get(call.cx(), id).await.map_err(|error| call.problem(error))?;
    Ok((StatusCode::ACCEPTED, Json(OperationDetail::from(operation))).into_response())
}

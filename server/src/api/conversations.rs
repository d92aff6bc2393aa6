//! Handlers of conversations.

use super::Call;
use super::body::{self, BODY_MAX, Budget};
use super::problem::{Problem, ProblemDetails, Reading, Writing};
use super::schema::{ConversationDetail, ConversationPage, ListQuery, NewConversation, Received};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::conversations;
use model::ConversationId;
use model::permission::{Permission, Scope};

/// Send conversations.
///
/// One as `application/json`, or many as `application/x-ndjson`, one on each line, up to 32 MiB. All of a request are
/// stored or none: when a line is wrong, every wrong line is told and nothing is stored. A request can be sent again
/// without harm: what is already there with the same content is counted as a duplicate. An id that was sent before with
/// other content is refused and named.
#[utoipa::path(
    post, path = "/conversations", operation_id = "sendConversations", tag = "conversations",
    request_body(content((NewConversation = "application/json"), (NewConversation = "application/x-ndjson"))),
    responses(
        (status = 200, description = "Everything is stored", body = Received),
        (status = 201, description = "The one conversation is new", body = Received, headers(("Location" = String))),
        (status = 400, description = "There is no conversation in the body", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "Something was sent before under the same id with other content; `errors` names it", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor NDJSON, or encoded: `Content-Encoding` may be `identity` only", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "Something is wrong; `errors` says where", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn send(
    call: Call,
    State(budget): State<Budget>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let tenant = call.caller.tenant;
    // Before the body is read: who may not send shall not be made to.
    let allowed = call.cx().require(Permission::ConversationWrite, Scope::Tenant(tenant)).await;
    allowed.map_err(|error| call.problem(error))?;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    if declared.is_some_and(|length| length > BODY_MAX) {
        return Err(call.named(Problem::too_large(BODY_MAX)));
    }
    let single = match media_type(&headers).as_str() {
        "application/json" => true,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => false,
        _ => return Err(call.named(Problem::media_type())),
    };
    if let Some(name) = body::encoding(&headers) {
        return Err(call.named(Problem::encoding(&name)));
    }
    let latest = conversations::latest(call.cx().now());
    let read =
        if single { body::one(body, budget, latest).await } else { body::many(body, budget, latest).await };
    let batch = read.map_err(|problem| call.named(problem))?;
    let location =
        batch.rows.first().filter(|_| single).map(|row| {
            format!("{}/conversations/{}", super::PREFIX, model::url::component(&row.external_id))
        });
    let received =
        conversations::ingest(call.cx(), tenant, batch.rows).await.map_err(|error| call.problem(error))?;
    let answer = Json(Received::from(received));
    Ok(match location {
        Some(location) if received.created == 1 => {
            (StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response()
        }
        _ => answer.into_response(),
    })
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// List conversations, newest first.
#[utoipa::path(
    get, path = "/conversations", operation_id = "listConversations", tag = "conversations", params(ListQuery),
    responses(
        (status = 200, description = "A page", body = ConversationPage),
        (status = 400, description = "A parameter was not understood", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn list(
    call: Call,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<ConversationPage>, Problem> {
    let Query(query) = query.map_err(|error| call.bad(error.body_text()))?;
    let limit = query.limit.unwrap_or(50);
    if !(1..=conversations::PAGE_MAX).contains(&limit) {
        return Err(call.bad(format!("limit is not between 1 and {}.", conversations::PAGE_MAX)));
    }
    let after = query.after.map(|cursor| cursor.parse::<ConversationId>()).transpose();
    let after = after.map_err(|_| call.bad("after is not a cursor of a page before."))?;
    let state = query.state.map(|word| word.parse()).transpose();
    let state = state.map_err(|_| call.bad("state is not pending, running, done or parked."))?;
    let page = conversations::list(call.cx(), call.caller.tenant, state, after, limit).await;
    let (rows, next) = page.map_err(|error| call.problem(error))?;
    Ok(Json(ConversationPage {
        items: rows.into_iter().map(Into::into).collect(),
        next: next.map(|id| id.0.simple().to_string()),
    }))
}

/// One conversation with its turns, field values and runs.
#[utoipa::path(
    get, path = "/conversations/{id}", operation_id = "getConversation", tag = "conversations",
    params(("id" = String, Path, description = "Your own id of the conversation")),
    responses(
        (status = 200, description = "The conversation", body = ConversationDetail),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn get(
    call: Call,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<ConversationDetail>, Problem> {
    let Path(id) = id.map_err(|error| call.bad(error.body_text()))?;
    let found = conversations::by_external_id(call.cx(), call.caller.tenant, &id).await;
    Ok(Json(found.map_err(|error| call.problem(error))?.into()))
}

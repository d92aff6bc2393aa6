//! Handlers of endpoints and of what was sent to them and to people.

use super::Call;
use super::problem::{Problem, ProblemDetails, Reading, Writing};
use super::webhook_schema::{
    DeliveryItem, DeliveryPage, DeliveryQuery, DeliveryWithAttempts, SecretOnce, WebhookInput, WebhookItem,
    WebhookList,
};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{notifications, webhooks};
use model::directory::Cursor;
use model::notifications::DeliveryFilter;
use model::{DeliveryId, WebhookId};

impl WebhookInput {
    fn form(&self) -> webhooks::Form<'_> {
        let events = self.events.as_deref();
        webhooks::Form {
            name: &self.name,
            url: &self.url,
            every: events.is_none(),
            events: events.unwrap_or_default(),
        }
    }
}

/// The endpoints of the tenant.
#[utoipa::path(
    get, path = "/webhooks", operation_id = "listWebhooks", tag = "webhooks",
    responses(
        (status = 200, description = "All of them", body = WebhookList),
        Reading,
    )
)]
pub async fn list(call: Call) -> Result<Json<WebhookList>, Problem> {
    let found = webhooks::list(call.cx(), Some(call.caller.tenant)).await;
    let items = found.map_err(|error| call.problem(error))?.into_iter().map(WebhookItem::from).collect();
    Ok(Json(WebhookList { items }))
}

/// Make an endpoint.
///
/// Calls to it follow the Standard Webhooks specification. The secret in the answer is shown this once.
#[utoipa::path(
    post, path = "/webhooks", operation_id = "createWebhook", tag = "webhooks", request_body = WebhookInput,
    responses(
        (status = 201, description = "It is made", body = SecretOnce, headers(("Location" = String))),
        (status = 400, description = "The body is not such an object", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "There are too many", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "Something is wrong; `errors` says where", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn create(
    call: Call,
    body: Result<Json<WebhookInput>, JsonRejection>,
) -> Result<Response, Problem> {
    let input = call.input(body)?;
    let tenant = Some(call.caller.tenant);
    let made =
        webhooks::create(call.cx(), tenant, &input.form()).await.map_err(|error| call.problem(error))?;
    if input.enabled == Some(false) {
        webhooks::switch(call.cx(), tenant, made.id, false).await.map_err(|error| call.problem(error))?;
    }
    let location = format!("{}/webhooks/{}", super::PREFIX, made.id);
    let answer = SecretOnce { id: made.id.0, secret: made.secret };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(answer)).into_response())
}

/// One endpoint.
#[utoipa::path(
    get, path = "/webhooks/{id}", operation_id = "getWebhook", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The endpoint", body = WebhookItem),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn get(call: Call, id: Result<Path<String>, PathRejection>) -> Result<Json<WebhookItem>, Problem> {
    let id: WebhookId = call.id(id)?;
    let found = webhooks::get(call.cx(), Some(call.caller.tenant), id).await;
    Ok(Json(found.map_err(|error| call.problem(error))?.into()))
}

/// Change an endpoint as a whole, or switch it on or off.
#[utoipa::path(
    put, path = "/webhooks/{id}", operation_id = "changeWebhook", tag = "webhooks", params(("id" = String, Path)), request_body = WebhookInput,
    responses(
        (status = 200, description = "As it is now", body = WebhookItem),
        (status = 400, description = "The body is not such an object", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "Something is wrong; `errors` says where", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn change(
    call: Call,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<WebhookInput>, JsonRejection>,
) -> Result<Json<WebhookItem>, Problem> {
    let id: WebhookId = call.id(id)?;
    let input = call.input(body)?;
    let tenant = Some(call.caller.tenant);
    let changed = webhooks::change(call.cx(), tenant, id, None, &input.form()).await;
    let mut changed = changed.map_err(|error| call.problem(error))?;
    if let Some(on) = input.enabled.filter(|on| *on != changed.off.is_none()) {
        changed = webhooks::switch(call.cx(), tenant, id, on).await.map_err(|error| call.problem(error))?;
    }
    Ok(Json(changed.into()))
}

/// Remove an endpoint and its secrets for good; the log of what it was sent stays.
#[utoipa::path(
    delete, path = "/webhooks/{id}", operation_id = "removeWebhook", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is removed"),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn remove(call: Call, id: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    let id: WebhookId = call.id(id)?;
    let removed = webhooks::remove(call.cx(), Some(call.caller.tenant), id, "Removed through the API.").await;
    removed.map_err(|error| call.problem(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new secret. The one before stays good for 24 hours.
#[utoipa::path(
    post, path = "/webhooks/{id}/rotate", operation_id = "rotateWebhook", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The new secret, shown this once", body = SecretOnce),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn rotate(
    call: Call,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<SecretOnce>, Problem> {
    let id: WebhookId = call.id(id)?;
    let made = webhooks::rotate(call.cx(), Some(call.caller.tenant), id).await;
    let made = made.map_err(|error| call.problem(error))?;
    Ok(Json(SecretOnce { id: made.id.0, secret: made.secret }))
}

/// Send a test; what became of it stands among the deliveries.
#[utoipa::path(
    post, path = "/webhooks/{id}/test", operation_id = "testWebhook", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 202, description = "It is on its way"),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "It is off", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn test(call: Call, id: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    let id: WebhookId = call.id(id)?;
    let tested = webhooks::test(call.cx(), Some(call.caller.tenant), id).await;
    tested.map_err(|error| call.problem(error))?;
    Ok(StatusCode::ACCEPTED)
}

/// What the tenant’s people and endpoints were told, newest first.
#[utoipa::path(
    get, path = "/deliveries", operation_id = "listDeliveries", tag = "webhooks", params(DeliveryQuery),
    responses(
        (status = 200, description = "A page of 50", body = DeliveryPage),
        (status = 400, description = "A parameter was not understood", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn deliveries(
    call: Call,
    query: Result<Query<DeliveryQuery>, QueryRejection>,
) -> Result<Json<DeliveryPage>, Problem> {
    let Query(query) = query.map_err(|error| call.bad(error.body_text()))?;
    let mut filter = DeliveryFilter::default();
    let word = |name: &str| call.bad(format!("{name} is none of its words."));
    if let Some(state) = &query.state {
        filter.state = Some(state.parse().map_err(|_| word("state"))?);
    }
    if let Some(channel) = &query.channel {
        filter.channel = Some(channel.parse().map_err(|_| word("channel"))?);
    }
    if let Some(event) = &query.event {
        filter.event = Some(event.parse().map_err(|_| word("event"))?);
    }
    if let Some(webhook) = &query.webhook {
        filter.webhook = Some(webhook.parse().map_err(|_| call.bad("webhook is no id."))?);
    }
    if let Some(after) = query.after {
        let known = after.parse::<DeliveryId>().is_ok();
        if !known {
            return Err(call.bad("after is not a cursor of a page before."));
        }
        filter.cursor = Cursor::After(after);
    }
    let page = notifications::list(call.cx(), Some(call.caller.tenant), &filter).await;
    let page = page.map_err(|error| call.problem(error))?;
    Ok(Json(DeliveryPage { items: page.rows.into_iter().map(DeliveryItem::from).collect(), next: page.next }))
}

/// One delivery with its attempts and what is sent.
#[utoipa::path(
    get, path = "/deliveries/{id}", operation_id = "getDelivery", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The delivery", body = DeliveryWithAttempts),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn delivery(
    call: Call,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let id: DeliveryId = call.id(id)?;
    let found = notifications::get(call.cx(), Some(call.caller.tenant), id).await;
    Ok(Json(found.map_err(|error| call.problem(error))?.into()))
}

/// Send one again, with all its attempts anew.
#[utoipa::path(
    post, path = "/deliveries/{id}/resend", operation_id = "resendDelivery", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 202, description = "It is on its way"),
        (status = 404, description = "There is none with this id", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "An attempt is under way", body = ProblemDetails, content_type = "application/problem+json"),
        Writing,
    )
)]
pub async fn resend(call: Call, id: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    let id: DeliveryId = call.id(id)?;
    let again = notifications::resend(call.cx(), Some(call.caller.tenant), id).await;
    again.map_err(|error| call.problem(error))?;
    Ok(StatusCode::ACCEPTED)
}

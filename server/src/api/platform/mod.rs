//! The life of tenants for programs of the platform (R139): each route is one service that the console's pages use as
//! well, so that a program meets the same permissions, rules, approvals and audit.
//!
//! Invariants: every handler takes a [`PlatformCall`]; whatever moves a tenant is an operation, and answered with it
//! ([`accepted`]); a version that is left out is the one of the moment.

mod answers;
mod bulk;
mod lifecycle;
mod live;
mod move_schema;
mod operation_schema;
mod operations;
mod payments;
mod record;
mod schema;
mod tenants;
mod trial;

use super::body::Budget;
use super::problem::Problem;
use super::{PREFIX, PlatformCall};
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Ctx, Error};
use model::OperationId;
use model::operations::Requested;
use model::tenants::Tenant;
use operation_schema::OperationDetail;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Rows of a page unless asked for otherwise.
const ROWS: u32 = 50;
/// The longest idempotency key.
const KEY_MAX: usize = 200;

/// The routes with what documents them.
pub(super) fn routed() -> OpenApiRouter<Budget> {
    OpenApiRouter::new()
        .routes(routes!(tenants::list, tenants::create))
        .routes(routes!(tenants::get, record::change))
        .routes(routes!(record::set_billing_reference))
        .routes(routes!(lifecycle::suspend))
        .routes(routes!(lifecycle::change_scope))
        .routes(routes!(lifecycle::reinstate))
        .routes(routes!(lifecycle::preview_plan, lifecycle::change_plan))
        .routes(routes!(live::go))
        .routes(routes!(trial::convert))
        .routes(routes!(trial::extend))
        .routes(routes!(payments::list, payments::note))
        .routes(routes!(payments::settle))
        .routes(routes!(operations::list))
        .routes(routes!(operations::get))
        .routes(routes!(operations::retry))
        .routes(routes!(operations::cancel))
        .routes(routes!(operations::roll_back))
        .routes(routes!(bulk::preview))
        .routes(routes!(bulk::get))
        .routes(routes!(bulk::start))
}

/// The tenant of an address.
async fn tenant(call: &PlatformCall, slug: Result<Path<String>, PathRejection>) -> Result<Tenant, Problem> {
    let Path(slug) = slug.map_err(|error| call.bad(error.body_text()))?;
    domain::tenants::by_slug(call.cx(), &slug).await.map_err(|error| call.problem(error))
}

/// 202 with the operation that was asked for, and where to ask how it fares.
async fn accepted(call: &PlatformCall, asked: Result<Requested, Error>) -> Result<Response, Problem> {
    underway(call, asked.map(|asked| asked.id)).await
}

/// The same, where only the operation's id is known.
async fn underway(call: &PlatformCall, asked: Result<OperationId, Error>) -> Result<Response, Problem> {
    let id = asked.map_err(|error| call.problem(error))?;
    let operation = domain::operations::get(call.cx(), id).await.map_err(|error| call.problem(error))?;
    let location = format!("{PREFIX}/operations/{id}");
    let answer = Json(OperationDetail::from(operation));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], answer).into_response())
}

/// The caller's key for what is asked for, if there is one.
fn key(call: &PlatformCall, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().map(str::trim).filter(|text| (1..=KEY_MAX).contains(&text.len()));
    match text {
        Some(text) => Ok(Some(text.to_owned())),
        None => {
            Err(call.bad(format!("Idempotency-Key is not 1 to {KEY_MAX} characters of printable ASCII.")))
        }
    }
}

/// The call with its idempotency key; `asked` is all that it asks for, the address included.
fn keyed(call: &PlatformCall, headers: &HeaderMap, asked: &impl Serialize) -> Result<Ctx, Problem> {
    let Some(key) = key(call, headers)? else { return Ok(call.cx().clone()) };
    let body = serde_json::to_vec(asked).map_err(|error| call.problem(error.into()))?;
    Ok(call.cx().with_key(key, body))
}

/// The pairs of a query without its `limit`, and that.
fn pairs(
    call: &PlatformCall,
    query: Option<String>,
    most: u32,
) -> Result<(Vec<(String, String)>, u32), Problem> {
    let mut pairs = model::url::decode(query.as_deref().unwrap_or_default());
    let limit = pairs.iter().find(|(key, _)| key == "limit").map_or(Ok(ROWS), |(_, limit)| limit.parse());
    pairs.retain(|(key, value)| key != "limit" && !value.is_empty());
    match limit {
        Ok(limit) if (1..=most).contains(&limit) => Ok((pairs, limit)),
        _ => Err(call.bad(format!("limit is not between 1 and {most}."))),
    }
}

/// What is wrong with a query is no fault of a body.
fn unread(call: &PlatformCall, error: Error) -> Problem {
    match error {
        Error::Invalid(errors) => {
            let told: Vec<_> = errors.0.iter().map(|(key, why)| format!("{key}: {why}")).collect();
            call.bad(told.join(" "))
        }
        other => call.problem(other),
    }
}

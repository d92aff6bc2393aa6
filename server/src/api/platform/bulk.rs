//! Handlers of work on many tenants at once: a set is frozen and looked at, then confirmed.
//!
//! Invariant: nothing is done to any tenant before the set is confirmed, and a set is the key's alone that has frozen it.

use super::answers::{PlatformReading, PlatformWriting};
use super::operation_schema::OperationDetail;
use super::{tenants, underway};
use crate::api::problem::{Problem, ProblemDetails};
use crate::api::{PREFIX, PlatformCall};
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::bulk;
use model::bulk::{Bulk, BulkInput, BulkRow, Whom};
use model::directory::Query;
use model::permission::{Permission, Scope};
use model::validate::FieldErrors;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// The filter that is every tenant there is.
const EVERYBODY: &str = "all";
/// What an address may ask of the rows of a set.
const KEYS: [&str; 2] = ["outcome", "after"];

/// What is to be done, and to whom.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "action": "suspend", "whom": "matching", "list": "status=trial&tag=pilot", "code": "inactivity", "scope": "read_only"
}))]
pub struct BulkAsked {
    /// `suspend`, `reinstate`, `change_plan`, `apply_template`, `set_owner` or `change_tags`.
    #[serde(default)]
    #[schema(required = true, example = "suspend")]
    pub action: String,
    /// `ticked`: those of `tenants`; `matching`: all that `list` finds.
    #[serde(default)]
    #[schema(required = true, example = "matching")]
    pub whom: String,
    /// Slugs, at most 100.
    #[serde(default)]
    pub tenants: Vec<String>,
    /// With `matching`: the query of `GET /tenants` without `limit` and `after`, or `all` for every tenant there is. What is
    /// not understood is refused, and so is what narrows nothing.
    #[serde(default)]
    #[schema(example = "status=trial&tag=pilot")]
    pub list: String,
    /// Of a suspension, as of one tenant.
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub scope: String,
    #[serde(default)]
    pub message: String,
    /// Of a plan change.
    #[serde(default)]
    pub plan: String,
    /// Of a template: its key and version, like `baseline.3`.
    #[serde(default)]
    pub to: String,
    /// Of a new owner: the id of a person, or `nobody`.
    #[serde(default)]
    pub owner: String,
    /// Of a change of tags.
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub remove: Vec<String>,
}

/// That it is meant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "The pilot has ended.", "confirm": 12 }))]
pub struct BulkStart {
    #[serde(default)]
    #[schema(required = true)]
    pub reason: String,
    /// `eligible` of the set: needed of a suspension, and of more than 25 tenants.
    #[serde(default)]
    pub confirm: Option<i64>,
}

/// A tenant of a set.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkTenant {
    pub slug: Option<String>,
    pub name: String,
    /// `waiting`, `skipped`; once it is confirmed also `approval`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "waiting")]
    pub outcome: &'static str,
    /// Why it is left out: `status`, `same`, `busy`, `limits`, `payment` or `changed`.
    pub why: Option<&'static str>,
    /// Why it is left out or has failed, in words.
    pub note: Option<String>,
    /// The operation on this tenant.
    pub operation: Option<Uuid>,
}

impl From<BulkRow> for BulkTenant {
    fn from(row: BulkRow) -> Self {
        Self {
            slug: row.slug,
            name: row.name,
            outcome: row.outcome.as_str(),
            why: row.why.map(model::bulk::Why::as_str),
            note: row.note,
            operation: row.operation.map(|id| id.0),
        }
    }
}

/// A frozen set with a page of its tenants.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkSet {
    pub id: Uuid,
    #[schema(example = "suspend")]
    pub action: &'static str,
    #[schema(example = 14)]
    pub total: i64,
    /// Those that it can be done to, when it was frozen.
    #[schema(example = 12)]
    pub eligible: i64,
    /// Slugs that are nobody’s.
    pub missing: i64,
    pub created_at: DateTime<Utc>,
    /// Confirm it before.
    pub expires_at: DateTime<Utc>,
    /// Once it is confirmed.
    pub operation: Option<Uuid>,
    /// How many tenants there are of each outcome.
    #[schema(value_type = Object)]
    pub counts: BTreeMap<&'static str, i64>,
    /// How many are left out, by why.
    #[schema(value_type = Object)]
    pub skipped: BTreeMap<&'static str, i64>,
    pub tenants: Vec<BulkTenant>,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

impl From<Bulk> for BulkSet {
    fn from(set: Bulk) -> Self {
        Self {
            id: set.id,
            action: set.work.action().as_str(),
            total: set.total,
            eligible: set.eligible,
            missing: set.missing,
            created_at: set.created_at,
            expires_at: set.expires_at,
            operation: set.operation.map(|id| id.0),
            counts: set.counts.into_iter().map(|(outcome, n)| (outcome.as_str(), n)).collect(),
            skipped: set.skipped.into_iter().map(|(why, n)| (why.as_str(), n)).collect(),
            tenants: set.rows.into_iter().map(BulkTenant::from).collect(),
            next: set.next,
        }
    }
}

/// Freeze a set of tenants to work on, and see who is left out and why. Nothing is done to any of them.
#[utoipa::path(
    post, path = "/bulk", operation_id = "previewBulk", tag = "platform", security(("platform_key" = [])), request_body = BulkAsked,
    responses(
        (status = 201, description = "The set, for 24 hours", body = BulkSet, headers(("Location" = String))),
        PlatformWriting,
    )
)]
pub async fn preview(
    call: PlatformCall,
    body: Result<Json<BulkAsked>, JsonRejection>,
) -> Result<Response, Problem> {
    // First: who may not ask shall not be told what is wrong with it.
    let allowed = call.cx().require(Permission::TenantBulk, Scope::Platform).await;
    allowed.map_err(|error| call.problem(error))?;
    let asked = call.input(body)?;
    let mut errors = FieldErrors::default();
    let list = if asked.whom == Whom::Matching.as_str() {
        errors.take("list", filter(&asked.list)).unwrap_or_default()
    } else {
        asked.list
    };
    let input = BulkInput {
        action: asked.action,
        whom: asked.whom,
        list,
        // As things are now: nobody has looked at a list before.
        at: call.cx().now().to_rfc3339(),
        tenants: asked.tenants.join(" "),
        code: asked.code,
        scope: asked.scope,
        message: asked.message,
        plan: asked.plan,
        to: asked.to,
        owner: asked.owner,
        add: asked.add.join(","),
        remove: asked.remove.join(","),
    };
    if !errors.is_empty() {
        // With all else that is wrong; nothing is looked up for a set that is not named well.
        if let Err(more) = input.validate() {
            more.0.into_iter().for_each(|(field, why)| errors.add(&field, why));
        }
        return Err(call.problem(errors.into()));
    }
    let id = bulk::preview(call.cx(), &input).await.map_err(|error| call.problem(error))?;
    let set = bulk::show(call.cx(), id, &[]).await.map_err(|error| call.problem(error))?;
    let location = format!("{PREFIX}/bulk/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(BulkSet::from(set))).into_response())
}

/// The filter of a set. A person sees what a list has found; of a program what is misspelt would widen the set instead, up
/// to the whole fleet.
fn filter(list: &str) -> Result<String, String> {
    if list == EVERYBODY {
        return Ok(String::new());
    }
    let pairs = model::url::decode(list);
    let known = |key: &str| key != "after" && tenants::KEYS.contains(&key);
    if let Some((key, _)) = pairs.iter().find(|(key, _)| !known(key.as_str())) {
        return Err(format!("“{key}” is no filter of tenants."));
    }
    if let Some((key, _)) = pairs.iter().find(|(_, value)| value.is_empty()) {
        return Err(format!("“{key}” has no value."));
    }
    let (query, ignored) = Query::parse(&pairs);
    if let Some(one) = ignored.first() {
        return Err(format!("{}: “{}” is not understood.", one.key, one.value));
    }
    if query.filter.is_empty() {
        return Err(format!("It narrows nothing. Where every tenant is meant, send “{EVERYBODY}”."));
    }
    Ok(list.to_owned())
}

/// A set that this key has frozen, and how its tenants fare.
#[utoipa::path(
    get, path = "/bulk/{id}", operation_id = "getBulk", tag = "platform", security(("platform_key" = [])),
    params(
        ("id" = String, Path),
        ("outcome" = Option<String>, Query, description = "Only tenants of this outcome"),
        ("after" = Option<i64>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "The set with 50 of its tenants", body = BulkSet),
        (status = 400, description = "A parameter was not understood", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "There is none with this id of this key’s", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn get(
    call: PlatformCall,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<BulkSet>, Problem> {
    let id: Uuid = call.id(id)?;
    let pairs = model::url::decode(query.as_deref().unwrap_or_default());
    if let Some((other, _)) = pairs.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(call.bad(format!("“{other}” is no parameter of this list.")));
    }
    let set = bulk::show(call.cx(), id, &pairs).await.map_err(|error| call.problem(error))?;
    match set.left_out.first() {
        Some(key) => Err(call.bad(format!("“{key}” was not understood."))),
        None => Ok(Json(set.into())),
    }
}

/// Begin the work on a set. Sent again, it is the same operation.
#[utoipa::path(
    post, path = "/bulk/{id}/start", operation_id = "startBulk", tag = "platform", security(("platform_key" = [])),
    params(("id" = String, Path)), request_body = BulkStart,
    responses(
        (status = 202, description = "It is asked for", body = OperationDetail, headers(("Location" = String))),
        (status = 404, description = "There is none with this id of this key’s", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn start(
    call: PlatformCall,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<BulkStart>, JsonRejection>,
) -> Result<Response, Problem> {
    let id: Uuid = call.id(id)?;
    let input = call.input(body)?;
    let confirm = input.confirm.map(|n| n.to_string()).unwrap_or_default();
    underway(&call, bulk::start(call.cx(), id, &input.reason, &confirm).await).await
}

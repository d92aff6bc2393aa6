//! Handlers of what is on record about a tenant, and of what it is billed under.
//!
//! Invariant: what is left out of a change stays as it is, and is taken from the version that the change is made on: where
//! somebody was quicker, nothing is overwritten.

use super::answers::PlatformWriting;
use super::schema::TenantDetail;
use super::tenant;
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::StatusCode;
use domain::{Error, tenants};
use model::details::{DetailsInput, NOBODY};
use model::tenants::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be different. A field that is left out, or null, stays as it is. An empty text takes away what may be lacking
/// (`domain`, `external_id`, `country`, `industry`), an empty list takes away all tags.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "industry": "Logistics", "tags": ["vip", "emea"], "reason": "As the customer says." }))]
pub struct TenantPatch {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub domain: Option<String>,
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub country: Option<String>,
    #[serde(default)]
    pub industry: Option<String>,
    /// All of them, at most 10; none has a comma.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// The id of a person of the platform, or `nobody`.
    #[serde(default)]
    pub owner: Option<String>,
    /// Why; stands in the log.
    #[serde(default)]
    #[schema(required = true)]
    pub reason: String,
}

impl TenantPatch {
    /// All of the record, as the console's form sends it.
    fn whole(self, now: &Tenant) -> DetailsInput {
        let or = |new: Option<String>, old: &Option<String>| new.or_else(|| old.clone()).unwrap_or_default();
        let owner = now.owner.map_or_else(|| NOBODY.to_owned(), |owner| owner.to_string());
        DetailsInput {
            name: self.name.unwrap_or_else(|| now.name.clone()),
            domain: or(self.domain, &now.domain),
            external_id: or(self.external_id, &now.external_id),
            country: or(self.country, &now.country),
            industry: or(self.industry, &now.industry),
            tags: self.tags.as_ref().unwrap_or(&now.tags).join(","),
            owner: self.owner.unwrap_or(owner),
            reason: self.reason,
        }
    }
}

/// What it is billed under.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "billing_reference": "PO-4711" }))]
pub struct BillingInput {
    /// The `version` of the tenant that it was decided on; left out: whatever it is now.
    #[serde(default)]
    pub version: Option<i64>,
    /// Up to 100 characters; empty: nothing.
    #[schema(example = "PO-4711")]
    pub billing_reference: String,
}

/// Change what is on record about a tenant.
///
/// It is done when the answer is there. What would change nothing is refused (422), so that sent again it is done once.
#[utoipa::path(
    patch, path = "/tenants/{slug}", operation_id = "changeTenant", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)), request_body = TenantPatch,
    responses(
        (status = 200, description = "The tenant as it is now", body = TenantDetail),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn change(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    body: Result<Json<TenantPatch>, JsonRejection>,
) -> Result<Json<TenantDetail>, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    // As one text, as the console has them, it would become two.
    if input.tags.iter().flatten().any(|tag| tag.contains(',')) {
        return Err(call.problem(Error::field("tags", "A tag has no comma.")));
    }
    let version = input.version.unwrap_or(tenant.version);
    let changed = tenants::change_details(call.cx(), tenant.id, version, &input.whole(&tenant)).await;
    changed.map_err(|error| call.problem(error))?;
    super::tenants::anew(&call, &tenant.slug).await
}

/// Set what a tenant is billed under.
#[utoipa::path(
    put, path = "/tenants/{slug}/billing-reference", operation_id = "setBillingReference", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)), request_body = BillingInput,
    responses(
        (status = 204, description = "It is set; `GET /tenants/{slug}/payments` says it"),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn set_billing_reference(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    body: Result<Json<BillingInput>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let version = input.version.unwrap_or(tenant.version);
    let set = tenants::set_billing_reference(call.cx(), tenant.id, version, &input.billing_reference).await;
    set.map_err(|error| call.problem(error))?;
    Ok(StatusCode::NO_CONTENT)
}

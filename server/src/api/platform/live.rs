//! Handler of the way into production (R27).

use super::answers::PlatformWriting;
use super::move_schema::GoLiveInput;
use super::schema::TenantDetail;
use super::tenant;
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::{JsonRejection, PathRejection};
use domain::tenants;

/// Take a tenant live.
///
/// Everything that its onboarding requires has to be done or waived; else it is refused (409) with how much is. From now on
/// what it sends is production: conversations were taken in before, for testing. It is done when the answer is there; sent
/// again it is refused (409), for it is live already.
#[utoipa::path(
    post, path = "/tenants/{slug}/go-live", operation_id = "takeTenantLive", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)), request_body = GoLiveInput,
    responses(
        (status = 200, description = "The tenant, which is live", body = TenantDetail),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn go(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    body: Result<Json<GoLiveInput>, JsonRejection>,
) -> Result<Json<TenantDetail>, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let version = input.version.unwrap_or(tenant.version);
    let live = tenants::go_live(call.cx(), tenant.id, version).await;
    live.map_err(|error| call.problem(error))?;
    super::tenants::anew(&call, &tenant.slug).await
}

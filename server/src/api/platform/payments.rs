//! Handlers of payments that did not come, for the billing system.

use super::answers::{PlatformReading, PlatformWriting};
use super::move_schema::{PaymentInput, PaymentList, SettleInput};
use super::tenant;
use crate::api::PlatformCall;
use crate::api::problem::{Problem, ProblemDetails};
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::StatusCode;
use domain::tenants::rules;

/// The payments of a tenant that did not come, and what follows from them.
#[utoipa::path(
    get, path = "/tenants/{slug}/payments", operation_id = "listPayments", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)),
    responses(
        (status = 200, description = "Open ones first, the oldest of them on top", body = PaymentList),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformReading,
    )
)]
pub async fn list(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
) -> Result<Json<PaymentList>, Problem> {
    let tenant = tenant(&call, slug).await?;
    let payments = rules::payments(call.cx(), tenant.id).await.map_err(|error| call.problem(error))?;
    Ok(Json(payments.into()))
}

/// Note a payment that did not come.
///
/// Unless it is settled by the day of the rule, the tenant is suspended. Sent again, its reference is refused (422 at
/// `/reference`): nothing is noted twice.
#[utoipa::path(
    post, path = "/tenants/{slug}/payments", operation_id = "notePayment", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path)), request_body = PaymentInput,
    responses(
        (status = 204, description = "It is noted"),
        (status = 404, description = "There is none with this slug", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn note(
    call: PlatformCall,
    slug: Result<Path<String>, PathRejection>,
    body: Result<Json<PaymentInput>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant(&call, slug).await?;
    let input = call.input(body)?;
    let (reference, amount, failed_on) = (&*input.reference, &*input.amount, &*input.failed_on);
    let noted =
        rules::payment_failed(call.cx(), tenant.id, rules::FailedPayment { reference, amount, failed_on });
    noted.await.map_err(|error| call.problem(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Settle a payment that came after all.
#[utoipa::path(
    post, path = "/tenants/{slug}/payments/{reference}/settle", operation_id = "settlePayment", tag = "platform", security(("platform_key" = [])),
    params(("slug" = String, Path), ("reference" = String, Path, description = "As it was noted, percent-encoded")),
    request_body = SettleInput,
    responses(
        (status = 204, description = "It is settled"),
        (status = 404, description = "There is no such tenant or payment", body = ProblemDetails, content_type = "application/problem+json"),
        PlatformWriting,
    )
)]
pub async fn settle(
    call: PlatformCall,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Result<Json<SettleInput>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Path((slug, reference)) = path.map_err(|error| call.bad(error.body_text()))?;
    let tenant = tenant(&call, Ok(Path(slug))).await?;
    let input = call.input(body)?;
    let settled = rules::payment_settled(call.cx(), tenant.id, &reference, &input.how).await;
    settled.map_err(|error| call.problem(error))?;
    Ok(StatusCode::NO_CONTENT)
}

//! The newest evidence that the key's own tenant is isolated. Asking for new evidence is the platform's, not a key's.

use super::Call;
use super::problem::{Problem, ProblemDetails, Reading};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The newest run of the isolation probe, which tries as the tenant’s own role what would get at something foreign.
#[derive(Debug, Serialize, ToSchema)]
pub struct IsolationEvidence {
    pub id: uuid::Uuid,
    pub at: chrono::DateTime<chrono::Utc>,
    /// `proven`, `stale` (it held, but longer ago than is wanted) or `failing`.
    #[schema(example = "proven")]
    pub standing: &'static str,
    /// `provisioning`, `schedule` or `request`.
    #[schema(example = "schedule")]
    pub trigger: &'static str,
    /// `pooled` or `dedicated`.
    #[schema(example = "pooled")]
    pub placement: &'static str,
    /// Attempts that came out as they must, and that did not.
    #[schema(example = 36)]
    pub passed: i64,
    #[schema(example = 0)]
    pub failed: i64,
}

/// The newest evidence of isolation of the key’s own tenant; 404 where it was never verified.
#[utoipa::path(
    get, path = "/isolation", operation_id = "getIsolation", tag = "tenant",
    responses(
        (status = 200, description = "The newest evidence", body = IsolationEvidence),
        (status = 404, description = "The tenant was never verified", body = ProblemDetails, content_type = "application/problem+json"),
        Reading,
    )
)]
pub async fn newest(call: Call) -> Result<Json<IsolationEvidence>, Problem> {
    let found = domain::isolation::newest(call.cx(), call.caller.tenant).await;
    let run =
        found.and_then(|run| run.ok_or(domain::Error::NotFound)).map_err(|error| call.problem(error))?;
    Ok(Json(IsolationEvidence {
        id: run.id.0,
        at: run.at,
        standing: run.standing(call.cx().now()).as_str(),
        trigger: run.trigger.as_str(),
        placement: run.placement.as_str(),
        passed: run.passed,
        failed: run.failed,
    }))
}

//! What every call may be answered instead of what it asked for; for the document alone.

use crate::api::problem::ProblemDetails;

/// Of a call that reads.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "described, never made")]
pub enum PlatformReading {
    #[response(
        status = 401,
        description = "No key, or one that is not accepted",
        content_type = "application/problem+json"
    )]
    Key(ProblemDetails),
    #[response(
        status = 403,
        description = "The key’s role does not allow it, or it is a tenant’s key",
        content_type = "application/problem+json"
    )]
    Role(ProblemDetails),
    #[response(
        status = 429,
        description = "The limit of API calls is reached",
        content_type = "application/problem+json"
    )]
    Limit(ProblemDetails),
}

/// Of a call that changes something.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "described, never made")]
pub enum PlatformWriting {
    #[response(
        status = 400,
        description = "The body is not such an object, or a header was not understood",
        content_type = "application/problem+json"
    )]
    Read(ProblemDetails),
    #[response(
        status = 401,
        description = "No key, or one that is not accepted",
        content_type = "application/problem+json"
    )]
    Key(ProblemDetails),
    #[response(
        status = 403,
        description = "The key’s role does not allow it, or it is a tenant’s key",
        content_type = "application/problem+json"
    )]
    Role(ProblemDetails),
    #[response(
        status = 409,
        description = "Somebody was quicker, its state does not allow it, or the idempotency key was used for something else; `detail` says which",
        content_type = "application/problem+json"
    )]
    Conflict(ProblemDetails),
    #[response(status = 415, description = "Not JSON", content_type = "application/problem+json")]
    Kind(ProblemDetails),
    #[response(
        status = 422,
        description = "Something is wrong; `errors` says where",
        content_type = "application/problem+json"
    )]
    Invalid(ProblemDetails),
    #[response(
        status = 429,
        description = "The limit of API calls is reached",
        content_type = "application/problem+json"
    )]
    Limit(ProblemDetails),
}

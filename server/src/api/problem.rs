//! Errors as RFC 9457 problem details: the only form in which this API fails.

use crate::observe::RequestId;
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Error;
use domain::conversations::Fault;
use model::tenants::{Access, SuspensionReason};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is wrong in what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemItem {
    /// Of a newline-delimited body, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    pub line: Option<i64>,
    /// JSON pointer (RFC 6901) into the conversation; empty for all of it.
    #[schema(example = "/turns/0/speaker")]
    pub pointer: String,
    #[schema(example = "is not customer or agent")]
    pub detail: String,
}

/// Problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// What kind of problem it is; programs tell problems apart by this.
    #[serde(rename = "type")]
    #[schema(example = "urn:steward:problem:invalid")]
    pub kind: String,
    #[schema(example = "The request is not right")]
    pub title: String,
    #[schema(example = 422)]
    pub status: u16,
    pub detail: String,
    /// To quote when you report it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything that is wrong, the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemItem>,
    /// How many things are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_count: Option<i64>,
    /// Of a limit: how much is allowed, how much is used, and after how many seconds it starts anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets_in: Option<i64>,
}

/// What every call that reads may be answered instead; for the document alone.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "described, never made")]
pub enum Reading {
    #[response(
        status = 401,
        description = "No key, or one that is not accepted",
        content_type = "application/problem+json"
    )]
    Key(ProblemDetails),
    #[response(
        status = 403,
        description = "The tenant has no access; `detail` says why",
        content_type = "application/problem+json"
    )]
    Access(ProblemDetails),
    #[response(
        status = 429,
        description = "The limit of API calls is reached",
        content_type = "application/problem+json"
    )]
    Limit(ProblemDetails),
}

/// The same for every call that writes.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "described, never made")]
pub enum Writing {
    #[response(
        status = 401,
        description = "No key, or one that is not accepted",
        content_type = "application/problem+json"
    )]
    Key(ProblemDetails),
    #[response(
        status = 403,
        description = "A read-only key, or a suspended tenant; `detail` says why",
        content_type = "application/problem+json"
    )]
    Access(ProblemDetails),
    #[response(
        status = 429,
        description = "The limit of API calls is reached",
        content_type = "application/problem+json"
    )]
    Limit(ProblemDetails),
}

/// A problem on its way to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    details: Box<ProblemDetails>,
    header: Option<(header::HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        let details = ProblemDetails {
            kind: format!("urn:steward:problem:{kind}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            request_id: None,
            errors: Vec::new(),
            error_count: None,
            limit: None,
            used: None,
            resets_in: None,
        };
        Self { details: Box::new(details), header: None }
    }

    fn with(mut self, name: header::HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    /// The id of the request that failed.
    pub fn id(mut self, id: &str) -> Self {
        self.details.request_id = Some(id.to_owned());
        self
    }

    /// With why the tenant is suspended.
    pub fn because(mut self, reason: SuspensionReason) -> Self {
        self.details.detail.push_str(&format!(" Reason: {}.", reason.label()));
        self
    }

    pub fn request(self, request: &Request) -> Self {
        match request.extensions().get::<RequestId>() {
            Some(id) => self.id(&id.0),
            None => self,
        }
    }

    pub fn unauthorized() -> Self {
        let detail = "Send a key that is not revoked: “Authorization: Bearer stw_…”.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "The API key was not accepted", detail)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"steward\""))
    }

    /// The key is right, but of the kind that has nothing to do here.
    pub fn other_key(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "other-key", "Another kind of key is needed", detail)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", "There is nothing at this address.")
    }

    pub fn method_not_allowed(method: &Method) -> Self {
        let detail = format!("This address does not answer to {method}.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
    }

    pub fn media_type() -> Self {
        let types = "application/json, application/x-ndjson";
        let detail = format!("Send one of {types}.");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "This kind of content is not understood",
            detail,
        )
        .with(
            header::HeaderName::from_static("accept-post"),
            HeaderValue::from_static("application/json, application/x-ndjson"),
        )
    }

    pub fn encoding(name: &str) -> Self {
        let detail = format!("The body is encoded as “{name}”. Send it as it is, without Content-Encoding.");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-encoding",
            "This encoding of content is not understood",
            detail,
        )
        .with(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
    }

    pub fn too_large(limit: usize) -> Self {
        let detail = format!("A body may have {limit} bytes at most. Send the rest in another request.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    /// The body did not come, or not in time.
    pub fn body(detail: &str, status: StatusCode) -> Self {
        Self::new(status, "body", "The body did not arrive", detail)
    }

    /// The time is over. What may change something goes on, unheard; where that is `harmless`, sending it again tells what
    /// became of it.
    pub fn too_slow(harmless: bool) -> Self {
        if harmless {
            let detail = "The request took too long. It can be sent again without harm.";
            return Self::body(detail, StatusCode::REQUEST_TIMEOUT);
        }
        let detail =
            "It took too long, and may still be done. Look at what is there before you send it again.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "too-slow", "It took too long", detail)
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request was not understood", detail)
    }

    pub fn busy() -> Self {
        let detail = "Too much is being received at the moment. Nothing was stored.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail)
            .with(header::RETRY_AFTER, HeaderValue::from_static("2"))
    }

    pub fn over_quota(limit: i64, used: i64, resets_in: i64) -> Self {
        let detail = format!(
            "{limit} calls in 15 minutes are allowed. The next window begins in {resets_in} seconds."
        );
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "over-quota",
            "The limit of API calls is reached",
            detail,
        )
        .with(header::RETRY_AFTER, HeaderValue::from(resets_in));
        problem.details.limit = Some(limit);
        problem.details.used = Some(used);
        problem.details.resets_in = Some(resets_in);
        problem
    }

    /// `faults` are the first of `count`.
    pub fn invalid(faults: Vec<ProblemItem>, count: i64) -> Self {
        let detail = match count {
            1 => "Nothing was stored: one thing is wrong.".to_owned(),
            n => format!("Nothing was stored: {n} things are wrong."),
        };
        let mut problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request is not right", detail);
        problem.details.errors = faults;
        problem.details.error_count = Some(count);
        problem
    }

    pub fn from_error(error: Error, id: &str) -> Self {
        let problem = match error {
            Error::NotFound => Self::not_found(),
            Error::SignIn => Self::unauthorized(),
            Error::Forbidden(permission) => {
                let detail = format!("This key may not {}.", permission.label());
                Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
            }
            Error::Suspended(access) => {
                let detail = match access {
                    Access::ReadOnly => "The tenant is read-only at the moment. Nothing was changed.",
                    Access::Full | Access::None => "The tenant has no access at the moment.",
                };
                Self::new(
                    StatusCode::FORBIDDEN,
                    "tenant-suspended",
                    "The tenant’s access is suspended",
                    detail,
                )
            }
            Error::Closed(words) => Self::new(
                StatusCode::FORBIDDEN,
                "tenant-suspended",
                "The tenant’s access is suspended",
                words,
            ),
            Error::Invalid(errors) => {
                let items = errors.0.into_iter().map(|(field, detail)| ProblemItem {
                    line: None,
                    pointer: if field.is_empty() { field } else { format!("/{field}") },
                    detail,
                });
                let items: Vec<_> = items.collect();
                let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
                Self::invalid(items, count)
            }
            Error::OtherContent(ids) => {
                let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
                let detail = "Nothing was stored: what `errors` lists was sent before under the same id with other content. \
                    Give what is new an id of its own.";
                let mut problem = Self::new(
                    StatusCode::CONFLICT,
                    "other-content",
                    "Sent before with other content",
                    detail,
                );
                problem.details.errors = ids
                    .into_iter()
                    .take(100)
                    .map(|(line, id)| ProblemItem {
                        line: (line > 0).then_some(line),
                        pointer: "/id".into(),
                        detail: format!("“{id}” was sent before with other content"),
                    })
                    .collect();
                problem.details.error_count = Some(count);
                problem
            }
            Error::Conflict(what) => Self::new(StatusCode::CONFLICT, "conflict", "Conflict", what),
            Error::OverQuota { limit, used, resets_in } => Self::over_quota(limit, used, resets_in),
            Error::Throttled { seconds } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "throttled",
                "Too many tries",
                format!("Try again in {seconds} seconds."),
            )
            .with(header::RETRY_AFTER, HeaderValue::from(seconds)),
            Error::Busy => {
                tracing::warn!(request_id = id, "no connection to the database came free in time");
                let detail = "Too much is being asked at once. Try again in a few seconds.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy at the moment", detail)
                    .with(header::RETRY_AFTER, HeaderValue::from(2))
            }
            fault @ (Error::Database(_) | Error::Internal(_)) => {
                tracing::error!(error = %fault, request_id = id, "a request failed");
                let detail = "The fault has been recorded. If you report it, quote the request’s id.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "That is our fault", detail)
            }
        };
        problem.id(id)
    }
}

impl From<(Option<i64>, Fault)> for ProblemItem {
    fn from((line, fault): (Option<i64>, Fault)) -> Self {
        Self { line, pointer: fault.pointer, detail: fault.detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Endpoints are refused by the same words as conversations.
    #[test]
    fn what_is_wrong_is_titled_for_every_kind_of_request() {
        let problem = Problem::from_error(Error::field("url", "An address is needed."), "r1");
        assert_eq!(
            (problem.details.status, problem.details.title.as_str()),
            (422, "The request is not right")
        );
        assert_eq!(problem.details.errors[0].pointer, "/url");
    }
}

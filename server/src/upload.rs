//! Files that come: the CSV of an import. A server function takes no file, so this layer stands beside the form layer
//! and answers as it does: 303 to the preview, or the same page again with status 422 and what was wrong.

use app::AppError;
use app::request::FormFailure;
use app::tenants::UPLOAD;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Ctx;
use http_body_util::BodyExt;
use model::directory::IMPORT_BYTES;
use model::validate::FieldErrors;
use std::time::Duration;

/// How much of a request is let in to here, piece by piece and never kept: a browser shows an answer only when all it
/// sends was taken, so that who chose far too large a file is told so on the page.
pub const MAX_REQUEST: usize = 256 * 1024 * 1024;
/// How long the rest of a file that is not wanted may come.
const PATIENCE: Duration = Duration::from_secs(20);
/// A file of the largest size and the form around it.
const MAX_UPLOAD: usize = IMPORT_BYTES as usize + 64 * 1024;

/// The layer: takes uploads to the import page, lets everything else pass.
pub async fn uploads(request: Request, next: Next) -> Response {
    let multipart = |headers: &HeaderMap| {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
    };
    if request.method() != Method::POST
        || request.uri().path() != app::paths::TENANTS_IMPORT
        || !multipart(request.headers())
    {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Some(cx) = parts.extensions.get::<Ctx>().cloned() else {
        return Redirect::to(app::paths::SIGN_IN).into_response();
    };
    let mut plan = String::new();
    let declared =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let too_large = declared.is_some_and(|length: usize| length > MAX_UPLOAD);
    let taken = if too_large {
        let _ = tokio::time::timeout(PATIENCE, drain(body)).await;
        Err(AppError::Invalid(FieldErrors::one("file", over())))
    } else {
        let mut upload = Request::from_parts(parts.clone(), body);
        DefaultBodyLimit::max(MAX_UPLOAD).apply(&mut upload);
        take(&cx, upload, &mut plan).await
    };
    let error = match taken {
        Ok(id) => return Redirect::to(&app::paths::tenants_import(&id.to_string())).into_response(),
        Err(AppError::SignIn) => return Redirect::to(app::paths::SIGN_IN).into_response(),
        Err(error) => error,
    };
    let status = match error.status() {
        _ if too_large => StatusCode::PAYLOAD_TOO_LARGE,
        status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let mut again = Request::from_parts(parts, Body::empty());
    *again.method_mut() = Method::GET;
    again.headers_mut().remove(header::CONTENT_TYPE);
    again.headers_mut().remove(header::CONTENT_LENGTH);
    again.extensions_mut().insert(FormFailure {
        form: UPLOAD.into(),
        values: vec![("plan".into(), plan)],
        error,
        claimed: app::request::Claimed::default(),
    });
    let mut response = next.run(again).await;
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

/// Reads what nobody wants, and keeps none of it.
async fn drain(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

fn over() -> String {
    format!("The file is larger than {} MB.", IMPORT_BYTES / 1024 / 1024)
}

/// The wire's error, with the id of the request: outside of a page nobody else knows it.
fn told(cx: &Ctx, error: domain::Error) -> AppError {
    match AppError::from(error) {
        AppError::Internal(_) => AppError::Internal(cx.request_id().to_owned()),
        other => other,
    }
}

async fn take(cx: &Ctx, request: Request, plan: &mut String) -> Result<model::ImportId, AppError> {
    // Asked before ten megabytes are read.
    domain::tenants::may_create(cx).await.map_err(|error| told(cx, error))?;
    let wrong = |message: &str| AppError::Invalid(FieldErrors::one("file", message));
    let unread = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => wrong(&over()),
        _ => wrong("The upload broke off. Choose the file again."),
    };
    let mut form =
        Multipart::from_request(request, &()).await.map_err(|_| wrong("The upload was not understood."))?;
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(unread)? {
        match field.name() {
            Some("plan") => *plan = field.text().await.map_err(unread)?,
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, field.bytes().await.map_err(unread)?));
            }
            _ => {}
        }
    }
    match file {
        Some((name, bytes)) if !name.is_empty() => {
            domain::tenants::stage_import(cx, &name, &bytes, plan).await.map_err(|error| told(cx, error))
        }
        _ => Err(wrong("Choose a file.")),
    }
}

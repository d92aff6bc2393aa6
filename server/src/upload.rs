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
use model::directory::IMPORT_BYTES;
use model::validate::FieldErrors;

/// How much of a request is let in to here. More than is taken, so that who sends a file that is somewhat too large is
/// told so on the page.
pub const MAX_REQUEST: usize = 3 * IMPORT_BYTES as usize;
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
    let mut upload = Request::from_parts(parts.clone(), body);
    DefaultBodyLimit::max(MAX_UPLOAD).apply(&mut upload);
    let error = match take(&cx, upload, &mut plan).await {
        Ok(id) => return Redirect::to(&app::paths::tenants_import(&id.to_string())).into_response(),
        Err(AppError::SignIn) => return Redirect::to(app::paths::SIGN_IN).into_response(),
        Err(error) => error,
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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

async fn take(cx: &Ctx, request: Request, plan: &mut String) -> Result<model::ImportId, AppError> {
    // Asked before ten megabytes are read.
    domain::tenants::may_create(cx).await?;
    let wrong = |message: &str| AppError::Invalid(FieldErrors::one("file", message));
    let unread = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            wrong(&format!("The file is larger than {} MB.", IMPORT_BYTES / 1024 / 1024))
        }
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
            Ok(domain::tenants::stage_import(cx, &name, &bytes, plan).await?)
        }
        _ => Err(wrong("Choose a file.")),
    }
}

//! Files that leave: the directory and the audit log as CSV, streamed as the database gives them, and usage by day.

use app::AppError;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, RawQuery};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Ctx, Error};
use futures_util::Stream;
use futures_util::stream::try_unfold;

/// `GET /tenants/export.csv?…`: the list of the query, whole.
pub async fn tenants(Extension(cx): Extension<Ctx>, RawQuery(query): RawQuery) -> Response {
    match domain::tenants::export(&cx, &pairs(query)).await {
        Ok(export) => {
            let parts = try_unfold(export, async |mut export| {
                let part = export.next().await.inspect_err(broke_off)?;
                Ok::<_, Error>(part.map(|part| (part, export)))
            });
            file(&cx, "tenants", Body::from_stream(parts))
        }
        Err(error) => refused(error),
    }
}

/// `GET /audit.csv?…`: the lines of the filter in all chains.
pub async fn audit(Extension(cx): Extension<Ctx>, RawQuery(query): RawQuery) -> Response {
    match domain::audit::export(&cx, None, &pairs(query)).await {
        Ok(export) => file(&cx, "audit", Body::from_stream(lines(export))),
        Err(error) => refused(error),
    }
}

/// `GET /tenants/{slug}/audit.csv?…`: the lines of the filter in one chain.
pub async fn tenant_audit(
    Extension(cx): Extension<Ctx>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    match domain::audit::export(&cx, Some(&slug), &pairs(query)).await {
        Ok(export) => file(&cx, &format!("{slug}-audit"), Body::from_stream(lines(export))),
        Err(error) => refused(error),
    }
}

fn lines(export: domain::audit::Export) -> impl Stream<Item = Result<Vec<u8>, Error>> {
    try_unfold(export, async |mut export| {
        let part = export.next().await.inspect_err(broke_off)?;
        Ok(part.map(|part| (part, export)))
    })
}

/// `GET /usage.csv?days=30`: the fleet by day.
pub async fn usage(Extension(cx): Extension<Ctx>, RawQuery(query): RawQuery) -> Response {
    match domain::usage::export::of_fleet(&cx, days(query)).await {
        Ok(bytes) => file(&cx, "usage", Body::from(Bytes::from(bytes))),
        Err(error) => refused(error),
    }
}

/// `GET /tenants/{slug}/usage.csv?days=30`: one tenant by day.
pub async fn tenant_usage(
    Extension(cx): Extension<Ctx>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    match domain::usage::export::of_tenant(&cx, &slug, days(query)).await {
        Ok(bytes) => file(&cx, &format!("{slug}-usage"), Body::from(Bytes::from(bytes))),
        Err(error) => refused(error),
    }
}

fn pairs(query: Option<String>) -> Vec<(String, String)> {
    model::url::decode(&query.unwrap_or_default())
}

fn days(query: Option<String>) -> u32 {
    let asked = pairs(query).into_iter().find(|(key, _)| key == "days").map(|(_, value)| value);
    model::reports::span(&asked.unwrap_or_default())
}

/// An error in the middle breaks the connection, so that no half file looks whole.
fn broke_off(error: &Error) {
    tracing::error!(%error, "an export broke off");
}

/// `name` is made of words and slugs.
fn file(cx: &Ctx, name: &str, body: Body) -> Response {
    let name = format!("attachment; filename=\"{name}-{}.csv\"", cx.now().format("%Y-%m-%d"));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

fn refused(error: Error) -> Response {
    let error = AppError::from(error);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, error.message()).into_response()
}

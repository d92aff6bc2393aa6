//! Files that leave: the directory as CSV, streamed as the database gives it.

use app::AppError;
use axum::body::Body;
use axum::extract::{Extension, RawQuery};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Ctx;
use futures_util::stream::try_unfold;

/// `GET /tenants/export.csv?…`: the list of the query, whole.
pub async fn tenants(Extension(cx): Extension<Ctx>, RawQuery(query): RawQuery) -> Response {
    let pairs = model::directory::decode(&query.unwrap_or_default());
    let export = match domain::tenants::export(&cx, &pairs).await {
        Ok(export) => export,
        Err(error) => return refused(error),
    };
    // An error in the middle breaks the connection, so that no half file looks whole.
    let parts = try_unfold(export, async |mut export| {
        let part = export.next().await.inspect_err(|error| tracing::error!(%error, "an export broke off"))?;
        Ok::<_, domain::Error>(part.map(|part| (part, export)))
    });
    let name = format!("attachment; filename=\"tenants-{}.csv\"", cx.now().format("%Y-%m-%d"));
    let mut response = Response::new(Body::from_stream(parts));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

fn refused(error: domain::Error) -> Response {
    let error = AppError::from(error);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, error.message()).into_response()
}

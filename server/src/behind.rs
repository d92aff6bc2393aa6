//! What goes on behind an answer: whatever may change something runs in a task of its own, so that a browser or a program
//! that goes away cannot cut it in half. (hyper drops the future of a request whose connection ends, in the middle of a
//! transaction if need be.)
//!
//! Invariants: nothing goes on for ever, because a body has to be here within the same time as an answer; and nothing is cut
//! off by a stop of the process that could have ended in time, because the tasks are counted and waited for.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use futures_util::stream::try_unfold;
use std::panic::resume_unwind;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// How long a request may take, and who knows of those that go on.
#[derive(Clone, Debug)]
pub struct Behind {
    pub within: Duration,
    pub tasks: TaskTracker,
}

/// The layer.
pub async fn detach(State(behind): State<Behind>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let request = request.map(|body| in_time(body, behind.within));
    match behind.tasks.spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body took too long")]
struct Late;

/// The same body, which breaks off when its time is over: nobody hears of it any more, but its reader ends.
fn in_time(body: Body, within: Duration) -> Body {
    let until = Instant::now() + within;
    Body::from_stream(try_unfold(body.into_data_stream(), move |mut pieces| async move {
        match timeout_at(until, pieces.try_next()).await {
            Ok(Ok(piece)) => Ok(piece.map(|piece: Bytes| (piece, pieces))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(axum::Error::new(Late)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use futures_util::stream;
    use std::convert::Infallible;
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::ServiceExt;

    const LONG: Duration = Duration::from_secs(20);

    /// A door that reads its body, counts how often it came to an end, and is left by its caller at once.
    async fn left(within: Duration, body: Body) -> (TaskTracker, Arc<AtomicUsize>) {
        let ended = Arc::new(AtomicUsize::new(0));
        let count = ended.clone();
        let read = async move |body: Body| {
            let read = to_bytes(body, 100).await;
            count.fetch_add(1, Ordering::SeqCst);
            if read.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
        };
        let behind = Behind { within, tasks: TaskTracker::new() };
        let app = Router::new().route("/", post(read)).layer(from_fn_with_state(behind.clone(), detach));
        let request = Request::post("/").body(body).expect("a request");
        let asked = tokio::spawn(app.oneshot(request));
        while behind.tasks.is_empty() {
            tokio::task::yield_now().await;
        }
        asked.abort();
        (behind.tasks, ended)
    }

    #[tokio::test]
    async fn it_goes_on_and_is_waited_for() {
        let body = Body::from_stream(stream::once(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok::<_, Infallible>(Bytes::from_static(b"here"))
        }));
        let (tasks, ended) = left(LONG, body).await;
        tasks.close();
        tokio::time::timeout(LONG, tasks.wait()).await.expect("it ends");
        assert_eq!(ended.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_body_that_never_ends_keeps_nobody_for_ever() {
        let body = Body::from_stream(stream::once(pending::<Result<Bytes, Infallible>>()));
        let (tasks, ended) = left(Duration::from_millis(50), body).await;
        tasks.close();
        tokio::time::timeout(LONG, tasks.wait()).await.expect("its task ends");
        assert_eq!(ended.load(Ordering::SeqCst), 1, "by an error, not by being dropped");
    }
}

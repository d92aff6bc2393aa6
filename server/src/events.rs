//! What pages are told while they are open: that an operation has moved on.
//!
//! The ledger is read again and again, so that any process can tell of work that any other does. An event says where the
//! operation stands, in words, with its version as the id; the page fetches itself. A stream lasts [`LIFE`] at most,
//! which is shorter than the time that requests in flight get when the server stops: the browser comes back by itself,
//! with the id of the last event, and is asked again who it is. So nobody watches longer than their session, and
//! nothing has to know about stopping.

use app::AppError;
use axum::extract::{Extension, Path, Query};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::Ctx;
use futures_util::stream::{Stream, unfold};
use model::OperationId;
use model::operations::Pulse;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How long one stream lasts.
const LIFE: Duration = Duration::from_secs(15);
/// Between two looks into the ledger.
const POLL: Duration = Duration::from_millis(500);
/// A line that says only that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// When the browser comes back after the end of a stream.
const RETRY: Duration = Duration::from_millis(500);
/// Streams of this process at a time: few beside the connections that it takes, so that watchers crowd out nobody.
static STREAMS: Semaphore = Semaphore::const_new(256);

#[derive(Debug, Deserialize)]
pub struct Since {
    /// The version that the page shows.
    since: Option<i64>,
}

/// `GET /operations/{id}/events`: `change` with the operation's state in words, then `end` when it rests.
pub async fn operation(
    Extension(cx): Extension<Ctx>,
    Path(id): Path<String>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Response {
    let Ok(id) = id.parse::<OperationId>() else { return StatusCode::NOT_FOUND.into_response() };
    if let Err(error) = domain::operations::pulse(&cx, id).await {
        let error = AppError::from(error);
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, error.message()).into_response();
    }
    let Ok(slot) = STREAMS.try_acquire() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "10")],
            "Reload the page to see how far it is.",
        )
            .into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let watch = Watch {
        cx,
        id,
        seen: last.or(since.since),
        until: Instant::now() + LIFE,
        first: true,
        over: false,
        _slot: slot,
    };
    let stream = Sse::new(events(watch)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // A proxy that collects answers before it passes them on would hold the events back.
    ([(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))], stream).into_response()
}

struct Watch {
    cx: Ctx,
    id: OperationId,
    seen: Option<i64>,
    until: Instant,
    first: bool,
    over: bool,
    _slot: SemaphorePermit<'static>,
}

fn events(watch: Watch) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(watch, |mut watch| async move {
        if watch.over {
            return None;
        }
        if std::mem::take(&mut watch.first) {
            return Some((Ok(Event::default().retry(RETRY).comment("watching")), watch));
        }
        while Instant::now() < watch.until {
            match domain::operations::pulse(&watch.cx, watch.id).await {
                Ok(pulse) => {
                    if let Some(event) = watch.told(&pulse) {
                        return Some((Ok(event), watch));
                    }
                }
                // The browser comes back and hears the reason.
                Err(error) => {
                    tracing::debug!(%error, "a stream ended");
                    return None;
                }
            }
            tokio::time::sleep(POLL).await;
        }
        None
    })
}

impl Watch {
    /// The event to send, if there is something new or nothing more to come.
    fn told(&mut self, pulse: &Pulse) -> Option<Event> {
        let settled = pulse.state.is_settled();
        if self.seen == Some(pulse.version) && !settled {
            return None;
        }
        self.seen = Some(pulse.version);
        self.over = settled;
        let name = if settled { "end" } else { "change" };
        Some(Event::default().event(name).id(pulse.version.to_string()).data(pulse.to_string()))
    }
}

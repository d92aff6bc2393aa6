//! What pages are told while they are open: that an operation has moved on.
//!
//! The ledger is read again and again, so that any process can tell of work that any other does. An event says where the
//! operation stands, in words, with its version as the id; the page fetches itself.
//!
//! Invariants: a watcher asks the ledger once a second at most, and for its session what the process remembers of it; a
//! stream ends at the first look at its session after that has ended (R79: a suspension that blocks ends sessions), which is
//! within [`ASK`] where this process has ended it; one that another process has ended is seen when this process's memory of
//! it, a second old at most, is over. A stream does not count as use of its session; nobody holds more than [`MOST_EACH`]
//! streams, nor all together more than [`STREAMS`]. A stream lasts [`LIFE`] at most, which is shorter than the time that
//! requests in flight get when the server stops: the browser comes back by itself, with the id of the last event.

use app::AppError;
use app::server::SessionOf;
use axum::extract::{Extension, Path, Query};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::Ctx;
use futures_util::stream::{Stream, unfold};
use model::operations::{Pulse, State};
use model::permission::Actor;
use model::{OperationId, UserId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How long one stream lasts.
const LIFE: Duration = Duration::from_secs(15);
/// Between two looks into the ledger.
const POLL: Duration = Duration::from_secs(1);
/// The same where nothing moves before somebody has decided.
const POLL_SLOWLY: Duration = Duration::from_secs(5);
/// Between two looks at the session: twice a second, so that a stream ends within one of it. They cost next to nothing: a
/// process remembers whom it has just asked for, and forgets at once whom it signs out itself.
const ASK: Duration = Duration::from_millis(500);
/// A line that says only that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// When the browser comes back after the end of a stream.
const RETRY: Duration = Duration::from_secs(1);
/// Streams of this process at a time: few beside the connections that it takes, so that watchers crowd out nobody.
static STREAMS: Semaphore = Semaphore::const_new(256);
/// Streams of one person at a time: windows side by side. A window that is not looked at closes its own.
const MOST_EACH: usize = 12;
static EACH: Mutex<BTreeMap<UserId, usize>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Deserialize)]
pub struct Since {
    /// The version that the page shows.
    since: Option<i64>,
}

/// Whether a request comes from such a page by itself, not from somebody's hand.
pub fn is_watching(path: &str) -> bool {
    path.starts_with("/operations/") && path.ends_with("/events")
}

/// `GET /operations/{id}/events`: `change` with the operation's state in words, then `end` when it rests.
pub async fn operation(
    Extension(cx): Extension<Ctx>,
    Extension(SessionOf(session)): Extension<SessionOf>,
    Path(id): Path<String>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Response {
    let Ok(id) = id.parse::<OperationId>() else { return StatusCode::NOT_FOUND.into_response() };
    let first = match domain::operations::pulse(&cx, id, None).await {
        Ok(pulse) => pulse,
        Err(error) => {
            let error = AppError::from(error);
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return (status, error.message()).into_response();
        }
    };
    let Some(slot) = Slot::take(cx.actor()) else {
        let text = "Too many pages are being followed. Reload the page to see how far it is.";
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "10")], text).into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let now = Instant::now();
    let watch = Watch {
        cx,
        session,
        id,
        seen: last.or(since.since),
        pulse: first,
        until: now + LIFE,
        looked: now,
        turn: Turn::Hello,
        _slot: slot,
    };
    let stream = Sse::new(events(watch)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    // A proxy that collects answers before it passes them on would hold the events back.
    ([(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))], stream).into_response()
}

/// One of the streams that there may be; free again when it is dropped.
struct Slot {
    person: UserId,
    _permit: SemaphorePermit<'static>,
}

impl Slot {
    fn take(actor: &Actor) -> Option<Self> {
        let Actor::User { id: person, .. } = *actor else { return None };
        let permit = STREAMS.try_acquire().ok()?;
        let mut each = EACH.lock().unwrap_or_else(PoisonError::into_inner);
        let held = each.entry(person).or_default();
        if *held >= MOST_EACH {
            return None;
        }
        *held += 1;
        Some(Self { person, _permit: permit })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut each = EACH.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = each.get_mut(&self.person) {
            *held -= 1;
            if *held == 0 {
                each.remove(&self.person);
            }
        }
    }
}

/// What a stream does next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Says when to come back.
    Hello,
    /// Tells what was read already.
    Tell,
    /// Waits, and looks again.
    Look,
    Over,
}

struct Watch {
    cx: Ctx,
    session: domain::users::SessionId,
    id: OperationId,
    seen: Option<i64>,
    pulse: Pulse,
    until: Instant,
    /// When the ledger was looked into.
    looked: Instant,
    turn: Turn,
    _slot: Slot,
}

fn events(watch: Watch) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(watch, |mut watch| async move { watch.next().await.map(|event| (Ok(event), watch)) })
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        if self.turn == Turn::Hello {
            self.turn = Turn::Tell;
            return Some(Event::default().retry(RETRY).comment("watching"));
        }
        while self.turn != Turn::Over {
            if self.turn == Turn::Look {
                tokio::time::sleep(ASK).await;
                if Instant::now() >= self.until {
                    return None;
                }
                self.ask().await?;
                let wait = if self.pulse.state == State::Requested { POLL_SLOWLY } else { POLL };
                if self.looked.elapsed() < wait {
                    continue;
                }
                self.look().await?;
            }
            self.turn = Turn::Look;
            if let Some(event) = self.tell() {
                return Some(event);
            }
        }
        None
    }

    /// Whether the session still lives, and what its owner may by now. At the end of it the browser comes back and is
    /// asked to sign in.
    async fn ask(&mut self) -> Option<()> {
        let services = self.cx.services();
        let actor = domain::users::watcher_of_session(services, self.session).await.ok()??;
        self.cx = services.ctx(actor, self.cx.request_id());
        Some(())
    }

    async fn look(&mut self) -> Option<()> {
        self.looked = Instant::now();
        match domain::operations::pulse(&self.cx, self.id, Some(self.pulse.tenant)).await {
            Ok(pulse) => self.pulse = pulse,
            // The browser comes back and hears the reason.
            Err(error) => {
                tracing::debug!(%error, "a stream ended");
                return None;
            }
        }
        Some(())
    }

    /// The event to send, if there is something new or nothing more to come.
    fn tell(&mut self) -> Option<Event> {
        let settled = self.pulse.state.is_settled();
        if self.seen == Some(self.pulse.version) && !settled {
            return None;
        }
        self.seen = Some(self.pulse.version);
        if settled {
            self.turn = Turn::Over;
        }
        let name = if settled { "end" } else { "change" };
        Some(Event::default().event(name).id(self.pulse.version.to_string()).data(self.pulse.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: u128) -> Actor {
        let id = UserId(uuid::Uuid::from_u128(n));
        Actor::User { id, name: String::new(), email: String::new(), platform: None, memberships: vec![] }
    }

    #[test]
    fn nobody_takes_all_streams() {
        let (greedy, other) = (person(1), person(2));
        let mut held: Vec<_> = (0..MOST_EACH).filter_map(|_| Slot::take(&greedy)).collect();
        assert_eq!(held.len(), MOST_EACH);
        assert!(Slot::take(&greedy).is_none());
        assert!(Slot::take(&other).is_some(), "there is room for others");
        held.pop();
        assert!(Slot::take(&greedy).is_some(), "a stream that ends makes room");
        assert!(Slot::take(&Actor::Anonymous).is_none());
        drop(held);
        let each = EACH.lock().expect("nobody panicked");
        assert!(each.is_empty(), "nothing is remembered of who has gone");
    }

    #[test]
    fn only_these_do_not_count_as_use() {
        assert!(is_watching("/operations/018f/events"));
        assert!(!is_watching("/operations/018f") && !is_watching("/tenants/events"));
    }
}

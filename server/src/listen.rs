//! The accept loop. `axum::serve` has neither a time limit for headers nor a cap on connections, so that one slow
//! client per connection could hold them all (slow loris).

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service;

/// The limits of the loop.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue.
    pub connections: usize,
    /// How long a client may take to send its headers, also between two requests of one connection.
    pub header_time: Duration,
    /// How long requests in flight have to end once we are asked to stop.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 2_000, header_time: Duration::from_secs(10), drain_time: Duration::from_secs(20) }
    }
}

/// Serves until `stop` resolves, then lets requests in flight end. Answers how many were cut off.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> usize {
    let protocols = Arc::new(Protocols::new(limits));
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let (stopping, stopped) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, (stream, peer)) = tokio::select! {
            () = &mut stop => break,
            (slot, accepted) = accepted => match (slot, accepted) {
                (Ok(slot), Ok(accepted)) => (slot, accepted),
                (_, Err(error)) => {
                    // Out of file descriptors, say: it passes when connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
                (Err(_), _) => break,
            },
        };
        let connection =
            connection(protocols.clone(), graceful.watcher(), app.clone(), stream, peer, stopped.clone());
        tokio::spawn(async move {
            connection.await;
            drop(slot);
        });
    }
    // New connections are refused from here on, and those that never asked for anything are let go.
    drop(listener);
    drop(stopping);
    let left = graceful.count();
    match tokio::time::timeout(limits.drain_time, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_) => left,
    }
}

/// The two ways to speak. Which one is told from the first bytes by ourselves: the builder that does it by itself has
/// no limit on how long it waits for them, so that a connection which says nothing would keep its slot for ever.
struct Protocols {
    http1: Builder<TokioExecutor>,
    http2: Builder<TokioExecutor>,
    header_time: Duration,
}

/// What an HTTP/2 client says first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Protocols {
    fn new(limits: Limits) -> Self {
        let mut http1 = Builder::new(TokioExecutor::new()).http1_only();
        http1
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(64 * 1024);
        let mut http2 = Builder::new(TokioExecutor::new()).http2_only();
        http2
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            .max_concurrent_streams(100)
            .max_header_list_size(32 * 1024)
            .adaptive_window(true);
        Self { http1, http2, header_time: limits.header_time }
    }

    /// The builder for what this client speaks; `None` when it does not say in time.
    async fn of(&self, stream: &TcpStream) -> Option<&Builder<TokioExecutor>> {
        let mut bytes = [0; PREFACE.len()];
        let spoken = async {
            loop {
                let read = stream.peek(&mut bytes).await.ok().filter(|read| *read > 0)?;
                if !PREFACE.starts_with(&bytes[..read]) {
                    return Some(&self.http1);
                }
                if read == PREFACE.len() {
                    return Some(&self.http2);
                }
                // The rest of the preface is on its way; looking again at once would find the same.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(self.header_time, spoken).await.ok().flatten()
    }
}

async fn connection(
    protocols: Arc<Protocols>,
    watcher: Watcher,
    app: Router,
    stream: TcpStream,
    peer: SocketAddr,
    mut stopped: watch::Receiver<()>,
) {
    // Without it small answers wait up to 40 ms for an acknowledgement (Nagle): a tenth of the throughput.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let spoken = tokio::select! {
        spoken = protocols.of(&stream) => spoken,
        _ = stopped.changed() => None,
    };
    let Some(builder) = spoken else { return };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        // A router is always ready.
        app.clone().call(request)
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "a connection ended early");
    }
}

/// Resolves at SIGTERM or Ctrl-C.
///
/// # Errors
/// When the process cannot listen for signals.
pub fn signals() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    async fn started(limits: Limits) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let app = Router::new().route("/", get(|| async { "hello" })).route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(400)).await;
                "slow"
            }),
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, app, limits, async {
            stopped.await.ok();
        }));
        (address, stop, task)
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut text)).await;
        read.expect("an answer in time").expect("an answer");
        text
    }

    #[tokio::test]
    async fn headers_that_never_end_are_cut_off() {
        let (address, _stop, _task) =
            started(Limits { header_time: Duration::from_millis(200), ..Limits::default() }).await;
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("sent");
        let begin = Instant::now();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.ok();
        assert!(begin.elapsed() < Duration::from_secs(5), "closed by the server");
    }

    #[tokio::test]
    async fn connections_beyond_the_cap_wait_their_turn() {
        let (address, _stop, _task) =
            started(Limits { connections: 1, header_time: Duration::from_millis(300), ..Limits::default() })
                .await;
        let idle = TcpStream::connect(address).await.expect("connected");
        let mut second = TcpStream::connect(address).await.expect("queued by the kernel");
        second.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("sent");
        let mut byte = [0; 1];
        let early = tokio::time::timeout(Duration::from_millis(100), second.read(&mut byte)).await;
        assert!(early.is_err(), "the only slot is taken");
        assert!(answer(&mut second).await.ends_with("hello"), "the idle one was thrown out");
        drop(idle);
    }

    #[tokio::test]
    async fn half_a_preface_holds_no_slot() {
        let limits = Limits { header_time: Duration::from_millis(200), ..Limits::default() };
        let (address, _stop, _task) = started(limits).await;
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(b"PRI * HT").await.expect("sent");
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "closed by the server");
    }

    #[tokio::test]
    async fn connections_that_ask_for_nothing_do_not_hold_up_the_end() {
        let (address, stop, task) = started(Limits::default()).await;
        let _idle = TcpStream::connect(address).await.expect("connected");
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.send(()).expect("asked to stop");
        let ended = tokio::time::timeout(Duration::from_secs(5), task).await;
        assert_eq!(ended.expect("ended soon").expect("joined"), 0);
    }

    #[tokio::test]
    async fn a_request_in_flight_ends_before_the_server_does() {
        let (address, stop, task) = started(Limits::default()).await;
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.send(()).expect("asked to stop");
        assert!(answer(&mut stream).await.ends_with("slow"));
        assert_eq!(task.await.expect("ended"), 0);
        assert!(TcpStream::connect(address).await.is_err(), "and takes nobody new");
    }

    #[tokio::test]
    async fn the_drain_has_a_deadline() {
        let (address, stop, task) =
            started(Limits { drain_time: Duration::from_millis(50), ..Limits::default() }).await;
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.send(()).expect("asked to stop");
        assert_eq!(task.await.expect("ended"), 1);
    }
}

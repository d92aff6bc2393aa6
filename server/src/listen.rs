//! The accept loop. `axum::serve` has neither a time limit for headers nor a cap on connections, so that one slow
//! client per connection could hold them all (slow loris).

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
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
    let builder = Arc::new(builder(limits));
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
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
        connection(&builder, &graceful, app.clone(), stream, peer, slot);
    }
    // New connections are refused from here on.
    drop(listener);
    let left = graceful.count();
    match tokio::time::timeout(limits.drain_time, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_) => left,
    }
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_time).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024)
        .adaptive_window(true);
    builder
}

fn connection(
    builder: &Arc<Builder<TokioExecutor>>,
    graceful: &GracefulShutdown,
    app: Router,
    stream: TcpStream,
    peer: SocketAddr,
    slot: tokio::sync::OwnedSemaphorePermit,
) {
    // Without it small answers wait up to 40 ms for an acknowledgement (Nagle): a tenth of the throughput.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        // A router is always ready.
        app.clone().call(request)
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        let _slot = slot;
        if let Err(error) = watched.await {
            tracing::debug!(error, "a connection ended early");
        }
    });
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
        stream.read_to_string(&mut text).await.expect("an answer");
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

//! Requests to addresses that other people chose: webhooks, and whatever else a tenant may point somewhere.
//!
//! Such an address is an attempt to make this server knock at doors inside its own network (SSRF), until shown otherwise.
//! Invariants:
//! - A name is resolved once, every address it has is judged ([`address`]), and exactly a judged address is dialled: a
//!   name that changes its mind in between (DNS rebinding) changes nothing.
//! - Nothing is followed: a redirect is an answer like any other, and not a good one.
//! - HTTPS, except to networks that the configuration lets in (an operator's own receivers, tests).
//! - Time and size have limits, whatever the other side does; what it says is kept as a short text.

pub mod address;
mod connect;
#[cfg(test)]
mod tests;

use address::Net;
use connect::dial;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// The longest address.
pub const URL_MAX: u32 = 2_000;
/// How long connecting may take, and the whole exchange (Standard Webhooks: 15–30 s).
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);
/// How much of an answer is read, and how much of it is kept.
const READ_MAX: usize = 16 * 1024;
const KEEP_MAX: usize = 500;
/// The largest head of an answer.
const HEAD_MAX: usize = 16 * 1024;

type Resolving = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
/// Name to addresses: a seam, so that tests can lie like a hostile name server.
type Resolve = dyn Fn(String) -> Resolving + Send + Sync;

/// Whom this process may talk to, and how.
#[derive(Clone)]
pub struct Client {
    tls: Arc<rustls::ClientConfig>,
    let_in: Arc<[Net]>,
    resolve: Arc<Resolve>,
    connect: Duration,
    whole: Duration,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("let_in", &self.let_in).finish_non_exhaustive()
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    /// The beginning of its body, as text that can be stored and shown.
    pub text: String,
    /// Seconds that it asks to wait (`Retry-After`), where it says so in seconds.
    pub retry_after: Option<i64>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address is none that this server talks to.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Unreachable(String),
    #[error("no answer within {} s", .0.as_secs_f32().round())]
    TimedOut(Duration),
    #[error("the connection broke: {0}")]
    Broken(String),
}

impl Client {
    /// `let_in`: networks inside that may be talked to, also without TLS.
    pub fn new(let_in: Vec<Net>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Self {
            tls: Arc::new(connect::tls(roots)),
            let_in: let_in.into(),
            resolve: Arc::new(|name| Box::pin(connect::look_up(name))),
            connect: CONNECT,
            whole: WHOLE,
        }
    }

    /// The same, less patient.
    pub fn within(mut self, whole: Duration) -> Self {
        self.whole = whole;
        self
    }

    /// Reads an address and judges what can be judged without asking anybody.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn check(&self, text: &str) -> Result<Url, String> {
        let text = text.trim();
        if text.len() > URL_MAX as usize {
            return Err(format!("An address may have {URL_MAX} characters at most."));
        }
        let url =
            Url::parse(text).map_err(|_| "This is no address like https://example.com/hooks.".to_owned())?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("The address must begin with https://.".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("An address with a name or password in it is not taken.".into());
        }
        if url.fragment().is_some() {
            return Err("Leave out what follows “#”: it is never sent.".into());
        }
        if url.port() == Some(0) {
            return Err("There is no port 0.".into());
        }
        let inside = match url.host() {
            None => return Err("The address names no host.".into()),
            Some(Host::Domain(name)) => {
                self.judge_name(name)?;
                // Whether a name may be talked to without TLS shows when it is resolved.
                !self.let_in.is_empty()
            }
            Some(Host::Ipv4(ip)) => self.judge(ip.into())?,
            Some(Host::Ipv6(ip)) => self.judge(ip.into())?,
        };
        if url.scheme() == "http" && !inside {
            return Err("The address must begin with https://.".into());
        }
        Ok(url)
    }

    /// Whether the address is one of those that were let in; public ones are fine and are not.
    fn judge(&self, ip: IpAddr) -> Result<bool, String> {
        let ip = ip.to_canonical();
        if self.let_in.iter().any(|net| net.contains(ip)) {
            return Ok(true);
        }
        match address::why_not(ip) {
            None => Ok(false),
            Some(why) => Err(format!("{ip} is {why}; this server does not talk to it.")),
        }
    }

    /// Refuses a name that never leads out, where nothing inside was let in: its address says it too, but later.
    fn judge_name(&self, name: &str) -> Result<(), String> {
        if self.let_in.is_empty() { address::judge_name(name) } else { Ok(()) }
    }

    /// Sends one request and reads the answer, whatever its status.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, Failure> {
        match tokio::time::timeout(self.whole, self.exchange(url, headers, body)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::TimedOut(self.whole)),
        }
    }

    /// The addresses of the host, each judged.
    async fn addresses(&self, url: &Url) -> Result<Vec<IpAddr>, Failure> {
        let found = match url.host() {
            Some(Host::Ipv4(ip)) => vec![ip.into()],
            Some(Host::Ipv6(ip)) => vec![ip.into()],
            Some(Host::Domain(name)) => {
                self.judge_name(name).map_err(Failure::Refused)?;
                let looked_up = (self.resolve)(name.to_owned()).await;
                looked_up.map_err(|_| Failure::Unreachable(format!("the name {name} is not known")))?
            }
            None => return Err(Failure::Refused("the address names no host".into())),
        };
        if found.is_empty() {
            return Err(Failure::Unreachable("the name has no address".into()));
        }
        let mut inside = true;
        for ip in &found {
            // One address inside is enough: who mixes them wants one of them tried.
            inside &= self.judge(*ip).map_err(Failure::Refused)?;
        }
        if url.scheme() != "https" && !inside {
            return Err(Failure::Refused("the address does not begin with https://".into()));
        }
        Ok(found.into_iter().map(|ip| ip.to_canonical()).collect())
    }

    async fn exchange(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, Failure> {
        let addresses = self.addresses(url).await?;
        let request = request(url, headers, body)?;
        let stream = dial(&addresses, url, &self.tls, self.connect).await?;
        let broken = |error: hyper::Error| Failure::Broken(error.to_string());
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HEAD_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        // The connection ends with the request: one exchange, nothing kept.
        let connection = tokio::spawn(connection);
        let answer = async {
            let response = sender.send_request(request).await.map_err(broken)?;
            let status = response.status();
            let retry_after = response
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.trim().parse().ok())
                .filter(|seconds| *seconds >= 0);
            let text = read(response.into_body()).await;
            Ok(Answer { status, text, retry_after })
        }
        .await;
        connection.abort();
        answer
    }
}

fn request(url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Request<Full<Bytes>>, Failure> {
    let refused = |_| Failure::Refused("the address cannot be written into a request".into());
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut host = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        host = format!("{host}:{port}");
    }
    let mut request =
        Request::builder().method(Method::POST).uri(path).body(Full::from(body)).map_err(refused)?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(&host)
        .map_err(|_| Failure::Refused("the host cannot be written into a request".into()))?;
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static("Steward-Webhooks/1"));
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

/// The beginning of a body; what breaks in it or is too long does not matter, the status has been said.
async fn read(mut body: hyper::body::Incoming) -> String {
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() >= READ_MAX {
            break;
        }
    }
    plain(&bytes, KEEP_MAX)
}

/// Bytes of strangers as text: no control characters, `max` characters at most.
fn plain(bytes: &[u8], max: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    shown.take(max).collect::<String>().trim().to_owned()
}

//! A small HTTP/1.1 client: keep-alive, no compression unless asked, every byte counted. Small on purpose: on two
//! cores whatever it burns is taken from the server that it measures.

use crate::Failure;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// Head and body as they came over the wire.
    pub wire: usize,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(256 * 1024) })
    }

    async fn more(&mut self) -> Result<(), Failure> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }

    /// Sends the whole request and reads the whole answer. With `keep` false the body is only counted.
    pub async fn send(&mut self, request: &[u8], keep: bool) -> Result<Answer, Failure> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status = head.get(9..12).and_then(|code| code.parse().ok()).ok_or("no status")?;
        let mut answer = Answer { status, head, body: vec![], wire: 0 };
        let length = answer.header("content-length").and_then(|n| n.parse::<usize>().ok());
        if let Some(length) = length {
            while self.buffer.len() < end + length {
                self.more().await?;
            }
            if keep {
                answer.body = self.buffer[end..end + length].to_vec();
            }
            answer.wire = end + length;
        } else if answer.header("transfer-encoding").is_some_and(|te| te.contains("chunked")) {
            let mut at = end;
            loop {
                let line = loop {
                    match self.buffer[at..].windows(2).position(|two| two == b"\r\n") {
                        Some(line) => break line,
                        None => self.more().await?,
                    }
                };
                let size =
                    usize::from_str_radix(std::str::from_utf8(&self.buffer[at..at + line])?.trim(), 16)?;
                let from = at + line + 2;
                while self.buffer.len() < from + size + 2 {
                    self.more().await?;
                }
                if keep {
                    answer.body.extend_from_slice(&self.buffer[from..from + size]);
                }
                at = from + size + 2;
                if size == 0 {
                    break;
                }
            }
            answer.wire = at;
        } else {
            answer.wire = end;
        }
        Ok(answer)
    }
}

/// A request of a signed-in person.
pub fn get(path: &str, cookie: &str, compressed: bool) -> Vec<u8> {
    let encoding = if compressed { "accept-encoding: gzip, deflate, br\r\n" } else { "" };
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\naccept: text/html\r\n{encoding}cookie: {cookie}\r\n\r\n")
        .into_bytes()
}

pub fn post(path: &str, origin: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let host = origin.trim_start_matches("http://");
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nsec-fetch-site: same-origin\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// What a load came to; times in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    pub per_second: f64,
    pub p50: f64,
    pub p99: f64,
}

/// The value below which this share of sorted milliseconds lies.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// Asks for the same page over and over on `connections` connections, after a second of warming up.
pub async fn load(
    address: &str,
    request: Vec<u8>,
    connections: usize,
    lasting: Duration,
) -> Result<Load, Failure> {
    let begin = Instant::now() + Duration::from_secs(1);
    let end = begin + lasting;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (address, request) = (address.to_owned(), request.clone());
        tasks.spawn(async move {
            let mut client = Client::connect(&address).await?;
            let mut times = Vec::with_capacity(4096);
            loop {
                let sent = Instant::now();
                if sent >= end {
                    return Ok::<_, Failure>(times);
                }
                let answer = client.send(&request, false).await?;
                if answer.status != 200 {
                    return Err(format!("status {}", answer.status).into());
                }
                if sent >= begin {
                    times.push(sent.elapsed().as_secs_f64() * 1000.0);
                }
            }
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    times.sort_by(f64::total_cmp);
    Ok(Load {
        per_second: times.len() as f64 / lasting.as_secs_f64(),
        p50: percentile(&times, 0.5),
        p99: percentile(&times, 0.99),
    })
}

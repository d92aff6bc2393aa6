//! Mail: where it is handed in, and what became of it.
//!
//! Addresses and headers are lettre's to build: its builder refuses line breaks, so that a name cannot add a header. The
//! `Message-ID` is the delivery's id, the same in every attempt: who gets a mail twice can tell. A password is never sent
//! in clear further than this machine: without TLS that cannot be declined there is no mail server.

mod letter;
pub mod words;

pub use letter::{Block, Letter};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};
use model::DeliveryId;
use std::net::IpAddr;
use std::time::Duration;
use url::Url;

/// How long each step of a conversation with the mail server may take, and a whole attempt.
const STEP: Duration = Duration::from_secs(15);
const WHOLE: Duration = Duration::from_secs(40);

/// A mail server that takes our mails.
#[derive(Clone)]
pub struct Server {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    whole: Duration,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The server's code, where it said something.
    pub code: Option<i16>,
    /// Another attempt will not help.
    pub forever: bool,
    pub said: String,
}

impl Server {
    /// `url`: `smtp://user:password@host:587?tls=required`, `smtps://…`, or `smtp://localhost:25`; `from`: an address,
    /// with a name if wanted.
    ///
    /// Needs a tokio runtime around it: the pool of connections has a task of its own.
    ///
    /// # Errors
    /// What is wrong, without the password in it; a password that would travel in clear among it.
    pub fn new(url: &str, from: &str) -> Result<Self, String> {
        Self::with_limit(url, from, STEP, WHOLE)
    }

    /// The same with other limits of time.
    pub fn with_limit(url: &str, from: &str, step: Duration, whole: Duration) -> Result<Self, String> {
        let from: Mailbox = from.parse().map_err(|error| format!("the sender is no address: {error}"))?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| "is no address like smtp://user:password@host:587?tls=required".to_owned())?
            .timeout(Some(step))
            .build();
        if in_clear(url) && has_credentials(url) {
            return Err("would send the password in clear: write smtps://…, or add ?tls=required".to_owned());
        }
        Ok(Self { transport, from, whole })
    }

    /// Hands one mail in. Taken means that the server answers for it from here on.
    pub(crate) async fn send(&self, to: &str, letter: &Letter, id: DeliveryId) -> Result<String, Refusal> {
        let message =
            self.message(to, letter, id).map_err(|said| Refusal { code: None, forever: true, said })?;
        match tokio::time::timeout(self.whole, self.transport.send(message)).await {
            Ok(Ok(response)) => Ok(response.message().collect::<Vec<_>>().join(" ")),
            Ok(Err(error)) => Err(refusal(&error)),
            Err(_) => Err(Refusal {
                code: None,
                forever: false,
                said: format!("No answer of the mail server within {} s.", self.whole.as_secs()),
            }),
        }
    }

    fn message(&self, to: &str, letter: &Letter, id: DeliveryId) -> Result<Message, String> {
        let to = to.parse().map_err(|_| "The recipient is no e-mail address.".to_owned())?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .message_id(Some(format!("<{}@{}>", id, self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.text(), letter.html()))
            .map_err(|error| format!("The mail could not be written: {error}"))
    }
}

/// Whether mails, and the links in them that let people in, travel to this server without TLS, or with one that whoever
/// stands between can decline (`tls=opportunistic`); on this machine nobody stands between.
pub fn in_clear(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let required = url.query_pairs().find(|(key, _)| key == "tls").is_some_and(|(_, tls)| tls == "required");
    url.scheme() == "smtp" && !required && !is_here(&url)
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn has_credentials(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn refusal(error: &lettre::transport::smtp::Error) -> Refusal {
    let code = error.status().map(|code| u16::from(code).cast_signed());
    // The error's own text is general; what the server said stands in its source.
    let mut said = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        let source = source.to_string();
        if !said.contains(&source) {
            said = format!("{said}: {source}");
        }
    }
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    Refusal { code, forever: error.is_permanent(), said }
}

/// RFC 3834: no answering machine shall answer.
#[derive(Clone, Copy, Debug)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_is_read_and_its_password_never_printed() {
        let server =
            Server::new("smtp://u:hunter2@mail.example.com:587?tls=required", "Steward <s@example.com>");
        assert!(!format!("{server:?}").contains("hunter2"));
        assert!(server.is_ok());
        for (url, from) in
            [("mail.example.com", "s@example.com"), ("http://h", "s@example.com"), ("smtp://h", "nobody")]
        {
            let error = Server::new(url, from).expect_err(url);
            assert!(!error.contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn a_password_travels_by_tls_or_not_at_all() {
        for refused in [
            "smtp://u:hunter2@mail.example.com",
            "smtp://u:hunter2@mail.example.com:587",
            "smtp://u@mail.example.com",
            "smtp://u:hunter2@mail.example.com:587?tls=opportunistic",
            "smtp://u:hunter2@mail.example.com?tls=opportunistic&tls=required",
            "smtp://u:hunter2@10.0.0.5:25",
            "smtp://u:hunter2@localhost.example.com",
            "smtp://u:hunter2@[2001:db8::1]:25",
        ] {
            let error = Server::new(refused, "s@example.com").expect_err(refused);
            assert!(error.contains("in clear") && !error.contains("hunter2"), "{refused}: {error}");
        }
        for fine in [
            "smtp://u:hunter2@mail.example.com:587?tls=required",
            "smtps://u:hunter2@mail.example.com",
            "smtp://u:hunter2@localhost:1025",
            "smtp://u:hunter2@127.0.0.1:1025",
            "smtp://u:hunter2@[::1]:1025",
            "smtp://mail.example.com",
        ] {
            assert!(Server::new(fine, "s@example.com").is_ok(), "{fine}");
        }
        // Without a password it is allowed, and said at the start.
        for (url, clear) in [
            ("smtp://mail.example.com", true),
            ("smtp://mail.example.com?tls=opportunistic", true),
            ("smtp://mail.example.com?tls=required", false),
            ("smtps://mail.example.com", false),
            ("smtp://localhost:25", false),
        ] {
            assert_eq!(in_clear(url), clear, "{url}");
        }
    }

    /// A mail server that listens: everything it hears up to the first mail, or up to the first bytes of TLS.
    async fn ear(offers_tls: bool) -> (std::net::SocketAddr, tokio::task::JoinHandle<Vec<u8>>) {
        use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a visitor");
            let mut stream = BufReader::new(stream);
            let mut heard = Vec::new();
            stream.write_all(b"220 ear.test ESMTP\r\n").await.expect("greeted");
            loop {
                let mut line = Vec::new();
                let read = stream.read_until(b'\n', &mut line).await.unwrap_or(0);
                heard.extend_from_slice(&line);
                if read == 0 || line.starts_with(b"MAIL") {
                    return heard;
                }
                let answer: &[u8] = match &line[..4.min(line.len())] {
                    b"EHLO" if offers_tls => b"250-ear.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
                    b"EHLO" => b"250-ear.test\r\n250 AUTH PLAIN LOGIN\r\n",
                    b"STAR" => b"220 go on\r\n",
                    b"AUTH" => b"235 welcome\r\n",
                    _ => b"250 ok\r\n",
                };
                if stream.write_all(answer).await.is_err() {
                    return heard;
                }
                if line.starts_with(b"STARTTLS") {
                    let mut hello = [0; 64];
                    let read = stream.read(&mut hello).await.unwrap_or(0);
                    heard.extend_from_slice(&hello[..read]);
                    return heard;
                }
            }
        });
        (address, task)
    }

    #[tokio::test]
    async fn tls_begins_before_the_password_is_said() {
        for (offers_tls, tls) in [(true, "?tls=required"), (false, "?tls=required"), (false, "")] {
            let (address, ear) = ear(offers_tls).await;
            let url = format!("smtp://u:hunter2@{address}{tls}");
            let limit = Duration::from_secs(5);
            let server = Server::with_limit(&url, "s@example.com", limit, limit).expect("a server");
            let letter = Letter::new("Hello").paragraph("text");
            let id = DeliveryId(uuid::Uuid::from_u128(1));
            assert!(server.send("a@example.com", &letter, id).await.is_err(), "the ear takes no mail");
            drop(server);
            let heard = ear.await.expect("no panic");
            let text = String::from_utf8_lossy(&heard);
            assert_eq!(text.contains("AUTH"), tls.is_empty(), "{text}");
            let hello = heard.windows(12).any(|window| window.starts_with(b"STARTTLS\r\n\x16\x03"));
            assert_eq!(hello, offers_tls, "{text}");
        }
    }

    #[tokio::test]
    async fn what_strangers_typed_adds_no_header() {
        let server = Server::new("smtp://localhost:25", "s@example.com").expect("a server");
        let id = DeliveryId(uuid::Uuid::from_u128(1));
        let letter = Letter::new("Hello\r\nBcc: evil@example.com").paragraph("text");
        if let Ok(message) = server.message("a@example.com", &letter, id) {
            let text = String::from_utf8(message.formatted()).expect("ascii");
            let head = text.split("\r\n\r\n").next().expect("a head");
            assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
        }
        assert!(server.message("a@example.com\r\nBcc: b@example.com", &Letter::new("x"), id).is_err());
    }
}

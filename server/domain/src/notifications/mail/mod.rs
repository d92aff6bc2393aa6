//! Mail: where it is handed in, and what became of it.
//!
//! Addresses and headers are lettre's to build: its builder refuses line breaks, so that a name cannot add a header. The
//! `Message-ID` is the delivery's id, the same in every attempt: who gets a mail twice can tell.

mod letter;
pub mod words;

pub use letter::{Block, Letter};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};
use model::DeliveryId;
use std::time::Duration;

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
    /// with a name if wanted. `seconds` limits a whole attempt.
    ///
    /// Needs a tokio runtime around it: the pool of connections has a task of its own.
    ///
    /// # Errors
    /// What is wrong, without the password in it.
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

//! A mail server that is really there: it speaks SMTP (RFC 5321) on this machine, keeps what it takes, and refuses as told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Head and body as they came, dots unstuffed.
    pub data: String,
}

impl Mail {
    /// The text with soft line breaks and escapes of quoted-printable undone, enough to look for words and links in it.
    pub fn plain(&self) -> String {
        let joined = self.data.replace("=\r\n", "");
        let mut out = Vec::new();
        let mut bytes = joined.bytes().peekable();
        while let Some(byte) = bytes.next() {
            if byte != b'=' {
                out.push(byte);
                continue;
            }
            let rest: Vec<u8> = bytes.clone().take(2).collect();
            match std::str::from_utf8(&rest).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(decoded) if rest.len() == 2 => {
                    out.push(decoded);
                    bytes.next();
                    bytes.next();
                }
                _ => out.push(byte),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// A line of the head.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

/// How it takes mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// Answers every recipient like this: `550 no such user`, `451 try later`.
    Refuses(&'static str),
    /// Says nothing after the greeting.
    Hangs,
    /// Takes the mail and closes the connection before it says so.
    DropsAfterData,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    mood: Arc<Mutex<Mood>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Catcher {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mails = Arc::new(Mutex::new(Vec::new()));
        let mood = Arc::new(Mutex::new(Mood::Takes));
        let (kept, moods) = (mails.clone(), mood.clone());
        let task = tokio::spawn(async move {
            // Conversations end with the server.
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, moods) = (kept.clone(), moods.clone());
                talks.spawn(async move {
                    let _ = talk(stream, kept, moods).await;
                });
            }
        });
        Self { address, mails, mood, task }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn mood(&self, mood: Mood) {
        *self.mood.lock().expect("no panic") = mood;
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no panic").clone()
    }

    /// The mails to this address.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to.iter().any(|to| to == address)).collect()
    }
}

fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}

async fn talk(
    stream: TcpStream,
    kept: Arc<Mutex<Vec<Mail>>>,
    moods: Arc<Mutex<Mood>>,
) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 catcher.test ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mood = moods.lock().expect("no panic").clone();
        if mood == Mood::Hangs {
            std::future::pending::<()>().await;
        }
        let command = line.trim_end();
        let upper = command.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") {
            "250-catcher.test\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned()
        } else if upper.starts_with("MAIL FROM:") {
            from = address(command);
            to.clear();
            "250 ok".to_owned()
        } else if upper.starts_with("RCPT TO:") {
            match mood {
                Mood::Refuses(what) => what.to_owned(),
                _ => {
                    to.push(address(command));
                    "250 ok".to_owned()
                }
            }
        } else if upper == "DATA" {
            write.write_all(b"354 go on\r\n").await?;
            let mut data = String::new();
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).await? == 0 {
                    return Ok(());
                }
                if line == ".\r\n" {
                    break;
                }
                data.push_str(line.strip_prefix('.').unwrap_or(&line));
            }
            kept.lock().expect("no panic").push(Mail { from: from.clone(), to: to.clone(), data });
            if mood == Mood::DropsAfterData {
                return Ok(());
            }
            "250 taken".to_owned()
        } else if upper == "QUIT" {
            write.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            // RSET, NOOP.
            "250 ok".to_owned()
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

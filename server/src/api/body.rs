//! Reading bodies: as they arrive, line by line, within limits of size, time and memory.
//!
//! Conversations are read and checked while the body is still on its way, and stored when all of it is here and right:
//! a slow caller holds no connection to the database, and one wrong line stores nothing.

use super::problem::{Problem, ProblemItem};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use chrono::{DateTime, Utc};
use domain::conversations::{Fault, Prepared, parse_until};
use http_body_util::BodyExt;
use model::conversations::CONVERSATION_BYTES_MAX;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body.
pub const BODY_MAX: usize = 32 * 1024 * 1024;
/// How long the next piece of a body may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// What all bodies of this process together may hold in memory, in MiB.
const MEMORY: usize = 256;
const MIB: usize = 1024 * 1024;
/// Faults that are told.
const FAULTS_MAX: usize = 100;

/// The memory that is left for bodies. Taken as a body grows, so that slow callers hold little.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MEMORY)))
    }
}

/// The pieces of a body.
struct Pieces {
    body: Body,
    limit: usize,
    read: usize,
    budget: Budget,
    /// Given back when the pieces are dropped.
    held: Vec<OwnedSemaphorePermit>,
}

impl Pieces {
    fn new(body: Body, limit: usize, budget: Budget) -> Self {
        Self { body, limit, read: 0, budget, held: Vec::new() }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.map_err(|_| {
                Problem::body("The next piece of the body did not come in time.", StatusCode::REQUEST_TIMEOUT)
            })?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| {
                // The server's own limit may stand before this one.
                if error.to_string().contains("length limit") {
                    Problem::too_large(self.limit)
                } else {
                    Problem::body("The body broke off.", StatusCode::BAD_REQUEST)
                }
            })?;
            let Ok(piece) = frame.into_data() else { continue };
            self.read += piece.len();
            if self.read > self.limit {
                return Err(Problem::too_large(self.limit));
            }
            while self.held.len() * MIB < self.read {
                let permit = self.budget.0.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
                self.held.push(permit);
            }
            return Ok(Some(piece));
        }
    }
}

/// What the body is packed with, if with anything. Nothing is unpacked here: a few bytes could become all the memory.
pub fn encoding(headers: &HeaderMap) -> Option<String> {
    let named = headers.get_all(header::CONTENT_ENCODING).iter().flat_map(|value| {
        // What is no text is no encoding that anybody knows.
        value.to_str().unwrap_or("?").split(',').map(str::trim)
    });
    named
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
        .map(|name| name.chars().take(40).collect())
        .next()
}

/// What was read, and the memory it holds.
pub struct Batch {
    pub rows: Vec<Prepared>,
    _held: Vec<OwnedSemaphorePermit>,
}

/// One conversation, begun at `latest` and no later.
pub async fn one(body: Body, budget: Budget, latest: DateTime<Utc>) -> Result<Batch, Problem> {
    let mut pieces = Pieces::new(body, CONVERSATION_BYTES_MAX, budget);
    let mut json = Vec::new();
    while let Some(piece) = pieces.next().await? {
        json.extend_from_slice(&piece);
    }
    match parse_until(&json, latest) {
        Ok(row) => Ok(Batch { rows: vec![row], _held: pieces.held }),
        Err(faults) => {
            let count = i64::try_from(faults.len()).unwrap_or(i64::MAX);
            Err(Problem::invalid(faults.into_iter().map(|fault| (None, fault).into()).collect(), count))
        }
    }
}

/// Many, one on each line. Blank lines are passed over.
pub async fn many(body: Body, budget: Budget, latest: DateTime<Utc>) -> Result<Batch, Problem> {
    let mut pieces = Pieces::new(body, BODY_MAX, budget);
    let mut lines = Lines { latest, ..Lines::default() };
    while let Some(piece) = pieces.next().await? {
        lines.feed(&piece);
    }
    let rows = lines.finish()?;
    Ok(Batch { rows, _held: pieces.held })
}

/// Takes a body in pieces of any size and reads its lines.
#[derive(Default)]
struct Lines {
    /// When a conversation may have begun at the latest.
    latest: DateTime<Utc>,
    /// The line that is not complete yet.
    open: Vec<u8>,
    /// The line is longer than any conversation: what comes of it is dropped.
    overlong: bool,
    line: i64,
    rows: Vec<Prepared>,
    faults: Vec<ProblemItem>,
    count: i64,
}

impl Lines {
    fn feed(&mut self, mut piece: &[u8]) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = piece.split_at(end);
            if self.open.is_empty() && !self.overlong {
                // The usual case: the line is read where it lies.
                self.take(head);
            } else {
                self.grow(head);
                self.close();
            }
            piece = &tail[1..];
        }
        self.grow(piece);
    }

    fn grow(&mut self, bytes: &[u8]) {
        if self.overlong || self.open.len() + bytes.len() > CONVERSATION_BYTES_MAX + 1 {
            self.overlong = true;
            self.open.clear();
        } else {
            self.open.extend_from_slice(bytes);
        }
    }

    fn close(&mut self) {
        let line = std::mem::take(&mut self.open);
        if std::mem::take(&mut self.overlong) {
            self.line += 1;
            let detail = format!("longer than {CONVERSATION_BYTES_MAX} bytes");
            self.fault(Fault { pointer: String::new(), detail });
        } else {
            self.take(&line);
        }
        self.open = line;
        self.open.clear();
    }

    fn take(&mut self, line: &[u8]) {
        self.line += 1;
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        match parse_until(line, self.latest) {
            // Once something is wrong nothing will be stored: no need to keep the rest.
            Ok(row) if self.count == 0 => self.rows.push(Prepared { line: self.line, ..row }),
            Ok(_) => {}
            Err(faults) => {
                self.rows = Vec::new();
                for fault in faults {
                    self.fault(fault);
                }
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.count += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push((Some(self.line), fault).into());
        }
    }

    fn finish(mut self) -> Result<Vec<Prepared>, Problem> {
        if !self.open.is_empty() || self.overlong {
            self.close();
        }
        if self.count > 0 {
            return Err(Problem::invalid(self.faults, self.count));
        }
        if self.rows.is_empty() {
            return Err(Problem::bad_request("The body holds no conversation."));
        }
        Ok(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"id":"ID","turns":[{"speaker":"agent","text":"héllo"}]}"#;

    fn read(text: &str, piece: usize) -> Result<Vec<String>, Vec<ProblemItem>> {
        let mut lines = Lines::default();
        for piece in text.as_bytes().chunks(piece) {
            lines.feed(piece);
        }
        let faults = lines.faults.clone();
        lines.finish().map(|rows| rows.into_iter().map(|row| row.external_id).collect()).map_err(|_| faults)
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        let text = format!(
            "{}\r\n\n  \n{}\n{}",
            GOOD.replace("ID", "a"),
            GOOD.replace("ID", "b"),
            GOOD.replace("ID", "c")
        );
        for piece in [1, 2, 3, 7, 64, 10_000] {
            assert_eq!(read(&text, piece).expect("right"), ["a", "b", "c"], "{piece}");
        }
    }

    #[test]
    fn faults_name_their_line() {
        let text = format!("{GOOD}\n\n{{\"id\":\"x\"}}\n{GOOD}\nnonsense\n");
        for piece in [1, 50, 10_000] {
            let faults = read(&text, piece).expect_err("wrong");
            let places: Vec<_> = faults.iter().map(|f| (f.line, f.pointer.as_str())).collect();
            assert_eq!(places, [(Some(3), "/turns"), (Some(5), "")], "{piece}");
        }
    }

    #[test]
    fn an_overlong_line_is_told_and_not_kept() {
        let text = format!("{GOOD}\n{}\n{GOOD}", "x".repeat(3 * CONVERSATION_BYTES_MAX));
        for piece in [1000, 65_536, usize::MAX / 2] {
            let faults = read(&text, piece).expect_err("wrong");
            assert_eq!(faults.iter().map(|f| f.line).collect::<Vec<_>>(), [Some(2)], "{piece}");
        }
    }

    #[test]
    fn whatever_packs_a_body_is_named() {
        let named = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, header::HeaderValue::from_static(value));
            }
            encoding(&headers)
        };
        for plain in [&[][..], &[""], &["identity"], &["Identity, identity"]] {
            assert_eq!(named(plain), None, "{plain:?}");
        }
        assert_eq!(named(&["gzip"]).as_deref(), Some("gzip"));
        assert_eq!(named(&["identity", "identity, br"]).as_deref(), Some("br"));
    }

    #[test]
    fn nothing_is_no_batch() {
        assert!(read("", 1).is_err() && read("\n \n", 1).is_err());
    }
}

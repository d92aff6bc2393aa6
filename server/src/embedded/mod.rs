//! A PostgreSQL of our own under the data directory, for `make run`, for tests and for small
//! installations that set no `DATABASE_URL`.
//!
//! It drives the machine's own `initdb`, `postgres` and `pg_ctl`; nothing is downloaded here.
//!
//! Invariants:
//! - The server listens on 127.0.0.1 alone, has no unix socket, and lets nobody in without the
//!   SCRAM password kept in `<data>/postgres.json` (mode 0600). SCRAM proves both sides, so another
//!   program that happens to listen on our port is never mistaken for it.
//! - Any number of processes may use one data directory. Each holds a shared lock on
//!   `<data>/postgres.users`; the last to leave stops the server. `<data>/postgres.gate` makes
//!   starting and stopping one at a time. The kernel drops both locks when a process dies, so a
//!   server orphaned by `kill -9` is adopted by the next start and stopped at its end.
//! - A cluster directory either is complete or does not exist: `initdb` fills `<cluster>.new`, which
//!   is then renamed.
//! - PostgreSQL refuses to run as root, so as root everything of it runs as another user (the
//!   cluster's owner; for a new one `postgres`, else `nobody`). Where that user cannot reach the
//!   data directory, the cluster lives under `/var/lib` or the temporary directory, and
//!   `postgres.json` remembers where.
//!
//! The few statements here (`store`) are about the server itself (does the database exist?), not
//! about Steward's data, which is why they are not in `domain`. Next: `domain` for migrations and
//! roles.

mod account;
mod cluster;
mod locate;
mod lock;
mod process;
mod site;
mod store;
#[cfg(test)]
mod tests;

use lock::open_lock;
use site::Site;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// The superuser of the cluster. The console's own roles are made by its migrations.
const ADMIN: &str = "steward_admin";
const DATABASE: &str = "steward";
/// `NULLS NOT DISTINCT`, `security_invoker` views and per-column `SET NULL` came with 15.
const OLDEST: u32 = 15;
/// Crash recovery of a busy cluster takes seconds; a minute is a broken machine.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);
/// The log starts anew (keeping one predecessor) when it has grown beyond this many bytes.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "no PostgreSQL {OLDEST} or newer found. Looked for `postgres`, `initdb` and `pg_ctl` in:\n\
         {looked}\n\
         Install it (Debian: `apt-get install postgresql`; macOS: `brew install postgresql@17`), name \
         its bin directory in STEWARD_POSTGRES_BIN, or set DATABASE_URL to a server of your own."
    )]
    NotFound { looked: String },
    #[error(
        "{cluster} was made by PostgreSQL {wanted}, of which no binaries were found. Looked in:\n\
         {looked}\n\
         Install PostgreSQL {wanted}, or dump and reload the data with `pg_dump`."
    )]
    OtherVersion { cluster: PathBuf, wanted: u32, looked: String },
    #[error("cannot {what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("{tool} failed ({status}):\n{output}")]
    Tool { tool: PathBuf, status: ExitStatus, output: String },
    #[error("{0}")]
    Refused(String),
    #[error("PostgreSQL did not start: {why}. Last lines of {log}:\n{tail}")]
    NotReady { why: String, log: PathBuf, tail: String },
    #[error("the embedded PostgreSQL did not answer as expected: {0}")]
    Sql(#[from] sqlx::Error),
}

type Result<T, E = EmbeddedError> = std::result::Result<T, E>;

/// Names what was being done, because "permission denied" alone helps nobody.
trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| EmbeddedError::Io { what: what(), source })
    }
}

/// A running embedded server, and this process's claim on it.
///
/// Dropping it stops the server (if nobody else uses it) and blocks for up to ten seconds while
/// doing so; prefer [`Embedded::stop`], which waits on another thread and reports what went wrong.
#[derive(Debug)]
pub struct Embedded {
    admin_url: String,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    site: Site,
    /// Holds the shared lock that says "in use".
    users: File,
    /// Absent when the server was already there.
    child: Option<Child>,
}

impl Embedded {
    /// Starts the server of `data` (creating directory, cluster and database where missing), or
    /// joins the one already running there. Returns once it answers.
    ///
    /// `STEWARD_POSTGRES_BIN` names the directory of the binaries. `STEWARD_POSTGRES_FAST=1` gives
    /// durability up for speed; for tests only, since a power cut may then cost the cluster.
    pub async fn start(data: &Path) -> Result<Embedded> {
        let data = data.to_path_buf();
        let (mut site, gate) = blocking(move || Site::prepare(&data)).await?;
        let (child, url) = site.launch().await?;
        // From here on a failure must not leave an unowned server behind, so claim it first.
        let users = open_lock(&site.data.join("postgres.users"))?;
        users.lock_shared().doing(|| "claim the embedded PostgreSQL".into())?;
        let embedded = Embedded { admin_url: url, running: Some(Running { site, users, child }) };
        drop(gate);
        embedded.ensure_database().await?;
        Ok(embedded)
    }

    /// The superuser's address of database `steward`. It holds the password: do not log it.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Gives the server up and, when this was its last user, shuts it down: sessions are cut and
    /// a checkpoint is written (fast mode), so the next start needs no recovery.
    pub async fn stop(mut self) -> Result<()> {
        match self.running.take() {
            Some(running) => blocking(move || running.leave(PATIENCE)).await,
            None => Ok(()),
        }
    }

    async fn ensure_database(&self) -> Result<()> {
        let mut admin = connect(&self.admin_url, "postgres").await?;
        store::ensure_database(&mut admin).await?;
        admin.close().await?;
        Ok(())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(running) = self.running.take()
            && let Err(error) = running.leave(Duration::from_secs(10))
        {
            tracing::warn!(%error, "embedded PostgreSQL was not stopped");
        }
    }
}

impl Running {
    fn leave(mut self, patience: Duration) -> Result<()> {
        let _gate = self.site.gate_within(patience)?;
        self.users.unlock().doing(|| "give up the embedded PostgreSQL".into())?;
        match self.users.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(()), // someone else still needs it
            Err(failed) => return Err(failed.into()).doing(|| "lock the embedded PostgreSQL".into()),
        }
        if self.site.postmaster().is_none() {
            // It died, or its cluster was removed under it. Reaped it must be: PostgreSQL takes a
            // zombie for a living server and would refuse to start again.
            if let Some(child) = &mut self.child {
                let _ = child.kill();
                let _ = child.wait();
            }
            return Ok(());
        }
        self.site.pg_ctl_stop("fast", patience).or_else(|_| self.site.pg_ctl_stop("immediate", patience))?;
        if let Some(child) = &mut self.child {
            child.wait().doing(|| "wait for PostgreSQL to end".into())?;
        }
        Ok(())
    }
}

/// Runs `command` with `DATABASE_URL` set to a freshly started embedded server (superuser,
/// database `steward`), and returns how it ended; the server is stopped first.
///
/// Behind `server postgres -- CMD…`. Ctrl-C reaches the command through the terminal; a SIGTERM
/// is passed on to it. Either way the server outlives the command, never the other way round.
///
/// # Errors
/// When the server cannot start or stop, or the command cannot be run at all. A command that runs
/// and fails is no error: read its status.
pub async fn run_with(data: &Path, command: Vec<OsString>) -> Result<ExitStatus> {
    run_after(data, command, async |_| Ok(())).await
}

/// [`run_with`], doing `first` on the admin address before the command starts: the cluster's roles,
/// for instance, without which no migration of a test database goes through.
///
/// # Errors
/// Those of [`run_with`], and what `first` says.
pub async fn run_after(
    data: &Path,
    command: Vec<OsString>,
    first: impl AsyncFnOnce(&str) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
) -> Result<ExitStatus> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(EmbeddedError::Refused("no command given: `server postgres -- COMMAND…`".into()));
    };
    // Handlers first: from here on neither signal ends this process and strands the server.
    let signals = || -> io::Result<_> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    };
    let (mut interrupt, mut terminate) = signals().doing(|| "listen for signals".into())?;

    let embedded = Embedded::start(data).await?;
    let status = async {
        first(embedded.admin_url()).await.map_err(|e| EmbeddedError::Refused(e.to_string()))?;
        let run = async {
            let mut child = tokio::process::Command::new(program)
                .args(arguments)
                .env("DATABASE_URL", embedded.admin_url())
                .spawn()?;
            loop {
                tokio::select! {
                    status = child.wait() => break status,
                    _ = interrupt.recv() => {} // the terminal has told the command already
                    _ = terminate.recv() => {
                        if let Some(pid) = child.id() {
                            // The shell's built-in: no `unsafe`, and there without procps.
                            let mut kill = tokio::process::Command::new("sh");
                            kill.args(["-c", "kill -TERM \"$0\""]).arg(pid.to_string()).status().await?;
                        }
                    }
                }
            }
        };
        run.await.doing(|| format!("run {}", program.display()))
    }
    .await;
    embedded.stop().await?;
    status
}

async fn connect(url: &str, database: &str) -> sqlx::Result<PgConnection> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.database(database).ssl_mode(PgSslMode::Disable).disable_statement_logging();
    tokio::time::timeout(Duration::from_secs(5), options.connect())
        .await
        .map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(failed) => Err(EmbeddedError::Io { what: "finish".into(), source: io::Error::other(failed) }),
    }
}

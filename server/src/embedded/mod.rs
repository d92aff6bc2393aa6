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

mod store;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

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

/// What `<data>/postgres.json` holds.
#[derive(Debug, Serialize, Deserialize)]
struct Memo {
    password: String,
    port: u16,
    /// Set only when the cluster could not be `<data>/postgres`, so that a data directory may be
    /// moved as long as it carries its cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<PathBuf>,
}

/// Whom PostgreSQL runs as when we are root.
#[derive(Debug, Clone)]
struct Account {
    uid: u32,
    gid: u32,
}

/// A data directory with everything needed to start its server.
#[derive(Debug)]
struct Site {
    data: PathBuf,
    cluster: PathBuf,
    bin: PathBuf,
    account: Option<Account>,
    memo: Memo,
}

impl Site {
    /// Everything up to "could be started now". Blocks; returns the gate, held.
    fn prepare(data: &Path) -> Result<(Site, File)> {
        fs::create_dir_all(data).doing(|| format!("create {}", data.display()))?;
        let data = fs::canonicalize(data).doing(|| format!("resolve {}", data.display()))?;
        let gate = lock_gate(&data)?;

        let memo_path = data.join("postgres.json");
        let known = match fs::read(&memo_path) {
            Ok(bytes) => Some(serde_json::from_slice::<Memo>(&bytes).map_err(io::Error::from)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => Some(Err(e)),
        }
        .transpose()
        .doing(|| format!("read {}", memo_path.display()))?;

        let usual = data.join("postgres");
        let cluster = known.as_ref().and_then(|memo| memo.cluster.clone()).unwrap_or_else(|| usual.clone());
        let made_by = cluster_version(&cluster)?;
        if made_by.is_some() && known.is_none() {
            return Err(EmbeddedError::Refused(format!(
                "{} holds a cluster, but its password is lost: {} does not exist. Put that file back, or move \
                 the cluster away to begin with an empty one.",
                cluster.display(),
                memo_path.display(),
            )));
        }

        let root = whoami()? == 0;
        let account = if root { Some(Account::choose(&cluster)?) } else { None };
        let bin = find_binaries(account.as_ref(), &cluster, made_by)?;
        let memo = match known {
            Some(memo) => memo,
            None => Memo { password: random_password(), port: free_port()?, cluster: None },
        };
        let mut site = Site { data, cluster, bin, account, memo };

        if made_by.is_none() {
            site.place()?;
            // The password is on disk before the cluster that needs it.
            site.remember()?;
            site.initdb()?;
        } else {
            if let Some(account) = &site.account {
                account.own(&site.cluster)?;
            }
            site.require_reachable()?;
        }
        Ok((site, gate))
    }

    /// Waits, but not for ever: a drop on the only thread of a runtime could be what keeps the
    /// holder of the gate from going on.
    fn gate_within(&self, patience: Duration) -> Result<File> {
        let begun = Instant::now();
        let gate = open_lock(&self.data.join("postgres.gate"))?;
        loop {
            match gate.try_lock() {
                Ok(()) => return Ok(gate),
                Err(fs::TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(POLL),
                Err(failed) => return Err(failed.into()).doing(|| "lock the embedded PostgreSQL".into()),
            }
        }
    }

    fn log(&self) -> PathBuf {
        self.data.join("postgres.log")
    }

    /// `<cluster>.new`, where `initdb` works.
    fn nursery(&self) -> PathBuf {
        sibling(&self.cluster, ".new")
    }

    /// Chooses where a new cluster goes and makes an empty, reachable directory for it.
    fn place(&mut self) -> Result<()> {
        let digest = Sha256::digest(self.data.as_os_str().as_encoded_bytes());
        let name = format!("steward-{}", hex(&digest[..6]));
        let usual = self.data.join("postgres");
        let mut places = vec![usual.clone()];
        if self.account.is_some() {
            places.push(Path::new("/var/lib").join(&name));
            places.push(std::env::temp_dir().join(&name));
        }
        let mut tried = Vec::new();
        for place in places {
            self.cluster = place;
            match self.make_nursery() {
                Ok(()) => {
                    self.memo.cluster = (self.cluster != usual).then(|| self.cluster.clone());
                    if self.memo.cluster.is_some() {
                        tracing::info!(cluster = %self.cluster.display(), "the data directory cannot be reached by PostgreSQL's user; its cluster lives elsewhere");
                    }
                    return Ok(());
                }
                Err(error) => tried.push(error.to_string()),
            }
        }
        Err(EmbeddedError::Refused(format!("no place for the database:\n{}", tried.join("\n"))))
    }

    fn make_nursery(&self) -> Result<()> {
        // A cluster whose data directory was removed: nobody knows its password any more.
        if fs::symlink_metadata(&self.cluster).is_ok_and(|found| found.is_dir()) {
            let aside = sibling(&self.cluster, &format!(".lost-{}", hex(&rand::random::<[u8; 3]>())));
            fs::rename(&self.cluster, &aside).doing(|| format!("move {} aside", self.cluster.display()))?;
            tracing::warn!(cluster = %aside.display(), "moved a cluster without a password file aside");
        }
        let nursery = self.nursery();
        // What an interrupted `initdb` left. Only what is ours or PostgreSQL's: in a shared
        // temporary directory the name could be somebody else's trap.
        if let Ok(found) = fs::symlink_metadata(&nursery) {
            let ours = self.account.as_ref().map_or(whoami()?, |account| account.uid);
            if !found.is_dir() || (found.uid() != ours && found.uid() != whoami()?) {
                return Err(EmbeddedError::Refused(format!("{} belongs to someone else", nursery.display())));
            }
            fs::remove_dir_all(&nursery).doing(|| format!("remove {}", nursery.display()))?;
        }
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&nursery)
            .doing(|| format!("create {}", nursery.display()))?;
        if let Some(account) = &self.account {
            chown(&nursery, Some(account.uid), Some(account.gid))
                .doing(|| format!("give {} to uid {}", nursery.display(), account.uid))?;
            if !account.reaches(&nursery)? {
                let _ = fs::remove_dir(&nursery);
                return Err(EmbeddedError::Refused(format!(
                    "uid {} cannot reach {}",
                    account.uid,
                    nursery.display()
                )));
            }
        }
        Ok(())
    }

    fn require_reachable(&self) -> Result<()> {
        match &self.account {
            Some(account) if !account.reaches(&self.cluster)? => Err(EmbeddedError::Refused(format!(
                "PostgreSQL's user (uid {}) cannot reach its cluster {}: a directory above lets nobody through. \
                 `chmod o+x` it, or set STEWARD_DATA to another place.",
                account.uid,
                self.cluster.display(),
            ))),
            Some(_) => Ok(()),
            None => {
                let owner = fs::metadata(&self.cluster)
                    .doing(|| format!("look at {}", self.cluster.display()))?
                    .uid();
                if owner == whoami()? {
                    return Ok(());
                }
                Err(EmbeddedError::Refused(format!(
                    "{} belongs to uid {owner}: start Steward as that user or as root, or set STEWARD_DATA to \
                     another place.",
                    self.cluster.display(),
                )))
            }
        }
    }

    fn remember(&self) -> Result<()> {
        let path = self.data.join("postgres.json");
        let fresh = sibling(&path, ".new");
        let write = || -> io::Result<()> {
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all(&serde_json::to_vec_pretty(&self.memo)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().doing(|| format!("write {}", path.display()))
    }

    fn initdb(&self) -> Result<()> {
        let nursery = self.nursery();
        // `initdb` wants the password in a file, and reads it as the unprivileged user.
        let secret = sibling(&self.cluster, ".pw");
        let outcome = (|| {
            let _ = fs::remove_file(&secret);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&secret)
                .doing(|| format!("create {}", secret.display()))?;
            file.write_all(self.memo.password.as_bytes()).doing(|| format!("write {}", secret.display()))?;
            if let Some(account) = &self.account {
                chown(&secret, Some(account.uid), Some(account.gid))
                    .doing(|| format!("give {} away", secret.display()))?;
            }
            // Byte order everywhere: it never changes under an index, and names are compared by
            // our own rules. Systems without C.UTF-8 (macOS) have C.
            self.initdb_once(&nursery, &secret, "C.UTF-8")
                .or_else(|_| self.initdb_once(&nursery, &secret, "C"))
        })();
        let _ = fs::remove_file(&secret);
        outcome?;
        fs::rename(&nursery, &self.cluster).doing(|| format!("rename to {}", self.cluster.display()))
    }

    fn initdb_once(&self, target: &Path, secret: &Path, locale: &str) -> Result<()> {
        let mut initdb = self.tool("initdb");
        initdb
            .arg("-D")
            .arg(target)
            .arg("--pwfile")
            .arg(secret)
            .args(["--username", ADMIN, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--locale", locale, "--no-instructions"]);
        if fast() {
            initdb.arg("--no-sync");
        }
        finish(initdb)
    }

    /// One of PostgreSQL's programs, as the right user, away from a working directory that user
    /// may not enter.
    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some(account) = &self.account {
            account.assume(&mut command);
        }
        command
    }

    fn spawn(&self) -> Result<Child> {
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|found| found.len() > LOG_LIMIT) {
            let _ = fs::rename(&log, sibling(&log, ".1"));
        }
        let out = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&log)
            .doing(|| format!("open {}", log.display()))?;
        let err = out.try_clone().doing(|| format!("open {}", log.display()))?;

        let port = format!("port={}", self.memo.port);
        let mut settings = vec![
            port.as_str(),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=400",
            "max_locks_per_transaction=256", // every tenant of dedicated placement has its own tables
            "shared_buffers=256MB",
            "jit=off", // costs more than it gives on queries of a millisecond
            "logging_collector=off",
            "log_timezone=UTC",
            "timezone=UTC",
            "ssl=off",
        ];
        if fast() {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        }
        let mut postgres = self.tool("postgres");
        postgres.arg("-D").arg(&self.cluster);
        for setting in settings {
            postgres.arg("-c").arg(setting);
        }
        postgres
            .stdout(out)
            .stderr(err)
            // Out of the terminal's foreground group: Ctrl-C is for us, we stop the database last.
            .process_group(0)
            .spawn()
            .doing(|| format!("run {}", self.bin.join("postgres").display()))
    }

    /// Gets a server to answer: the one that runs already, else one of our own.
    async fn launch(&mut self) -> Result<(Option<Child>, String)> {
        let begun = Instant::now();
        let mut child: Option<Child> = None;
        let mut log_from = 0;
        let mut why;
        loop {
            // (1) Nothing runs: start one.
            if child.is_none() {
                match self.postmaster() {
                    Some(port) => self.memo.port = port,
                    None => {
                        if TcpListener::bind((Ipv4Addr::LOCALHOST, self.memo.port)).is_err() {
                            self.memo.port = free_port()?;
                        }
                        log_from = fs::metadata(self.log()).map_or(0, |found| found.len());
                        self.remember()?;
                        child = Some(self.spawn()?);
                    }
                }
            }
            // (2) Does it answer?
            let url = self.url();
            match connect(&url, "postgres").await {
                Ok(connection) => {
                    connection.close().await?;
                    return Ok((child, url));
                }
                Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("28P01") => {
                    if child.is_some() || self.postmaster().is_some() {
                        return Err(EmbeddedError::Refused(format!(
                            "the password in {} is not the one of the cluster {}",
                            self.data.join("postgres.json").display(),
                            self.cluster.display(),
                        )));
                    }
                    why = e.to_string();
                }
                Err(error) => why = error.to_string(),
            }
            // (3) Did it give up? Two reasons pass: the port was taken between looking and
            // binding, and the last processes of a killed server still let go of its memory.
            if let Some(running) = &mut child
                && let Some(status) = running.try_wait().doing(|| "wait for PostgreSQL".into())?
            {
                let tail = tail(&self.log(), log_from);
                let passing = [
                    "could not bind",
                    "could not create any TCP/IP sockets",
                    "pre-existing shared memory",
                    "lock file \"postmaster.pid\" already exists",
                ]
                .iter()
                .any(|text| tail.contains(text));
                if !passing {
                    self.stop_half_started(child);
                    return Err(EmbeddedError::NotReady {
                        why: format!("it ended with {status}"),
                        log: self.log(),
                        tail,
                    });
                }
                child = None;
                // A killed server that nobody reaps (no init in the container) is a zombie for
                // ever, and holds the pid file with it. Its children end within moments.
                if begun.elapsed() > Duration::from_secs(3) && self.postmaster().is_none() {
                    let _ = fs::remove_file(self.cluster.join("postmaster.pid"));
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            if begun.elapsed() > PATIENCE {
                let tail = tail(&self.log(), log_from);
                self.stop_half_started(child);
                return Err(EmbeddedError::NotReady {
                    why: format!("no answer within {} seconds ({why})", PATIENCE.as_secs()),
                    log: self.log(),
                    tail,
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn stop_half_started(&self, child: Option<Child>) {
        if let Some(mut child) = child {
            let _ = self.pg_ctl_stop("immediate", Duration::from_secs(5));
            let _ = child.try_wait();
        }
    }

    /// SIGINT (fast) or SIGQUIT (immediate) to the process named in the pid file, then wait.
    fn pg_ctl_stop(&self, mode: &str, patience: Duration) -> Result<()> {
        let mut stop = self.tool("pg_ctl");
        stop.arg("stop").arg("-D").arg(&self.cluster).args(["-s", "-w", "-m", mode, "-t"]);
        stop.arg(patience.as_secs().to_string());
        finish(stop)
    }

    /// The port of the live server of this cluster, from its pid file.
    ///
    /// After a crash the file is left behind. PostgreSQL clears it by itself unless its number now
    /// belongs to another program (in containers numbers are few): only then do we. While the
    /// number is free the file must stay, for it also names the shared memory by which a new
    /// server notices surviving children of the old one.
    fn postmaster(&self) -> Option<u16> {
        let path = self.cluster.join("postmaster.pid");
        let text = fs::read_to_string(&path).ok()?;
        let mut lines = text.lines();
        let pid: u32 = lines.next()?.trim().parse().ok()?;
        let port = lines.nth(2)?.trim().parse().ok()?;
        match command_line(pid) {
            None => None,
            Some(line) if line.contains("postgres") && line.contains(&*self.cluster.to_string_lossy()) => {
                Some(port)
            }
            Some(_) => {
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    fn url(&self) -> String {
        // The password is hexadecimal, so nothing needs escaping. Loopback needs no TLS probe.
        format!(
            "postgres://{ADMIN}:{}@127.0.0.1:{}/{DATABASE}?sslmode=disable",
            self.memo.password, self.memo.port
        )
    }
}

impl Account {
    /// The owner of an existing cluster, else `postgres`, else `nobody`.
    fn choose(cluster: &Path) -> Result<Account> {
        if let Ok(found) = fs::metadata(cluster)
            && found.uid() != 0
        {
            return Ok(Account { uid: found.uid(), gid: found.gid() });
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id(&["-u", name]), id(&["-g", name]))
                && uid != 0
            {
                return Ok(Account { uid, gid });
            }
        }
        Err(EmbeddedError::Refused(
            "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`. \
             Start Steward as an ordinary user."
                .into(),
        ))
    }

    /// Drops the supplementary groups too: the standard library clears them when root sets a uid.
    fn assume(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Asked of the kernel, not computed, so that access lists and mounts count as well.
    fn reaches(&self, directory: &Path) -> Result<bool> {
        let mut probe = Command::new("/bin/sh");
        probe.args(["-c", "cd \"$0\""]).arg(directory).current_dir("/").stderr(Stdio::null());
        self.assume(&mut probe);
        Ok(probe.status().doing(|| "run /bin/sh as PostgreSQL's user".into())?.success())
    }

    /// Makes a whole cluster ours, where a copy or a restore left it to somebody else.
    fn own(&self, path: &Path) -> Result<()> {
        let found = fs::symlink_metadata(path).doing(|| format!("look at {}", path.display()))?;
        if found.uid() == self.uid {
            return Ok(());
        }
        lchown(path, Some(self.uid), Some(self.gid))
            .doing(|| format!("give {} to uid {}", path.display(), self.uid))?;
        if found.is_dir() {
            for entry in fs::read_dir(path).doing(|| format!("list {}", path.display()))? {
                self.own(&entry.doing(|| format!("list {}", path.display()))?.path())?;
            }
        }
        Ok(())
    }
}

/// The directory of the newest usable binaries, or of those of the version that made the cluster.
fn find_binaries(account: Option<&Account>, cluster: &Path, made_by: Option<u32>) -> Result<PathBuf> {
    let mut looked = Vec::new();
    let mut best: Option<(u32, PathBuf)> = None;
    for directory in candidates() {
        match probe(&directory, account) {
            Ok(version) => {
                looked.push(format!("  {} (version {version})", directory.display()));
                let fits = made_by.map_or(version >= OLDEST, |wanted| version == wanted);
                if fits && best.as_ref().is_none_or(|(known, _)| version > *known) {
                    best = Some((version, directory));
                }
            }
            Err(why) => looked.push(format!("  {} ({why})", directory.display())),
        }
    }
    let looked = looked.join("\n");
    match (best, made_by) {
        (Some((_, directory)), _) => Ok(directory),
        (None, Some(wanted)) => {
            Err(EmbeddedError::OtherVersion { cluster: cluster.to_path_buf(), wanted, looked })
        }
        (None, None) => Err(EmbeddedError::NotFound { looked }),
    }
}

fn candidates() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os("STEWARD_POSTGRES_BIN").filter(|value| !value.is_empty()) {
        return vec![PathBuf::from(named)];
    }
    let mut found = Vec::new();
    // Debian, Red Hat, Homebrew on Apple silicon and on Intel.
    for (parent, prefix, inner) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
    ] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                found.push(entry.path().join(inner));
            }
        }
    }
    if let Some(path) = std::env::var_os("PATH") {
        found.extend(
            std::env::split_paths(&path)
                .filter(|place| place.is_absolute() && place.join("postgres").exists()),
        );
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output() {
        found.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    found.retain(|place| place.is_absolute());
    let mut seen = std::collections::HashSet::new();
    found.retain(|place| seen.insert(fs::canonicalize(place).unwrap_or_else(|_| place.clone())));
    if found.is_empty() {
        found.push(PathBuf::from("/usr/lib/postgresql/*/bin"));
    }
    found
}

/// The major version in a directory, tried as the user who will run it.
fn probe(directory: &Path, account: Option<&Account>) -> Result<u32, String> {
    if let Some(missing) =
        ["postgres", "initdb", "pg_ctl"].into_iter().find(|tool| !directory.join(tool).exists())
    {
        return Err(format!("no `{missing}`"));
    }
    let mut postgres = Command::new(directory.join("postgres"));
    postgres.arg("--version").current_dir("/").stdin(Stdio::null());
    if let Some(account) = account {
        account.assume(&mut postgres);
    }
    let output = postgres.output().map_err(|e| format!("cannot be run: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    major_version(&text).ok_or_else(|| format!("`postgres --version` said {:?}", text.trim()))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → 15; also `18beta1` → 18.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

fn cluster_version(cluster: &Path) -> Result<Option<u32>> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| {
            EmbeddedError::Refused(format!("{} does not hold a version number", path.display()))
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(EmbeddedError::Io { what: format!("read {}", path.display()), source }),
    }
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

fn lock_gate(data: &Path) -> Result<File> {
    let path = data.join("postgres.gate");
    let gate = open_lock(&path)?;
    gate.lock().doing(|| format!("lock {}", path.display()))?;
    Ok(gate)
}

fn open_lock(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .doing(|| format!("open {}", path.display()))
}

/// Runs a tool to its end; its words become the error.
fn finish(mut command: Command) -> Result<()> {
    let tool = PathBuf::from(command.get_program());
    let output = command.output().doing(|| format!("run {}", tool.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let output_text = String::from_utf8_lossy(&said).trim().to_owned();
    Err(EmbeddedError::Tool { tool, status: output.status, output: output_text })
}

/// The last lines of the log, from byte `from` on.
fn tail(log: &Path, from: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.min(end).max(end.saturating_sub(64 * 1024))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// The command line of a process; `None` when there is no such (living) process.
fn command_line(pid: u32) -> Option<String> {
    if Path::new("/proc/self").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!line.is_empty()).then_some(line)
}

fn whoami() -> Result<u32> {
    id(&["-u"]).ok_or_else(|| EmbeddedError::Refused("`id -u` did not say who we are".into()))
}

/// `id` knows every source of accounts (LDAP, macOS's directory), `/etc/passwd` does not.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|socket| socket.local_addr())
        .map(|address| address.port())
        .doing(|| "find a free port".into())
}

fn fast() -> bool {
    std::env::var_os("STEWARD_POSTGRES_FAST").is_some_and(|value| value == "1")
}

fn random_password() -> String {
    hex(&rand::random::<[u8; 32]>())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data directory that goes away with the test. Declare it before the server in it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Scratch {
            let path = std::env::temp_dir().join(format!("steward-test-{}", hex(&rand::random::<[u8; 6]>())));
            fs::DirBuilder::new().mode(0o755).create(&path).expect("a scratch directory");
            Scratch(path)
        }

        fn memo(&self) -> Memo {
            serde_json::from_slice(&fs::read(self.0.join("postgres.json")).expect("postgres.json"))
                .expect("JSON")
        }

        fn pid(&self) -> u32 {
            let text = fs::read_to_string(self.0.join("postgres/postmaster.pid")).expect("a pid file");
            text.lines().next().expect("a first line").parse().expect("a number")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    async fn ask(server: &Embedded, sql: &'static str) -> String {
        let mut connection = PgConnection::connect(server.admin_url()).await.expect("a connection");
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("an answer")
    }

    async fn tell(server: &Embedded, sql: &'static str) {
        let mut connection = PgConnection::connect(server.admin_url()).await.expect("a connection");
        sqlx::query(sql).execute(&mut connection).await.expect("done");
    }

    fn kill(signal: &str, pid: u32) {
        let sent =
            Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", signal]).arg(pid.to_string()).status();
        assert!(sent.expect("a shell").success());
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_a_stop_and_after_a_kill() {
        let scratch = Scratch::new();
        let server = Embedded::start(&scratch.0).await.expect("first start");
        assert_eq!(ask(&server, "SHOW listen_addresses").await, "127.0.0.1");
        assert_eq!(ask(&server, "SHOW server_encoding").await, "UTF8");
        assert_eq!(ask(&server, "SHOW unix_socket_directories").await, "");
        assert_eq!(
            ask(&server, "SELECT rolname || '/' || datname FROM pg_database d JOIN pg_roles r ON r.oid = datdba WHERE datname = current_database()").await,
            "steward_admin/steward"
        );
        tell(&server, "CREATE TABLE kept AS SELECT 'one' AS word").await;
        server.stop().await.expect("a clean stop");
        assert!(!scratch.0.join("postgres/postmaster.pid").exists());

        let server = Embedded::start(&scratch.0).await.expect("second start");
        assert_eq!(ask(&server, "SELECT word FROM kept").await, "one");
        tell(&server, "CHECKPOINT").await;
        kill("-KILL", scratch.pid());
        drop(server);

        let server = Embedded::start(&scratch.0).await.expect("start after a kill");
        assert_eq!(ask(&server, "SELECT word FROM kept").await, "one");
        server.stop().await.expect("a clean stop");
    }

    #[tokio::test]
    async fn two_users_share_one_server_and_the_last_one_stops_it() {
        let scratch = Scratch::new();
        let (first, second) = tokio::join!(Embedded::start(&scratch.0), Embedded::start(&scratch.0));
        let (first, second) = (first.expect("first"), second.expect("second"));
        assert_eq!(first.admin_url(), second.admin_url());
        first.stop().await.expect("first leaves");
        assert_eq!(ask(&second, "SELECT 'here'").await, "here");
        drop(second);
        assert!(!scratch.0.join("postgres/postmaster.pid").exists());
    }

    #[tokio::test]
    async fn a_taken_port_and_a_pid_file_naming_another_program_are_no_obstacle() {
        let scratch = Scratch::new();
        Embedded::start(&scratch.0).await.expect("first start").stop().await.expect("stop");
        let before = scratch.memo().port;
        let _squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, before)).expect("the port");
        let cluster = scratch.0.join("postgres");
        let stale = format!("{}\n{}\n1\n{before}\n\n127.0.0.1\n", std::process::id(), cluster.display());
        fs::write(cluster.join("postmaster.pid"), stale).expect("a stale pid file");

        let server = Embedded::start(&scratch.0).await.expect("start elsewhere");
        assert_ne!(scratch.memo().port, before);
        server.stop().await.expect("stop");
    }

    #[tokio::test]
    async fn the_password_file_is_private_and_its_loss_is_explained() {
        let scratch = Scratch::new();
        Embedded::start(&scratch.0).await.expect("start").stop().await.expect("stop");
        let memo = scratch.0.join("postgres.json");
        assert_eq!(fs::metadata(&memo).expect("postgres.json").mode() & 0o777, 0o600);
        fs::remove_file(&memo).expect("removed");
        let error = Embedded::start(&scratch.0).await.expect_err("no password").to_string();
        assert!(error.contains("password is lost") && error.contains("postgres.json"), "{error}");
    }

    #[tokio::test]
    async fn the_command_gets_an_address_and_its_exit_code_comes_back() {
        let scratch = Scratch::new();
        let script = "case $DATABASE_URL in postgres://steward_admin:*/steward*) exit 7;; esac";
        let command = ["sh", "-c", script].map(OsString::from).to_vec();
        let status = run_with(&scratch.0, command).await.expect("it ran");
        assert_eq!(status.code(), Some(7));
        assert!(!scratch.0.join("postgres/postmaster.pid").exists());
    }

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("bash: not found"), None);
    }
}

//! The server process: started, found, waited for, stopped.

use super::site::{Site, fast, finish, free_port, sibling};
use super::{Doing, EmbeddedError, LOG_LIMIT, PATIENCE, POLL, Result, connect};
use sqlx::Connection as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

impl Site {
    pub(super) fn spawn(&self) -> Result<Child> {
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
    pub(super) async fn launch(&mut self) -> Result<(Option<Child>, String)> {
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

    pub(super) fn stop_half_started(&self, child: Option<Child>) {
        if let Some(mut child) = child {
            let _ = self.pg_ctl_stop("immediate", Duration::from_secs(5));
            let _ = child.try_wait();
        }
    }

    /// SIGINT (fast) or SIGQUIT (immediate) to the process named in the pid file, then wait.
    pub(super) fn pg_ctl_stop(&self, mode: &str, patience: Duration) -> Result<()> {
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
    pub(super) fn postmaster(&self) -> Option<u16> {
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
}

/// The last lines of the log, from byte `from` on.
pub(super) fn tail(log: &Path, from: u64) -> String {
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
pub(super) fn command_line(pid: u32) -> Option<String> {
    if Path::new("/proc/self").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!line.is_empty()).then_some(line)
}

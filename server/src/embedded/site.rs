//! A data directory with everything needed to start its server, and what it remembers.

use super::account::{Account, whoami};
use super::locate::{cluster_version, find_binaries};
use super::lock::lock_gate;
use super::{ADMIN, DATABASE, Doing, EmbeddedError, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `<data>/postgres.json` holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Memo {
    pub(super) password: String,
    pub(super) port: u16,
    /// Set only when the cluster could not be `<data>/postgres`, so that a data directory may be
    /// moved as long as it carries its cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<PathBuf>,
}

/// A data directory with everything needed to start its server.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) data: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) bin: PathBuf,
    pub(super) account: Option<Account>,
    pub(super) memo: Memo,
}

impl Site {
    /// Everything up to "could be started now". Blocks; returns the gate, held.
    pub(super) fn prepare(data: &Path) -> Result<(Site, File)> {
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

    pub(super) fn log(&self) -> PathBuf {
        self.data.join("postgres.log")
    }

    /// `<cluster>.new`, where `initdb` works.
    pub(super) fn nursery(&self) -> PathBuf {
        sibling(&self.cluster, ".new")
    }

    pub(super) fn remember(&self) -> Result<()> {
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

    /// One of PostgreSQL's programs, as the right user, away from a working directory that user
    /// may not enter.
    pub(super) fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some(account) = &self.account {
            account.assume(&mut command);
        }
        command
    }

    pub(super) fn url(&self) -> String {
        // The password is hexadecimal, so nothing needs escaping. Loopback needs no TLS probe.
        format!(
            "postgres://{ADMIN}:{}@127.0.0.1:{}/{DATABASE}?sslmode=disable",
            self.memo.password, self.memo.port
        )
    }
}

/// Runs a tool to its end; its words become the error.
pub(super) fn finish(mut command: Command) -> Result<()> {
    let tool = PathBuf::from(command.get_program());
    let output = command.output().doing(|| format!("run {}", tool.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let output_text = String::from_utf8_lossy(&said).trim().to_owned();
    Err(EmbeddedError::Tool { tool, status: output.status, output: output_text })
}

pub(super) fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|socket| socket.local_addr())
        .map(|address| address.port())
        .doing(|| "find a free port".into())
}

pub(super) fn fast() -> bool {
    std::env::var_os("STEWARD_POSTGRES_FAST").is_some_and(|value| value == "1")
}

pub(super) fn random_password() -> String {
    hex(&rand::random::<[u8; 32]>())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

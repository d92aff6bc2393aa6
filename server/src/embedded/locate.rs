//! Finding PostgreSQL’s programs on this machine.

use super::account::Account;
use super::{EmbeddedError, OLDEST, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The directory of the newest usable binaries, or of those of the version that made the cluster.
pub(super) fn find_binaries(
    account: Option<&Account>,
    cluster: &Path,
    made_by: Option<u32>,
) -> Result<PathBuf> {
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

pub(super) fn candidates() -> Vec<PathBuf> {
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
pub(super) fn probe(directory: &Path, account: Option<&Account>) -> Result<u32, String> {
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
pub(super) fn major_version(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

pub(super) fn cluster_version(cluster: &Path) -> Result<Option<u32>> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| {
            EmbeddedError::Refused(format!("{} does not hold a version number", path.display()))
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(EmbeddedError::Io { what: format!("read {}", path.display()), source }),
    }
}

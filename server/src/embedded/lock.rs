//! The gate: starting and stopping, one process at a time.

use super::site::Site;
use super::{Doing, POLL, Result};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

impl Site {
    /// Waits, but not for ever: a drop on the only thread of a runtime could be what keeps the
    /// holder of the gate from going on.
    pub(super) fn gate_within(&self, patience: Duration) -> Result<File> {
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
}

pub(super) fn lock_gate(data: &Path) -> Result<File> {
    let path = data.join("postgres.gate");
    let gate = open_lock(&path)?;
    gate.lock().doing(|| format!("lock {}", path.display()))?;
    Ok(gate)
}

pub(super) fn open_lock(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .doing(|| format!("open {}", path.display()))
}

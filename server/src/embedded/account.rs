//! Whom PostgreSQL runs as: it refuses to be root.

use super::{Doing, EmbeddedError, Result};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whom PostgreSQL runs as when we are root.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// The owner of an existing cluster, else `postgres`, else `nobody`.
    pub(super) fn choose(cluster: &Path) -> Result<Account> {
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
    pub(super) fn assume(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Asked of the kernel, not computed, so that access lists and mounts count as well.
    pub(super) fn reaches(&self, directory: &Path) -> Result<bool> {
        let mut probe = Command::new("/bin/sh");
        probe.args(["-c", "cd \"$0\""]).arg(directory).current_dir("/").stderr(Stdio::null());
        self.assume(&mut probe);
        Ok(probe.status().doing(|| "run /bin/sh as PostgreSQL's user".into())?.success())
    }

    /// Makes a whole cluster ours, where a copy or a restore left it to somebody else.
    pub(super) fn own(&self, path: &Path) -> Result<()> {
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

pub(super) fn whoami() -> Result<u32> {
    id(&["-u"]).ok_or_else(|| EmbeddedError::Refused("`id -u` did not say who we are".into()))
}

/// `id` knows every source of accounts (LDAP, macOS's directory), `/etc/passwd` does not.
pub(super) fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

//! A new cluster: where it goes, who may reach it, and `initdb`.

use super::account::whoami;
use super::site::{Site, fast, finish, hex, sibling};
use super::{ADMIN, Doing, EmbeddedError, Result};
use sha2::{Digest as _, Sha256};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::Path;

impl Site {
    /// Chooses where a new cluster goes and makes an empty, reachable directory for it.
    pub(super) fn place(&mut self) -> Result<()> {
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

    pub(super) fn make_nursery(&self) -> Result<()> {
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

    pub(super) fn require_reachable(&self) -> Result<()> {
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

    pub(super) fn initdb(&self) -> Result<()> {
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

    pub(super) fn initdb_once(&self, target: &Path, secret: &Path, locale: &str) -> Result<()> {
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
}

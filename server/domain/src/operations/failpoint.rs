//! Named points at which a test stops, fails or kills the work. In builds without tests every point is nothing.
//!
//! `STEWARD_FAILPOINTS=name=panic|abort|pause|sleep|error[;…]` sets them for a process; a test of one process sets its own.
//! A name is `kind.step.do.before`, `….do.after` (the effect is there, not yet committed), `….do.committed`, and the same
//! with `undo`. `*` matches any step.

use crate::error::Result;

/// The points that are armed.
#[derive(Clone, Debug, Default)]
pub struct Failpoints {
    #[cfg(any(test, feature = "testing"))]
    armed: std::sync::Arc<std::sync::Mutex<std::collections::BTreeMap<String, Action>>>,
}

/// What happens there.
#[cfg(any(test, feature = "testing"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Panic,
    /// The process is killed (SIGKILL).
    Kill,
    /// Stays there until the point is disarmed.
    Pause,
    /// Stays there for two seconds.
    Sleep,
    /// An error that is not tried again.
    Error,
    /// A fault of the moment, this many times.
    Fault(u32),
}

#[cfg(not(any(test, feature = "testing")))]
impl Failpoints {
    pub(crate) fn from_env() -> Self {
        Self::default()
    }

    #[expect(clippy::unused_async, reason = "the same signature as in tests")]
    pub(super) async fn at(&self, _name: impl Fn() -> String) -> Result<()> {
        Ok(())
    }
}

#[cfg(any(test, feature = "testing"))]
impl Failpoints {
    pub(crate) fn from_env() -> Self {
        let points = Self::default();
        for pair in std::env::var("STEWARD_FAILPOINTS").unwrap_or_default().split(';') {
            let Some((name, action)) = pair.split_once('=') else { continue };
            match action {
                "panic" => points.arm(name, Action::Panic),
                "abort" => points.arm(name, Action::Kill),
                "pause" => points.arm(name, Action::Pause),
                "sleep" => points.arm(name, Action::Sleep),
                "error" => points.arm(name, Action::Error),
                other => tracing::error!(name, other, "no such failpoint action"),
            }
        }
        points
    }

    pub fn arm(&self, name: &str, action: Action) {
        if let Ok(mut armed) = self.armed.lock() {
            armed.insert(name.to_owned(), action);
        }
    }

    pub fn disarm(&self, name: &str) {
        if let Ok(mut armed) = self.armed.lock() {
            armed.remove(name);
        }
    }

    fn take(&self, name: &str) -> Option<Action> {
        let mut armed = self.armed.lock().ok()?;
        let star = {
            let mut parts: Vec<&str> = name.split('.').collect();
            if let Some(step) = parts.get_mut(1) {
                *step = "*";
            }
            parts.join(".")
        };
        let name = if armed.contains_key(name) { name } else { star.as_str() };
        match armed.get_mut(name)? {
            Action::Fault(0) => None,
            Action::Fault(left) => {
                *left -= 1;
                Some(Action::Fault(1))
            }
            action => Some(*action),
        }
    }

    #[expect(clippy::panic, reason = "that is what was asked for")]
    pub(super) async fn at(&self, name: impl Fn() -> String) -> Result<()> {
        let name = name();
        match self.take(&name) {
            None => Ok(()),
            Some(Action::Panic) => panic!("failpoint {name}"),
            Some(Action::Kill) => {
                let _ =
                    std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
                std::future::pending().await
            }
            Some(Action::Pause) => {
                while self.take(&name) == Some(Action::Pause) {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
                Ok(())
            }
            Some(Action::Sleep) => {
                tokio::time::sleep(std::time::Duration::from_secs(2)).await;
                Ok(())
            }
            Some(Action::Error) => Err(crate::Error::Conflict(format!("failpoint {name}"))),
            Some(Action::Fault(_)) => Err(crate::Error::Internal(format!("failpoint {name}"))),
        }
    }
}

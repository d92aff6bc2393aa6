//! What is watched for a tenant (R24): one monitor of each kind, which is calm or has raised its one alert; and what its
//! backups are scheduled for.

use crate::OperationId;
use crate::states::words;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What a monitor looks at.
    Kind {
        IngestionStalled = "ingestion_stalled", "Ingestion";
        TaskFailures = "task_failures", "Task failures";
        Quota = "quota", "Quota";
        Isolation = "isolation", "Isolation";
    }
}

words! {
    /// How a monitor stands.
    State {
        New = "new", "Not looked at yet";
        Calm = "calm", "As it should be";
        Raised = "raised", "Alert";
    }
}

impl Kind {
    /// What it wants, for people: the threshold in words.
    pub fn wants(self, threshold: i32) -> String {
        match self {
            Self::IngestionStalled => {
                format!("A conversation at least every {threshold} hours, where a week ago there were some")
            }
            Self::TaskFailures => format!("Less than {threshold} % of the newest task runs fail"),
            Self::Quota => format!("Less than {threshold} % of a limit is used"),
            Self::Isolation => {
                format!("Proven within the last {threshold} hours, or the fleet’s round of proofs")
            }
        }
    }
}

/// One monitor of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    pub kind: Kind,
    pub state: State,
    pub threshold: i32,
    /// Why it was raised; empty while it is not.
    pub said: String,
    pub raised_at: Option<DateTime<Utc>>,
}

words! {
    /// What is copied.
    BackupKind {
        Full = "full", "Everything";
        Config = "config", "Configuration";
    }
}

/// When something is to be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    pub kind: BackupKind,
    pub every_days: i32,
    pub keep_days: i32,
}

impl Backup {
    /// `Everything: scheduled every day, kept for 35 days`. Scheduled and no more: no copy has been made yet.
    pub fn words(&self) -> String {
        let every = if self.every_days == 1 {
            "every day".to_owned()
        } else {
            format!("every {} days", self.every_days)
        };
        format!("{}: scheduled {every}, to be kept for {} days", self.kind.label(), self.keep_days)
    }
}

/// What a tenant's overview shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitoring {
    pub monitors: Vec<Monitor>,
    pub evaluated_at: Option<DateTime<Utc>>,
    pub backups: Vec<Backup>,
    /// Nothing is looked at while the tenant is not in service.
    pub rests: bool,
    /// The operation that made the tenant, with what was accepted, for those who may read it.
    pub accepted: Option<OperationId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_and_scheduled_is_said_in_words() {
        for kind in Kind::ALL {
            assert!(kind.wants(7).contains('7'), "{kind:?}");
        }
        let backup = Backup { kind: BackupKind::Full, every_days: 7, keep_days: 35 };
        assert_eq!(backup.words(), "Everything: scheduled every 7 days, to be kept for 35 days");
        assert!(Backup { every_days: 1, ..backup }.words().contains("every day"));
    }
}

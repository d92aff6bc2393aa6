//! What the checks see: one statement reads the facts of many tenants, then each probe is a pure function of them.
//!
//! Facts are read across tenants (reach `Fleet`) because sign-ins are kept outside the tenants' rows. Counts stop at
//! [`CAP`] and look at the newest rows only: a check needs proof, not a total.

use chrono::{DateTime, Utc};
use model::checklists::{Check, Outcome, Probe};
use model::page::grouped;
use model::tenants::{Access, Status, Suspension};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The baseline tasks of `seeds/000`; `store::facts` names them.
pub(super) const BASELINE: i64 = 4;

/// Where counting stops; `store::facts` says the same.
const CAP: i64 = 1000;

/// What is known of one tenant, or that nothing could be read.
#[derive(Debug)]
pub(super) enum Facts {
    Known(Box<Known>),
    Unable(DateTime<Utc>),
}

#[derive(Debug)]
pub(super) struct Known {
    pub tenant_id: Uuid,
    pub now: DateTime<Utc>,
    pub status: Status,
    pub status_since: DateTime<Utc>,
    pub suspension: Option<Suspension>,
    pub support_contact: Option<String>,
    pub escalation_contact: Option<String>,
    pub admins: i64,
    /// The admin who was seen last.
    pub seen_name: Option<String>,
    pub seen_at: Option<DateTime<Utc>>,
    pub keys: i64,
    pub newest_key: Option<String>,
    pub conversations: i64,
    pub newest_conversation: Option<Uuid>,
    pub newest_received: Option<DateTime<Utc>>,
    /// Of the newest: with the channel voice and at least one turn.
    pub voice: i64,
    pub newest_voice: Option<Uuid>,
    pub published: i64,
    pub enabled: i64,
    pub enabled_by: Option<String>,
    pub runs: i64,
    pub newest_run: Option<Uuid>,
    pub newest_run_at: Option<DateTime<Utc>>,
    pub days: i64,
    pub newest_day: Option<chrono::NaiveDate>,
    /// Conversations received since the status began.
    pub arrived: i64,
    pub waiting: i64,
    pub running: i64,
    /// Runs since the status began and within a quarter of an hour.
    pub runs_lately: i64,
}

/// A number, and whether there may be more.
fn many(n: i64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    if n >= CAP { format!("at least {} {what}s", grouped(CAP)) } else { format!("{} {what}{s}", grouped(n)) }
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y %H:%M UTC").to_string()
}

/// What a probe found.
struct Finding {
    passed: bool,
    said: String,
    looked_at: &'static str,
    counts: Vec<(&'static str, i64)>,
    newest: Vec<String>,
}

impl Facts {
    /// Nothing could be read: a check that could not run.
    pub(super) fn unable(at: DateTime<Utc>) -> Self {
        Self::Unable(at)
    }

    /// What this probe makes of the facts.
    pub(super) fn check(&self, probe: Probe) -> Check {
        match self {
            Self::Unable(at) => Check {
                outcome: Outcome::Unable,
                said: "The check could not run. That says nothing about the item; it will be tried again."
                    .into(),
                looked_at: probe.label().into(),
                counts: BTreeMap::new(),
                newest: vec![],
                at: *at,
            },
            Self::Known(known) => {
                let finding = known.find(probe);
                Check {
                    outcome: if finding.passed { Outcome::Passed } else { Outcome::NotYet },
                    said: finding.said,
                    looked_at: finding.looked_at.into(),
                    counts: finding.counts.into_iter().map(|(what, n)| (what.to_owned(), n)).collect(),
                    newest: finding.newest,
                    at: known.now,
                }
            }
        }
    }
}

fn ids(id: Option<Uuid>) -> Vec<String> {
    id.map(|id| id.to_string()).into_iter().collect()
}

impl Known {
    fn find(&self, probe: Probe) -> Finding {
        match probe {
            Probe::AdminAccess => self.admin_access(),
            Probe::Ingestion => self.ingestion(),
            Probe::VoiceTranscripts => self.voice_transcripts(),
            Probe::BaselineTasks => self.baseline_tasks(),
            Probe::TaskRuns => self.task_runs(),
            Probe::UsageVisible => self.usage_visible(),
            Probe::Contacts => self.contacts(),
            Probe::IngestionOff => self.ingestion_off(),
            Probe::ProcessingStopped => self.processing_stopped(),
            Probe::AccessRevoked => self.access_revoked(),
        }
    }

    fn admin_access(&self) -> Finding {
        let said = match (&self.seen_name, self.seen_at, self.admins) {
            (Some(name), Some(at), _) => format!("{name}, tenant admin, was last seen on {}.", minute(at)),
            (.., 0) => "There is no tenant admin.".into(),
            (.., n) => format!("{}, none of whom has signed in.", many(n, "tenant admin")),
        };
        Finding {
            passed: self.seen_at.is_some(),
            said,
            looked_at: "members and their sign-ins",
            counts: vec![("tenant admins", self.admins)],
            newest: self.seen_name.iter().cloned().collect(),
        }
    }

    fn ingestion(&self) -> Finding {
        let newest: Vec<String> =
            self.newest_key.iter().cloned().chain(ids(self.newest_conversation)).collect();
        let arrived =
            self.newest_received.map(|at| format!(", the last on {}", minute(at))).unwrap_or_default();
        Finding {
            passed: self.keys > 0 || self.conversations > 0,
            said: format!(
                "{} in force, {} received{arrived}.",
                many(self.keys, "API key"),
                many(self.conversations, "conversation")
            ),
            looked_at: "API keys and conversations",
            counts: vec![("API keys", self.keys), ("conversations", self.conversations)],
            newest,
        }
    }

    fn voice_transcripts(&self) -> Finding {
        Finding {
            passed: self.voice > 0,
            said: format!(
                "{} with a transcript among the newest {}.",
                many(self.voice, "voice conversation"),
                many(self.conversations, "conversation")
            ),
            looked_at: "the newest conversations",
            counts: vec![("voice conversations", self.voice), ("conversations", self.conversations)],
            newest: ids(self.newest_voice),
        }
    }

    fn baseline_tasks(&self) -> Finding {
        let enabled = match (&self.enabled_by, self.enabled) {
            (Some(by), n) if n > 0 => format!("{} enabled since, last by {by}", grouped(n)),
            _ => "none is enabled".to_owned(),
        };
        Finding {
            passed: self.published >= BASELINE,
            said: format!(
                "{} of {} baseline tasks are published, disabled unless somebody enables them; {enabled}.",
                self.published.min(BASELINE),
                BASELINE
            ),
            looked_at: "published tasks and their activation for this tenant",
            counts: vec![("published tasks", self.published), ("enabled tasks", self.enabled)],
            newest: vec![],
        }
    }

    fn task_runs(&self) -> Finding {
        let last = self.newest_run_at.map(|at| format!(", the last on {}", minute(at))).unwrap_or_default();
        Finding {
            passed: self.runs > 0,
            said: format!("{} succeeded{last}.", many(self.runs, "task run")),
            looked_at: "the newest task runs",
            counts: vec![("succeeded task runs", self.runs), ("enabled tasks", self.enabled)],
            newest: ids(self.newest_run),
        }
    }

    fn usage_visible(&self) -> Finding {
        let last = self
            .newest_day
            .map(|day| format!(", the last is {}", day.format("%-d %b %Y")))
            .unwrap_or_default();
        Finding {
            passed: self.days > 0,
            said: format!("Usage of {} is rolled up{last}.", many(self.days, "day")),
            looked_at: "the daily roll-up of usage",
            counts: vec![("days", self.days)],
            newest: self.newest_day.map(|day| day.to_string()).into_iter().collect(),
        }
    }

    fn contacts(&self) -> Finding {
        let missing: Vec<_> = [("support", &self.support_contact), ("escalation", &self.escalation_contact)]
            .into_iter()
            .filter(|(_, contact)| contact.is_none())
            .map(|(what, _)| what)
            .collect();
        Finding {
            passed: missing.is_empty(),
            said: if missing.is_empty() {
                "Both contacts are on record.".into()
            } else {
                format!("Missing: {} contact.", missing.join(" and "))
            },
            looked_at: "the tenant’s contacts",
            counts: vec![],
            newest: self.support_contact.iter().chain(&self.escalation_contact).cloned().collect(),
        }
    }

    fn ingestion_off(&self) -> Finding {
        let access = Access::of(self.status, self.suspension);
        Finding {
            passed: access != Access::Full && self.arrived == 0,
            said: format!(
                "Access is “{}”; {} received since {}.",
                access.label().to_lowercase(),
                many(self.arrived, "conversation"),
                minute(self.status_since)
            ),
            looked_at: "the access that the status leaves, and conversations since",
            counts: vec![("conversations since", self.arrived)],
            newest: vec![],
        }
    }

    fn processing_stopped(&self) -> Finding {
        Finding {
            passed: self.running == 0 && self.runs_lately == 0,
            said: format!(
                "{} in work, {} waiting, {} in the last 15 minutes.",
                many(self.running, "conversation"),
                grouped(self.waiting),
                many(self.runs_lately, "task run")
            ),
            looked_at: "conversations in work and task runs since the offboarding began",
            counts: vec![
                ("in work", self.running),
                ("waiting", self.waiting),
                ("runs lately", self.runs_lately),
            ],
            newest: vec![],
        }
    }

    fn access_revoked(&self) -> Finding {
        let access = Access::of(self.status, self.suspension);
        let over = matches!(self.status, Status::Offboarded | Status::Purging | Status::Deleted);
        Finding {
            passed: over && access == Access::None,
            said: format!(
                "The tenant is {}; its access is “{}”.",
                self.status.label().to_lowercase(),
                access.label().to_lowercase()
            ),
            looked_at: "the status, by the rule that every request is refused with",
            counts: vec![("API keys not revoked", self.keys)],
            newest: vec![],
        }
    }
}

//! What the checks see: one statement reads the facts of many tenants, then each probe is a pure function of them.
//!
//! Facts are read across tenants (reach `Fleet`) because sign-ins are kept outside the tenants' rows. Counts stop at
//! [`CAP`] and look at the newest rows only: a check needs proof, not a total.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::TenantId;
use model::checklists::{Check, Outcome, Probe};
use model::page::grouped;
use model::tenants::{Access, Status, Suspension};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The baseline tasks of `seeds/000`; the statement below names them.
pub(super) const BASELINE: i64 = 4;

/// Where counting stops; the statement below says the same.
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

/// The facts of those of the tenants that exist.
pub(super) async fn facts(
    connection: &mut PgConnection,
    tenants: &[TenantId],
) -> Result<Vec<(TenantId, Facts)>> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let rows = sqlx::query_as!(
        Known,
        r#"SELECT t.id AS tenant_id, now() AS "now!", t.status AS "status: Status", t.status_since, t.suspension AS "suspension: Suspension",
            t.support_contact, t.escalation_contact,
            (SELECT count(*) FROM member m WHERE m.tenant_id = t.id AND m.role = 'tenant_admin') AS "admins!",
            seen.name AS "seen_name?", seen.last_seen_at AS "seen_at?",
            (SELECT count(*) FROM api_key k WHERE k.tenant_id = t.id AND k.revoked_at IS NULL) AS "keys!",
            (SELECT k.name FROM api_key k WHERE k.tenant_id = t.id AND k.revoked_at IS NULL ORDER BY k.created_at DESC LIMIT 1) AS newest_key,
            arrivals.conversations AS "conversations!", arrivals.newest_conversation, arrivals.newest_received,
            arrivals.voice AS "voice!", arrivals.newest_voice, arrivals.arrived AS "arrived!",
            (SELECT count(*) FROM task WHERE key IN ('summary', 'sentiment', 'csat', 'reason')) AS "published!",
            (SELECT count(*) FROM activation a WHERE a.tenant_id = t.id AND a.enabled) AS "enabled!",
            (SELECT a.changed_by FROM activation a WHERE a.tenant_id = t.id AND a.enabled ORDER BY a.changed_at DESC LIMIT 1) AS enabled_by,
            work.runs AS "runs!", work.newest_run, work.newest_run_at, work.runs_lately AS "runs_lately!",
            (SELECT count(DISTINCT u.day) FROM usage_day u WHERE u.tenant_id = t.id) AS "days!",
            (SELECT max(u.day) FROM usage_day u WHERE u.tenant_id = t.id) AS newest_day,
            (SELECT count(*) FROM conversation c WHERE c.tenant_id = t.id AND c.state = 'pending') AS "waiting!",
            (SELECT count(*) FROM conversation c WHERE c.tenant_id = t.id AND c.state = 'running') AS "running!"
        FROM tenant t
        LEFT JOIN LATERAL (
            SELECT u.name, u.last_seen_at FROM member m JOIN user_account u ON u.id = m.user_id
            WHERE m.tenant_id = t.id AND m.role = 'tenant_admin' AND u.last_seen_at IS NOT NULL ORDER BY u.last_seen_at DESC LIMIT 1
        ) AS seen ON true
        CROSS JOIN LATERAL (
            SELECT count(*) AS conversations, (array_agg(c.id ORDER BY c.received_at DESC))[1] AS newest_conversation,
                max(c.received_at) AS newest_received, count(*) FILTER (WHERE c.channel = 'voice' AND c.turn_count > 0) AS voice,
                (array_agg(c.id ORDER BY c.received_at DESC) FILTER (WHERE c.channel = 'voice' AND c.turn_count > 0))[1] AS newest_voice,
                count(*) FILTER (WHERE c.received_at > t.status_since) AS arrived
            FROM (SELECT id, received_at, channel, turn_count FROM conversation WHERE tenant_id = t.id ORDER BY received_at DESC LIMIT 1000) AS c
        ) AS arrivals
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE r.outcome = 'succeeded') AS runs,
                (array_agg(r.id ORDER BY r.at DESC) FILTER (WHERE r.outcome = 'succeeded'))[1] AS newest_run,
                max(r.at) FILTER (WHERE r.outcome = 'succeeded') AS newest_run_at,
                count(*) FILTER (WHERE r.outcome <> 'skipped' AND r.at > greatest(t.status_since, now() - interval '15 minutes')) AS runs_lately
            FROM (SELECT id, at, outcome FROM task_run WHERE tenant_id = t.id ORDER BY id DESC LIMIT 1000) AS r
        ) AS work
        WHERE t.id = ANY ($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), Facts::Known(Box::new(row)))).collect())
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

//! Evidence that tenants do not reach each other (R127): what the attack probe tried as one of them and what came of it,
//! how the whole fleet stands, and what the lint of the catalogue has found.

use crate::RunId;
use crate::page::Page;
use crate::states::words;
use crate::tenants::{Placement, Status};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Days after which a tenant is to be verified anew. The schedule verifies those first that have waited longest.
pub const WANTED_DAYS: i32 = 7;

/// How far a fleet is counted.
pub const COUNT_MAX: i64 = 1_000;

words! {
    /// Why the probe was run.
    Trigger {
        Provisioning = "provisioning", "When it was created";
        Schedule = "schedule", "By schedule";
        Request = "request", "By hand";
    }
}

words! {
    /// How a tenant stands: by its newest evidence and how old that is. What needs attention comes first.
    Standing {
        /// The newest evidence shows that something came out as it must not.
        Failing = "failing", "Not proven";
        /// It held, but longer ago than is wanted.
        Stale = "stale", "Verified too long ago";
        /// There is no evidence at all: the schedule has not come to it yet.
        Never = "never", "Never verified";
        Proven = "proven", "Verified";
    }
}

impl Standing {
    /// Whether somebody should look at it.
    pub const fn needs_attention(self) -> bool {
        matches!(self, Self::Failing | Self::Stale)
    }
}

/// One attempt and what came of it: `rows` with their number, or a SQLSTATE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub name: String,
    pub expected: String,
    pub actual: String,
    pub passed: bool,
}

/// What the database answered, in words: `rows 0`, `42501`.
pub fn outcome(answer: &str) -> String {
    match answer {
        "42501" => "refused: no right to (42501)".to_owned(),
        "42P01" => "refused: no such table (42P01)".to_owned(),
        "rows 0" => "nothing to see (0 rows)".to_owned(),
        "rows 1" => "1 row".to_owned(),
        "" => "an error without a code".to_owned(),
        other => match other.strip_prefix("rows ") {
            Some(rows) => format!("{rows} rows"),
            None if other.len() == 5 && other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                format!("error {other}")
            }
            None => other.to_owned(),
        },
    }
}

/// One run of the probe, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    pub at: DateTime<Utc>,
    pub trigger: Trigger,
    /// The version of the server that ran it.
    pub build: String,
    pub placement: Placement,
    /// How many attempts came out as they must, and how many did not.
    pub passed: i64,
    pub failed: i64,
    /// Milliseconds; runs of older servers do not know.
    pub took_ms: Option<i64>,
}

impl Run {
    /// Whether everything came out as it must. Positive controls are among the attempts: a probe that sees nothing at all
    /// does not hold.
    pub const fn held(&self) -> bool {
        self.failed == 0
    }

    pub const fn total(&self) -> i64 {
        self.passed + self.failed
    }

    /// What it says about its tenant now.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if !self.held() {
            Standing::Failing
        } else if now - self.at > TimeDelta::days(i64::from(WANTED_DAYS)) {
            Standing::Stale
        } else {
            Standing::Proven
        }
    }
}

/// A tenant's evidence: the newest, and a page of all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub newest: Option<Run>,
    /// What did not come out as it must in the newest one.
    pub wrong: Vec<Attempt>,
    pub runs: Page<Run>,
    pub may_verify: bool,
}

/// Why a tenant of this status is not verified by hand: only those in service have somebody to be kept apart.
pub fn refusal(status: Status) -> Option<String> {
    let in_service =
        matches!(status, Status::Trial | Status::Active | Status::Suspended | Status::Offboarding);
    (!in_service).then(|| {
        format!("Only tenants in service are verified; this one is {}.", status.label().to_lowercase())
    })
}

/// One run with each of its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub run: Run,
    pub attempts: Vec<Attempt>,
    /// What the database said of itself, and a hash over policies, rights and memberships as they were; for the
    /// platform's people only.
    pub server_version: Option<String>,
    pub catalogue_hash: Option<String>,
}

/// Something in the catalogue that weakens isolation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// `R01` and the rule in words.
    pub rule: String,
    /// What breaks it.
    pub object: String,
}

/// A tenant that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub slug: String,
    pub name: String,
    pub status: Status,
    pub standing: Standing,
    /// When it was verified last, and how many attempts did not come out as they must.
    pub at: Option<DateTime<Utc>>,
    pub failed: i64,
}

/// How the tenants in service stand, and what the lint says of the catalogue now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fleet {
    /// How many of each standing, up to [`COUNT_MAX`] + 1.
    pub counts: Vec<(Standing, i64)>,
    /// The standing that the list is narrowed to.
    pub only: Option<Standing>,
    /// The first of those that need attention, what is worst first; or of that standing.
    pub attention: Vec<Attention>,
    /// Whether there are more than are listed.
    pub more: bool,
    /// The newest evidence of any tenant: whether the schedule is alive.
    pub newest_at: Option<DateTime<Utc>>,
    pub findings: Vec<Finding>,
    /// When the lint ran for this page, and how many milliseconds it took.
    pub linted_at: DateTime<Utc>,
    pub lint_ms: i64,
}

impl Fleet {
    pub fn count(&self, standing: Standing) -> i64 {
        self.counts.iter().find(|(of, _)| *of == standing).map_or(0, |(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(passed: i64, failed: i64) -> Run {
        Run {
            id: RunId(uuid::Uuid::from_u128(1)),
            at: DateTime::UNIX_EPOCH,
            trigger: Trigger::Schedule,
            build: "1".into(),
            placement: Placement::Pooled,
            passed,
            failed,
            took_ms: None,
        }
    }

    #[test]
    fn evidence_stands_for_seven_days_and_a_failure_for_ever() {
        let at = |days: i64| DateTime::UNIX_EPOCH + TimeDelta::days(days);
        assert_eq!(run(35, 0).standing(at(7)), Standing::Proven);
        assert_eq!(run(35, 0).standing(at(8)), Standing::Stale);
        assert_eq!(run(34, 1).standing(at(0)), Standing::Failing);
        assert_eq!(run(34, 1).standing(at(99)), Standing::Failing);
        assert_eq!(Standing::ALL.iter().filter(|standing| standing.needs_attention()).count(), 2);
    }

    #[test]
    fn only_tenants_in_service_are_verified() {
        let verified: Vec<_> = Status::ALL.iter().filter(|status| refusal(**status).is_none()).collect();
        assert_eq!(verified.len(), 4);
        assert_eq!(
            refusal(Status::Deleted).as_deref(),
            Some("Only tenants in service are verified; this one is deleted.")
        );
    }

    #[test]
    fn answers_of_the_database_are_told_in_words() {
        for (answer, words) in [
            ("42501", "refused: no right to (42501)"),
            ("rows 0", "nothing to see (0 rows)"),
            ("rows 1", "1 row"),
            ("rows 12", "12 rows"),
            ("23503", "error 23503"),
            ("true then false", "true then false"),
            ("", "an error without a code"),
        ] {
            assert_eq!(outcome(answer), words);
        }
    }
}

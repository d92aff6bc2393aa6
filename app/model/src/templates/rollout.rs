//! Staged roll-outs (R32): pilots first, then a share, then the rest; each wave begins by a person or by itself, after a
//! time and when all criteria ([`Rules`]) are met.

use super::{Compared, Criterion, Rules};
use crate::states::words;
use crate::validate::{FieldErrors, required};
use crate::{OperationId, TemplateId, TenantId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest time after which a wave may begin by itself, in hours.
pub const HOURS_MAX: i32 = 720;
/// More tenants than this need their number typed.
pub const TYPED_FROM: i64 = 25;
/// The most tenants of one roll-out.
pub const TENANTS_MAX: i64 = 20_000;

words! {
    RolloutState {
        Running = "running", "Running";
        /// No further wave begins.
        Paused = "paused", "Paused";
        Done = "done", "Finished";
        /// What was not begun is left as it is.
        Cancelled = "cancelled", "Called off";
    }
}

words! {
    /// Whom it reaches.
    Whom {
        Behind = "behind", "Tenants on an older version of this template";
        Listed = "listed", "The tenants listed below";
        Without = "without", "Tenants on no template";
    }
}

words! {
    /// How one tenant fares.
    TenantOutcome {
        Failed = "failed", "Failed";
        /// Its operation begins when a second person has approved it.
        Approval = "approval", "Waits for approval";
        Running = "running", "Under way";
        Waiting = "waiting", "Waits for its wave";
        Applied = "applied", "Applied";
        /// The second person said no: it stays as it was, and keeps no wave waiting.
        Rejected = "rejected", "Rejected";
        Skipped = "skipped", "Called off";
    }
}

/// The form as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutInput {
    pub version: String,
    pub whom: String,
    /// Slugs, by lines, spaces or commas.
    pub listed: String,
    /// Slugs of those who go first.
    pub pilots: String,
    /// Percent of the rest that goes second; 100 for all at once.
    pub share: String,
    /// Empty: a person begins the next wave.
    pub hours: String,
    /// [`Rules`]: percent of a wave, points of health, percentage points of task success, and anything for “no
    /// differences”.
    pub failed: String,
    pub drop: String,
    pub tasks: String,
    pub drift: String,
    pub reason: String,
    /// The number of tenants, typed where there are many.
    pub confirm: String,
}

impl RolloutInput {
    /// The plan that stands in an address; reason and confirmation never do.
    pub fn of_query(query: &str) -> Self {
        let pairs = crate::url::decode(query);
        let get = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self {
            version: get("version"),
            whom: get("whom"),
            listed: get("listed"),
            pilots: get("pilots"),
            share: get("share"),
            hours: get("hours"),
            failed: get("failed"),
            drop: get("drop"),
            tasks: get("tasks"),
            drift: get("drift"),
            reason: String::new(),
            confirm: String::new(),
        }
    }
}

/// A form that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutDraft {
    pub version: i32,
    pub whom: Whom,
    pub listed: Vec<String>,
    pub pilots: Vec<String>,
    pub share: i64,
    pub hours: Option<i32>,
    pub rules: Rules,
    pub reason: String,
    pub confirm: String,
}

impl RolloutInput {
    /// # Errors
    /// All that is wrong, field by field. Without `with_reason` it is a preview, which needs none.
    pub fn validate(&self, with_reason: bool) -> Result<RolloutDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let version = errors
            .take("version", self.version.trim().parse::<i32>().map_err(|_| "Choose a version.".to_owned()));
        let whom = errors.take("whom", crate::validate::word::<Whom>(&self.whom, "Whom it reaches"));
        let (listed, pilots) = (slugs(&self.listed), slugs(&self.pilots));
        if whom == Some(Whom::Listed) && listed.is_empty() {
            errors.add("listed", "List at least one tenant by its slug.");
        }
        let share = match self.share.trim() {
            "" => Ok(100),
            text => text
                .parse::<i64>()
                .ok()
                .filter(|share| (1..=100).contains(share))
                .ok_or_else(|| "A whole number from 1 to 100 is needed.".to_owned()),
        };
        let share = errors.take("share", share);
        let hours = match self.hours.trim() {
            "" => Ok(None),
            text => text
                .parse::<i32>()
                .ok()
                .filter(|hours| (1..=HOURS_MAX).contains(hours))
                .map(Some)
                .ok_or_else(|| format!("A whole number of hours from 1 to {HOURS_MAX} is needed.")),
        };
        let hours = errors.take("hours", hours);
        let rules = Rules::parse(&self.failed, &self.drop, &self.tasks, &self.drift, &mut errors);
        let reason = if with_reason {
            errors.take("reason", required(&self.reason, "A reason", 1_000))
        } else {
            Some(self.reason.clone())
        };
        match (version, whom, share, hours, reason) {
            (Some(version), Some(whom), Some(share), Some(hours), Some(reason)) if errors.is_empty() => {
                let confirm = self.confirm.trim().to_owned();
                Ok(RolloutDraft { version, whom, listed, pilots, share, hours, rules, reason, confirm })
            }
            _ => Err(errors),
        }
    }
}

fn slugs(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for slug in text.split([',', ';', ' ', '\n', '\r', '\t']).filter(|slug| !slug.is_empty()) {
        let slug = slug.to_lowercase();
        if !out.contains(&slug) {
            out.push(slug);
        }
    }
    out
}

/// Which wave a tenant is in: pilots are the first; of the others the first `share` percent (rounded up) the second, the
/// rest the third. Waves without tenants are left out, so that numbers are 1, 2, 3 without a gap.
pub fn waves(tenants: usize, pilots: usize, share: i64) -> Vec<u32> {
    let rest = tenants.saturating_sub(pilots);
    let share = usize::try_from(share.clamp(1, 100)).unwrap_or(100);
    let second = rest.saturating_mul(share).div_ceil(100);
    let sizes = [pilots.min(tenants), second, rest - second];
    let mut out = Vec::with_capacity(tenants);
    let mut wave = 0;
    for size in sizes.into_iter().filter(|size| *size > 0) {
        wave += 1;
        out.extend(std::iter::repeat_n(wave, size));
    }
    out
}

/// What a roll-out would do, before it is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutPlan {
    pub template: String,
    pub version: i32,
    /// Slug, name and wave, the first waves first; at most the first hundred.
    pub tenants: Vec<(String, String, u32)>,
    pub total: i64,
    /// Tenants per wave.
    pub waves: Vec<i64>,
    /// Slug and why not.
    pub skipped: Vec<(String, String)>,
    /// Settings and tasks of these tenants that were decided there and stay as they are.
    pub kept: i64,
    /// Tenants whose operation waits for a second person, by the rules as they are now.
    pub approvals: i64,
}

/// A wave in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    pub wave: i32,
    pub tenants: i64,
    pub applied: i64,
    pub failed: i64,
    /// Under way, those that wait for a second person among them.
    pub running: i64,
    pub approvals: i64,
    /// Rejected by the second person, or called off: they stay as they were.
    pub left_out: i64,
    pub waiting: i64,
}

/// A tenant of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutTenant {
    pub tenant: TenantId,
    pub slug: String,
    pub name: String,
    pub wave: i32,
    pub outcome: TenantOutcome,
    pub operation: Option<OperationId>,
    pub error: Option<String>,
}

/// A roll-out with how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub id: uuid::Uuid,
    pub template: TemplateId,
    pub to: Compared,
    pub state: RolloutState,
    pub wave: i32,
    pub wave_since: DateTime<Utc>,
    pub hours: Option<i32>,
    pub rules: Rules,
    /// How the current wave stands; empty where the roll-out is over.
    pub criteria: Vec<Criterion>,
    /// A person went on with this wave although a criterion was broken.
    pub overruled: bool,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub waves: Vec<Wave>,
    /// Failures first; at most two hundred.
    pub tenants: Vec<RolloutTenant>,
    pub may_steer: bool,
}

impl Rollout {
    pub fn total(&self) -> i64 {
        self.waves.iter().map(|wave| wave.tenants).sum()
    }

    pub fn failed(&self) -> i64 {
        self.waves.iter().map(|wave| wave.failed).sum()
    }

    /// Why the next wave cannot begin now; `None` where it can.
    pub fn waits_for(&self) -> Option<String> {
        if self.state != RolloutState::Running {
            return Some(format!("The roll-out is {}.", self.state.label().to_lowercase()));
        }
        if self.wave >= i32::try_from(self.waves.len()).unwrap_or(i32::MAX) {
            return Some("The last wave has begun.".into());
        }
        let open: i64 =
            self.waves.iter().filter(|w| w.wave <= self.wave).map(|w| w.running + w.waiting).sum();
        if open == 0 {
            return None;
        }
        let mut why = format!("{open} of the waves so far are still under way.");
        let waits = self.approvals();
        if waits > 0 {
            why.push_str(&format!(" {waits} of them wait for a second person."));
        }
        Some(why)
    }

    /// Tenants whose operation waits for a second person.
    pub fn approvals(&self) -> i64 {
        self.waves.iter().map(|wave| wave.approvals).sum()
    }

    /// What is broken, and pauses it: nothing where a person has overruled that for this wave.
    pub fn broken(&self) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.broken && !self.overruled)
    }

    /// Whether the next wave begins by itself now.
    pub fn graduates(&self) -> bool {
        self.hours.is_some()
            && self.waits_for().is_none()
            && !self.criteria.is_empty()
            && self.criteria.iter().all(|criterion| criterion.met)
    }

    /// Whether every tenant has its outcome.
    pub fn is_over(&self) -> bool {
        self.waves.iter().all(|wave| wave.running + wave.waiting == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pilots_go_first_then_a_share_then_the_rest_without_gaps() {
        assert_eq!(waves(10, 2, 25), [1, 1, 2, 2, 3, 3, 3, 3, 3, 3]);
        assert_eq!(waves(3, 0, 100), [1, 1, 1], "all at once");
        assert_eq!(waves(3, 3, 10), [1, 1, 1], "all are pilots");
        assert_eq!(waves(2, 0, 1), [1, 2], "a share is at least one");
        assert_eq!(waves(0, 0, 10), Vec::<u32>::new());
        assert_eq!(waves(2, 5, 10), [1, 1], "more pilots than tenants");
        for total in 0..50 {
            for pilots in 0..=total {
                let got = waves(total, pilots, 10);
                assert_eq!(got.len(), total);
                assert!(got.is_sorted() && got.iter().all(|wave| (1..=3).contains(wave)));
            }
        }
    }

    #[test]
    fn the_form_says_all_that_is_wrong_and_a_preview_needs_no_reason() {
        let input = RolloutInput {
            version: "2".into(),
            whom: "listed".into(),
            listed: "acme, Beta\n acme".into(),
            pilots: "beta".into(),
            share: "10".into(),
            hours: "24".into(),
            ..RolloutInput::default()
        };
        let draft = input.validate(false).expect("fine");
        assert_eq!(
            (draft.listed, draft.pilots),
            (vec!["acme".to_owned(), "beta".into()], vec!["beta".to_owned()])
        );
        assert_eq!(input.validate(true).expect_err("no reason").0.len(), 1);
        let wrong = RolloutInput {
            whom: "listed".into(),
            share: "0".into(),
            hours: "999".into(),
            ..RolloutInput::default()
        };
        let errors = wrong.validate(true).expect_err("wrong");
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["hours", "listed", "reason", "share", "version"]);
    }
}

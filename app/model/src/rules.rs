//! Moves that nobody has to make by hand (R9, R78): their rules, payments that did not come, and what comes next.

use crate::states::words;
use crate::tenants::Suspension;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What a rule watches.
    RuleKind {
        TrialEnded = "trial_ended", "End of a trial";
        PaymentFailure = "payment_failure", "Unpaid bill";
        Inactivity = "inactivity", "Inactivity";
    }
}

impl RuleKind {
    /// Whether the days stand in the rule; those of inactivity are a setting, which a tenant may have for itself.
    pub const fn has_days(self) -> bool {
        !matches!(self, Self::Inactivity)
    }
}

/// The most days that a rule may wait.
pub const DAYS_MAX: i32 = 365;
/// The most days ahead that people are told.
pub const NOTICE_MAX: i32 = 90;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    pub kind: RuleKind,
    pub enabled: bool,
    /// Days from the trial's end, or from the failed payment, to the suspension.
    pub days: i32,
    /// Days before the trial's end, or before the suspension, at which its people are told; 0: they are not.
    pub notice_days: i32,
    /// How far the suspension goes.
    pub scope: Suspension,
    pub version: i64,
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    /// Tenants whose days are over now, counted up to a thousand; of inactivity nobody counts.
    pub due: Option<i64>,
}

impl LifecycleRule {
    /// What the rule does, in a sentence.
    pub fn words(&self) -> String {
        let scope = match self.scope {
            Suspension::ReadOnly => "read-only",
            Suspension::Blocked => "blocked",
        };
        let told = |what: &str| match self.notice_days {
            0 => "Nobody is told ahead.".to_owned(),
            days => format!("Its people are told {} before {what}.", days_of(days)),
        };
        match self.kind {
            RuleKind::TrialEnded => {
                let when = match self.days {
                    0 => "when its trial ends".to_owned(),
                    days => format!("{} after its trial has ended", days_of(days)),
                };
                format!("A tenant is suspended ({scope}) {when}. {}", told("the trial ends"))
            }
            RuleKind::PaymentFailure => {
                let when = match self.days {
                    0 => "as soon as a payment fails".to_owned(),
                    days => format!("{} after a payment that failed and is not settled", days_of(days)),
                };
                format!("A tenant is suspended ({scope}) {when}. {}", told("that"))
            }
            RuleKind::Inactivity => format!(
                "A tenant that nobody has used for as long as its setting says is suspended ({scope}). {}",
                told("that")
            ),
        }
    }
}

/// `1 day`, `7 days`.
fn days_of(days: i32) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}

/// All rules, as their page shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRules {
    pub rules: Vec<LifecycleRule>,
    pub may_change: bool,
}

/// A payment that did not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The number of a bill, say; unique for the tenant.
    pub reference: String,
    /// As it was written, with its currency.
    pub amount: Option<String>,
    pub failed_at: DateTime<Utc>,
    /// Who noted it; for the platform's people only, as is who settled it.
    pub recorded_by: Option<String>,
    pub settled_at: Option<DateTime<Utc>>,
    pub settled_how: Option<String>,
    pub settled_by: Option<String>,
}

words! {
    /// What a rule does next.
    NextStep {
        Notice = "notice", "Its people are told";
        Suspension = "suspension", "It is suspended";
    }
}

/// What a rule will do to a tenant if nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextMove {
    pub rule: RuleKind,
    pub step: NextStep,
    /// Not before; in the past: within the next round.
    pub at: DateTime<Utc>,
    pub scope: Suspension,
    /// What it is about: `Invoice 7 is unpaid since 3 May 2026.`
    pub because: String,
}

/// The payments of a tenant and what the rules make of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// Open ones first, then the newest; [`PAYMENTS_SHOWN`] at most.
    pub rows: Vec<Payment>,
    pub next: Vec<NextMove>,
    /// Whether the rule for unpaid bills is on.
    pub rule: LifecycleRule,
    pub may_change: bool,
}

/// How many payments a page shows.
pub const PAYMENTS_SHOWN: i64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_it_does() {
        let mut rule = LifecycleRule {
            kind: RuleKind::PaymentFailure,
            enabled: true,
            days: 7,
            notice_days: 1,
            scope: Suspension::ReadOnly,
            version: 1,
            changed_by: None,
            changed_at: None,
            reason: None,
            due: None,
        };
        assert_eq!(
            rule.words(),
            "A tenant is suspended (read-only) 7 days after a payment that failed and is not settled. Its people are told 1 day before that."
        );
        (rule.kind, rule.days, rule.notice_days) = (RuleKind::TrialEnded, 0, 0);
        assert_eq!(
            rule.words(),
            "A tenant is suspended (read-only) when its trial ends. Nobody is told ahead."
        );
        assert!(RuleKind::TrialEnded.has_days() && !RuleKind::Inactivity.has_days());
    }
}

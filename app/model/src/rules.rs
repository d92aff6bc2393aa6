//! Suspensions that nobody has to ask for (R78, R87): the rules, the payments that did not come, and what follows next.

use crate::states::words;
use crate::tenants::Suspension;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// What a rule waits for. The word is also the reason of the suspension that follows.
    RuleKind {
        TrialEnded = "trial_ended", "End of a trial";
        PaymentFailure = "payment_failure", "Unpaid bill";
        Inactivity = "inactivity", "Inactivity";
    }
}

/// The longest that a rule may wait, in days.
pub const DAYS_MAX: i32 = 365;

/// Tenants that are due are counted up to here.
pub const DUE_MAX: i64 = 1_000;

/// Payments that a page shows; open ones come first.
pub const PAYMENTS_SHOWN: i64 = 200;

impl RuleKind {
    /// Whether its days are its own. Those of inactivity are a setting, so that a template or a tenant can differ.
    pub const fn has_days(self) -> bool {
        !matches!(self, Self::Inactivity)
    }

    /// What it waits for, as a sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::TrialEnded => "A trial that ends, and that nobody has made a customer of, is suspended.",
            Self::PaymentFailure => {
                "A payment that was noted as failed, and not settled, suspends the tenant."
            }
            Self::Inactivity => {
                "An active tenant that nobody has signed in to or sent anything to is suspended."
            }
        }
    }
}

/// One rule as it holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    pub kind: RuleKind,
    pub enabled: bool,
    /// After the end of the trial, after the day on which the payment failed; says nothing without [`RuleKind::has_days`].
    pub days: i32,
    /// How far the suspension goes.
    pub scope: Suspension,
    /// Counts the changes, from 1.
    pub version: i64,
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    /// Tenants whose days are over by now, whether it is on or off, counted up to [`DUE_MAX`]; none where nobody counts.
    pub due: Option<i64>,
}

impl LifecycleRule {
    /// The rule in words: `Read-only after 7 days`.
    pub fn words(&self) -> String {
        if !self.enabled {
            return "Off".to_owned();
        }
        let scope = self.scope.label();
        match (self.kind.has_days(), self.days) {
            (false, _) => format!("{scope} after the days of the setting"),
            (true, 0) => format!("{scope} at once"),
            (true, 1) => format!("{scope} after 1 day"),
            (true, days) => format!("{scope} after {days} days"),
        }
    }
}

/// All of them, as their page shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRules {
    pub rules: Vec<LifecycleRule>,
    pub may_change: bool,
}

/// A payment that did not come, and perhaps came after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The number of a bill, say; no two of a tenant have the same.
    pub reference: String,
    /// With its currency, as it was typed.
    pub amount: Option<String>,
    pub failed_at: DateTime<Utc>,
    /// Who noted and who settled it; for the platform's people only.
    pub recorded_by: Option<String>,
    pub settled_at: Option<DateTime<Utc>>,
    pub settled_how: Option<String>,
    pub settled_by: Option<String>,
}

impl Payment {
    pub const fn is_open(&self) -> bool {
        self.settled_at.is_none()
    }
}

words! {
    /// What a suspension by rule that is due stands at.
    Asked {
        Approval = "approval", "waits for a second person";
        Running = "running", "is under way";
    }
}

/// What a rule will do to a tenant if nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextMove {
    pub rule: RuleKind,
    /// Not before.
    pub at: DateTime<Utc>,
    pub scope: Suspension,
    /// Why, as a clause: `INV-7 is unpaid since 21 Nov 2026`.
    pub because: String,
    /// Set once it has been asked for.
    pub asked: Option<Asked>,
}

impl NextMove {
    /// The move as a sentence, told at `now`: `Suspended (read-only) on 5 Dec 2026: INV-7 is unpaid since 21 Nov 2026.`
    pub fn sentence(&self, now: DateTime<Utc>) -> String {
        let scope = self.scope.label().to_lowercase();
        let what = match self.asked {
            Some(asked) => format!("A suspension ({scope}) {}", asked.label()),
            None if self.at > now => format!("Suspended ({scope}) on {}", self.at.format("%-d %b %Y")),
            // The rounds: every few seconds, and once an hour.
            None if self.rule == RuleKind::Inactivity => format!("Suspended ({scope}) within the hour"),
            None => format!("Suspended ({scope}) within a minute"),
        };
        format!("{what}: {}.", self.because)
    }
}

/// The payments of a tenant that did not come, and what follows from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// What it is billed under (R11).
    pub billing_reference: Option<String>,
    /// Open ones first, the oldest of them on top; then those that were settled, the newest on top.
    pub rows: Vec<Payment>,
    /// There are more than are shown.
    pub more: bool,
    /// What the rules do if nothing changes, the next first.
    pub next: Vec<NextMove>,
    /// The rule about payments.
    pub rule: LifecycleRule,
    /// Whether the reader notes and settles payments.
    pub may_change: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn a_rule_reads_as_words() {
        let mut rule = LifecycleRule {
            kind: RuleKind::PaymentFailure,
            enabled: true,
            days: 7,
            scope: Suspension::ReadOnly,
            version: 1,
            changed_by: None,
            changed_at: None,
            reason: None,
            due: None,
        };
        assert_eq!(rule.words(), "Read-only after 7 days");
        rule.days = 0;
        assert_eq!(rule.words(), "Read-only at once");
        (rule.days, rule.scope) = (1, Suspension::Blocked);
        assert_eq!(rule.words(), "Blocked after 1 day");
        rule.kind = RuleKind::Inactivity;
        assert_eq!(rule.words(), "Blocked after the days of the setting");
        rule.enabled = false;
        assert_eq!(rule.words(), "Off");
    }

    #[test]
    fn a_move_says_what_when_and_why() {
        let mut next = NextMove {
            rule: RuleKind::PaymentFailure,
            at: at("2026-12-05T00:00:00Z"),
            scope: Suspension::ReadOnly,
            because: "INV-7 is unpaid since 21 Nov 2026".into(),
            asked: None,
        };
        let now = at("2026-11-22T09:00:00Z");
        assert_eq!(
            next.sentence(now),
            "Suspended (read-only) on 5 Dec 2026: INV-7 is unpaid since 21 Nov 2026."
        );
        assert!(
            next.sentence(at("2026-12-05T00:00:00Z")).starts_with("Suspended (read-only) within a minute: ")
        );
        next.asked = Some(Asked::Approval);
        assert!(next.sentence(now).starts_with("A suspension (read-only) waits for a second person: INV-7"));
    }

    #[test]
    fn the_words_of_rules_are_reasons_of_suspensions() {
        for kind in RuleKind::ALL {
            assert!(kind.as_str().parse::<crate::tenants::SuspensionReason>().is_ok(), "{kind}");
        }
    }
}

//! Plans, their limits, and what moving a tenant from one to another would mean (R3, R64).

use crate::page::{bytes, grouped};
use crate::tenants::PlanId;
use crate::usage::{Limit, LimitMeter};
use serde::{Deserialize, Serialize};

/// A plan with its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: PlanId,
    pub name: String,
    pub sso: bool,
    pub scim: bool,
    pub sla: String,
    pub limits: Vec<(LimitMeter, Limit)>,
}

impl Plan {
    pub fn limit(&self, meter: LimitMeter) -> Option<Limit> {
        self.limits.iter().find(|(of, _)| *of == meter).map(|(_, limit)| *limit)
    }
}

/// A quantity of a meter in words.
pub fn amount(meter: LimitMeter, n: i64) -> String {
    match meter {
        LimitMeter::StorageBytes => bytes(n),
        _ => grouped(n),
    }
}

/// A limit in words; no limit is a word, never a number.
pub fn limit_text(meter: LimitMeter, limit: Option<Limit>) -> String {
    match limit {
        Some(Limit::Number(n)) => amount(meter, n),
        Some(Limit::Unlimited) => "unlimited".into(),
        Some(Limit::Custom) => "by contract".into(),
        None => "not limited by this plan".into(),
    }
}

/// How the current use of a meter sits in a plan's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fit {
    Fits,
    /// A stock that is larger than the limit: the plan is refused.
    Over,
    /// A rate that was higher lately: calls above it would have been refused.
    Throttled,
    /// Nothing is counted for this meter yet.
    Unknown,
}

/// One meter before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitChange {
    pub meter: LimitMeter,
    pub before: Option<Limit>,
    pub after: Option<Limit>,
    /// In use now; for a rate the highest of the last seven days.
    pub used: Option<i64>,
    pub fit: Fit,
}

impl LimitChange {
    pub fn of(meter: LimitMeter, before: Option<Limit>, after: Option<Limit>, used: Option<i64>) -> Self {
        let fit =
            match (after, used) {
                (_, None) => Fit::Unknown,
                (Some(Limit::Number(hard)), Some(used)) if used > hard => {
                    if meter == LimitMeter::ApiCalls15min { Fit::Throttled } else { Fit::Over }
                }
                _ => Fit::Fits,
            };
        Self { meter, before, after, used, fit }
    }

    pub fn differs(&self) -> bool {
        self.before != self.after
    }

    /// Why the plan does not fit, where it does not.
    pub fn refusal(&self, plan: &str) -> Option<String> {
        match (self.fit, self.used, self.after) {
            (Fit::Over, Some(used), Some(Limit::Number(hard))) => Some(format!(
                "{}: {} in use, {plan} allows {}. Bring it down first.",
                self.meter.label(),
                amount(self.meter, used),
                amount(self.meter, hard)
            )),
            _ => None,
        }
    }
}

/// A plan change before it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPreview {
    pub from: Plan,
    pub to: Plan,
    pub limits: Vec<LimitChange>,
}

impl PlanPreview {
    /// `used` gives the current use of a meter, where it is counted.
    pub fn new(from: Plan, to: Plan, used: impl Fn(LimitMeter) -> Option<i64>) -> Self {
        let limits = LimitMeter::ALL
            .iter()
            .map(|meter| LimitChange::of(*meter, from.limit(*meter), to.limit(*meter), used(*meter)))
            .collect();
        Self { from, to, limits }
    }

    /// Why the tenant cannot move there; empty where it can.
    pub fn refusals(&self) -> Vec<String> {
        self.limits.iter().filter_map(|change| change.refusal(&self.to.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_the_plans_name_them() {
        assert_eq!(limit_text(LimitMeter::StorageBytes, Some(Limit::Number(104_857_600))), "100\u{202f}MB");
        assert_eq!(limit_text(LimitMeter::StorageBytes, Some(Limit::Number(10_737_418_240))), "10\u{202f}GB");
        assert_eq!(limit_text(LimitMeter::Users, Some(Limit::Unlimited)), "unlimited");
        assert_eq!(limit_text(LimitMeter::ApiCalls15min, Some(Limit::Custom)), "by contract");
        assert_eq!(amount(LimitMeter::StorageBytes, 1_610_612_736), "1.5\u{202f}GB");
        assert_eq!(amount(LimitMeter::StorageBytes, 0), "0\u{202f}B");
        assert_eq!(amount(LimitMeter::StorageBytes, 1_023), "1\u{202f}023\u{202f}B");
    }

    #[test]
    fn a_stock_over_the_limit_refuses_and_a_rate_only_warns() {
        let over = |meter| LimitChange::of(meter, None, Some(Limit::Number(5)), Some(6));
        assert_eq!(over(LimitMeter::Users).fit, Fit::Over);
        assert_eq!(
            over(LimitMeter::Users).refusal("Free").as_deref(),
            Some("Users: 6 in use, Free allows 5. Bring it down first.")
        );
        assert_eq!(over(LimitMeter::ApiCalls15min).fit, Fit::Throttled);
        assert_eq!(over(LimitMeter::ApiCalls15min).refusal("Free"), None);
        let at = LimitChange::of(LimitMeter::Users, None, Some(Limit::Number(5)), Some(5));
        assert_eq!(at.fit, Fit::Fits, "the limit itself may be used up");
        let contract = LimitChange::of(LimitMeter::Users, None, Some(Limit::Custom), Some(i64::MAX));
        assert_eq!(contract.fit, Fit::Fits);
        assert_eq!(LimitChange::of(LimitMeter::Projects, None, None, None).fit, Fit::Unknown);
    }
}

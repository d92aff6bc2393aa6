//! Plans, their limits, and what moving a tenant from one to another would mean (R3, R64).

use crate::limits::{Effective, LimitSource};
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
    /// Whose word `after` is.
    pub source: LimitSource,
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
        Self { meter, before, after, source: LimitSource::Plan, used, fit }
    }

    /// The same with whose word it is; the plan's where nobody says otherwise.
    pub fn by(self, source: LimitSource) -> Self {
        Self { source, ..self }
    }

    pub fn differs(&self) -> bool {
        self.before != self.after
    }

    /// Whether less is allowed than before. A limit that does not fit but goes up, or stays, makes nothing worse.
    pub fn lowers(&self) -> bool {
        match (self.before, self.after) {
            (Some(Limit::Number(before)), Some(Limit::Number(after))) => after < before,
            (_, Some(Limit::Number(_))) => true,
            _ => false,
        }
    }

    /// Why it does not fit, where it does not, and how to go on; `plan` is what the plan is called.
    pub fn refusal(&self, plan: &str) -> Option<String> {
        let (Fit::Over, Some(used), Some(Limit::Number(hard))) = (self.fit, self.used, self.after) else {
            return None;
        };
        let hard = amount(self.meter, hard);
        let allows = match self.source {
            LimitSource::Plan => format!("{plan} allows {hard}. Bring it down first."),
            LimitSource::Template => format!("its template allows {hard}. Bring it down first."),
            LimitSource::Tenant => {
                format!("a limit of this tenant alone allows {hard}. Change it or take it back.")
            }
        };
        Some(format!("{}: {} in use, {allows}", self.meter.label(), amount(self.meter, used)))
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

    /// The same for a tenant that is there: on both plans with the limits that hold for it, and whose word they are.
    pub fn of_tenant(
        from: Plan,
        to: Plan,
        here: &[Effective],
        there: &[Effective],
        used: impl Fn(LimitMeter) -> Option<i64>,
    ) -> Self {
        let mut preview = Self::new(as_held(from, here), as_held(to, there), used);
        for change in &mut preview.limits {
            if let Some(line) = there.iter().find(|line| line.meter == change.meter) {
                change.source = line.source;
            }
        }
        preview
    }

    /// Why the tenant cannot move there; empty where it can.
    pub fn refusals(&self) -> Vec<String> {
        self.limits.iter().filter_map(|change| change.refusal(&self.to.name)).collect()
    }
}

/// The plan as it is for a tenant: with the limits that hold there.
fn as_held(plan: Plan, lines: &[Effective]) -> Plan {
    Plan { limits: lines.iter().map(|line| (line.meter, line.limit)).collect(), ..plan }
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

    #[test]
    fn a_refusal_says_whose_word_the_limit_is() {
        let over =
            LimitChange::of(LimitMeter::StorageBytes, None, Some(Limit::Number(1 << 30)), Some(2 << 30));
        let said = |source| over.by(source).refusal("Free").unwrap_or_default();
        let used = "Storage: 2\u{202f}GB in use,";
        assert_eq!(said(LimitSource::Plan), format!("{used} Free allows 1\u{202f}GB. Bring it down first."));
        assert_eq!(
            said(LimitSource::Template),
            format!("{used} its template allows 1\u{202f}GB. Bring it down first.")
        );
        assert_eq!(
            said(LimitSource::Tenant),
            format!("{used} a limit of this tenant alone allows 1\u{202f}GB. Change it or take it back.")
        );
    }

    #[test]
    fn only_less_than_before_is_lower() {
        let lowers = |before, after| LimitChange::of(LimitMeter::Users, before, after, None).lowers();
        let number = |n| Some(Limit::Number(n));
        assert!(lowers(number(5), number(4)) && lowers(Some(Limit::Unlimited), number(4)));
        assert!(lowers(Some(Limit::Custom), number(4)) && lowers(None, number(4)));
        assert!(!lowers(number(4), number(4)) && !lowers(number(4), number(5)));
        assert!(!lowers(number(4), Some(Limit::Unlimited)) && !lowers(number(4), None));
    }

    #[test]
    fn a_preview_of_a_tenant_has_what_holds_there() {
        let plan = |id: PlanId, n| Plan {
            id,
            name: id.label().into(),
            sso: false,
            scim: false,
            sla: String::new(),
            limits: vec![(LimitMeter::Users, Limit::Number(n))],
        };
        let line = |n, source| Effective {
            meter: LimitMeter::Users,
            limit: Limit::Number(n),
            source,
            plan: Limit::Number(20),
            below: Limit::Number(20),
            until: None,
        };
        let (here, there) = ([line(3, LimitSource::Template)], [line(4, LimitSource::Tenant)]);
        let (from, to) = (plan(PlanId::Free, 5), plan(PlanId::Starter, 20));
        let preview = PlanPreview::of_tenant(from, to, &here, &there, |_| Some(6));
        let users = preview.limits.iter().find(|change| change.meter == LimitMeter::Users).expect("users");
        assert_eq!((users.before, users.after), (Some(Limit::Number(3)), Some(Limit::Number(4))));
        assert_eq!(users.source, LimitSource::Tenant);
        assert!(preview.refusals()[0].contains("this tenant alone"), "{:?}", preview.refusals());
    }
}

//! Which operations wait for a second person (R10, R11), and for which tenants.

use crate::operations::Kind;
use crate::states::words;
use crate::tenants::PlanId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

words! {
    /// For whom an operation of a kind waits.
    Whom {
        Nobody = "nobody", "Never";
        /// What [`ApprovalRule::dedicated`] and [`ApprovalRule::plans`] say.
        Some = "some", "For some tenants";
        Everybody = "everybody", "Always";
    }
}

/// The word of a form for tenants that have a schema of their own; the others are plans.
pub const DEDICATED: &str = "dedicated";

/// The rule of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    pub kind: Kind,
    pub whom: Whom,
    /// Tenants that have a schema of their own; says nothing unless `whom` is `Some`.
    pub dedicated: bool,
    /// Tenants on these plans, and plan changes from or to them; likewise. A new tenant with limits of its own waits where any
    /// plan is named here for new tenants or for plan changes.
    pub plans: Vec<PlanId>,
    /// Counts the changes; 0: nobody has ever said anything.
    pub version: i64,
    pub changed_by: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    /// Operations of this kind that wait now.
    pub waiting: i64,
}

impl ApprovalRule {
    /// The rule in words: `Tenants with a schema of their own, tenants on Enterprise`.
    pub fn words(&self) -> String {
        match self.whom {
            Whom::Nobody | Whom::Everybody => self.whom.label().to_owned(),
            Whom::Some => {
                let dedicated = self.dedicated.then(|| "tenants with a schema of their own".to_owned());
                let plans: Vec<_> = self.plans.iter().map(|plan| plan.label()).collect();
                let plans = (!plans.is_empty()).then(|| format!("tenants on {}", plans.join(" or ")));
                let all: Vec<_> = [dedicated, plans].into_iter().flatten().collect();
                let mut words = all.join(", ");
                if let Some(first) = words.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                words
            }
        }
    }
}

/// All of them, as their page shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRules {
    pub rules: Vec<ApprovalRule>,
    pub may_change: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_words() {
        let mut rule = ApprovalRule {
            kind: Kind::Suspend,
            whom: Whom::Some,
            dedicated: true,
            plans: vec![PlanId::Professional, PlanId::Enterprise],
            version: 1,
            changed_by: None,
            changed_at: None,
            reason: None,
            waiting: 0,
        };
        assert_eq!(rule.words(), "Tenants with a schema of their own, tenants on Professional or Enterprise");
        rule.dedicated = false;
        assert_eq!(rule.words(), "Tenants on Professional or Enterprise");
        rule.whom = Whom::Everybody;
        assert_eq!(rule.words(), "Always");
    }
}

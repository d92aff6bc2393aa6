//! What becomes of a tenant's limits under the quotas of a template (R29), and whether what it uses still fits.
//!
//! Invariants: a limit of the tenant alone stays over every quota; quotas of a template that names a plan hold on no other;
//! no application brings a limit below what is in use. The database says the same (`steward.limits_of`).

use super::{Actual, Bundle, Change, Effect, Part};
use crate::limits::{Effective, LimitSource};
use crate::plans::{LimitChange, limit_text};
use crate::tenants::PlanId;
use crate::usage::LimitMeter;

/// Whether the template's quotas hold for a tenant on this plan.
pub(super) fn hold_on(bundle: &Bundle, plan: PlanId) -> bool {
    bundle.plan.is_none_or(|of| of == plan)
}

/// The limit that would hold on this template, and whose word it would be.
fn held(now: &Effective, to: &Bundle, plan: PlanId) -> (crate::usage::Limit, LimitSource) {
    let quota = to.quotas.get(&now.meter).copied().filter(|_| hold_on(to, plan));
    match (now.source, quota) {
        (LimitSource::Tenant, _) => (now.limit, LimitSource::Tenant),
        (_, Some(quota)) => (quota, LimitSource::Template),
        (_, None) => (now.plan, LimitSource::Plan),
    }
}

/// What becomes of one limit; nothing where no template ever spoke of it.
pub(super) fn change(now: &Effective, to: &Bundle, plan: PlanId) -> Option<Change> {
    let said = to.quotas.contains_key(&now.meter);
    if !said && now.source != LimitSource::Template {
        return None;
    }
    let (after, source) = held(now, to, plan);
    let elsewhere = to.plan.filter(|of| said && *of != plan);
    let note = match (source, elsewhere) {
        (LimitSource::Tenant, _) => Some("Set for this tenant alone.".to_owned()),
        (_, Some(of)) => Some(format!("The template speaks of the plan {}.", of.label())),
        _ => None,
    };
    let effect = match (now.limit == after, &note) {
        (false, _) => Effect::Changes,
        (true, Some(_)) => Effect::Kept,
        (true, None) => Effect::Same,
    };
    let words = |limit| Some(limit_text(now.meter, Some(limit)));
    Some(Change {
        part: Part::Quota,
        key: now.meter.as_str().into(),
        before: words(now.limit),
        after: words(after),
        effect,
        note,
    })
}

/// Why this template cannot be applied: more is in use than it would leave. Empty where it can. A limit that it does not
/// bring down is not its doing.
pub fn refusals(to: &Bundle, actual: &Actual, used: impl Fn(LimitMeter) -> Option<i64>) -> Vec<String> {
    let refusal = |now: &Effective| {
        let (after, source) = held(now, to, actual.plan);
        let change = LimitChange::of(now.meter, Some(now.limit), Some(after), used(now.meter)).by(source);
        change.refusal(actual.plan.label()).filter(|_| change.lowers())
    };
    actual.limits.iter().filter_map(refusal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::diff::tests::{bare, bundle, level, users_line};
    use crate::templates::preview;

    fn on(n: i64, source: LimitSource) -> Actual {
        Actual { limits: vec![users_line(n, source)], ..bare() }
    }

    #[test]
    fn a_quota_holds_on_its_plan_and_under_what_a_tenant_has_alone() {
        let users = |actual: Actual, to: &Bundle| {
            let changes = preview(&level(), to, &actual);
            let line = changes.into_iter().find(|change| change.part == Part::Quota);
            line.map(|line| (line.effect, line.after.unwrap_or_default()))
        };
        assert_eq!(users(bare(), &bundle()), Some((Effect::Changes, "30".into())));
        assert_eq!(users(on(30, LimitSource::Template), &bundle()), Some((Effect::Same, "30".into())));
        assert_eq!(users(on(50, LimitSource::Tenant), &bundle()), Some((Effect::Kept, "50".into())));
        let elsewhere = Actual { plan: PlanId::Free, ..bare() };
        assert_eq!(users(elsewhere, &bundle()), Some((Effect::Kept, "20".into())));
        let silent = Bundle { quotas: [].into(), ..bundle() };
        assert_eq!(users(on(30, LimitSource::Template), &silent), Some((Effect::Changes, "20".into())));
        assert_eq!(users(bare(), &silent), None);
    }

    #[test]
    fn no_quota_brings_a_limit_below_what_is_in_use() {
        let used = |_| Some(40);
        let said = |actual: &Actual, to: &Bundle| refusals(to, actual, used);
        let high = on(50, LimitSource::Template);
        assert_eq!(
            said(&high, &bundle()),
            ["Users: 40 in use, its template allows 30. Bring it down first."]
        );
        let silent = Bundle { quotas: [].into(), ..bundle() };
        assert_eq!(said(&high, &silent), ["Users: 40 in use, Starter allows 20. Bring it down first."]);
        assert_eq!(refusals(&bundle(), &high, |_| Some(30)), Vec::<String>::new(), "it may be used up");
        assert_eq!(said(&on(50, LimitSource::Tenant), &bundle()), Vec::<String>::new(), "its own stays");
        assert_eq!(
            said(&bare(), &bundle()),
            Vec::<String>::new(),
            "30 is more than the 20 that it is over now"
        );
        let elsewhere = Bundle { plan: Some(PlanId::Free), ..bundle() };
        assert_eq!(said(&bare(), &elsewhere), Vec::<String>::new(), "it speaks of another plan");
    }
}

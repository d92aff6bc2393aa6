//! What the fleet must be, whatever its numbers say.

use super::*;
use crate::demo::{history, past};
use model::tenants::Stage;
use std::collections::HashSet;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

#[test]
fn three_hundred_show_everything() {
    let fleet: Vec<_> = (0..300).map(|index| tenant(index, now())).collect();
    let seen = |f: &dyn Fn(&Tenant) -> String| fleet.iter().map(f).collect::<HashSet<_>>();
    assert_eq!(seen(&|t| t.status.as_str().into()).len(), Status::ALL.len());
    assert_eq!(seen(&|t| t.plan.as_str().into()).len(), PlanId::ALL.len());
    assert_eq!(seen(&|t| t.region.into()).len(), REGIONS.len());
    assert_eq!(seen(&|t| format!("{:?}", t.suspension)).len(), 3);
    let stage = |t: &Tenant| {
        Stage::of(t.status, t.configured_at.is_some(), t.validated_at.is_some(), t.live_at.is_some())
    };
    assert_eq!(seen(&|t| stage(t).as_str().into()).len(), Stage::ALL.len());
    for reason in SuspensionReason::ALL {
        assert!(fleet.iter().any(|t| t.status == Status::Suspended && t.reason == Some(reason.as_str())));
    }
    for reason in OffboardingReason::ALL {
        assert!(fleet.iter().any(|t| t.status == Status::Offboarding && t.reason == Some(reason.as_str())));
    }
    assert_eq!(seen(&|t| t.id.to_string()).len(), fleet.len());
}

#[test]
fn nothing_happened_before_it_was_made_or_after_today() {
    for index in 0..5_000 {
        let t = tenant(index, now());
        assert!(t.created_at <= t.status_since && t.status_since <= now() + Duration::hours(1), "{t:?}");
        let milestones = [t.configured_at, t.validated_at, t.live_at];
        assert!(
            milestones.iter().flatten().is_sorted()
                && milestones.iter().flatten().all(|at| *at >= t.created_at),
            "{t:?}"
        );
        assert!(milestones.iter().flatten().all(|at| *at <= now()), "{t:?}");
    }
}

#[test]
fn two_fleets_are_equal() {
    assert_eq!(tenant(17, now()), tenant(17, now()));
}

/// What a tenant is said to be, do and have done contradicts itself nowhere.
#[test]
fn no_tenant_contradicts_itself() {
    for index in 0..2_000 {
        let t = tenant(index, now());
        let reason = |word: &str| t.reason == Some(word);
        // Live: everything before that is done, and it was more than a trial.
        let reached = [t.configured_at, t.validated_at, t.live_at].map(|at| at.is_some());
        assert!(reached.is_sorted_by(|before, after| before >= after), "{t:?}");
        assert!(
            t.live_at.is_none() || (t.status != Status::Trial && t.status_before != Some(Status::Trial)),
            "{t:?}"
        );
        let old = now() - t.created_at > days(60) && t.status == Status::Active;
        assert!(!old || t.live_at.is_some(), "onboarding for ever: {t:?}");
        // A trial is still one; a single case shows one that is over and not yet suspended.
        if t.status == Status::Trial {
            let ends = t.trial_ends_at.expect("an end");
            assert!(
                ends > now() || matches!(CASES.get(index as usize), Some(Case::Trial { days_left: -2 })),
                "{t:?}"
            );
            assert_ne!(t.plan, PlanId::Free, "{t:?}");
        }
        // Whoever is out says why.
        let suspended = t.status == Status::Suspended;
        assert_eq!(
            (t.suspension.is_some(), t.note.is_some() && t.reason.is_some()),
            (suspended, suspended || t.status == Status::Offboarding),
            "{t:?}"
        );
        assert_eq!(t.status_before.is_some(), t.reason.is_some(), "{t:?}");
        if t.status == Status::Offboarding {
            let grace =
                OffboardingReason::ALL.iter().find(|r| reason(r.as_str())).expect("a reason").grace_days();
            assert_eq!(t.grace_ends_at, Some(t.status_since + days(grace)), "{t:?}");
        }
        assert!(!(t.legal_hold && matches!(t.status, Status::Purging | Status::Deleted)), "{t:?}");
        // Bills: of those who are out for them, and of nobody on a free plan.
        let bill = past::bill(&t);
        assert_eq!(bill.is_some(), t.owes(), "{t:?}");
        assert!(
            bill.is_none_or(|bill| bill.failed_at > t.created_at && bill.failed_at < t.status_since),
            "{t:?}"
        );
        let has = |tag: &str| t.tags.contains(&tag);
        assert!(!(has("voice") && has("chat-only")), "{t:?}");
        assert!(!(has("pilot") && t.live_at.is_some()), "{t:?}");
        if !history::has_history(&t) {
            assert!(t.configured_at.is_some() || t.score.is_none(), "measured, though nothing came: {t:?}");
            continue;
        }
        // Usage: none before it was there or after it was shut, none in the silence that it is suspended for.
        let past = history::of(&t, false, now());
        let shut = match t.status {
            Status::Trial | Status::Active | Status::Offboarding => now(),
            _ if t.fell_silent() => t.status_since - days(SILENT_DAYS),
            _ => t.status_since,
        };
        for ago in (0..history::DAYS).filter(|ago| past.conversations(*ago) > 0) {
            let day = past.day(ago);
            assert!(day > t.created_at.date_naive() && day <= shut.date_naive(), "{day}: {t:?}");
        }
        let heard = |dimension, value| {
            past.signals
                .iter()
                .any(|s| s.dimension == dimension && s.value <= value && s.detail.contains("overdue"))
        };
        assert!(!t.owes() || heard("payment", 5), "{t:?}");
        assert!(t.plan != PlanId::Free || !past.signals.iter().any(|s| s.dimension == "payment"), "{t:?}");
    }
}

#[test]
fn the_tenant_of_the_demo_is_one_that_all_is_well_with() {
    let t = tenant(0, now());
    assert_eq!((t.status, t.course, t.plan), (Status::Active, Course::Thriving, PlanId::Professional));
    assert!(t.live_at.is_some() && t.owner.is_some() && t.domain.is_some() && !t.legal_hold);
    assert_eq!(
        (t.status_since, t.tags.as_slice()),
        (t.created_at + PROVISIONED, ["reference", "voice"].as_slice())
    );
}

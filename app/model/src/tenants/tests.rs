use super::*;
use chrono::DateTime;

#[test]
fn the_legal_moves_are_those_of_the_design() {
    let mut moves = Vec::new();
    for from in Status::ALL {
        for to in Status::ALL.iter().filter(|to| from.may_become(**to)) {
            moves.push(format!("{} -> {}", from.as_str(), to.as_str()));
        }
    }
    assert_eq!(
        moves,
        [
            "provisioning -> failed",
            "provisioning -> trial",
            "provisioning -> active",
            "failed -> provisioning",
            "failed -> deleted",
            "trial -> active",
            "trial -> suspended",
            "trial -> offboarding",
            "active -> suspended",
            "active -> offboarding",
            "suspended -> trial",
            "suspended -> active",
            "suspended -> offboarding",
            "offboarding -> trial",
            "offboarding -> active",
            "offboarding -> suspended",
            "offboarding -> offboarded",
            "offboarded -> suspended",
            "offboarded -> purging",
            "purging -> deleted",
        ]
    );
}

#[test]
fn no_status_leads_back_from_deleted_and_none_to_itself() {
    for status in Status::ALL {
        assert!(!Status::Deleted.may_become(*status));
        assert!(!status.may_become(*status));
    }
}

#[test]
fn access_follows_status() {
    assert_eq!(Access::of(Status::Active, None), Access::Full);
    assert_eq!(Access::of(Status::Suspended, Some(Suspension::ReadOnly)), Access::ReadOnly);
    assert_eq!(Access::of(Status::Suspended, Some(Suspension::Blocked)), Access::None);
    assert_eq!(Access::of(Status::Suspended, None), Access::None);
    assert_eq!(Access::of(Status::Offboarding, None), Access::ReadOnly);
    assert_eq!(Access::of(Status::Offboarding, Some(Suspension::Blocked)), Access::None);
    assert_eq!(Access::of(Status::Offboarded, None), Access::None);
}

#[test]
fn bands_change_exactly_at_their_thresholds() {
    for (score, band) in [
        (100, Band::Healthy),
        (75, Band::Healthy),
        (74, Band::Watch),
        (50, Band::Watch),
        (49, Band::AtRisk),
        (25, Band::AtRisk),
        (24, Band::Critical),
        (0, Band::Critical),
    ] {
        assert_eq!(Band::of(Some(score)), band, "{score}");
    }
    assert_eq!(Band::of(None), Band::NoData);
}

#[test]
fn actions_say_why_not() {
    assert!(Action::Suspend.check(Status::Active).is_ok());
    let why = Action::Suspend.check(Status::Offboarding).expect_err("refused");
    assert_eq!(why, "A tenant that is being offboarded cannot be suspended.");
    let why = Action::Suspend.check(Status::Failed).expect_err("refused");
    assert_eq!(why, "A tenant whose provisioning failed cannot be suspended.");
    let why = Action::ChangePlan.check(Status::Purging).expect_err("refused");
    assert!(why.starts_with("A tenant whose data is being deleted cannot be moved"), "{why}");
    assert!(Action::StartOffboarding.check(Status::Deleted).is_err());
}

#[test]
fn every_action_is_allowed_exactly_where_its_move_is_legal() {
    for status in Status::ALL {
        let running = matches!(status, Status::Trial | Status::Active);
        for (action, allowed) in [
            (Action::Suspend, running),
            (Action::ChangeScope, *status == Status::Suspended),
            (Action::Reinstate, *status == Status::Suspended),
            (Action::ChangePlan, running),
            (Action::ConvertTrial, *status == Status::Trial),
            (Action::ExtendTrial, *status == Status::Trial),
            (Action::StartOffboarding, running || *status == Status::Suspended),
            (Action::CancelOffboarding, *status == Status::Offboarding),
            (Action::GoLive, running),
        ] {
            assert_eq!(action.check(*status).is_ok(), allowed, "{action:?} {status:?}");
        }
    }
}

#[test]
fn grace_follows_the_trigger() {
    let days: Vec<_> = OffboardingReason::ALL.iter().map(|reason| reason.grace_days()).collect();
    assert_eq!(days, [30, 30, 60, 0]);
}

#[test]
fn a_countdown_counts_the_day_that_has_begun() {
    let start = DateTime::UNIX_EPOCH;
    for (hours, days) in [(-48, 0), (0, 0), (1, 1), (24, 1), (25, 2), (720, 30)] {
        assert_eq!(days_between(start, start + chrono::TimeDelta::hours(hours)), days, "{hours}");
    }
}

#[test]
fn the_stage_is_the_first_milestone_not_reached() {
    assert_eq!(Stage::of(Status::Trial, false, false, false), Stage::Configure);
    assert_eq!(Stage::of(Status::Active, true, false, false), Stage::Validate);
    assert_eq!(Stage::of(Status::Active, true, true, false), Stage::GoLive);
    assert_eq!(Stage::of(Status::Suspended, true, true, true), Stage::Operate);
    assert_eq!(Stage::of(Status::Deleted, true, true, true), Stage::Offboard);
}

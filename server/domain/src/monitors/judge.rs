//! What is found at a tenant, judged: pure.

use model::TenantId;
use model::monitors::{Kind, State};
use model::tenants::Placement;
use model::usage::LimitMeter;

/// Looks in a row that it takes to raise or to clear an alert.
const IN_A_ROW: i16 = 2;
/// Fewer runs prove nothing.
const RUNS_MIN: i64 = 10;

/// What is known of a tenant.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub tenant: TenantId,
    pub placement: Placement,
    /// Hours since its last conversation, or since it came into its status; none where there never was one.
    pub silent: Option<i64>,
    /// Whether conversations came in on the same day a week ago.
    pub expected: bool,
    /// Task runs of the last day among the newest, and how many of them failed; skipped ones do not count.
    pub runs: Option<(i64, i64)>,
    /// The limit that is used most, and per cent of it.
    pub fullest: Option<(LimitMeter, i64)>,
    /// Hours since its isolation was proven, or since it came into its status.
    pub proof_age: i64,
    /// Attempts of the newest proof that did not come out as they must.
    pub breaches: i16,
}

/// Whether it speaks for an alert (`true`), against one (`false`), or says nothing; and in words. `round` is how many hours
/// the fleet's proofs take by themselves.
pub(super) fn judge(kind: Kind, threshold: i32, found: &Found, round: i64) -> (Option<bool>, String) {
    let threshold = i64::from(threshold);
    match kind {
        Kind::IngestionStalled => match found.silent {
            None => (Some(false), "There never was a conversation.".to_owned()),
            Some(hours) if hours < threshold => {
                (Some(false), format!("The last conversation came within {} hours.", hours + 1))
            }
            Some(hours) => {
                // Silence where there was silence a week ago (a weekend) raises nothing; nor does it clear anything.
                let said = format!("No conversation has come in for {hours} hours.");
                (found.expected.then_some(true), said)
            }
        },
        Kind::TaskFailures => match found.runs {
            Some((runs, failed)) if runs >= RUNS_MIN => {
                let percent = failed * 100 / runs;
                (
                    side(percent, threshold, 2),
                    format!("{failed} of the newest {runs} task runs failed ({percent} %)."),
                )
            }
            Some(_) => (Some(false), "Hardly any task ran within a day.".to_owned()),
            None => (None, "The task runs could not be counted.".to_owned()),
        },
        Kind::Quota => match found.fullest {
            Some((meter, percent)) => {
                (side(percent, threshold, 5), format!("{percent} % of its limit is used: {}.", meter.label()))
            }
            None => (Some(false), "Nothing that is watched is limited.".to_owned()),
        },
        Kind::Isolation if found.breaches > 0 => (
            Some(true),
            format!("{} attempts of the newest proof did not come out as they must.", found.breaches),
        ),
        Kind::Isolation => {
            let age = found.proof_age;
            (side(age, threshold + round, 0), format!("Its isolation was last proven {age} hours ago."))
        }
    }
}

/// For at the threshold and above, against below it by the gap, and nothing between.
fn side(value: i64, threshold: i64, gap: i64) -> Option<bool> {
    if value >= threshold {
        Some(true)
    } else if value < threshold - gap.min(threshold - 1) {
        Some(false)
    } else {
        None
    }
}

/// Where a monitor goes after a look, and how many looks in a row speak for the other state.
pub(super) const fn next(state: State, streak: i16, pressing: Option<bool>) -> (State, i16) {
    let (here, other, turns) = match (state, pressing) {
        (State::New | State::Calm, Some(true)) => (State::Calm, State::Raised, true),
        (State::Raised, Some(false)) => (State::Raised, State::Calm, true),
        (State::New | State::Calm, _) => (State::Calm, State::Raised, false),
        (State::Raised, _) => (State::Raised, State::Calm, false),
    };
    match (turns, streak + 1 >= IN_A_ROW) {
        (true, true) => (other, 0),
        (true, false) => (here, streak + 1),
        (false, _) => (here, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            tenant: TenantId(uuid::Uuid::from_u128(1)),
            placement: Placement::Pooled,
            silent: Some(0),
            expected: true,
            runs: Some((100, 0)),
            fullest: Some((LimitMeter::StorageBytes, 10)),
            proof_age: 0,
            breaches: 0,
        }
    }

    #[test]
    fn each_kind_speaks_for_and_against_an_alert_with_a_gap_between() {
        let of = |kind, threshold, found: &Found| judge(kind, threshold, found, 0).0;
        for kind in Kind::ALL {
            assert_eq!(of(*kind, 24, &found()), Some(false), "{kind:?}");
        }
        let silent =
            |silent, expected| of(Kind::IngestionStalled, 24, &Found { silent, expected, ..found() });
        assert_eq!(
            (silent(Some(24), true), silent(Some(24), false)),
            (Some(true), None),
            "a weekend is no stall"
        );
        assert_eq!((silent(Some(23), false), silent(None, true)), (Some(false), Some(false)));
        let failed = |runs| of(Kind::TaskFailures, 10, &Found { runs, ..found() });
        assert_eq!(
            (failed(Some((100, 10))), failed(Some((100, 9))), failed(Some((100, 7)))),
            (Some(true), None, Some(false))
        );
        assert_eq!((failed(Some((9, 9))), failed(None)), (Some(false), None));
        let full = |percent| {
            of(Kind::Quota, 85, &Found { fullest: Some((LimitMeter::StorageBytes, percent)), ..found() })
        };
        assert_eq!((full(85), full(80), full(79)), (Some(true), None, Some(false)));
        let age = |proof_age, round| judge(Kind::Isolation, 2, &Found { proof_age, ..found() }, round).0;
        assert_eq!((age(2, 0), age(1, 0), age(20, 40)), (Some(true), Some(false), Some(false)));
        assert_eq!(of(Kind::Isolation, 2, &Found { breaches: 1, ..found() }), Some(true));
    }

    #[test]
    fn the_lowest_threshold_can_be_cleared() {
        assert_eq!((side(0, 1, 5), side(1, 1, 5)), (Some(false), Some(true)));
    }

    #[test]
    fn it_takes_two_looks_in_a_row_to_raise_and_to_clear() {
        let (for_it, against) = (Some(true), Some(false));
        assert_eq!(next(State::New, 0, against), (State::Calm, 0));
        assert_eq!(next(State::New, 0, for_it), (State::Calm, 1), "one look raises nothing");
        assert_eq!(next(State::Calm, 1, for_it), (State::Raised, 0));
        assert_eq!(next(State::Calm, 1, None), (State::Calm, 0));
        assert_eq!(next(State::Raised, 0, for_it), (State::Raised, 0));
        assert_eq!(next(State::Raised, 0, against), (State::Raised, 1));
        assert_eq!(next(State::Raised, 1, None), (State::Raised, 0));
        assert_eq!(next(State::Raised, 1, against), (State::Calm, 0));
    }
}

//! What lets the next wave of a roll-out begin by itself, and what stops it (R32): its criteria, each with the numbers
//! that it was judged by.
//!
//! Invariants: a wave is judged by its own tenants only; a criterion that is not met keeps the next wave waiting, one that
//! is broken pauses the roll-out, and one without data does neither, yet no wave begins by itself on it; a person may begin
//! the next wave whatever the criteria say.

use super::Wave;
use crate::validate::FieldErrors;
use serde::{Deserialize, Serialize};

/// What was asked for besides the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// More failures than these percent of a wave pause it. None: a single failure keeps the next wave waiting, and
    /// nothing is paused.
    pub failed: Option<i16>,
    /// So many points the mean health of a wave's tenants may fall. None: not looked at.
    pub drop: Option<i16>,
    /// So many percentage points the success of tasks may fall. None: not looked at.
    #[serde(default)]
    pub tasks: Option<i16>,
    /// The next wave waits while a tenant of this one differs from the template.
    pub drift: bool,
}

impl Rules {
    /// The rules of the form's fields `failed`, `drop`, `tasks` and `drift`; what is wrong is added to `errors`.
    pub(super) fn parse(
        failed: &str,
        drop: &str,
        tasks: &str,
        drift: &str,
        errors: &mut FieldErrors,
    ) -> Self {
        let mut number = |field: &str, text: &str, least: i16| match text.trim() {
            "" => None,
            text => {
                let known = text.parse::<i16>().ok().filter(|n| (least..=100).contains(n));
                if known.is_none() {
                    errors.add(field, format!("A whole number from {least} to 100 is needed."));
                }
                known
            }
        };
        Self {
            failed: number("failed", failed, 0),
            drop: number("drop", drop, 1),
            tasks: number("tasks", tasks, 0),
            drift: !drift.is_empty(),
        }
    }

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What was measured of the wave that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Whole hours since it began.
    pub hours: i64,
    /// Its tenants that had a score before it began, and those of them that have one since.
    pub scored: i64,
    pub scored_since: i64,
    /// Mean scores of those that have both.
    pub before: Option<f64>,
    pub since: Option<f64>,
    /// Its tenants that differ from their template, where nobody has accepted it.
    pub drifting: i64,
    pub tasks: TaskRuns,
}

/// Runs of tasks that were tried, skipped ones aside, at tenants that have some on both sides: before the wave began, and
/// since the tenant was put on the version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRuns {
    /// Tenants of the wave that were put on the version, and those of them whose runs are counted here.
    pub applied: i64,
    pub compared: i64,
    pub before: i64,
    pub succeeded_before: i64,
    pub since: i64,
    pub succeeded_since: i64,
}

impl TaskRuns {
    /// Counts a tenant's runs where there are some on both sides: before and since, each with how many succeeded.
    pub fn add(&mut self, before: (i64, i64), since: (i64, i64)) {
        if before.0 > 0 && since.0 > 0 {
            self.compared += 1;
            self.before += before.0;
            self.succeeded_before += before.1;
            self.since += since.0;
            self.succeeded_since += since.1;
        }
    }

    /// Whether the success fell by so many percentage points at most; nothing where there is nothing to compare.
    fn fell_at_most(&self, points: i16) -> Option<bool> {
        if self.before == 0 || self.since == 0 {
            return None;
        }
        let [before, good_before, since, good_since] =
            [self.before, self.succeeded_before, self.since, self.succeeded_since].map(i128::from);
        let fell = 100 * (good_before * since - good_since * before);
        Some(fell <= i128::from(points) * before * since)
    }

    /// In numbers: `96.0 % of 250 runs before, 88.5 % of 40 since (2 of 3 tenants)`.
    fn words(&self) -> String {
        let percent = |good: i64, all: i64| 100.0 * good as f64 / all as f64;
        format!(
            "{:.1} % of {} runs before, {:.1} % of {} since ({} of {} tenants)",
            percent(self.succeeded_before, self.before),
            self.before,
            percent(self.succeeded_since, self.since),
            self.since,
            self.compared,
            self.applied
        )
    }
}

/// One of the criteria, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    pub what: String,
    /// In numbers.
    pub found: String,
    pub met: bool,
    /// It will not be met by waiting: the roll-out is paused.
    pub broken: bool,
    /// There is nothing to judge by: it is neither met nor broken.
    #[serde(default)]
    pub no_data: bool,
}

fn criterion(what: impl Into<String>, found: impl Into<String>, met: bool) -> Criterion {
    Criterion { what: what.into(), found: found.into(), met, broken: false, no_data: false }
}

fn in_hours(n: i64) -> String {
    format!("{n} hour{}", if n == 1 { "" } else { "s" })
}

/// All criteria of a roll-out for its current wave.
pub fn criteria(
    hours: Option<i32>,
    rules: Rules,
    waves: &[Wave],
    current: i32,
    seen: &Measures,
) -> Vec<Criterion> {
    let Some(wave) = waves.iter().find(|wave| wave.wave == current) else { return vec![] };
    let open: i64 = waves.iter().filter(|w| w.wave <= current).map(|w| w.running + w.waiting).sum();
    let mut out =
        vec![criterion("Every tenant so far has its outcome", format!("{open} under way"), open == 0)];
    if let Some(hours) = hours {
        let met = seen.hours >= i64::from(hours);
        let what = format!("At least {} in this wave", in_hours(hours.into()));
        out.push(criterion(what, in_hours(seen.hours), met));
    }
    match rules.failed {
        None => {
            let failed: i64 = waves.iter().map(|wave| wave.failed).sum();
            out.push(criterion("Nothing failed", format!("{failed} failed"), failed == 0));
        }
        Some(most) => {
            let met = wave.failed * 100 <= i64::from(most) * wave.tenants;
            let found = format!("{} of {} failed", wave.failed, wave.tenants);
            let what = format!("At most {most} % of this wave failed");
            out.push(Criterion { broken: !met, ..criterion(what, found, met) });
        }
    }
    if let Some(most) = rules.drop {
        let what = format!("Its tenants lost at most {most} points of health");
        out.push(match (seen.before, seen.since) {
            (Some(before), Some(since)) => {
                let met = before - since <= f64::from(most);
                let found = format!(
                    "{before:.1} before, {since:.1} now ({} of {} tenants)",
                    seen.scored_since, seen.scored
                );
                Criterion { broken: !met, ..criterion(what, found, met) }
            }
            _ if seen.scored == 0 => criterion(what, "none of them had a score", true),
            _ => criterion(what, "no score since the wave began", false),
        });
    }
    if let Some(most) = rules.tasks {
        let points =
            if most == 1 { "1 percentage point".to_owned() } else { format!("{most} percentage points") };
        let what = format!("Task success is at most {points} below what it was before");
        out.push(match seen.tasks.fell_at_most(most) {
            Some(met) => Criterion { broken: !met, ..criterion(what, seen.tasks.words(), met) },
            None => {
                let found = match seen.tasks.applied {
                    0 => "no data: no tenant is on the version yet".to_owned(),
                    1 => "no data: its tenant has no runs both before and since".to_owned(),
                    n => format!("no data: none of {n} tenants has runs both before and since"),
                };
                Criterion { no_data: true, ..criterion(what, found, false) }
            }
        });
    }
    if rules.drift {
        let found = format!("{} differ", seen.drifting);
        out.push(criterion("No tenant of this wave differs from the template", found, seen.drifting == 0));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: i32, tenants: i64, applied: i64, failed: i64, running: i64) -> Wave {
        Wave {
            wave: n,
            tenants,
            applied,
            failed,
            running,
            approvals: 0,
            left_out: 0,
            waiting: tenants - applied - failed - running,
        }
    }

    fn said(hours: Option<i32>, rules: Rules, waves: &[Wave], seen: Measures) -> Vec<(bool, bool, String)> {
        let current = waves.iter().filter(|w| w.applied + w.failed + w.running > 0).count();
        criteria(hours, rules, waves, i32::try_from(current).expect("few"), &seen)
            .into_iter()
            .map(|c| (c.met, c.broken, c.found))
            .collect()
    }

    #[test]
    fn without_rules_a_failure_waits_and_breaks_nothing() {
        let waves = [wave(1, 4, 3, 1, 0), wave(2, 8, 0, 0, 0)];
        let got = said(Some(24), Rules::default(), &waves, Measures { hours: 30, ..Measures::default() });
        assert_eq!(
            got,
            [
                (true, false, "0 under way".into()),
                (true, false, "30 hours".into()),
                (false, false, "1 failed".into())
            ]
        );
        assert_eq!(said(None, Rules::default(), &[], Measures::default()), []);
    }

    #[test]
    fn a_share_of_failures_is_of_the_wave_and_more_than_it_is_broken() {
        let rules = Rules { failed: Some(25), ..Rules::default() };
        let waves = |failed| [wave(1, 2, 0, 2, 0), wave(2, 4, 4 - failed, failed, 0)];
        assert_eq!(
            said(None, rules, &waves(1), Measures::default())[1],
            (true, false, "1 of 4 failed".into())
        );
        assert_eq!(
            said(None, rules, &waves(2), Measures::default())[1],
            (false, true, "2 of 4 failed".into())
        );
        let none = Rules { failed: Some(0), ..Rules::default() };
        assert!(said(None, none, &[wave(1, 1_000, 1, 1, 998)], Measures::default())[1].1, "one is too many");
    }

    #[test]
    fn health_that_fell_too_far_is_broken_and_none_yet_is_waited_for() {
        let rules = Rules { drop: Some(5), ..Rules::default() };
        let waves = [wave(1, 2, 2, 0, 0)];
        let seen = |before, since, scored| Measures {
            before,
            since,
            scored,
            scored_since: 1,
            ..Measures::default()
        };
        let last = |seen| said(None, rules, &waves, seen).pop().expect("one");
        assert!(last(seen(Some(80.0), Some(75.0), 2)).0, "five points are allowed");
        let fell = last(seen(Some(80.0), Some(74.5), 2));
        assert_eq!(fell, (false, true, "80.0 before, 74.5 now (1 of 2 tenants)".into()));
        assert_eq!((last(seen(None, None, 2)).0, last(seen(None, None, 2)).1), (false, false));
        assert!(last(seen(None, None, 0)).0, "there is nothing to compare");
    }

    #[test]
    fn task_success_that_fell_too_far_is_broken_and_without_runs_it_is_neither() {
        let rules = Rules { tasks: Some(5), ..Rules::default() };
        let waves = [wave(1, 3, 3, 0, 0)];
        let last = |tenants: &[[(i64, i64); 2]]| {
            let mut tasks = TaskRuns { applied: 3, ..TaskRuns::default() };
            for [before, since] in tenants {
                tasks.add(*before, *since);
            }
            let seen = Measures { tasks, ..Measures::default() };
            criteria(None, rules, &waves, 1, &seen).pop().expect("one")
        };
        let held = last(&[[(80, 76), (20, 18)], [(20, 20), (0, 0)]]);
        assert_eq!((held.met, held.broken, held.no_data), (true, false, false), "five points are allowed");
        assert_eq!(held.found, "95.0 % of 80 runs before, 90.0 % of 20 since (1 of 3 tenants)");
        let fell = last(&[[(80, 76), (20, 17)]]);
        assert_eq!((fell.met, fell.broken, fell.no_data), (false, true, false), "{}", fell.found);
        assert!(last(&[[(10, 5), (10, 10)]]).met, "better is fine");
        for none in [last(&[]), last(&[[(10, 10), (0, 0)]]), last(&[[(0, 0), (10, 0)]])] {
            assert_eq!((none.met, none.broken, none.no_data), (false, false, true));
            assert!(none.found.starts_with("no data"), "{}", none.found);
        }
        let strict = Rules { tasks: Some(0), ..Rules::default() };
        let seen = |good| Measures {
            tasks: TaskRuns {
                applied: 1,
                compared: 1,
                before: 3,
                succeeded_before: 2,
                since: 3,
                succeeded_since: good,
            },
            ..Measures::default()
        };
        assert!(criteria(None, strict, &waves, 1, &seen(2)).pop().expect("one").met, "as good as before");
        assert!(criteria(None, strict, &waves, 1, &seen(1)).pop().expect("one").broken);
    }

    #[test]
    fn a_difference_is_waited_for() {
        let rules = Rules { drift: true, ..Rules::default() };
        let seen = Measures { drifting: 2, ..Measures::default() };
        let last = said(None, rules, &[wave(1, 2, 2, 0, 0)], seen).pop().expect("one");
        assert_eq!(last, (false, false, "2 differ".into()));
    }

    #[test]
    fn the_form_says_what_is_wrong() {
        let mut errors = FieldErrors::default();
        let rules = Rules::parse(" 10 ", "", "0", "true", &mut errors);
        assert_eq!(rules, Rules { failed: Some(10), drop: None, tasks: Some(0), drift: true });
        assert!(Rules::parse("", "", "", "", &mut errors).is_none() && errors.is_empty());
        Rules::parse("101", "0", "-1", "", &mut errors);
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["drop", "failed", "tasks"]);
    }
}

//! The score: pure arithmetic from [`Inputs`] and [`Weights`] to a [`Score`]. No clock, no database.
//!
//! Each dimension answers 0–100 or "no data". No data is neither good nor bad: its weight is shared out over the
//! dimensions that have data, in proportion. There is a score only when at least two dimensions have data and together
//! hold at least 40 of the 100 points of weight.
//!
//! | dimension | formula |
//! |---|---|
//! | usage consistency | conversations per day, the last 28 days (fewer while the tenant is younger; today counts once it has one). Active share `a` = active days ÷ five sevenths of the days, at most 1: weekends are nobody's fault. Evenness `e` over the complete active days, from 7 of them on: coefficient of variation ≤ 0.25 → 100, ≥ 1.5 → 0, linear between. Value = `100·a` without evenness, else `70·a + 0.3·e`. No data before the first conversation. |
//! | growth | conversations of the last 28 complete days against the 28 before: −50 % or worse → 0, level → 60, +20 % or better → 100, linear between. No data until the first conversation is 56 days old, and where both are zero. |
//! | adoption | 70 % share of the baseline tasks that are enabled; 30 % programs: a key used within 28 days → 100, a live key → 50, none → 0. No data before anything was enabled, disabled or issued. |
//! | support, payment, security | the newest signal of the last 60 days, as it came (0–100). |

use chrono::NaiveDate;
use model::health::{Dimension, Reading, Weights};
use model::page::grouped;
use model::tenants::Band;
use std::collections::BTreeMap;

/// Days of a usage window.
pub const WINDOW: i64 = 28;
/// How long a signal from outside counts, in days.
pub const SIGNAL_DAYS: i64 = 60;
/// Dimensions and weight (of 100) that must have data.
const MIN_DIMENSIONS: usize = 2;
const MIN_WEIGHT: i16 = 40;

/// What one tenant is judged by, as counted by the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    /// Days since the first conversation, 0 = today; none before the first.
    pub first_day_age: Option<i64>,
    pub today: i64,
    /// Of the 28 complete days before today.
    pub active_days: i64,
    pub last: i64,
    /// Mean and standard deviation (population) of the active ones.
    pub mean: f64,
    pub deviation: f64,
    /// Conversations of the 28 complete days before those.
    pub before: i64,
    pub tasks: i64,
    pub tasks_enabled: i64,
    /// Whether anybody ever enabled or disabled a task.
    pub tasks_touched: bool,
    pub keys: i64,
    pub keys_used: i64,
    pub support: Option<Signal>,
    pub payment: Option<Signal>,
    pub security: Option<Signal>,
}

/// What another system said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    pub value: i16,
    pub detail: String,
    pub day: NaiveDate,
}

/// The judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub score: Option<i16>,
    pub band: Band,
    /// One for each dimension, in their order.
    pub readings: Vec<Reading>,
}

type Facts = BTreeMap<String, f64>;

/// Judges.
pub fn score(inputs: &Inputs, weights: &Weights) -> Score {
    let mut readings: Vec<Reading> = Dimension::ALL
        .iter()
        .map(|dimension| {
            let (value, words, facts) = read(*dimension, inputs);
            Reading {
                dimension: *dimension,
                value: value.map(whole),
                weight: weights.of(*dimension),
                effective: 0.0,
                words,
                facts,
            }
        })
        .collect();
    let with_data = readings.iter().filter(|r| r.value.is_some() && r.weight > 0);
    let (count, weight) =
        with_data.fold((0, 0), |(count, weight), reading| (count + 1, weight + reading.weight));
    if count < MIN_DIMENSIONS || weight < MIN_WEIGHT {
        return Score { score: None, band: Band::NoData, readings };
    }
    for reading in readings.iter_mut().filter(|r| r.value.is_some()) {
        reading.effective = f64::from(reading.weight) * 100.0 / f64::from(weight);
    }
    let score = whole(readings.iter().map(Reading::points).sum());
    Score { score: Some(score), band: Band::of(Some(score)), readings }
}

/// To a whole number of points.
fn whole(value: f64) -> i16 {
    value.round().clamp(0.0, 100.0) as i16
}

/// `value` on the line from (`x0`, `y0`) to (`x1`, `y1`), not beyond its ends.
fn between(value: f64, (x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> f64 {
    y0 + ((value - x0) / (x1 - x0)).clamp(0.0, 1.0) * (y1 - y0)
}

fn read(dimension: Dimension, inputs: &Inputs) -> (Option<f64>, String, Facts) {
    match dimension {
        Dimension::Usage => usage(inputs),
        Dimension::Growth => growth(inputs),
        Dimension::Adoption => adoption(inputs),
        Dimension::Support => signal(inputs.support.as_ref()),
        Dimension::Payment => signal(inputs.payment.as_ref()),
        Dimension::Security => signal(inputs.security.as_ref()),
    }
}

fn facts<const N: usize>(pairs: [(&str, f64); N]) -> Facts {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn usage(inputs: &Inputs) -> (Option<f64>, String, Facts) {
    let Some(age) = inputs.first_day_age else { return (None, "no conversation yet".into(), Facts::new()) };
    let today = i64::from(inputs.today > 0);
    let days = (age.min(WINDOW) + today).max(1);
    let active = inputs.active_days + today;
    let expected = days as f64 * 5.0 / 7.0;
    let share = (active as f64 / expected).min(1.0);
    let mut facts = facts([("days", days as f64), ("active_days", active as f64), ("active_share", share)]);
    let mut words = format!("conversations on {active} of {days} days");
    let even = inputs.active_days >= 7 && inputs.mean > 0.0;
    let value = if even {
        let variation = inputs.deviation / inputs.mean;
        let evenness = between(variation, (0.25, 100.0), (1.5, 0.0));
        facts.insert("variation".into(), variation);
        facts.insert("mean_per_active_day".into(), inputs.mean);
        let how = if evenness >= 75.0 {
            "evenly"
        } else if evenness >= 40.0 {
            "unevenly"
        } else {
            "very unevenly"
        };
        words.push_str(&format!(", spread {how} (variation {:.0} %)", variation * 100.0));
        70.0 * share + 0.3 * evenness
    } else {
        100.0 * share
    };
    (Some(value), words, facts)
}

fn growth(inputs: &Inputs) -> (Option<f64>, String, Facts) {
    let facts = facts([("last_28_days", inputs.last as f64), ("28_days_before", inputs.before as f64)]);
    if inputs.first_day_age.is_none_or(|age| age < 2 * WINDOW) {
        return (None, "needs 56 days of conversations to compare".into(), facts);
    }
    let numbers = format!(
        "{} conversations in 28 days after {} in the 28 before",
        grouped(inputs.last),
        grouped(inputs.before)
    );
    let value = match (inputs.last, inputs.before) {
        (0, 0) => return (None, "no conversations to compare".into(), facts),
        (_, 0) => 100.0,
        (last, before) => {
            let change = last as f64 / before as f64 - 1.0;
            if change < 0.0 {
                between(change, (-0.5, 0.0), (0.0, 60.0))
            } else {
                between(change, (0.0, 60.0), (0.2, 100.0))
            }
        }
    };
    let change = if inputs.before == 0 {
        String::new()
    } else {
        format!(" ({:+.0} %)", (inputs.last as f64 / inputs.before as f64 - 1.0) * 100.0).replace('-', "−")
    };
    (Some(value), format!("{numbers}{change}"), facts)
}

fn adoption(inputs: &Inputs) -> (Option<f64>, String, Facts) {
    let facts = facts([
        ("tasks", inputs.tasks as f64),
        ("tasks_enabled", inputs.tasks_enabled as f64),
        ("keys", inputs.keys as f64),
        ("keys_used_28_days", inputs.keys_used as f64),
    ]);
    if !inputs.tasks_touched && inputs.keys == 0 {
        return (None, "nothing set up yet".into(), facts);
    }
    let programs = if inputs.keys_used > 0 {
        100.0
    } else if inputs.keys > 0 {
        50.0
    } else {
        0.0
    };
    let said = match (inputs.keys, inputs.keys_used) {
        (0, _) => "no API key".to_owned(),
        (_, 0) => "no API key used in 28 days".to_owned(),
        (_, n) => format!("{n} API {} in use", if n == 1 { "key" } else { "keys" }),
    };
    let (value, words) = if inputs.tasks > 0 {
        let share = inputs.tasks_enabled as f64 / inputs.tasks as f64;
        (
            70.0 * share + 0.3 * programs,
            format!("{} of {} baseline tasks enabled, {said}", inputs.tasks_enabled, inputs.tasks),
        )
    } else {
        (programs, said)
    };
    (Some(value), words, facts)
}

fn signal(signal: Option<&Signal>) -> (Option<f64>, String, Facts) {
    match signal {
        None => (None, format!("no signal in {SIGNAL_DAYS} days"), Facts::new()),
        Some(signal) => (
            Some(f64::from(signal.value)),
            format!("{} ({})", signal.detail, signal.day.format("%-d %b")),
            facts([("signal", f64::from(signal.value))]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: Weights =
        Weights { version: 1, usage: 30, adoption: 20, support: 15, growth: 15, payment: 10, security: 10 };

    fn steady() -> Inputs {
        Inputs {
            first_day_age: Some(90),
            today: 3,
            active_days: 28,
            last: 280,
            mean: 10.0,
            deviation: 1.0,
            before: 280,
            tasks: 4,
            tasks_enabled: 4,
            tasks_touched: true,
            keys: 1,
            keys_used: 1,
            ..Inputs::default()
        }
    }

    fn given(value: i16) -> Option<Signal> {
        Some(Signal {
            value,
            detail: "invoice paid".into(),
            day: NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day"),
        })
    }

    fn value(inputs: &Inputs, dimension: Dimension) -> Option<i16> {
        score(inputs, &WEIGHTS).readings.iter().find(|r| r.dimension == dimension).and_then(|r| r.value)
    }

    #[test]
    fn no_data_is_no_score_not_a_bad_one() {
        let score = score(&Inputs::default(), &WEIGHTS);
        assert_eq!((score.score, score.band), (None, Band::NoData));
        assert!(score.readings.iter().all(|r| r.value.is_none() && r.effective == 0.0));
    }

    #[test]
    fn one_dimension_or_too_little_weight_is_no_score() {
        let only_usage = Inputs { first_day_age: Some(10), active_days: 10, ..Inputs::default() };
        assert_eq!(score(&only_usage, &WEIGHTS).score, None);
        // Payment and security: two dimensions, 20 of 100.
        let signals = Inputs { payment: given(90), security: given(90), ..Inputs::default() };
        assert_eq!(score(&signals, &WEIGHTS).score, None);
        // With support, 35; with adoption (20) and two signals, 40: just enough.
        let enough =
            Inputs { tasks: 4, tasks_enabled: 4, tasks_touched: true, keys: 1, keys_used: 1, ..signals };
        assert_eq!(score(&enough, &WEIGHTS).score, Some(95));
    }

    #[test]
    fn weight_without_data_is_shared_out_in_proportion() {
        let score = score(&steady(), &WEIGHTS);
        let effective: Vec<_> = score.readings.iter().map(|r| (r.effective * 10.0).round() / 10.0).collect();
        assert_eq!(effective, [46.2, 30.8, 0.0, 23.1, 0.0, 0.0]);
        // 46.2 % of 100, 30.8 % of 100, 23.1 % of 60.
        assert_eq!((score.score, score.band), (Some(91), Band::Healthy));
    }

    #[test]
    fn consistency_counts_active_days_and_evenness() {
        assert_eq!(value(&steady(), Dimension::Usage), Some(100));
        // Working days only: 20 of 28.
        assert_eq!(value(&Inputs { active_days: 20, today: 0, ..steady() }, Dimension::Usage), Some(100));
        assert_eq!(
            value(&Inputs { active_days: 10, today: 0, deviation: 15.0, ..steady() }, Dimension::Usage),
            Some(35)
        );
        // A tenant of today: one day of one.
        let new = Inputs { first_day_age: Some(0), today: 1, active_days: 0, ..Inputs::default() };
        assert_eq!(value(&new, Dimension::Usage), Some(100));
        // Silent for 28 days is zero, not no data.
        assert_eq!(
            value(&Inputs { first_day_age: Some(200), ..Inputs::default() }, Dimension::Usage),
            Some(0)
        );
    }

    #[test]
    fn growth_is_level_at_sixty_and_bounded() {
        let growth = |last, before| value(&Inputs { last, before, ..steady() }, Dimension::Growth);
        assert_eq!(growth(100, 100), Some(60));
        assert_eq!(growth(120, 100), Some(100));
        assert_eq!(growth(900, 100), Some(100));
        assert_eq!(growth(75, 100), Some(30));
        assert_eq!(growth(50, 100), Some(0));
        assert_eq!(growth(0, 100), Some(0));
        assert_eq!(growth(10, 0), Some(100));
        assert_eq!(growth(0, 0), None);
        assert_eq!(value(&Inputs { first_day_age: Some(55), ..steady() }, Dimension::Growth), None);
    }

    #[test]
    fn adoption_counts_tasks_and_programs() {
        let adoption = |tasks_enabled, keys, keys_used| {
            value(&Inputs { tasks_enabled, keys, keys_used, ..steady() }, Dimension::Adoption)
        };
        assert_eq!(adoption(4, 1, 1), Some(100));
        assert_eq!(adoption(2, 1, 1), Some(65));
        assert_eq!(adoption(0, 1, 0), Some(15));
        assert_eq!(adoption(0, 0, 0), Some(0));
        assert_eq!(value(&Inputs { tasks: 4, ..Inputs::default() }, Dimension::Adoption), None);
        assert_eq!(
            value(&Inputs { keys: 1, keys_used: 1, ..Inputs::default() }, Dimension::Adoption),
            Some(100)
        );
    }

    #[test]
    fn words_carry_the_inputs() {
        let inputs = Inputs { before: 400, payment: given(20), ..steady() };
        let score = score(&inputs, &WEIGHTS);
        let words: Vec<_> = score.readings.iter().map(|r| r.words.as_str()).collect();
        assert_eq!(
            words,
            [
                "conversations on 29 of 29 days, spread evenly (variation 10 %)",
                "4 of 4 baseline tasks enabled, 1 API key in use",
                "no signal in 60 days",
                "280 conversations in 28 days after 400 in the 28 before (−30 %)",
                "invoice paid (1 Nov)",
                "no signal in 60 days",
            ]
        );
    }

    #[test]
    fn scores_never_leave_their_range() {
        for n in 0..200 {
            let f = f64::from(n);
            let inputs = Inputs {
                first_day_age: Some(n.into()),
                today: i64::from(n % 3),
                active_days: i64::from(n.min(28)),
                mean: f,
                deviation: f * 2.0,
                last: i64::from(n),
                before: i64::from(200 - n),
                ..steady()
            };
            let score = score(&inputs, &WEIGHTS);
            assert!(score.score.is_none_or(|s| (0..=100).contains(&s)));
            assert!((score.readings.iter().map(|r| r.effective).sum::<f64>() - 100.0).abs() < 1e-9);
        }
    }
}

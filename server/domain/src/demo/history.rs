//! What the tenants of the fleet did for ninety days: conversations per day and hour by plan, weekday and course,
//! signals from outside, and the scores that follow from them by `health::score`, which is why they agree.

use super::fleet::{Course, SILENT_DAYS, Tenant};
use super::random::Random;
use crate::health::score::{Inputs, Score, Signal, score};
use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike, Utc};
use model::health::Weights;
use model::tenants::{PlanId, Status};

/// Days of usage and of scores that are loaded, today included.
pub(super) const DAYS: usize = 90;
/// Days that are thought of, so that the first loaded score has something to compare with.
const THOUGHT: usize = DAYS + 56;
/// Days for which hours are loaded too; older ones exist as days only.
pub(super) const HOUR_DAYS: usize = 3;
/// How much of a day's work falls into each hour, UTC.
const HOURS: [f64; 24] =
    [0., 0., 0., 0., 0., 0.5, 1., 3., 7., 9., 10., 9., 7., 8., 9., 9., 8., 6., 4., 3., 2., 1., 0.5, 0.];

pub(super) struct Observation {
    pub dimension: &'static str,
    pub at: DateTime<Utc>,
    pub value: i16,
    pub detail: &'static str,
}

pub(super) struct History {
    /// Conversations of each thought day; the last is today.
    conversations: Vec<i64>,
    /// The same for today, had it ended already.
    today_full: i64,
    /// Tasks enabled, of four.
    pub tasks: usize,
    pub keys: usize,
    pub keys_used: usize,
    pub bytes_each: i64,
    pub reads_each: f64,
    pub signals: Vec<Observation>,
    now: DateTime<Utc>,
}

/// Whether a tenant of this status was ever used.
pub(super) fn has_history(t: &Tenant) -> bool {
    t.course != Course::Unknown && t.configured_at.is_some()
}

/// Conversations of a day by plan; few where every one of them is really there.
fn level(t: &Tenant, stored: bool, random: &mut Random) -> f64 {
    if stored {
        return random.between(4.0, 6.5);
    }
    let base = match t.plan {
        PlanId::Free => 8.0,
        PlanId::Starter => 60.0,
        PlanId::Professional => 380.0,
        PlanId::Enterprise => 2_600.0,
    };
    base * random.between(0.35, 1.9)
}

/// `stored`: the tenant's conversations are loaded too, so their number must be a small one.
pub(super) fn of(t: &Tenant, stored: bool, now: DateTime<Utc>) -> History {
    let mut random = Random::of("history", t.index);
    let level = level(t, stored, &mut random);
    let today = now.date_naive();
    let age = |at: DateTime<Utc>| (today - at.date_naive()).num_days();
    let begins = age(t.configured_at.unwrap_or(t.created_at)) - 1;
    let ends = match t.status {
        Status::Trial | Status::Active => -1,
        _ if t.fell_silent() => age(t.status_since) + SILENT_DAYS,
        _ => age(t.status_since),
    };
    let silence = random.range(9, 38);
    let swing = random.between(0.0, 6.0);
    let weekend =
        if matches!(t.industry, "Retail" | "Travel" | "Telecommunications" | "Media") { 0.75 } else { 0.22 };
    let mut day = |ago: i64| {
        if ago > begins || ago <= ends {
            return 0;
        }
        let along = ago as f64;
        let course = match t.course {
            Course::Thriving => (-0.007 * along).exp() * 1.2,
            Course::Steady => 1.0 + 0.06 * (along / 9.0 + swing).sin(),
            Course::Seasonal => 1.0 + 0.55 * (along / 7.5 + swing).sin(),
            Course::Slipping => 0.55 * (0.013 * along).exp(),
            Course::Silent if ago < silence => 0.0,
            Course::Silent => 1.0,
            Course::Unknown => 0.0,
        };
        let date = today - Days::new(ago.unsigned_abs());
        let week = [1.04, 1.0, 1.02, 0.98, 0.9, weekend, weekend * 0.8]
            [date.weekday().num_days_from_monday() as usize];
        (level * course * week * random.between(0.82, 1.18)).round() as i64
    };
    let mut conversations: Vec<i64> = (0..THOUGHT as i64).rev().map(&mut day).collect();
    let today_full = conversations.last().copied().unwrap_or_default();
    if let Some(last) = conversations.last_mut() {
        *last = spread(today_full).take(now.hour() as usize).sum();
    }
    let tasks = match t.course {
        _ if stored => 4,
        Course::Thriving => random.range(3, 4),
        Course::Steady => random.range(2, 4),
        Course::Seasonal | Course::Slipping => random.range(1, 3),
        Course::Silent => random.range(0, 2),
        Course::Unknown => 0,
    } as usize;
    let keys = if stored { 2 } else { random.weighted(&[(1, 6), (2, 3)]) };
    let active = t.course != Course::Silent && conversations.iter().rev().take(28).any(|n| *n > 0);
    History {
        conversations,
        today_full,
        tasks,
        keys,
        keys_used: if active { keys.min(1) } else { 0 },
        bytes_each: random.range(1_800, 7_500),
        reads_each: random.between(0.1, 1.4),
        signals: signals(t, now, &mut random),
        now,
    }
}

/// A day's number over its hours; adds up to it.
fn spread(of_day: i64) -> impl Iterator<Item = i64> {
    let sum: f64 = HOURS.iter().sum();
    let mut share = 0.0;
    let mut given = 0;
    HOURS.iter().map(move |hour| {
        share += hour / sum;
        let until = (of_day as f64 * share).round() as i64;
        let now = until - given;
        given = until;
        now
    })
}

fn signals(t: &Tenant, now: DateTime<Utc>, random: &mut Random) -> Vec<Observation> {
    const SUPPORT: [(i16, &str); 5] = [
        (96, "no ticket open"),
        (82, "1 ticket open, answered within a day"),
        (61, "3 tickets open for a week"),
        (38, "5 tickets open, 1 escalated"),
        (14, "3 escalations within 30 days"),
    ];
    const PAYMENT: [(i16, &str); 5] = [
        (100, "invoices paid on time"),
        (88, "last invoice paid 4 days late"),
        (60, "last invoice paid 16 days late"),
        (30, "last invoice paid 30 days late"),
        (5, "last invoice paid 45 days late, after three reminders"),
    ];
    const SECURITY: [(i16, &str); 5] = [
        (100, "last review: nothing found"),
        (85, "last review: 1 small finding"),
        (65, "last review: 2 findings, being mended"),
        (45, "a finding is overdue"),
        (20, "a serious finding is overdue"),
    ];
    // What led to where it is now was heard of last.
    let known = match t.reason {
        _ if t.owes() => Some(("payment", (5, "invoice 45 days overdue"))),
        Some("security_incident") => Some(("security", (5, "an API key was found in a public repository"))),
        _ => None,
    };
    let worst = match (t.course, t.reason) {
        (_, Some("payment_failure" | "non_payment")) => 4,
        (Course::Thriving, _) => 1,
        (Course::Steady, _) => 2,
        (Course::Seasonal, _) => 3,
        (Course::Slipping | Course::Silent | Course::Unknown, _) => 4,
    };
    let mut all = Vec::new();
    for (dimension, words) in [("support", &SUPPORT), ("payment", &PAYMENT), ("security", &SECURITY)] {
        // What nobody reports is no data; the score must cope.
        let unheard = t.index != 0 && random.chance(12);
        let known = known.filter(|(of, _)| *of == dimension).map(|(_, words)| words);
        // Nothing is paid for a free plan.
        let nothing = dimension == "payment" && t.plan == PlanId::Free;
        if (unheard && known.is_none()) || nothing {
            continue;
        }
        let mut level = random.range(0, worst.min(2));
        for ago in [88, 61, 33, 5] {
            level = (level + random.range(-1, if worst > 2 { 1 } else { 0 })).clamp(0, worst);
            if ago == 5 && worst == 4 && dimension != "security" {
                level = random.range(2, 4);
            }
            let at = now - chrono::Duration::seconds(random.range((ago - 3) * 86_400, ago * 86_400));
            let (value, detail) = known.filter(|_| ago == 5).unwrap_or(words[level as usize]);
            if at > t.created_at {
                all.push(Observation { dimension, at, value, detail });
            }
        }
    }
    all
}

impl History {
    fn at(&self, ago: usize) -> i64 {
        self.conversations.len().checked_sub(ago + 1).map_or(0, |at| self.conversations[at])
    }

    /// Of the day so many days ago, within [`DAYS`].
    pub(super) fn conversations(&self, ago: usize) -> i64 {
        self.at(ago)
    }

    /// The hours of a day, in order; of today only those that have passed.
    pub(super) fn hours(&self, ago: usize) -> Vec<i64> {
        let (of_day, passed) =
            if ago == 0 { (self.today_full, self.now.hour() as usize) } else { (self.at(ago), 24) };
        spread(of_day).take(passed).collect()
    }

    /// The score of the day so many days ago.
    pub(super) fn score(&self, ago: usize, weights: &Weights) -> Score {
        let day = self.day(ago);
        let window = |from: usize| (from..from + 28).map(|back| self.at(ago + back)).collect::<Vec<_>>();
        let last = window(1);
        let active: Vec<f64> = last.iter().filter(|n| **n > 0).map(|n| *n as f64).collect();
        let mean = active.iter().sum::<f64>() / (active.len().max(1) as f64);
        let variance = active.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / (active.len().max(1) as f64);
        let first =
            self.conversations.iter().position(|n| *n > 0).map(|at| self.conversations.len() - 1 - at);
        let signal = |dimension| {
            let within = |s: &&Observation| {
                let age = (day - s.at.date_naive()).num_days();
                s.dimension == dimension && (0..=60).contains(&age)
            };
            self.signals.iter().filter(within).max_by_key(|s| s.at).map(|s| Signal {
                value: s.value,
                detail: s.detail.into(),
                day: s.at.date_naive(),
            })
        };
        let inputs = Inputs {
            first_day_age: first.and_then(|first| first.checked_sub(ago)).map(|age| age as i64),
            today: self.at(ago),
            active_days: active.len() as i64,
            last: last.iter().sum(),
            mean,
            deviation: variance.sqrt(),
            before: window(29).iter().sum(),
            tasks: 4,
            tasks_enabled: self.tasks as i64,
            tasks_touched: self.tasks > 0,
            keys: self.keys as i64,
            keys_used: self.keys_used as i64,
            support: signal("support"),
            payment: signal("payment"),
            security: signal("security"),
        };
        score(&inputs, weights)
    }

    pub(super) fn day(&self, ago: usize) -> NaiveDate {
        self.now.date_naive() - Days::new(ago as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::fleet;
    use model::tenants::Band;

    #[test]
    fn hours_add_up_to_their_day() {
        for n in [0, 1, 7, 380, 2_600] {
            assert_eq!(spread(n).sum::<i64>(), n);
        }
    }

    #[test]
    fn the_fleet_has_every_band() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        let weights = Weights {
            version: 1,
            usage: 30,
            adoption: 20,
            support: 15,
            growth: 15,
            payment: 10,
            security: 10,
        };
        let mut seen: Vec<Band> = (0..300)
            .map(|index| fleet::tenant(index, now))
            .filter(has_history)
            .map(|t| of(&t, false, now).score(0, &weights).band)
            .collect();
        seen.sort();
        for band in [Band::Healthy, Band::Watch, Band::AtRisk, Band::Critical] {
            let count = seen.iter().filter(|b| **b == band).count();
            assert!(count >= 5, "{band}: {count}");
        }
    }
}

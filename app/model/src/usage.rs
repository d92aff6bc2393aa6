//! Usage per day, as charts and tables show it. Read from the daily roll-up only; a day without a row is a zero.

use crate::states::words;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

words! {
    /// What is counted (R82).
    Meter {
        Conversations = "conversations", "Conversations";
        ApiCalls = "api_calls", "API calls";
        TaskRuns = "task_runs", "Task runs";
        StorageBytes = "storage_bytes", "Storage";
    }
}

impl Meter {
    /// Whether the day's quantity is a gain on a stock: then the running total is what people want to see.
    pub const fn is_stock(self) -> bool {
        matches!(self, Self::StorageBytes)
    }

    /// The unit of its quantities.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::ApiCalls => "calls",
            Self::TaskRuns => "runs",
            Self::StorageBytes => "bytes",
        }
    }
}

words! {
    /// What a plan limits (R64).
    LimitMeter {
        Users = "users", "Users";
        Projects = "projects", "Projects";
        StorageBytes = "storage_bytes", "Storage";
        ApiCalls15min = "api_calls_15min", "API calls per 15 minutes";
    }
}

/// A limit of a plan. No limit is a word, never a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Number(i64),
    Unlimited,
    /// Agreed by contract; counted, not refused.
    Custom,
}

/// The days of one meter, in order, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub meter: Meter,
    /// One for each day from [`Usage::from`] to [`Usage::to`].
    pub days: Vec<i64>,
    /// Of a stock: what had been gained before the first day. Else 0.
    pub before: i64,
}

impl Series {
    /// Over all days shown.
    pub fn sum(&self) -> i64 {
        self.days.iter().sum()
    }

    /// The running total at the end of each day, for a stock.
    pub fn running(&self) -> Vec<i64> {
        let mut total = self.before;
        self.days
            .iter()
            .map(|gain| {
                total += gain;
                total
            })
            .collect()
    }

    /// What to draw: the running total of a stock, else the days.
    pub fn shown(&self) -> Vec<i64> {
        if self.meter.is_stock() { self.running() } else { self.days.clone() }
    }

    /// The headline number: where a stock stands now, else the sum of the days.
    pub fn total(&self) -> i64 {
        if self.meter.is_stock() { self.before + self.sum() } else { self.sum() }
    }
}

/// Usage of a tenant or of the fleet over a span of days (UTC, both ends included; the last day is today and unfinished).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// One for each [`Meter`], in its order.
    pub series: Vec<Series>,
}

impl Usage {
    /// Fills the gaps. `rows` are (meter, day, quantity), `before` what stocks held before `from`.
    pub fn new(
        from: NaiveDate,
        to: NaiveDate,
        rows: &[(Meter, NaiveDate, i64)],
        before: &[(Meter, i64)],
    ) -> Self {
        let length = usize::try_from((to - from).num_days() + 1).unwrap_or_default();
        let series = Meter::ALL.iter().map(|meter| {
            let mut days = vec![0; length];
            for (_, day, quantity) in rows.iter().filter(|(of, ..)| of == meter) {
                if let Some(slot) =
                    usize::try_from((*day - from).num_days()).ok().and_then(|at| days.get_mut(at))
                {
                    *slot += quantity;
                }
            }
            let before = before
                .iter()
                .filter(|(of, _)| of == meter && meter.is_stock())
                .map(|(_, quantity)| quantity)
                .sum();
            Series { meter: *meter, days, before }
        });
        Self { from, to, series: series.collect() }
    }

    pub fn meter(&self, meter: Meter) -> Option<&Series> {
        self.series.iter().find(|series| series.meter == meter)
    }

    /// The first day that says anything about a tenant made on `created`: a day before it is no data, not a zero. What was
    /// counted earlier, because history was loaded, says something all the same.
    pub fn begins(&self, created: NaiveDate) -> NaiveDate {
        if self.series.iter().any(|series| series.before != 0) {
            return self.from;
        }
        let counted =
            |at: usize| self.series.iter().any(|series| series.days.get(at).is_some_and(|n| *n != 0));
        let first = self.dates().enumerate().find(|(at, _)| counted(*at)).map(|(_, day)| day);
        first.map_or(created, |day| day.min(created)).max(self.from).min(self.to)
    }

    /// The days shown, in order.
    pub fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        let (from, to) = (self.from, self.to);
        (0..).map_while(move |at| from.checked_add_days(Days::new(at)).filter(|day| *day <= to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_zeros_and_a_stock_runs_on() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 2, d).expect("a date");
        let rows = [
            (Meter::ApiCalls, day(27), 5),
            (Meter::StorageBytes, day(28), 10),
            (Meter::StorageBytes, day(26), 1),
            (Meter::ApiCalls, day(1), 99),
        ];
        let usage = Usage::new(day(26), day(28), &rows, &[(Meter::StorageBytes, 100)]);
        assert_eq!(usage.dates().collect::<Vec<_>>(), [day(26), day(27), day(28)]);
        assert_eq!(usage.meter(Meter::ApiCalls).map(Series::shown), Some(vec![0, 5, 0]));
        let storage = usage.meter(Meter::StorageBytes).expect("a series");
        assert_eq!(storage.shown(), [101, 101, 111]);
        assert_eq!(storage.total(), 111);
        assert_eq!(usage.meter(Meter::TaskRuns).map(Series::total), Some(0));
    }

    #[test]
    fn days_before_a_tenant_was_made_are_no_data() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 2, d).expect("a date");
        let usage = |rows: &[_], before| Usage::new(day(20), day(28), rows, &[(Meter::StorageBytes, before)]);
        let late = [(Meter::ApiCalls, day(27), 5)];
        assert_eq!(usage(&late, 0).begins(day(26)), day(26), "the zero of its first day is one");
        assert_eq!(usage(&late, 0).begins(day(28)), day(27), "history that was loaded counts");
        assert_eq!(usage(&late, 9).begins(day(28)), day(20), "so does what was stored before");
        assert_eq!(usage(&[], 0).begins(day(1)), day(20));
        let next = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date");
        assert_eq!(usage(&[], 0).begins(next), day(28));
    }
}

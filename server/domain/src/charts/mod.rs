//! Charts: our own [`Spec`] in, a [`Figure`] out: two drawings, a sentence, an exact table.
//!
//! The drawing is made by charts-rs and passes through [`bridge`], which turns reserved colours into the style
//! sheet's variables, so one drawing serves every theme. The library computes in `f32`: what is exact, the table and
//! the sentence, comes from the `i64` of the spec. Kept in a small cache by the hash of the spec.

mod bridge;
mod draw;
mod sentence;

use chrono::{DateTime, NaiveDate, Utc};
use model::charts::Figure;
pub use model::page::bytes;
use model::page::grouped;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};

/// A colour by its meaning; the style sheet knows what it looks like in each theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// `--chart-1` to `--chart-6`, in order of series; what is outside becomes "other".
    Series(u8),
    Limit,
    Healthy,
    Watch,
    Risk,
    Critical,
}

impl Ink {
    /// The word of `data-series`.
    const fn word(self) -> &'static str {
        match self {
            Self::Series(1) => "1",
            Self::Series(2) => "2",
            Self::Series(3) => "3",
            Self::Series(4) => "4",
            Self::Series(5) => "5",
            Self::Series(6) => "6",
            Self::Series(_) => "other",
            Self::Limit => "limit",
            Self::Healthy => "healthy",
            Self::Watch => "watch",
            Self::Risk => "risk",
            Self::Critical => "critical",
        }
    }
}

/// How a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Line,
    /// One column per day; the sentence sums them up.
    Columns,
}

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 0–100, on a fixed axis.
    Score,
    /// Things with this plural name.
    Count(&'static str),
    Bytes,
}

impl Unit {
    /// The exact number with its unit.
    pub fn exact(self, n: i64) -> String {
        match self {
            Self::Score => n.to_string(),
            Self::Count(what) => format!("{} {what}", grouped(n)),
            Self::Bytes => bytes(n),
        }
    }

    /// The number alone, for the table, whose head names the unit.
    fn plain(self, n: i64) -> String {
        match self {
            Self::Bytes => bytes(n),
            Self::Score | Self::Count(_) => grouped(n),
        }
    }
}

/// One value per day of the spec; `None` is a gap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    pub name: String,
    pub ink: Ink,
    pub values: Vec<Option<i64>>,
}

/// A level across the chart. The sentence says when the first series crossed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Threshold {
    /// What it is to be on it or above: "Healthy", or the limit's name.
    pub name: String,
    pub value: i64,
    pub ink: Ink,
}

/// A shaded range of values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Area {
    pub from: i64,
    pub to: i64,
    pub ink: Ink,
}

/// What to draw. Days are consecutive, UTC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    /// A word that is unique on its page: `a-z`, `0-9`, `-`.
    pub id: &'static str,
    pub title: String,
    pub kind: Kind,
    pub unit: Unit,
    pub days: Vec<NaiveDate>,
    pub series: Vec<Series>,
    pub areas: Vec<Area>,
    pub thresholds: Vec<Threshold>,
    pub as_of: DateTime<Utc>,
    pub csv: Option<String>,
}

impl Spec {
    pub fn figure(&self) -> Figure {
        static CACHE: LazyLock<Mutex<HashMap<u64, Figure>>> = LazyLock::new(Mutex::default);
        /// Some 15 kB each.
        const MOST: usize = 256;
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(figure) = CACHE.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return figure.clone();
        }
        let figure = self.make();
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MOST {
            cache.clear();
        }
        cache.insert(key, figure.clone());
        figure
    }

    /// The largest value of all series.
    fn most(&self) -> i64 {
        let values = self.series.iter().flat_map(|series| series.values.iter().flatten());
        values.copied().max().unwrap_or_default()
    }

    /// A limit far above the values would flatten them: then the words and the table have it, not the drawing.
    fn drawn_thresholds(&self) -> Vec<&Threshold> {
        let most = self.most();
        self.thresholds
            .iter()
            .filter(|t| self.unit == Unit::Score || t.value <= most.saturating_mul(4))
            .collect()
    }

    fn make(&self) -> Figure {
        let summary =
            format!("{} As of {} UTC.", sentence::sentence(self), self.as_of.format("%-d %b %H:%M"));
        let empty = self.series.iter().all(|series| series.values.iter().all(Option::is_none));
        let drawing = |size: draw::Size| {
            if empty {
                return None;
            }
            match draw::svg(self, size) {
                Ok(svg) => Some(svg),
                Err(fault) => {
                    // The table still says everything.
                    tracing::error!(chart = self.id, fault, "a chart could not be drawn");
                    None
                }
            }
        };
        let mut legend: Vec<_> =
            self.series.iter().map(|series| (series.ink.word().to_owned(), series.name.clone())).collect();
        legend.extend(
            self.drawn_thresholds()
                .into_iter()
                .filter(|t| t.ink == Ink::Limit)
                .map(|t| (t.ink.word().to_owned(), t.name.clone())),
        );
        if legend.len() == 1 {
            legend.clear();
        }
        let mut columns = vec!["Day (UTC)".to_owned()];
        columns.extend(self.series.iter().map(|series| series.name.clone()));
        let rows = self.days.iter().enumerate().rev().map(|(at, day)| {
            let mut row = vec![day.to_string()];
            row.extend(self.series.iter().map(|series| {
                series.values.get(at).copied().flatten().map_or_else(|| "—".into(), |n| self.unit.plain(n))
            }));
            row
        });
        Figure {
            id: self.id.to_owned(),
            title: self.title.clone(),
            summary,
            wide: drawing(draw::Size::Wide),
            narrow: drawing(draw::Size::Narrow),
            legend,
            columns,
            rows: rows.collect(),
            csv: self.csv.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn spec(kind: Kind, values: &[Option<i64>]) -> Spec {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day");
        Spec {
            id: "c1",
            title: "Score".into(),
            kind,
            unit: if kind == Kind::Line { Unit::Score } else { Unit::Count("calls") },
            days: (0..values.len() as u64)
                .filter_map(|n| first.checked_add_days(chrono::Days::new(n)))
                .collect(),
            series: vec![Series { name: "Score".into(), ink: Ink::Series(1), values: values.to_vec() }],
            areas: vec![],
            thresholds: vec![],
            as_of: DateTime::UNIX_EPOCH,
            csv: None,
        }
    }

    #[test]
    fn the_table_is_exact_where_the_drawing_cannot_be() {
        // 16 777 217 has no f32.
        let figure = spec(Kind::Columns, &[Some(16_777_217), None]).make();
        assert_eq!(figure.rows, [["2026-11-02", "—"], ["2026-11-01", "16\u{202f}777\u{202f}217"]]);
        assert!(!figure.wide.expect("a drawing").contains("16777216"));
    }

    #[test]
    fn nothing_to_draw_is_said_not_drawn() {
        let figure = spec(Kind::Line, &[None, None]).make();
        assert_eq!((figure.wide, figure.narrow), (None, None));
        assert!(figure.summary.starts_with("No data in this period."), "{}", figure.summary);
        assert!(spec(Kind::Line, &[]).make().wide.is_none());
    }

    #[test]
    fn the_same_spec_is_drawn_once_and_another_one_anew() {
        let a = spec(Kind::Line, &[Some(1), Some(2)]);
        assert_eq!(a.figure(), a.figure());
        assert_ne!(a.figure(), spec(Kind::Line, &[Some(1), Some(3)]).figure());
    }
}

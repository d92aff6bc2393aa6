//! Health scores (R88, R89): six dimensions, each 0–100 or no data, weighted into a score that keeps its inputs.

use crate::TenantId;
use crate::charts::Figure;
use crate::page::Page;
use crate::states::words;
use crate::tenants::{Band, PlanId, Status};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// What a score is made of (`design.md` 9), heaviest first.
    Dimension {
        Usage = "usage", "Usage consistency";
        Adoption = "adoption", "Feature adoption";
        Support = "support", "Support engagement";
        Growth = "growth", "Growth trajectory";
        Payment = "payment", "Payment status";
        Security = "security", "Security compliance";
    }
}

/// One version of the weights; they add up to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    pub version: i32,
    pub usage: i16,
    pub adoption: i16,
    pub support: i16,
    pub growth: i16,
    pub payment: i16,
    pub security: i16,
}

impl Weights {
    pub const fn of(&self, dimension: Dimension) -> i16 {
        match dimension {
            Dimension::Usage => self.usage,
            Dimension::Adoption => self.adoption,
            Dimension::Support => self.support,
            Dimension::Growth => self.growth,
            Dimension::Payment => self.payment,
            Dimension::Security => self.security,
        }
    }
}

/// One dimension of one score, with what it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub dimension: Dimension,
    /// 0–100, or no data.
    pub value: Option<i16>,
    /// What the weights say, of 100.
    pub weight: i16,
    /// What it counted in the end, of 100: the weight of dimensions without data is shared out over the others. 0 without data or score.
    pub effective: f64,
    /// The inputs in a sentence.
    pub words: String,
    /// The inputs as numbers, by name.
    pub facts: BTreeMap<String, f64>,
}

impl Reading {
    /// The points of the score that come from here.
    pub fn points(&self) -> f64 {
        self.value.map_or(0.0, |value| f64::from(value) * self.effective / 100.0)
    }

    /// The points that are missing to a full score here: what is ranked as the main reason.
    pub fn lost(&self) -> f64 {
        self.value.map_or(0.0, |value| f64::from(100 - value) * self.effective / 100.0)
    }
}

/// A score of one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub day: NaiveDate,
    pub score: Option<i16>,
    pub band: Band,
    /// Version of the weights.
    pub weights: i32,
    pub readings: Vec<Reading>,
    pub computed_at: DateTime<Utc>,
}

impl Snapshot {
    /// The dimension that costs most points, in words; none where nothing is lost.
    pub fn main_reason(&self) -> Option<String> {
        main_reason(&self.readings)
    }
}

/// The dimension that costs most points, with its inputs.
pub fn main_reason(readings: &[Reading]) -> Option<String> {
    readings.iter().filter(|reading| reading.lost() >= 0.5).max_by(|a, b| a.lost().total_cmp(&b.lost())).map(
        |reading| {
            format!("{} {}: {}", reading.dimension.label(), reading.value.unwrap_or_default(), reading.words)
        },
    )
}

/// How a score got from one day to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub since: NaiveDate,
    pub from: i16,
    pub to: i16,
    /// Points of the score by dimension, largest movement first; they add up to the difference, up to rounding.
    pub parts: Vec<(Dimension, f64)>,
}

impl Change {
    /// Between two scores; none where either has no score.
    pub fn between(old: &Snapshot, new: &Snapshot) -> Option<Self> {
        let (from, to) = (old.score?, new.score?);
        let points = |snapshot: &Snapshot, dimension| {
            snapshot.readings.iter().filter(|r| r.dimension == dimension).map(Reading::points).sum::<f64>()
        };
        let mut parts: Vec<_> = Dimension::ALL
            .iter()
            .map(|d| (*d, points(new, *d) - points(old, *d)))
            .filter(|(_, moved)| moved.abs() >= 0.05)
            .collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        Some(Self { since: old.day, from, to, parts })
    }

    pub const fn delta(&self) -> i16 {
        self.to - self.from
    }

    /// "Usage consistency −6.2, Growth trajectory +1.5".
    pub fn words(&self) -> String {
        if self.parts.is_empty() {
            return "No dimension moved.".into();
        }
        let parts: Vec<_> = self
            .parts
            .iter()
            .map(|(d, moved)| {
                format!("{} {}{:.1}", d.label(), if *moved < 0.0 { "−" } else { "+" }, moved.abs())
            })
            .collect();
        format!("{} points.", parts.join(", "))
    }
}

/// The health section of one tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantHealth {
    /// The newest, if there is one.
    pub now: Option<Snapshot>,
    /// Since 7 days ago, or since the oldest of the last 7 days.
    pub week: Option<Change>,
    pub chart: Option<Figure>,
    pub weights: Weights,
    /// Whether the reader may compute it anew.
    pub may_compute: bool,
}

/// How many tenants a band has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandCount {
    pub band: Band,
    pub tenants: i64,
}

/// A tenant that moved within 7 days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mover {
    pub slug: String,
    pub name: String,
    pub score: i16,
    pub band: Band,
    pub delta: i16,
    /// Which dimensions moved it.
    pub why: String,
    /// Scores of the last 30 days, oldest first.
    pub spark: Vec<i16>,
}

/// A tenant at risk, worst first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtRisk {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub status: Status,
    pub plan: PlanId,
    pub region: String,
    pub owner: Option<String>,
    pub score: i16,
    pub band: Band,
    /// Since 7 days ago.
    pub delta: Option<i16>,
    pub reason: Option<String>,
}

/// What narrows the fleet's health page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetFilter {
    pub plan: Option<PlanId>,
    pub region: Option<String>,
    /// A user's id, or `none` for tenants without owner, or `me`.
    pub owner: Option<String>,
    pub after: Option<String>,
}

/// The fleet's health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetHealth {
    pub bands: Vec<BandCount>,
    pub falling: Vec<Mover>,
    pub rising: Vec<Mover>,
    pub at_risk: Page<AtRisk>,
    pub regions: Vec<String>,
    /// Id and name of everybody who owns a tenant.
    pub owners: Vec<(String, String)>,
    pub as_of: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(day: u32, usage: i16, growth: Option<i16>) -> Snapshot {
        let reading = |dimension, value: Option<i16>, effective| Reading {
            dimension,
            value,
            weight: 30,
            effective,
            words: "w".into(),
            facts: BTreeMap::new(),
        };
        let readings = match growth {
            Some(_) => {
                vec![reading(Dimension::Usage, Some(usage), 50.0), reading(Dimension::Growth, growth, 50.0)]
            }
            None => {
                vec![reading(Dimension::Usage, Some(usage), 100.0), reading(Dimension::Growth, None, 0.0)]
            }
        };
        let score = readings.iter().map(Reading::points).sum::<f64>().round() as i16;
        let day = NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
        Snapshot {
            day,
            score: Some(score),
            band: Band::of(Some(score)),
            weights: 1,
            readings,
            computed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_parts_of_a_change_add_up_to_it() {
        let change = Change::between(&snapshot(14, 80, Some(60)), &snapshot(21, 40, Some(70)))
            .expect("both have scores");
        assert_eq!((change.from, change.to, change.delta()), (70, 55, -15));
        assert_eq!(change.parts, [(Dimension::Usage, -20.0), (Dimension::Growth, 5.0)]);
        assert_eq!(change.words(), "Usage consistency −20.0, Growth trajectory +5.0 points.");
    }

    #[test]
    fn a_dimension_that_lost_its_data_shows_as_a_movement_too() {
        let change =
            Change::between(&snapshot(14, 80, Some(60)), &snapshot(21, 80, None)).expect("both have scores");
        assert_eq!(change.parts.iter().map(|p| p.1).sum::<f64>(), f64::from(change.delta()));
    }

    #[test]
    fn the_main_reason_is_what_costs_most_points_and_never_missing_data() {
        assert_eq!(snapshot(1, 40, Some(70)).main_reason().as_deref(), Some("Usage consistency 40: w"));
        assert_eq!(snapshot(1, 100, None).main_reason(), None);
    }
}

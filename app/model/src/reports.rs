//! Usage as pages show it: charts, and how it sits in the plan's limits.

use crate::charts::Figure;
use crate::usage::{Limit, LimitMeter, Meter};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The spans that a page offers, in days.
pub const SPANS: [u32; 3] = [7, 30, 90];

/// The offered span that was asked for, or 30 days.
pub fn span(asked: &str) -> u32 {
    offered(asked).unwrap_or(30)
}

/// The span that was asked for, where a page offers it.
pub fn offered(asked: &str) -> Option<u32> {
    asked.parse().ok().filter(|days| SPANS.contains(days))
}

/// How a quantity stands to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    pub meter: LimitMeter,
    /// None where nothing counts it yet.
    pub used: Option<i64>,
    pub limit: Limit,
}

/// Percent of a limit from which it is being approached.
pub const NEAR: i64 = 70;

/// How near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Fine,
    Approaching,
    /// Used up, and not passed.
    At,
    Over,
    /// There is no number to reach.
    Open,
    Unknown,
}

impl Allowance {
    /// Exactly at 70 % it is approached, exactly at 100 % it is reached, and over is more than that.
    pub fn level(&self) -> Level {
        match (self.used, self.limit) {
            (None, _) => Level::Unknown,
            (Some(_), Limit::Unlimited | Limit::Custom) => Level::Open,
            (Some(used), Limit::Number(limit)) if used > limit => Level::Over,
            (Some(used), Limit::Number(limit)) if used == limit => Level::At,
            (Some(used), Limit::Number(limit))
                if i128::from(used) * 100 >= i128::from(limit) * i128::from(NEAR) =>
            {
                Level::Approaching
            }
            (Some(_), Limit::Number(_)) => Level::Fine,
        }
    }
}

/// One meter over the span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterReport {
    pub meter: Meter,
    /// The sum; of a stock where it stands now, with its unit.
    pub total: String,
    pub chart: Figure,
}

/// The usage section of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantUsage {
    pub days: u32,
    pub meters: Vec<MeterReport>,
    pub allowances: Vec<Allowance>,
    pub plan: String,
    /// Whether anything was ever counted.
    pub any: bool,
    pub as_of: DateTime<Utc>,
}

/// A tenant with much usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    pub slug: String,
    pub name: String,
    pub total: i64,
    pub text: String,
}

/// The usage of the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetUsage {
    pub days: u32,
    pub meters: Vec<MeterReport>,
    /// The largest by the chosen meter over 30 days.
    pub top: Vec<Top>,
    pub by: Meter,
    pub any: bool,
    pub as_of: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_change_exactly_at_their_limits() {
        let level = |used, limit| Allowance { meter: LimitMeter::Users, used, limit }.level();
        assert_eq!(level(Some(6_999), Limit::Number(10_000)), Level::Fine);
        assert_eq!(level(Some(7_000), Limit::Number(10_000)), Level::Approaching);
        assert_eq!(level(Some(9_999), Limit::Number(10_000)), Level::Approaching);
        assert_eq!(level(Some(10_000), Limit::Number(10_000)), Level::At);
        assert_eq!(level(Some(10_001), Limit::Number(10_000)), Level::Over);
        assert_eq!(level(Some(0), Limit::Number(0)), Level::At);
        assert_eq!(level(Some(i64::MAX), Limit::Unlimited), Level::Open);
        assert_eq!(level(None, Limit::Number(1)), Level::Unknown);
    }

    #[test]
    fn only_offered_spans_are_taken() {
        assert_eq!(
            [span("7"), span("90"), span("8"), span(""), span("-1"), span("99999999999")],
            [7, 90, 30, 30, 30, 30]
        );
    }
}

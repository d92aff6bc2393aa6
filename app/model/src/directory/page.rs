//! The page of the directory: the built-in views, its rows, and what its filters offer.

use super::filter::{Filter, Term};
use super::query::{Cursor, Ignored, Query};
use crate::UserId;
use crate::page::{Page, Total};
use crate::states::words;
use crate::tenants::{Band, PlanId, Stage, Status, StatusBadge, Suspension};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A list is counted up to here, and a number that leads to one as well: to count a whole fleet for every page makes a
/// console slow as it grows.
pub const COUNTED: i64 = 10_000;

words! {
    /// The views that everybody has.
    View {
        All = "all", "All";
        Onboarding = "onboarding", "Onboarding";
        AtRisk = "at_risk", "At risk";
        Suspended = "suspended", "Suspended";
        Offboarding = "offboarding", "Offboarding";
        Mine = "mine", "Mine";
    }
}

impl View {
    /// What the view filters. `me` is who looks at it; without one (the server itself) nothing is "mine".
    pub fn filter(self, me: Option<UserId>) -> Option<Filter> {
        let mut filter = Filter::default();
        match self {
            Self::All => {}
            Self::Onboarding => filter.stage = vec![Stage::Configure, Stage::Validate, Stage::GoLive],
            Self::AtRisk => filter.health = vec![Band::AtRisk, Band::Critical],
            Self::Suspended => filter.status = vec![Status::Suspended],
            Self::Offboarding => filter.status = vec![Status::Offboarding],
            Self::Mine => filter.owner = vec![me?],
        }
        Some(filter)
    }
}

/// A tenant as the directory shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantRow {
    pub slug: String,
    pub name: String,
    pub status: Status,
    pub suspension: Option<Suspension>,
    pub status_reason: Option<String>,
    pub trial_ends_at: Option<DateTime<Utc>>,
    pub grace_ends_at: Option<DateTime<Utc>>,
    pub stage: Stage,
    pub plan: PlanId,
    pub health_score: Option<i16>,
    pub health_band: Band,
    /// The change of the score within a week.
    pub health_delta: Option<i16>,
    pub region: String,
    pub owner_name: Option<String>,
    pub legal_hold: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl TenantRow {
    /// What the status badge says and counts down.
    pub fn badge(&self) -> StatusBadge<'_> {
        StatusBadge {
            status: self.status,
            reason: self.status_reason.as_deref(),
            trial_ends_at: self.trial_ends_at,
            grace_ends_at: self.grace_ends_at,
        }
    }
}

/// A value to filter by that is not a closed word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// What the open filters offer: regions and tags in use, people who own tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    pub regions: Vec<String>,
    pub tags: Vec<String>,
    pub owners: Vec<Choice>,
}

impl Facets {
    /// The word that a chip or a choice shows for a value.
    pub fn label(&self, term: &Term) -> String {
        match term.key.as_str() {
            "status" => word_label(&term.value, Status::label),
            "plan" => word_label(&term.value, PlanId::label),
            "stage" => word_label(&term.value, Stage::label),
            "health" => word_label(&term.value, Band::label),
            "owner" => self
                .owners
                .iter()
                .find(|o| o.value == term.value)
                .map_or_else(|| "somebody else".into(), |o| o.label.clone()),
            _ => term.value.clone(),
        }
    }
}

/// What a list is, for somebody who works on all of it: how many it shows, and by which filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub total: Total,
    /// Keys and the words of their values, in the order of the filters.
    pub terms: Vec<(String, String)>,
}

/// How many would match without one of the filters; shown where nothing matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hint {
    pub key: String,
    pub total: Total,
}

/// A built-in view with its count, which equals its list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewCount {
    pub view: View,
    pub filter: Filter,
    pub total: Total,
}

/// The whole page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Directory {
    pub query: Query,
    pub ignored: Vec<Ignored>,
    pub page: Page<TenantRow>,
    /// The position of the first row of the page, from 1.
    pub from: i64,
    pub views: Vec<ViewCount>,
    pub facets: Facets,
    pub hints: Vec<Hint>,
    pub may_create: bool,
    /// Whether its reader can tick tenants and work on many.
    pub may_bulk: bool,
    pub now: DateTime<Utc>,
}

impl Directory {
    /// Whether there is no tenant at all, which is something else than no match.
    pub fn is_unused(&self) -> bool {
        self.page.rows.is_empty() && self.query.filter.is_empty() && self.query.cursor == Cursor::First
    }

    /// The word that a chip or a choice shows for a value.
    pub fn label(&self, term: &Term) -> String {
        self.facets.label(term)
    }
}

fn word_label<T: FromStr>(value: &str, label: fn(T) -> &'static str) -> String {
    value.parse().map_or_else(|_| value.to_owned(), |word| label(word).to_owned())
}

/// A hit of the command palette.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub slug: String,
    pub name: String,
    pub status: Status,
}

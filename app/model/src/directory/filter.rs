//! What is left of the fleet: the filters, as values and as the terms of a URL.

use crate::UserId;
use crate::tenants::{Band, PlanId, Stage, Status};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The longest search; what is longer is cut.
const SEARCH_MAX: usize = 100;

/// Values of one filter; the rest is ignored and named.
pub(super) const VALUES_MAX: usize = 20;

/// What is left of the fleet: empty lists filter nothing; several values of one filter mean any of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Filter {
    pub search: String,
    pub status: Vec<Status>,
    pub plan: Vec<PlanId>,
    pub stage: Vec<Stage>,
    pub health: Vec<Band>,
    pub region: Vec<String>,
    pub tag: Vec<String>,
    pub owner: Vec<UserId>,
}

/// The names of the filters in URLs, in the order in which people see them.
pub const FILTERS: [&str; 7] = ["status", "stage", "plan", "health", "region", "owner", "tag"];

/// One value of one filter, or the search: what a chip shows and takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The key in the URL: `status`, …, or `q`.
    pub key: String,
    pub value: String,
}

fn add<T: PartialEq>(list: &mut Vec<T>, value: T) -> bool {
    if list.contains(&value) {
        return true;
    }
    let room = list.len() < VALUES_MAX;
    if room {
        list.push(value);
    }
    room
}

fn add_word<T: PartialEq + FromStr>(list: &mut Vec<T>, value: &str) -> bool {
    value.parse().is_ok_and(|word| add(list, word))
}

/// A region's or tag's word: short, and nothing that could not be shown.
fn plain(value: &str) -> bool {
    value.chars().count() <= 50 && !value.chars().any(char::is_control)
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether anything but the search filters.
    pub fn has_facets(&self) -> bool {
        !(Self { search: String::new(), ..self.clone() }).is_empty()
    }

    /// Takes one pair of the URL. False: not understood.
    pub(super) fn accept(&mut self, key: &str, value: &str) -> bool {
        match key {
            "q" => {
                self.search = value
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(SEARCH_MAX)
                    .collect();
                true
            }
            "status" => add_word(&mut self.status, value),
            "plan" => add_word(&mut self.plan, value),
            "stage" => add_word(&mut self.stage, value),
            "health" => add_word(&mut self.health, value),
            "owner" => add_word(&mut self.owner, value),
            "region" => plain(value) && add(&mut self.region, value.to_owned()),
            "tag" => plain(value) && add(&mut self.tag, value.to_owned()),
            _ => false,
        }
    }

    /// One order of values, whatever the order in the URL, so that equal filters are equal texts.
    pub(super) fn normalise(&mut self) {
        self.status.sort();
        self.plan.sort();
        self.stage.sort();
        self.health.sort();
        self.region.sort();
        self.tag.sort();
        self.owner.sort();
    }

    /// Everything that filters, the search first, in one fixed order.
    pub fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        let mut push = |key: &str, value: String| terms.push(Term { key: key.to_owned(), value });
        if !self.search.is_empty() {
            push("q", self.search.clone());
        }
        self.status.iter().for_each(|v| push("status", v.as_str().to_owned()));
        self.stage.iter().for_each(|v| push("stage", v.as_str().to_owned()));
        self.plan.iter().for_each(|v| push("plan", v.as_str().to_owned()));
        self.health.iter().for_each(|v| push("health", v.as_str().to_owned()));
        self.region.iter().for_each(|v| push("region", v.clone()));
        self.owner.iter().for_each(|v| push("owner", v.to_string()));
        self.tag.iter().for_each(|v| push("tag", v.clone()));
        terms
    }

    /// The filter without one value.
    pub fn without(&self, term: &Term) -> Self {
        Self::from_terms(self.terms().into_iter().filter(|t| t != term))
    }

    /// The filter without everything under one key.
    pub fn without_key(&self, key: &str) -> Self {
        Self::from_terms(self.terms().into_iter().filter(|t| t.key != key))
    }

    fn from_terms(terms: impl Iterator<Item = Term>) -> Self {
        let mut filter = Self::default();
        for term in terms {
            filter.accept(&term.key, &term.value);
        }
        filter
    }
}

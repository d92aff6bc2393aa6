//! The directory of tenants: the query that its URL holds, the rows that it shows, and what an import carries.
//!
//! The URL is the state (`ux.md` 4.1): [`Query::parse`] and [`Query::to_query`] are each other's inverse, keys repeat
//! (`status=active&status=trial`), and what is not understood is ignored and named, never an error (N1, N2).

use crate::page::{Page, Total};
use crate::states::words;
use crate::tenants::{Band, PlanId, Stage, Status, StatusBadge, Suspension};
use crate::url::encode;
use crate::{ImportId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

words! {
    /// What the directory is sorted by; each is an index.
    SortKey {
        /// Best match first; only with a search, and then the default.
        Relevance = "relevance", "best match";
        Name = "name", "name";
        Health = "health", "health";
        Created = "created", "created";
        Updated = "updated", "updated";
    }
}

/// A sort and its direction; in a URL `name` or `-name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Sort {
    pub const fn ascending(key: SortKey) -> Self {
        Self { key, descending: false }
    }

    /// What a click on this column's head leads to: the other direction, or the direction that people want first.
    pub const fn toggled(self, key: SortKey) -> Self {
        if self.key as u8 == key as u8 {
            Self { key, descending: !self.descending }
        } else {
            Self { key, descending: matches!(key, SortKey::Created | SortKey::Updated) }
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }
}

impl FromStr for Sort {
    type Err = crate::validate::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (descending, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
        let key = word.parse()?;
        // There is no worst match first.
        if descending && key == SortKey::Relevance {
            Err(crate::validate::UnknownWord(text.to_owned()))
        } else {
            Ok(Self { key, descending })
        }
    }
}

/// Rows of a page that can be chosen.
pub const ROWS: [u32; 3] = [25, 50, 100];
/// Rows of a page unless chosen.
pub const ROWS_DEFAULT: u32 = 50;
/// The longest search; what is longer is cut.
const SEARCH_MAX: usize = 100;
/// Values of one filter; the rest is ignored and named.
const VALUES_MAX: usize = 20;

/// From where a page is read. The text is opaque: `domain` made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cursor {
    #[default]
    First,
    After(String),
    Before(String),
}

impl Cursor {
    /// The place that a query names; the first page where it names none.
    pub fn of<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> Self {
        pairs.iter().fold(Self::First, |cursor, (key, value)| match (key.as_ref(), value.as_ref()) {
            (_, "") => cursor,
            ("after", place) => Self::After(place.to_owned()),
            ("before", place) => Self::Before(place.to_owned()),
            _ => cursor,
        })
    }
}

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

/// What a URL of the directory says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    pub filter: Filter,
    pub sort: Sort,
    pub rows: u32,
    pub cursor: Cursor,
}

impl Default for Query {
    fn default() -> Self {
        Self::of(Filter::default())
    }
}

/// One value of one filter, or the search: what a chip shows and takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The key in the URL: `status`, …, or `q`.
    pub key: String,
    pub value: String,
}

/// A value that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
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
    fn accept(&mut self, key: &str, value: &str) -> bool {
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
    fn normalise(&mut self) {
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

impl Query {
    /// The first page of a filter in its natural order.
    pub fn of(filter: Filter) -> Self {
        let key = if filter.search.is_empty() { SortKey::Name } else { SortKey::Relevance };
        Self { filter, sort: Sort::ascending(key), rows: ROWS_DEFAULT, cursor: Cursor::First }
    }

    /// Reads a URL's pairs; never fails. What it did not understand comes back beside it.
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> (Self, Vec<Ignored>) {
        let mut query = Self::default();
        let mut ignored = Vec::new();
        let mut sort = None;
        for (key, value) in pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref())) {
            if value.is_empty() {
                continue;
            }
            let understood = match key {
                "sort" => value.parse().map(|parsed| sort = Some(parsed)).is_ok(),
                "rows" => value
                    .parse()
                    .ok()
                    .filter(|rows| ROWS.contains(rows))
                    .map(|rows| query.rows = rows)
                    .is_some(),
                // The number of the first row, for people: see `ui::Pagination`.
                "at" => value.bytes().all(|b| b.is_ascii_digit()),
                "after" => {
                    query.cursor = Cursor::After(value.to_owned());
                    true
                }
                "before" => {
                    query.cursor = Cursor::Before(value.to_owned());
                    true
                }
                _ => query.filter.accept(key, value),
            };
            if !understood && ignored.len() < VALUES_MAX {
                ignored.push(Ignored { key: cut(key), value: cut(value) });
            }
        }
        query.filter.normalise();
        let natural = Self::of(query.filter.clone()).sort;
        query.sort = sort
            .filter(|sort: &Sort| sort.key != SortKey::Relevance || !query.filter.search.is_empty())
            .unwrap_or(natural);
        (query, ignored)
    }

    /// The pairs of the canonical URL: defaults are left out.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self.filter.terms().into_iter().map(|term| (term.key, term.value)).collect();
        if self.sort != Self::of(self.filter.clone()).sort {
            pairs.push(("sort".into(), self.sort.to_string()));
        }
        if self.rows != ROWS_DEFAULT {
            pairs.push(("rows".into(), self.rows.to_string()));
        }
        match &self.cursor {
            Cursor::First => {}
            Cursor::After(cursor) => pairs.push(("after".into(), cursor.clone())),
            Cursor::Before(cursor) => pairs.push(("before".into(), cursor.clone())),
        }
        pairs
    }

    /// The canonical query string, without `?`.
    pub fn to_query(&self) -> String {
        encode(&self.pairs())
    }

    /// The address of this query under `path`.
    pub fn href(&self, path: &str) -> String {
        let query = self.to_query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The same list from its start, in another order.
    pub fn sorted(&self, sort: Sort) -> Self {
        Self { sort, cursor: Cursor::First, ..self.clone() }
    }

    pub fn at(&self, cursor: Cursor) -> Self {
        Self { cursor, ..self.clone() }
    }

    /// Another filter from its start; the order stays where it still means something.
    pub fn filtered(&self, filter: Filter) -> Self {
        let natural = Self::of(filter.clone()).sort;
        let explicit = self.sort != Self::of(self.filter.clone()).sort && self.sort.key != SortKey::Relevance;
        Self {
            sort: if explicit { self.sort } else { natural },
            filter,
            rows: self.rows,
            cursor: Cursor::First,
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

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
    pub now: DateTime<Utc>,
}

impl Directory {
    /// Whether there is no tenant at all, which is something else than no match.
    pub fn is_unused(&self) -> bool {
        self.page.rows.is_empty() && self.query.filter.is_empty() && self.query.cursor == Cursor::First
    }

    /// The word that a chip or a choice shows for a value.
    pub fn label(&self, term: &Term) -> String {
        match term.key.as_str() {
            "status" => word_label(&term.value, Status::label),
            "plan" => word_label(&term.value, PlanId::label),
            "stage" => word_label(&term.value, Stage::label),
            "health" => word_label(&term.value, Band::label),
            "owner" => self
                .facets
                .owners
                .iter()
                .find(|o| o.value == term.value)
                .map_or_else(|| "somebody else".into(), |o| o.label.clone()),
            _ => term.value.clone(),
        }
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

/// A tenant to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTenant {
    pub name: String,
    /// Empty: suggested from the name.
    pub slug: String,
    pub domain: String,
    pub external_id: String,
    pub plan: PlanId,
    pub region: String,
    pub country: String,
    pub tags: Vec<String>,
}

impl NewTenant {
    /// A tenant with a name, a plan and nothing else said.
    pub fn named(name: impl Into<String>, plan: PlanId) -> Self {
        Self {
            name: name.into(),
            slug: String::new(),
            domain: String::new(),
            external_id: String::new(),
            plan,
            region: String::new(),
            country: String::new(),
            tags: vec![],
        }
    }
}

/// The largest file that is imported, in bytes.
pub const IMPORT_BYTES: u32 = 10 * 1024 * 1024;
/// The most rows of one import.
pub const IMPORT_ROWS: u32 = 20_000;
/// Rows of a page of the preview.
pub const IMPORT_PAGE: u32 = 100;

/// One row of an import's preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// The line in the file; the head is line 1.
    pub line: i32,
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub plan: String,
    pub region: String,
    pub country: Option<String>,
    pub tags: Vec<String>,
    pub problems: Vec<String>,
}

/// An import between upload and confirmation, and its record afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    pub created_at: DateTime<Utc>,
    pub applied_at: Option<DateTime<Utc>>,
    /// Tenants made, once applied.
    pub created: Option<i32>,
    /// Columns of the file that mean nothing here.
    pub ignored: Vec<String>,
    pub good: i64,
    pub bad: i64,
    /// Whether `rows` are those with problems only.
    pub only_bad: bool,
    pub rows: Vec<ImportRow>,
    /// The line after which the next page starts; none on the last page.
    pub next: Option<i32>,
    pub may_create: bool,
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;

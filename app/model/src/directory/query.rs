//! What a URL of the directory says: filter, order, and where in the list.

use super::filter::{Filter, VALUES_MAX};
use super::sort::{Sort, SortKey};
use crate::url::encode;
use serde::{Deserialize, Serialize};

/// Rows of a page that can be chosen.
pub const ROWS: [u32; 3] = [25, 50, 100];
/// Rows of a page unless chosen.
pub const ROWS_DEFAULT: u32 = 50;

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

/// A value that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    pub key: String,
    pub value: String,
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
                // How the page is shown, not which list it is: with boxes to tick.
                "select" => value == "on",
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

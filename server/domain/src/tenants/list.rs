//! The directory (R4): filter, search, sort and page the fleet, with views and counts.
//!
//! A page is read from a cursor on in the order of an index, so that the thousandth page costs what the first does, and
//! rows that come in meanwhile are neither skipped nor shown twice. The cursor holds values, not a snapshot; it is
//! opaque but not secret: whoever forges one reads another page of the same list.

use super::cache::Cache;
use super::store::list::{self, Found, Key};
use super::store::search::{self, Place, Search};
use crate::ctx::{Ctx, Reach};
use crate::error::Result;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use model::UserId;
use model::directory::{
    Cursor, Directory, Filter, Hint, Hit, Ignored, Listing, Query, Sort, SortKey, TenantRow, View, ViewCount,
};
use model::page::{Page, Total};
use model::permission::{Actor, Permission, Scope};
use model::validate::FieldErrors;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

/// Rows of the command palette.
const QUICK: i64 = 8;

/// Where a page begins: behind (or before) this row. Short names, because it stands in every address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// The order that it belongs to; in another one it means nothing.
    s: String,
    /// The tier of a match.
    t: u8,
    k: Key,
    i: Uuid,
    /// The position of the row in the list when the page was made, from 1.
    p: i64,
}

impl Mark {
    fn of((tier, row): &(u8, Found), sort: Sort, position: i64) -> Self {
        Self { s: sort.to_string(), t: *tier, k: row.key(sort.key), i: row.id, p: position }
    }

    fn encode(&self) -> Option<String> {
        serde_json::to_vec(self).ok().map(|json| BASE64_URL_SAFE_NO_PAD.encode(json))
    }

    /// Of a text from a URL; none when it is broken or belongs to another order.
    fn decode(text: &str, sort: Sort) -> Option<Self> {
        let mark: Self = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let fits = matches!(
            (sort.key, &mark.k),
            (SortKey::Name | SortKey::Relevance, Key::Name(_))
                | (SortKey::Health, Key::Health(_))
                | (SortKey::Created | SortKey::Updated, Key::Time(_))
        );
        (fits && mark.s == sort.to_string()).then_some(mark)
    }
}

/// The page of the directory that a URL's pairs ask for.
pub async fn directory(cx: &Ctx, pairs: &[(String, String)]) -> Result<Directory> {
    cx.require(Permission::TenantList, Scope::Platform).await?;
    let (mut query, mut ignored) = Query::parse(pairs);
    let (mark, backwards) = match &query.cursor {
        Cursor::First => (None, false),
        Cursor::After(text) => (Mark::decode(text, query.sort), false),
        Cursor::Before(text) => (Mark::decode(text, query.sort), true),
    };
    if mark.is_none() && query.cursor != Cursor::First {
        ignored.push(Ignored { key: "page".into(), value: "of another list".into() });
        query.cursor = Cursor::First;
    }
    let backwards = backwards && mark.is_some();
    // Behind a name and by nothing else, the index of names is always best.
    let plain = mark.is_some() && query.sort.key == SortKey::Name && query.filter == Filter::default();
    let mut read =
        if plain { cx.read_by_kept_plans(Reach::Fleet).await? } else { cx.read(Reach::Fleet).await? };
    let mut slice = Slice::read(read.conn(), &query, mark.as_ref(), backwards).await?;
    if query.cursor != Cursor::First && (slice.rows.is_empty() || slice.from < 1) {
        // Before the beginning or behind the end, because rows went away: from the start.
        query.cursor = Cursor::First;
        slice = Slice::read(read.conn(), &query, None, false).await?;
    }
    let me = match cx.actor() {
        Actor::User { id, .. } => Some(*id),
        _ => None,
    };
    let cache = cx.services().directory();
    let (total, views) = totals(cx, cache, read.conn(), &query, &slice, me).await?;
    let hints =
        if slice.rows.is_empty() { hints(cx, cache, read.conn(), &query.filter).await? } else { vec![] };
    let facets = cache.facets(cx, read.conn()).await?;
    let last = slice.from + i64::try_from(slice.rows.len()).unwrap_or_default() - 1;
    let previous = slice
        .rows
        .first()
        .filter(|_| slice.has_previous)
        .and_then(|row| Mark::of(row, query.sort, slice.from).encode());
    let next =
        slice.rows.last().filter(|_| slice.has_next).and_then(|row| Mark::of(row, query.sort, last).encode());
    Ok(Directory {
        ignored,
        page: Page {
            rows: slice.rows.into_iter().map(|(_, found)| found.row).collect(),
            next,
            previous,
            total,
        },
        from: slice.from,
        views,
        facets,
        hints,
        may_bulk: cx.actor().allows(Permission::TenantBulk, Scope::Platform),
        may_create: cx.actor().allows(Permission::TenantCreate, Scope::Platform),
        now: cx.now(),
        query,
    })
}

/// How many the query of a list means on all its pages, and by which filters.
pub(crate) async fn listing(cx: &Ctx, list: &str) -> Result<Listing> {
    let (query, _) = Query::parse(&model::url::decode(list));
    let cache = cx.services().directory();
    let mut read = cx.read(Reach::Fleet).await?;
    let filters = std::slice::from_ref(&query.filter);
    let totals = cache.totals(cx, read.conn(), filters).await?;
    let facets = cache.facets(cx, read.conn()).await?;
    let terms = query.filter.terms().into_iter().map(|term| (facets.label(&term), term.key));
    Ok(Listing {
        total: totals.first().copied().unwrap_or(Total::AtLeast(0)),
        terms: terms.map(|(label, key)| (key, label)).collect(),
    })
}

/// Rows of one page for programs, at most.
pub const LISTED_MAX: u32 = 200;

/// A page of the directory for programs: the tenants that the pairs ask for and the cursor of the next; nothing is counted.
///
/// # Errors
/// `Invalid` at every key whose value is not understood, a cursor of another list among them.
pub async fn listed(
    cx: &Ctx,
    pairs: &[(String, String)],
    limit: u32,
) -> Result<(Vec<TenantRow>, Option<String>)> {
    cx.require(Permission::TenantList, Scope::Platform).await?;
    let (mut query, ignored) = Query::parse(pairs);
    let mut errors = FieldErrors::default();
    for one in ignored {
        errors.add(&one.key, format!("“{}” is not understood.", one.value));
    }
    let mark = match &query.cursor {
        Cursor::First => None,
        Cursor::After(text) => {
            let mark = Mark::decode(text, query.sort);
            errors.take("after", mark.ok_or_else(|| "This is no cursor of this list.".to_owned()))
        }
        Cursor::Before(_) => {
            errors.add("before", "This list is read forwards only.");
            None
        }
    };
    errors.into_result()?;
    query.rows = limit.clamp(1, LISTED_MAX);
    let mut read = cx.read(Reach::Fleet).await?;
    let slice = Slice::read(read.conn(), &query, mark.as_ref(), false).await?;
    let last = slice.from + i64::try_from(slice.rows.len()).unwrap_or_default() - 1;
    let next =
        slice.rows.last().filter(|_| slice.has_next).and_then(|row| Mark::of(row, query.sort, last).encode());
    Ok((slice.rows.into_iter().map(|(_, found)| found.row).collect(), next))
}

/// Rows of one page and whether there is more on either side.
struct Slice {
    rows: Vec<(u8, Found)>,
    from: i64,
    has_previous: bool,
    has_next: bool,
}

impl Slice {
    async fn read(
        connection: &mut PgConnection,
        query: &Query,
        mark: Option<&Mark>,
        backwards: bool,
    ) -> Result<Self> {
        let wanted = i64::from(query.rows);
        let mut rows = fetch(connection, &query.filter, query.sort, mark, backwards, wanted + 1).await?;
        let more = rows.len() as i64 > wanted;
        rows.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        let position = mark.map_or(0, |mark| mark.p);
        if !backwards {
            return Ok(Self { rows, from: position + 1, has_previous: mark.is_some(), has_next: more });
        }
        rows.reverse();
        let short = (rows.len() as i64) < wanted;
        let from = match (more, short) {
            // Fewer than a page before it: the first page is asked for instead.
            (false, true) => 0,
            (false, false) => 1,
            (true, _) => (position - rows.len() as i64).max(2),
        };
        Ok(Self { rows, from, has_previous: more, has_next: true })
    }
}

async fn fetch(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    mark: Option<&Mark>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<(u8, Found)>> {
    let key = mark.map(|mark| (mark.k.clone(), mark.i));
    if filter.search.is_empty() {
        let rows = list::page(connection, filter, sort, key.as_ref(), backwards, limit).await?;
        return Ok(rows.into_iter().map(|row| (0, row)).collect());
    }
    let search = Search::new(&filter.search);
    if sort.key != SortKey::Relevance {
        let rows = search::sorted(connection, &search, filter, sort, key.as_ref(), backwards, limit).await?;
        return Ok(rows.into_iter().map(|row| (0, row)).collect());
    }
    let place = mark.and_then(|mark| match &mark.k {
        Key::Name(name_key) => Some(Place { tier: mark.t, name_key: name_key.clone(), id: mark.i }),
        _ => None,
    });
    search::matches(connection, &search, filter, place.as_ref(), backwards, limit).await
}

/// The total of the list, and the views with theirs.
async fn totals(
    cx: &Ctx,
    cache: &Cache,
    connection: &mut PgConnection,
    query: &Query,
    slice: &Slice,
    me: Option<UserId>,
) -> Result<(Total, Vec<ViewCount>)> {
    let views: Vec<(View, Filter)> =
        View::ALL.iter().filter_map(|view| Some((*view, view.filter(me)?))).collect();
    let mut filters: Vec<Filter> = views.iter().map(|(_, filter)| filter.clone()).collect();
    // A list that ends on its first page has been counted by reading it.
    let counted =
        (query.cursor == Cursor::First && !slice.has_next).then_some(Total::Exact(slice.rows.len() as i64));
    if counted.is_none() {
        filters.push(query.filter.clone());
    }
    let mut totals = cache.totals(cx, connection, &filters).await?;
    let total = match counted {
        Some(total) => total,
        None => totals.pop().unwrap_or(Total::AtLeast(0)),
    };
    let views = views
        .into_iter()
        .zip(totals)
        .map(|((view, filter), total)| ViewCount { view, filter, total })
        .collect();
    Ok((total, views))
}

/// What one filter less would show, for a list that shows nothing.
async fn hints(cx: &Ctx, cache: &Cache, connection: &mut PgConnection, filter: &Filter) -> Result<Vec<Hint>> {
    let mut keys: Vec<String> = filter.terms().into_iter().map(|term| term.key).collect();
    keys.dedup();
    let without: Vec<(String, Filter)> = keys
        .into_iter()
        .map(|key| (key.clone(), filter.without_key(&key)))
        .filter(|(_, rest)| !rest.is_empty())
        .collect();
    let filters: Vec<Filter> = without.iter().map(|(_, filter)| filter.clone()).collect();
    let totals = cache.totals(cx, connection, &filters).await?;
    let hints = without.into_iter().zip(totals).map(|((key, _), total)| Hint { key, total });
    Ok(hints.filter(|hint| hint.total != Total::Exact(0)).collect())
}

/// The best few matches, for the command palette.
pub async fn search_quick(cx: &Ctx, text: &str) -> Result<Vec<Hit>> {
    cx.require(Permission::TenantList, Scope::Platform).await?;
    let text: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
    if text.trim().is_empty() {
        return Ok(vec![]);
    }
    let mut read = cx.read(Reach::Fleet).await?;
    search::hits(read.conn(), &text, QUICK).await
}

/// The rows of a list in parts of a thousand, for the export.
pub(super) async fn part(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    from: Option<&(Key, Uuid)>,
    limit: i64,
) -> Result<Vec<Found>> {
    if filter.search.is_empty() {
        return list::page(connection, filter, sort, from, false, limit).await;
    }
    search::sorted(connection, &Search::new(&filter.search), filter, sort, from, false, limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_order() {
        let name = Sort::ascending(SortKey::Name);
        let mark =
            Mark { s: name.to_string(), t: 0, k: Key::Name("école".into()), i: Uuid::from_u128(7), p: 50 };
        let text = mark.encode().expect("json");
        assert_eq!(Mark::decode(&text, name), Some(mark));
        assert_eq!(Mark::decode(&text, Sort { key: SortKey::Name, descending: true }), None);
        assert_eq!(Mark::decode(&text, Sort::ascending(SortKey::Health)), None);
        let forged = Mark { s: "created".into(), t: 0, k: Key::Name("x".into()), i: Uuid::nil(), p: 1 };
        assert_eq!(Mark::decode(&forged.encode().expect("json"), Sort::ascending(SortKey::Created)), None);
        for broken in ["", "!", "e30", "AAAA", &"A".repeat(10_000)] {
            assert_eq!(Mark::decode(broken, name), None, "{broken:.10}");
        }
    }
}

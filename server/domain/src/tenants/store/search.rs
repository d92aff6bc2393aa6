//! SQL of the search: tiers from the best match down, each bounded, so that its cost does not follow the fleet.
//!
//! 1. exact: slug, domain, external id, id;
//! 2. names that begin with the words, in the order of the index of names;
//! 3. slugs and domains that begin with them (at most [`SIMILAR`] each);
//! 4. every word anywhere in name, slug or domain.
//!
//! The planner cannot guess how many rows hold a word, and each of its two plans is terrible where the other is good.
//! So the last tier first walks a window of [`WINDOW`] rows (of those that the other filters leave) in the wanted order:
//! a common word fills the page there. A word too rare for that, as a [`GLANCE`] at the first of them mostly tells, is
//! asked of the trigram index, which then has few rows to answer.

use super::list::{Found, Key, behind, conditions, ordered, rows};
use crate::error::Result;
use model::directory::{Filter, Hit, Sort, SortKey};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// Rows that are looked at in the wanted order before the trigram index is asked: about where both cost the same at a
/// million rows.
const WINDOW: i64 = if cfg!(test) { 100 } else { 6_000 };
/// Rows that tell whether the window is worth its walk.
const GLANCE: i64 = WINDOW / 10;
/// Rows from which a count learns whether a word is common.
const SAMPLE: i64 = 2_000;
/// Rows that the trigram index may answer. Only words that are common but absent from the window reach it; then the walk
/// goes on.
const CANDIDATES: i64 = if cfg!(test) { 20 } else { 20_000 };
/// Slugs and domains that count as better matches.
const SIMILAR: i64 = 200;
/// Words of a search that count.
const WORDS: usize = 6;

/// A search, ready to be bound.
#[derive(Clone, Debug)]
pub(in crate::tenants) struct Search {
    raw: String,
    text: String,
    uuid: Option<Uuid>,
    /// For each word the patterns of which one must be found; none when no trigram could hold anything of the text.
    words: Vec<Vec<String>>,
}

impl Search {
    pub fn new(raw: &str) -> Self {
        let text = raw.trim().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
        let long =
            |word: &str| word.split(|c: char| !c.is_alphanumeric()).any(|run| run.chars().count() >= 3);
        let words = if words.iter().any(|word| long(word)) {
            words.iter().map(|word| vec![format!("%{}%", literal(word))]).collect()
        } else if text.chars().any(char::is_alphanumeric) {
            // One or two letters have no trigram but at the beginning of a word.
            words
                .iter()
                .map(|word| literal(word))
                .map(|word| vec![format!("{word}%"), format!("% {word}%")])
                .collect()
        } else {
            vec![]
        };
        Self { raw: raw.trim().to_owned(), uuid: text.parse().ok(), words, text }
    }

    /// Appends "begins with the words", as a range, which an index answers under any plan that is kept.
    fn begins(&self, sql: &mut QueryBuilder<Postgres>, column: &str, (from, to): (&str, &str)) {
        sql.push(format_args!("({column} {from} ")).push_bind(self.text.clone());
        sql.push(format_args!(" AND {column} {to} ")).push_bind(format!("{}\u{10FFFF}", self.text)).push(")");
    }

    fn name_begins(&self, sql: &mut QueryBuilder<Postgres>) {
        self.begins(sql, "name_key", (">=", "<"));
    }

    /// Appends "every word is in it".
    fn contains(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push("(true");
        for word in &self.words {
            for (at, pattern) in word.iter().enumerate() {
                sql.push(if at == 0 { " AND (search_text LIKE " } else { " OR search_text LIKE " })
                    .push_bind(pattern.clone());
            }
            sql.push(")");
        }
        if self.words.is_empty() {
            sql.push(" AND ");
            self.name_begins(sql);
        }
        sql.push(")");
    }
}

/// `LIKE` without its wildcards.
fn literal(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// A match: which tier, and where in the order.
#[derive(Clone, Debug, FromRow)]
pub(in crate::tenants) struct Match {
    pub id: Uuid,
    pub name_key: String,
    #[sqlx(skip)]
    pub tier: u8,
}

const EXACT: u8 = 0;
const NAME: u8 = 1;
const SIMILAR_TIER: u8 = 2;
const ANYWHERE: u8 = 3;

/// The place behind which a page of matches begins.
#[derive(Clone, Debug)]
pub(in crate::tenants) struct Place {
    pub tier: u8,
    pub name_key: String,
    pub id: Uuid,
}

/// The next `limit` matches behind a place, best first; or those before it, nearest first.
pub(in crate::tenants) async fn matches(
    connection: &mut PgConnection,
    search: &Search,
    filter: &Filter,
    from: Option<&Place>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<(u8, Found)>> {
    let mut seen: Vec<Uuid> = Vec::new();
    let mut small = [exact(connection, search, filter).await?, vec![]];
    seen.extend(small[0].iter().map(|m| m.id));
    let mut found: Vec<Match> = Vec::new();
    let mut tiers = [EXACT, NAME, SIMILAR_TIER, ANYWHERE];
    if backwards {
        tiers.reverse();
    }
    let mut similar_known = false;
    for tier in tiers {
        let room = limit - found.len() as i64;
        if room <= 0 {
            break;
        }
        let here = match from {
            Some(place) if (tier < place.tier) != backwards && tier != place.tier => continue,
            Some(place) if tier == place.tier => Some((Key::Name(place.name_key.clone()), place.id)),
            _ => None,
        };
        if !similar_known && matches!(tier, SIMILAR_TIER | ANYWHERE) {
            small[1] = similar(connection, search, filter, &seen).await?;
            seen.extend(small[1].iter().map(|m| m.id));
            similar_known = true;
        }
        let part = match tier {
            EXACT => slice(&small[0], here.as_ref(), backwards, room),
            NAME => by_name(connection, search, filter, &seen, here.as_ref(), backwards, room).await?,
            SIMILAR_TIER => slice(&small[1], here.as_ref(), backwards, room),
            _ if search.words.is_empty() => vec![],
            _ => {
                let order = Sort { key: SortKey::Name, descending: backwards };
                anywhere(connection, search, filter, order, here.as_ref(), Which::Rest(&seen), room).await?
            }
        };
        found.extend(part.into_iter().map(|m| Match { tier, ..m }));
    }
    let ids: Vec<Uuid> = found.iter().map(|m| m.id).collect();
    let rows = rows(connection, &ids).await?;
    let tier = |id: Uuid| found.iter().find(|m| m.id == id).map_or(ANYWHERE, |m| m.tier);
    Ok(rows.into_iter().map(|row| (tier(row.id), row)).collect())
}

/// The few matches of a small tier that lie behind a place.
fn slice(all: &[Match], from: Option<&(Key, Uuid)>, backwards: bool, limit: i64) -> Vec<Match> {
    let behind = |m: &&Match| match from {
        Some((Key::Name(name), id)) => {
            let order = (m.name_key.as_str(), m.id).cmp(&(name.as_str(), *id));
            if backwards { order.is_lt() } else { order.is_gt() }
        }
        _ => true,
    };
    let mut part: Vec<Match> = all.iter().filter(behind).cloned().collect();
    part.sort_by(|a, b| (&a.name_key, a.id).cmp(&(&b.name_key, b.id)));
    if backwards {
        part.reverse();
    }
    part.truncate(usize::try_from(limit).unwrap_or_default());
    part
}

async fn exact(connection: &mut PgConnection, search: &Search, filter: &Filter) -> Result<Vec<Match>> {
    let mut sql = QueryBuilder::new("SELECT id, name_key FROM tenant WHERE (slug = ");
    sql.push_bind(search.text.clone());
    sql.push(" OR domain = ").push_bind(search.text.clone());
    sql.push(" OR external_id = ").push_bind(search.raw.clone());
    if let Some(uuid) = search.uuid {
        sql.push(" OR id = ").push_bind(uuid);
    }
    sql.push(")");
    conditions(&mut sql, filter);
    Ok(sql.build_query_as().fetch_all(connection).await?)
}

async fn by_name(
    connection: &mut PgConnection,
    search: &Search,
    filter: &Filter,
    seen: &[Uuid],
    from: Option<&(Key, Uuid)>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<Match>> {
    let mut sql = QueryBuilder::new("SELECT id, name_key FROM tenant WHERE ");
    search.name_begins(&mut sql);
    conditions(&mut sql, filter);
    sql.push(" AND id <> ALL(").push_bind(seen.to_vec()).push(")");
    behind(&mut sql, SortKey::Name, backwards, from);
    ordered(&mut sql, SortKey::Name, backwards, limit);
    Ok(sql.build_query_as().fetch_all(connection).await?)
}

async fn similar(
    connection: &mut PgConnection,
    search: &Search,
    filter: &Filter,
    exact: &[Uuid],
) -> Result<Vec<Match>> {
    let mut sql = QueryBuilder::new("SELECT id, name_key FROM (");
    for (at, column) in ["slug", "domain"].into_iter().enumerate() {
        sql.push(if at > 0 { " UNION " } else { "" });
        sql.push("(SELECT id, name_key FROM tenant WHERE ");
        search.begins(&mut sql, column, ("~>=~", "~<~"));
        conditions(&mut sql, filter);
        sql.push(format_args!(" ORDER BY {column} USING ~<~ LIMIT {SIMILAR})"));
    }
    sql.push(") x WHERE NOT ");
    search.name_begins(&mut sql);
    sql.push(" AND id <> ALL(").push_bind(exact.to_vec()).push(")");
    Ok(sql.build_query_as().fetch_all(connection).await?)
}

/// Rows that hold every word, or are exactly what was asked for, in any order of the directory. With `better`, those of
/// the better tiers are left out.
async fn anywhere(
    connection: &mut PgConnection,
    search: &Search,
    filter: &Filter,
    order: Sort,
    from: Option<&(Key, Uuid)>,
    which: Which<'_>,
    limit: i64,
) -> Result<Vec<Match>> {
    // Where other filters choose the rows, the trigram index could have far more to answer than they leave.
    let windows: &[i64] = if filter.has_facets() { &[WINDOW] } else { &[GLANCE, WINDOW] };
    let mut hits: Vec<Match> = vec![];
    for &window in windows {
        let mut sql = QueryBuilder::new("SELECT id, name_key FROM (SELECT * FROM tenant WHERE true");
        conditions(&mut sql, filter);
        behind(&mut sql, order.key, order.descending, from);
        ordered(&mut sql, order.key, order.descending, window);
        sql.push(") w WHERE ");
        which.push(&mut sql, search);
        sql.push(format_args!(" LIMIT {limit}"));
        hits = sql.build_query_as().fetch_all(&mut *connection).await?;
        let found = hits.len() as i64;
        if found == limit {
            return Ok(hits);
        }
        // Not even half a page, if the rest of the window is like its beginning.
        if window == GLANCE && found * (WINDOW / GLANCE) * 2 < limit {
            break;
        }
    }
    if filter.has_facets() {
        // Few rows are left by the filters: the window was all of them, however common the word is elsewhere.
        let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM tenant WHERE true");
        conditions(&mut sql, filter);
        sql.push(format_args!(" LIMIT {WINDOW}) x"));
        let left: i64 = sql.build_query_scalar().fetch_one(&mut *connection).await?;
        if left < WINDOW {
            return Ok(hits);
        }
    }
    bitmaps(connection, true).await?;
    let mut sql =
        QueryBuilder::new("SELECT id, name_key, count(*) OVER () FROM (SELECT * FROM tenant WHERE ");
    which.push(&mut sql, search);
    conditions(&mut sql, filter);
    behind(&mut sql, order.key, order.descending, from);
    sql.push(format_args!(" LIMIT {CANDIDATES}) x"));
    ordered(&mut sql, order.key, order.descending, limit);
    let found: Vec<(Uuid, String, i64)> = sql.build_query_as().fetch_all(&mut *connection).await?;
    bitmaps(connection, false).await?;
    if found.first().is_none_or(|(_, _, all)| *all < CANDIDATES) {
        let hit = |(id, name_key, _)| Match { id, name_key, tier: ANYWHERE };
        return Ok(found.into_iter().map(hit).collect());
    }
    // More than were looked at: which of them come first, only the walk in the wanted order knows. As there are so many,
    // it is not far.
    sqlx::raw_sql("SET LOCAL enable_bitmapscan = off").execute(&mut *connection).await?;
    let mut sql = QueryBuilder::new("SELECT id, name_key FROM tenant WHERE ");
    which.push(&mut sql, search);
    conditions(&mut sql, filter);
    behind(&mut sql, order.key, order.descending, from);
    ordered(&mut sql, order.key, order.descending, limit);
    let hits = sql.build_query_as().fetch_all(&mut *connection).await?;
    sqlx::raw_sql("SET LOCAL enable_bitmapscan = on").execute(connection).await?;
    Ok(hits)
}

/// Which of the rows that hold the words.
#[derive(Clone, Copy)]
enum Which<'a> {
    /// Those that no better tier has; the ids are theirs.
    Rest(&'a [Uuid]),
    /// All, and these exact ones, which may hold the words nowhere but in their external id.
    All(&'a [Uuid]),
}

impl Which<'_> {
    fn push(self, sql: &mut QueryBuilder<Postgres>, search: &Search) {
        match self {
            Self::Rest(better) => {
                search.contains(sql);
                sql.push(" AND NOT ");
                search.name_begins(sql);
                sql.push(" AND id <> ALL(").push_bind(better.to_vec()).push(")");
            }
            Self::All([]) => search.contains(sql),
            Self::All(exact) => {
                sql.push("(");
                search.contains(sql);
                sql.push(" OR id = ANY(").push_bind(exact.to_vec()).push("))");
            }
        }
    }
}

/// Leaves the planner only the indexes that answer with a set of rows, or everything again.
async fn bitmaps(connection: &mut PgConnection, only: bool) -> Result<()> {
    let on = if only { "off" } else { "on" };
    let sql = format!(
        "SET LOCAL enable_seqscan = {on}; SET LOCAL enable_indexscan = {on}; SET LOCAL enable_indexonlyscan = {on}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Matches in another order than by match.
pub(in crate::tenants) async fn sorted(
    connection: &mut PgConnection,
    search: &Search,
    filter: &Filter,
    sort: Sort,
    from: Option<&(Key, Uuid)>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<Found>> {
    let order = Sort { key: sort.key, descending: sort.descending != backwards };
    let exact: Vec<Uuid> = exact(connection, search, filter).await?.into_iter().map(|m| m.id).collect();
    let found = anywhere(connection, search, filter, order, from, Which::All(&exact), limit).await?;
    let ids: Vec<Uuid> = found.into_iter().map(|m| m.id).collect();
    rows(connection, &ids).await
}

/// Counts the matches up to `cap` + 1.
pub(in crate::tenants) async fn count(
    connection: &mut PgConnection,
    search: &Search,
    filter: &Filter,
    cap: i64,
) -> Result<i64> {
    let exact: Vec<Uuid> = exact(connection, search, filter).await?.into_iter().map(|m| m.id).collect();
    let found = |sql: &mut QueryBuilder<Postgres>| Which::All(&exact).push(sql, search);
    // How common it is, from a window; where the window is everything, that is the answer.
    let mut sql = QueryBuilder::new("SELECT count(*), count(*) FILTER (WHERE ");
    found(&mut sql);
    sql.push(") FROM (SELECT * FROM tenant WHERE true");
    conditions(&mut sql, filter);
    ordered(&mut sql, SortKey::Name, false, SAMPLE);
    sql.push(") w");
    let (scanned, hits): (i64, i64) =
        sql.build_query_as().persistent(false).fetch_one(&mut *connection).await?;
    if scanned < SAMPLE {
        return Ok(hits.min(cap + 1));
    }
    let rare = hits * 50 < scanned;
    if rare {
        bitmaps(connection, true).await?;
    }
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM tenant WHERE ");
    found(&mut sql);
    conditions(&mut sql, filter);
    sql.push(format_args!(" LIMIT {}) x", cap + 1));
    if !rare {
        sqlx::raw_sql("SET LOCAL enable_bitmapscan = off").execute(&mut *connection).await?;
    }
    let count = sql.build_query_scalar().persistent(false).fetch_one(&mut *connection).await?;
    bitmaps(connection, false).await?;
    sqlx::raw_sql("SET LOCAL enable_bitmapscan = on").execute(connection).await?;
    Ok(count)
}

/// The best matches, short.
pub(in crate::tenants) async fn hits(
    connection: &mut PgConnection,
    text: &str,
    limit: i64,
) -> Result<Vec<Hit>> {
    let found = matches(connection, &Search::new(text), &Filter::default(), None, false, limit).await?;
    Ok(found
        .into_iter()
        .map(|(_, f)| Hit { slug: f.row.slug, name: f.row.name, status: f.row.status })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(literal(r"50%_\"), r"50\%\_\\");
    }

    #[test]
    fn words_become_patterns_that_the_index_can_answer() {
        let patterns = |text| Search::new(text).words.concat();
        assert_eq!(patterns("  Regent  University "), ["%regent%", "%university%"]);
        assert_eq!(patterns("un"), ["un%", "% un%"], "two letters: at the beginning of a word");
        assert_eq!(patterns("a-b"), ["a-b%", "% a-b%"]);
        assert_eq!(patterns("of X corp"), ["%of%", "%x%", "%corp%"]);
        assert!(patterns("--").is_empty());
        assert!(patterns("").is_empty());
        assert_eq!(patterns("東京大学"), ["%東京大学%"]);
    }
}

//! SQL of the directory: one page in the order of an index, capped counts, and what the filters offer.
//!
//! Words of closed sets stand in the text as literals, so that the planner knows how selective they are and still
//! keeps the plan; what people typed is always bound. Nothing here uses `OFFSET` or counts without a cap.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::directory::{Choice, Facets, Filter, Sort, SortKey, TenantRow};
use model::tenants::Band;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{Executor, FromRow, PgConnection, Postgres, QueryBuilder, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// The place of a row in an order: its value of the sorted column; the id breaks ties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::tenants) enum Key {
    #[serde(rename = "n")]
    Name(String),
    #[serde(rename = "h")]
    Health(i16),
    #[serde(rename = "t")]
    Time(DateTime<Utc>),
}

/// A row with what a cursor is made of.
#[derive(Clone, Debug)]
pub(in crate::tenants) struct Found {
    pub id: Uuid,
    pub name_key: String,
    pub row: TenantRow,
}

impl Found {
    pub fn key(&self, sort: SortKey) -> Key {
        match sort {
            SortKey::Name | SortKey::Relevance => Key::Name(self.name_key.clone()),
            SortKey::Health => Key::Health(self.row.health_score.unwrap_or(NO_SCORE)),
            SortKey::Created => Key::Time(self.row.created_at),
            SortKey::Updated => Key::Time(self.row.updated_at),
        }
    }
}

/// Stands for "no score" in the order by health: behind every score.
const NO_SCORE: i16 = 101;

const fn expression(sort: SortKey) -> &'static str {
    match sort {
        SortKey::Name | SortKey::Relevance => "name_key",
        SortKey::Health => "coalesce(health_score, 101::smallint)",
        SortKey::Created => "created_at",
        SortKey::Updated => "updated_at",
    }
}

fn words(sql: &mut QueryBuilder<Postgres>, column: &str, words: impl Iterator<Item = &'static str>) {
    let list: Vec<_> = words.map(|word| format!("'{word}'")).collect();
    match list.as_slice() {
        [] => {}
        [one] => drop(sql.push(format_args!(" AND {column} = {one}"))),
        many => drop(sql.push(format_args!(" AND {column} IN ({})", many.join(", ")))),
    }
}

/// Appends the conditions of a filter; not the search, which has its own ways.
pub(super) fn conditions(sql: &mut QueryBuilder<Postgres>, filter: &Filter) {
    words(sql, "status", filter.status.iter().map(|w| w.as_str()));
    words(sql, "stage", filter.stage.iter().map(|w| w.as_str()));
    words(sql, "plan_id", filter.plan.iter().map(|w| w.as_str()));
    words(sql, "health_band", filter.health.iter().map(|w| w.as_str()));
    match filter.region.as_slice() {
        [] => {}
        [one] => drop(sql.push(" AND region = ").push_bind(one.clone())),
        many => drop(sql.push(" AND region = ANY(").push_bind(many.to_vec()).push(")")),
    }
    match filter.owner.as_slice() {
        [] => {}
        [one] => drop(sql.push(" AND owner_id = ").push_bind(one.0)),
        many => drop(
            sql.push(" AND owner_id = ANY(")
                .push_bind(many.iter().map(|o| o.0).collect::<Vec<_>>())
                .push(")"),
        ),
    }
    if !filter.tag.is_empty() {
        sql.push(" AND tags && ").push_bind(filter.tag.clone());
    }
}

/// The range of scores that the wanted bands lie in: without it, walking the index of scores from its end to a band in
/// its middle would read everything before it.
fn score_range(bands: &[Band]) -> Option<(i16, i16)> {
    let range = |band: &Band| match band {
        Band::Critical => (0, 24),
        Band::AtRisk => (25, 49),
        Band::Watch => (50, 74),
        Band::Healthy => (75, 100),
        Band::NoData => (NO_SCORE, NO_SCORE),
    };
    bands.iter().map(range).reduce(|(a, b), (low, high)| (a.min(low), b.max(high)))
}

/// Appends the condition "behind this row in this order".
pub(super) fn behind(
    sql: &mut QueryBuilder<Postgres>,
    sort: SortKey,
    descending: bool,
    from: Option<&(Key, Uuid)>,
) {
    let Some((key, id)) = from else { return };
    sql.push(format_args!(" AND ({}, id) {} (", expression(sort), if descending { "<" } else { ">" }));
    match key {
        Key::Name(name) => sql.push_bind(name.clone()),
        Key::Health(score) => sql.push_bind(*score),
        Key::Time(at) => sql.push_bind(*at),
    };
    sql.push(", ").push_bind(*id).push(")");
}

/// Appends the order and how many.
pub(super) fn ordered(sql: &mut QueryBuilder<Postgres>, sort: SortKey, descending: bool, limit: i64) {
    let direction = if descending { "DESC" } else { "ASC" };
    sql.push(format_args!(" ORDER BY {} {direction}, id {direction} LIMIT {limit}", expression(sort)));
}

/// In the order in which [`Found`] is read; the owner's name comes behind them.
const COLUMNS: &str = "id, name_key, slug, name, status, suspension, status_reason, trial_ends_at, grace_ends_at, stage, plan_id, \
    health_score, health_band, health_delta, region, legal_hold, created_at, updated_at";

/// A list of rows, up to its conditions; to be closed by [`LISTED`].
fn listing() -> QueryBuilder<Postgres> {
    QueryBuilder::new(format!(
        "SELECT {COLUMNS}, (SELECT u.name FROM user_account u WHERE u.id = t.owner_id) AS owner_name \
         FROM (SELECT {COLUMNS}, owner_id FROM tenant WHERE "
    ))
}

const LISTED: &str = ") t";

/// By position: looking up two dozen names in each of fifty rows took a tenth of the time of a page.
impl FromRow<'_, PgRow> for Found {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            name_key: row.try_get(1)?,
            row: TenantRow {
                slug: row.try_get(2)?,
                name: row.try_get(3)?,
                status: row.try_get(4)?,
                suspension: row.try_get(5)?,
                status_reason: row.try_get(6)?,
                trial_ends_at: row.try_get(7)?,
                grace_ends_at: row.try_get(8)?,
                stage: row.try_get(9)?,
                plan: row.try_get(10)?,
                health_score: row.try_get(11)?,
                health_band: row.try_get(12)?,
                health_delta: row.try_get(13)?,
                region: row.try_get(14)?,
                legal_hold: row.try_get(15)?,
                created_at: row.try_get(16)?,
                updated_at: row.try_get(17)?,
                owner_name: row.try_get(18)?,
            },
        })
    }
}

/// What a file tells of a tenant beyond its row.
#[derive(Clone, Debug, Default)]
pub(in crate::tenants) struct Details {
    pub domain: Option<String>,
    pub external_id: Option<String>,
    pub country: Option<String>,
    pub tags: Vec<String>,
}

/// The details of these tenants.
pub(in crate::tenants) async fn details(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Details>> {
    let rows =
        sqlx::query!("SELECT id, domain, external_id, country, tags FROM tenant WHERE id = ANY($1)", ids)
            .fetch_all(connection)
            .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (domain, external_id, country, tags) = (row.domain, row.external_id, row.country, row.tags);
            (row.id, Details { domain, external_id, country, tags })
        })
        .collect())
}

/// `limit` rows behind `from` in the direction of `sort`, or before it when `backwards` (then nearest first).
pub(in crate::tenants) async fn page(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    from: Option<&(Key, Uuid)>,
    backwards: bool,
    limit: i64,
) -> Result<Vec<Found>> {
    let mut sql = listing();
    sql.push("true");
    let descending = sort.descending != backwards;
    conditions(&mut sql, filter);
    if let (SortKey::Health, Some((low, high))) = (sort.key, score_range(&filter.health)) {
        sql.push(format_args!(" AND {} BETWEEN {low} AND {high}", expression(sort.key)));
    }
    behind(&mut sql, sort.key, descending, from);
    ordered(&mut sql, sort.key, descending, limit);
    sql.push(LISTED);
    Ok(sql.build_query_as().fetch_all(connection).await?)
}

/// The rows of these ids, in the order of the ids.
pub(super) async fn rows(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Found>> {
    let mut sql = listing();
    sql.push("id = ANY(").push_bind(ids.to_vec()).push(")").push(LISTED);
    let mut rows: Vec<Found> = sql.build_query_as().fetch_all(connection).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows)
}

/// Counts each filter up to `cap` + 1, in one statement. The filters have no search.
pub(in crate::tenants) async fn count(
    connection: &mut PgConnection,
    filters: &[&Filter],
    cap: i64,
) -> Result<Vec<i64>> {
    // The page may have been read by a kept plan; which plan counts best depends on what is counted.
    connection.execute("SET LOCAL plan_cache_mode = auto").await?;
    let mut sql = QueryBuilder::new("SELECT ARRAY[");
    for (at, filter) in filters.iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).push("(SELECT count(*) FROM (SELECT FROM tenant WHERE true");
        conditions(&mut sql, filter);
        sql.push(format_args!(" LIMIT {}) x)", cap + 1));
    }
    sql.push("]::bigint[]");
    Ok(sql.build_query_scalar().fetch_one(connection).await?)
}

/// What the filters offer: regions in use (by hops along the index), tags, owners.
pub(in crate::tenants) async fn facets(connection: &mut PgConnection) -> Result<Facets> {
    let regions = sqlx::query_scalar!(
        r#"WITH RECURSIVE hop AS (
            (SELECT region FROM tenant ORDER BY region LIMIT 1)
            UNION ALL
            SELECT (SELECT t.region FROM tenant t WHERE t.region > hop.region ORDER BY t.region LIMIT 1) FROM hop WHERE hop.region IS NOT NULL
        ) SELECT region AS "region!" FROM hop WHERE region IS NOT NULL LIMIT 100"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let tags =
        sqlx::query_scalar!("SELECT tag FROM tag ORDER BY tag LIMIT 100").fetch_all(&mut *connection).await?;
    let owners = sqlx::query!(
        r#"SELECT id, name FROM user_account WHERE platform_role IN ('owner', 'operator', 'success') AND disabled_at IS NULL ORDER BY name, id LIMIT 200"#
    )
    .fetch_all(connection)
    .await?;
    let owners =
        owners.into_iter().map(|owner| Choice { value: owner.id.to_string(), label: owner.name }).collect();
    Ok(Facets { regions, tags, owners })
}

//! Counts and filter choices of the directory, kept for moments: they are on every page and the same for everybody.
//!
//! A count is at most [`COUNT_SECONDS`] old and not older than the last write of this process to a tenant, so that who
//! changes something sees it counted. One request refreshes; the others meanwhile use what is there, however often
//! tenants are written, and none ever waits for another: it would hold a connection for that.

use super::store::list;
use super::store::search::{self, Search};
use crate::ctx::Ctx;
use crate::error::Result;
use chrono::{DateTime, TimeDelta, Utc};
use model::directory::{COUNTED, Facets, Filter};
use model::page::Total;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A list is counted up to [`COUNTED`]; a search, which cannot count on an index alone, up to this.
const SEARCH_CAP: i64 = 1_000;
const COUNT_SECONDS: i64 = 2;
/// While somebody counts anew.
const STALE_SECONDS: i64 = 10;
const FACET_SECONDS: i64 = 30;
/// Filters whose counts are kept; beyond that all others are forgotten.
const KEPT: usize = 500;

#[derive(Clone, Copy, Debug)]
struct Kept {
    at: DateTime<Utc>,
    generation: u64,
    total: Total,
}

#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// Counts the writes of this process to tenants.
    generation: AtomicU64,
    counts: Mutex<HashMap<Filter, Kept>>,
    facets: Mutex<Option<(DateTime<Utc>, Facets)>>,
    refreshing: tokio::sync::Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    /// A tenant was written.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    fn fresh(&self, filter: &Filter, now: DateTime<Utc>) -> Option<Total> {
        let generation = self.generation.load(Ordering::Relaxed);
        let kept = *lock(&self.counts).get(filter)?;
        let fresh = kept.generation == generation && now - kept.at < TimeDelta::seconds(COUNT_SECONDS);
        fresh.then_some(kept.total)
    }

    fn stale(&self, filter: &Filter, now: DateTime<Utc>) -> Option<Total> {
        let kept = *lock(&self.counts).get(filter)?;
        (now - kept.at < TimeDelta::seconds(STALE_SECONDS)).then_some(kept.total)
    }

    /// How many match each filter; at most one statement for all that have no search.
    pub(super) async fn totals(
        &self,
        cx: &Ctx,
        connection: &mut PgConnection,
        filters: &[Filter],
    ) -> Result<Vec<Total>> {
        let now = cx.now();
        if let Some(totals) = filters.iter().map(|filter| self.fresh(filter, now)).collect() {
            return Ok(totals);
        }
        let refreshing = self.refreshing.try_lock();
        if refreshing.is_err()
            && let Some(totals) = filters.iter().map(|filter| self.stale(filter, now)).collect()
        {
            return Ok(totals);
        }
        // Taken before counting: a write meanwhile makes the result old at once.
        let generation = self.generation.load(Ordering::Relaxed);
        let (searches, plain): (Vec<_>, Vec<_>) =
            filters.iter().filter(|f| self.fresh(f, now).is_none()).partition(|f| !f.search.is_empty());
        let mut fresh = Vec::new();
        if !plain.is_empty() {
            let counts = list::count(connection, &plain, COUNTED).await?;
            fresh.extend(
                plain.into_iter().zip(counts).map(|(filter, count)| (filter, Total::up_to(count, COUNTED))),
            );
        }
        for filter in searches {
            let count = search::count(connection, &Search::new(&filter.search), filter, SEARCH_CAP).await?;
            fresh.push((filter, Total::up_to(count, SEARCH_CAP)));
        }
        let mut counts = lock(&self.counts);
        if counts.len() > KEPT {
            counts.retain(|filter, _| filters.contains(filter));
        }
        for (filter, total) in fresh {
            counts.insert(filter.clone(), Kept { at: now, generation, total });
        }
        Ok(filters
            .iter()
            .map(|filter| counts.get(filter).map_or(Total::AtLeast(0), |kept| kept.total))
            .collect())
    }

    pub(super) async fn facets(&self, cx: &Ctx, connection: &mut PgConnection) -> Result<Facets> {
        let now = cx.now();
        let kept = lock(&self.facets).clone();
        if let Some((_, facets)) = kept.filter(|(at, _)| now - *at < TimeDelta::seconds(FACET_SECONDS)) {
            return Ok(facets);
        }
        let facets = list::facets(connection).await?;
        *lock(&self.facets) = Some((now, facets.clone()));
        Ok(facets)
    }
}

//! Who is signed in, remembered for at most a second, so that a page with ten requests asks the database once.
//!
//! Invariant: an answer that was read before a [`SessionCache::clear`] is never kept after it. Every audited commit of
//! this process clears (`Tx::commit`), other processes follow within [`KEEP`].

use super::sessions::SessionId;
use model::permission::Actor;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How old an answer may be (ASVS 8.3.2: changes of rights apply at once; our goal is a second).
const KEEP: Duration = Duration::from_secs(1);
/// More than this many sessions within a second are simply not remembered.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct SessionCache {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Counts the clearings.
    generation: u64,
    known: HashMap<SessionId, (Instant, Arc<Actor>)>,
}

impl SessionCache {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The actor, or the generation to hand to [`Self::put`] after having asked the database.
    pub(super) fn get(&self, id: SessionId) -> Result<Arc<Actor>, u64> {
        let inner = self.lock();
        match inner.known.get(&id) {
            Some((at, actor)) if at.elapsed() < KEEP => Ok(actor.clone()),
            _ => Err(inner.generation),
        }
    }

    pub(super) fn put(&self, generation: u64, id: SessionId, actor: Arc<Actor>) {
        let mut inner = self.lock();
        if inner.generation != generation {
            return;
        }
        if inner.known.len() >= MOST {
            inner.known.retain(|_, (at, _)| at.elapsed() < KEEP);
        }
        if inner.known.len() < MOST {
            inner.known.insert(id, (Instant::now(), actor));
        }
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_before_a_clearing_is_not_kept() {
        let cache = SessionCache::default();
        let id = SessionId::of("a");
        let before = cache.get(id).expect_err("unknown");
        cache.clear();
        cache.put(before, id, Arc::new(Actor::Anonymous));
        let now = cache.get(id).expect_err("still unknown");
        cache.put(now, id, Arc::new(Actor::Anonymous));
        assert!(cache.get(id).is_ok());
        cache.clear();
        assert!(cache.get(id).is_err());
    }
}

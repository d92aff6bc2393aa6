//! The pipeline: takes conversations as they come in, runs the tenant's enabled tasks over each, and writes values
//! with their explanation to fields.
//!
//! Per conversation: eligible? → enabled? → filters → run → check against the output's form → write → record the run.
//! Every skip has a stored reason; a disabled task leaves no trace, and a task enabled later looks at what comes later.
//!
//! Invariants:
//! - The conversation's row is the work item. The attempt is counted when it is claimed, so that a conversation that
//!   kills its worker is parked after [`ATTEMPTS_MAX`] attempts all the same. Those that a dead worker had in hand are
//!   tried again one per round, after everything else of that round is written: only the one to blame is parked.
//! - A claim is a lease on the database's clock; results are written only while the claim is still ours (the attempt
//!   is the fence), all of one conversation in one transaction together with `done`.
//! - Tenants are visited in turn and give a few conversations each, so that none starves the others.
//! - Conversations of a tenant that is suspended or leaving wait as they are, and go on after it is reinstated.
//!
//! Next: [`Worker`] for the loop, `work` for what happens to one conversation.

mod smoke;
mod store;
#[cfg(test)]
mod tests;
mod work;

pub(crate) use smoke::{forget_smoke, smoke};

use crate::ctx::{Ctx, Reach, Services};
use crate::error::Result;
use crate::tasks::{self, EnabledTask};
use crate::usage;
use model::TenantId;
use model::conversations::ATTEMPTS_MAX;
use model::permission::{Permission, Scope};
use model::tenants::Status;
use model::usage::Meter;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Claimed, Finished};
use tokio::task::{JoinError, JoinHandle};
use uuid::Uuid;

/// Conversations of one round, and of one tenant in it. All are in memory at once, 1 MiB each at the very most, and
/// must be done within the lease.
const ROUND: i64 = 64;
const PER_TENANT: i64 = 16;
/// Tenants with schemas of their own that one statement looks at.
const DEDICATED: i64 = 64;
/// How long a worker sleeps when there is nothing to do.
const IDLE: Duration = Duration::from_millis(500);
/// How long it waits after the database failed it.
const TROUBLE: Duration = Duration::from_secs(5);
/// How often usage is rolled up.
const ROLLUP: Duration = Duration::from_secs(5);
/// How often health scores follow.
const HEALTH: Duration = Duration::from_secs(5);
/// How often checklists and grace periods are looked at, and how many tenants at a time.
const LIFECYCLE: Duration = Duration::from_secs(5);
const LIFECYCLE_BATCH: i64 = 100;
/// How often tenants are looked for that nobody uses.
const INACTIVITY: Duration = Duration::from_secs(3600);

/// Runs one task: a seam, so that tests can give the pipeline an engine that fails.
type Engine = dyn Fn(&str, &crate::engines::Request<'_>) -> Result<crate::engines::Outcome, crate::engines::EngineError>
    + Send
    + Sync;

/// The background work of one process. Any number of processes may run one each on the same database.
#[derive(Clone)]
pub struct Worker {
    services: Services,
    engine: Arc<Engine>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub done: u64,
    /// Attempts that failed and will be tried again.
    pub failed: u64,
    pub parked: u64,
}

impl Round {
    fn is_idle(self) -> bool {
        self == Self::default()
    }
}

impl Worker {
    pub fn new(services: Services) -> Self {
        Self { services, engine: Arc::new(crate::engines::run) }
    }

    /// Works until `stop` is ready; what is in hand is finished first.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let (tell, told) = tokio::sync::watch::channel(false);
        let pipeline = tokio::spawn(self.clone().analyse(told.clone()));
        let rollups = tokio::spawn(self.clone().roll_up(told.clone()));
        let health = tokio::spawn(self.clone().health(told.clone()));
        let operations = crate::operations::Runner::new(self.services.clone()).run(told.clone());
        let operations = tokio::spawn(operations);
        let notices = tokio::spawn(crate::notifications::run(self.services.clone(), told.clone()));
        let lifecycle = tokio::spawn(self.lifecycle(told));
        stop.await;
        let _ = tell.send(true);
        for task in [pipeline, rollups, health, operations, notices, lifecycle] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task died");
            }
        }
    }

    async fn analyse(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut after = Cursor::default();
        while !*stop.borrow() {
            let cx = self.services.system("pipeline");
            let pause = match self.round(&cx, &mut after).await {
                Ok(round) if round.is_idle() => IDLE,
                Ok(_) => continue,
                Err(error) => {
                    tracing::error!(%error, "the pipeline could not work");
                    TROUBLE
                }
            };
            wait(pause, &mut stop).await;
        }
    }

    async fn roll_up(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = usage::rollup(&self.services.system("rollup")).await {
                tracing::error!(%error, "usage could not be rolled up");
            }
            wait(ROLLUP, &mut stop).await;
        }
    }

    /// Scores follow the day and the usage.
    async fn health(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = crate::health::tick(&self.services.system("health")).await {
                tracing::error!(%error, "health could not be computed");
            }
            wait(HEALTH, &mut stop).await;
        }
    }

    /// Proves what checklists can prove, looks at what is watched, and ends access where a grace period is over.
    async fn lifecycle(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut idle_at: Option<Instant> = None;
        while !*stop.borrow() {
            let cx = self.services.system("lifecycle");
            if let Err(error) = crate::checklists::sweep(&cx, LIFECYCLE_BATCH).await {
                tracing::error!(%error, "checklists could not be checked");
            }
            if let Err(error) = crate::tenants::end_grace(&cx, LIFECYCLE_BATCH).await {
                tracing::error!(%error, "grace periods could not be ended");
            }
            if let Err(error) = crate::monitors::tick(&cx).await {
                tracing::error!(%error, "monitors could not be looked at");
            }
            if let Err(error) = crate::tenants::rules::tick(&cx, LIFECYCLE_BATCH).await {
                tracing::error!(%error, "the rules of lifecycle could not be applied");
            }
            if idle_at.is_none_or(|at| at.elapsed() > INACTIVITY) {
                idle_at = Some(Instant::now());
                if let Err(error) = crate::tenants::rules::inactive(&cx).await {
                    tracing::error!(%error, "inactive tenants could not be found");
                }
            }
            wait(LIFECYCLE, &mut stop).await;
        }
    }

    /// Works until nothing is left that may be done now: for tests, the demo fleet and the command line.
    pub async fn drain(&self) -> Result<Round> {
        let cx = self.services.system("pipeline");
        let (mut total, mut after) = (Round::default(), Cursor::default());
        loop {
            let round = self.round(&cx, &mut after).await?;
            if round.is_idle() {
                return Ok(total);
            }
            total.done += round.done;
            total.failed += round.failed;
            total.parked += round.parked;
        }
    }

    /// Claims from the tenants that follow `after` in the order of their ids, and works on what it got.
    async fn round(&self, cx: &Ctx, after: &mut Cursor) -> Result<Round> {
        cx.require(Permission::TenantList, Scope::Platform).await?;
        let mut claimed = claim(cx, Reach::Fleet, after.shared).await?;
        if claimed.is_empty() && !after.shared.is_nil() {
            claimed = claim(cx, Reach::Fleet, Uuid::nil()).await?;
        }
        // The last tenant visited; an empty round starts over.
        after.shared = claimed.last().map_or_else(Uuid::nil, |c| c.tenant.0);
        // Two that may have killed a worker are never in hand together.
        if !claimed.iter().any(|c| c.alone) {
            claimed.extend(dedicated(cx, &mut after.own).await?);
        }
        // What killed a worker comes last, when all others are written: it takes nobody along.
        claimed.sort_by_key(|c| (c.alone, c.tenant, c.id));
        let mut round = Round::default();
        let mut rest = claimed.as_slice();
        while let Some(first) = rest.first() {
            let here = rest.partition_point(|c| (c.alone, c.tenant) <= (first.alone, first.tenant));
            let (group, others) = rest.split_at(here);
            self.tenant(cx, first.tenant, group, &mut round).await?;
            rest = others;
        }
        Ok(round)
    }

    async fn tenant(&self, cx: &Ctx, tenant: TenantId, group: &[Claimed], round: &mut Round) -> Result<()> {
        let (exhausted, group): (Vec<_>, Vec<_>) = group.iter().partition(|c| c.attempts > ATTEMPTS_MAX);
        for claimed in exhausted {
            let why = format!("The worker died {ATTEMPTS_MAX} times over this conversation.");
            self.give_back(cx, claimed, &why, round).await?;
        }
        let mut read = cx.read(Reach::Tenant(tenant)).await?;
        let status = store::status(read.conn()).await?;
        let enabled: Arc<[EnabledTask]> = tasks::effective_for_pipeline(read.conn(), tenant).await?.into();
        drop(read);
        if !matches!(status, Some(Status::Trial | Status::Active)) {
            // Suspended since the claim: it waits, and the claim was no attempt.
            let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
            for claimed in group {
                store::put_back(tx.conn(), claimed).await?;
            }
            return tx.commit_unaudited("the queue of the pipeline").await;
        }
        // All at once: the runtime has a thread for each, the machine shares its cores among them.
        let working: Vec<_> = group.iter().map(|claimed| self.start(claimed, &enabled)).collect();
        let mut finished = Vec::with_capacity(group.len());
        for (claimed, working) in group.into_iter().zip(working) {
            match working.await {
                Ok(results) => finished.push(results),
                Err(error) => self.give_back(cx, claimed, &broken_down(error), round).await?,
            }
        }
        match finish(cx, tenant, &finished).await {
            Ok(done) => round.done += done,
            Err(error) => {
                // One of them spoils the batch: each on its own, so that only that one is held back.
                tracing::warn!(%error, %tenant, "results are written one by one");
                for one in finished {
                    self.finish_one(cx, tenant, one, round).await?;
                }
            }
        }
        Ok(())
    }

    async fn finish_one(&self, cx: &Ctx, tenant: TenantId, one: Finished, round: &mut Round) -> Result<()> {
        match finish(cx, tenant, std::slice::from_ref(&one)).await {
            Ok(done) => round.done += done,
            Err(error) => {
                self.give_back(cx, &one.claimed, &format!("Its results could not be stored: {error}"), round)
                    .await?
            }
        }
        Ok(())
    }

    /// Runs the tasks on a thread where an engine may take its time, and may panic.
    fn start(&self, claimed: &Claimed, enabled: &Arc<[EnabledTask]>) -> JoinHandle<Finished> {
        let (engine, enabled, mut claimed) = (self.engine.clone(), enabled.clone(), claimed.clone());
        let services = self.services.clone();
        tokio::task::spawn_blocking(move || {
            let turns = std::mem::take(&mut claimed.turns);
            let results = work::run(&*engine, &enabled, &claimed, &turns, || services.new_id());
            Finished { claimed, results }
        })
    }

    /// Ends a failed attempt: tried again a little later, or parked after the last one.
    async fn give_back(&self, cx: &Ctx, claimed: &Claimed, why: &str, round: &mut Round) -> Result<()> {
        let park = claimed.attempts >= ATTEMPTS_MAX;
        tracing::warn!(tenant = %claimed.tenant, conversation = %claimed.id, attempt = claimed.attempts, why, "an attempt failed");
        let mut tx = cx.begin(Reach::Tenant(claimed.tenant)).await?;
        let mine = store::give_back(tx.conn(), claimed, park, why).await?;
        tx.commit_unaudited("the queue of the pipeline").await?;
        if mine && park {
            round.parked += 1;
        } else if mine {
            round.failed += 1;
        }
        Ok(())
    }
}

fn broken_down(error: JoinError) -> String {
    let text = error.try_into_panic().ok().and_then(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
    });
    // The database holds no U+0000.
    format!("The engine broke down: {}", text.unwrap_or_else(|| "no reason given".into()).replace('\0', "?"))
}

async fn wait(pause: Duration, stop: &mut tokio::sync::watch::Receiver<bool>) {
    let _ = tokio::time::timeout(pause, stop.changed()).await;
}

/// The last tenants visited, of those that share tables and of those that have their own.
#[derive(Debug, Default)]
struct Cursor {
    shared: Uuid,
    own: Uuid,
}

/// Claims from the next tenants with schemas of their own where something waits; goes round all of them before it says
/// that nothing does.
async fn dedicated(cx: &Ctx, after: &mut Uuid) -> Result<Vec<Claimed>> {
    let (mut claimed, begun) = (Vec::new(), *after);
    loop {
        let mut read = cx.read(Reach::Fleet).await?;
        let next = store::dedicated(read.conn(), *after, DEDICATED).await?;
        let waiting = store::waiting(read.conn(), &next).await?;
        drop(read);
        for tenant in waiting {
            *after = tenant.0;
            claimed.extend(claim(cx, Reach::Within(tenant), Uuid::nil()).await?);
            if claimed.len() >= ROUND as usize || claimed.iter().any(|c| c.alone) {
                return Ok(claimed);
            }
        }
        match next.last() {
            Some(last) if next.len() == DEDICATED as usize => *after = last.0,
            _ => *after = Uuid::nil(),
        }
        if !claimed.is_empty() || after.is_nil() && begun.is_nil() || *after >= begun && !begun.is_nil() {
            return Ok(claimed);
        }
    }
}

async fn claim(cx: &Ctx, reach: Reach, after: Uuid) -> Result<Vec<Claimed>> {
    let mut tx = cx.begin(reach).await?;
    let mut claimed = store::claim(tx.conn(), after, ROUND, PER_TENANT).await?;
    tx.commit_unaudited("the queue of the pipeline").await?;
    claimed.sort_by_key(|c| (c.tenant, c.id));
    Ok(claimed)
}

/// Writes results where the claim still holds, with the usage that they are. Answers how many conversations that were.
async fn finish(cx: &Ctx, tenant: TenantId, finished: &[Finished]) -> Result<u64> {
    if finished.is_empty() {
        return Ok(0);
    }
    let mut tx = cx.begin(Reach::Tenant(tenant)).await?;
    let mine = store::done(tx.conn(), tenant, finished).await?;
    let results: Vec<_> = finished.iter().filter(|f| mine.contains(&f.claimed.id)).collect();
    store::insert_runs(tx.conn(), tenant, &results).await?;
    store::upsert_values(tx.conn(), tenant, &results).await?;
    let runs = results.iter().flat_map(|f| &f.results).filter(|result| result.is_run()).count();
    usage::store::add(tx.conn(), tenant, &[(Meter::TaskRuns, i64::try_from(runs).unwrap_or(i64::MAX))])
        .await?;
    tx.commit_unaudited("task runs have rows of their own").await?;
    Ok(results.len() as u64)
}

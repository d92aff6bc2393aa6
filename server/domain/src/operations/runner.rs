//! The runner: takes operations that are due and brings each to its end, forwards or, after a failure, backwards.
//!
//! Invariants: every write of a step proves in its own transaction that the operation is still this worker's (the fence);
//! an SQL step's effect and its row are one commit; a fault of the moment is tried again, anything else undoes what was
//! done, the last step first; an undo that fails stops there and waits for a person. Any number of processes may run one
//! each on the same database; one operation at a time works on a tenant.

mod backward;
mod fault;
mod forward;

use super::failpoint::Failpoints;
use super::step::Step;
use super::store::{self, Claimed, StepRow, Taken};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Services, Tx};
use crate::error::{Error, Result};
use fault::text;
use model::OperationId;
use model::notifications::Event;
use model::operations::{Kind, State, StepState};
use model::permission::Actor;
use model::plan_requests::{Decision, is_tenants_own};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};

/// Operations in the hands of one process at a time.
const HANDS: usize = 4;
const IDLE: Duration = Duration::from_millis(500);
const TROUBLE: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Tries of a step against faults of the moment, and the pause after the first.
const TRIES: i32 = 3;
const PAUSE: Duration = Duration::from_millis(100);
/// Claims without a finished step between them.
const CLAIMS: i32 = 5;
/// The newest form of payloads that this binary reads.
const PAYLOAD: i16 = 1;

/// The steps of a kind.
pub(super) type Kinds = fn(Kind) -> Option<&'static [Step]>;

/// See the module.
#[derive(Clone)]
pub struct Runner {
    services: Services,
    kinds: Kinds,
    points: Failpoints,
    worker: Arc<str>,
    stopping: Arc<AtomicBool>,
    beats: bool,
    /// Everything is done, and undone, twice.
    twice: bool,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("worker", &self.worker).finish_non_exhaustive()
    }
}

/// Ends its task when it is dropped.
struct Beating(Option<JoinHandle<()>>);

impl Drop for Beating {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Runner {
    pub fn new(services: Services) -> Self {
        let worker = format!("{}-{}", std::process::id(), services.new_id().simple());
        Self {
            services,
            kinds: super::kinds::of,
            points: Failpoints::from_env(),
            worker: worker.into(),
            stopping: Arc::default(),
            beats: true,
            twice: false,
        }
    }

    /// With other steps and failpoints of its own, for tests.
    #[cfg(test)]
    pub(super) fn with(mut self, kinds: Kinds, points: Failpoints) -> Self {
        (self.kinds, self.points) = (kinds, points);
        self
    }

    #[cfg(test)]
    pub(super) fn without_heartbeat(mut self) -> Self {
        self.beats = false;
        self
    }

    #[cfg(test)]
    pub(super) fn twice(mut self) -> Self {
        self.twice = true;
        self
    }

    /// Works until `stop` turns true; what is in hand is left after its current step, for any worker to go on with.
    pub async fn run(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut hands = JoinSet::new();
        while !*stop.borrow() {
            while hands.try_join_next().is_some() {}
            if hands.len() >= HANDS {
                tokio::select! { _ = hands.join_next() => {}, _ = stop.changed() => {} }
                continue;
            }
            let pause = match self.claim(None).await {
                Ok(Some(op)) => {
                    hands.spawn(self.clone().supervise(op));
                    continue;
                }
                Ok(None) => IDLE,
                Err(error) => {
                    tracing::error!(%error, "operations could not be claimed");
                    TROUBLE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.services.operations().notified() => {}
                _ = stop.changed() => {}
            }
        }
        self.stopping.store(true, Ordering::Relaxed);
        while hands.join_next().await.is_some() {}
    }

    /// Works until nothing is due; says how many operations were taken up. For tests, the demo fleet and the command line.
    pub async fn drain(&self) -> Result<u64> {
        let mut taken = 0;
        while let Some(op) = self.claim(None).await? {
            self.clone().supervise(op).await;
            taken += 1;
        }
        Ok(taken)
    }

    /// Brings one operation to its end here and now, or waits while another worker does; at most for `patience`. The work
    /// goes on where the patience ends, and where the caller does.
    pub async fn finish(&self, id: OperationId, patience: Duration) -> Result<State> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            if let Some(op) = self.claim(Some(id)).await? {
                let working = tokio::spawn(self.clone().supervise(op));
                let _ = tokio::time::timeout_at(deadline, working).await;
            }
            let mut read = self.services.system("operations").read(Reach::Fleet).await?;
            let (state, _) = store::state(read.conn(), id).await?.ok_or(Error::NotFound)?;
            drop(read);
            if state.is_settled() || tokio::time::Instant::now() >= deadline {
                return Ok(state);
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn claim(&self, only: Option<OperationId>) -> Result<Option<Claimed>> {
        let mut tx = self.services.system("operations").begin(Reach::Fleet).await?;
        match store::claim(tx.conn(), &self.worker, only).await {
            Ok(Some(Taken::Parked { tenant, id, kind, subject })) => {
                let operation = serde_json::json!({ "id": id, "kind": kind, "subject": subject });
                let data = serde_json::json!({ "operation": operation, "problem": store::UNKNOWN, "state": State::Parked });
                crate::notifications::announce(&mut tx, tenant, Event::NeedsOperator, data).await?;
                let event = AuditEvent::on(tenant, "operation.parked", format!("{kind} {subject}"))
                    .reason(store::UNKNOWN)
                    .after(serde_json::json!({ "operation": id }));
                tx.commit(event).await?;
                Ok(None)
            }
            Ok(claimed) => {
                tx.commit_unaudited("leases of the ledger").await?;
                Ok(match claimed {
                    Some(Taken::Ours(op)) => Some(*op),
                    _ => None,
                })
            }
            // Two workers took two operations of one tenant: the other one has it.
            Err(Error::Database(sqlx::Error::Database(db)))
                if db.constraint() == Some("operation_holds_tenant") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Executes on a task of its own: a panic ends the task, not the runner, and gives the operation back.
    async fn supervise(self, op: Claimed) {
        let op = Arc::new(op);
        let outcome = tokio::spawn(self.clone().execute(op.clone())).await;
        let why = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic.to_string(),
        };
        tracing::error!(operation = %op.id, kind = op.kind.as_str(), attempt = op.attempt, why, "an operation was interrupted");
        let given_back = async {
            let mut tx = self.services.system("operations").begin(Reach::Fleet).await?;
            store::log(tx.conn(), &op, 0, &[text(&format!("Interrupted, to be taken up again: {why}"))])
                .await?;
            store::release(tx.conn(), &op).await?;
            tx.commit_unaudited("leases of the ledger").await
        };
        if let Err(error) = given_back.await {
            tracing::warn!(%error, operation = %op.id, "not given back; its lease will end");
        }
    }

    async fn execute(self, op: Arc<Claimed>) -> Result<()> {
        let _beating = self.beat(op.clone());
        let Some(kind) = (self.kinds)(op.kind).filter(|_| op.payload_version <= PAYLOAD) else {
            return self.park(&op, "This version of the server cannot read this operation.").await;
        };
        let mut op = op;
        if op.attempt > CLAIMS {
            let why = format!("Its worker died {CLAIMS} times over this step.");
            if op.state == State::Undoing {
                return self.end(&op, State::NeedsOperator, Some(&why), None).await;
            }
            let rows = self.rows(&op).await?;
            let at = rows.iter().find(|row| row.state != StepState::Done).map_or(0, |row| row.seq);
            if super::kinds::keeps(op.kind) {
                return self.park(&op, &why).await;
            }
            if !self.turn_back(&mut op, at, State::Failed, Some(&why)).await? {
                return Ok(());
            }
        }
        if op.state == State::Running && !self.forward(kind, &mut op).await? {
            return Ok(());
        }
        self.backward(kind, &op).await
    }

    /// The end, with an audit line where a person may have to know.
    async fn end(&self, op: &Claimed, to: State, error: Option<&str>, result: Option<&Value>) -> Result<()> {
        let mut tx = self.tx(op).await?;
        if !store::turn(tx.conn(), op, to, None, error, result).await? {
            return Ok(());
        }
        let own = is_tenants_own(&op.payload);
        // Before this end is written down itself.
        let failed_before = own && store::asked::has_failed(tx.conn(), op.tenant, op.id).await?;
        store::log(tx.conn(), op, 0, &[store::asked::ended(to)]).await?;
        let told: &[Event] = match to {
            State::Failed if op.kind == Kind::Provision => &[Event::ProvisioningFailed],
            State::Failed => &[Event::OperationFailed],
            // Bulk work of which some failed: whoever asked for it hears of it as well.
            State::Parked if op.kind == Kind::Bulk => &[Event::OperationFailed, Event::NeedsOperator],
            State::Parked | State::NeedsOperator => &[Event::NeedsOperator],
            _ => &[],
        };
        for event in told {
            let why = error.or(op.error.as_deref()).unwrap_or_default();
            let operation =
                serde_json::json!({ "id": op.id, "kind": op.kind.label(), "subject": op.subject });
            let requester = if own {
                // What went wrong inside is for whoever let it begin, not for the tenant's people who asked.
                let approver = store::asked::approver(tx.conn(), op.tenant, op.id).await?;
                Some(approver.unwrap_or_default())
            } else {
                store::person(tx.cx().actor())
            };
            let mut data = serde_json::json!({ "operation": operation, "problem": why, "state": to, "requester": requester });
            // Whoever hears that what they asked for failed does not hear it again as one who runs the platform.
            if *event == Event::NeedsOperator && told.contains(&Event::OperationFailed) {
                data["told"] = serde_json::json!(requester);
            }
            crate::notifications::announce(&mut tx, op.tenant, *event, data).await?;
        }
        // The tenant's people who asked are told once that it came to nothing, whatever operators try or take back after it.
        let decision = match to {
            _ if failed_before => None,
            State::Failed => Some(Decision::Failed),
            State::Cancelled | State::RolledBack => Some(Decision::CalledOff),
            _ => None,
        };
        if let Some(decision) = decision {
            crate::tenants::tell_decision(&mut tx, op.tenant, &op.payload, None, decision, None).await?;
        }
        let action = match to {
            State::Failed => "operation.failed",
            State::NeedsOperator => "operation.needs_operator",
            State::Parked => "operation.parked",
            State::Cancelled => "operation.cancelled",
            State::RolledBack => "operation.rolled_back",
            _ => return tx.commit_unaudited("its steps have said what they did").await,
        };
        let mut event = AuditEvent::on(op.tenant, action, format!("{} {}", op.kind.label(), op.subject))
            .after(serde_json::json!({ "operation": op.id }));
        if let Some(why) = error.or(op.error.as_deref()) {
            event = event.reason(why);
        }
        tx.commit(event).await
    }

    async fn park(&self, op: &Claimed, why: &str) -> Result<()> {
        self.end(op, State::Parked, Some(why), None).await
    }

    async fn rows(&self, op: &Claimed) -> Result<Vec<StepRow>> {
        let mut read = self.services.system("operations").read(Reach::Fleet).await?;
        store::steps(read.conn(), op).await
    }

    /// In the name of whoever asked.
    fn cx(&self, op: &Claimed) -> Result<Ctx> {
        let actor: Actor = serde_json::from_value(op.requested_by.clone())?;
        Ok(self.services.ctx(actor, op.request_id.as_str()))
    }

    async fn tx(&self, op: &Claimed) -> Result<Tx> {
        self.cx(op)?.begin(Reach::Fleet).await
    }

    async fn point(&self, op: &Claimed, step: &Step, what: &str) -> Result<()> {
        self.points.at(|| format!("{}.{}.{what}", op.kind.as_str(), step.name)).await
    }

    fn beat(&self, op: Arc<Claimed>) -> Beating {
        if !self.beats {
            return Beating(None);
        }
        let cx = self.services.system("operations");
        Beating(Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                let beaten = async {
                    let mut tx = cx.begin(Reach::Fleet).await?;
                    let ours = store::beat(tx.conn(), &op).await?;
                    tx.commit_unaudited("leases of the ledger").await?;
                    Ok::<_, Error>(ours)
                };
                match beaten.await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => tracing::warn!(%error, operation = %op.id, "no heartbeat"),
                }
            }
        })))
    }
}

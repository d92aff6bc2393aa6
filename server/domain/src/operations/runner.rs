//! The runner: takes operations that are due and brings each to its end, forwards or, after a failure, backwards.
//!
//! Invariants: every write of a step proves in its own transaction that the operation is still this worker's (the fence);
//! an SQL step's effect and its row are one commit; a fault of the moment is tried again, anything else undoes what was
//! done, the last step first; an undo that fails stops there and waits for a person. Any number of processes may run one
//! each on the same database; one operation at a time works on a tenant.

use super::failpoint::Failpoints;
use super::step::{At, Effect, Step};
use super::store::{self, Claimed, Held, StepRow};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Services, Tx};
use crate::error::{Error, Result};
use model::OperationId;
use model::notifications::Event;
use model::operations::{Kind, State, StepState};
use model::permission::Actor;
use serde_json::Value;
use std::collections::BTreeMap;
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

/// How the attempts at one step ended.
enum Ended {
    Done(Value, Held),
    Failed(Error),
    /// The operation is another worker's by now.
    Lost,
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
            Ok(claimed) => {
                tx.commit_unaudited("leases of the ledger").await?;
                Ok(claimed)
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
            if !self.turn_back(&mut op, at, State::Failed, Some(&why)).await? {
                return Ok(());
            }
        }
        if op.state == State::Running && !self.forward(kind, &mut op).await? {
            return Ok(());
        }
        self.backward(kind, &op).await
    }

    /// Does step after step. True where it has to turn back.
    async fn forward(&self, kind: &'static [Step], op: &mut Arc<Claimed>) -> Result<bool> {
        let rows = self.rows(op).await?;
        let mut outputs = BTreeMap::new();
        for row in &rows {
            if row.state == StepState::Done {
                outputs.insert(row.name.clone(), row.output.clone().unwrap_or_default());
                continue;
            }
            let Some(step) = kind.iter().find(|step| step.name == row.name) else {
                let why = format!("This version of the server does not know the step “{}”.", row.name);
                self.park(op, &why).await?;
                return Ok(false);
            };
            match self.step(op, step, row, &Arc::new(outputs.clone())).await? {
                Ended::Lost => return Ok(false),
                Ended::Failed(error) => {
                    return self.turn_back(op, row.seq, State::Failed, Some(&words(&error))).await;
                }
                Ended::Done(value, held) => {
                    outputs.insert(row.name.clone(), value);
                    // After the last step there is nothing left to call off.
                    let last = rows.last().is_some_and(|last| last.seq == row.seq);
                    if let Some(stop) = held.stop.filter(|_| !last) {
                        return self.turn_back(op, 0, stop, None).await;
                    }
                }
            }
            if self.stopping.load(Ordering::Relaxed) {
                let mut tx = self.tx(op).await?;
                store::release(tx.conn(), op).await?;
                tx.commit_unaudited("leases of the ledger").await?;
                return Ok(false);
            }
        }
        self.end(op, State::Succeeded, None, outputs.get("criteria").or(outputs.values().last())).await?;
        Ok(false)
    }

    async fn step(
        &self,
        op: &Arc<Claimed>,
        step: &'static Step,
        row: &StepRow,
        outputs: &Arc<BTreeMap<String, Value>>,
    ) -> Result<Ended> {
        let mut tries = 0;
        let mut begun = row.state == StepState::Running;
        loop {
            tries += 1;
            let outcome = match step.effect {
                Effect::Sql => self.sql(op, step, row, outputs).await,
                Effect::Outside => self.outside(op, step, row, outputs, begun).await,
            };
            begun = true;
            let error = match outcome {
                Ok(Some((value, held))) => return Ok(Ended::Done(value, held)),
                Ok(None) => return Ok(Ended::Lost),
                Err(error) => error,
            };
            tracing::warn!(%error, operation = %op.id, step = step.name, tries, "a step failed");
            if !is_of_the_moment(&error) || tries >= TRIES {
                return Ok(Ended::Failed(error));
            }
            let line = format!("Attempt {tries} failed and will be repeated: {}", words(&error));
            let mut tx = self.tx(op).await?;
            store::log(tx.conn(), op, row.seq, &[line]).await?;
            tx.commit_unaudited("the log of the ledger").await?;
            tokio::time::sleep(PAUSE * 4_u32.pow(u32::try_from(tries - 1).unwrap_or(0))).await;
        }
    }

    /// Effect and row in one transaction. `None`: lost.
    async fn sql(
        &self,
        op: &Arc<Claimed>,
        step: &'static Step,
        row: &StepRow,
        outputs: &Arc<BTreeMap<String, Value>>,
    ) -> Result<Option<(Value, Held)>> {
        self.point(op, step, "do.before").await?;
        let tx = self.tx(op).await?;
        let mut at = At::new(self.cx(op)?, op.clone(), step.name, outputs.clone(), Some(tx));
        let mut value = (step.act)(&mut at).await?;
        if self.twice {
            value = (step.act)(&mut at).await?;
        }
        self.point(op, step, "do.after").await?;
        let held = self.record(op, step, row, at, StepState::Done, true, Some(&value)).await?;
        Ok(held.map(|held| (value, held)))
    }

    /// Intent, effect, result. `begun`: an attempt before this one may have had its effect.
    async fn outside(
        &self,
        op: &Arc<Claimed>,
        step: &'static Step,
        row: &StepRow,
        outputs: &Arc<BTreeMap<String, Value>>,
        begun: bool,
    ) -> Result<Option<(Value, Held)>> {
        let mut tx = self.tx(op).await?;
        if store::hold(tx.conn(), op, false).await?.is_none() {
            return Ok(None);
        }
        store::set_step(tx.conn(), op, row.seq, StepState::Running, true, None, None).await?;
        tx.commit_unaudited("the intent of a step").await?;
        self.point(op, step, "do.before").await?;
        let mut at = At::new(self.cx(op)?, op.clone(), step.name, outputs.clone(), None);
        let there = if begun { (step.check)(&mut at).await? } else { None };
        if self.twice {
            (step.act)(&mut at).await?;
        }
        let value = match there {
            Some(value) => value,
            None => (step.act)(&mut at).await?,
        };
        self.point(op, step, "do.after").await?;
        let held = self.record(op, step, row, at, StepState::Done, false, Some(&value)).await?;
        Ok(held.map(|held| (value, held)))
    }

    /// Commits what a step did together with its row, if the operation is still ours.
    async fn record(
        &self,
        op: &Arc<Claimed>,
        step: &'static Step,
        row: &StepRow,
        at: At,
        state: StepState,
        begin: bool,
        output: Option<&Value>,
    ) -> Result<Option<Held>> {
        let (tx, audit, log) = at.into_parts();
        let mut tx = match tx {
            Some(tx) => tx,
            None => self.tx(op).await?,
        };
        tx.switch(Reach::Fleet).await?;
        let Some(held) = store::hold(tx.conn(), op, true).await? else { return Ok(None) };
        store::set_step(tx.conn(), op, row.seq, state, begin, output, None).await?;
        if !log.is_empty() {
            store::log(tx.conn(), op, row.seq, &log).await?;
        }
        if audit.is_empty() {
            tx.commit_unaudited("the row of the step is the record").await?;
        } else {
            tx.commit_all(audit).await?;
        }
        let what = if state == StepState::Done { "do.committed" } else { "undo.committed" };
        self.point(op, step, what).await?;
        Ok(Some(held))
    }

    /// From forwards to backwards, in one commit with what is known about the step that failed. False: lost.
    async fn turn_back(
        &self,
        op: &mut Arc<Claimed>,
        seq: i16,
        ends_as: State,
        error: Option<&str>,
    ) -> Result<bool> {
        let mut tx = self.tx(op).await?;
        if let Some(error) = error.filter(|_| seq > 0) {
            store::set_step(tx.conn(), op, seq, StepState::Failed, true, None, Some(error)).await?;
        }
        let line = match error {
            Some(error) => format!("{error} What was done is being undone."),
            None => "Called off. What was done is being undone.".to_owned(),
        };
        store::log(tx.conn(), op, seq, &[line]).await?;
        if !store::turn(tx.conn(), op, State::Undoing, Some(ends_as), error, None).await? {
            return Ok(false);
        }
        tx.commit_unaudited("the ledger").await?;
        let turned = Arc::make_mut(op);
        (turned.state, turned.ends_as, turned.error) =
            (State::Undoing, Some(ends_as), error.map(str::to_owned));
        Ok(true)
    }

    /// Undoes what was done, the last step first.
    async fn backward(&self, kind: &'static [Step], op: &Arc<Claimed>) -> Result<()> {
        let rows = self.rows(op).await?;
        let outputs: BTreeMap<_, _> =
            rows.iter().filter_map(|row| Some((row.name.clone(), row.output.clone()?))).collect();
        let outputs = Arc::new(outputs);
        for row in rows.iter().rev() {
            let Some(step) = kind.iter().find(|step| step.name == row.name) else {
                let why = format!("This version of the server does not know the step “{}”.", row.name);
                return self.end(op, State::NeedsOperator, Some(&why), None).await;
            };
            // A failed SQL step was never committed.
            let undo = match row.state {
                StepState::Done | StepState::Running | StepState::UndoFailed => true,
                StepState::Failed => step.effect == Effect::Outside,
                StepState::Pending | StepState::Undone => false,
            };
            if !undo {
                continue;
            }
            let mut tries = 0;
            loop {
                tries += 1;
                let error = match self.undo(op, step, row, &outputs).await {
                    Ok(Some(_)) => break,
                    Ok(None) => return Ok(()),
                    Err(error) => error,
                };
                tracing::warn!(%error, operation = %op.id, step = step.name, tries, "an undo failed");
                if is_of_the_moment(&error) && tries < TRIES {
                    tokio::time::sleep(PAUSE * 4_u32.pow(u32::try_from(tries - 1).unwrap_or(0))).await;
                    continue;
                }
                let why = words(&error);
                let mut tx = self.tx(op).await?;
                store::set_step(tx.conn(), op, row.seq, StepState::UndoFailed, false, None, Some(&why))
                    .await?;
                tx.commit_unaudited("the ledger").await?;
                let why = format!("“{}” could not be undone: {why}", step.label);
                return self.end(op, State::NeedsOperator, Some(&why), None).await;
            }
        }
        self.end(op, op.ends_as.unwrap_or(State::Failed), None, None).await
    }

    async fn undo(
        &self,
        op: &Arc<Claimed>,
        step: &'static Step,
        row: &StepRow,
        outputs: &Arc<BTreeMap<String, Value>>,
    ) -> Result<Option<Held>> {
        self.point(op, step, "undo.before").await?;
        let tx = match step.effect {
            Effect::Sql => Some(self.tx(op).await?),
            Effect::Outside => None,
        };
        let mut at = At::new(self.cx(op)?, op.clone(), step.name, outputs.clone(), tx);
        (step.undo)(&mut at).await?;
        if self.twice {
            (step.undo)(&mut at).await?;
        }
        self.point(op, step, "undo.after").await?;
        // The step that failed keeps its word and its error: it is what people look for.
        if row.state == StepState::Failed {
            let mut tx = self.tx(op).await?;
            return store::hold(tx.conn(), op, true).await;
        }
        self.record(op, step, row, at, StepState::Undone, false, None).await
    }

    /// The end, with an audit line where a person may have to know.
    async fn end(&self, op: &Claimed, to: State, error: Option<&str>, result: Option<&Value>) -> Result<()> {
        let mut tx = self.tx(op).await?;
        if !store::turn(tx.conn(), op, to, None, error, result).await? {
            return Ok(());
        }
        store::log(tx.conn(), op, 0, &[format!("{}.", to.label())]).await?;
        let told = match to {
            State::Failed if op.kind == Kind::Provision => Some(Event::ProvisioningFailed),
            State::Failed => Some(Event::OperationFailed),
            State::NeedsOperator => Some(Event::NeedsOperator),
            _ => None,
        };
        if let Some(event) = told {
            let why = error.or(op.error.as_deref()).unwrap_or_default();
            let operation =
                serde_json::json!({ "id": op.id, "kind": op.kind.label(), "subject": op.subject });
            let data = serde_json::json!({ "operation": operation, "problem": why });
            crate::notifications::announce(&mut tx, op.tenant, event, data).await?;
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

/// Whether trying again may help.
fn is_of_the_moment(error: &Error) -> bool {
    match error {
        // Integrity (23…), rights (42501) and what a check refuses stay as they are.
        Error::Database(sqlx::Error::Database(db)) => !db
            .code()
            .is_some_and(|code| code.starts_with("23") || code.starts_with("42") || code.starts_with("22")),
        Error::Busy | Error::Database(_) | Error::Internal(_) | Error::Throttled { .. } => true,
        Error::NotFound
        | Error::SignIn
        | Error::Forbidden(_)
        | Error::Closed(_)
        | Error::Suspended(_)
        | Error::Invalid(_)
        | Error::Conflict(_)
        | Error::OtherContent(_)
        | Error::OverQuota { .. } => false,
    }
}

/// An error as an operator reads it.
fn words(error: &Error) -> String {
    let said = match error {
        Error::Conflict(why) => why.clone(),
        Error::Invalid(fields) => fields.0.values().cloned().collect::<Vec<_>>().join(" "),
        Error::NotFound => "What it is about is not there.".to_owned(),
        other => format!("{other}."),
    };
    text(&said)
}

/// The database holds no U+0000.
fn text(said: &str) -> String {
    said.replace('\0', "?").chars().take(2_000).collect()
}

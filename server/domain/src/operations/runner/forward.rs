//! Forwards: step after step, each with its row in one commit, and the turn where one fails.

use super::fault::{is_of_the_moment, words};
use super::{PAUSE, Runner, TRIES};
use crate::ctx::Reach;
use crate::error::{Error, Result};
use crate::operations::kinds;
use crate::operations::step::{At, Effect, Next, Step};
use crate::operations::store::{self, Claimed, Held, StepRow};
use model::operations::{State, StepState};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How the attempts at one step ended.
enum Ended {
    Done(Value, Held),
    Failed(Error),
    /// It goes on later, in whoever's hands.
    Later,
    /// Somebody called it off between two turns of one step.
    Stopped(State),
    /// It waits for a person.
    Parked(String),
    /// The operation is another worker's by now.
    Lost,
}

impl Runner {
    /// Does step after step. True where it has to turn back.
    pub(super) async fn forward(&self, kind: &'static [Step], op: &mut Arc<Claimed>) -> Result<bool> {
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
                Ended::Lost | Ended::Later => return Ok(false),
                Ended::Stopped(stop) => return self.turn_back(op, 0, stop, None).await,
                Ended::Parked(why) => {
                    self.park(op, &why).await?;
                    return Ok(false);
                }
                Ended::Failed(error) if kinds::keeps(op.kind) => {
                    let why = words(&error);
                    let mut tx = self.tx(op).await?;
                    if store::hold(tx.conn(), op, false).await?.is_some() {
                        let failed = StepState::Failed;
                        store::set_step(tx.conn(), op, row.seq, failed, false, None, Some(&why)).await?;
                        tx.commit_unaudited("the ledger").await?;
                        self.park(op, &why).await?;
                    }
                    return Ok(false);
                }
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
                Effect::Outside => self.outside(op, step, row, outputs, begun).await.map(|done| match done {
                    Some((value, held)) => Ended::Done(value, held),
                    None => Ended::Lost,
                }),
            };
            begun = true;
            let error = match outcome {
                Ok(ended) => return Ok(ended),
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

    /// Effect and row in one transaction.
    async fn sql(
        &self,
        op: &Arc<Claimed>,
        step: &'static Step,
        row: &StepRow,
        outputs: &Arc<BTreeMap<String, Value>>,
    ) -> Result<Ended> {
        self.point(op, step, "do.before").await?;
        let tx = self.tx(op).await?;
        let mut at = At::new(self.cx(op)?, op.clone(), step.name, outputs.clone(), Some(tx));
        let mut value = (step.act)(&mut at).await?;
        if self.twice {
            at.take_next();
            value = (step.act)(&mut at).await?;
        }
        self.point(op, step, "do.after").await?;
        let (next, began) = (at.take_next(), row.state != StepState::Running);
        match next {
            Next::Done => {
                let held = self.record(op, step, row, at, StepState::Done, began, Some(&value)).await?;
                Ok(held.map_or(Ended::Lost, |held| Ended::Done(value, held)))
            }
            Next::Park(why) => {
                let held = self.record(op, step, row, at, StepState::Failed, began, Some(&value)).await?;
                Ok(held.map_or(Ended::Lost, |_| Ended::Parked(why)))
            }
            Next::Again(after) => {
                let held = self.record(op, step, row, at, StepState::Running, began, Some(&value)).await?;
                match held {
                    None => Ok(Ended::Lost),
                    Some(Held { stop: Some(stop) }) => Ok(Ended::Stopped(stop)),
                    Some(Held { stop: None }) => {
                        let mut tx = self.tx(op).await?;
                        store::pause(tx.conn(), op, after.as_secs_f64()).await?;
                        tx.commit_unaudited("leases of the ledger").await?;
                        // What it has asked for can begin.
                        self.services.operations().notify_one();
                        Ok(Ended::Later)
                    }
                }
            }
        }
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
    pub(super) async fn record(
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
        let what = if state == StepState::Undone { "undo.committed" } else { "do.committed" };
        self.point(op, step, what).await?;
        Ok(Some(held))
    }

    /// From forwards to backwards, in one commit with what is known about the step that failed. False: lost.
    pub(super) async fn turn_back(
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
            None if kinds::keeps(op.kind) => {
                "Called off. What has begun comes to its end, the rest does not begin.".to_owned()
            }
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
}

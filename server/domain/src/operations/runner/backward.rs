//! Backwards: what was done is undone, the last step first.

use super::fault::{is_of_the_moment, words};
use super::{PAUSE, Runner, TRIES};
use crate::error::Result;
use crate::operations::step::{At, Effect, Step};
use crate::operations::store::{self, Claimed, Held, StepRow};
use model::operations::{State, StepState};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Runner {
    /// Undoes what was done, the last step first.
    pub(super) async fn backward(&self, kind: &'static [Step], op: &Arc<Claimed>) -> Result<()> {
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
}

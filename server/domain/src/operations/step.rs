//! What a step is, and what it gets: `{ do, check, undo }`, each of which may be called again after it was called.
//!
//! A step whose effect is SQL writes into the transaction that also records it: both are there or neither. A step with
//! an effect elsewhere (its own transactions, the pipeline, a probe) has its intent on record first; after a crash its
//! check says whether the effect is there already.

use super::store::Claimed;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use model::TenantId;
use model::operations::State;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The work of one part of a step.
pub(crate) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Where the effect of a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// In the transaction that it is handed.
    Sql,
    /// Anywhere else.
    Outside,
}

/// A step of a kind of operation.
pub(crate) struct Step {
    /// The word in the ledger; never changes its meaning.
    pub name: &'static str,
    /// For people, as an order: "Create the record".
    pub label: &'static str,
    pub effect: Effect,
    /// Brings the effect about; answers the evidence.
    pub act: for<'a> fn(&'a mut At) -> Work<'a, Value>,
    /// The evidence again if the effect is there, else nothing. Changes nothing.
    pub check: for<'a> fn(&'a mut At) -> Work<'a, Option<Value>>,
    /// Takes the effect away, also where only a part of it is there, or none.
    pub undo: for<'a> fn(&'a mut At) -> Work<'a, ()>,
}

/// A step of the functions `act`, `check` and `undo` of a module.
macro_rules! step {
    ($effect:ident, $name:literal, $label:literal, $($at:ident)::+) => {
        $crate::operations::step::Step {
            name: $name,
            label: $label,
            effect: $crate::operations::step::Effect::$effect,
            act: |at| Box::pin($($at)::+::act(at)),
            check: |at| Box::pin($($at)::+::check(at)),
            undo: |at| Box::pin($($at)::+::undo(at)),
        }
    };
}
pub(crate) use step;

/// How a step goes on after it was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is done.
    #[default]
    Done,
    /// What it did is committed, and it is called again after this time; whoever is free takes it.
    Again(Duration),
    /// The operation stops where it is, and waits for a person.
    Park(String),
}

/// Where a step stands when it is called.
pub(crate) struct At {
    /// In the name of whoever asked for the operation.
    pub cx: Ctx,
    pub op: Arc<Claimed>,
    /// The same for every attempt at this step: what an outside service is told, so that it does it once.
    pub key: String,
    /// The evidence of the steps before it.
    pub outputs: Arc<BTreeMap<String, Value>>,
    /// Why it is undone.
    pub ending: Option<State>,
    tx: Option<Tx>,
    audit: Vec<AuditEvent>,
    log: Vec<String>,
    next: Next,
}

impl At {
    pub(super) fn new(
        cx: Ctx,
        op: Arc<Claimed>,
        name: &str,
        outputs: Arc<BTreeMap<String, Value>>,
        tx: Option<Tx>,
    ) -> Self {
        let (key, ending) = (format!("{}/{name}", op.id), op.ends_as);
        Self { cx, op, key, outputs, ending, tx, audit: vec![], log: vec![], next: Next::Done }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.op.tenant
    }

    /// What was asked for.
    ///
    /// # Errors
    /// `Internal` where this binary does not understand it.
    pub(crate) fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_value(self.op.payload.clone())?)
    }

    /// The transaction of an SQL step, with the reach `Fleet` to begin with.
    pub(crate) fn conn(&mut self) -> Result<&mut PgConnection> {
        match &mut self.tx {
            Some(tx) => Ok(tx.conn()),
            None => Err(Error::Internal("a step outside SQL has no transaction".into())),
        }
    }

    /// The same transaction, for what writes by itself.
    pub(crate) fn tx(&mut self) -> Result<&mut Tx> {
        self.tx.as_mut().ok_or_else(|| Error::Internal("a step outside SQL has no transaction".into()))
    }

    /// Goes on in the same transaction as another role.
    pub(crate) async fn reach(&mut self, reach: Reach) -> Result<&mut PgConnection> {
        match &mut self.tx {
            Some(tx) => {
                tx.switch(reach).await?;
                Ok(tx.conn())
            }
            None => Err(Error::Internal("a step outside SQL has no transaction".into())),
        }
    }

    /// A line in the audit log, written with the step.
    pub(crate) fn audit(&mut self, event: AuditEvent) {
        self.audit.push(event);
    }

    /// A line in the operation's log, written with the step.
    pub(crate) fn log(&mut self, message: impl Into<String>) {
        self.log.push(message.into());
    }

    /// It is not over: what it did is committed, and it is called again. For steps of SQL.
    pub(crate) fn again(&mut self, after: Duration) {
        self.next = Next::Again(after);
    }

    /// It cannot go on, and nothing is to be undone. For steps of SQL.
    pub(crate) fn park(&mut self, why: impl Into<String>) {
        self.next = Next::Park(why.into());
    }

    pub(super) fn take_next(&mut self) -> Next {
        std::mem::take(&mut self.next)
    }

    pub(super) fn into_parts(self) -> (Option<Tx>, Vec<AuditEvent>, Vec<String>) {
        (self.tx, self.audit, self.log)
    }
}

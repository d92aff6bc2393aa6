//! The rules of Steward and the only SQL.
//!
//! Every public service function takes a [`Ctx`] and starts with `cx.require(permission, scope)`. Reads go through
//! [`Ctx::read`], writes through [`Ctx::begin`], and the only way to commit a write is [`Tx::commit`] with an
//! [`AuditEvent`]: a write cannot forget its permission or its audit line.
//!
//! To add a feature: a migration, the types in `model`, a folder here with `mod.rs` (rules) and `store.rs` (SQL,
//! `pub(super)`), then pages in `app`. Start reading at [`tenants`].

pub mod api_keys;
pub mod audit;
pub mod bulk;
pub mod charts;
pub mod checklists;
pub mod conversations;
pub mod ctx;
pub mod db;
pub mod demo;
pub mod engines;
pub mod error;
pub mod fields;
mod fresh;
pub mod health;
pub mod isolation;
pub mod limits;
pub mod monitors;
pub mod notifications;
pub mod operations;
pub mod outward;
pub mod overview;
pub mod pipeline;
pub mod plans;
pub mod platform_keys;
pub mod seal;
pub mod settings;
mod sheet;
pub mod signup;
pub mod tasks;
pub mod templates;
pub mod tenants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod usage;
pub mod users;
pub mod vectors;
pub mod webhooks;

pub use audit::AuditEvent;
pub use ctx::{Ctx, Deployment, Read, Services, Tx};
pub use error::{Error, Result};

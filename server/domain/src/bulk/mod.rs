//! Work on many tenants at once (R141): suspend, reinstate, change plan, apply a template, set the
//! owner, change tags.
//!
//! Invariants: a set is frozen when it is previewed, and nothing is added to it later; the work asks for the very
//! operations that the single move asks for, with their rules, their approval and their audit lines, one per tenant; a
//! tenant that changed since the preview is left out and says so. Nothing is undone as a whole: what fails parks the
//! bulk operation, and Retry tries the failed ones again. Start at [`freeze`], go on in [`run`].

mod freeze;
mod run;
mod show;
mod store;
#[cfg(test)]
mod tests;

pub use freeze::{form, preview, start, sweep};
pub(crate) use run::{STEPS, dropped, retried};
pub use show::{outcome, show};

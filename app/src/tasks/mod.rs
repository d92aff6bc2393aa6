//! AI tasks of a tenant: cards by state, one task, overriding it, comparing it with the default, reverting it (R34–R39).
//!
//! Violet means “differs from the default” and nothing else: whether it does is `model::tasks::resolve`'s answer alone.

mod api;
mod card;
mod compare;
mod detail;
mod form;
mod list;
mod revert;

pub use compare::TaskComparePage;
pub use detail::TaskPage;
pub use form::TaskOverridePage;
pub use list::TasksPage;
pub use revert::TaskRevertPage;

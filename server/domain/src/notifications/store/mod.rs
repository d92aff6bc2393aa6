//! SQL of notices: the outbox with its recipients, the queue of deliveries, and their log.

pub(super) mod log;
pub(super) mod outbox;
pub(super) mod queue;

//! Real processes that die.

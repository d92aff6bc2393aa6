//! The runner by itself.

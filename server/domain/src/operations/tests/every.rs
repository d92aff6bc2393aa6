//! The generic tests over every kind.

//! Operations: long work on tenants, and what people do to it.

pub mod api;

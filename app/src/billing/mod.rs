//! Billing, as far as the life of a tenant depends on it (R78): payments that did not come, and what follows from them.

mod api;
mod page;
mod reference;

pub use page::BillingPage;

//! Work on many tenants: chosen in the directory, asked for, previewed, confirmed, and followed on its operation's page.
//!
//! What is chosen stands in the address until the preview freezes it; every step is a plain link or form.

pub mod api;
mod outcome;
mod preview;
mod select;
mod setup;

pub use outcome::Outcomes;
pub use preview::BulkPage;
pub use select::{Bar, SelectAll};
pub use setup::BulkSetupPage;

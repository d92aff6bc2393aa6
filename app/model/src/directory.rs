//! The directory of tenants: the query that its URL holds, the rows that it shows, and what an import carries.
//!
//! The URL is the state (`ux.md` 4.1): [`Query::parse`] and [`Query::to_query`] are each other's inverse, keys repeat
//! (`status=active&status=trial`), and what is not understood is ignored and named, never an error (N1, N2).

mod filter;
mod import;
mod page;
mod query;
mod sort;
#[cfg(test)]
mod tests;

pub use filter::{FILTERS, Filter, Term};
pub use import::{IMPORT_BYTES, IMPORT_PAGE, IMPORT_ROWS, Import, ImportRow, NewTenant, import_refusal};
pub use page::{COUNTED, Choice, Directory, Facets, Hint, Hit, Listing, TenantRow, View, ViewCount};
pub use query::{Cursor, Ignored, Query, ROWS, ROWS_DEFAULT};
pub use sort::{Sort, SortKey};

//! The design system's components. Markup follows `style/README.md`; nothing here knows a noun of the domain.

mod form;
mod load;
mod request;

pub use form::{FORM_NAME, FlashBanner, Form, FormState, form_state};
pub use load::Load;
pub use request::{param, query, status, theme};

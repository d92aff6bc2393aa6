//! Access to the platform: its people (`/users`), one of them, and one's own sessions (`/me/sessions`). The people of a
//! tenant are that tenant's section.

mod api;
mod people;
mod sessions;

pub use people::{PeoplePage, PersonPage};
pub use sessions::SessionsPage;

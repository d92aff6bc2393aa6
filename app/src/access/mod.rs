//! Access to the platform: its people (`/users`), one of them, and one's own sessions and password (`/me`). The people of a
//! tenant are that tenant's section.

mod api;
mod password;
mod people;
mod sessions;

pub use password::PasswordPage;
pub use people::{PeoplePage, PersonPage};
pub use sessions::SessionsPage;

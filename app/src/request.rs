//! What the server's layers put into a request for the page that answers it.

use crate::error::AppError;
use model::validate::FieldErrors;
use serde::{Deserialize, Serialize};

/// A banner for the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub tone: String,
    pub text: String,
    /// A form that takes it back: the server function and its hidden inputs.
    pub undo: Option<Undo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub form: String,
    pub inputs: Vec<(String, String)>,
}

/// What a form was sent with when it failed; the same page is rendered again from it. Made by the server's form layer.
#[derive(Clone, Debug)]
pub struct FormFailure {
    /// The server function.
    pub form: String,
    pub values: Vec<(String, String)>,
    pub error: AppError,
}

/// What a form answered that is shown once, on the page it stands on, and never again: no address, no cookie and no
/// banner carries it. Made by the server's form layer.
#[derive(Clone)]
pub struct FormAnswer {
    /// The server function.
    pub form: String,
    /// Its result.
    pub json: String,
}

/// The tenant that the page's address names, where the reader looks at it from the platform's side and there is one.
#[derive(Clone, Debug)]
pub struct InTenant {
    pub slug: String,
    pub name: String,
}

/// The themes that can be chosen; none of them follows the system.
pub const THEMES: &[&str] = &["light", "dark"];
/// The densities of tables that can be chosen beside the regular one.
pub const DENSITIES: &[&str] = &["compact", "roomy"];

/// Whether both words can be chosen; `system` and `regular` stand for none.
pub fn check_preferences(theme: &str, density: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if !THEMES.contains(&theme) && theme != "system" {
        errors.add("theme", "Choose one of the themes.");
    }
    if !DENSITIES.contains(&density) && density != "regular" {
        errors.add("density", "Choose one of the densities.");
    }
    errors.into_result()
}

/// The theme cookie, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Theme(pub &'static str);

/// The density cookie, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Density(pub &'static str);

/// Where the request came from: the peer, or what a trusted proxy says it was.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub std::net::IpAddr);

/// How the session's cookie is spelled: `__Host-` and `Secure` wherever the browser reaches us by TLS.
#[derive(Clone, Copy, Debug)]
pub struct SessionCookie {
    pub secure: bool,
}

impl SessionCookie {
    pub const fn name(self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    /// A cookie of the browser's session: how long it is good for is the server's to know.
    pub fn set(self, token: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{secure}", self.name())
    }

    pub fn clear(self) -> String {
        format!("{}; Max-Age=0", self.set(""))
    }
}

/// A path on this site: never another host, however it is spelled.
pub fn is_local(target: &str) -> bool {
    target.starts_with('/')
        && !target.starts_with("//")
        && !target.contains('\\')
        && !target.contains(char::is_control)
}

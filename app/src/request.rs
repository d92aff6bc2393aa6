//! What the server's layers put into a request for the page that answers it.

use crate::error::AppError;
use model::validate::FieldErrors;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Set by the form that shows it. What no form of the page claims stands above the page.
    pub claimed: Claimed,
}

/// Whether somebody has taken it; all clones know.
#[derive(Clone, Debug, Default)]
pub struct Claimed(Arc<AtomicBool>);

impl Claimed {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A failure that no form of the page has claimed: its form is not there (any more), or is only a button.
#[derive(Clone, Debug)]
pub struct Unclaimed(pub FormFailure);

/// A form that was sent when the session was over, on its way through the sign-in page. Nothing of it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The server function.
    pub form: String,
    pub values: Vec<(String, String)>,
}

impl Draft {
    /// Under this name the sign-in form carries the server function, and with it as a prefix the fields.
    pub const NAME: &str = "_draft";

    /// What is worth carrying: never a password.
    pub fn of(form: &str, values: Vec<(String, String)>) -> Self {
        let kept = values.into_iter().filter(|(name, _)| !name.contains("password")).collect();
        Self { form: form.to_owned(), values: kept }
    }

    /// The hidden inputs of the sign-in form.
    pub fn inputs(&self) -> Vec<(String, String)> {
        let fields =
            self.values.iter().map(|(name, value)| (format!("{}.{name}", Self::NAME), value.clone()));
        std::iter::once((Self::NAME.to_owned(), self.form.clone())).chain(fields).collect()
    }

    /// Takes the draft out of what the sign-in form sent.
    pub fn take(sent: &mut Vec<(String, String)>) -> Option<Self> {
        let mut draft = None::<Self>;
        let mut values = Vec::new();
        sent.retain(|(name, value)| match name.strip_prefix(Self::NAME) {
            Some("") => {
                draft = Some(Self { form: value.clone(), values: Vec::new() });
                false
            }
            Some(field) if field.starts_with('.') => {
                values.push((field[1..].to_owned(), value.clone()));
                false
            }
            _ => true,
        });
        draft.map(|draft| Self { values, ..draft })
    }
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

/// Single keys can only be switched off.
pub const KEYS: &[&str] = &["off"];

/// Whether the words can be chosen; `system`, `regular` and `on` stand for none.
pub fn check_preferences(theme: &str, density: &str, keys: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if !THEMES.contains(&theme) && theme != "system" {
        errors.add("theme", "Choose one of the themes.");
    }
    if !DENSITIES.contains(&density) && density != "regular" {
        errors.add("density", "Choose one of the densities.");
    }
    if !KEYS.contains(&keys) && keys != "on" {
        errors.add("keys", "Choose whether single keys do something.");
    }
    errors.into_result()
}

/// The theme cookie, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Theme(pub &'static str);

/// The density cookie, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Density(pub &'static str);

/// The cookie about single keys, already checked.
#[derive(Clone, Copy, Debug)]
pub struct Keys(pub &'static str);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_goes_through_the_sign_in_form_and_comes_out_as_it_was_but_for_passwords() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let typed =
            vec![pair("prompt", "Be kind.\n"), pair("tag", "a"), pair("tag", "b"), pair("password", "x")];
        let draft = Draft::of("override_task", typed);
        let mut sent = vec![pair("email", "a@example.com")];
        sent.extend(draft.inputs());
        assert!(!sent.iter().any(|(_, value)| value == "x"));
        assert_eq!(Draft::take(&mut sent), Some(draft));
        assert_eq!(sent, [pair("email", "a@example.com")]);
        assert_eq!(Draft::take(&mut sent), None);
    }
}

//! The closed error that crosses the wire, and its wording for people. It never carries internals.

use crate::ui::{Icon, Size};
use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos_meta::Title;
use model::tenants::Access;
use model::validate::FieldErrors;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AppError {
    /// There is none, or you may not know of it.
    NotFound,
    SignIn,
    /// The permission that is missing, as a verb phrase.
    Forbidden(String),
    Suspended(Access),
    /// Nobody of the reader's organisations is let in: since when and why, in words.
    Closed(String),
    /// The session was over when the form came; after signing in it is back, and not sent.
    Interrupted,
    Invalid(FieldErrors),
    /// Somebody was quicker, or the object is in another state than the form believed.
    Conflict(String),
    /// Too many tries; seconds until the next.
    Throttled(i64),
    /// More is asked at once than can be answered.
    Busy,
    /// A fault of ours; the id to quote.
    Internal(String),
    /// The request did not arrive in one piece.
    Transport(String),
}

impl AppError {
    /// The same with what is wrong at one field told at another: a page with several forms names their fields apart.
    pub fn renamed(self, from: &str, to: &str) -> Self {
        let Self::Invalid(mut errors) = self else { return self };
        if let Some(message) = errors.0.remove(from) {
            errors.add(to, message);
        }
        Self::Invalid(errors)
    }

    /// The HTTP status of a page or an answer that is this error.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::SignIn => 401,
            Self::Forbidden(_) | Self::Suspended(_) | Self::Closed(_) => 403,
            Self::Invalid(_) => 422,
            Self::Conflict(_) | Self::Interrupted => 409,
            Self::Throttled(_) => 429,
            Self::Busy => 503,
            Self::Internal(_) => 500,
            Self::Transport(_) => 400,
        }
    }

    pub const fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::SignIn => "Sign in first",
            Self::Forbidden(_) => "Not allowed",
            Self::Suspended(_) | Self::Closed(_) => "Access is suspended",
            Self::Interrupted => "Not sent yet",
            Self::Invalid(_) => "Something is not right yet",
            // True of both: somebody was quicker, or its status never allowed it; the message says which.
            Self::Conflict(_) => "That cannot be done now",
            Self::Throttled(_) => "Too many tries",
            Self::Busy => "Busy at the moment",
            Self::Internal(_) => "That is our fault",
            Self::Transport(_) => "The request was not understood",
        }
    }

    /// What happened and what to do, in a sentence or two.
    pub fn message(&self) -> String {
        match self {
            Self::NotFound => "There is nothing at this address, or it is not yours to see.".into(),
            Self::SignIn => "Your session has ended. Sign in and try again.".into(),
            Self::Forbidden(what) => format!("Your role does not let you {what}. A platform owner can grant it."),
            Self::Suspended(Access::ReadOnly) => "Your organisation’s access is read-only at the moment. Nothing was changed. Contact the platform’s support.".into(),
            Self::Suspended(_) => "Your organisation’s access is suspended. Contact the platform’s support.".into(),
            Self::Closed(words) => words.clone(),
            Self::Interrupted => "Your session had ended, so nothing was done. You are signed in again and everything you entered is still here: check it and send it once more.".into(),
            Self::Invalid(errors) => errors.get("").map_or_else(|| "Check the marked fields.".into(), str::to_owned),
            Self::Conflict(what) => what.clone(),
            Self::Throttled(seconds) => format!("Too many failed tries. Try again in {seconds} seconds."),
            Self::Busy => "Too much is being asked at once. Try again in a few seconds.".into(),
            Self::Internal(id) => format!("The fault has been recorded. If you report it, quote {id}."),
            Self::Transport(_) => "Reload the page and try again.".into(),
        }
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Transport(error.to_string())
    }
}

/// An error as a page section: what happened, and what to do. The page is named after it.
#[component]
pub fn ErrorView(error: AppError) -> impl IntoView {
    let (kind, icon) = match &error {
        AppError::NotFound => ("zero", "search"),
        AppError::SignIn | AppError::Forbidden(_) | AppError::Suspended(_) | AppError::Closed(_) => {
            ("denied", "lock")
        }
        _ => ("failed", "alert-triangle"),
    };
    let title = error.title();
    let heading = if use_context::<crate::ui::Headed>().is_some() {
        view! { <h2 class="c-empty__title">{title}</h2> }.into_any()
    } else {
        view! { <h1 class="c-empty__title">{title}</h1> }.into_any()
    };
    view! {
        <Title text=title/>
        <section class="c-empty" data-kind=kind role="alert">
            <Icon name=icon size=Size::ExtraLarge/>
            {heading}
            <p>{error.message()}</p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_is_not_said_to_be_a_change() {
        let error = AppError::Conflict("A tenant that is deleted cannot be suspended.".into());
        assert_eq!(error.title(), "That cannot be done now");
        assert_eq!(error.message(), "A tenant that is deleted cannot be suspended.");
    }
}

//! Forms that post to server functions, with and without WASM in the same way.
//!
//! A form posts to the page it stands on and names its server function in a hidden input. The server runs the
//! function; success redirects (with a flash banner), failure renders the same page again with status 422, what was
//! typed in [`FormState`], and each error beside its field.

use super::{Icon, Tone};
use crate::error::AppError;
use crate::request::{Flash, FormAnswer, FormFailure, Unclaimed};
use leptos::prelude::*;
use model::validate::FieldErrors;

/// The hidden input that names the server function.
pub const FORM_NAME: &str = "_form";

/// What a form was sent with when it failed; empty the first time.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    values: Vec<(String, String)>,
    error: Option<AppError>,
    /// Fields that are wrong and not on the page.
    elsewhere: Vec<String>,
}

/// The state of the form that posts to this server function. Who asks shows it: what nobody asks for stands above the page.
pub fn form_state(form: &str) -> FormState {
    crate::server::extension::<FormFailure>()
        .filter(|failure| failure.form == form)
        .inspect(|failure| failure.claimed.set())
        .map(|failure| FormState::rejected(failure.values, failure.error))
        .unwrap_or_default()
}

impl From<&Self> for FormState {
    fn from(state: &Self) -> Self {
        state.clone()
    }
}

/// What the form that posts to this server function answered, where it is shown once; see `server::show_once`.
pub fn form_answer<T: serde::de::DeserializeOwned>(form: &str) -> Option<T> {
    let answer = crate::server::extension::<FormAnswer>().filter(|answer| answer.form == form)?;
    serde_json::from_str(&answer.json).ok()
}

impl FormState {
    /// The state of a form that was refused.
    pub fn rejected(values: Vec<(String, String)>, error: AppError) -> Self {
        Self { values, error: Some(error), elsewhere: vec![] }
    }

    /// The same on a page that has only some of the form's fields: what is wrong with another one is said without a link,
    /// which would lead nowhere.
    pub fn on_page(mut self, has: impl Fn(&str) -> bool) -> Self {
        if let Some(AppError::Invalid(errors)) = &self.error {
            self.elsewhere = errors.0.keys().filter(|field| !has(field)).cloned().collect();
        }
        self
    }

    /// What was typed, or `initial` the first time.
    pub fn value(&self, name: &str, initial: &str) -> String {
        self.sent(name).unwrap_or(initial).to_owned()
    }

    /// What was typed, if the form was sent and this field with it.
    pub fn sent(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values sent under a repeated name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.values.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// Somebody was quicker: what is shown beside the form is not what it was filled in on.
    pub fn is_conflict(&self) -> bool {
        matches!(self.error, Some(AppError::Conflict(_)))
    }

    pub fn error(&self, field: &str) -> Option<String> {
        match &self.error {
            Some(AppError::Invalid(errors)) => errors.get(field).map(str::to_owned),
            _ => None,
        }
    }

    fn summary(&self) -> Option<(String, FieldErrors)> {
        match self.error.clone()? {
            AppError::Invalid(errors) => {
                let count = errors.0.len();
                let title = if count == 1 {
                    "There is a problem".into()
                } else {
                    format!("There are {count} problems")
                };
                Some((title, errors))
            }
            other => Some((other.title().into(), FieldErrors::one("", other.message()))),
        }
    }
}

/// A form for one server function, with its error summary on top.
#[component]
pub fn Form(
    /// The server function's name.
    to: &'static str,
    /// From [`form_state`]; required, so that no form forgets its errors.
    #[prop(into)]
    state: FormState,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <form method="post" class=format!("c-form {class}") novalidate>
            <input type="hidden" name=FORM_NAME value=to/>
            <SummaryOf state=state/>
            {children()}
        </form>
    }
    .into_any()
}

/// The errors of a form on top of it; nothing where there are none. [`Form`] has it already.
#[component]
pub fn SummaryOf(#[prop(into)] state: FormState) -> impl IntoView {
    let elsewhere = state.elsewhere.clone();
    state.summary().map(|(title, errors)| view! { <ErrorSummary title errors elsewhere/> }).into_any()
}

#[component]
fn ErrorSummary(title: String, errors: FieldErrors, elsewhere: Vec<String>) -> impl IntoView {
    let items = errors.0.into_iter().map(move |(field, message)| {
        if field.is_empty() || elsewhere.contains(&field) {
            view! { <li>{message}</li> }.into_any()
        } else {
            view! { <li><a href=format!("#f-{field}")>{message}</a></li> }.into_any()
        }
    });
    view! {
        <div class="c-errors" role="alert" tabindex="-1" autofocus aria-labelledby="errors-h">
            <h2 id="errors-h">{title}</h2>
            <ul>{items.collect_view()}</ul>
        </div>
    }
    .into_any()
}

/// The banner of the last action; its region is always in the document.
#[component]
pub fn FlashBanner() -> impl IntoView {
    let banner = crate::server::extension::<Flash>().map(|flash| {
        let actions = flash.undo.map(|undo| {
            view! {
                <form method="post">
                    <input type="hidden" name=FORM_NAME value=undo.form/>
                    {undo.inputs.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                    <button class="c-button" data-size="sm">"Undo"</button>
                </form>
            }
            .into_any()
        });
        banner(Tone::of(&flash.tone), flash.text, actions)
    });
    let failed = crate::server::extension::<Unclaimed>().map(|Unclaimed(failure)| unclaimed(failure));
    view! { <div class="c-flash">{banner}{failed}</div> }.into_any()
}

/// Why a form failed that is not on the page any more, with what was written in it.
fn unclaimed(failure: FormFailure) -> AnyView {
    let text = match &failure.error {
        AppError::Invalid(errors) => {
            errors.0.values().map(|message| message.as_str()).collect::<Vec<_>>().join(" ")
        }
        error => error.message(),
    };
    // Prose, not the ids and words that forms carry along.
    let written = failure
        .values
        .into_iter()
        .filter(|(_, value)| value.len() > 20 && value.contains(char::is_whitespace));
    let written = written.map(|(name, value)| (name.replace('_', " "), value)).collect();
    view! {
        <div class="c-banner" role="alert" data-tone=Tone::Danger.as_str()>
            <Icon name=Tone::Danger.icon()/>
            <div class="c-banner__body"><p><strong>{format!("{}: ", failure.error.title())}</strong>{text}</p>{kept(written)}</div>
        </div>
    }
    .into_any()
}

/// What was typed into a form that cannot be shown any more, to be read and copied. `fields` are names and labels.
///
/// `<Typed state=&state fields=&[("reason", "Reason")]/>`
#[component]
pub fn Typed(
    #[prop(into)] state: FormState,
    fields: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let written = fields.iter().filter_map(|(name, label)| {
        let value = state.sent(name).filter(|value| !value.trim().is_empty())?;
        Some(((*label).to_owned(), value.to_owned()))
    });
    kept(written.collect())
}

fn kept(written: Vec<(String, String)>) -> AnyView {
    if written.is_empty() {
        return ().into_any();
    }
    let parts = written.into_iter().map(|(label, value)| {
        let name = format!("{label}, as you entered it");
        view! { <div><p>{label}</p><pre class="c-code" tabindex="0" role="region" aria-label=name>{value}</pre></div> }
    });
    view! { <div class="u-stack" data-gap="2"><p><strong>"What you entered, not saved"</strong></p>{parts.collect_view()}</div> }
        .into_any()
}

fn banner(tone: Tone, text: String, actions: Option<AnyView>) -> AnyView {
    view! {
        <div class="c-banner" role=tone.role() data-tone=tone.as_str()>
            <Icon name=tone.icon()/>
            <div class="c-banner__body"><p>{text}</p></div>
            {actions.map(|actions| view! { <div class="c-banner__actions">{actions}</div> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_elsewhere_is_said_and_leads_nowhere() {
        let mut errors = FieldErrors::one("name", "A name is needed.");
        errors.add("settings", "“no.such” is no setting.");
        let state = || FormState::rejected(vec![], AppError::Invalid(errors.clone()));
        assert!(state().elsewhere.is_empty(), "a form has its fields unless it says otherwise");
        let some = state().on_page(|field| field == "name");
        assert_eq!(some.elsewhere, ["settings"]);
        let (title, told) = some.summary().expect("a summary");
        assert_eq!((title.as_str(), told), ("There are 2 problems", errors.clone()), "nothing is left out");
        let late = FormState::rejected(vec![], AppError::Conflict("Too late.".into())).on_page(|_| false);
        assert!(late.elsewhere.is_empty() && late.is_conflict());
    }
}

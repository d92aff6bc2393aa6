//! Fields of a form: visible label, help, control, and the error beside it.
//!
//! Every field takes the [`FormState`] of its form, so that none forgets to show its error and what was typed. A
//! field's id is `f-<name>`: the error summary links to it.

use super::icon::icon;
use super::{FieldWidth, FormState, Markup, Size};
use leptos::prelude::*;

/// A choice of a select, of radio cards or of checkboxes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// Small print beside or below the label.
    pub note: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), note: String::new() }
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Label, help and error around a control. `described` of [`Wiring`] names both.
struct Wiring {
    id: String,
    help_id: Option<String>,
    error_id: Option<String>,
    error: Option<String>,
}

impl Wiring {
    fn of(state: &FormState, name: &str, help: &str) -> Self {
        let id = format!("f-{name}");
        let error = state.error(name);
        Self {
            help_id: (!help.is_empty()).then(|| format!("{id}-help")),
            error_id: error.as_ref().map(|_| format!("{id}-error")),
            id,
            error,
        }
    }

    fn described(&self) -> Option<String> {
        match (&self.help_id, &self.error_id) {
            (Some(help), Some(error)) => Some(format!("{help} {error}")),
            (one, other) => one.clone().or_else(|| other.clone()),
        }
    }

    fn invalid(&self) -> Option<&'static str> {
        self.error.as_ref().map(|_| "true")
    }

    fn help(&self, help: String) -> AnyView {
        self.help_id.clone().map(|id| view! { <p class="c-field__help" id=id>{help}</p> }).into_any()
    }

    fn error(&self) -> AnyView {
        self.error_id
            .clone()
            .zip(self.error.clone())
            .map(|(id, error)| view! { <p class="c-field__error" id=id>{icon("alert-triangle", Size::Medium)}{error}</p> })
            .into_any()
    }
}

fn label(id: String, label: String, optional: bool) -> AnyView {
    let mark = optional.then(|| view! { " " <span class="c-field__optional">"(optional)"</span> });
    view! { <label class="c-field__label" for=id>{label}{mark}</label> }.into_any()
}

/// One line of text.
///
/// `<TextField state=&state name="name" label="Name" initial=tenant.name/>`
#[component]
pub fn TextField(
    #[prop(into)] state: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] initial: String,
    /// `email`, `number`, `password`, `date`, `url`, `search`; text by default. A password is never sent back.
    #[prop(optional)]
    kind: Option<&'static str>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] width: FieldWidth,
    #[prop(optional)] optional: bool,
    /// Slugs, ids, JSON.
    #[prop(optional)]
    mono: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] placeholder: Option<&'static str>,
    /// Text before the control, like `https://`.
    #[prop(optional)]
    prefix: Option<&'static str>,
    /// Text after the control, like `users`.
    #[prop(optional)]
    suffix: Option<&'static str>,
    #[prop(optional)] max: Option<u32>,
    /// Suggestions that may be typed over.
    #[prop(optional)]
    list: Vec<String>,
) -> impl IntoView {
    let wiring = Wiring::of(&state, name, &help);
    let value = if kind == Some("password") { String::new() } else { state.value(name, &initial) };
    let list_id = (!list.is_empty()).then(|| format!("f-{name}-list"));
    let numeric = (kind == Some("number")).then_some("any");
    let input = view! {
        <input class="c-input" id=wiring.id.clone() name=name type=kind.unwrap_or("text") value=value step=numeric
            aria-describedby=wiring.described() aria-invalid=wiring.invalid() autocomplete=autocomplete.unwrap_or("off")
            data-mono=mono readonly=readonly autofocus=autofocus placeholder=placeholder maxlength=max list=list_id.clone()
            spellcheck=mono.then_some("false")/>
    };
    let control = if prefix.is_some() || suffix.is_some() {
        let affix = |text: Option<&'static str>| {
            text.map(|text| view! { <span class="c-input-group__affix">{text}</span> })
        };
        view! { <div class="c-input-group">{affix(prefix)}{input}{affix(suffix)}</div> }.into_any()
    } else {
        input.into_any()
    };
    let datalist = list_id.map(|id| view! { <datalist id=id>{list.into_iter().map(|value| view! { <option value=value></option> }).collect_view()}</datalist> });
    view! {
        <div class="c-field" data-width=width.as_str()>
            {self::label(wiring.id.clone(), label, optional)}
            {wiring.help(help)}
            {control}
            {datalist}
            {wiring.error()}
        </div>
    }
    .into_any()
}

/// Several lines of text.
///
/// `<TextArea state=&state name="reason" label="Reason" help="Stands in the audit log."/>`
#[component]
pub fn TextArea(
    #[prop(into)] state: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] initial: String,
    #[prop(optional)] optional: bool,
    #[prop(optional)] mono: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] rows: Option<u32>,
    #[prop(optional)] max: Option<u32>,
) -> impl IntoView {
    let wiring = Wiring::of(&state, name, &help);
    // As inner HTML: `prop:value` renders nothing on the server, and an empty text child renders a space. A parser drops
    // one leading newline.
    let mut html = Markup::default();
    html.raw("\n").text(&state.value(name, &initial));
    view! {
        <div class="c-field">
            {self::label(wiring.id.clone(), label, optional)}
            {wiring.help(help)}
            <textarea class="c-input" id=wiring.id.clone() name=name rows=rows.unwrap_or(4) maxlength=max
                aria-describedby=wiring.described() aria-invalid=wiring.invalid() data-mono=mono readonly=readonly
                spellcheck=mono.then_some("false") inner_html=html.into_string()></textarea>
            {wiring.error()}
        </div>
    }
    .into_any()
}

/// One of a list.
///
/// `<SelectField state=&state name="region" label="Region" choices=regions initial="eu-1"/>`
#[component]
pub fn SelectField(
    #[prop(into)] state: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] initial: String,
    #[prop(optional)] width: FieldWidth,
    #[prop(optional)] optional: bool,
    /// The words of the empty choice; without them there is none.
    #[prop(optional)]
    empty: Option<&'static str>,
) -> impl IntoView {
    let wiring = Wiring::of(&state, name, &help);
    let value = state.value(name, &initial);
    let options = choices.into_iter().map(|choice| {
        let selected = choice.value == value;
        let text =
            if choice.note.is_empty() { choice.label } else { format!("{} ({})", choice.label, choice.note) };
        view! { <option value=choice.value selected=selected>{text}</option> }
    });
    view! {
        <div class="c-field" data-width=width.as_str()>
            {self::label(wiring.id.clone(), label, optional)}
            {wiring.help(help)}
            <select class="c-select" id=wiring.id.clone() name=name aria-describedby=wiring.described() aria-invalid=wiring.invalid()>
                {empty.map(|text| view! { <option value="">{text}</option> })}
                {options.collect_view()}
            </select>
            {wiring.error()}
        </div>
    }
    .into_any()
}

/// One of a few, each explained.
///
/// `<RadioCards state=&state name="kind" label="How" choices=kinds initial="read_only" cols=2/>`
#[component]
pub fn RadioCards(
    #[prop(into)] state: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] initial: String,
    #[prop(optional)] cols: Option<u32>,
) -> impl IntoView {
    let wiring = Wiring::of(&state, name, &help);
    let value = state.value(name, &initial);
    let cards = choices.into_iter().map(|choice| {
        let checked = choice.value == value;
        let note = (!choice.note.is_empty()).then(|| view! { <span class="c-radio-card__text">{choice.note}</span> });
        view! {
            <label class="c-radio-card">
                <input type="radio" name=name value=choice.value checked=checked aria-invalid=wiring.invalid()/>
                <span class="c-radio-card__body"><span class="c-radio-card__title">{choice.label}</span>{note}</span>
            </label>
        }
    });
    view! {
        <fieldset class="c-radio-cards" id=wiring.id.clone() tabindex="-1" data-cols=cols aria-describedby=wiring.described()>
            <legend class="c-field__label">{label}</legend>
            {wiring.help(help)}
            {cards.collect_view()}
            {wiring.error()}
        </fieldset>
    }
    .into_any()
}

/// Any number of a few. The form sends the name once for each that is ticked.
///
/// `<CheckboxGroup state=&state name="channels" label="Channels" choices=channels checked=vec!["voice".into()]/>`
#[component]
pub fn CheckboxGroup(
    #[prop(into)] state: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] help: String,
    /// What is ticked the first time.
    #[prop(optional)]
    checked: Vec<String>,
    /// In one row.
    #[prop(optional)]
    inline: bool,
) -> impl IntoView {
    let wiring = Wiring::of(&state, name, &help);
    let ticked = if state.failed() { state.all(name) } else { checked };
    let boxes = choices.into_iter().map(|choice| choice_box(name, choice, &ticked));
    view! {
        <fieldset class="c-choices" id=wiring.id.clone() tabindex="-1" data-inline=inline aria-describedby=wiring.described()>
            <legend class="c-field__label">{label}</legend>
            {wiring.help(help)}
            {boxes.collect_view()}
            {wiring.error()}
        </fieldset>
    }
    .into_any()
}

/// A single box to tick; sends `true` when ticked and nothing otherwise.
///
/// `<Checkbox state=&state name="confirm" label="I have read this"/>`
#[component]
pub fn Checkbox(
    #[prop(into)] state: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] help: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    let wiring = Wiring::of(&state, name, &help);
    let checked = if state.failed() { state.sent(name).is_some() } else { checked };
    view! {
        <div class="c-field">
            <label class="c-choice">
                <input type="checkbox" id=wiring.id.clone() name=name value="true" checked=checked aria-describedby=wiring.described() aria-invalid=wiring.invalid()/>
                <span>{label}</span>
            </label>
            {wiring.help(help)}
            {wiring.error()}
        </div>
    }
    .into_any()
}

fn choice_box(name: &'static str, choice: Choice, ticked: &[String]) -> AnyView {
    let checked = ticked.contains(&choice.value);
    let note = (!choice.note.is_empty()).then(|| view! { " " <small>{choice.note}</small> });
    view! { <label class="c-choice"><input type="checkbox" name=name value=choice.value checked=checked/><span>{choice.label}{note}</span></label> }.into_any()
}

/// A value that the form carries along.
///
/// `<Hidden name="version" value=tenant.version.to_string()/>`
#[component]
pub fn Hidden(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }
}

/// On or off as a form of its own: the button sends the opposite of what is.
///
/// `<Switch to="enable_task" on=task.enabled named_by="t1-name" inputs=vec![("task".into(), id)]/>` sends `enabled=false` or `true`.
#[component]
pub fn Switch(
    /// The server function.
    to: &'static str,
    on: bool,
    /// The id of the text that names it.
    #[prop(into)]
    named_by: String,
    #[prop(optional)] inputs: Vec<(String, String)>,
    #[prop(optional)] name: Option<&'static str>,
) -> impl IntoView {
    let inputs =
        inputs.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    view! {
        <form method="post" class="c-switch-form">
            <input type="hidden" name=super::FORM_NAME value=to/>
            {inputs.collect_view()}
            <button class="c-switch" role="switch" aria-checked=on.to_string() aria-labelledby=named_by name=name.unwrap_or("enabled") value=(!on).to_string()>
                <span class="c-switch__text">{if on { "On" } else { "Off" }}</span>
            </button>
        </form>
    }
    .into_any()
}

/// Fields that belong together, under one legend.
///
/// `<FieldSet legend="Security">…</FieldSet>`
#[component]
pub fn FieldSet(
    #[prop(into)] legend: String,
    #[prop(optional, into)] help: String,
    children: Children,
) -> impl IntoView {
    let help = (!help.is_empty()).then(|| view! { <p class="c-field__help">{help}</p> });
    view! { <fieldset class="c-fieldset"><legend class="c-fieldset__legend">{legend}</legend>{help}{children()}</fieldset> }.into_any()
}

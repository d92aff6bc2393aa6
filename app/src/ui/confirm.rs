//! The page before something serious: what will happen, why, and for the irreversible the name typed out.

use super::field::{Hidden, TextArea, TextField};
use super::form::SummaryOf;
use super::icon::icon;
use super::{Button, FORM_NAME, FormState, Kind, LinkButton, Size, Tone};
use leptos::prelude::*;

/// One line of what will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    pub tone: Tone,
    pub icon: &'static str,
    pub text: String,
}

impl Consequence {
    pub fn new(tone: Tone, icon: &'static str, text: impl Into<String>) -> Self {
        Self { tone, icon, text: text.into() }
    }
}

/// How hard it is to take back; decides what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Can be undone: consequences only.
    Review,
    /// Hard to reverse: also a reason (field `reason`).
    Serious,
    /// Irreversible: also this text typed exactly (field `confirm`), checked by the server.
    Irreversible(String),
}

/// The whole form of a confirm page. The button is named after the action. Children are more fields above the reason.
///
/// `<ConfirmPage to="suspend_tenant" state tier=Tier::Serious consequences button="Suspend tenant" back=paths::tenant(&slug, "") hidden=vec![("slug", slug)]>…</ConfirmPage>`
#[component]
pub fn ConfirmPage(
    /// The server function.
    to: &'static str,
    #[prop(into)] state: FormState,
    tier: Tier,
    consequences: Vec<Consequence>,
    #[prop(into)] button: String,
    /// Where Cancel leads.
    #[prop(into)]
    back: String,
    #[prop(optional)] hidden: Vec<(&'static str, String)>,
    #[prop(default = "What will happen")] title: &'static str,
    /// Who reads the reason.
    #[prop(default = "Stands in the audit log for everyone who may read it.")]
    reason_help: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let (tone, kind) = match tier {
        Tier::Review => (Tone::Warning, Kind::Primary),
        Tier::Serious => (Tone::Warning, Kind::Danger),
        Tier::Irreversible(_) => (Tone::Danger, Kind::Danger),
    };
    let reason = (tier != Tier::Review).then(|| {
        view! { <TextArea state=&state name="reason" label="Reason" help=reason_help max=2_000/> }
    });
    let typed = match &tier {
        Tier::Irreversible(text) => Some(
            view! { <TextField state=&state name="confirm" label=format!("Type {text} to confirm") mono=true/> },
        ),
        _ => None,
    };
    let lines = consequences.into_iter().map(
        |line| view! { <li data-tone=line.tone.as_str()>{icon(line.icon, Size::Medium)}{line.text}</li> },
    );
    view! {
        <form class="c-confirm" method="post" data-tone=tone.as_str() novalidate>
            <input type="hidden" name=FORM_NAME value=to/>
            {hidden.into_iter().map(|(name, value)| view! { <Hidden name value/> }).collect_view()}
            <SummaryOf state=state.clone()/>
            <h2 class="c-confirm__title">{title}</h2>
            <ul class="c-consequences">{lines.collect_view()}</ul>
            {children.map(|children| children())}
            {reason}
            {typed}
            <div class="c-actions"><Button kind>{button}</Button><LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton></div>
        </form>
    }
    .into_any()
}

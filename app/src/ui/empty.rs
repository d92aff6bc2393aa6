//! What stands where there is nothing: never tried, nothing found, failed and not allowed are four different things.

use super::{Icon, Size, Tone};
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyKind {
    /// There is none yet: say what it is and how to make the first.
    #[default]
    Empty,
    /// The filter matches nothing.
    Zero,
    /// It could not be read; never shown as empty.
    Failed,
    Denied,
}

/// An empty state; children are its actions.
///
/// `<Empty icon="layers" title="No tasks are on" text="Enable one from 9 available."><LinkButton href=…>"See disabled tasks"</LinkButton></Empty>`
#[component]
pub fn Empty(
    #[prop(optional)] kind: EmptyKind,
    #[prop(default = "layers")] icon: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let word = match kind {
        EmptyKind::Empty => "empty",
        EmptyKind::Zero => "zero",
        EmptyKind::Failed => "failed",
        EmptyKind::Denied => "denied",
    };
    let text = (!text.is_empty()).then(|| view! { <p>{text}</p> });
    view! {
        <div class="c-empty" data-kind=word>
            <Icon name=icon size=Size::ExtraLarge/>
            <h2 class="c-empty__title">{title}</h2>
            {text}
            {children.map(|children| view! { <div class="c-actions">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// A banner; `strip` is the full-width one of a suspended or leaving tenant. `actions` stand at its end.
///
/// `<Banner tone=Tone::Warning>"Ingestion is paused."</Banner>`
#[component]
pub fn Banner(
    tone: Tone,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] strip: bool,
    #[prop(optional)] actions: Option<AnyView>,
    /// A note on the page that a screen reader need not announce.
    #[prop(optional)]
    quiet: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="c-banner" role=(!quiet).then_some(tone.role()) data-tone=tone.as_str() data-kind=strip.then_some("strip")>
            <Icon name=icon.unwrap_or(tone.icon())/>
            <div class="c-banner__body">{children()}</div>
            {actions.map(|actions| view! { <div class="c-banner__actions">{actions}</div> })}
        </div>
    }
    .into_any()
}

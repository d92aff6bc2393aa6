//! A menu without a script: a disclosure with links and forms. The browser's island adds arrows and Escape.

use super::icon::maybe_icon;
use super::{FORM_NAME, Icon, Tone};
use leptos::prelude::*;

/// More actions. Children are [`MenuLink`], [`MenuForm`], [`MenuDisabled`], [`MenuRule`].
///
/// `<Menu label="More actions"><MenuLink href=audit icon="history">"Open audit"</MenuLink></Menu>`
#[component]
pub fn Menu(
    #[prop(into)] label: String,
    #[prop(default = "more-horizontal")] icon: &'static str,
    #[prop(optional, into)] heading: String,
    #[prop(default = true)] end: bool,
    children: Children,
) -> impl IntoView {
    let heading = (!heading.is_empty()).then(|| view! { <p class="c-menu__heading">{heading}</p> });
    view! {
        <details class="c-menu" data-align=end.then_some("end")>
            <summary class="c-button" data-kind="quiet" data-icon="" aria-label=label><Icon name=icon/></summary>
            <div class="c-menu__panel">{heading}<ul>{children()}</ul></div>
        </details>
    }
    .into_any()
}

/// `<MenuLink href=… icon="pause">"Suspend…"</MenuLink>`; `tone=Tone::Danger` for what destroys.
#[component]
pub fn MenuLink(
    #[prop(into)] href: String,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] tone: Option<Tone>,
    #[prop(optional)] current: bool,
    children: Children,
) -> impl IntoView {
    view! { <li><a class="c-menu__item" href=href data-tone=tone.map(Tone::as_str) aria-current=current.then_some("true")>{maybe_icon(icon)}{children()}</a></li> }.into_any()
}

/// `<MenuForm to="sign_out" icon="log-out">"Sign out"</MenuForm>`: an item that posts.
#[component]
pub fn MenuForm(
    to: &'static str,
    #[prop(optional)] inputs: Vec<(&'static str, String)>,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] tone: Option<Tone>,
    children: Children,
) -> impl IntoView {
    let inputs =
        inputs.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    view! {
        <li><form method="post">
            <input type="hidden" name=FORM_NAME value=to/>
            {inputs.collect_view()}
            <button class="c-menu__item" data-tone=tone.map(Tone::as_str)>{maybe_icon(icon)}{children()}</button>
        </form></li>
    }
    .into_any()
}

/// An item that cannot be used now and says why.
///
/// `<MenuDisabled reason="Legal hold">"Purge…"</MenuDisabled>`
#[component]
pub fn MenuDisabled(#[prop(into)] reason: String, children: Children) -> impl IntoView {
    view! { <li><span class="c-menu__item" aria-disabled="true" tabindex="0">{children()}<span class="c-menu__reason">{reason}</span></span></li> }.into_any()
}

#[component]
pub fn MenuRule() -> impl IntoView {
    view! { <li class="c-menu__rule"></li> }
}

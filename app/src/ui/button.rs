//! Buttons and links that look like them.

use super::icon::maybe_icon;
use super::{Kind, Size};
use leptos::prelude::*;

/// Submits its form. With `name` and `value` it says which of several buttons was used.
///
/// `<Button kind=Kind::Primary>"Save changes"</Button>`
#[component]
pub fn Button(
    #[prop(optional)] kind: Kind,
    #[prop(optional)] size: Size,
    #[prop(optional)] icon: Option<&'static str>,
    /// The name of a button that shows only its icon.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(optional)] name: Option<&'static str>,
    #[prop(optional, into)] value: Option<String>,
    /// The id of a form elsewhere on the page.
    #[prop(optional, into)]
    form: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let alone = children.is_none();
    view! {
        <button class="c-button" data-kind=kind.as_str() data-size=size.as_str() data-icon=alone aria-label=label name=name value=value form=form>
            {maybe_icon(icon)}
            {children.map(|children| children())}
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
///
/// `<LinkButton href="/tenants/new" kind=Kind::Primary icon="plus">"New tenant"</LinkButton>`
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] size: Size,
    #[prop(optional)] icon: Option<&'static str>,
    /// The name of a link that shows only its icon.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let alone = children.is_none();
    view! {
        <a class="c-button" href=href data-kind=kind.as_str() data-size=size.as_str() data-icon=alone aria-label=label>
            {maybe_icon(icon)}
            {children.map(|children| children())}
        </a>
    }
    .into_any()
}

/// A button that cannot be used now and says why; it can still be reached by keyboard. The server refuses the action as well.
///
/// `<DisabledButton id="why-purge" reason="Legal hold since 3 Nov">"Purge…"</DisabledButton>`
#[component]
pub fn DisabledButton(
    /// The id of the reason, unique on the page.
    id: &'static str,
    #[prop(into)] reason: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] size: Size,
    #[prop(optional)] icon: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! {
        <button type="button" class="c-button" data-kind=kind.as_str() data-size=size.as_str() aria-disabled="true" aria-describedby=id>
            {maybe_icon(icon)}
            {children()}
        </button>
        <span id=id class="c-reason">{reason}</span>
    }
    .into_any()
}

/// The buttons of a form, primary first.
///
/// `<Actions><Button kind=Kind::Primary>"Save"</Button><LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton></Actions>`
#[component]
pub fn Actions(children: Children) -> impl IntoView {
    view! { <div class="c-actions">{children()}</div> }.into_any()
}

//! Icons of the sprite `public/icons.svg`; the ids stand at the end of `style/README.md`.

use super::Size;
use leptos::prelude::*;

/// A decorative icon. Alone in a control it needs an `aria-label` on the control.
///
/// `<Icon name="pause"/>`
#[component]
pub fn Icon(name: &'static str, #[prop(optional)] size: Size) -> impl IntoView {
    icon(name, size)
}

/// The same for code that is not markup.
pub fn icon(name: &'static str, size: Size) -> AnyView {
    view! {
        <svg class="c-icon" aria-hidden="true" data-size=size.as_str()>
            <use href=format!("/icons.svg#{name}")/>
        </svg>
    }
    .into_any()
}

/// An icon that may be missing.
pub(super) fn maybe_icon(name: Option<&'static str>) -> Option<AnyView> {
    name.map(|name| icon(name, Size::Medium))
}

//! The frame of every signed-in page: skip link, rail, top bar, the banner of the last action, content.

use crate::{paths, ui};
use leptos::prelude::*;
use leptos_router::components::Outlet;

/// The frame around nested routes.
#[component]
pub fn Framed() -> impl IntoView {
    view! { <Layout><Outlet/></Layout> }
}

#[component]
pub fn Layout(children: Children) -> impl IntoView {
    view! {
        <a class="c-skip" href="#content">"Skip to content"</a>
        <nav class="l-rail" aria-label="Main">
            <a href=paths::TENANTS>"Tenants"</a>
        </nav>
        <main id="content" class="l-main" tabindex="-1">
            <ui::FlashBanner/>
            {children()}
        </main>
    }
    .into_any()
}

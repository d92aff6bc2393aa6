//! `/dev/gallery`: every component in every state, for eyes and for pictures in tests. In debug builds, and where
//! `STEWARD_GALLERY=1` asks for it; elsewhere the address does not exist.

mod data;
mod parts;

use crate::error::{AppError, ErrorView};
use crate::ui::{self, NavItem, PageHeader, SectionNav, Stack, Tone};
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn GalleryPage() -> impl IntoView {
    if !(cfg!(debug_assertions) || std::env::var_os("STEWARD_GALLERY").is_some_and(|value| value == "1")) {
        ui::status(404);
        return view! { <ErrorView error=AppError::NotFound/> }.into_any();
    }
    let sections = vec![
        NavItem::new("#g-button", "Overview", true),
        NavItem::new("#g-field", "Onboarding", false).count("5/7"),
        NavItem::new("#g-badge", "Settings", false).counted(6, "overridden", Tone::Override),
        NavItem::new("#g-meter", "Usage", false).attention(Tone::Warning),
    ];
    view! {
        <Title text="Gallery"/>
        <PageHeader title="Gallery" lead="Every component in every state."/>
        <SectionNav label="Example sections" items=sections/>
        <Stack gap=8>{parts::all()}{data::all()}</Stack>
    }
    .into_any()
}

/// One component with its name.
fn item(id: &'static str, title: &'static str, content: AnyView) -> AnyView {
    view! {
        <section class="c-gallery__item" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <div class="c-gallery__stage">{content}</div>
        </section>
    }
    .into_any()
}

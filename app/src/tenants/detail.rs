//! The page of one tenant.

use super::api::get_tenant;
use crate::ui::{self, Load};
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn TenantPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! {
        <Load read=move || get_tenant(slug.clone()) view=|tenant| view! {
            <Title text=tenant.name.clone()/>
            <h1>{tenant.name.clone()}</h1>
        }.into_any()/>
    }
}

//! The overview of one tenant: what comes next, and what is known.

use super::frame::{Section, TenantSection};
use super::parts::Utc;
use leptos::prelude::*;
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn TenantPage() -> impl IntoView {
    view! { <TenantSection section=Section::Overview view=|head: TenantHead| key_facts(&head.tenant)/> }
}

fn key_facts(tenant: &Tenant) -> AnyView {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".into());
    view! {
        <section class="c-card" aria-labelledby="facts">
            <div class="c-card__head"><h2 id="facts">"Key facts"</h2></div>
            <div class="c-card__body">
                <dl class="c-props" data-cols="2">
                    <div><dt>"Status"</dt><dd>{tenant.status.label()}", since "<Utc at=tenant.status_since/></dd></div>
                    <div><dt>"Access"</dt><dd>{tenant.access().label()}</dd></div>
                    <div><dt>"Plan"</dt><dd>{tenant.plan.label()}</dd></div>
                    <div><dt>"Domain"</dt><dd>{or_dash(&tenant.domain)}</dd></div>
                    <div><dt>"External id"</dt><dd>{or_dash(&tenant.external_id)}</dd></div>
                    <div><dt>"Region"</dt><dd>{tenant.region.clone()}</dd></div>
                    <div><dt>"Country"</dt><dd>{or_dash(&tenant.country)}</dd></div>
                    <div><dt>"Industry"</dt><dd>{or_dash(&tenant.industry)}</dd></div>
                    <div><dt>"Owner"</dt><dd>{or_dash(&tenant.owner_name)}</dd></div>
                    <div><dt>"Placement"</dt><dd>{format!("{} in cell {}", tenant.placement, tenant.cell)}</dd></div>
                    <div><dt>"Tags"</dt><dd>{if tenant.tags.is_empty() { "—".to_owned() } else { tenant.tags.join(", ") }}</dd></div>
                    <div><dt>"Changed"</dt><dd><Utc at=tenant.updated_at/></dd></div>
                </dl>
            </div>
        </section>
    }
    .into_any()
}

//! Checklists on a tenant's page: onboarding, and the list that the offboarding runbook shows.

mod api;
mod list;

pub use api::get_checklist;
pub use list::ChecklistView;

use crate::tenants::{Section, TenantSection};
use crate::ui::{self, Load, form_state};
use leptos::prelude::*;
use model::checklists::{Checklist, ListKey};
use model::permission::{Permission, Scope};
use model::tenants::{Stage, TenantHead};

#[component]
pub fn OnboardingPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Onboarding view=|head: TenantHead| {
            let slug = head.tenant.slug.clone();
            let read = move || get_checklist(slug.clone(), "onboarding".into());
            view! { <Load read view=move |list| onboarding(&head, list)/> }.into_any()
        }/>
    }
}

fn onboarding(head: &TenantHead, list: Option<Checklist>) -> AnyView {
    let tenant = &head.tenant;
    let may = |permission| head.viewer.allows(permission, Scope::Tenant(tenant.id));
    let Some(list) = list else {
        let state = form_state("begin_onboarding");
        let slug = tenant.slug.clone();
        let refused = head.refusal(ListKey::Onboarding.work()).filter(|_| may(Permission::ChecklistWork));
        let refused = refused.map(|reason| view! { <ui::DisabledButton id="why-onboard" reason>"Start onboarding"</ui::DisabledButton> });
        let form = (refused.is_none() && may(Permission::ChecklistWork)).then(|| {
            view! {
                <ui::Form to="begin_onboarding" state=&state>
                    <ui::Hidden name="slug" value=slug/>
                    <ui::Button kind=ui::Kind::Primary>"Start onboarding"</ui::Button>
                </ui::Form>
            }
        });
        return view! {
            <ui::Empty icon="list-checks" title="No onboarding list yet"
                text="Seven items, from access to contacts; most of them prove themselves once they are true.">
                {form}{refused}
            </ui::Empty>
        }
        .into_any();
    };
    let ready = list.is_complete() && list.ended_at.is_none() && tenant.stage != Stage::Operate;
    let live = (ready && may(Permission::TenantGoLive)).then(|| {
        let href = crate::paths::tenant(&tenant.slug, "go-live");
        view! {
            <ui::Banner tone=ui::Tone::Success quiet=true actions=view! { <ui::LinkButton href>"Go live…"</ui::LinkButton> }.into_any()>
                <p><strong>"Everything required is done."</strong>" The tenant can go live."</p>
            </ui::Banner>
        }
    });
    view! { {live}<ChecklistView head=head.clone() list/> }.into_any()
}

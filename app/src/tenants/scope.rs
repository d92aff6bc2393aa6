//! The page before a suspension goes further, or less far: what that gives or takes, in real numbers, then one form.

use super::lifecycle_api::get_impact;
use super::suspend::{Impossible, MoveHeader, carried};
use crate::paths;
use crate::ui::{self, ConfirmPage, Consequence, Load, Tier, Tone, form_state, plural};
use leptos::prelude::*;
use model::lifecycle::Impact;
use model::tenants::{Action, Suspension, TenantHead};

/// `/tenants/{slug}/scope`
#[component]
pub fn ScopePage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_impact(slug.clone()) view=|(head, impact)| scope_form(&head, &impact)/> }
}

/// The one that there is to change to.
const fn other(scope: Suspension) -> Suspension {
    match scope {
        Suspension::ReadOnly => Suspension::Blocked,
        Suspension::Blocked => Suspension::ReadOnly,
    }
}

fn scope_form(head: &TenantHead, impact: &Impact) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Change scope"/> };
    if let Err(why) = Action::ChangeScope.check(tenant.status) {
        return view! { {header}<Impossible tenant why to="change_suspension_scope"/> }.into_any();
    }
    let state = form_state("change_suspension_scope");
    let now = tenant.suspension.unwrap_or(Suspension::Blocked);
    // Somebody was quicker with the same: what was typed is no reason for the contrary.
    if state.is_conflict() && state.sent("scope") == Some(now.as_str()) {
        let why = format!("It is {} already.", now.label().to_lowercase());
        return view! { {header}<Impossible tenant why to="change_suspension_scope"/> }.into_any();
    }
    let to = other(now);
    let why = tenant.reason_label().unwrap_or("an unknown reason").to_lowercase();
    let message = tenant.status_message.clone().unwrap_or_default();
    let mut hidden = carried(&tenant, &state);
    hidden.push(("scope", to.as_str().to_owned()));
    let button = match to {
        Suspension::Blocked => "Block tenant",
        Suspension::ReadOnly => "Make it read-only",
    };
    view! {
        {header}
        <p>"Suspended for "<strong>{why}</strong>", since "<ui::When at=tenant.status_since full=true/>", and "<strong>{now.label().to_lowercase()}</strong>" so far. From now on it is to be "<strong>{to.label().to_lowercase()}</strong>"."</p>
        <ConfirmPage to="change_suspension_scope" state=&state tier=Tier::Serious consequences=consequences(to, impact) button
            reason_help="For the platform’s people: in the audit log. The tenant never sees it."
            back=paths::tenant(&tenant.slug, "") hidden>
            <ui::TextArea state=&state name="message" label="Message to the tenant" optional=true rows=3 max=500 initial=message
                help="Its people read this on every page and when they are refused. It takes the place of what they are told now."/>
        </ConfirmPage>
    }
    .into_any()
}

fn consequences(to: Suspension, impact: &Impact) -> Vec<Consequence> {
    let (people, keys) = (plural(impact.members, "member"), plural(impact.keys, "API key"));
    let [whom, which] = match to {
        Suspension::Blocked => [
            Consequence::new(
                Tone::Danger,
                "users",
                format!(
                    "{people} can see nothing of it any more; of {}, those of people without another place end at once.",
                    plural(impact.sessions, "open session")
                ),
            ),
            Consequence::new(
                Tone::Danger,
                "key",
                format!("{keys}: reading is answered with 403 at once, as sending conversations is already."),
            ),
        ],
        Suspension::ReadOnly => [
            Consequence::new(
                Tone::Success,
                "users",
                format!("{people} can sign in and read again; they cannot change anything."),
            ),
            Consequence::new(
                Tone::Success,
                "key",
                format!("{keys}: reading works at once; sending conversations is still answered with 403."),
            ),
        ],
    };
    vec![
        whom,
        which,
        Consequence::new(
            Tone::Neutral,
            "info",
            "It stays suspended, for the same reason and since the same day. Nothing is deleted, and reinstating works as before.",
        ),
        Consequence::new(
            Tone::Neutral,
            "mail",
            "Its admins are told by mail, whatever mail they want; so are its endpoints that listen.",
        ),
    ]
}

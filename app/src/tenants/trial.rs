//! The pages before a trial becomes a customer, and before it ends on a later day: what follows from it, then one form.

use super::suspend::{Impossible, MoveHeader, carried};
use super::trial_api::get_trial;
use crate::paths;
use crate::ui::{self, ConfirmPage, Consequence, Load, Tier, Tone, form_state};
use chrono::{Days, NaiveDate};
use leptos::prelude::*;
use model::tenants::{Action, TRIAL_DAYS_AHEAD, Tenant, TenantHead, trial_end};

/// Days that the form proposes to add.
const PROPOSED: u64 = 14;

/// `/tenants/{slug}/convert`
#[component]
pub fn ConvertTrialPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_trial(slug.clone()) view=|head| convert_form(&head)/> }
}

/// `/tenants/{slug}/extend-trial`
#[component]
pub fn ExtendTrialPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_trial(slug.clone()) view=|head| extend_form(&head)/> }
}

/// Until when it is on trial, in one line.
fn until(tenant: &Tenant) -> AnyView {
    match tenant.trial_ends_at {
        Some(at) => view! { "On trial until "<ui::When at full=true/>"." }.into_any(),
        None => "On trial, without an end.".into_any(),
    }
}

fn mail() -> Consequence {
    Consequence::new(
        Tone::Neutral,
        "mail",
        "Its admins are told by mail, unless they want no such mail; so are its endpoints that listen.",
    )
}

fn convert_form(head: &TenantHead) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Convert to customer"/> };
    if let Err(why) = Action::ConvertTrial.check(tenant.status) {
        return view! { {header}<Impossible tenant why to="convert_trial"/> }.into_any();
    }
    let state = form_state("convert_trial");
    let consequences = vec![
        Consequence::new(
            Tone::Success,
            "award",
            "It becomes active: no day ends it any more, and the rule about ended trials leaves it alone.",
        ),
        Consequence::new(
            Tone::Neutral,
            "gauge",
            format!(
                "Its plan stays {}, with its limits. Another one is changed to by itself.",
                tenant.plan.label()
            ),
        ),
        mail(),
    ];
    let (plan, extend) = (paths::tenant(&tenant.slug, "plan"), paths::tenant(&tenant.slug, "extend-trial"));
    view! {
        {header}
        <p>{until(&tenant)}" Not decided yet? "<a href=extend>"Extend the trial"</a>". Another plan was agreed on? "<a href=plan>"Change the plan"</a>"."</p>
        <ConfirmPage to="convert_trial" state=&state tier=Tier::Review consequences button="Convert to customer"
            back=paths::tenant(&tenant.slug, "") hidden=carried(&tenant, &state)>
            <ui::TextArea state=&state name="reason" label="Reason" rows=2 max=2_000
                help="For example the contract that was signed. For the platform’s people: in the audit log."/>
        </ConfirmPage>
    }
    .into_any()
}

/// Two weeks after its end, as a date field takes it, so far as that is not too far ahead.
fn proposed(head: &TenantHead) -> String {
    let today = head.now.date_naive();
    let ends = head.tenant.trial_ends_at.map_or(today, |at| at.date_naive()).max(today);
    let later = |from: NaiveDate, days: u64| from.checked_add_days(Days::new(days)).unwrap_or(from);
    later(ends, PROPOSED).min(later(today, TRIAL_DAYS_AHEAD)).format("%Y-%m-%d").to_string()
}

fn extend_form(head: &TenantHead) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Extend trial"/> };
    if let Err(why) = Action::ExtendTrial.check(tenant.status) {
        return view! { {header}<Impossible tenant why to="extend_trial"/> }.into_any();
    }
    // No day is left that it could be given: what the form asks for would be refused whatever it is.
    let furthest = trial_end(&format!("+{TRIAL_DAYS_AHEAD}"), head.now).ok();
    if let Some(ends) = tenant.trial_ends_at.filter(|ends| furthest.is_some_and(|last| *ends >= last)) {
        let why = format!(
            "Its trial ends on {} as it is. By hand it ends at most {TRIAL_DAYS_AHEAD} days from today.",
            ui::day(ends)
        );
        return view! { {header}<Impossible tenant why to="extend_trial"/> }.into_any();
    }
    let state = form_state("extend_trial");
    let consequences = vec![
        Consequence::new(
            Tone::Success,
            "calendar",
            "It stays on trial, with everything that it has, until the end of the new day.",
        ),
        Consequence::new(
            Tone::Neutral,
            "refresh-cw",
            "Before the new end its admins are told again that it comes near; then the rule about ended trials applies to it.",
        ),
        mail(),
    ];
    let convert = paths::tenant(&tenant.slug, "convert");
    let proposed = proposed(head);
    let help = format!(
        "The whole day counts, UTC; at most {TRIAL_DAYS_AHEAD} days from today, and after its present end."
    );
    view! {
        {header}
        <p>{until(&tenant)}" It stays for good? "<a href=convert>"Convert it to a customer"</a>"."</p>
        <ConfirmPage to="extend_trial" state=&state tier=Tier::Review consequences button="Extend trial"
            back=paths::tenant(&tenant.slug, "") hidden=carried(&tenant, &state)>
            <ui::TextField state=&state name="day" label="New last day" kind="date" width=ui::FieldWidth::Sm
                initial=proposed help/>
            <ui::TextArea state=&state name="reason" label="Reason" rows=2 max=2_000
                help="For the platform’s people: in the audit log. The tenant never sees it."/>
        </ConfirmPage>
    }
    .into_any()
}

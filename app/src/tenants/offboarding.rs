//! The end of a tenant's life: starting its grace period, the countdown, the runbook, and calling it back.

use super::frame::{Section, TenantSection, could};
use super::lifecycle_api::{get_graces, get_impact};
use super::suspend::carried;
use crate::checklists::{ChecklistView, get_checklist};
use crate::paths;
use crate::ui::{self, Choice, ConfirmPage, Consequence, Load, Tier, Tone, form_state, plural};
use leptos::prelude::*;
use model::checklists::Checklist;
use model::lifecycle::{Grace, Impact, NO_GRACE};
use model::permission::Permission;
use model::tenants::{Action, Status, TenantHead};

#[component]
pub fn OffboardingPage() -> impl IntoView {
    view! { <TenantSection section=Section::Offboarding view=|head: TenantHead| body(head)/> }
}

fn body(head: TenantHead) -> AnyView {
    let slug = head.tenant.slug.clone();
    let may = could(&head.viewer, Permission::TenantOffboard, &head.tenant);
    match Action::StartOffboarding.check(head.tenant.status) {
        Ok(()) if may => {
            let read = move || {
                let slug = slug.clone();
                async move { Ok((get_impact(slug.clone()).await?.1, get_graces(slug).await?)) }
            };
            view! { <Load read view=move |(impact, graces)| start_form(&head, &impact, graces)/> }.into_any()
        }
        Ok(()) => view! {
            <ui::Empty icon="archive" title="Not offboarding" text="This tenant is in use. A platform operator can start its offboarding."/>
        }
        .into_any(),
        Err(_) if matches!(head.tenant.status, Status::Provisioning | Status::Failed) => view! {
            <ui::Empty icon="archive" title="Nothing to offboard" text="This tenant was never in use."/>
        }
        .into_any(),
        Err(_) => {
            let read = move || get_checklist(slug.clone(), "offboarding".into());
            view! { <Load read view=move |list| runbook(&head, list)/> }.into_any()
        }
    }
}

fn start_form(head: &TenantHead, impact: &Impact, graces: Vec<Grace>) -> AnyView {
    let tenant = head.tenant.clone();
    let state = form_state("start_offboarding");
    let overtaken = view! { <ui::SummaryOf state=form_state("cancel_offboarding")/> };
    let triggers = graces.iter().map(|grace| {
        let when = match grace.days {
            0 => "No grace period: all access is blocked at once.".to_owned(),
            days => format!(
                "{}: read-only until {}, then no access.",
                plural(days, "day"),
                ui::absolute(grace.ends_at)
            ),
        };
        Choice::new(grace.reason.as_str(), grace.reason.label()).note(when)
    });
    let triggers = triggers.collect();
    let consequences = vec![
        Consequence::new(
            Tone::Danger,
            "lock",
            format!(
                "{} and {} can only read from now on; {} follow with their next request.",
                plural(impact.members, "member"),
                plural(impact.keys, "API key"),
                plural(impact.sessions, "open session")
            ),
        ),
        Consequence::new(
            Tone::Danger,
            "pause",
            format!(
                "Ingestion and AI tasks stop: {} stay as they are.",
                plural(impact.pending, "unprocessed conversation")
            ),
        ),
        Consequence::new(
            Tone::Warning,
            "clock",
            "When the grace period ends, nobody of the tenant has access.",
        ),
        Consequence::new(
            Tone::Neutral,
            "database",
            format!(
                "Nothing is deleted by this: {} stay until the deletion steps of the runbook.{}",
                plural(impact.conversations, "conversation"),
                if tenant.legal_hold { " The legal hold blocks those." } else { "" }
            ),
        ),
        Consequence::new(Tone::Neutral, "undo", "It can be called back until the grace period is over."),
    ];
    view! {
        {overtaken}
        <ConfirmPage to="start_offboarding" state=&state tier=Tier::Irreversible(tenant.slug.clone()) consequences
            title="Start offboarding: what will happen" button="Start offboarding" back=paths::tenant(&tenant.slug, "") hidden=carried(&tenant, &state)>
            <ui::RadioCards state=&state name="code" label="Trigger" choices=triggers cols=2/>
            <ui::TextField state=&state name="confirm_now" label=format!("Only without a grace period: type “{NO_GRACE}”") optional=true
                help="A second confirmation, because all access ends with this click."/>
        </ConfirmPage>
    }
    .into_any()
}

fn runbook(head: &TenantHead, list: Option<Checklist>) -> AnyView {
    let tenant = head.tenant.clone();
    let countdown = tenant.grace_ends_at.filter(|_| tenant.status == Status::Offboarding).map(|until| {
        view! { <ui::Countdown until what="Access ends not before"/> }
    });
    let may = could(&head.viewer, Permission::TenantOffboard, &tenant);
    let cancel = (may && tenant.status == Status::Offboarding).then(|| {
        let state = form_state("cancel_offboarding");
        let carried = carried(&tenant, &state);
        let back_to = tenant.status_before.unwrap_or(Status::Active).label().to_lowercase();
        view! {
            <ui::Section id="cancel" title="Call it back">
                <p>{format!("Nothing has been deleted. Cancelling brings the tenant back to {back_to} at once and closes this runbook.")}</p>
                <ui::Form to="cancel_offboarding" state=&state>
                    {carried.into_iter().map(|(name, value)| view! { <ui::Hidden name value/> }).collect_view()}
                    <ui::TextArea state=&state name="reason" label="Reason" help="Stands in the audit log." rows=2 max=2_000/>
                    <ui::Actions><ui::Button>"Cancel offboarding"</ui::Button></ui::Actions>
                </ui::Form>
            </ui::Section>
        }
    });
    let late = matches!(tenant.status, Status::Purging | Status::Deleted)
        .then(|| view! { <p>"Deletion has begun; this offboarding can no longer be cancelled."</p> });
    let list = match list {
        Some(list) => view! { <ChecklistView head=head.clone() list/> }.into_any(),
        None => view! { <ui::Empty icon="list-checks" title="No runbook" text="This offboarding was started without one."/> }.into_any(),
    };
    // Somebody was quicker with the same form: it is no longer here, its answer must be.
    let overtaken = view! { <ui::SummaryOf state=form_state("start_offboarding")/> };
    view! { {overtaken}{countdown}{late}{list}{cancel} }.into_any()
}

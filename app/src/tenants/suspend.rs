//! The pages before a suspension, a reinstatement and going live: what it touches, in real numbers, then one form.

use super::lifecycle_api::{get_impact, get_tenant_head};
use crate::paths;
use crate::ui::{self, Choice, ConfirmPage, Consequence, FormState, Load, Tier, Tone, form_state, plural};
use leptos::prelude::*;
use leptos_meta::Title;
use model::lifecycle::Impact;
use model::tenants::{Action, Stage, Status, Suspension, SuspensionReason, Tenant, TenantHead};

/// Title and heading of a page about one move of a tenant.
#[component]
pub(super) fn MoveHeader(tenant: Tenant, title: &'static str) -> impl IntoView {
    let until = if tenant.status == Status::Trial { tenant.trial_ends_at } else { tenant.grace_ends_at };
    let badges = view! {
        <ui::StatusBadge status=tenant.status reason=tenant.status_reason.clone() suspension=tenant.suspension until=until/>
        <ui::PlanTag plan=tenant.plan/>
    };
    view! {
        <Title text=format!("{title}: {}", tenant.name)/>
        <ui::PageHeader title=format!("{title}: {}", tenant.name) badges=badges.into_any()/>
    }
    .into_any()
}

/// Instead of a form: why the status does not allow the move, in the words that the server would refuse with. Who just
/// sent the form is told first what happened meanwhile.
#[component]
pub(super) fn Impossible(
    tenant: Tenant,
    why: String,
    /// The server function of the form.
    to: &'static str,
) -> impl IntoView {
    let state = form_state(to);
    view! {
        <ui::SummaryOf state=&state/>
        <ui::Typed state=&state fields=&[("reason", "Reason"), ("message", "Message to the tenant"), ("proof", "Proof"), ("note", "Note"), ("day", "New last day")]/>
        <ui::Empty kind=ui::EmptyKind::Denied icon="ban" title="Not possible now" text=why>
            <ui::LinkButton href=paths::tenant(&tenant.slug, "")>{format!("Back to {}", tenant.name)}</ui::LinkButton>
        </ui::Empty>
    }
    .into_any()
}

/// What every form about a tenant carries. A form with wrong fields keeps the version it was decided on; after a
/// conflict it takes the new one, because its reader has been told what changed.
pub(super) fn carried(tenant: &Tenant, state: &FormState) -> Vec<(&'static str, String)> {
    let now = tenant.version.to_string();
    let version = if has_field_errors(state) { state.value("version", &now) } else { now };
    vec![("slug", tenant.slug.clone()), ("version", version)]
}

fn has_field_errors(state: &FormState) -> bool {
    [
        "code",
        "scope",
        "reason",
        "message",
        "proof",
        "plan",
        "day",
        "note",
        "confirm",
        "confirm_now",
        "support",
        "escalation",
    ]
    .iter()
    .any(|field| state.error(field).is_some())
}

/// Of a step that does not end a trial: that it does not.
pub(super) fn stays_on_trial(tenant: &Tenant) -> Option<Consequence> {
    let text = tenant.still_on_trial().trim_start().to_owned();
    (!text.is_empty()).then(|| Consequence::new(Tone::Warning, "alert-triangle", text))
}

#[component]
pub fn SuspendPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_impact(slug.clone()) view=|(head, impact)| suspend_form(&head, &impact)/> }
}

fn suspend_form(head: &TenantHead, impact: &Impact) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Suspend"/> };
    if let Err(why) = Action::Suspend.check(tenant.status) {
        return view! { {header}<Impossible tenant why to="suspend_tenant"/> }.into_any();
    }
    let state = form_state("suspend_tenant");
    let people = plural(impact.members, "member");
    let keys = plural(impact.keys, "API key");
    let consequences = vec![
        Consequence::new(
            Tone::Danger,
            "users",
            format!(
                "{people} lose what you choose below; {} follow with their next request.",
                plural(impact.sessions, "open session")
            ),
        ),
        Consequence::new(
            Tone::Danger,
            "key",
            format!(
                "{keys}: sending conversations is answered with 403 at once. If it is blocked, so is reading."
            ),
        ),
        Consequence::new(
            Tone::Warning,
            "pause",
            format!(
                "Nothing is analysed until it is reinstated: {} {} as they are, {} pause.",
                plural(impact.pending, "unprocessed conversation"),
                if impact.pending == 1 { "waits" } else { "wait" },
                plural(impact.enabled_tasks, "enabled task")
            ),
        ),
        Consequence::new(
            Tone::Neutral,
            "database",
            format!(
                "Nothing is deleted: {} and all settings stay.",
                plural(impact.conversations, "conversation")
            ),
        ),
        Consequence::new(
            Tone::Neutral,
            "undo",
            format!("Reinstating brings it back to {}.", tenant.status.label().to_lowercase()),
        ),
    ];
    let reason = |reason: &SuspensionReason| {
        Choice::new(reason.as_str(), reason.label()).note(format!("Priority P{}", reason.priority()))
    };
    let reasons = SuspensionReason::ALL.iter().map(reason).collect();
    let scopes = vec![
        Choice::new(Suspension::ReadOnly.as_str(), "Read-only")
            .note(format!("{people} and {keys} can still read. Nothing can be written or taken in.")),
        Choice::new(Suspension::Blocked.as_str(), "Blocked")
            .note(format!("{people} see nothing of it any more; {keys} are refused altogether.")),
    ];
    view! {
        {header}
        <ConfirmPage to="suspend_tenant" state=&state tier=Tier::Serious consequences button="Suspend tenant"
            reason_help="For the platform’s people: on this tenant’s pages and in the audit log. The tenant never sees it."
            back=paths::tenant(&tenant.slug, "") hidden=carried(&tenant, &state)>
            <ui::RadioCards state=&state name="code" label="Why" choices=reasons cols=2/>
            <ui::RadioCards state=&state name="scope" label="How far it goes" choices=scopes cols=2/>
            <ui::TextArea state=&state name="message" label="Message to the tenant" optional=true rows=3 max=500
                help="Its people read this on every page and when they are refused: what happened, what they can do. Their contacts are added."/>
        </ConfirmPage>
    }
    .into_any()
}

#[component]
pub fn ReinstatePage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_impact(slug.clone()) view=|(head, impact)| reinstate_form(&head, &impact)/> }
}

fn reinstate_form(head: &TenantHead, impact: &Impact) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Reinstate"/> };
    if let Err(why) = Action::Reinstate.check(tenant.status) {
        return view! { {header}<Impossible tenant why to="reinstate_tenant"/> }.into_any();
    }
    let state = form_state("reinstate_tenant");
    // A trial that has ended does not begin again.
    let trial_over = tenant.status_reason.as_deref() == Some(SuspensionReason::TrialEnded.as_str());
    let back_to = match tenant.status_before {
        Some(Status::Trial) if trial_over => "It becomes active: its trial is over.".to_owned(),
        before => {
            let before = before.unwrap_or(Status::Active).label().to_lowercase();
            format!("It goes back to {before}, as it was before.")
        }
    };
    let consequences = vec![
        Consequence::new(Tone::Success, "play", back_to),
        Consequence::new(
            Tone::Success,
            "users",
            format!(
                "{} and {} get full access at once.",
                plural(impact.members, "member"),
                plural(impact.keys, "API key")
            ),
        ),
        Consequence::new(
            Tone::Neutral,
            "activity",
            format!("{} that waited are taken up again.", plural(impact.pending, "conversation")),
        ),
    ];
    let why = tenant.reason_label().unwrap_or("an unknown reason").to_lowercase();
    let note = tenant.status_note.clone().map(|note| view! { " Note: "<q>{note}</q> });
    let by = head.status_by.clone().filter(|_| head.by_rule != Some(true)).map(|by| format!(" by {by}"));
    let pressing = head.pressing().map(|words| {
        view! { " "<ui::Badge tone=Tone::Warning icon=Tone::Warning.icon()>{words}</ui::Badge> }
    });
    view! {
        {header}
        <p>"Suspended for "<strong>{why}</strong>{by}", since "<ui::When at=tenant.status_since full=true/>"."{note}{pressing}</p>
        <ConfirmPage to="reinstate_tenant" state=&state tier=Tier::Review consequences button="Reinstate tenant"
            back=paths::tenant(&tenant.slug, "") hidden=carried(&tenant, &state)>
            <ui::TextArea state=&state name="proof" label="Proof that the cause is gone"
                help="For example the invoice that was paid, the ticket that was closed. Stands in the audit log." max=2_000/>
        </ConfirmPage>
    }
    .into_any()
}

#[component]
pub fn GoLivePage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_tenant_head(slug.clone()) view=|head| go_live_form(&head)/> }
}

fn go_live_form(head: &TenantHead) -> AnyView {
    let tenant = head.tenant.clone();
    let header = view! { <MoveHeader tenant=tenant.clone() title="Go live"/> };
    let missing = match head.onboarding {
        None => Some("Its onboarding has not been started.".to_owned()),
        Some(_) if tenant.stage == Stage::Operate => Some("It is live already.".to_owned()),
        Some(p) if p.done < p.total => {
            Some(format!("Only {} of {} onboarding items are done.", p.done, p.total))
        }
        Some(_) => Action::GoLive.check(tenant.status).err(),
    };
    if let Some(why) = missing {
        return view! { {header}<Impossible tenant why to="go_live"/> }.into_any();
    }
    let state = form_state("go_live");
    let mut consequences = vec![
        Consequence::new(
            Tone::Success,
            "award",
            "Its stage becomes Operate: what comes in from now on is production.",
        ),
        Consequence::new(
            Tone::Neutral,
            "info",
            "Conversations were taken in before, for testing. They stay, and the door for them stays as open as it is.",
        ),
        Consequence::new(
            Tone::Neutral,
            "list-checks",
            "The onboarding list is closed as it is; waivers stay visible in it.",
        ),
        Consequence::new(Tone::Neutral, "history", "The audit log records who took it live, and when."),
    ];
    consequences.extend(stays_on_trial(&tenant));
    view! {
        {header}
        <ConfirmPage to="go_live" state=&state tier=Tier::Review consequences button="Go live"
            back=paths::tenant(&tenant.slug, "onboarding") hidden=carried(&tenant, &state)/>
    }
    .into_any()
}

//! What stands above every page of a tenant that is not simply at work: suspended, leaving, gone, or live and on trial
//! still. Reason, since when, by whom, until when, way out.

use super::frame::could;
use super::strip;
use crate::paths;
use crate::ui::{self, Tone};
use leptos::prelude::*;
use model::permission::Permission;
use model::tenants::{Stage, Status, Suspension, TenantHead};

/// The banner, where there is something to say.
pub(super) fn banner(head: &TenantHead) -> Option<AnyView> {
    let tenant = &head.tenant;
    let by = match head.by_rule {
        Some(true) => Some(" by rule".to_owned()),
        _ => head.status_by.clone().map(|by| format!(" by {by}")),
    };
    let reason = tenant.reason_label().map(|reason| format!(": {}", reason.to_lowercase()));
    let since = tenant.status_since;
    let outside = head.viewer.is_platform();
    // What operators note is for the platform; what they tell the tenant is for both.
    let note = tenant
        .status_note
        .clone()
        .filter(|_| outside)
        .map(|note| view! { <p>"Note for the platform: "<q>{note}</q></p> });
    let message = tenant.status_message.clone().map(|message| {
        let who = if outside { "Told to the tenant: " } else { "" };
        view! { <p>{who}<q>{message}</q></p> }
    });
    let contact = (!outside).then(|| {
        let contact = tenant.support_contact.clone().unwrap_or_else(|| "the platform’s support".into());
        view! { <p>{format!("To change this, contact {contact}.")}</p> }
    });
    let (icon, tone, text, way_out) = match tenant.status {
        Status::Suspended => {
            let (kind, effect) = match tenant.suspension {
                Some(Suspension::ReadOnly) => {
                    let effect = if outside {
                        "Its people and API keys can read; nothing can be written or taken in."
                    } else {
                        "You and your API keys can still read everything; nothing can be changed, and no conversations are taken in."
                    };
                    ("read-only", effect)
                }
                _ => ("blocked", "Its people see nothing of it and its API keys are refused."),
            };
            // How pressing it is says something about the platform's work.
            let pressing = head.pressing().filter(|_| outside).map(|words| {
                view! { " "<ui::Badge tone=Tone::Warning icon=Tone::Warning.icon()>{words}</ui::Badge> }
            });
            let text = view! { <p><strong>{format!("Suspended, {kind}")}</strong>{reason}", since "<ui::When at=since full=true/>{by}". "{effect}{pressing}</p> };
            (
                "status-suspended",
                Tone::Warning,
                text.into_any(),
                Some((Permission::TenantSuspend, "Reinstate…", "reinstate")),
            )
        }
        Status::Trial if outside && tenant.stage == Stage::Operate => {
            let until = tenant.trial_ends_at.map(|at| view! { " until "<ui::When at full=true/> });
            let text = view! { <p><strong>"Live, and on trial still"</strong>{until}". Make it a customer, or extend the trial, before its end suspends it."</p> };
            (
                "info",
                Tone::Info,
                text.into_any(),
                Some((Permission::TenantPlan, "Convert to customer…", "convert")),
            )
        }
        Status::Offboarding => {
            let left = match tenant.days_left(head.now) {
                Some(0) | None => "the grace period is over".to_owned(),
                Some(days) => format!("{} left", ui::plural(days, "day")),
            };
            let effect = if tenant.suspension == Some(Suspension::Blocked) {
                "All access is blocked."
            } else {
                "It is read-only."
            };
            let until = tenant
                .grace_ends_at
                .map(|at| view! { " Access ends not before "<ui::When at full=true/>"." });
            let text = view! { <p><strong>{format!("Offboarding, {left}")}</strong>{reason}", started "<ui::When at=since full=true/>{by}". "{effect}{until}</p> };
            (
                "status-offboarding",
                Tone::Orange,
                text.into_any(),
                Some((Permission::TenantOffboard, "Cancel offboarding…", "offboarding")),
            )
        }
        Status::Offboarded | Status::Purging => {
            let text = view! { <p><strong>{tenant.status.label()}</strong>{reason}", since "<ui::When at=since full=true/>". Nobody of this tenant has access."</p> };
            (
                "archive",
                Tone::Info,
                text.into_any(),
                Some((Permission::ChecklistRead, "Open runbook", "offboarding")),
            )
        }
        Status::Failed => {
            let text = view! { <p><strong>"Provisioning failed"</strong>", "<ui::When at=since full=true/>". Nobody has access, and nothing was kept half made. It can be retried, or given up."</p> };
            let way_out = (Permission::AuditRead, "See what happened", "audit");
            ("octagon-x", Tone::Danger, text.into_any(), Some(way_out))
        }
        Status::Deleted => {
            let text = view! { <p><strong>"Deleted"</strong>", "<ui::When at=since full=true/>{by}". Its data is gone; this record and its audit log are what is left. It cannot be brought back."</p> };
            ("archive", Tone::Neutral, text.into_any(), Some((Permission::AuditRead, "Audit log", "audit")))
        }
        _ => return None,
    };
    // Its operation is where it is retried or rolled back; without one there is the log.
    let way_out = match strip::failed(head) {
        Some(href) => Some((Permission::OperationRead, "Open the operation", href)),
        None => way_out
            .map(|(permission, label, section)| (permission, label, paths::tenant(&tenant.slug, section))),
    };
    let way_out = way_out.filter(|(permission, ..)| could(&head.viewer, *permission, tenant)).map(
        |(_, label, href)| {
            view! { <ui::LinkButton href size=ui::Size::Small>{label}</ui::LinkButton> }.into_any()
        },
    );
    let way_out = way_out.unwrap_or_else(|| ().into_any());
    Some(
        view! { <ui::Banner tone icon strip=true quiet=true actions=way_out>{text}{message}{note}{contact}</ui::Banner> }
            .into_any(),
    )
}

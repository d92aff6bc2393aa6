//! The audit log: of all chains, of one tenant, and single entries. Nothing here can be edited or deleted.

pub mod api;
mod entry;
mod list;

pub use entry::EntryPage;
pub use list::{AuditPage, TenantAuditPage};

use crate::paths;
use crate::ui::{Badge, Th, Tone};
use leptos::prelude::*;
use model::audit::{Line, Outcome};

/// The heads of a list's columns.
pub fn head(fleet: bool) -> AnyView {
    view! {
        <Th>"Time (UTC)"</Th><Th>"Actor"</Th><Th>"Action"</Th><Th>"Target"</Th>
        {fleet.then(|| view! { <Th>"Tenant"</Th> })}
        <Th>"Result"</Th><Th num=true>"Changes"</Th>
    }
    .into_any()
}

/// Columns of a list.
pub(crate) const fn columns(fleet: bool) -> u32 {
    if fleet { 7 } else { 6 }
}

/// The mark of a refused call.
#[component]
fn Denied() -> impl IntoView {
    view! { <Badge tone=Tone::Danger icon="ban">"Denied"</Badge> }
}

/// A line of a list; its time is the link to the entry.
#[component]
pub fn LineRow(line: Line, fleet: bool) -> impl IntoView {
    let href = paths::audit_entry(line.stream(), line.seq);
    let denied = line.outcome == Outcome::Denied;
    let tenant = fleet.then(|| {
        let tenant = match line.of.clone() {
            Some((slug, name)) => view! { <a href=paths::tenant(&slug, "audit")>{name}</a> }.into_any(),
            None => view! { <span class="u-muted">"platform"</span> }.into_any(),
        };
        view! { <td data-label="Tenant">{tenant}</td> }
    });
    let result = if denied {
        view! { <Denied/> }.into_any()
    } else {
        view! { <span class="u-muted">"Done"</span> }.into_any()
    };
    let changes = match line.changes {
        0 => "—".to_owned(),
        1 => "1 field".to_owned(),
        n => format!("{n} fields"),
    };
    let reason = line.reason.clone().map(|reason| view! { <span class="c-table__sub">{reason}</span> });
    view! {
        <tr data-tone=denied.then_some("danger")>
            <th scope="row"><a class="c-table__link" href=href><time class="u-mono u-nowrap" datetime=line.at.to_rfc3339()>{line.at.format("%-d %b %Y %H:%M:%S%.3f").to_string()}</time></a></th>
            <td data-label="Actor">{line.actor}{kind(&line.actor_kind)}</td>
            <td data-label="Action"><code>{line.action}</code></td>
            <td data-label="Target">{line.target}{reason}</td>
            {tenant}
            <td data-label="Result">{result}</td>
            <td data-label="Changes" class="u-num">{changes}</td>
        </tr>
    }
    .into_any()
}

/// What an actor is, where it is not a person.
fn kind(kind: &str) -> Option<AnyView> {
    let word = match kind {
        "api_key" => "API key",
        "platform_key" => "platform key",
        "system" => "the server",
        "anonymous" => "not signed in",
        _ => return None,
    };
    Some(view! { <span class="c-table__sub">{word}</span> }.into_any())
}

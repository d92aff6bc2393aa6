//! What works on a tenant now, is stuck or waits, in one line under the header of each of its pages, with the way there.

use crate::operations::bar;
use crate::paths;
use crate::ui::{Banner, LinkButton, Size, Tone, When};
use leptos::prelude::*;
use model::operations::{OperationRow, State};
use model::tenants::{Status, TenantHead};

/// Nothing where nothing is under way; of a tenant whose making failed its banner tells.
pub(super) fn strip(head: &TenantHead) -> Option<AnyView> {
    let row = head.operation.as_ref().filter(|row| row.state != State::Failed)?;
    let (tone, icon, words) = look(row.state)?;
    let kind = row.kind.label();
    let open = view! { <LinkButton href=paths::operation(row.id) size=Size::Small>"Open the operation"</LinkButton> };
    let bar = matches!(row.state, State::Running | State::Undoing).then(|| bar(row));
    let more = more(row);
    Some(
        view! {
            <Banner tone icon strip=true quiet=true actions=open.into_any()>
                <p><strong>{kind}</strong>": "{words}{more}</p>
                {bar}
            </Banner>
        }
        .into_any(),
    )
}

/// What a tenant whose making failed leads to: its operation can be retried or rolled back.
pub(super) fn failed(head: &TenantHead) -> Option<String> {
    let row = head.operation.as_ref().filter(|_| head.tenant.status == Status::Failed)?;
    Some(paths::operation(row.id))
}

const fn look(state: State) -> Option<(Tone, &'static str, &'static str)> {
    Some(match state {
        State::Requested => (Tone::Warning, "hand", "waits for a decision"),
        State::Queued => (Tone::Info, "clock", "begins as soon as nothing else works on this tenant"),
        State::Running => (Tone::Info, "status-provisioning", "is being done"),
        State::Undoing => (Tone::Warning, "undo", "is being undone"),
        State::Parked => (Tone::Warning, "pause", "stopped where it is, and waits for somebody"),
        State::NeedsOperator => {
            (Tone::Danger, "alert-triangle", "could not be undone, and waits for somebody")
        }
        State::Succeeded | State::Failed | State::Cancelled | State::RolledBack | State::Rejected => {
            return None;
        }
    })
}

/// How far it is, or since when it waits.
fn more(row: &OperationRow) -> AnyView {
    match (row.state, &row.current) {
        (State::Running | State::Undoing, Some(step)) => {
            view! { ", "{count(row)}". "<span class="u-muted">{format!("Now: {step}.")}</span> }.into_any()
        }
        (State::Running | State::Undoing, None) => view! { ", "{count(row)}"." }.into_any(),
        (State::Requested, _) => {
            let (by, at) = (row.requested_by.clone(), row.requested_at);
            view! { ", asked for by "{by}", "<When at/>"." }.into_any()
        }
        _ => view! { "." }.into_any(),
    }
}

fn count(row: &OperationRow) -> String {
    format!("{} of {} steps done", row.steps_done, row.steps_total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_over_has_words_and_what_is_has_none() {
        for state in State::ALL {
            let stuck = matches!(state, State::Parked | State::NeedsOperator);
            assert_eq!(look(*state).is_some(), !state.is_settled() || stuck, "{state:?}");
        }
    }
}

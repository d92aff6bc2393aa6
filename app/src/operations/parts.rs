//! What list, page and tenant show of an operation in the same way.

use super::api::get_tenant_operations;
use crate::paths;
use crate::ui::{self, Badge, Card, Load, Tone, When};
use leptos::prelude::*;
use model::operations::{OperationRow, State};

/// Operations on the page of a tenant.
const RECENT: u32 = 3;

pub(super) const fn look(state: State) -> (Tone, &'static str) {
    match state {
        State::Requested => (Tone::Warning, "hand"),
        State::Queued => (Tone::Neutral, "clock"),
        State::Running => (Tone::Info, "status-provisioning"),
        State::Undoing => (Tone::Warning, "undo"),
        State::Succeeded => (Tone::Success, "check-circle"),
        State::Failed => (Tone::Danger, "octagon-x"),
        State::Cancelled => (Tone::Neutral, "ban"),
        State::RolledBack => (Tone::Neutral, "undo"),
        State::Rejected => (Tone::Neutral, "slash"),
        State::Parked => (Tone::Warning, "pause"),
        State::NeedsOperator => (Tone::Danger, "alert-triangle"),
    }
}

pub(super) fn badge(state: State) -> AnyView {
    let (tone, icon) = look(state);
    view! { <Badge tone icon>{state.label()}</Badge> }.into_any()
}

/// `Provision Acme`.
pub(super) fn title(row: &OperationRow) -> String {
    format!("{} {}", row.kind.label(), row.subject)
}

/// How far it is, in a few words; with the step in hand, or the one that stopped it.
pub(super) fn progress(row: &OperationRow) -> String {
    use State::*;
    let count = format!("{} of {}", row.steps_done, row.steps_total);
    match &row.current {
        Some(step) if matches!(row.state, Running | Undoing | Failed | Parked | NeedsOperator) => {
            format!("{count} · {step}")
        }
        _ => count,
    }
}

/// How long it took, or has taken so far.
pub(super) fn took(row: &OperationRow, now: chrono::DateTime<chrono::Utc>) -> Option<String> {
    let begin = row.started_at?;
    let end = row.finished_at.unwrap_or(now);
    Some(ui::span((end - begin).num_milliseconds()))
}

/// The newest operations on a tenant; what is in hand stands out. Nothing where there are none.
#[component]
pub fn TenantOperations(#[prop(into)] slug: String) -> impl IntoView {
    let all = paths::operations_of(&slug);
    view! {
        <Load read=move || get_tenant_operations(slug.clone(), String::new(), RECENT) view=move |(rows, _)| card(&rows, all.clone())/>
    }
    .into_any()
}

fn card(rows: &[OperationRow], all: String) -> AnyView {
    if rows.is_empty() {
        return ().into_any();
    }
    let items = rows.iter().map(|row| {
        let bar = matches!(row.state, State::Running | State::Undoing).then(|| bar(row));
        let at = row.finished_at.or(row.started_at).unwrap_or(row.requested_at);
        view! {
            <li class="c-list__item"><div class="u-grow">
                <p><a href=paths::operation(row.id)>{row.kind.label()}</a>" "{badge(row.state)}</p>
                {bar}
                <p class="u-muted">{progress(row)}" · "<When at/></p>
            </div></li>
        }
    });
    let items = items.collect_view();
    let aside = view! { <a href=all>"All operations"</a> };
    view! { <Card id="operations" title="Operations" aside=aside.into_any()><ul class="c-list">{items}</ul></Card> }.into_any()
}

pub(crate) fn bar(row: &OperationRow) -> AnyView {
    let text = format!("{} of {} steps done", row.steps_done, row.steps_total);
    view! { <progress class="c-progress" value=row.steps_done max=row.steps_total aria-label=text.clone()>{text.clone()}</progress> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_look_of_its_own() {
        let mut looks: Vec<_> = State::ALL.iter().map(|state| format!("{:?}", look(*state))).collect();
        looks.sort();
        looks.dedup();
        assert_eq!(looks.len(), State::ALL.len());
    }
}

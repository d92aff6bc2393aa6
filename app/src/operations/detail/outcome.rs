//! How an operation stands, in words, and where to go next.

use crate::operations::parts::{bar, took};
use crate::paths;
use crate::ui::{self, Banner, Kind, LinkButton, Tone};
use leptos::prelude::*;
use model::operations::{Kind as What, Operation, State, StepState};

/// What its reader has to know first, and where to go next.
pub(super) fn outcome(op: &Operation) -> AnyView {
    let row = &op.row;
    let done = op.steps.iter().filter(|step| step.state == StepState::Done).count();
    let took = took(row, op.now);
    let after = took.as_ref().map(|took| format!(" after {took}")).unwrap_or_default();
    let stopped = op.steps.iter().find(|s| matches!(s.state, StepState::Failed | StepState::UndoFailed));
    let tenant = row.slug.as_ref().map(|slug| {
        let (href, label) = match (row.kind, row.state) {
            (What::Provision, State::Succeeded) => (paths::tenant(slug, "onboarding"), "Open onboarding"),
            (What::ApplyTemplate, State::Succeeded) => (paths::tenant(slug, "baseline"), "Open its baseline"),
            _ => (paths::tenant(slug, ""), "Open the tenant"),
        };
        let kind = if row.state == State::Succeeded { Kind::Primary } else { Kind::Default };
        view! { <LinkButton href kind>{label}</LinkButton> }
    });
    let why = row.error.clone().map(|error| view! { <p>{error}</p> });
    let told = told_of_bulk(op, took.as_deref());
    let (tone, heading, text) = told.unwrap_or_else(|| match row.state {
        State::Requested => (
            Tone::Warning,
            "It waits for a second person".to_owned(),
            "Somebody other than who asked for it has to approve it. Nothing has been done yet.".to_owned(),
        ),
        State::Queued => {
            let text = if row.run_after > op.now {
                format!("It begins not before {}.", ui::absolute(row.run_after))
            } else {
                "It begins as soon as nothing else works on this tenant.".to_owned()
            };
            (Tone::Info, "It is queued".to_owned(), text)
        }
        State::Running if op.stopping => {
            (Tone::Warning, "It is being called off".to_owned(), "It turns around after the current step.".to_owned())
        }
        State::Running => (
            Tone::Info,
            format!("Step {} of {}", (done + 1).min(op.steps.len()), op.steps.len()),
            "You can leave this page; it goes on, and you find it among the operations.".to_owned(),
        ),
        State::Undoing => {
            (Tone::Warning, "What was done is being undone".to_owned(), "The last step first.".to_owned())
        }
        State::Succeeded => {
            let heading = match row.kind {
                What::Provision => format!("{} is ready", row.subject),
                _ => "It is done".to_owned(),
            };
            (Tone::Success, heading, match took {
                Some(took) => format!("All {} steps were done in {took}.", op.steps.len()),
                None => format!("All {} steps are done.", op.steps.len()),
            })
        }
        State::Failed => {
            let at = stopped.map(|s| format!("Step {}, “{}”, failed{after}. ", s.seq, s.label)).unwrap_or_default();
            (Tone::Danger, "It failed, and everything is undone".to_owned(), format!("{at}Nothing of it is left half made. Retry begins with the first step."))
        }
        State::Cancelled => (Tone::Neutral, "It was called off".to_owned(), "What had been done is undone.".to_owned()),
        State::RolledBack => {
            (Tone::Neutral, "It is rolled back".to_owned(), "What had been done is undone, and it is given up.".to_owned())
        }
        State::Rejected => (
            Tone::Neutral,
            "It was rejected".to_owned(),
            op.approval_note.clone().unwrap_or_else(|| "Nothing was begun.".into()),
        ),
        State::Parked => (
            Tone::Warning,
            "It is parked".to_owned(),
            "It stopped where it is, and nothing is undone. Retry goes on from there, Roll back undoes what was done.".to_owned(),
        ),
        State::NeedsOperator => {
            let at = stopped.map(|s| format!("Step {}, “{}”, could not be undone. ", s.seq, s.label)).unwrap_or_default();
            (
                Tone::Danger,
                "It needs an operator".to_owned(),
                format!("{at}What the steps below still show as done is what remains."),
            )
        }
    });
    // Bulk work is one step; how far it is stands with its tenants.
    let moves = matches!(row.state, State::Running | State::Undoing) && row.kind != What::Bulk;
    let bar = moves.then(|| bar(row));
    let actions = tenant.map(IntoAny::into_any).unwrap_or_else(|| ().into_any());
    view! {
        <Banner tone quiet=true actions>
            <h2 id="outcome" tabindex="-1">{heading}</h2>
            <p>{text}</p>
            {why}
            {bar}
        </Banner>
    }
    .into_any()
}

/// What there is to say of bulk work, which is not undone and goes by tenants, not by steps.
fn told_of_bulk(op: &Operation, took: Option<&str>) -> Option<(Tone, String, String)> {
    if op.row.kind != What::Bulk {
        return None;
    }
    let (tone, heading, text) = match op.row.state {
        State::Queued => (Tone::Info, "It is queued", "It begins as soon as a worker is free."),
        State::Running if op.stopping => {
            (Tone::Warning, "It is being called off", "What has not begun does not begin.")
        }
        State::Running => (
            Tone::Info,
            "Tenant by tenant",
            "You can leave this page; it goes on, and you find it among the operations.",
        ),
        State::Undoing => (Tone::Warning, "It is being called off", "What has not begun does not begin."),
        State::Cancelled => (
            Tone::Neutral,
            "It was called off",
            "What had not begun was not begun. What is done stays; the list says for whom.",
        ),
        State::Parked => (
            Tone::Warning,
            "It stopped before its end",
            "Retry failed tries those again, Cancel leaves them as they are. What is done stays.",
        ),
        State::Succeeded => {
            let text = match took {
                Some(took) => format!("Every tenant has come to its end, in {took}."),
                None => "Every tenant has come to its end.".to_owned(),
            };
            return Some((Tone::Success, "It is done".to_owned(), text));
        }
        State::Requested | State::Failed | State::RolledBack | State::Rejected | State::NeedsOperator => {
            return None;
        }
    };
    Some((tone, heading.to_owned(), text.to_owned()))
}

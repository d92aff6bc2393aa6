//! What can be done to an operation, by whoever looks at it, and why the rest cannot.

use crate::ui::{self, Button, Card, Kind, form_state};
use leptos::prelude::*;
use model::operations::{Control, Kind as What, Operation, State, StepState};
use model::permission::Scope;

/// What its viewer can do now. One note for all of it; the button says which it is.
pub(super) fn controls(op: &Operation) -> AnyView {
    let actor = crate::server::actor();
    let mine: Vec<_> = op
        .controls
        .iter()
        .filter(|(control, _)| actor.allows(control.permission(), Scope::Platform))
        .collect();
    let legal: Vec<Control> =
        mine.iter().filter(|(_, may)| may.is_ok()).map(|(control, _)| *control).collect();
    if mine.is_empty() {
        return ().into_any();
    }
    let state =
        Control::ALL.iter().map(|c| form_state(function(*c))).find(ui::FormState::failed).unwrap_or_default();
    let refused = mine.iter().filter_map(|(control, may)| {
        let reason = may.as_ref().err()?.clone();
        let (id, label) = (reason_id(*control)?, control.label());
        Some(view! { <p><ui::DisabledButton id reason size=ui::Size::Small>{label}</ui::DisabledButton></p> })
    });
    let refused: Vec<_> = refused.collect();
    let some_refused = legal.len() < mine.len();
    let refused = some_refused.then(|| {
        view! { <details class="c-disclosure" id="op-refused"><summary>"What cannot be done now, and why"</summary>{refused}</details> }
    });
    if legal.is_empty() {
        return view! { <div id="op-controls" data-live><ui::SummaryOf state=state/>{refused}</div> }
            .into_any();
    }
    let lines = legal
        .iter()
        .map(|control| view! { <li><strong>{name(*control, op)}</strong>": "{effect(*control, op)}</li> });
    let lines = lines.collect_view();
    let buttons = legal.iter().map(|control| {
        let kind = match control {
            Control::Approve | Control::Retry => Kind::Primary,
            Control::Reject | Control::Cancel | Control::RollBack => Kind::DangerQuiet,
        };
        let label = name(*control, op);
        view! { <Button kind name=ui::FORM_NAME value=function(*control)>{label}</Button> }
    });
    let buttons = buttons.collect_view();
    let id = op.row.id.to_string();
    let needed = legal.contains(&Control::Reject);
    let help = if needed && op.is_tenants_own() {
        "Rejecting needs one: the tenant’s admins read it. With an approval it stays with the platform."
    } else if needed {
        "Stands in the audit log. Rejecting needs one."
    } else {
        "Stands in the audit log."
    };
    view! {
        <div id="op-controls" data-live>
            <Card id="controls" title="What you can do">
                <form method="post" class="c-form" novalidate>
                    <ui::SummaryOf state=state.clone()/>
                    <ui::Hidden name="id" value=id/>
                    <ul>{lines}</ul>
                    <ui::TextArea state=&state name="note" label="Note" optional=true help rows=2 max=2_000/>
                    <ui::Actions>{buttons}</ui::Actions>
                </form>
                {refused}
            </Card>
        </div>
    }
    .into_any()
}

/// Of bulk work only what failed is tried again.
fn name(control: Control, op: &Operation) -> &'static str {
    if control == Control::Retry && op.row.kind == What::Bulk { "Retry failed" } else { control.label() }
}

const fn function(control: Control) -> &'static str {
    match control {
        Control::Approve => "approve_operation",
        Control::Reject => "reject_operation",
        Control::Retry => "retry_operation",
        Control::Cancel => "cancel_operation",
        Control::RollBack => "roll_back_operation",
    }
}

const fn reason_id(control: Control) -> Option<&'static str> {
    Some(match control {
        Control::Approve => "why-approve",
        Control::Retry => "why-retry",
        Control::Cancel => "why-cancel",
        Control::RollBack => "why-roll-back",
        // Decided together with Approve.
        Control::Reject => return None,
    })
}

fn effect(control: Control, op: &Operation) -> String {
    let done = op.steps.iter().filter(|s| s.state == StepState::Done).count();
    let stopped = op.steps.iter().find(|s| matches!(s.state, StepState::Failed | StepState::UndoFailed));
    if op.row.kind == What::Bulk {
        let words = match control {
            Control::Approve => "it begins at once.",
            Control::Reject => "nothing is begun; whoever asked sees your note.",
            Control::Retry => "every tenant that failed is tried again, as it is now.",
            Control::Cancel if op.row.state == State::Parked => {
                "what failed is left as it is, and it is closed."
            }
            Control::Cancel => "what has not begun does not begin; what is done stays.",
            Control::RollBack => "it is not undone as a whole.",
        };
        return words.to_owned();
    }
    match control {
        Control::Approve => "it begins at once.".into(),
        Control::Reject if op.is_tenants_own() => {
            "nothing is begun; the tenant’s person who asked gets your note by mail.".into()
        }
        Control::Reject => "nothing is begun; whoever asked sees your note.".into(),
        Control::Retry => match stopped {
            Some(step) if done > 0 => format!("it goes on from step {}, “{}”.", step.seq, step.label),
            _ => "it is done again from the first step.".into(),
        },
        Control::Cancel if done == 0 => "it is given up before it has done anything.".into(),
        Control::Cancel => format!("it turns around after the current step; {} undone.", steps_are(done)),
        Control::RollBack if done == 0 => "it is given up; what is left of it is removed.".into(),
        Control::RollBack => format!("{} undone, the last one first, and it is given up.", steps_are(done)),
    }
}

fn steps_are(n: usize) -> String {
    if n == 1 { "1 step is".into() } else { format!("{n} steps are") }
}

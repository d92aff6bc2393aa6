//! The steps of an operation with their evidence, and its log.

use crate::ui::{self, Card};
use leptos::prelude::*;
use model::operations::{Operation, OperationRow, State, Step, StepState};
use std::fmt::Write;

pub(super) fn steps(op: &Operation) -> AnyView {
    let items = op.steps.iter().map(|s| step(op, s));
    view! { <ol class="c-steps">{items.collect_view()}</ol> }.into_any()
}

/// The word of the style sheet, the icon, and the word for people.
fn step_look(row: &OperationRow, step: &Step) -> (&'static str, &'static str, &'static str) {
    let in_hand = row.state == State::Running && row.current.as_deref() == Some(step.label.as_str());
    match step.state {
        StepState::Done => ("done", "check-circle", "done"),
        StepState::Running => ("running", "status-provisioning", "running"),
        StepState::Pending if in_hand => ("running", "status-provisioning", "running"),
        StepState::Pending if row.state.is_settled() => ("skipped", "slash", "not begun"),
        StepState::Pending => ("queued", "circle-dashed", "to do"),
        StepState::Failed => ("failed", "octagon-x", "failed"),
        StepState::Undone => ("undone", "undo", "undone"),
        StepState::UndoFailed => ("failed", "octagon-x", "could not be undone"),
    }
}

fn step(op: &Operation, step: &Step) -> AnyView {
    let (word, icon, label) = step_look(&op.row, step);
    let error = step.error.clone().map(|error| view! { <p class="c-steps__note">{error}</p> });
    let output = step.output.as_ref().filter(|output| !output.is_null()).map(|output| {
        let text = serde_json::to_string_pretty(output).unwrap_or_default();
        view! {
            <details class="c-disclosure" id=format!("evidence-{}", step.seq)>
                <summary>"Evidence"<span class="u-visually-hidden">{format!(" of {}", step.label)}</span></summary>
                <pre class="c-code" tabindex="0"><code>{text}</code></pre>
            </details>
        }
    });
    let tries = (step.attempt > 1)
        .then(|| view! { <p class="c-steps__note">{format!("Attempt {}", step.attempt)}</p> });
    // Only what is still to come is compared with what there was.
    let usual = op.typical.get(&step.label);
    let usual = usual.filter(|_| matches!(step.state, StepState::Pending | StepState::Running));
    let usual = usual.map(|ms| format!("usually {}", ui::span(*ms)));
    let begun = match (step.started_at, usual) {
        (Some(at), usual) => {
            let took = step.duration_ms().map(ui::span).or(usual).map(|text| format!(" · {text}"));
            view! {
                <span class="c-steps__meta">
                    <time datetime=at.to_rfc3339() title=ui::absolute(at)>{at.format("%H:%M:%S").to_string()}</time>{took}
                </span>
            }
            .into_any()
        }
        (None, Some(usual)) => view! { <span class="c-steps__meta">{usual}</span> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        <li class="c-steps__item" data-state=word>
            <ui::Icon name=icon/>
            <div class="c-steps__body">
                <p class="c-steps__title">{format!("{}. {}", step.seq, step.label)}<span class="u-muted">" · "{label}</span></p>
                {error}
                {tries}
                {output}
            </div>
            {begun}
        </li>
    }
    .into_any()
}

pub(super) fn log(op: &Operation) -> AnyView {
    if op.log.is_empty() {
        return ().into_any();
    }
    let text = log_text(op);
    view! { <Card id="log" title="Log"><pre class="c-log" tabindex="0" aria-label="Log">{text}</pre></Card> }
        .into_any()
}

pub(super) fn log_text(op: &Operation) -> String {
    op.log.iter().fold(String::new(), |mut text, line| {
        let at = line.at.format("%H:%M:%S%.3f");
        let step = if line.seq > 0 { format!("step {:>2}", line.seq) } else { "       ".to_owned() };
        let _written = writeln!(text, "{at}  {step}  {}", line.message);
        text
    })
}

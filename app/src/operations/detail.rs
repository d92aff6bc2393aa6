//! One operation: how it stands, its steps with their evidence, what can be done to it, its log, and the whole as text.

use super::api::get_operation;
use super::live::Live;
use super::parts::{badge, bar, progress, title, took};
use crate::paths;
use crate::ui::{
    self, Banner, Button, Card, Copy, Kind, LinkButton, Load, PageHeader, Props, Tone, When, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::operations::{Control, Kind as What, Operation, OperationRow, State, Step, StepState};
use model::permission::Scope;
use std::fmt::Write;

/// Seconds between two reloads where no script runs.
const RELOAD: u32 = 5;

#[component]
pub fn OperationPage() -> impl IntoView {
    let id = ui::param("id");
    view! { <Load read=move || get_operation(id.clone()) view=|operation| page(&operation)/> }
}

fn page(op: &Operation) -> AnyView {
    let row = &op.row;
    let address = paths::operation(row.id);
    let moves = !row.state.is_settled();
    let live = moves.then(|| view! { <Live address=address.clone() version=row.version/> });
    let refresh =
        moves.then(|| view! { <LinkButton href=address.clone() icon="refresh-cw">"Refresh"</LinkButton> });
    let progress = progress(row).into_any();
    let (outcome, controls, steps, log) = (outcome(op), controls(op), steps(op), log(op));
    let (asked, diagnostics) = (asked(op), diagnostics(op));
    let badges = view! { <span id="op-state" data-live>{badge(row.state)}</span> };
    view! {
        <Title text=format!("{} · Operations", title(row))/>
        <PageHeader title=title(row) badges=badges.into_any() actions=refresh.into_any() meta=facts(op)/>
        {live}
        {moves.then(|| without_script(&address))}
        <div class="u-stack">
            <div id="op-outcome" data-live>{outcome}</div>
            {controls}
            <div id="op-steps" data-live><Card id="steps" title="Steps" aside=progress>{steps}</Card></div>
            <div id="op-log" data-live>{log}</div>
            {asked}
            {diagnostics}
        </div>
    }
    .into_any()
}

fn facts(op: &Operation) -> Vec<AnyView> {
    let row = &op.row;
    let id = row.id.to_string();
    let mut facts = vec![
        view! { <code>{id.clone()}</code> <Copy value=id label="Copy id".to_owned()/> }.into_any(),
        view! { "Asked for by "{row.requested_by.clone()}", "<When at=row.requested_at full=true/> }
            .into_any(),
    ];
    if let Some(slug) = &row.slug {
        facts.push(view! { <a href=paths::tenant(slug, "")>{slug.clone()}</a> }.into_any());
    }
    if let (Some(by), Some(at)) = (&op.approved_by, op.approved_at) {
        let word = if row.state == State::Rejected { "Rejected by " } else { "Approved by " };
        facts.push(view! { {word}{by.clone()}", "<When at full=true/> }.into_any());
    }
    facts
}

/// Without a script the page reloads by itself, unless its reader has said that it shall not (WCAG 2.2.1).
fn without_script(address: &str) -> AnyView {
    let still = ui::Query::here().get("reload") == Some("off");
    let content = if still {
        view! { <p class="u-muted">"It is still going on. Refresh shows how far it is. "<a href=address.to_owned()>"Reload by itself"</a></p> }.into_any()
    } else {
        view! {
            <meta http-equiv="refresh" content=RELOAD.to_string()/>
            <p class="u-muted">{format!("This page reloads every {RELOAD} seconds while it goes on. ")}<a href=format!("{address}?reload=off")>"Stop that"</a></p>
        }
        .into_any()
    };
    view! { <noscript>{content}</noscript> }.into_any()
}

/// What its reader has to know first, and where to go next.
fn outcome(op: &Operation) -> AnyView {
    let row = &op.row;
    let done = op.steps.iter().filter(|step| step.state == StepState::Done).count();
    let took = took(row, op.now).map(|took| format!(" after {took}")).unwrap_or_default();
    let stopped = op.steps.iter().find(|s| matches!(s.state, StepState::Failed | StepState::UndoFailed));
    let tenant = row.slug.as_ref().map(|slug| {
        let (href, label) = match (row.kind, row.state) {
            (What::Provision, State::Succeeded) => (paths::tenant(slug, "onboarding"), "Open onboarding"),
            _ => (paths::tenant(slug, ""), "Open the tenant"),
        };
        let kind = if row.state == State::Succeeded { Kind::Primary } else { Kind::Default };
        view! { <LinkButton href kind>{label}</LinkButton> }
    });
    let why = row.error.clone().map(|error| view! { <p>{error}</p> });
    let (tone, heading, text) = match row.state {
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
            (Tone::Success, heading, format!("All {} steps are done{took}.", op.steps.len()))
        }
        State::Failed => {
            let at = stopped.map(|s| format!("Step {}, “{}”, failed{took}. ", s.seq, s.label)).unwrap_or_default();
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
    };
    let bar = matches!(row.state, State::Running | State::Undoing).then(|| bar(row));
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

/// What its viewer can do now. One note for all of it; the button says which it is.
fn controls(op: &Operation) -> AnyView {
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
        .map(|control| view! { <li><strong>{control.label()}</strong>": "{effect(*control, op)}</li> });
    let lines = lines.collect_view();
    let buttons = legal.iter().map(|control| {
        let kind = match control {
            Control::Approve | Control::Retry => Kind::Primary,
            Control::Reject | Control::Cancel | Control::RollBack => Kind::DangerQuiet,
        };
        let label = control.label();
        view! { <Button kind name=ui::FORM_NAME value=function(*control)>{label}</Button> }
    });
    let buttons = buttons.collect_view();
    let id = op.row.id.to_string();
    let needed = legal.contains(&Control::Reject);
    let help =
        if needed { "Stands in the audit log. Rejecting needs one." } else { "Stands in the audit log." };
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
    match control {
        Control::Approve => "it begins at once.".into(),
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

fn steps(op: &Operation) -> AnyView {
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
    let tries = (step.attempt > 1).then(|| format!(", attempt {}", step.attempt));
    let begun = step.started_at.map(|at| view! { <p class="c-steps__note">"Begun "<time datetime=at.to_rfc3339()>{at.format("%H:%M:%S UTC").to_string()}</time>{tries.clone()}</p> });
    let meta = step.duration_ms().map(ui::span);
    view! {
        <li class="c-steps__item" data-state=word>
            <ui::Icon name=icon/>
            <div class="c-steps__body">
                <p class="c-steps__title">{format!("{}. {}", step.seq, step.label)}" "<span class="u-muted">{label}</span></p>
                {error}
                {begun}
                {output}
            </div>
            {meta.map(|meta| view! { <span class="c-steps__meta">{meta}</span> })}
        </li>
    }
    .into_any()
}

fn log(op: &Operation) -> AnyView {
    if op.log.is_empty() {
        return ().into_any();
    }
    let text = log_text(op);
    view! { <Card id="log" title="Log"><pre class="c-log" tabindex="0" aria-label="Log">{text}</pre></Card> }
        .into_any()
}

fn log_text(op: &Operation) -> String {
    op.log.iter().fold(String::new(), |mut text, line| {
        let at = line.at.format("%H:%M:%S%.3f");
        let step = if line.seq > 0 { format!("step {:>2}", line.seq) } else { "       ".to_owned() };
        let _written = writeln!(text, "{at}  {step}  {}", line.message);
        text
    })
}

/// What was asked for.
fn asked(op: &Operation) -> AnyView {
    let mut items = Vec::new();
    if let Some(reason) = &op.reason {
        items.push(("Reason", reason.clone().into_any()));
    }
    if let Some(note) = op.approval_note.clone().filter(|note| !note.is_empty()) {
        items.push(("Note of the decision", note.into_any()));
    }
    if let Some(parent) = op.parent {
        items.push(("Part of", view! { <a href=paths::operation(parent)>"a bulk operation"</a> }.into_any()));
    }
    let fields = op.payload.as_object().into_iter().flatten().filter_map(|(key, value)| {
        let text = match value {
            serde_json::Value::Null => return None,
            serde_json::Value::String(text) if text.is_empty() => return None,
            serde_json::Value::Array(list) if list.is_empty() => return None,
            serde_json::Value::Object(map) if map.is_empty() => return None,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut name = key.replace('_', " ");
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Some(view! { <div><dt>{name}</dt><dd>{text}</dd></div> })
    });
    let fields: Vec<_> = fields.collect();
    if items.is_empty() && fields.is_empty() {
        return ().into_any();
    }
    let props = (!items.is_empty()).then(|| view! { <Props items/> });
    view! { <Card id="asked" title="What was asked for">{props}<dl class="c-props" data-cols="2">{fields}</dl></Card> }.into_any()
}

fn diagnostics(op: &Operation) -> AnyView {
    let text = report(op);
    let aside = view! { <Copy value=text.clone() label="Copy diagnostics".to_owned()/> };
    view! {
        <Card id="diagnostics" title="Diagnostics" aside=aside.into_any()>
            <details class="c-disclosure"><summary>"Everything above as text, to pass on"</summary><pre class="c-code" tabindex="0"><code>{text}</code></pre></details>
        </Card>
    }
    .into_any()
}

/// The operation as plain text: for a ticket, a mail, a colleague.
fn report(op: &Operation) -> String {
    let row = &op.row;
    let mut lines = vec![
        title(row),
        format!("operation   {}", row.id),
        format!("tenant      {}", row.tenant),
        format!("state       {} (version {})", row.state.as_str(), row.version),
        format!("requested   {} by {}", row.requested_at.to_rfc3339(), row.requested_by),
        format!("request id  {}", op.request_id),
    ];
    lines.extend(row.error.iter().map(|error| format!("error       {error}")));
    lines.push(String::new());
    for step in &op.steps {
        let took = step.duration_ms().map(|ms| format!(" {}", ui::span(ms))).unwrap_or_default();
        lines.push(format!(
            "{:>2} {:<14} {:<11} attempt {}{took}",
            step.seq,
            step.name,
            step.state.as_str(),
            step.attempt
        ));
        lines.extend(step.error.iter().map(|error| format!("   error: {error}")));
    }
    let log = log_text(op);
    if !log.is_empty() {
        lines.extend([String::new(), log]);
    }
    lines.push(format!("as of {}", op.now.to_rfc3339()));
    lines.join("\n")
}

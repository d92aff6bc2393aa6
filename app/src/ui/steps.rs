//! Things in order: steps of work, and what happened when.

use super::time::absolute;
use super::{Icon, Tone};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Running,
    Waiting,
    Queued,
    Failed,
    Undone,
    Skipped,
}

impl StepState {
    const fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Done => ("done", "check-circle"),
            Self::Running => ("running", "status-provisioning"),
            Self::Waiting => ("waiting", "hand"),
            Self::Queued => ("queued", "circle-dashed"),
            Self::Failed => ("failed", "octagon-x"),
            Self::Undone => ("undone", "undo"),
            Self::Skipped => ("skipped", "slash"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Step {
    pub state: StepState,
    pub title: String,
    pub note: String,
    /// A duration or a date.
    pub meta: String,
}

/// Steps of a job or a wizard, each with its state in words.
///
/// `<Steps items=vec![Step { state: StepState::Done, title: "Isolate data".into(), note: String::new(), meta: "1.4 s".into() }]/>`
#[component]
pub fn Steps(items: Vec<Step>, #[prop(optional)] inline: bool) -> impl IntoView {
    let items = items.into_iter().map(|step| {
        let (word, icon) = step.state.look();
        let note = (!step.note.is_empty()).then(|| view! { <p class="c-steps__note">{step.note}</p> });
        let meta = (!step.meta.is_empty()).then(|| view! { <span class="c-steps__meta">{step.meta}</span> });
        view! {
            <li class="c-steps__item" data-state=word>
                <Icon name=icon/>
                <div class="c-steps__body"><p class="c-steps__title">{step.title}<span class="u-visually-hidden">{format!(", {word}")}</span></p>{note}</div>
                {meta}
            </li>
        }
    });
    view! { <ol class="c-steps" data-inline=inline>{items.collect_view()}</ol> }.into_any()
}

#[derive(Debug)]
pub struct TimelineItem {
    pub at: DateTime<Utc>,
    pub tone: Tone,
    pub body: AnyView,
}

/// What happened, newest first or last as given.
///
/// `<Timeline items=vec![TimelineItem { at, tone: Tone::Danger, body: view!{ <p>…</p> }.into_any() }]/>`
#[component]
pub fn Timeline(items: Vec<TimelineItem>) -> impl IntoView {
    let items = items.into_iter().map(|item| {
        view! {
            <li class="c-timeline__item" data-tone=item.tone.as_str()>
                <time datetime=item.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()>{absolute(item.at)}</time>
                <div class="c-timeline__body">{item.body}</div>
            </li>
        }
    });
    view! { <ol class="c-timeline">{items.collect_view()}</ol> }.into_any()
}

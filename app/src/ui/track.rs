//! The stage track: six segments that say where a tenant stands in its life. Small in rows, with words in headers.

use leptos::prelude::*;
use model::tenants::{Stage, Status};

/// What one segment shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    Done,
    Current,
    Ahead,
    /// Behind a tenant that is leaving; whether it was ever reached is not said.
    Left,
    Failed,
    Stopped,
}

impl Segment {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Current => "current",
            // Hollow like what is ahead: nothing is claimed of either.
            Self::Ahead | Self::Left => "ahead",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    const fn hatched(self) -> bool {
        matches!(self, Self::Failed | Self::Stopped)
    }
}

/// The six segments: the current one is hatched when provisioning failed or the tenant is suspended, and offboarding is done
/// for a deleted tenant.
///
/// In every other stage what is behind was reached, as [`Stage::of`] comes to it by the milestones. Offboarding follows from
/// the status alone, and may begin anywhere: what lies between is [`Segment::Left`], in rows and headers alike. To tell which
/// milestones were reached, rows would need three more columns in the directory's list, the statement that is run most, for
/// tenants that hardly anybody looks for; the runbook and the audit log of a tenant tell its history.
pub fn segments(stage: Stage, status: Status) -> Vec<(Stage, Segment)> {
    let here = match status {
        Status::Failed => Segment::Failed,
        Status::Suspended => Segment::Stopped,
        Status::Deleted => Segment::Done,
        _ => Segment::Current,
    };
    Stage::ALL
        .iter()
        .map(|&each| {
            let segment = match each.position().cmp(&stage.position()) {
                std::cmp::Ordering::Less if stage == Stage::Offboard && !was_reached(each, status) => {
                    Segment::Left
                }
                std::cmp::Ordering::Less => Segment::Done,
                std::cmp::Ordering::Equal => here,
                std::cmp::Ordering::Greater => Segment::Ahead,
            };
            (each, segment)
        })
        .collect()
}

/// Whether a tenant that is leaving surely went through a stage: none comes to leave before it is provisioned, but one whose
/// provisioning failed can be deleted.
fn was_reached(stage: Stage, status: Status) -> bool {
    stage == Stage::Provision && status != Status::Deleted
}

/// The track in a row.
///
/// `<StageTrack stage=t.stage status=t.status/>`
#[component]
pub fn StageTrack(stage: Stage, status: Status) -> impl IntoView {
    let name = match status {
        Status::Failed => format!("Stage {} of 6: {}, failed", stage.position() + 1, stage.label()),
        Status::Suspended => format!("Stage {} of 6: {}, stopped", stage.position() + 1, stage.label()),
        _ => format!("Stage {} of 6: {}", stage.position() + 1, stage.label()),
    };
    let parts = segments(stage, status).into_iter().zip(0_u32..).map(|((_, segment), at)| {
        let hatch = segment.hatched().then(|| view! { <path d=format!("M{} 5l2-4m1 4l2-4m1 4l2-4", 12 * at + 2) data-state=segment.as_str()></path> });
        view! { <rect x=format!("{}.5", 12 * at) y="0.5" width="9" height="5" rx="1" data-state=segment.as_str()></rect>{hatch} }
    });
    view! { <svg class="c-track" role="img" aria-label=name viewBox="0 0 70 6" width="70" height="6">{parts.collect_view()}</svg> }.into_any()
}

/// What a stage says below its name, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageNote {
    pub stage: Stage,
    pub note: String,
    pub href: Option<String>,
}

/// The track in a header, with names; `notes` add a few words and a link to some stages.
///
/// `<Stages stage=t.stage status=t.status notes=vec![StageNote{ stage: Stage::Validate, note: "3 of 5 checks".into(), href: None }]/>`
#[component]
pub fn Stages(stage: Stage, status: Status, #[prop(optional)] notes: Vec<StageNote>) -> impl IntoView {
    let items = segments(stage, status).into_iter().map(|(each, segment)| {
        let given = notes.iter().find(|note| note.stage == each).cloned();
        let href = given.as_ref().and_then(|given| given.href.clone());
        let note = given.map_or_else(
            || match segment {
                Segment::Done => "done".to_owned(),
                Segment::Failed => "failed".to_owned(),
                Segment::Stopped => "stopped".to_owned(),
                Segment::Current => "now".to_owned(),
                Segment::Ahead | Segment::Left => String::new(),
            },
            |given| given.note,
        );
        let label = match href {
            Some(href) => view! { <a class="c-stages__label" href=href>{each.label()}</a> }.into_any(),
            None => view! { <span class="c-stages__label">{each.label()}</span> }.into_any(),
        };
        let note = (!note.is_empty()).then(|| view! { <span class="c-stages__note">{note}</span> });
        view! { <li class="c-stages__item" data-state=segment.as_str() aria-current=(each == stage).then_some("step")>{label}{note}</li> }
    });
    view! { <ol class="c-stages" aria-label="Lifecycle">{items.collect_view()}</ol> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(stage: Stage, status: Status) -> Vec<&'static str> {
        segments(stage, status).into_iter().map(|(_, segment)| segment.as_str()).collect()
    }

    #[test]
    fn what_is_behind_is_done_and_what_stopped_shows_where() {
        assert_eq!(
            states(Stage::Validate, Status::Active),
            ["done", "done", "current", "ahead", "ahead", "ahead"]
        );
        assert_eq!(
            states(Stage::Operate, Status::Suspended),
            ["done", "done", "done", "done", "stopped", "ahead"]
        );
        assert_eq!(
            states(Stage::Provision, Status::Failed),
            ["failed", "ahead", "ahead", "ahead", "ahead", "ahead"]
        );
    }

    #[test]
    fn a_tenant_that_leaves_has_done_nothing_that_it_may_not_have_reached() {
        let found =
            |status| segments(Stage::Offboard, status).into_iter().map(|(_, s)| s).collect::<Vec<_>>();
        let left = Segment::Left;
        for status in [Status::Offboarding, Status::Offboarded, Status::Purging] {
            assert_eq!(
                found(status),
                [Segment::Done, left, left, left, left, Segment::Current],
                "{status:?}"
            );
        }
        // A tenant whose provisioning failed can be deleted as well.
        assert_eq!(found(Status::Deleted), [left, left, left, left, left, Segment::Done]);
        assert_eq!(
            states(Stage::Offboard, Status::Offboarding),
            ["done", "ahead", "ahead", "ahead", "ahead", "current"]
        );
    }
}

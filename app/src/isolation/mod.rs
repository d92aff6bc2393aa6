//! Evidence that tenants do not reach each other (R127): of one tenant, and how the fleet stands.
//!
//! A tenant's page is a section that stands in no list of sections: the card on its overview leads there, and so does the
//! fleet's page, which the operations lead to.

pub mod api;
mod evidence;
mod fleet;
mod tenant;

pub use evidence::EvidencePage;
pub use fleet::FleetIsolationPage;
pub use tenant::{IsolationCard, IsolationPage};

use crate::ui::{self, Badge, DataTable, Tag, Th, Tone};
use leptos::prelude::*;
use model::isolation::{Attempt, Run, Standing, outcome};

const fn look(standing: Standing) -> (Tone, &'static str) {
    match standing {
        Standing::Failing => (Tone::Danger, "octagon-x"),
        Standing::Never => (Tone::Warning, "circle-dashed"),
        Standing::Stale => (Tone::Warning, "clock"),
        Standing::Proven => (Tone::Success, "shield-check"),
    }
}

fn badge(standing: Standing) -> AnyView {
    let (tone, icon) = look(standing);
    view! { <Badge tone icon>{standing.label()}</Badge> }.into_any()
}

/// What came of a run, whatever its age.
fn result(run: &Run) -> AnyView {
    if run.held() {
        view! { <Badge tone=Tone::Success icon="shield-check">"Held"</Badge> }.into_any()
    } else {
        view! { <Badge tone=Tone::Danger icon="octagon-x">"Did not hold"</Badge> }.into_any()
    }
}

/// `35 of 36`.
fn count(run: &Run) -> String {
    format!("{} of {}", ui::grouped(run.passed), ui::grouped(run.total()))
}

fn took(run: &Run) -> String {
    run.took_ms.map_or_else(|| "—".to_owned(), ui::span)
}

/// Attempts with what was expected of each and what came; those that did not come out as they must stand first.
fn attempts(id: &'static str, caption: &'static str, mut list: Vec<Attempt>) -> AnyView {
    list.sort_by_key(|attempt| attempt.passed);
    let rows = list.into_iter().map(|attempt| {
        let (name, control) = match attempt.name.strip_prefix("control: ") {
            Some(name) => (name.to_owned(), true),
            None => (attempt.name.clone(), false),
        };
        let control = control.then(|| view! { " "<Tag>"positive control"</Tag> });
        let (tone, icon, word) = if attempt.passed {
            (Tone::Success, "check-circle", "As it must")
        } else {
            (Tone::Danger, "octagon-x", "Not as it must")
        };
        view! {
            <tr data-tone=(!attempt.passed).then_some("danger")>
                <th scope="row">{name}{control}</th>
                <td data-label="Expected">{outcome(&attempt.expected)}</td>
                <td data-label="What came">{outcome(&attempt.actual)}</td>
                <td data-label="Result"><Badge tone icon>{word}</Badge></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let head = view! { <Th>"What was tried"</Th><Th>"Expected"</Th><Th>"What came"</Th><Th>"Result"</Th> }
        .into_any();
    view! { <DataTable id caption head cards=true>{rows}</DataTable> }.into_any()
}

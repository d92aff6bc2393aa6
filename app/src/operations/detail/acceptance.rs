//! The success criteria of a new tenant with their evidence, for people (R25).

use crate::paths;
use crate::ui::{Badge, Card, DataTable, Th, Tone, When};
use leptos::prelude::*;
use model::acceptance::{self, Criterion};
use model::operations::Operation;

/// Nothing where there are none: another kind of operation, not that far, or not for its reader.
pub(super) fn card(op: &Operation) -> Option<AnyView> {
    let criteria = acceptance::of(op);
    if criteria.is_empty() {
        return None;
    }
    let met = criteria.iter().filter(|criterion| criterion.met).count();
    let aside = format!("{met} of {} met", criteria.len()).into_any();
    let rows = criteria.into_iter().map(|criterion| row(op, criterion)).collect_view();
    let head = view! { <Th>"Criterion"</Th><Th>"Met"</Th><Th>"Evidence"</Th><Th>"Looked at"</Th> }.into_any();
    Some(
        view! {
            <Card id="acceptance" title="Acceptance" flush=true aside=aside>
                <DataTable id="acceptance-list" caption="What was accepted, and on what evidence" cards=true small=true head=head>{rows}</DataTable>
            </Card>
        }
        .into_any(),
    )
}

fn row(op: &Operation, criterion: Criterion) -> AnyView {
    let Criterion { criterion, met, evidence, at, run, kept_only } = criterion;
    let (tone, icon, word) =
        if met { (Tone::Success, "check-circle", "Met") } else { (Tone::Danger, "octagon-x", "Not met") };
    // Where the tenant has a page: the run with each of its attempts.
    let run = op.row.slug.as_ref().zip(run).map(|(slug, run)| {
        let href = paths::isolation(slug, run);
        view! { " "<a href=href>"See every attempt"</a> }
    });
    // Nobody who reads “met” may take these for active.
    let kept_only = (!kept_only.is_empty()).then(|| {
        let text = format!("Kept only, not obeyed yet: {}.", kept_only.join(", "));
        view! { " "<strong>{text}</strong> }
    });
    let at = match at {
        Some(at) => view! { <When at full=true/> }.into_any(),
        None => "—".into_any(),
    };
    view! {
        <tr data-tone=(!met).then_some("danger")>
            <th scope="row">{criterion}</th>
            <td data-label="Met"><Badge tone icon>{word}</Badge></td>
            <td data-label="Evidence">{evidence}{kept_only}{run}</td>
            <td data-label="Looked at">{at}</td>
        </tr>
    }
    .into_any()
}

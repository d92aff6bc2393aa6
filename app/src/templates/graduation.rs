//! What lets the next wave of a roll-out begin by itself, and what stops it: each criterion with the numbers that it was
//! judged by (R32).

use crate::ui::{Badge, Banner, DataTable, Section, Stack, Th, Tone};
use leptos::prelude::*;
use model::templates::Rollout;

pub(super) fn criteria(rollout: &Rollout) -> Option<AnyView> {
    if rollout.criteria.is_empty() {
        return None;
    }
    let rows = rollout.criteria.iter().map(|criterion| {
        let (tone, icon, word) = match (criterion.met, criterion.broken, criterion.no_data) {
            (_, _, true) => (Tone::Neutral, "circle-dashed", "No data"),
            (true, ..) => (Tone::Success, "check-circle", "Met"),
            (false, true, _) => (Tone::Danger, "octagon-x", "Broken"),
            (false, false, _) => (Tone::Neutral, "clock", "Not met yet"),
        };
        let (what, found) = (criterion.what.clone(), criterion.found.clone());
        view! {
            <tr>
                <th scope="row">{what}</th>
                <td data-label="Found">{found}</td>
                <td data-label="State"><Badge tone icon>{word}</Badge></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let broken = rollout.criteria.iter().any(|criterion| criterion.broken);
    let note = match (broken, rollout.overruled) {
        (true, false) => Some(
            "A criterion is broken: the roll-out pauses. Resume it to go on with this wave all the same, or call it off.",
        ),
        (true, true) => Some(
            "A criterion is broken, and somebody went on all the same: this wave is not paused again. The next one waits for a person.",
        ),
        (false, _)
            if rollout.hours.is_some() && rollout.criteria.iter().any(|criterion| criterion.no_data) =>
        {
            Some(
                "There is no data for a criterion, which is neither met nor broken: the next wave waits for data, or for a person who begins it.",
            )
        }
        (false, _) => None,
    };
    let note = note.map(|text| view! { <Banner tone=Tone::Warning quiet=true><p>{text}</p></Banner> });
    let head = view! { <Th>"Criterion"</Th><Th>"Found"</Th><Th>"State"</Th> }.into_any();
    let title = format!("Criteria of wave {}", rollout.wave);
    Some(
        view! {
            <Section id="criteria-h" title>
                <Stack gap=4>
                    {note}
                    <DataTable id="criteria" caption="Criteria of the next wave" head cards=true>{rows}</DataTable>
                </Stack>
            </Section>
        }
        .into_any(),
    )
}

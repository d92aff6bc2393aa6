//! Two versions beside each other: of one template, or of two.

use super::api::get_template_comparison;
use super::change_name;
use crate::paths;
use crate::ui::{
    Button, DiffRow, DiffState, DiffTable, Empty, Load, PageHeader, Query, Section, Stack, plural,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::templates::{Catalogue, Change, Compared, Comparison, Effect, Part};

#[component]
pub fn ComparePage() -> impl IntoView {
    let here = Query::here();
    let get = |key: &str| here.get(key).unwrap_or_default().to_owned();
    let (from, to) = (get("from"), get("to"));
    view! {
        <Title text="Compare templates"/>
        <Load read=move || get_template_comparison(from.clone(), to.clone()) view=|found| page(&found)/>
    }
}

fn title(side: &Compared) -> String {
    format!("{}, version {}", side.name, side.version)
}

fn page(found: &Comparison) -> AnyView {
    let differing: Vec<_> = found.changes.iter().filter(|c| c.effect != Effect::Same).collect();
    let count = i64::try_from(differing.len()).unwrap_or(i64::MAX);
    let lead = match count {
        0 => "They hold the same.".to_owned(),
        n => format!("{} from {} to {}.", plural(n, "difference"), title(&found.from), title(&found.to)),
    };
    let notes = (found.from.key == found.to.key && !found.to.notes.is_empty())
        .then(|| view! { <p><strong>{format!("What changed in version {}: ", found.to.version)}</strong>{found.to.notes.clone()}</p> });
    view! {
        <PageHeader title="Compare templates" lead/>
        {chooser(found)}
        {notes}
        {differences(&found.changes, &found.catalogue, &title(&found.from), &title(&found.to))}
    }
    .into_any()
}

fn chooser(found: &Comparison) -> AnyView {
    let select = |name: &'static str, label: &'static str, chosen: &Compared| {
        let chosen = chosen.word();
        let options = found.versions.iter().map(|side| {
            let word = side.word();
            let text = format!("{} ({})", title(side), side.state.label().to_lowercase());
            view! { <option value=word.clone() selected=word == chosen>{text}</option> }
        });
        view! {
            <label class="c-filter-bar__field"><span>{label}</span><select class="c-select" name=name>{options.collect_view()}</select></label>
        }
    };
    view! {
        <form class="c-filter-bar" id="filters" method="get" action=paths::TEMPLATES_COMPARE role="search" aria-label="Versions to compare">
            {select("from", "From", &found.from)}
            {select("to", "To", &found.to)}
            <Button>"Compare"</Button>
        </form>
    }
    .into_any()
}

/// What differs, part by part; what does not is folded away.
pub(super) fn differences(changes: &[Change], catalogue: &Catalogue, from: &str, to: &str) -> AnyView {
    let row = |change: &Change| DiffRow {
        name: change_name(change, catalogue),
        state: if change.effect == Effect::Same { DiffState::Inherited } else { DiffState::Overridden },
        before: change.before.clone().unwrap_or_else(|| "Not said".into()),
        after: change.after.clone().unwrap_or_else(|| "Not said".into()),
        changed: None,
    };
    let parts = Part::ALL.iter().filter_map(|part| {
        let rows: Vec<_> =
            changes.iter().filter(|c| c.part == *part && c.effect != Effect::Same).map(row).collect();
        let id = match part {
            Part::Plan => "compare-plan",
            Part::Quota => "compare-quotas",
            Part::Field => "compare-fields",
            Part::Task => "compare-tasks",
            Part::Setting => "compare-settings",
            Part::Checklist => "compare-checklists",
        };
        (!rows.is_empty()).then(|| {
            let (before, after) = (from.to_owned(), to.to_owned());
            let caption = format!("{}, side by side", part.label());
            view! { <Section id title=part.label()><DiffTable caption name="What" before after rows/></Section> }
        })
    });
    let parts: Vec<_> = parts.collect();
    let none = parts.is_empty().then(|| {
        view! { <Empty icon="git-compare" title="Nothing differs" text="Both hold the same fields, tasks, settings and checklists."/> }
    });
    let same: Vec<_> = changes.iter().filter(|c| c.effect == Effect::Same).map(row).collect();
    let folded = (!same.is_empty()).then(|| {
        let summary = format!("Show {} unchanged", same.len());
        view! {
            <details class="c-disclosure"><summary>{summary}</summary>
                <DiffTable caption="What is the same" name="What" before=from.to_owned() after=to.to_owned() rows=same/>
            </details>
        }
    });
    view! { <Stack gap=6>{parts}{none}{folded}</Stack> }.into_any()
}

//! A task beside its global default: what differs, word by word; what changed in the default since; what is the same.

use super::api::get_task_comparison;
use super::detail::task_head;
use super::list::key;
use crate::paths;
use crate::tenants::{Section as TenantPart, TenantSection};
use crate::ui::{
    Actions, Banner, Button, DiffRow, DiffState, DiffTable, Empty, Form, Hidden, Kind, LinkButton, Load,
    PieceDiff, Section, Tone, When, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::tasks::{Ability, Comparison, Filters, Part, PieceKind, Provenance, Setting, TaskVersion};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn TaskComparePage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Tasks view=|head: TenantHead| {
            let (tenant, key) = (head.tenant, key());
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_task_comparison(slug.clone(), key.clone()) view=move |found| page(&tenant, &found)/> }.into_any()
        }/>
    }
}

fn page(tenant: &Tenant, found: &Comparison) -> AnyView {
    let item = &found.detail.item;
    let default = format!("Global default v{}", item.published.version);
    let (changed, same): (Vec<DiffRow>, Vec<DiffRow>) =
        rows(found).into_iter().partition(|row| !matches!(row.state, DiffState::Inherited));
    let to = |action: &str| paths::task(&tenant.slug, &item.task.key, action);
    let body = if changed.is_empty() {
        view! { <Empty icon="git-compare" title="Nothing differs" text="This tenant runs the task as it is published."/> }.into_any()
    } else {
        view! { <DiffTable caption="Settings that this tenant overrides" before=default.clone() after="This tenant" rows=changed/> }.into_any()
    };
    let prompt = item.effective.differing.contains(&Setting::Prompt).then(|| {
        let (before_title, pieces) = (default.clone(), pieces(&found.prompt));
        view! { <Section id="prompt-diff-h" title="Prompt, word by word"><PieceDiff before_title after_title="This tenant" pieces/></Section> }
    });
    let folded = (!same.is_empty()).then(|| {
        let summary = format!("Show {} unchanged", same.len());
        view! {
            <details class="c-disclosure"><summary>{summary}</summary>
                <DiffTable caption="Settings that follow the default" before=default.clone() after="This tenant" rows=same/>
            </details>
        }
    });
    let actions = (item.overriding.is_some() && found.detail.abilities.change == Ability::Yes).then(|| {
        let both = item.overriding.as_ref().is_some_and(|o| o.prompt.is_some() && o.filters.is_some());
        let one = |part: &Part| {
            let href = format!("{}?part={}", to("revert"), part.as_str());
            let text = format!("Revert {}…", part.label().to_lowercase());
            view! { <LinkButton href>{text}</LinkButton> }
        };
        let parts = both.then(|| Part::ALL.iter().map(one).collect_view());
        let (edit, all) = (to("override"), to("revert"));
        let word = if both { "Revert all…" } else { "Revert…" };
        view! {
            <Actions>
                <LinkButton href=edit icon="pencil">"Edit"</LinkButton>
                {parts}
                <LinkButton href=all icon="undo">{word}</LinkButton>
            </Actions>
        }
    });
    view! {
        <Title text=format!("Compare {} · {}", item.task.name, tenant.name)/>
        {task_head(tenant, &found.detail, false)}
        {moved(tenant, found)}
        <Section id="compare-h" title="Compared with the global default">{body}{actions}</Section>
        {prompt}
        {folded}
    }
    .into_any()
}

/// A row per setting; the engine and the outputs cannot be overridden and stand among the unchanged.
fn rows(found: &Comparison) -> Vec<DiffRow> {
    let item = &found.detail.item;
    let (published, effective) = (&item.published, &item.effective);
    let mut rows: Vec<DiffRow> = Setting::ALL
        .iter()
        .map(|setting| {
            let base = found.detail.base.as_ref().is_some_and(|base| has_moved(*setting, base, published));
            let (state, changed) = match effective.from(setting.part()) {
                Provenance::Overridden { author, at, .. } if effective.differing.contains(setting) => {
                    let state = if base { DiffState::Moved } else { DiffState::Overridden };
                    (state, Some((author.clone(), *at)))
                }
                Provenance::Overridden { redundant: true, author, at, .. } if *setting == Setting::Prompt => {
                    (DiffState::Redundant, Some((author.clone(), *at)))
                }
                _ => (DiffState::Inherited, None),
            };
            let (before, after) = match (setting, state) {
                (Setting::Prompt, DiffState::Inherited | DiffState::Redundant) => {
                    (words(&published.prompt), words(&effective.prompt))
                }
                (Setting::Prompt, _) => {
                    (words(&published.prompt), format!("Own text, {}; see below", words(&effective.prompt)))
                }
                _ => (published.filters.describe(*setting), effective.filters.describe(*setting)),
            };
            DiffRow { name: setting.label().to_owned(), state, before, after, changed }
        })
        .collect();
    let fixed = |name: &str, value: String| DiffRow {
        name: name.to_owned(),
        state: DiffState::Inherited,
        before: value.clone(),
        after: value,
        changed: None,
    };
    rows.push(fixed("Runs with", effective.engine.label().to_owned()));
    for output in &effective.outputs {
        rows.push(fixed(&format!("Writes {}", output.field), output.kind.describe()));
    }
    rows
}

fn has_moved(setting: Setting, base: &TaskVersion, published: &TaskVersion) -> bool {
    match setting {
        Setting::Prompt => base.prompt != published.prompt,
        other => base.filters.differing(&published.filters).contains(&other),
    }
}

pub(super) fn words(text: &str) -> String {
    crate::ui::plural(i64::try_from(text.split_whitespace().count()).unwrap_or(i64::MAX), "word")
}

fn pieces(pieces: &[model::tasks::Piece]) -> Vec<crate::ui::Piece> {
    let piece = |piece: &model::tasks::Piece| match piece.kind {
        PieceKind::Same => crate::ui::Piece::Same(piece.text.clone()),
        PieceKind::Removed => crate::ui::Piece::Removed(piece.text.clone()),
        PieceKind::Added => crate::ui::Piece::Added(piece.text.clone()),
    };
    pieces.iter().map(piece).collect()
}

/// The default moved since the override was made: what changed in it, and the three ways to answer (R147).
fn moved(tenant: &Tenant, found: &Comparison) -> Option<AnyView> {
    let item = &found.detail.item;
    let (base, overriding) = (found.detail.base.as_ref()?, item.overriding.as_ref()?);
    let published = &item.published;
    let to = |action: &str| paths::task(&tenant.slug, &item.task.key, action);
    let then = format!("Default when overridden, v{}", base.version);
    let now = format!("Default now, v{}", published.version);
    let filters = filter_rows(&base.filters, &published.filters);
    let filters = (!filters.is_empty()).then(|| {
        view! { <DiffTable caption="Filters that changed in the default" before=then.clone() after=now.clone() rows=filters/> }
    });
    let prompt = (base.prompt != published.prompt).then(|| {
        view! { <PieceDiff before_title=then.clone() after_title=now.clone() pieces=pieces(&found.prompt_moved)/> }
    });
    let state = form_state("keep_task_override");
    let answers = (found.detail.abilities.change == Ability::Yes).then(|| {
        let values = [
            ("slug", tenant.slug.clone()),
            ("key", item.task.key.clone()),
            ("version", overriding.version.to_string()),
            ("base", published.version.to_string()),
        ];
        let hidden = values.map(|(name, value)| view! { <Hidden name value/> }).collect_view();
        let (edit, revert) = (to("override"), to("revert"));
        view! {
            <Form to="keep_task_override" state=&state>
                {hidden}
                <Actions>
                    <Button>"Keep mine"</Button>
                    <LinkButton href=edit>"Merge by hand"</LinkButton>
                    <LinkButton href=revert kind=Kind::Quiet>"Take the new default…"</LinkButton>
                </Actions>
            </Form>
        }
    });
    let notes = (!published.notes.is_empty())
        .then(|| view! { <p>"Note of the publisher: "<q>{published.notes.clone()}</q></p> });
    let (new, old, at) = (published.version, base.version, published.published_at);
    Some(
        view! {
            <Section id="moved-h" title="The default changed since">
                <Banner tone=Tone::Warning quiet=true>
                    <p>{format!("Version {new} was published ")}<When at/>
                        {format!("; this override was made on version {old}. Nothing of it was overwritten.")}</p>
                    {notes}
                </Banner>
                {filters}
                {prompt}
                {answers}
            </Section>
        }
        .into_any(),
    )
}

fn filter_rows(before: &Filters, after: &Filters) -> Vec<DiffRow> {
    let row = |setting: Setting| DiffRow {
        name: setting.label().to_owned(),
        state: DiffState::Moved,
        before: before.describe(setting),
        after: after.describe(setting),
        changed: None,
    };
    before.differing(after).into_iter().map(row).collect()
}

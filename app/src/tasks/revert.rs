//! Before an override goes: what is lost and what comes instead (tier 1).

use super::compare::words;
use super::detail::{OneTask, refusal, task_head};
use crate::paths;
use crate::ui::{ConfirmPage, Consequence, Empty, LinkButton, Query, TextArea, Tier, Tone, form_state};
use leptos::prelude::*;
use leptos_meta::Title;
use model::tasks::{Override, Part, Setting, TaskDetail};
use model::tenants::Tenant;

#[component]
pub fn TaskRevertPage() -> impl IntoView {
    view! { <OneTask page=page/> }
}

fn page(tenant: &Tenant, detail: &TaskDetail) -> AnyView {
    // An unknown part is none: everything that is overridden, spelled out.
    let part = Query::here().get("part").and_then(|word| word.parse::<Part>().ok());
    let back = paths::task(&tenant.slug, &detail.item.task.key, "");
    let body = refusal(&detail.abilities.change).unwrap_or_else(|| {
        match detail.item.overriding.as_ref().filter(|o| part.is_none_or(|part| o.has(part))) {
            Some(overriding) => confirm(tenant, detail, overriding, part),
            None => view! {
                <Empty icon="undo" title="There is nothing to revert" text="It follows the global default already.">
                    <LinkButton href=back.clone()>"Back to the task"</LinkButton>
                </Empty>
            }
            .into_any(),
        }
    });
    view! {
        <Title text=format!("Revert {} · {}", detail.item.task.name, tenant.name)/>
        {task_head(tenant, detail, false)}
        {body}
    }
    .into_any()
}

fn confirm(tenant: &Tenant, detail: &TaskDetail, overriding: &Override, part: Option<Part>) -> AnyView {
    let item = &detail.item;
    let (published, effective) = (&item.published, &item.effective);
    let goes = |asked: Part| overriding.has(asked) && part.is_none_or(|part| part == asked);
    let mut lines = Vec::new();
    if goes(Part::Prompt) {
        let text = if effective.differing.contains(&Setting::Prompt) {
            format!(
                "Prompt: your own text ({}) goes; the global default v{} ({}) takes its place.",
                words(&effective.prompt),
                published.version,
                words(&published.prompt)
            )
        } else {
            "Prompt: your own text says the same as the default; nothing changes now.".into()
        };
        lines.push(Consequence::new(Tone::Override, "diamond", text));
    }
    if goes(Part::Filters) {
        let differing: Vec<Setting> =
            effective.differing.iter().copied().filter(|s| s.part() == Part::Filters).collect();
        if differing.is_empty() {
            lines.push(Consequence::new(
                Tone::Override,
                "diamond",
                "Filters: yours say the same as the default; nothing changes now.",
            ));
        }
        for setting in differing {
            let text = format!(
                "{}: “{}” becomes “{}”.",
                setting.label(),
                effective.filters.describe(setting),
                published.filters.describe(setting)
            );
            lines.push(Consequence::new(Tone::Override, "diamond", text));
        }
    }
    lines.push(Consequence::new(
        Tone::Info,
        "refresh-cw",
        "It holds for new conversations. Later versions of the default reach this tenant again.",
    ));
    lines.push(Consequence::new(
        Tone::Neutral,
        "history",
        "What you give up stays readable in the audit log. Fields already written stay as they are.",
    ));
    let lost = overriding.prompt.clone().filter(|_| goes(Part::Prompt)).map(|prompt| {
        view! { <details class="c-disclosure"><summary>"Show the prompt that goes"</summary><pre class="c-code" tabindex="0"><code>{prompt}</code></pre></details> }
    });
    let state = form_state("revert_task");
    let hidden = vec![
        ("slug", tenant.slug.clone()),
        ("key", item.task.key.clone()),
        ("part", part.map_or("", Part::as_str).to_owned()),
        ("version", overriding.version.to_string()),
    ];
    let button = match part {
        None => "Revert to the global default".to_owned(),
        Some(part) => format!("Revert the {} to the global default", part.label().to_lowercase()),
    };
    let back = paths::task(&tenant.slug, &item.task.key, "compare");
    view! {
        <ConfirmPage to="revert_task" state=&state tier=Tier::Review consequences=lines button back hidden>
            {lost}
            <TextArea state=&state name="reason" label="Reason" optional=true rows=2 max=1_000 help="Stands in the audit log."/>
        </ConfirmPage>
    }
    .into_any()
}

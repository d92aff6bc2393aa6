//! One task of a tenant: what runs, where each part of it comes from, and what came of it.

use super::api::get_task;
use super::card::{facts, origin, provenance, switch, tags};
use super::form::filters_list;
use super::list::key;
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{
    Actions, Badge, Banner, Card, DataTable, DisabledButton, Empty, Kind, LinkButton, Load, Props, Th, Tone,
    When, span,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::tasks::{Ability, Part, RunOutcome, RunRow, TaskDetail};
use model::tenants::{Tenant, TenantHead};

/// The page of the task that the address names, once tenant and task are read.
#[component]
pub(super) fn OneTask(page: fn(&Tenant, &TaskDetail) -> AnyView) -> impl IntoView {
    view! {
        <TenantSection section=Section::Tasks view=move |head: TenantHead| {
            let (tenant, key) = (head.tenant, key());
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_task(slug.clone(), key.clone()) view=move |detail| page(&tenant, &detail)/> }.into_any()
        }/>
    }
}

#[component]
pub fn TaskPage() -> impl IntoView {
    view! { <OneTask page=page/> }
}

fn page(tenant: &Tenant, detail: &TaskDetail) -> AnyView {
    let item = &detail.item;
    let effective = &item.effective;
    let published = &item.published;
    let (prompt, prompt_from) = (effective.prompt.clone(), provenance(effective, Part::Prompt));
    let (filters, filters_from) = (filters_list(&effective.filters), provenance(effective, Part::Filters));
    let outputs = effective.outputs.iter().map(|output| {
        view! { <div><dt><code>{output.field.clone()}</code></dt><dd>{output.kind.describe()}", with explanation"</dd></div> }
    });
    let outputs = outputs.collect_view();
    let runs = runs(&detail.runs);
    let facts = facts(item);
    let note = if published.notes.is_empty() { "—".to_owned() } else { published.notes.clone() };
    let global = vec![
        ("Version", format!("v{}", published.version).into_any()),
        ("Published", view! { <When at=published.published_at/> }.into_any()),
        ("Note", note.into_any()),
        ("Runs with", effective.engine.label().into_any()),
        ("Switched", switched(detail)),
    ];
    view! {
        <Title text=format!("{} · {}", item.task.name, tenant.name)/>
        {task_head(tenant, detail, true)}
        <div class="l-grid" data-cols="aside">
            <div class="u-stack">
                <Card id="prompt-h" title="Prompt">
                    {prompt_from}
                    <pre class="c-code" tabindex="0" aria-labelledby="prompt-h"><code>{prompt}</code></pre>
                </Card>
                <Card id="filters-h" title="Filters">{filters_from}{filters}</Card>
                <Card id="runs-h" title="Newest runs" flush=true>{runs}</Card>
            </div>
            <div class="u-stack">
                <Card id="facts-h" title="Facts"><Props items=facts/></Card>
                <Card id="outputs-h" title="What it writes"><dl class="c-props">{outputs}</dl></Card>
                <Card id="version-h" title="Global task"><Props items=global/></Card>
            </div>
        </div>
    }
    .into_any()
}

fn switched(detail: &TaskDetail) -> AnyView {
    let activation = &detail.item.activation;
    match (activation.changed_by.clone(), activation.changed_at) {
        (Some(by), Some(at)) => {
            let word = if activation.enabled { "on" } else { "off" };
            view! { {format!("{word} by {by}, ")}<When at/> }.into_any()
        }
        _ => "never; disabled from the start".into_any(),
    }
}

/// Name, switch, tags and actions, on every page of one task. Without `actions` it is a sub-page: the name leads back.
pub(super) fn task_head(tenant: &Tenant, detail: &TaskDetail, actions: bool) -> AnyView {
    let item = &detail.item;
    let to = |action: &str| paths::task(&tenant.slug, &item.task.key, action);
    let name = item.task.name.clone();
    let title = if actions { name.into_any() } else { view! { <a href=to("")>{name}</a> }.into_any() };
    let buttons = actions.then(|| {
        let compare = item.overriding.is_some().then(|| view! { <LinkButton href=to("compare") icon="git-compare">"Compare"</LinkButton> });
        let (edit, revert) = match &detail.abilities.change {
            Ability::Yes => (
                Some(view! { <LinkButton href=to("override") kind=Kind::Primary icon="pencil">"Edit"</LinkButton> }.into_any()),
                item.overriding.is_some().then(|| view! { <LinkButton href=to("revert") icon="undo">"Revert…"</LinkButton> }),
            ),
            Ability::NotNow(why) => (Some(view! { <DisabledButton id="why-edit" reason=why.clone() icon="pencil">"Edit"</DisabledButton> }.into_any()), None),
            Ability::Never => (None, None),
        };
        view! { <Actions>{edit}{compare}{revert}</Actions> }
    });
    view! {
        <div class="c-section__head">
            <div class="u-stack" data-gap="1">
                <div class="u-row"><h2 id="task-h">{title}</h2>{switch(tenant, item, &detail.abilities.enable, "task-h")}{tags(tenant, item)}</div>
                <p class="u-muted">{origin(item)}</p>
                {actions.then(|| view! { <p class="u-measure">{item.task.purpose.clone()}</p> })}
            </div>
            {buttons}
        </div>
    }
    .into_any()
}

/// Instead of a form, for those who may not use it; `None` for those who may.
pub(super) fn refusal(ability: &Ability) -> Option<AnyView> {
    match ability {
        Ability::Yes => None,
        Ability::NotNow(why) => {
            let why = why.clone();
            Some(view! { <Banner tone=Tone::Warning><p>{why}</p></Banner> }.into_any())
        }
        Ability::Never => {
            crate::ui::status(403);
            let kind = crate::ui::EmptyKind::Denied;
            Some(view! { <Empty kind icon="lock" title="Not allowed" text="Your role does not let you override AI tasks. A tenant admin can."/> }.into_any())
        }
    }
}

fn runs(rows: &[RunRow]) -> AnyView {
    if rows.is_empty() {
        return view! { <Empty icon="activity" title="It has not run yet" text="Runs appear here when the task is enabled and a new conversation comes in."/> }.into_any();
    }
    let body = rows.iter().map(|run| {
        let (tone, icon) = match run.outcome {
            RunOutcome::Succeeded => (Tone::Success, "check-circle"),
            RunOutcome::Skipped => (Tone::Neutral, "slash"),
            RunOutcome::Failed => (Tone::Danger, "octagon-x"),
        };
        let label = run.outcome.label();
        let why = run.skip_reason.map(|reason| reason.label().to_owned()).or_else(|| run.error.clone());
        let version = if run.overridden { format!("v{}, overridden", run.version) } else { format!("v{}", run.version) };
        let took = if run.outcome == RunOutcome::Skipped { "—".to_owned() } else { span(run.duration_us / 1_000) };
        view! {
            <tr>
                <th scope="row"><code>{run.external_id.clone()}</code></th>
                <td data-label="When"><When at=run.at/></td>
                <td data-label="Outcome"><Badge tone icon>{label}</Badge>{why.map(|why| view! { <span class="c-table__sub">{why}</span> })}</td>
                <td data-label="Task">{version}</td>
                <td data-label="Took" class="u-num">{took}</td>
            </tr>
        }
    });
    let body = body.collect_view();
    let head = view! { <Th>"Conversation"</Th><Th>"When"</Th><Th>"Outcome"</Th><Th>"Task"</Th><Th num=true>"Took"</Th> }.into_any();
    view! { <DataTable id="runs" caption="Runs, the newest first" head small=true cards=true>{body}</DataTable> }
        .into_any()
}

//! The overview of one tenant: what comes next, what is known, how it is used, what changed last.

use super::frame::{Section, TenantFrame};
use super::lifecycle_api::get_tenant_overview;
use crate::paths;
use crate::ui::{self, Card, Cols, Grid, Load, Props, Tone};
use leptos::prelude::*;
use leptos_meta::Title;
use model::checklists::Checklist;
use model::lifecycle::{Change, Overview, TaskCounts};
use model::permission::Permission;
use model::tenants::{Status, Tenant, TenantHead};
use model::usage::Meter;

/// How many open items stand under "Next steps".
const NEXT: usize = 4;

#[component]
pub fn TenantPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_tenant_overview(slug.clone()) view=page/> }
}

fn page(overview: Overview) -> AnyView {
    let Overview { head, onboarding, usage, tasks, changes } = overview;
    let tenant = head.tenant.clone();
    // Who is on the way out has other next steps: those of the runbook, which the banner leads to.
    let onboards = matches!(tenant.status, Status::Trial | Status::Active | Status::Suspended);
    let next = onboarding
        .as_ref()
        .filter(|list| onboards && list.ended_at.is_none())
        .map(|list| next_steps(&tenant, list));
    // Of what is deleted nothing is counted: no number is not zero.
    let usage = usage.filter(|_| tenant.status != Status::Deleted).map(|usage| usage_card(&tenant, &usage));
    let tasks = tasks.map(|tasks| tasks_card(&tenant, tasks));
    let changes = changes.map(|changes| changes_card(&tenant, changes));
    let operations = view! { <crate::operations::TenantOperations slug=tenant.slug.clone()/> };
    let schedule = view! { <super::schedule::PlanScheduleCard slug=tenant.slug.clone()/> };
    let main = view! { <ui::Stack>{next}{schedule}{operations}{usage}{changes}</ui::Stack> };
    let change = super::frame::could(&head.viewer, Permission::TenantDetails, &tenant);
    let (facts, contacts) = (key_facts(&tenant, change), contacts(&head));
    let may_read = super::frame::could(&head.viewer, Section::Isolation.permission(), &tenant);
    let isolation = view! { <crate::isolation::IsolationCard slug=tenant.slug.clone() may_read/> };
    let monitoring = view! { <crate::monitors::MonitoringCard slug=tenant.slug.clone()/> };
    let side = view! { <ui::Stack>{facts}{tasks}{isolation}{monitoring}{contacts}</ui::Stack> };
    view! {
        <Title text=tenant.name.clone()/>
        <TenantFrame head section=Section::Overview>
            <Grid cols=Cols::Aside>{main}{side}</Grid>
        </TenantFrame>
    }
    .into_any()
}

fn next_steps(tenant: &Tenant, list: &Checklist) -> AnyView {
    let (done, all) = list.count(true);
    let items: Vec<_> = list
        .next()
        .take(NEXT)
        .map(|item| {
            let href = paths::tenant_item(&tenant.slug, "onboarding", &item.step.key);
            let found = item.evidence.check.as_ref().map(|check| check.said.clone()).unwrap_or_else(|| item.step.how.clone());
            view! {
                <li class="c-list__item"><div class="u-grow"><a href=href>{item.step.title.clone()}</a><p class="u-muted">{found}</p></div></li>
            }
        })
        .collect();
    let all_done = items.is_empty().then(|| view! { <p>"Every item is done. The tenant can go live."</p> });
    let aside = view! { <a href=paths::tenant(&tenant.slug, "onboarding")>{format!("{done} of {all} items done")}</a> };
    view! { <Card id="next" title="Next steps" aside=aside.into_any()>{all_done}<ul class="c-list">{items}</ul></Card> }.into_any()
}

fn key_facts(tenant: &Tenant, change: bool) -> AnyView {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".into()).into_any();
    let tags = if tenant.tags.is_empty() { "—".to_owned() } else { tenant.tags.join(", ") };
    let items = vec![
        ("Status", view! { {tenant.status.label()}", since "<ui::When at=tenant.status_since/> }.into_any()),
        ("Access", tenant.access().label().into_any()),
        ("Plan", tenant.plan.label().into_any()),
        ("Domain", or_dash(&tenant.domain)),
        ("External id", or_dash(&tenant.external_id)),
        ("Region", tenant.region.clone().into_any()),
        ("Country", or_dash(&tenant.country)),
        ("Industry", or_dash(&tenant.industry)),
        ("Owner", or_dash(&tenant.owner_name)),
        ("Placement", format!("{} in cell {}", tenant.placement, tenant.cell).into_any()),
        ("Tags", tags.into_any()),
        ("Changed", view! { <ui::When at=tenant.updated_at/> }.into_any()),
    ];
    let href = paths::tenant(&tenant.slug, Section::Details.as_str());
    let aside = view! { <a href=href>{if change { "Change details" } else { "Details" }}</a> };
    view! { <Card id="facts" title="Key facts" aside=aside.into_any()><Props items/></Card> }.into_any()
}

fn usage_card(tenant: &Tenant, usage: &[(Meter, i64)]) -> AnyView {
    let cards = usage
        .iter()
        .map(|(meter, sum)| {
            let (value, note) = match meter {
                Meter::StorageBytes => (ui::bytes(*sum), "kept now"),
                _ => (ui::grouped(*sum), "in 30 days"),
            };
            view! { <ui::KpiCard label=meter.label() value note=note.into_any()/> }
        })
        .collect_view();
    let aside = view! { <a href=paths::tenant(&tenant.slug, "usage")>"Usage by day"</a> };
    view! { <Card id="usage" title="Usage" aside=aside.into_any()><ui::Kpis>{cards}</ui::Kpis></Card> }
        .into_any()
}

fn tasks_card(tenant: &Tenant, tasks: TaskCounts) -> AnyView {
    let all = paths::tenant(&tenant.slug, "tasks");
    let overridden = if tasks.overridden > 0 {
        view! { <a href=format!("{all}?state=all")>{ui::plural(tasks.overridden, "task")}" with overridden settings"</a> }.into_any()
    } else {
        "none".into_any()
    };
    let items = vec![
        ("Enabled", format!("{} of {}", tasks.enabled, tasks.published).into_any()),
        ("Overrides", overridden),
    ];
    let aside = view! { <a href=all.clone()>"All tasks"</a> };
    let tone = (tasks.overridden > 0).then_some(Tone::Override);
    match tone {
        Some(tone) => {
            view! { <Card id="tasks" title="AI tasks" aside=aside.into_any() tone><Props items/></Card> }
                .into_any()
        }
        None => view! { <Card id="tasks" title="AI tasks" aside=aside.into_any()><Props items/></Card> }
            .into_any(),
    }
}

fn contacts(head: &TenantHead) -> AnyView {
    let tenant = &head.tenant;
    let or_missing =
        |text: &Option<String>| text.clone().unwrap_or_else(|| "not on record".into()).into_any();
    let items = vec![
        ("Support", or_missing(&tenant.support_contact)),
        ("Escalation", or_missing(&tenant.escalation_contact)),
    ];
    let edit = super::frame::could(&head.viewer, Permission::ChecklistWork, tenant)
        .then(|| view! { <a href=paths::tenant_item(&tenant.slug, "onboarding", "contacts")>"Change"</a> });
    view! { <Card id="contacts" title="Contacts" aside=edit.into_any()><Props items/></Card> }.into_any()
}

fn changes_card(tenant: &Tenant, changes: Vec<Change>) -> AnyView {
    let aside = view! { <a href=paths::tenant(&tenant.slug, "audit")>"Audit log"</a> };
    if changes.is_empty() {
        return view! { <Card id="changes" title="Last changes" aside=aside.into_any()><p class="u-muted">"Nothing has happened to this tenant yet."</p></Card> }.into_any();
    }
    let items = changes
        .into_iter()
        .map(|change| {
            let tone = if change.denied { Tone::Danger } else { Tone::Neutral };
            let refused = change.denied.then_some(" was refused: ");
            let body = view! {
                <p><strong>{change.actor}</strong>{refused.unwrap_or(" · ")}<code>{change.action}</code>" "{change.target}</p>
                {change.reason.map(|reason| view! { <p class="c-timeline__note">{reason}</p> })}
            };
            ui::TimelineItem { at: change.at, tone, body: body.into_any() }
        })
        .collect();
    view! { <Card id="changes" title="Last changes" aside=aside.into_any()><ui::Timeline items/></Card> }
        .into_any()
}

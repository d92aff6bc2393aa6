//! One template: its versions, and the contents of one of them.

use super::api::{get_rollouts, get_template};
use super::{key_here, state_badge};
use crate::paths;
use crate::ui::{
    Button, Card, Cols, DataTable, Empty, Form, Grid, Hidden, Kind, LinkButton, Load, PageHeader, Props,
    Query, Section, Size, Stack, Tag, Th, Tone, When, form_state, plural, status,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::fields::Group;
use model::page::grouped;
use model::templates::{Bundle, Catalogue, Rollout, TemplateDetail, Version, VersionState};

#[component]
pub fn TemplatePage() -> impl IntoView {
    let key = key_here();
    view! { <Load read=move || get_template(key.clone()) view=|detail| page(&detail)/> }
}

fn page(detail: &TemplateDetail) -> AnyView {
    let asked = Query::here().get("version").map(|word| word.parse::<i32>().unwrap_or(0));
    let chosen = match asked {
        Some(version) => detail.get(version),
        None => detail.published().or_else(|| detail.versions.first()),
    };
    let template = &detail.template;
    let contents = match chosen {
        Some(version) => contents(version, &detail.catalogue),
        None => {
            status(404);
            view! { <Empty icon="layers" title="There is no such version" text="Choose one of the list above."/> }
                .into_any()
        }
    };
    let badges = chosen.map(|version| state_badge(version.state));
    let key = view! { <code>{template.key.clone()}</code> }.into_any();
    let meta = vec![key, template.for_whom().into_any(), plural(users(detail), "tenant").into_any()];
    let versions = versions(detail, chosen.map(|v| v.version));
    let key = template.key.clone();
    let rollouts = view! { <Load read=move || get_rollouts(key.clone()) view=|list| rollouts(&list)/> };
    view! {
        <Title text=format!("{} · Templates", template.name)/>
        <PageHeader title=template.name.clone() badges=badges.into_any() actions=actions(detail) lead=template.description.clone() meta/>
        <Stack gap=6>
            <Section id="versions-h" title="Versions">{versions}</Section>
            {rollouts}
            {contents}
        </Stack>
    }
    .into_any()
}

/// The newest roll-outs; nothing where there was none.
fn rollouts(list: &[Rollout]) -> AnyView {
    if list.is_empty() {
        return ().into_any();
    }
    let rows = list.iter().map(|rollout| {
        let (by, at) = (rollout.by.clone(), rollout.at);
        let applied: i64 = rollout.waves.iter().map(|wave| wave.applied).sum();
        let href = paths::rollout(&rollout.to.key, &rollout.id.to_string());
        view! {
            <tr>
                <th scope="row"><a class="c-table__link" href=href>{format!("Version {}", rollout.to.version)}</a></th>
                <td data-label="State">{super::rollout::state_badge(rollout.state)}</td>
                <td data-label="Wave">{format!("{} of {}", rollout.wave, rollout.waves.len())}</td>
                <td data-label="Applied">{format!("{} of {}", grouped(applied), plural(rollout.total(), "tenant"))}</td>
                <td data-label="Failed" class="u-num">{grouped(rollout.failed())}</td>
                <td data-label="Begun"><When at/>{format!(" by {by}")}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let head = view! { <Th>"Roll-out"</Th><Th>"State"</Th><Th>"Wave"</Th><Th>"Applied"</Th><Th num=true>"Failed"</Th><Th>"Begun"</Th> }.into_any();
    view! { <Section id="rollouts-h" title="Roll-outs"><DataTable id="rollouts" caption="Roll-outs of the template" head cards=true>{rows}</DataTable></Section> }.into_any()
}

fn users(detail: &TemplateDetail) -> i64 {
    detail.versions.iter().map(|version| version.used_by).sum()
}

fn actions(detail: &TemplateDetail) -> AnyView {
    let key = &detail.template.key;
    if !detail.may_edit {
        return ().into_any();
    }
    let main = match (detail.draft(), detail.versions.first()) {
        (Some(draft), _) => {
            let text = format!("Edit draft {}", draft.version);
            view! { <LinkButton href=paths::template(key, "edit") kind=Kind::Primary icon="pencil">{text}</LinkButton> }
                .into_any()
        }
        (None, Some(newest)) => {
            let state = form_state("begin_template_draft");
            let (key, from) = (key.clone(), newest.version.to_string());
            view! {
                <Form to="begin_template_draft" state=&state class="u-inline">
                    <Hidden name="key" value=key/>
                    <Hidden name="from" value=from/>
                    <Button kind=Kind::Primary icon="plus">"New version"</Button>
                </Form>
            }
            .into_any()
        }
        (None, None) => ().into_any(),
    };
    let roll_out = (detail.may_apply && detail.published().is_some()).then(|| {
        view! { <LinkButton href=paths::template(key, "roll-out") icon="send">"Roll out…"</LinkButton> }
    });
    view! { {main}{roll_out}<LinkButton href=paths::template(key, "details")>"Describe…"</LinkButton> }
        .into_any()
}

fn versions(detail: &TemplateDetail, shown: Option<i32>) -> AnyView {
    let key = &detail.template.key;
    let newest = detail.published().map(|version| version.version);
    let rows = detail.versions.iter().map(|version| {
        let n = version.version;
        let current = (shown == Some(n)).then_some("true");
        let tone = (shown == Some(n)).then_some(Tone::Info.as_str());
        let when = match (version.published_at, &version.published_by) {
            (Some(at), Some(by)) => view! { <When at/>{format!(" by {by}")} }.into_any(),
            _ => view! { "begun "<When at=version.created_at/>{format!(" by {}", version.created_by)} }.into_any(),
        };
        let why = version.deprecated_why.clone().map(|why| view! { <span class="c-table__sub">"Deprecated: "<q>{why}</q></span> });
        let compare = newest.filter(|newest| *newest != n).map(|newest| {
            let href = paths::compare_templates((key, newest), (key, n));
            let label = format!("Compare version {n} with version {newest}");
            view! { <LinkButton href size=Size::Small label>"Compare"</LinkButton> }
        });
        let deprecate = (detail.may_edit && version.state == VersionState::Published).then(|| {
            let href = format!("{}?version={n}", paths::template(key, "deprecate"));
            let label = format!("Deprecate version {n}");
            view! { <LinkButton href size=Size::Small kind=Kind::DangerQuiet label>"Deprecate…"</LinkButton> }
        });
        let notes = if version.notes.is_empty() { "—".to_owned() } else { version.notes.clone() };
        view! {
            <tr data-tone=tone>
                <th scope="row"><a class="c-table__link" href=paths::template_version(key, n) aria-current=current>{format!("Version {n}")}</a></th>
                <td data-label="State">{state_badge(version.state)}</td>
                <td data-label="What changed">{notes}{why}</td>
                <td data-label="When">{when}</td>
                <td data-label="Tenants" class="u-num">{grouped(version.used_by)}</td>
                <td data-label="Actions"><div class="u-row">{compare}{deprecate}</div></td>
            </tr>
        }
    }).collect_view();
    let head = view! { <Th>"Version"</Th><Th>"State"</Th><Th>"What changed"</Th><Th>"When"</Th><Th num=true>"Tenants"</Th><Th hidden=true>"Actions"</Th> }
        .into_any();
    view! { <DataTable id="versions" caption="Versions of the template" head cards=true>{rows}</DataTable> }
        .into_any()
}

fn contents(version: &Version, catalogue: &Catalogue) -> AnyView {
    let bundle = &version.bundle;
    let summary = bundle.summary().join(" · ");
    let (fields, tasks, settings) = (fields(bundle, catalogue), tasks(bundle, catalogue), settings(bundle));
    let start = start(bundle);
    view! {
        <Section id="contents-h" title=format!("Contents of version {}", version.version)>
            <p class="u-muted">{summary}</p>
            <Grid cols=Cols::Two>
                <Card id="contents-fields" title="Fields">{fields}</Card>
                <Stack>
                    <Card id="contents-tasks" title="AI tasks">{tasks}</Card>
                    <Card id="contents-start" title="Plan and checklists">{start}</Card>
                </Stack>
            </Grid>
        </Section>
        <Section id="contents-settings" title="Settings and policies">{settings}</Section>
    }
    .into_any()
}

fn fields(bundle: &Bundle, catalogue: &Catalogue) -> AnyView {
    let items = Group::ALL.iter().filter_map(|group| {
        let names: Vec<_> = catalogue
            .fields
            .iter()
            .filter(|field| field.group == *group && bundle.fields.contains(&field.key))
            .map(|field| field.name.clone())
            .collect();
        (!names.is_empty()).then(|| (group.label(), names.join(", ").into_any()))
    });
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        return view! { <p class="u-muted">"No fields."</p> }.into_any();
    }
    view! { <Props items/> }.into_any()
}

fn tasks(bundle: &Bundle, catalogue: &Catalogue) -> AnyView {
    let tasks = bundle.tasks.iter().map(|task| {
        let name = super::name_of(model::templates::Part::Task, &task.key, catalogue);
        let tag = if task.enabled {
            view! { <Tag tone=Tone::Success icon="check">"Enabled"</Tag> }
        } else {
            view! { <Tag>"Disabled"</Tag> }
        };
        view! { <li>{name}" "{tag}</li> }
    });
    if bundle.tasks.is_empty() {
        return view! { <p class="u-muted">"No tasks."</p> }.into_any();
    }
    view! { <ul class="u-stack">{tasks.collect_view()}</ul> }.into_any()
}

/// What a tenant begins with besides.
fn start(bundle: &Bundle) -> AnyView {
    let plan = bundle.plan.map_or("Chosen for each tenant", |plan| plan.label());
    let lists = bundle
        .checklists
        .iter()
        .map(|list| (list.key.label(), format!("Version {}", list.version).into_any()));
    let first = [("Plan", plan.into_any()), ("Quotas", super::contents::quotas(bundle))];
    let items = first.into_iter().chain(lists).collect();
    view! { <Props items/> }.into_any()
}

fn settings(bundle: &Bundle) -> AnyView {
    if bundle.settings.is_empty() {
        return view! { <p class="u-muted">"No settings: tenants inherit those of the platform."</p> }
            .into_any();
    }
    let rows = bundle.settings.iter().map(|setting| {
        let lock = if setting.locked {
            view! { <Tag icon="lock">"Locked"</Tag> }.into_any()
        } else {
            view! { <span class="u-muted">"May be changed"</span> }.into_any()
        };
        view! {
            <tr>
                <th scope="row">{setting.key.label()}<span class="c-table__sub"><code>{setting.key.as_str()}</code></span></th>
                <td data-label="Section">{setting.key.spec().section.label()}</td>
                <td data-label="Value"><strong>{setting.key.words(&setting.value)}</strong></td>
                <td data-label="Tenants">{lock}</td>
            </tr>
        }
    }).collect_view();
    let head = view! { <Th>"Setting"</Th><Th>"Section"</Th><Th>"Value"</Th><Th>"Tenants"</Th> }.into_any();
    view! { <DataTable id="template-settings" caption="Settings of the template" head cards=true>{rows}</DataTable> }
        .into_any()
}

//! The settings of the platform: what holds for every tenant that does not say otherwise, or, locked, for all.

use super::api::get_platform_settings;
use super::list::{ids, matches};
use super::{Tab, control, key_here, tabs};
use crate::paths;
use crate::ui::{
    Actions, Button, Card, Checkbox, DataTable, Empty, EmptyKind, FilterBar, Form, Hidden, Kind, LinkButton,
    Load, Origin, PageHeader, Props, Provenance, Query, Section, Size, Stack, TextArea, TextField, Th, When,
    form_state, plural, status,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::page::grouped;
use model::settings::{PlatformSetting, PlatformSettings, Section as Group};

#[component]
pub fn PlatformSettingsPage() -> impl IntoView {
    view! { <Title text="Settings"/> <Load read=get_platform_settings view=|settings| list(&settings)/> }
}

#[component]
pub fn PlatformSettingPage() -> impl IntoView {
    view! { <Load read=get_platform_settings view=|settings| find(&settings)/> }
}

fn list(settings: &PlatformSettings) -> AnyView {
    let here = Query::here();
    let q = here.get("q").unwrap_or_default().trim().to_lowercase();
    let shown: Vec<_> = settings.settings.iter().filter(|s| matches(s.key, &q)).collect();
    let groups = Group::ALL.iter().map(|group| {
        let rows: Vec<_> = shown.iter().filter(|s| s.key.spec().section == *group).copied().collect();
        (!rows.is_empty()).then(|| group_table(settings, *group, &rows))
    });
    let none = shown.is_empty().then(|| {
        view! {
            <Empty kind=EmptyKind::Zero icon="sliders" title="No settings match" text="No setting has such words in its name, its key or its explanation.">
                <LinkButton href=paths::SETTINGS>"Show all settings"</LinkButton>
            </Empty>
        }
    });
    view! {
        <PageHeader title="Settings" lead="What holds for every tenant whose template, parent or own settings do not say otherwise. What is locked here holds for all."/>
        {tabs(Tab::Settings)}
        <FilterBar label="Settings" path=paths::SETTINGS placeholder="Name or key"/>
        {groups.collect_view()}
        {none}
    }
    .into_any()
}

fn group_table(settings: &PlatformSettings, group: Group, rows: &[&PlatformSetting]) -> AnyView {
    let (heading, table) = ids(group);
    let may = settings.may_write;
    let rows = rows.iter().map(|setting| row(setting, may)).collect_view();
    let head = view! { <Th>"Setting"</Th><Th>"Value"</Th><Th>"From"</Th><Th num=true>"Tenants with their own"</Th><Th hidden=true>"Actions"</Th> }
        .into_any();
    view! {
        <Section id=heading title=group.label()>
            <DataTable id=table caption=format!("Settings: {}", group.label()) head cards=true aligned=true>{rows}</DataTable>
        </Section>
    }
    .into_any()
}

fn from(setting: &PlatformSetting) -> AnyView {
    match &setting.own {
        None => view! { <span class="u-muted">"Built in"</span> }.into_any(),
        Some(own) => {
            let lock = own.locked.then(|| view! { " " <Provenance origin=Origin::Locked/> });
            view! { <Provenance origin=Origin::Platform/>{lock} }.into_any()
        }
    }
}

fn words(setting: &PlatformSetting) -> String {
    let default = setting.key.spec().default;
    setting.key.words(setting.own.as_ref().map_or(&default, |own| &own.value))
}

fn row(setting: &PlatformSetting, may: bool) -> AnyView {
    let key = setting.key;
    let href = paths::platform_setting(key);
    let word = if may { "Change" } else { "Show" };
    let label = format!("{word} {}", key.label().to_lowercase());
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href.clone()>{key.label()}</a><span class="c-table__sub">{key.spec().help}</span></th>
            <td data-label="Value"><strong>{words(setting)}</strong></td>
            <td data-label="From">{from(setting)}</td>
            <td data-label="Tenants with their own" class="u-num">{grouped(setting.overridden)}</td>
            <td class="c-table__actions"><LinkButton href size=Size::Small label>{word}</LinkButton></td>
        </tr>
    }
    .into_any()
}

fn find(settings: &PlatformSettings) -> AnyView {
    match key_here().and_then(|key| settings.settings.iter().find(|setting| setting.key == key)) {
        Some(setting) => detail(setting, settings.may_write),
        None => {
            status(404);
            view! { <crate::error::ErrorView error=crate::error::AppError::NotFound/> }.into_any()
        }
    }
}

fn detail(setting: &PlatformSetting, may: bool) -> AnyView {
    let key = setting.key;
    let default = key.spec().default;
    let mut facts = vec![
        ("Holds", view! { <strong>{words(setting)}</strong> }.into_any()),
        ("From", from(setting)),
        ("Built in", key.words(&default).into_any()),
        ("Tenants with their own", grouped(setting.overridden).into_any()),
        ("In force", super::detail::in_force(key).into_any()),
        ("Key", view! { <code>{key.as_str()}</code> }.into_any()),
    ];
    if let Some(own) = &setting.own {
        let (by, at, reason) = (own.by.clone(), own.at, own.reason.clone());
        facts.push(("Set by", view! { {by}", "<When at full=true/>": "<q>{reason}</q> }.into_any()));
    }
    let change = may.then(|| change(setting));
    let revert = setting.own.as_ref().filter(|_| may).map(|own| revert(setting, own.version));
    view! {
        <Title text=format!("{} · Settings", key.label())/>
        <PageHeader title=key.label() lead=key.spec().help/>
        <Stack gap=6>
            <Card id="setting-now" title="Now"><Props items=facts/></Card>
            {change}
            {revert}
        </Stack>
    }
    .into_any()
}

fn change(setting: &PlatformSetting) -> AnyView {
    let state = form_state("set_platform_setting");
    let (key, default) = (setting.key, setting.key.spec().default);
    let own = setting.own.as_ref();
    let help = format!(
        "Then nothing below holds. {} with a value of their own keep it, without effect.",
        plural(setting.overridden, "tenant")
    );
    let control = control(&state, key, own.map_or(&default, |own| &own.value));
    let (version, checked) = (own.map_or(0, |own| own.version), own.is_some_and(|own| own.locked));
    view! {
        <Section id="setting-change" title="Change">
            <Form to="set_platform_setting" state=&state>
                <Hidden name="key" value=key.as_str()/>
                <Hidden name="version" value=version.to_string()/>
                {control}
                <Checkbox state=&state name="locked" label="Lock it for every tenant" help checked/>
                <TextArea state=&state name="reason" label="Reason" rows=2 max=1_000 help="Stands in the audit log of the platform."/>
                <Actions>
                    <Button kind=Kind::Primary>"Save change"</Button>
                    <LinkButton href=paths::SETTINGS kind=Kind::Quiet>"Cancel"</LinkButton>
                </Actions>
            </Form>
        </Section>
    }
    .into_any()
}

fn revert(setting: &PlatformSetting, version: i64) -> AnyView {
    let state = form_state("revert_platform_setting");
    let key = setting.key;
    view! {
        <Section id="setting-revert" title="Back to the default">
            <p>{format!("It will be {} for every tenant that does not say otherwise.", key.words(&key.spec().default))}</p>
            <Form to="revert_platform_setting" state=&state>
                <Hidden name="key" value=key.as_str()/>
                <Hidden name="version" value=version.to_string()/>
                <TextField state=&state name="why" label="Reason for reverting" max=1_000/>
                <Actions><Button icon="undo">"Back to the default"</Button></Actions>
            </Form>
        </Section>
    }
    .into_any()
}

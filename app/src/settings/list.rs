//! The settings of a tenant: sections of rows with value and provenance.

use super::api::get_settings;
use super::origin;
use crate::paths;
use crate::tenants::{Section as TenantPart, TenantSection};
use crate::ui::{
    Chip, Chips, DataTable, Empty, EmptyKind, FilterBar, LinkButton, Load, Query, Section, Size, Tag, Th,
    Tone, plural,
};
use leptos::prelude::*;
use model::settings::{Key, Section as Group, TenantSetting, TenantSettings};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn SettingsPage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Settings view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_settings(slug.clone()) view=move |settings| page(&tenant, &settings)/> }.into_any()
        }/>
    }
}

fn page(tenant: &Tenant, settings: &TenantSettings) -> AnyView {
    let here = Query::here();
    let path = paths::tenant(&tenant.slug, "settings");
    let q = here.get("q").unwrap_or_default().trim().to_lowercase();
    let only = here.get("only") == Some("overridden");
    let shown: Vec<_> =
        settings.settings.iter().filter(|s| matches(s.key, &q) && (!only || s.own.is_some())).collect();
    let count = plural(i64::try_from(shown.len()).unwrap_or(i64::MAX), "setting");
    let locked = settings.settings.iter().filter(|s| s.effective.locked_by.is_some()).count();
    let result = format!("{count}, {} overridden, {locked} locked above", settings.overridden());
    let mut chips = Vec::new();
    if !q.is_empty() {
        let sent = here.get("q").unwrap_or_default();
        chips.push(Chip::of(&path, "q", sent, format!("Search: {sent}")));
    }
    if only {
        chips.push(Chip::of(&path, "only", "overridden", "Only what this tenant sets"));
    }
    let groups = Group::ALL.iter().map(|group| {
        let rows: Vec<_> = shown.iter().filter(|s| s.key.spec().section == *group).copied().collect();
        (!rows.is_empty()).then(|| group_table(tenant, settings, *group, &rows))
    });
    let all = path.clone();
    let none = shown.is_empty().then(|| {
        let text = if only && q.is_empty() {
            "This tenant says nothing of its own: it inherits everything."
        } else {
            "No setting has such words in its name, its key or its explanation."
        };
        view! {
            <Empty kind=EmptyKind::Zero icon="sliders" title="No settings match" text>
                <LinkButton href=all>"Show all settings"</LinkButton>
            </Empty>
        }
    });
    view! {
        <FilterBar label="Settings" path=path.clone() placeholder="Name or key">
            <label class="c-choice"><input type="checkbox" name="only" value="overridden" checked=only/><span>"Only what this tenant sets"</span></label>
        </FilterBar>
        <Chips chips clear=path result/>
        {groups.collect_view()}
        {none}
    }
    .into_any()
}

pub(super) fn matches(key: Key, q: &str) -> bool {
    let spec = key.spec();
    q.is_empty()
        || [key.label(), key.as_str(), spec.help, spec.section.label()]
            .iter()
            .any(|text| text.to_lowercase().contains(q))
}

/// The heading's id and the table's of a section, unique on the page.
pub(super) const fn ids(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::Analysis => ("settings-analysis-h", "settings-analysis"),
        Group::Security => ("settings-security-h", "settings-security"),
        Group::Sessions => ("settings-sessions-h", "settings-sessions"),
        Group::Channels => ("settings-channels-h", "settings-channels"),
        Group::Features => ("settings-features-h", "settings-features"),
        Group::Notifications => ("settings-notifications-h", "settings-notifications"),
        Group::Branding => ("settings-branding-h", "settings-branding"),
        Group::Retention => ("settings-retention-h", "settings-retention"),
        Group::Lifecycle => ("settings-lifecycle-h", "settings-lifecycle"),
    }
}

fn group_table(tenant: &Tenant, settings: &TenantSettings, group: Group, rows: &[&TenantSetting]) -> AnyView {
    let (heading, table) = ids(group);
    let rows = rows.iter().map(|setting| row(tenant, settings, setting)).collect_view();
    let head =
        view! { <Th>"Setting"</Th><Th>"Value"</Th><Th>"From"</Th><Th hidden=true>"Actions"</Th> }.into_any();
    view! {
        <Section id=heading title=group.label()>
            <DataTable id=table caption=format!("Settings: {}", group.label()) head cards=true aligned=true>{rows}</DataTable>
        </Section>
    }
    .into_any()
}

fn row(tenant: &Tenant, settings: &TenantSettings, setting: &TenantSetting) -> AnyView {
    let key = setting.key;
    let effective = &setting.effective;
    let href = paths::setting(&tenant.slug, key);
    // Violet is for what differs from what it would be otherwise, and for nothing else.
    let tone = effective.differs().then_some(Tone::Override.as_str());
    let mark = if effective.redundant() {
        Some(view! { " " <Tag>"Same as inherited"</Tag> }.into_any())
    } else if effective.shadowed() {
        Some(view! { " " <Tag tone=Tone::Warning icon="lock">"Own value does not hold"</Tag> }.into_any())
    } else {
        None
    };
    let refusal = settings.refusal(setting);
    let word = if refusal.is_some() { "Show" } else { "Change" };
    let name = key.label();
    let label = format!("{word} {}", name.to_lowercase());
    view! {
        <tr data-tone=tone>
            <th scope="row"><a class="c-table__link" href=href.clone()>{name}</a><span class="c-table__sub">{key.spec().help}</span></th>
            <td data-label="Value"><strong>{key.words(&effective.value)}</strong>{mark}</td>
            <td data-label="From">{origin(&effective.from, effective.locked_by.is_some())}</td>
            <td class="c-table__actions"><LinkButton href size=Size::Small label>{word}</LinkButton></td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_by_name_key_or_what_it_does() {
        assert!(matches(Key::SessionIdle, "idle") && matches(Key::SessionIdle, "security.session"));
        assert!(matches(Key::AiMaxTokens, "cut off") && matches(Key::AiMaxTokens, ""));
        assert!(!matches(Key::AiMaxTokens, "password"));
    }
}

//! One setting of a tenant: what holds and why, then the form that changes it, or why it cannot be changed.

use super::api::get_settings;
use super::{control, key_here, origin};
use crate::paths;
use crate::tenants::{Section as TenantPart, TenantSection};
use crate::ui::{
    Actions, Banner, Button, Card, Checkbox, Cols, DataTable, Form, Grid, Hidden, Kind, LinkButton, Load,
    Props, Section, Stack, TextArea, Th, Tone, When, form_state, plural, status,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::settings::{Key, Level, Said, TenantSetting, TenantSettings};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn SettingPage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Settings view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_settings(slug.clone()) view=move |settings| find(&tenant, &settings)/> }.into_any()
        }/>
    }
}

fn find(tenant: &Tenant, settings: &TenantSettings) -> AnyView {
    match key_here().and_then(|key| settings.settings.iter().find(|setting| setting.key == key)) {
        Some(setting) => page(tenant, settings, setting),
        None => {
            status(404);
            view! { <crate::error::ErrorView error=crate::error::AppError::NotFound/> }.into_any()
        }
    }
}

fn page(tenant: &Tenant, settings: &TenantSettings, setting: &TenantSetting) -> AnyView {
    let key = setting.key;
    let effective = &setting.effective;
    let refusal = settings.refusal(setting);
    let body = match refusal {
        Some(why) => {
            view! { <Banner tone=Tone::Info icon="lock" quiet=true><p>{why}</p></Banner> }.into_any()
        }
        None => form(tenant, settings, setting),
    };
    // What a lock keeps from holding may still be taken back, so that it does not come to life when the lock goes.
    let may_revert = settings.may_write && (settings.operator || key.spec().tenant_may);
    let revert = (setting.own.is_some() && may_revert).then(|| revert(tenant, setting));
    let facts = facts(key, setting);
    let stack = stack(key, &effective.stack);
    view! {
        <Title text=format!("{} · {}", key.label(), tenant.name)/>
        <Stack gap=6>
            <Grid cols=Cols::Two>
                <Card id="setting-now" title=key.label()><Props items=facts/></Card>
                <Card id="setting-why" title="Who says what" flush=true>{stack}</Card>
            </Grid>
            <Section id="setting-change" title="Change">{body}</Section>
            {revert}
        </Stack>
    }
    .into_any()
}

/// Whether something obeys it today, in words.
pub(super) const fn in_force(key: Key) -> &'static str {
    if key.obeyed() { "Obeyed within a second" } else { "Kept and inherited; nothing obeys it yet" }
}

fn facts(key: Key, setting: &TenantSetting) -> Vec<(&'static str, AnyView)> {
    let effective = &setting.effective;
    let mut facts = vec![
        ("Holds", view! { <strong>{key.words(&effective.value)}</strong> }.into_any()),
        ("From", origin(&effective.from, effective.locked_by.is_some())),
        ("What it does", key.spec().help.into_any()),
        ("In force", in_force(key).into_any()),
        ("Key", view! { <code>{key.as_str()}</code> }.into_any()),
    ];
    if effective.from == Level::Tenant {
        facts.push(("Otherwise it would be", key.words(&effective.inherited).into_any()));
    }
    if let Some(own) = &setting.own {
        let (by, at, reason) = (own.by.clone(), own.at, own.reason.clone());
        facts.push(("Set by", view! { {by}", "<When at full=true/>": "<q>{reason}</q> }.into_any()));
    }
    facts
}

/// Everybody who says something, the farthest first; what holds is said in words.
fn stack(key: Key, said: &[Said]) -> AnyView {
    let row = |said: &Said| {
        let word = if said.holds { "holds" } else { "does not hold" };
        view! {
            <tr data-tone=said.holds.then_some(Tone::Info.as_str())>
                <th scope="row">{origin(&said.level, said.locked)}</th>
                <td data-label="Value">{key.words(&said.value)}</td>
                <td data-label="State">{word}</td>
            </tr>
        }
    };
    let rows = said.iter().map(row).collect_view();
    let head = view! { <Th>"Level"</Th><Th>"Value"</Th><Th>"State"</Th> }.into_any();
    view! { <DataTable id="setting-stack" caption="Levels of the cascade" small=true head>{rows}</DataTable> }
        .into_any()
}

fn form(tenant: &Tenant, settings: &TenantSettings, setting: &TenantSetting) -> AnyView {
    let state = form_state("set_setting");
    let version = setting.own.as_ref().map_or(0, |own| own.version);
    let lock = (settings.children > 0).then(|| {
        let help = format!("{} below cannot change it then.", plural(settings.children, "tenant"));
        let checked = setting.own.as_ref().is_some_and(|own| own.locked);
        view! { <Checkbox state=&state name="locked" label="Lock it for the tenants below" help checked/> }
    });
    let control = control(&state, setting.key, &setting.effective.value);
    let (slug, key) = (tenant.slug.clone(), setting.key.as_str());
    let back = paths::tenant(&slug, "settings");
    view! {
        <Form to="set_setting" state=&state>
            <Hidden name="slug" value=slug/>
            <Hidden name="key" value=key/>
            <Hidden name="version" value=version.to_string()/>
            {control}
            {lock}
            <TextArea state=&state name="reason" label="Reason" rows=2 max=1_000 help="Shown beside the setting and in the audit log."/>
            <Actions>
                <Button kind=Kind::Primary>"Save change"</Button>
                <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}

fn revert(tenant: &Tenant, setting: &TenantSetting) -> AnyView {
    let state = form_state("revert_setting");
    let version = setting.own.as_ref().map_or(0, |own| own.version);
    let after = setting.key.words(&setting.effective.inherited);
    let (id, slug) = (setting.key, tenant.slug.clone());
    view! {
        <Section id="setting-revert" title="Revert to inherit">
            <p>{format!("It will be {after}, and follow what it inherits when that changes. The value that goes stays readable in the audit log.")}</p>
            <Form to="revert_setting" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="key" value=id.as_str()/>
                <Hidden name="version" value=version.to_string()/>
                <crate::ui::TextField state=&state name="why" label="Reason for reverting" max=1_000/>
                <Actions><Button icon="undo">"Revert to inherit"</Button></Actions>
            </Form>
        </Section>
    }
    .into_any()
}

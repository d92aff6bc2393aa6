//! Before a template is applied to one tenant: every line that changes, and what is kept (R33).

use super::api::{get_apply_preview, get_baseline};
use super::{change_name, effect_look};
use crate::paths;
use crate::tenants::{Section as TenantPart, TenantSection};
use crate::ui::{
    Actions, Badge, Banner, Button, ConfirmPage, Consequence, DataTable, Empty, LinkButton, Load, Query,
    Section, Stack, TextField, Th, Tier, Tone, form_state, plural,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::templates::{ApplyPreview, Change, Effect, TenantBaseline};
use model::tenants::{Tenant, TenantHead};

#[component]
pub fn ApplyPage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Baseline view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            match Query::here().get("to").filter(|to| !to.is_empty()).map(str::to_owned) {
                Some(to) => view! { <Load read=move || get_apply_preview(slug.clone(), to.clone()) view=move |found| page(&tenant, &found)/> }.into_any(),
                None => view! { <Load read=move || get_baseline(slug.clone()) view=move |found| choose(&tenant, &found)/> }.into_any(),
            }
        }/>
    }
}

fn choose(tenant: &Tenant, found: &TenantBaseline) -> AnyView {
    let body = chooser(tenant, found);
    view! {
        <Title text=format!("Apply a template · {}", tenant.name)/>
        <Section id="apply-choose" title="Apply a template">{body}</Section>
    }
    .into_any()
}

/// Which template is to be applied; the next page says what it would change.
pub(super) fn chooser(tenant: &Tenant, found: &TenantBaseline) -> AnyView {
    if found.offers.is_empty() {
        return view! { <Empty icon="layers" title="No template is published" text="Publish one first."/> }
            .into_any();
    }
    let now = found.assigned.as_ref();
    let options = found.offers.iter().map(|(key, name, version)| {
        let here = now.is_some_and(|now| now.template.key == *key);
        let note = match now.filter(|_| here) {
            Some(now) if now.version == *version => " (it is on this one)",
            Some(_) => " (a newer version of its own)",
            None => "",
        };
        let word = format!("{key}.{version}");
        view! { <option value=word selected=here>{format!("{name}, version {version}{note}")}</option> }
    });
    view! {
        <form method="get" action=format!("{}/apply", paths::tenant(&tenant.slug, "baseline")) class="c-form">
            <div class="c-field">
                <label class="c-field__label" for="f-to">"Template"</label>
                <select class="c-select" id="f-to" name="to">{options.collect_view()}</select>
            </div>
            <Actions><Button>"Preview what changes"</Button></Actions>
        </form>
    }
    .into_any()
}

fn page(tenant: &Tenant, found: &ApplyPreview) -> AnyView {
    let to = format!("{}, version {}", found.to.template.name, found.to.version);
    let count = |effect| found.changes.iter().filter(|c| c.effect == effect).count();
    let shown: Vec<_> = found.changes.iter().filter(|c| c.effect != Effect::Same).collect();
    let same: Vec<_> = found.changes.iter().filter(|c| c.effect == Effect::Same).collect();
    let table = if shown.is_empty() {
        view! { <Empty icon="check-circle" title="Nothing would change" text="The tenant is as this version says."/> }.into_any()
    } else {
        lines("apply-lines", "What applying changes", &shown, found)
    };
    let folded = (!same.is_empty()).then(|| {
        let summary = format!("Show {} that stay the same", same.len());
        let lines = lines("apply-same", "What stays the same", &same, found);
        view! { <details class="c-disclosure"><summary>{summary}</summary>{lines}</details> }
    });
    let now = match &found.now {
        None => "The tenant is on no template yet.".to_owned(),
        Some(now) => format!("The tenant is on {}, version {}.", now.template.name, now.version),
    };
    let n = |effect| i64::try_from(count(effect)).unwrap_or(i64::MAX);
    let mut consequences = vec![
        Consequence::new(
            Tone::Override,
            "diamond",
            format!("{} at once, in one step.", changes(n(Effect::Changes))),
        ),
        Consequence::new(
            Tone::Info,
            "hand",
            format!("{} as the tenant or its contract decided.", stay(n(Effect::Kept))),
        ),
        Consequence::new(
            Tone::Neutral,
            "clock",
            "It is an operation: it begins when nothing else works on the tenant.",
        ),
        Consequence::new(
            Tone::Neutral,
            "undo",
            "The version it is on now can be applied again; fields that were added stay.",
        ),
    ];
    if found.second_person {
        consequences.push(Consequence::new(
            Tone::Warning,
            "hand",
            "It waits for a second person: nothing changes until somebody else has approved it.",
        ));
    }
    let form = match &found.refusal {
        Some(why) => {
            let why = why.clone();
            view! { <crate::ui::SummaryOf state=form_state("apply_template")/> <Banner tone=Tone::Warning><p>{why}</p></Banner> }.into_any()
        }
        None => {
            let state = form_state("apply_template");
            let title = format!("Apply {to}");
            let word = format!("{}.{}", found.to.template.key, found.to.version);
            let hidden = vec![("slug", tenant.slug.clone()), ("to", word)];
            let back = paths::tenant(&tenant.slug, "baseline");
            view! {
                <ConfirmPage to="apply_template" state=&state tier=Tier::Review consequences button=title back hidden>
                    <TextField state=&state name="reason" label="Reason" optional=true max=1_000 help="Stands in the tenant’s history and in the audit log."/>
                </ConfirmPage>
            }
            .into_any()
        }
    };
    let title = format!("Apply {to}");
    let other = format!("{}/apply", paths::tenant(&tenant.slug, "baseline"));
    view! {
        <Title text=format!("Apply {to} · {}", tenant.name)/>
        <Stack gap=6>
            <Section id="apply-h" title aside=view! { <LinkButton href=other>"Another template"</LinkButton> }.into_any()>
                <p class="u-muted">{now}</p>
                {table}
                {folded}
            </Section>
            {form}
        </Stack>
    }
    .into_any()
}

fn changes(n: i64) -> String {
    if n == 1 { "1 line changes".into() } else { format!("{} change", plural(n, "line")) }
}

fn stay(n: i64) -> String {
    if n == 1 { "1 line stays".into() } else { format!("{} stay", plural(n, "line")) }
}

fn lines(id: &'static str, caption: &'static str, changes: &[&Change], found: &ApplyPreview) -> AnyView {
    let rows = changes.iter().map(|change| {
        let (tone, icon) = effect_look(change.effect);
        let gutter = (change.effect == Effect::Changes).then_some(tone.as_str());
        let effect = change.effect.label();
        let none = || "—".to_owned();
        let note = change.note.clone().map(|note| view! { <span class="c-table__sub">{note}</span> });
        view! {
            <tr data-tone=gutter>
                <th scope="row">{change_name(change, &found.catalogue)}<span class="c-table__sub">{change.part.label()}</span></th>
                <td data-label="Now">{change.before.clone().unwrap_or_else(none)}</td>
                <td data-label="After">{change.after.clone().unwrap_or_else(none)}</td>
                <td data-label="What happens"><Badge tone icon>{effect}</Badge>{note}</td>
            </tr>
        }
    }).collect_view();
    let head = view! { <Th>"What"</Th><Th>"Now"</Th><Th>"After"</Th><Th>"What happens"</Th> }.into_any();
    view! { <DataTable id caption head cards=true>{rows}</DataTable> }.into_any()
}

//! What a version holds and what a tenant may use in brief, where a whole page of it would be too much: in the wizard, and
//! where a second person decides.

use super::name_of;
use crate::ui::{Card, Props, Tag, Tone};
use crate::usage::overrides;
use leptos::prelude::*;
use model::fields::Group;
use model::limits::{AskedLimit, Effective, LimitSource};
use model::operations::Terms;
use model::plans::limit_text;
use model::templates::{Bundle, BundleSetting, Catalogue, Part};

/// All that it holds, by name.
pub(crate) fn brief(bundle: &Bundle, catalogue: &Catalogue) -> AnyView {
    let fields = Group::ALL.iter().filter_map(|group| {
        let names: Vec<_> = catalogue
            .fields
            .iter()
            .filter(|field| field.group == *group && bundle.fields.contains(&field.key))
            .map(|field| field.name.as_str())
            .collect();
        (!names.is_empty()).then(|| format!("{}: {}", group.label(), names.join(", ")))
    });
    let tasks = bundle.tasks.iter().map(|task| {
        let name = name_of(Part::Task, &task.key, catalogue);
        format!("{name}, {}", if task.enabled { "enabled" } else { "disabled" })
    });
    let (policies, settings): (Vec<_>, Vec<_>) =
        bundle.settings.iter().partition(|setting| setting.is_policy());
    let said = |settings: Vec<&BundleSetting>| -> Vec<String> {
        settings.into_iter().map(|setting| format!("{}: {}", setting.key.label(), words(setting))).collect()
    };
    let lists =
        bundle.checklists.iter().map(|list| format!("{}, version {}", list.key.label(), list.version));
    let items = vec![
        ("Fields", lines(fields.collect())),
        ("AI tasks", lines(tasks.collect())),
        ("Policies", lines(said(policies))),
        ("Settings", lines(said(settings))),
        ("Checklists", lines(lists.collect())),
        ("Plan", bundle.plan.map_or("Chosen for each tenant", |plan| plan.label()).into_any()),
        ("Quotas", quotas(bundle)),
    ];
    view! { <Props items/> }.into_any()
}

/// What tenants may use otherwise than their plan says.
pub(super) fn quotas(bundle: &Bundle) -> AnyView {
    let said = bundle.quotas.iter();
    let said: Vec<_> = said
        .map(|(meter, limit)| format!("{}: {}", meter.label(), limit_text(*meter, Some(*limit))))
        .collect();
    if said.is_empty() { "Those of the plan".into_any() } else { lines(said) }
}

/// `required, cannot be changed by the tenant`
fn words(setting: &BundleSetting) -> String {
    let lock = if setting.locked { ", cannot be changed by the tenant" } else { "" };
    format!("{}{lock}", setting.key.words(&setting.value))
}

fn lines(lines: Vec<String>) -> AnyView {
    if lines.is_empty() {
        return "None".into_any();
    }
    lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view().into_any()
}

/// What a tenant may use, and the policies that hold for it, as its request means them.
pub(crate) fn terms(terms: &Terms) -> AnyView {
    let (plan, offer) = (&terms.plan, &terms.offer);
    let limits: Vec<_> = terms.limits.iter().map(|now| (now.meter.label(), limit(now, &terms.own))).collect();
    let policies: Vec<_> = offer
        .bundle
        .settings
        .iter()
        .filter(|setting| setting.is_policy())
        .map(|setting| (setting.key.label(), words(setting).into_any()))
        .collect();
    let policies = if policies.is_empty() {
        view! { <p class="u-muted">"The template says nothing of them: those of the platform hold."</p> }
            .into_any()
    } else {
        view! { <Props items=policies two_columns=true/> }.into_any()
    };
    view! {
        <Card id="terms-limits" title=format!("Limits on the {} plan", plan.name)><Props items=limits two_columns=true/></Card>
        <Card id="terms-policies" title=format!("Policies of {}, version {}", offer.template.name, offer.version)>{policies}</Card>
    }
    .into_any()
}

/// A limit, and whose word it is where it is not the plan's.
fn limit(now: &Effective, own: &[AskedLimit]) -> AnyView {
    let text = limit_text(now.meter, Some(now.limit));
    match now.source {
        LimitSource::Plan => text.into_any(),
        LimitSource::Template => {
            let plan = limit_text(now.meter, Some(now.plan));
            view! { {text}" "<Tag icon="layers">{format!("By the template; plan: {plan}")}</Tag> }.into_any()
        }
        LimitSource::Tenant => {
            let reason = own.iter().find(|one| one.meter == now.meter).map(|one| one.reason.clone());
            let (word, below) = (overrides(now), limit_text(now.meter, Some(now.below)));
            let tag = if now.limit == now.below {
                view! { <Tag>{word}</Tag> }.into_any()
            } else {
                view! { <Tag tone=Tone::Override icon="diamond">{format!("{word}: {below}")}</Tag> }
                    .into_any()
            };
            view! { {text}" "{tag}<p class="u-muted">{reason}</p> }.into_any()
        }
    }
}

//! Lists of the log, newest first. The address holds filters and place.

use super::api::{get_audit, get_tenant_audit};
use super::{LineRow, columns, head};
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{
    self, Button, Chip, Chips, DataTable, Empty, FilterBar, Form, Hidden, Load, PageHeader, Pagination,
    ZeroRow, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::audit::{Filter, GROUPS, Line, Outcome, PLATFORM};
use model::page::Page;

/// All chains.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! {
        <Title text="Audit log"/>
        <Load read=move || get_audit(query.clone()) view=|page| {
            let list = list(paths::AUDIT.into(), true, page);
            view! {
                <PageHeader title="Audit log" lead="Who did what, when and why, in every tenant and on the platform. Entries are chained by their hashes; nobody can change or delete them." actions=verify_form(PLATFORM.into(), "Verify the platform’s chain")/>
                {list}
            }
            .into_any()
        }/>
    }
}

/// The chain of one tenant.
#[component]
pub fn TenantAuditPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Audit view=|head| {
            let slug = head.tenant.slug.clone();
            let query = model::url::encode(&ui::query());
            let (read, path) = (slug.clone(), paths::tenant(&slug, "audit"));
            view! {
                <div class="u-row">
                    <p class="u-grow u-muted">"Every entry is chained to the one before by its hash; verifying reads all of them."</p>
                    {verify_form(slug, "Verify chain")}
                </div>
                <Load read=move || get_tenant_audit(read.clone(), query.clone()) view=move |page| list(path.clone(), false, page)/>
            }
            .into_any()
        }/>
    }
}

fn verify_form(slug: String, text: &'static str) -> AnyView {
    view! {
        <Form to="verify_audit" state=form_state("verify_audit")>
            <Hidden name="slug" value=slug/>
            <Button icon="shield-check">{text}</Button>
        </Form>
    }
    .into_any()
}

fn list(path: String, fleet: bool, page: Page<Line>) -> AnyView {
    let (filter, ignored) = Filter::parse(&ui::query());
    let shown = page.rows.len();
    if shown == 0 && filter.is_empty() && page.previous.is_none() {
        return view! { <Empty icon="history" title="Nothing has happened yet" text="Every change and every refused attempt will stand here."/> }.into_any();
    }
    let chips = filter
        .terms()
        .into_iter()
        .map(|(key, value, words)| Chip::of(&path, key, &value, words))
        .collect::<Vec<_>>();
    let result = format!(
        "{} {}, newest first",
        page.total,
        if shown == 1 && page.next.is_none() && page.previous.is_none() { "entry" } else { "entries" }
    );
    let unknown = (!ignored.is_empty()).then(|| {
        let text = ui::left_out(ignored.iter().map(String::as_str), label_of);
        view! { <ui::Banner tone=ui::Tone::Warning>{text}</ui::Banner> }
    });
    let zero = (shown == 0)
        .then(|| view! { <ZeroRow columns=columns(fleet) what="No entry matches" clear=path.clone()/> });
    let kept = filter.terms().into_iter().map(|(key, value, _)| (key.to_owned(), value)).collect();
    let export = ui::Query(kept).href(&format!("{path}.csv"));
    let rows = page.rows.into_iter().map(move |line| view! { <LineRow line fleet/> });
    view! {
        {filters(&path, fleet, &filter)}
        {unknown}
        <div class="u-row"><div class="u-grow"><Chips chips clear=path.clone() result/></div><ui::LinkButton href=export icon="download" size=ui::Size::Small>"Export CSV"</ui::LinkButton></div>
        <DataTable id="audit" caption="Audit log" cards=true head=head(fleet)>{rows.collect_view()}{zero}</DataTable>
        <Pagination path shown total=page.total next=page.next previous=page.previous what="entries"/>
    }
    .into_any()
}

/// The words of a key of the address, as they stand above its control.
fn label_of(key: &str) -> Option<&'static str> {
    Some(match key {
        "actor" => "Actor",
        "group" => "Action",
        "result" => "Result",
        "from" => "From",
        "to" => "Until",
        "tenant" => "Tenant",
        "request" => "Request id",
        _ => return None,
    })
}

/// A control under its visible label.
fn labelled(name: &'static str, control: AnyView) -> AnyView {
    let text = label_of(name).unwrap_or(name);
    view! { <label class="c-filter-bar__field"><span>{text}</span>{control}</label> }.into_any()
}

fn filters(path: &str, fleet: bool, filter: &Filter) -> AnyView {
    let group = filter.group.clone();
    let known = GROUPS.iter().any(|(word, _)| *word == group) || group.is_empty();
    let other =
        (!known).then(|| view! { <option value=group.clone() selected=true>{group.clone()}</option> });
    let groups = GROUPS
        .iter()
        .map(|(word, label)| view! { <option value=*word selected=*word == group>{*label}</option> })
        .collect_view();
    let outcome = filter.outcome;
    let outcomes = Outcome::ALL
        .iter()
        .map(|o| view! { <option value=o.as_str() selected=Some(*o) == outcome>{o.label()}</option> })
        .collect_view();
    let day = |day: Option<chrono::NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let (actor, request) = (filter.actor.clone(), filter.request.clone());
    let (from, to) = (day(filter.from), day(filter.to));
    let text = |name: &'static str, value: String, mono: bool| {
        labelled(
            name,
            view! { <input class="c-input" name=name value=value autocomplete="off" data-mono=mono/> }
                .into_any(),
        )
    };
    let date = |name: &'static str, value: String| {
        labelled(name, view! { <input class="c-input" type="date" name=name value=value/> }.into_any())
    };
    let tenant = fleet.then(|| text("tenant", filter.tenant.clone(), true));
    let group = view! { <select class="c-select" name="group"><option value="">"any"</option>{other}{groups}</select> };
    let outcome =
        view! { <select class="c-select" name="result"><option value="">"any"</option>{outcomes}</select> };
    view! {
        <FilterBar label="Audit log" path=path.to_owned()>
            {text("actor", actor, false)}
            {labelled("group", group.into_any())}
            {labelled("result", outcome.into_any())}
            {date("from", from)}
            {date("to", to)}
            {tenant}
            {text("request", request, true)}
        </FilterBar>
    }
    .into_any()
}

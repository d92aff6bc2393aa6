//! The alignment of the fleet: which tenants differ from their templates, worst first (R31).

use super::api::get_fleet_alignment;
use crate::paths;
use crate::ui::{
    self, Badge, Chip, Chips, DataTable, Empty, FilterBar, KpiCard, Kpis, Load, PageHeader, Pagination,
    Query, StatusBadge, Tag, Th, Tone, When, ZeroRow,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::fields::percent;
use model::page::{Total, grouped};
use model::templates::{AlignmentRow, FleetAlignment, FleetFilter, Standing};

#[component]
pub fn AlignmentPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! {
        <Title text="Alignment"/>
        <Load read=move || get_fleet_alignment(query.clone()) view=|found| page(&found)/>
    }
}

fn page(found: &FleetAlignment) -> AnyView {
    let (filter, ignored) = FleetFilter::parse(&ui::query());
    let header = view! {
        <PageHeader title="Alignment" lead="What each tenant’s template expects, what is there, and what somebody stands for. A tenant is looked at when something changes, and once a day."/>
    };
    if found.drifting + found.accepted + found.aligned + found.without == 0 {
        return view! { {header} <Empty icon="git-compare" title="No tenants yet" text="Tenants appear here once there are any."/> }.into_any();
    }
    let cards = [
        kpi(Standing::Drifting, found.drifting, Some(Tone::Warning)),
        kpi(Standing::Accepted, found.accepted, None),
        kpi(Standing::Aligned, found.aligned, None),
        kpi(Standing::Without, found.without, Some(Tone::Info)),
    ];
    view! {
        {header}
        <Kpis>{cards.collect_view()}</Kpis>
        {filters(found, &filter, &ignored)}
        {table(found, &filter)}
        <Pagination path=paths::ALIGNMENT shown=found.page.rows.len() total=found.page.total next=found.page.next.clone() previous=found.page.previous.clone() what="tenants"/>
    }
    .into_any()
}

/// The number of one standing, which leads to exactly its tenants.
fn kpi(standing: Standing, n: i64, tone: Option<Tone>) -> AnyView {
    let href = format!("{}?standing={}", paths::ALIGNMENT, standing.as_str());
    match tone {
        Some(tone) if n > 0 => {
            view! { <KpiCard label=standing.label() href value=grouped(n) tone/> }.into_any()
        }
        _ => view! { <KpiCard label=standing.label() href value=grouped(n)/> }.into_any(),
    }
}

fn filters(found: &FleetAlignment, filter: &FleetFilter, ignored: &[String]) -> AnyView {
    let select = |name: &'static str, label: &'static str, choices: Vec<(String, String)>, chosen: &str| {
        let options = choices.into_iter().map(|(value, text)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{text}</option> }
        });
        let any = format!("{label}: any");
        view! { <div class="c-field" data-width="sm"><select class="c-select" name=name aria-label=label><option value="">{any}</option>{options.collect_view()}</select></div> }
    };
    let standings =
        Standing::ALL.iter().map(|word| (word.as_str().to_owned(), word.label().to_owned())).collect();
    let template = filter.template.clone().unwrap_or_default();
    let standing = filter.standing.map_or("", Standing::as_str);
    let mut chips = Vec::new();
    if let Some(word) = filter.standing {
        chips.push(Chip::of(paths::ALIGNMENT, "standing", word.as_str(), word.label()));
    }
    if let Some(key) = &filter.template {
        let name = found.templates.iter().find(|(of, _)| of == key).map_or(key, |(_, name)| name);
        chips.push(Chip::of(paths::ALIGNMENT, "template", key, format!("Template: {name}")));
    }
    if filter.behind {
        let sent = Query::here().get("behind").unwrap_or_default().to_owned();
        chips.push(Chip::of(paths::ALIGNMENT, "behind", &sent, "On an older version"));
    }
    let result = match found.page.total {
        Total::Exact(1) => "1 tenant".to_owned(),
        total => format!("{total} tenants"),
    };
    let notice = (!ignored.is_empty()).then(|| view! { <p class="u-muted" role="status">{format!("Not understood and ignored: {}.", ignored.join(", "))}</p> });
    let template = select("template", "Template", found.templates.clone(), &template);
    let (standing, behind) = (select("standing", "Standing", standings, standing), filter.behind);
    view! {
        <FilterBar label="Alignment" path=paths::ALIGNMENT>
            {template}
            {standing}
            <label class="c-choice"><input type="checkbox" name="behind" value="1" checked=behind/><span>"On an older version"</span></label>
        </FilterBar>
        {notice}
        <Chips chips clear=paths::ALIGNMENT result/>
    }
    .into_any()
}

fn table(found: &FleetAlignment, filter: &FleetFilter) -> AnyView {
    let zero = found.page.rows.is_empty().then(|| {
        if filter.is_empty() {
            view! { <ZeroRow columns=6 what="No tenant is on a template yet"/> }.into_any()
        } else {
            view! { <ZeroRow columns=6 what="No tenants match" clear=paths::ALIGNMENT/> }.into_any()
        }
    });
    let head = view! { <Th>"Tenant"</Th><Th>"Template"</Th><Th num=true>"Open"</Th><Th num=true>"Accepted"</Th><Th num=true>"Aligned"</Th><Th>"Looked at"</Th> }
        .into_any();
    let rows = found.page.rows.iter().map(row).collect_view();
    view! { <DataTable id="alignment" caption="Alignment of tenants" head cards=true>{rows}{zero}</DataTable> }.into_any()
}

fn row(row: &AlignmentRow) -> AnyView {
    let template = match &row.template {
        None => view! { <span class="u-muted">"none"</span> }.into_any(),
        Some((key, name, version)) => {
            let behind = row.newest.filter(|newest| newest > version).map(|newest| {
                view! { " " <Tag tone=Tone::Warning icon="clock">{format!("Version {newest} is out")}</Tag> }
            });
            let text = format!("{name}, version {version}");
            view! { <a href=paths::template_version(key, *version)>{text}</a>{behind} }.into_any()
        }
    };
    let numbers = |n: i64| if row.template.is_some() { grouped(n) } else { "—".into() };
    let open = match (row.open, &row.template) {
        (n, Some(_)) if n > 0 => {
            view! { <Badge tone=Tone::Warning icon="alert-triangle">{grouped(n)}</Badge> }.into_any()
        }
        (n, _) => numbers(n).into_any(),
    };
    let share = percent(row.aligned, row.expected)
        .map_or_else(|| "—".to_owned(), |p| format!("{} of {} ({p} %)", row.aligned, row.expected));
    let ends = row.next_expiry.map(|at| view! { <span class="c-table__sub">"next ends "<When at/></span> });
    let looked = match row.checked_at {
        Some(at) => view! { <When at/> }.into_any(),
        None => view! { <span class="u-muted">"not yet"</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=paths::tenant(&row.slug, "baseline")>{row.name.clone()}</a><span class="c-table__sub"><code>{row.slug.clone()}</code>" "<StatusBadge status=row.status/></span></th>
            <td data-label="Template">{template}</td>
            <td data-label="Open" class="u-num">{open}</td>
            <td data-label="Accepted" class="u-num">{numbers(row.accepted)}{ends}</td>
            <td data-label="Aligned" class="u-num">{share}</td>
            <td data-label="Looked at">{looked}</td>
        </tr>
    }
    .into_any()
}

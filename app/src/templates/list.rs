//! The catalogue of templates.

use super::api::get_templates;
use crate::paths;
use crate::ui::{Badge, Banner, DataTable, Empty, Kind, LinkButton, Load, PageHeader, Th, Tone, When};
use leptos::prelude::*;
use leptos_meta::Title;
use model::page::grouped;
use model::templates::{TemplateList, TemplateRow};

#[component]
pub fn TemplatesPage() -> impl IntoView {
    view! { <Title text="Templates"/> <Load read=get_templates view=|list| page(&list)/> }
}

fn page(list: &TemplateList) -> AnyView {
    let both: Vec<_> = list.rows.iter().filter_map(|row| Some((&row.template.key, row.published?))).collect();
    let compare = match both.as_slice() {
        [(a, x), (b, y), ..] => {
            let href = paths::compare_templates((a, *x), (b, *y));
            Some(view! { <LinkButton href icon="git-compare">"Compare"</LinkButton> })
        }
        _ => None,
    };
    let new = list.may_edit.then(|| {
        view! { <LinkButton href=paths::TEMPLATES_NEW kind=Kind::Primary icon="plus">"New template"</LinkButton> }
    });
    let actions = view! { {new}{compare} }.into_any();
    let header = view! {
        <PageHeader title="Templates" actions
            lead="What tenants start from: fields, tasks, settings, policies and checklists, in versions that never change once published."/>
    };
    if list.rows.is_empty() {
        return view! {
            {header}
            <Empty icon="layers" title="No templates yet" text="A template is the known baseline that a tenant is made from, and compared with later."/>
        }
        .into_any();
    }
    let without = (list.without > 0).then(|| {
        let href = format!("{}?standing=without", paths::ALIGNMENT);
        let text = format!(
            "{} on no template: nothing says what is expected of {}.",
            if list.without == 1 { "1 tenant is".to_owned() } else { format!("{} tenants are", grouped(list.without)) },
            if list.without == 1 { "it" } else { "them" }
        );
        view! {
            <Banner tone=Tone::Info quiet=true actions=view! { <LinkButton href>"Show"</LinkButton> }.into_any()><p>{text}</p></Banner>
        }
    });
    let head = view! { <Th>"Template"</Th><Th>"Published"</Th><Th>"Contents"</Th><Th num=true>"Tenants"</Th><Th num=true>"Behind"</Th> }
        .into_any();
    let rows = list.rows.iter().map(row).collect_view();
    view! {
        {header}
        {without}
        <DataTable id="templates" caption="Templates" head cards=true>{rows}</DataTable>
    }
    .into_any()
}

fn row(row: &TemplateRow) -> AnyView {
    let template = &row.template;
    let draft = row.has_draft.then(|| view! { " " <Badge icon="pencil" outline=true>"Draft"</Badge> });
    let published = match row.published.zip(row.published_at) {
        Some((version, at)) => view! { {format!("Version {version}, ")}<When at/>{draft} }.into_any(),
        None => view! { <span class="u-muted">"Not yet"</span>{draft} }.into_any(),
    };
    let of = |more: &str| format!("{}?template={}{more}", paths::ALIGNMENT, template.key);
    let link = |n: i64, href: String| match n {
        0 => "0".into_any(),
        n => view! { <a href=href>{grouped(n)}</a> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=paths::template(&template.key, "")>{template.name.clone()}</a><span class="c-table__sub">{template.for_whom()}</span></th>
            <td data-label="Published">{published}</td>
            <td data-label="Contents">{row.summary.join(" · ")}</td>
            <td data-label="Tenants" class="u-num">{link(row.used_by, of(""))}</td>
            <td data-label="Behind" class="u-num">{link(row.behind, of("&behind=1"))}</td>
        </tr>
    }
    .into_any()
}

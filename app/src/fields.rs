//! The fields of a tenant: what analyses write, by group, and how full they are (R34).

use crate::error::AppError;
use crate::paths;
use crate::tenants::{Section as TenantPart, TenantSection};
use crate::ui::{DataTable, Load, Section, Th};
use leptos::prelude::*;
use model::fields::{FieldList, FieldUse, Group, percent};
use model::page::grouped;
use model::tenants::{Tenant, TenantHead};

#[server]
pub async fn get_fields(slug: String) -> Result<FieldList, AppError> {
    let cx = crate::server::ctx()?;
    let tenant = domain::tenants::by_slug(&cx, &slug).await?.id;
    Ok(domain::fields::list_for_tenant(&cx, tenant).await?)
}

#[component]
pub fn FieldsPage() -> impl IntoView {
    view! {
        <TenantSection section=TenantPart::Fields view=|head: TenantHead| {
            let tenant = head.tenant;
            let slug = tenant.slug.clone();
            view! { <Load read=move || get_fields(slug.clone()) view=move |list| page(&tenant, &list)/> }.into_any()
        }/>
    }
}

fn page(tenant: &Tenant, list: &FieldList) -> AnyView {
    let note = if list.sampled == 0 {
        "No conversation has come in yet, so nothing is filled.".to_owned()
    } else {
        format!("Filled: share of the newest {} conversations that have a value.", grouped(list.sampled))
    };
    let groups = Group::ALL.iter().map(|group| group_table(tenant, list, *group));
    view! { <p class="u-muted">{note}</p> {groups.collect_view()} }.into_any()
}

fn group_table(tenant: &Tenant, list: &FieldList, group: Group) -> AnyView {
    let rows: Vec<AnyView> =
        list.fields.iter().filter(|f| f.field.group == group).map(|f| row(tenant, f, list.sampled)).collect();
    if rows.is_empty() {
        return ().into_any();
    }
    let (heading, table) = match group {
        Group::Cx => ("fields-cx-h", "fields-cx"),
        Group::Understanding => ("fields-understanding-h", "fields-understanding"),
        Group::Sales => ("fields-sales-h", "fields-sales"),
        Group::Operational => ("fields-operational-h", "fields-operational"),
    };
    let head =
        view! { <Th>"Field"</Th><Th>"Type"</Th><Th>"Written by"</Th><Th num=true>"Filled"</Th> }.into_any();
    view! {
        <Section id=heading title=group.label()>
            <DataTable id=table caption=format!("Fields: {}", group.label()) head cards=true>{rows}</DataTable>
        </Section>
    }
    .into_any()
}

fn row(tenant: &Tenant, used: &FieldUse, sampled: i64) -> AnyView {
    let field = &used.field;
    let options = (!field.options.is_empty())
        .then(|| view! { <span class="c-table__sub">{field.options.join(", ")}</span> });
    let writers = if used.tasks.is_empty() {
        view! { <span class="u-muted">"no task"</span> }.into_any()
    } else {
        let link = |task: &model::fields::WritingTask| {
            let off = (!task.enabled).then(|| view! { <span class="u-muted">" (disabled)"</span> });
            view! { <li><a href=paths::task(&tenant.slug, &task.key, "")>{task.name.clone()}</a>{off}</li> }
        };
        view! { <ul class="c-meta">{used.tasks.iter().map(link).collect_view()}</ul> }.into_any()
    };
    let filled = match percent(used.filled, sampled) {
        Some(share) => format!("{share} % of {}", grouped(sampled)),
        None => "—".to_owned(),
    };
    view! {
        <tr>
            <th scope="row">{field.name.clone()}<span class="c-table__sub"><code>{field.key.clone()}</code></span></th>
            <td data-label="Type">{field.kind.label()}{options}</td>
            <td data-label="Written by">{writers}</td>
            <td data-label="Filled" class="u-num">{filled}</td>
        </tr>
    }
    .into_any()
}

//! The sign-up pages of the platform.

use super::api::get_signup_pages;
use super::standing;
use crate::paths;
use crate::ui::{DataTable, Empty, Kind, LinkButton, Load, PageHeader, Th, When, grouped};
use leptos::prelude::*;
use leptos_meta::Title;
use model::signup::{PageList, PageRow};

#[component]
pub fn SignupPagesPage() -> impl IntoView {
    view! { <Title text="Sign-up pages"/> <Load read=get_signup_pages view=|list| page(&list)/> }
}

fn page(list: &PageList) -> AnyView {
    let new = |primary: bool| {
        let kind = if primary { Kind::Primary } else { Kind::Default };
        view! { <LinkButton href=paths::SIGNUP_PAGES_NEW kind icon="plus">"New sign-up page"</LinkButton> }
    };
    let actions = (list.may_edit && !list.rows.is_empty()).then(|| new(true)).into_any();
    let header = view! {
        <PageHeader title="Sign-up pages" actions
            lead="Where organisations begin a tenant by themselves: they confirm their address by mail, choose a password, and are its first administrator."/>
    };
    if list.rows.is_empty() {
        let make = list.may_edit.then(|| new(true));
        return view! {
            {header}
            <Empty icon="globe" title="No sign-up pages yet" text="A page has your name and colour, and says which template, plan and trial those begin with who sign up on it.">{make}</Empty>
        }
        .into_any();
    }
    let head = view! { <Th>"Page"</Th><Th>"State"</Th><Th>"Begins with"</Th><Th num=true>"Today"</Th><Th num=true>"Signed up"</Th><Th>"Changed"</Th> }.into_any();
    let rows = list.rows.iter().map(row).collect_view();
    view! {
        {header}
        <DataTable id="signup-pages" caption="Sign-up pages" head cards=true>{rows}</DataTable>
    }
    .into_any()
}

fn row(row: &PageRow) -> AnyView {
    let page = &row.page;
    let content = &page.content;
    let at = page.updated_at;
    let begins = format!("{}, {}", page.template_name, content.plan.label());
    let how = if content.approval { "with approval" } else { "without approval" };
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=paths::signup_page(&page.slug, "")>{content.name.clone()}</a><span class="c-table__sub"><code>{paths::join(&page.slug)}</code></span></th>
            <td data-label="State">{standing(page)}</td>
            <td data-label="Begins with">{begins}<span class="c-table__sub">{how}</span></td>
            <td data-label="Today" class="u-num">{format!("{} of {}", grouped(row.today), grouped(i64::from(content.daily_limit)))}</td>
            <td data-label="Signed up" class="u-num">{grouped(row.confirmed)}</td>
            <td data-label="Changed"><When at/></td>
        </tr>
    }
    .into_any()
}

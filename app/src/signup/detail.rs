//! One sign-up page: what it makes, its address, and who has signed up on it.

use super::api::get_signup_page;
use super::{stage_badge, standing};
use crate::paths;
use crate::ui::{
    self, Banner, Button, Card, Cols, Copy, DataTable, Empty, Form, Grid, Hidden, Kind, LinkButton, Load,
    PageHeader, Props, Section, Stack, Th, Tone, When, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::page::grouped;
use model::signup::{PageDetail, SHOWN, Signup};

#[component]
pub fn SignupPagePage() -> impl IntoView {
    let slug = ui::param("page");
    view! { <Load read=move || get_signup_page(slug.clone()) view=|detail| page(&detail)/> }
}

fn page(detail: &PageDetail) -> AnyView {
    let page = &detail.row.page;
    let title = page.content.name.clone();
    let badges = standing(page);
    let warning = (page.open && !page.offered).then(|| {
        view! {
            <Banner tone=Tone::Danger quiet=true>
                <p>"Its template is not published any more in this version, so the page takes in nobody. Choose another one."</p>
            </Banner>
        }
    });
    let (who, address, facts, actions) = (who(detail), address(detail), facts(detail), actions(detail));
    view! {
        <Title text=format!("{title} · Sign-up pages")/>
        <PageHeader title badges actions/>
        {warning}
        <Grid cols=Cols::Aside>
            <Section id="who-h" title="Signed up">{who}</Section>
            <Stack>
                {address}
                <Card id="page-facts" title="What begins here"><Props items=facts/></Card>
            </Stack>
        </Grid>
    }
    .into_any()
}

fn actions(detail: &PageDetail) -> AnyView {
    if !detail.may_edit {
        return ().into_any();
    }
    let page = &detail.row.page;
    let state = form_state("switch_signup_page");
    let (slug, version, open) = (page.slug.clone(), page.version.to_string(), (!page.open).to_string());
    let (icon, text) = if page.open { ("lock", "Close") } else { ("unlock", "Open") };
    view! {
        <Form to="switch_signup_page" state=&state class="u-inline">
            <Hidden name="page" value=slug/>
            <Hidden name="version" value=version/>
            <Hidden name="open" value=open/>
            <Button icon>{text}</Button>
        </Form>
        <LinkButton href=paths::signup_page(&page.slug, "edit") kind=Kind::Primary icon="pencil">"Change…"</LinkButton>
    }
    .into_any()
}

fn address(detail: &PageDetail) -> AnyView {
    let address = detail.address.clone();
    let here = paths::join(&detail.row.page.slug);
    view! {
        <Card id="page-address" title="Its address">
            <p><a class="u-break" href=here>{address.clone()}</a>" "<Copy value=address label="Copy the address"/></p>
        </Card>
    }
    .into_any()
}

fn facts(detail: &PageDetail) -> Vec<(&'static str, AnyView)> {
    let page = &detail.row.page;
    let content = &page.content;
    let version =
        content.template_version.map_or("newest version".to_owned(), |version| format!("version {version}"));
    let template = view! { <a href=paths::template(&content.template, "")>{page.template_name.clone()}</a>{format!(", {version}")} };
    let trial = match content.trial_days {
        0 => "None: active at once".to_owned(),
        days => ui::plural(i64::from(days), "day"),
    };
    let domains = if content.email_domains.is_empty() {
        "Every address".to_owned()
    } else {
        content.email_domains.join(", ")
    };
    let approval = if content.approval { "An operator approves each" } else { "Begins at once" };
    let terms = content.terms_url.clone().unwrap_or_else(|| "—".into());
    let today = format!("{} of {}", grouped(detail.row.today), grouped(i64::from(content.daily_limit)));
    let (created, changed, by) = (page.created_at, page.updated_at, page.created_by.clone());
    vec![
        ("Template", template.into_any()),
        ("Plan", content.plan.label().into_any()),
        ("Trial", trial.into_any()),
        ("Placement", format!("{}, {}", content.placement.label(), content.region).into_any()),
        ("Approval", approval.into_any()),
        ("Who may", domains.into_any()),
        ("In 24 hours", today.into_any()),
        ("Terms", terms.into_any()),
        ("Colour", content.colour.label().into_any()),
        ("Made", view! { <When at=created/>{format!(" by {by}")} }.into_any()),
        ("Changed", view! { <When at=changed/> }.into_any()),
    ]
}

fn who(detail: &PageDetail) -> AnyView {
    if detail.signups.is_empty() {
        return view! { <Empty icon="users" title="Nobody yet" text="Who registers stands here at once; who does not confirm within a day is forgotten."/> }
            .into_any();
    }
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = (detail.signups.len() >= shown)
        .then(|| view! { <p class="u-muted">{format!("The newest {SHOWN}. Older ones are among the operations.")}</p> });
    let head = view! { <Th>"Organisation"</Th><Th>"Person"</Th><Th>"State"</Th><Th>"Registered"</Th><Th>"Operation"</Th> }.into_any();
    let rows = detail.signups.iter().map(row).collect_view();
    view! { <DataTable id="signups" caption="Who has signed up on this page" head cards=true>{rows}</DataTable>{more} }.into_any()
}

fn row(signup: &Signup) -> AnyView {
    let name = signup.organisation.clone();
    let organisation = match &signup.tenant {
        Some(slug) => view! { <a class="c-table__link" href=paths::tenant(slug, "")>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    let operation = match signup.operation {
        Some(id) => view! { <a href=paths::operation(id)>"See it"</a> }.into_any(),
        None => "—".into_any(),
    };
    let at = signup.at;
    view! {
        <tr>
            <th scope="row">{organisation}</th>
            <td data-label="Person">{signup.name.clone()}<span class="c-table__sub u-break">{signup.email.clone()}</span></td>
            <td data-label="State">{stage_badge(signup.stage)}</td>
            <td data-label="Registered"><When at/></td>
            <td data-label="Operation">{operation}</td>
        </tr>
    }
    .into_any()
}

//! What is on record about a tenant: for those who may, a form; for everybody else, to read. What cannot be changed at all
//! stands beside it, with why.

use super::details_api::get_tenant_details;
use super::frame::{Section, TenantFrame};
use crate::paths;
use crate::ui::{
    self, Actions, Banner, Button, Card, Choice, Cols, FieldWidth, Form, FormState, Grid, Hidden, Kind,
    LinkButton, Load, Props, SelectField, Stack, TextArea, TextField, Tone, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::details::{Details, NOBODY, Owner, REASON_MAX};
use model::tenants::{Tenant, TenantHead};
use model::work::Work;

/// `/tenants/{slug}/details`
#[component]
pub fn DetailsPage() -> impl IntoView {
    let slug = ui::param("slug");
    view! { <Load read=move || get_tenant_details(slug.clone()) view=page/> }
}

fn page(details: Details) -> AnyView {
    let Details { head, owners, may_change } = details;
    let main = if may_change { form(&head, &owners) } else { on_record(&head) };
    let fixed = fixed(&head.tenant);
    let title = format!("Details · {}", head.tenant.name);
    view! {
        <Title text=title/>
        <TenantFrame head section=Section::Details>
            <Grid cols=Cols::Aside><Stack>{main}</Stack><Stack>{fixed}</Stack></Grid>
        </TenantFrame>
    }
    .into_any()
}

fn or_dash(text: Option<&str>) -> AnyView {
    text.unwrap_or("—").to_owned().into_any()
}

/// To read. Who looks after it is shown to the platform's people only, who are told the name.
fn on_record(head: &TenantHead) -> AnyView {
    let tenant = &head.tenant;
    let tags = if tenant.tags.is_empty() { "—".to_owned() } else { tenant.tags.join(", ") };
    let mut items = vec![
        ("Name", tenant.name.clone().into_any()),
        ("Domain", or_dash(tenant.domain.as_deref())),
        ("External id", or_dash(tenant.external_id.as_deref())),
        ("Country", or_dash(tenant.country.as_deref())),
        ("Industry", or_dash(tenant.industry.as_deref())),
        ("Tags", tags.into_any()),
    ];
    let who = if head.viewer.is_platform() {
        items.push(("Owner", or_dash(tenant.owner_name.as_deref())));
        "Operators change this."
    } else {
        "The platform keeps this. If something is wrong, tell its support."
    };
    view! { <Card id="record" title="On record"><Props items/><p class="u-muted">{who}</p></Card> }.into_any()
}

fn fixed(tenant: &Tenant) -> AnyView {
    let slug = tenant.slug.clone();
    let items = vec![
        ("Slug", view! { <code>{slug}</code> }.into_any()),
        ("Region", tenant.region.clone().into_any()),
        ("Placement", format!("{} in cell {}", tenant.placement, tenant.cell).into_any()),
        ("Created", view! { <ui::When at=tenant.created_at full=true/> }.into_any()),
    ];
    view! {
        <Card id="fixed" title="What stays">
            <Props items/>
            <p class="u-muted">"Addresses and programs name it by its slug, and its data is where its region says: neither can be changed."</p>
        </Card>
    }
    .into_any()
}

fn form(head: &TenantHead, owners: &[Owner]) -> AnyView {
    let tenant = head.tenant.clone();
    let state = form_state("change_tenant_details");
    if let Some(why) = head.refusal(Work::Record) {
        // What was typed before the status moved is not lost.
        let read = on_record(head);
        return view! {
            <ui::SummaryOf state=&state/>
            <ui::Typed state=&state fields=&[
                ("name", "Name"), ("domain", "Domain"), ("external_id", "External id"), ("country", "Country"),
                ("industry", "Industry"), ("tags", "Tags"), ("reason", "Reason"),
            ]/>
            <Banner tone=Tone::Info icon="lock" quiet=true><p>{why}</p></Banner>
            {read}
        }
        .into_any();
    }
    let (choices, chosen) = choices(&tenant, owners);
    let (slug, version) = (tenant.slug.clone(), version(&tenant, &state));
    let back = paths::tenant(&tenant.slug, "");
    let tags = tenant.tags.join(", ");
    let Tenant { name, domain, external_id, country, industry, .. } = tenant;
    let or_empty = Option::<String>::unwrap_or_default;
    view! {
        <Form to="change_tenant_details" state=&state>
            <Hidden name="slug" value=slug/>
            <Hidden name="version" value=version/>
            <TextField state=&state name="name" label="Name" initial=name max=200/>
            <TextField state=&state name="domain" label="Domain" initial=or_empty(domain) optional=true mono=true max=253 width=FieldWidth::Md/>
            <TextField state=&state name="external_id" label="External id" initial=or_empty(external_id) optional=true mono=true max=100
                width=FieldWidth::Md help="Its number in your other systems. No two tenants have the same."/>
            <TextField state=&state name="country" label="Country" initial=or_empty(country) optional=true max=100 width=FieldWidth::Md/>
            <TextField state=&state name="industry" label="Industry" initial=or_empty(industry) optional=true max=100 width=FieldWidth::Md/>
            <TextField state=&state name="tags" label="Tags" initial=tags optional=true help="Separated by commas, ten at most."/>
            <SelectField state=&state name="owner" label="Owner" choices initial=chosen width=FieldWidth::Md
                help="Who looks after it: somebody who acts for the platform. They are told what happens to it."/>
            <TextArea state=&state name="reason" label="Reason" rows=2 max=REASON_MAX
                help="For the platform’s people: in the audit log, with what it was before. The tenant never sees it."/>
            <Actions><Button kind=Kind::Primary>"Save details"</Button><LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton></Actions>
        </Form>
    }
    .into_any()
}

/// A form with wrong fields keeps the version it was decided on; after a conflict it takes the new one, because its reader
/// has been told what changed.
fn version(tenant: &Tenant, state: &FormState) -> String {
    let now = tenant.version.to_string();
    if state.failed() && !state.is_conflict() { state.value("version", &now) } else { now }
}

/// Everybody who may look after it, and whoever does.
fn choices(tenant: &Tenant, owners: &[Owner]) -> (Vec<Choice>, String) {
    let mut choices = vec![Choice::new(NOBODY, "Nobody")];
    let Some(now) = tenant.owner else {
        choices.extend(owners.iter().map(choice));
        return (choices, NOBODY.to_owned());
    };
    if !owners.iter().any(|owner| owner.id == now) {
        let name = tenant.owner_name.clone().unwrap_or_else(|| "Somebody".into());
        choices.push(Choice::new(now.to_string(), name).note("cannot be chosen any more"));
    }
    choices.extend(owners.iter().map(choice));
    (choices, now.to_string())
}

fn choice(owner: &Owner) -> Choice {
    Choice::new(owner.id.to_string(), owner.name.clone()).note(owner.role.label())
}

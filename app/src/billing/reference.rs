//! What a tenant is billed under (R11): for operators a form, for the tenant's admins to read.

use crate::ui::{self, Actions, Button, Card, FieldWidth, Form, Hidden, Props, TextField, form_state};
use leptos::prelude::*;
use model::details::BILLING_REFERENCE_MAX;
use model::permission::{Permission, Scope};
use model::rules::Payments;
use model::tenants::TenantHead;
use model::work::Work;

pub(super) fn card(head: &TenantHead, payments: &Payments) -> AnyView {
    let state = form_state("set_billing_reference");
    let now = payments.billing_reference.clone();
    let may = head.viewer.allows(Permission::TenantDetails, Scope::Tenant(head.tenant.id));
    if !may || !Work::Record.allowed_in(head.tenant.status) {
        let items = vec![("Billing reference", now.unwrap_or_else(|| "—".into()).into_any())];
        // What was typed before the status moved is not lost.
        return view! {
            <ui::SummaryOf state=&state/>
            <ui::Typed state=&state fields=&[("billing_reference", "Billing reference")]/>
            <Card id="reference" title="Billed under"><Props items/></Card>
        }
        .into_any();
    }
    let version = head.tenant.version.to_string();
    // After a conflict its reader has been told what changed.
    let version =
        if state.failed() && !state.is_conflict() { state.value("version", &version) } else { version };
    let (slug, initial) = (head.tenant.slug.clone(), now.unwrap_or_default());
    view! {
        <Card id="reference" title="Billed under">
            <Form to="set_billing_reference" state=&state>
                <Hidden name="slug" value=slug/>
                <Hidden name="version" value=version/>
                <TextField state=&state name="billing_reference" label="Billing reference" initial optional=true
                    max=BILLING_REFERENCE_MAX width=FieldWidth::Md help="A contract or customer number. The tenant’s admins see it, and the platform’s webhooks tell it."/>
                <Actions><Button>"Save reference"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

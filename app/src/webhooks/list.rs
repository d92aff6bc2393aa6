//! The endpoints of one place, and making one.

use super::api::list_webhooks;
use super::{Place, form, hears, state};
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{self, *};
use leptos::prelude::*;
use leptos_meta::Title;
use model::permission::Permission;
use model::tenants::TenantHead;
use model::webhooks::{NewSecret, Webhook};

/// `/webhooks`: the platform's own endpoints.
#[component]
pub fn WebhooksPage() -> impl IntoView {
    view! {
        <Title text="Webhooks"/>
        <PageHeader title="Webhooks" lead="The platform’s own endpoints: programs that are told what happens to any tenant. Each tenant has its own on its page."/>
        {body(Place::platform())}
    }
}

/// `/tenants/{slug}/webhooks`
#[component]
pub fn TenantWebhooksPage() -> impl IntoView {
    view! { <TenantSection section=Section::Webhooks view=|head: TenantHead| body(Place::of(head))/> }
}

fn body(place: Place) -> AnyView {
    let made = ui::form_answer::<NewSecret>("create_webhook");
    // Right after one was made there is one thing to do: to keep its secret.
    let make = if made.is_some() { None } else { Some(create_form(&place)) };
    let slug = place.slug.clone();
    view! {
        {made.map(form::secret)}
        <Load read=move || list_webhooks(slug.clone()) view=move |webhooks| list(&place, webhooks)/>
        {make}
    }
    .into_any()
}

fn create_form(place: &Place) -> AnyView {
    if let Err(reason) = place.ability(Permission::WebhookManage) {
        return view! { <DisabledButton id="why-create" reason>"Add an endpoint"</DisabledButton> }
            .into_any();
    }
    let state = ui::form_state("create_webhook");
    let slug = place.slug.clone();
    let fields = form::fields(place, &state, None);
    view! {
        <Card id="make" title="Add an endpoint">
            <Form to="create_webhook" state=state>
                <Hidden name="slug" value=slug/>
                {fields}
                <Actions><Button kind=Kind::Primary>"Add endpoint"</Button></Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn list(place: &Place, webhooks: Vec<Webhook>) -> AnyView {
    if webhooks.is_empty() {
        return view! {
            <Empty icon="webhook" title="No endpoints" text="An endpoint is an address of yours that is called when something happens: a suspension, another plan, an export that is ready."/>
            {form::explain()}
        }
        .into_any();
    }
    let rows = webhooks.into_iter().map(|webhook| row(place, webhook)).collect_view();
    view! {
        <DataTable id="webhooks" caption="Endpoints" cards=true head=view! {
            <Th>"Name"</Th><Th>"Address"</Th><Th>"Told of"</Th><Th>"State"</Th><Th>"Last success"</Th>
        }.into_any()>{rows}</DataTable>
        {form::explain()}
    }
    .into_any()
}

fn row(place: &Place, webhook: Webhook) -> AnyView {
    let href = paths::webhook(&place.slug, webhook.id, "");
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href>{webhook.name.clone()}</a></th>
            <td data-label="Address"><code class="u-break">{webhook.url.clone()}</code></td>
            <td data-label="Told of">{hears(&webhook)}</td>
            <td data-label="State">{state(&webhook)}</td>
            <td data-label="Last success"><MaybeWhen at=webhook.last_success_at never="never"/></td>
        </tr>
    }
    .into_any()
}

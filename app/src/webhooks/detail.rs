//! One endpoint: how it fares, changing it, its secret, testing it, and taking it away.

use super::api::get_webhook;
use super::{Place, form, hears, state};
use crate::paths;
use crate::ui::{self, *};
use leptos::prelude::*;
use model::permission::Permission;
use model::tenants::TenantHead;
use model::webhooks::{NewSecret, OVERLAP_HOURS, Webhook};

/// `/webhooks/{webhook}`
#[component]
pub fn WebhookPage() -> impl IntoView {
    page(paths::PLATFORM.to_owned())
}

/// `/tenants/{slug}/webhooks/{webhook}`
#[component]
pub fn TenantWebhookPage() -> impl IntoView {
    page(ui::param("slug"))
}

fn page(slug: String) -> AnyView {
    let id = ui::param("webhook");
    view! {
        <Load read=move || get_webhook(slug.clone(), id.clone()) view=|(head, webhook): (Option<TenantHead>, Webhook)| {
            let place = head.map_or_else(Place::platform, Place::of);
            let body = body(&place, &webhook);
            place.framed(webhook.name, body)
        }/>
    }
    .into_any()
}

fn body(place: &Place, webhook: &Webhook) -> AnyView {
    let made = ui::form_answer::<NewSecret>("rotate_webhook").map(form::secret);
    let heading = place.head.is_some().then(|| view! { <h2>{webhook.name.clone()}</h2> });
    let previous = webhook
        .previous_until
        .map(|until| view! { "; the one before is good until "<When at=until full=true/> });
    let failing = webhook.failing_since.map(|since| view! { " since "<When at=since/> });
    let off = webhook.off.map(|(_, at)| view! { " "<When at/> });
    let told = if webhook.events.is_empty() {
        hears(webhook).into_any()
    } else {
        let words: Vec<_> = webhook.events.iter().map(|event| event.label()).collect();
        words.join(", ").into_any()
    };
    let log = paths::deliveries_of(&place.slug, webhook.id);
    let facts = vec![
        ("State", view! { {state(webhook)}{failing}{off} }.into_any()),
        ("Address", view! { <code class="u-break">{webhook.url.clone()}</code> }.into_any()),
        ("Told of", told),
        ("Last success", view! { <MaybeWhen at=webhook.last_success_at never="never"/> }.into_any()),
        ("Secret", view! { "set; shown only when it is made"{previous} }.into_any()),
        ("Made", view! { <When at=webhook.created_at/>{format!(" by {}", webhook.created_by)} }.into_any()),
        ("Log", view! { <a href=log>"Its deliveries"</a> }.into_any()),
    ];
    let manage = match place.ability(Permission::WebhookManage) {
        Ok(()) => manage(place, webhook),
        Err(reason) => view! { <DisabledButton id="why-change" reason>"Change"</DisabledButton> }.into_any(),
    };
    view! {
        {made}
        {heading}
        <Stack gap=6>
            <Card id="facts" title="Endpoint"><Props items=facts/></Card>
            {manage}
            {form::explain()}
        </Stack>
    }
    .into_any()
}

/// A button that posts one thing about this endpoint.
fn act(
    to: &'static str,
    place: &Place,
    webhook: &Webhook,
    more: Vec<(&'static str, String)>,
    text: &'static str,
    icon: &'static str,
) -> AnyView {
    let mut inputs = vec![("slug", place.slug.clone()), ("webhook", webhook.id.to_string())];
    inputs.extend(more);
    view! {
        <Form to=to state=ui::form_state(to)>
            {inputs.into_iter().map(|(name, value)| view! { <Hidden name value/> }).collect_view()}
            <Button icon=icon>{text}</Button>
        </Form>
    }
    .into_any()
}

fn manage(place: &Place, webhook: &Webhook) -> AnyView {
    let state = ui::form_state("change_webhook");
    let fields = form::fields(place, &state, Some(webhook));
    let on = webhook.off.is_none();
    let test = on.then(|| act("test_webhook", place, webhook, vec![], "Send a test", "send"));
    let (text, icon) = if on { ("Switch off", "pause") } else { ("Switch on", "play") };
    let switch = act("switch_webhook", place, webhook, vec![("enabled", (!on).to_string())], text, icon);
    let again = (place.ability(Permission::NotificationSend).is_ok() && on)
        .then(|| act("resend_failed", place, webhook, vec![], "Send what failed again", "refresh-cw"));
    let rotate = act("rotate_webhook", place, webhook, vec![], "Make a new secret", "key");
    let remove = paths::webhook(&place.slug, webhook.id, "remove");
    let (slug, id) = (place.slug.clone(), webhook.id.to_string());
    // A form with wrong fields keeps the version that it was decided on.
    let now = webhook.version.to_string();
    let wrong = ["name", "url", "events"].iter().any(|field| state.error(field).is_some());
    let version = if wrong { state.value("version", &now) } else { now };
    view! {
        <Card id="actions" title="Try it">
            <Row>{test}{again}{switch}</Row>
        </Card>
        <Card id="change" title="Change">
            <Form to="change_webhook" state=state>
                <Hidden name="slug" value=slug/>
                <Hidden name="webhook" value=id/>
                <Hidden name="version" value=version/>
                {fields}
                <Actions><Button kind=Kind::Primary>"Save changes"</Button></Actions>
            </Form>
        </Card>
        <Card id="secret" title="Secret and end">
            <p>{format!("A new secret holds at once; the one before stays good for {OVERLAP_HOURS} hours.")}</p>
            <Row>
                {rotate}
                <LinkButton href=remove kind=Kind::DangerQuiet icon="trash">"Remove endpoint…"</LinkButton>
            </Row>
        </Card>
    }
    .into_any()
}

/// `/webhooks/{webhook}/remove`
#[component]
pub fn RemovePage() -> impl IntoView {
    removal(paths::PLATFORM.to_owned())
}

/// `/tenants/{slug}/webhooks/{webhook}/remove`
#[component]
pub fn TenantRemovePage() -> impl IntoView {
    removal(ui::param("slug"))
}

fn removal(slug: String) -> AnyView {
    let id = ui::param("webhook");
    view! {
        <Load read=move || get_webhook(slug.clone(), id.clone()) view=|(head, webhook): (Option<TenantHead>, Webhook)| {
            let place = head.map_or_else(Place::platform, Place::of);
            let body = confirm(&place, &webhook);
            place.framed(format!("Remove {}", webhook.name), body)
        }/>
    }
    .into_any()
}

fn confirm(place: &Place, webhook: &Webhook) -> AnyView {
    let back = paths::webhook(&place.slug, webhook.id, "");
    if let Err(reason) = place.ability(Permission::WebhookManage) {
        return view! { <Empty kind=EmptyKind::Denied icon="ban" title="Not allowed" text=reason><LinkButton href=back>"Back"</LinkButton></Empty> }
            .into_any();
    }
    let consequences = vec![
        Consequence::new(
            Tone::Danger,
            "ban",
            format!("“{}” is told nothing any more, at once.", webhook.name),
        ),
        Consequence::new(Tone::Danger, "key", "Its secret is destroyed; a new endpoint gets a new one."),
        Consequence::new(Tone::Neutral, "history", "The log of what it was sent stays."),
    ];
    view! {
        <ConfirmPage to="remove_webhook" state=ui::form_state("remove_webhook") tier=Tier::Serious consequences
            button="Remove endpoint" back
            hidden=vec![("slug", place.slug.clone()), ("webhook", webhook.id.to_string())]/>
    }
    .into_any()
}

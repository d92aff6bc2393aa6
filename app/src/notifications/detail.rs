//! One delivery: what was said, every attempt, and sending it again.

use super::api::get_delivery;
use super::state;
use crate::paths;
use crate::tenants::{Section, TenantFrame};
use crate::ui::{self, *};
use leptos::prelude::*;
use leptos_meta::Title;
use model::notifications::{Attempt, Channel, DeliveryDetail, DeliveryState};
use model::permission::{Permission, Scope};
use model::tenants::TenantHead;

/// `/notifications/{delivery}`
#[component]
pub fn DeliveryPage() -> impl IntoView {
    page(paths::PLATFORM.to_owned())
}

/// `/tenants/{slug}/notifications/{delivery}`
#[component]
pub fn TenantDeliveryPage() -> impl IntoView {
    page(ui::param("slug"))
}

fn page(slug: String) -> AnyView {
    let id = ui::param("delivery");
    let read = slug.clone();
    view! {
        <Load read=move || get_delivery(read.clone(), id.clone()) view=move |(head, detail): (Option<TenantHead>, DeliveryDetail)| {
            let title = format!("{} to {}", detail.delivery.event.label(), detail.delivery.recipient);
            let may = match &head {
                Some(head) => head.viewer.allows(Permission::NotificationSend, Scope::Tenant(head.tenant.id)),
                None => crate::server::actor().allows(Permission::NotificationSend, Scope::Platform),
            };
            let body = body(&slug, may, &detail);
            match head {
                Some(head) => {
                    let name = head.tenant.name.clone();
                    view! { <Title text=format!("{title} · {name}")/> <TenantFrame head section=Section::Notifications><h2>{title}</h2>{body}</TenantFrame> }.into_any()
                }
                None => view! { <Title text=title.clone()/> <PageHeader title/> {body} }.into_any(),
            }
        }/>
    }
    .into_any()
}

fn body(slug: &str, may: bool, detail: &DeliveryDetail) -> AnyView {
    let delivery = &detail.delivery;
    let problem = delivery.problem.clone().map(|problem| view! { " "<span class="u-break">{problem}</span> });
    let about = match &delivery.about {
        Some((slug, name)) => view! { <a href=paths::tenant(slug, "")>{name.clone()}</a> }.into_any(),
        None => "the platform".into_any(),
    };
    let to = match (delivery.webhook, &detail.webhook_name) {
        (Some(id), Some(name)) => {
            let href = paths::webhook(slug, id, "");
            view! { <a href=href>{name.clone()}</a>" "<code class="u-break">{delivery.recipient.clone()}</code> }.into_any()
        }
        _ => delivery.recipient.clone().into_any(),
    };
    let mut facts = vec![
        ("State", view! { {state(delivery)}{problem} }.into_any()),
        ("Event", view! { {delivery.event.label()}" "<code>{delivery.event.as_str()}</code> }.into_any()),
        ("About", about),
        ("By", delivery.channel.label().into_any()),
        ("To", to),
        ("Decided", view! { <When at=delivery.created_at full=true/> }.into_any()),
        ("Attempts", delivery.attempts.to_string().into_any()),
    ];
    if let Some(at) = delivery.delivered_at {
        facts.push(("Delivered", view! { <When at=at full=true/> }.into_any()));
    } else if delivery.state == DeliveryState::Waiting {
        facts.push(("Next attempt", view! { <When at=delivery.next_at full=true/> }.into_any()));
    }
    let subject = detail.subject.clone().map(|subject| view! { <p><strong>{subject}</strong></p> });
    let (title, label) = match delivery.channel {
        Channel::Mail => ("What the mail says", "Text of the mail"),
        Channel::Webhook => ("What is sent", "Body of the call"),
    };
    let attempts = if detail.attempts.is_empty() {
        view! { <Empty icon="clock" title="No attempt yet" text="The first one follows in a moment."/> }
            .into_any()
    } else {
        attempts(&detail.attempts)
    };
    let again = may.then(|| again(slug, detail));
    let content = detail.content.clone();
    view! {
        <Stack gap=6>
            <Card id="facts" title="Notice"><Props items=facts/>{again}</Card>
            <Card id="content" title=title>{subject}<pre class="c-log" tabindex="0" aria-label=label>{content}</pre></Card>
            <Card id="attempts" title="Attempts" flush=true>{attempts}</Card>
        </Stack>
    }
    .into_any()
}

fn again(slug: &str, detail: &DeliveryDetail) -> AnyView {
    let delivery = &detail.delivery;
    let text = if delivery.state == DeliveryState::Waiting { "Try now" } else { "Send again" };
    if let Some(reason) = delivery.resend_refusal() {
        return view! { <DisabledButton id="why-resend" reason>{text}</DisabledButton> }.into_any();
    }
    let (slug, id) = (slug.to_owned(), delivery.id.to_string());
    view! {
        <Form to="resend_delivery" state=form_state("resend_delivery")>
            <Hidden name="slug" value=slug/>
            <Hidden name="delivery" value=id/>
            <Actions><Button icon="refresh-cw">{text}</Button></Actions>
        </Form>
    }
    .into_any()
}

fn attempts(attempts: &[Attempt]) -> AnyView {
    let rows = attempts.iter().map(|attempt| {
        let badge = if attempt.delivered {
            view! { <Badge tone=Tone::Success icon="check-circle">"Delivered"</Badge> }.into_any()
        } else {
            view! { <Badge tone=Tone::Warning icon="alert-triangle">"Failed"</Badge> }.into_any()
        };
        let status = attempt.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
        view! {
            <tr>
                <th scope="row">{attempt.number}</th>
                <td data-label="Time"><When at=attempt.at full=true/></td>
                <td data-label="Outcome">{badge}</td>
                <td data-label="Answer" class="u-num">{status}</td>
                <td data-label="Said"><span class="u-break">{attempt.said.clone()}</span></td>
                <td data-label="Took" class="u-num">{span(attempt.duration_ms.into())}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <DataTable id="attempt-list" caption="Attempts, the newest first" cards=true small=true head=view! {
            <Th>"No."</Th><Th>"Time"</Th><Th>"Outcome"</Th><Th num=true>"Answer"</Th><Th>"Said"</Th><Th num=true>"Took"</Th>
        }.into_any()>{rows}</DataTable>
    }
    .into_any()
}

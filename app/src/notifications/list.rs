//! The log of deliveries, newest first. The address holds filters and place.

use super::api::get_deliveries;
use super::state;
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{self, *};
use leptos::prelude::*;
use leptos_meta::Title;
use model::notifications::{Channel, Delivery, DeliveryFilter, DeliveryLog, DeliveryState, Event};
use model::permission::{Permission, Scope};
use model::tenants::TenantHead;

/// `/notifications`: all logs.
#[component]
pub fn NotificationsPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    let may = crate::server::actor().allows(Permission::NotificationSend, Scope::Platform);
    view! {
        <Title text="Notifications"/>
        <PageHeader title="Notifications" lead="What people were told by mail and programs by webhook, with every attempt. Anything can be sent again."/>
        <Load read=move || get_deliveries(paths::PLATFORM.into(), query.clone()) view=move |log| list(paths::PLATFORM, may, log)/>
    }
}

/// `/tenants/{slug}/notifications`
#[component]
pub fn TenantNotificationsPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Notifications view=|head: TenantHead| {
            let slug = head.tenant.slug.clone();
            let may = head.viewer.allows(Permission::NotificationSend, Scope::Tenant(head.tenant.id));
            let query = model::url::encode(&ui::query());
            let read = slug.clone();
            view! { <Load read=move || get_deliveries(read.clone(), query.clone()) view=move |log| list(&slug, may, log)/> }.into_any()
        }/>
    }
}

fn list(slug: &str, may: bool, log: DeliveryLog) -> AnyView {
    let fleet = slug == paths::PLATFORM;
    let path = paths::deliveries(slug);
    let (filter, ignored) = DeliveryFilter::parse(&ui::query());
    let page = log.page;
    let shown = page.rows.len();
    let no_server = (!log.mail).then(|| {
        view! { <Banner tone=Tone::Warning quiet=true>"No mail server is configured: mails are kept here as “not sent”."</Banner> }
    });
    if shown == 0 && filter.is_empty() && page.previous.is_none() {
        return view! {
            {no_server}
            <Empty icon="bell" title="Nobody was told anything yet" text="Every mail and every webhook call will stand here, with what became of it."/>
        }
        .into_any();
    }
    let chips = filter
        .terms()
        .into_iter()
        .map(|(key, value, words)| Chip::of(&path, key, &value, words))
        .collect::<Vec<_>>();
    let result = format!("{} {}, newest first", page.total, if shown == 1 { "notice" } else { "notices" });
    let unknown = (!ignored.is_empty()).then(|| view! { <p class="u-muted" role="note">{format!("Not understood in the address and left out: {}.", ignored.join(", "))}</p> });
    let zero = (shown == 0).then(
        || view! { <ZeroRow columns=if fleet { 7 } else { 6 } what="No notice matches" clear=path.clone()/> },
    );
    let again = (may && matches!(filter.state, Some(DeliveryState::Parked | DeliveryState::NotSent)))
        .then(|| again(slug, &filter));
    let rows = page.rows.iter().map(|delivery| row(slug, delivery)).collect_view();
    view! {
        {no_server}
        {filters(&path, &filter)}
        {unknown}
        <Chips chips clear=path.clone() result/>
        {again}
        <DataTable id="deliveries" caption="Notices" cards=true head=view! {
            <Th>"Time (UTC)"</Th><Th>"Event"</Th>
            {fleet.then(|| view! { <Th>"About"</Th> })}
            <Th>"By"</Th><Th>"To"</Th><Th>"State"</Th><Th num=true>"Attempts"</Th>
        }.into_any()>{rows}{zero}</DataTable>
        <Pagination path shown total=page.total next=page.next previous=page.previous what="notices"/>
    }
    .into_any()
}

/// Offered where what failed is looked at.
fn again(slug: &str, filter: &DeliveryFilter) -> AnyView {
    let text =
        if slug == paths::PLATFORM { "Send the platform’s own again" } else { "Send all of them again" };
    let webhook = filter.webhook.map(|id| id.to_string()).unwrap_or_default();
    let slug = slug.to_owned();
    view! {
        <Form to="resend_failed" state=form_state("resend_failed")>
            <Hidden name="slug" value=slug/>
            <Hidden name="webhook" value=webhook/>
            <Button icon="refresh-cw">{text}</Button>
            " "<span class="u-muted">"What was given up or not sent in the last 7 days."</span>
        </Form>
    }
    .into_any()
}

/// The page of a delivery, in the log that it stands in.
fn href(slug: &str, delivery: &Delivery) -> String {
    let owner = match (&delivery.about, delivery.tenant == model::TenantId::PLATFORM) {
        (_, true) => paths::PLATFORM,
        (Some((about, _)), false) => about,
        (None, false) => slug,
    };
    paths::delivery(owner, delivery.id)
}

fn row(slug: &str, delivery: &Delivery) -> AnyView {
    let about = (slug == paths::PLATFORM).then(|| {
        let about = match delivery.about.clone() {
            Some((slug, name)) => view! { <a href=paths::tenant(&slug, "")>{name}</a> }.into_any(),
            None => view! { <span class="u-muted">"platform"</span> }.into_any(),
        };
        view! { <td data-label="About">{about}</td> }
    });
    // Why it was not sent stands above the list, once.
    let problem = delivery.problem.clone().filter(|_| delivery.state != DeliveryState::NotSent);
    let problem = problem.map(|problem| view! { <span class="c-table__sub u-break">{problem}</span> });
    let next = (delivery.state == DeliveryState::Waiting && delivery.attempts > 0 && !delivery.busy)
        .then(|| view! { <span class="c-table__sub">"next "<When at=delivery.next_at/></span> });
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href(slug, delivery)><time class="u-mono u-nowrap" datetime=delivery.created_at.to_rfc3339()>{delivery.created_at.format("%-d %b %Y %H:%M:%S").to_string()}</time></a></th>
            <td data-label="Event">{delivery.event.label()}</td>
            {about}
            <td data-label="By">{delivery.channel.label()}</td>
            <td data-label="To"><span class="u-break">{delivery.recipient.clone()}</span></td>
            <td data-label="State">{state(delivery)}{problem}{next}</td>
            <td data-label="Attempts" class="u-num">{delivery.attempts}</td>
        </tr>
    }
    .into_any()
}

fn filters(path: &str, filter: &DeliveryFilter) -> AnyView {
    let states =
        DeliveryState::ALL.iter().map(|word| (word.as_str(), word.label(), filter.state == Some(*word)));
    let channels =
        Channel::ALL.iter().map(|word| (word.as_str(), word.label(), filter.channel == Some(*word)));
    let events = Event::ALL.iter().map(|word| (word.as_str(), word.label(), filter.event == Some(*word)));
    let selects = vec![
        select("state", "State", states.collect()),
        select("channel", "By", channels.collect()),
        select("event", "Event", events.collect()),
    ];
    view! { <FilterBar label="Notices" path=path.to_owned() keep=&["webhook"]>{selects}</FilterBar> }
        .into_any()
}

fn select(
    name: &'static str,
    label: &'static str,
    words: Vec<(&'static str, &'static str, bool)>,
) -> AnyView {
    let options = words
        .into_iter()
        .map(|(word, label, selected)| view! { <option value=word selected=selected>{label}</option> })
        .collect_view();
    view! {
        <div class="c-field" data-width="sm"><select class="c-select" name=name aria-label=label><option value="">{format!("{label}: any")}</option>{options}</select></div>
    }
    .into_any()
}

//! The payments of one tenant: open ones first, then what happens next, the forms, and what was settled. An operator
//! notes and settles; the tenant's admins read.

use super::api::get_payments;
use crate::paths;
use crate::tenants::{Section as Part, TenantSection};
use crate::ui::{
    self, Actions, Banner, Button, Card, Choice, DataTable, Empty, FieldWidth, Form, Hidden, Kind,
    LinkButton, Load, Query, Section, SelectField, Size, Stack, TextArea, TextField, Th, Tone, When,
    form_state,
};
use leptos::prelude::*;
use model::permission::{Permission, Scope};
use model::rules::{Payment, Payments, RuleKind};
use model::tenants::{Status, SuspensionReason, TenantHead};
use model::work::Work;

/// `/tenants/{slug}/billing`; `?settle={reference}` chooses the payment of the form.
#[component]
pub fn BillingPage() -> impl IntoView {
    view! {
        <TenantSection section=Part::Billing view=|head: TenantHead| {
            let slug = head.tenant.slug.clone();
            view! { <Load read=move || get_payments(slug.clone()) view=move |payments| page(&head, &payments)/> }.into_any()
        }/>
    }
}

fn page(head: &TenantHead, payments: &Payments) -> AnyView {
    let (open, settled): (Vec<&Payment>, Vec<&Payment>) =
        payments.rows.iter().partition(|payment| payment.is_open());
    let more = payments.more.then(|| {
        let text = format!("The first {} are shown.", ui::grouped(model::rules::PAYMENTS_SHOWN));
        view! { <p class="u-muted">{text}</p> }
    });
    let next = next(head, payments, open.is_empty());
    let forms = forms(head, payments, &open);
    let (open, settled) = (open_ones(head, payments, &open), settled_ones(&settled));
    let reference = super::reference::card(head, payments);
    view! { <Stack gap=6>{open} {next} {reference} {forms} {settled} {more}</Stack> }.into_any()
}

fn open_ones(head: &TenantHead, payments: &Payments, open: &[&Payment]) -> AnyView {
    if open.is_empty() {
        let tenant = &head.tenant;
        let text = if may_write(head, payments) {
            "Note a payment that did not come below. The rule for unpaid bills does the rest."
        } else {
            "No payment is noted as failed."
        };
        // Settled bills alone give nobody access back.
        let unpaid = SuspensionReason::PaymentFailure.as_str();
        let waits = payments.may_change
            && tenant.status == Status::Suspended
            && tenant.status_reason.as_deref() == Some(unpaid);
        let reinstate = waits.then(|| {
            let href = paths::tenant(&tenant.slug, "reinstate");
            let way = view! { <LinkButton href size=Size::Small>"Reinstate…"</LinkButton> };
            view! {
                <Banner tone=Tone::Info quiet=true actions=way.into_any()>
                    <p>"It was suspended for an unpaid bill, and nothing is open any more: it can be reinstated."</p>
                </Banner>
            }
        });
        return view! { {reinstate}<Empty icon="credit-card" title="No payment is open" text/> }.into_any();
    }
    let may = may_write(head, payments);
    let by = payments.rows.iter().any(|payment| payment.recorded_by.is_some());
    let rows = open.iter().map(|payment| open_row(head, payment, may, by)).collect_view();
    let head = view! {
        <Th>"Payment"</Th><Th>"Amount"</Th><Th>"Unpaid since"</Th>
        {by.then(|| view! { <Th>"Noted by"</Th> })}
        {may.then(|| view! { <Th hidden=true>"Actions"</Th> })}
    }
    .into_any();
    view! {
        <Section id="open" title="Not paid yet">
            <DataTable id="open-payments" caption="Open payments" head cards=true>{rows}</DataTable>
        </Section>
    }
    .into_any()
}

fn open_row(head: &TenantHead, payment: &Payment, may: bool, by: bool) -> AnyView {
    let action = may.then(|| {
        let path = paths::tenant(&head.tenant.slug, "billing");
        let href = format!("{}#settle", Query::default().set("settle", &payment.reference).href(&path));
        let label = format!("Settle {}", payment.reference);
        view! { <td class="c-table__actions"><LinkButton href size=Size::Small label>"Settle…"</LinkButton></td> }
    });
    let by = by.then(|| view! { <td data-label="Noted by">{or_dash(payment.recorded_by.as_deref())}</td> });
    view! {
        <tr>
            <th scope="row">{payment.reference.clone()}</th>
            <td data-label="Amount">{or_dash(payment.amount.as_deref())}</td>
            <td data-label="Unpaid since"><When at=payment.failed_at full=true/></td>
            {by}
            {action}
        </tr>
    }
    .into_any()
}

fn or_dash(text: Option<&str>) -> AnyView {
    match text {
        Some(text) => text.to_owned().into_any(),
        None => view! { <span class="u-muted">"Not said"</span> }.into_any(),
    }
}

/// What the rules will do, or why they do nothing.
fn next(head: &TenantHead, payments: &Payments, paid: bool) -> AnyView {
    let rules = head.viewer.allows(Permission::SettingPlatformRead, Scope::Platform);
    let aside = rules.then(|| view! { <a href=paths::RULES>"Lifecycle rules"</a> }).into_any();
    let tone = if payments.next.iter().any(|next| next.rule == RuleKind::PaymentFailure) {
        Tone::Warning
    } else {
        Tone::Neutral
    };
    let body = if payments.next.is_empty() {
        let why = match head.tenant.status {
            Status::Suspended => "It is suspended. The rules do nothing until it is reinstated.",
            Status::Trial | Status::Active if !paid && !payments.rule.enabled => {
                "The rule for unpaid bills is off: nothing happens by itself."
            }
            Status::Trial | Status::Active => "Nothing happens by itself: no rule applies.",
            _ => "Nothing happens by itself: the rules are about tenants in service.",
        };
        view! { <p>{why}</p> }.into_any()
    } else {
        let now = ui::now();
        let items = payments.next.iter().map(|next| view! { <li>{next.sentence(now)}</li> }).collect_view();
        view! { <ul>{items}</ul> }.into_any()
    };
    view! { <Card id="next" title="What happens next" aside tone>{body}</Card> }.into_any()
}

fn may_write(head: &TenantHead, payments: &Payments) -> bool {
    payments.may_change && Work::Record.allowed_in(head.tenant.status)
}

fn forms(head: &TenantHead, payments: &Payments, open: &[&Payment]) -> AnyView {
    if !payments.may_change {
        return ().into_any();
    }
    if let Err(why) = Work::Record.check(head.tenant.status) {
        // What was typed before the status moved is not lost.
        let (note, settle) = (form_state("note_failed_payment"), form_state("settle_payment"));
        return view! {
            <ui::SummaryOf state=&note/>
            <ui::SummaryOf state=&settle/>
            <ui::Typed state=&note fields=&[("reference", "Reference"), ("amount", "Amount"), ("failed_on", "Failed on")]/>
            <ui::Typed state=&settle fields=&[("how", "How it was settled")]/>
            <Banner tone=Tone::Info icon="lock" quiet=true><p>{why}</p></Banner>
        }
        .into_any();
    }
    view! { {settle_form(head, open)}{note_form(head, payments, open.is_empty())} }.into_any()
}

fn settle_form(head: &TenantHead, open: &[&Payment]) -> AnyView {
    let state = form_state("settle_payment");
    if open.is_empty() {
        // Somebody else settled the last one meanwhile.
        return view! {
            <ui::SummaryOf state=&state/>
            <ui::Typed state=&state fields=&[("how", "How it was settled")]/>
        }
        .into_any();
    }
    let choices = open.iter().map(|payment| {
        let choice = Choice::new(payment.reference.clone(), payment.reference.clone());
        choice.note(payment.amount.clone().unwrap_or_default())
    });
    let mut choices = choices.collect::<Vec<_>>();
    let here = Query::here();
    let initial = here.get("settle").unwrap_or_default().to_owned();
    // The one that was meant is settled by now: another is chosen knowingly or not at all.
    let meant = state.value("payment", &initial);
    if (state.failed() || !meant.is_empty()) && !open.iter().any(|payment| payment.reference == meant) {
        choices.insert(0, Choice::new("", "Choose a payment"));
    }
    let slug = head.tenant.slug.clone();
    view! {
        <Section id="settle" title="Settle a payment">
            <Form to="settle_payment" state=&state>
                <Hidden name="slug" value=slug/>
                <SelectField state=&state name="payment" label="Payment" choices initial width=FieldWidth::Md/>
                <TextArea state=&state name="how" label="How it was settled" rows=2 max=500
                    help="For example the transfer and its day. Part of the proof for a reinstatement; the tenant’s admins read it in their audit log."/>
                <Actions><Button kind=Kind::Primary>"Settle payment"</Button></Actions>
            </Form>
        </Section>
    }
    .into_any()
}

fn note_form(head: &TenantHead, payments: &Payments, alone: bool) -> AnyView {
    let state = form_state("note_failed_payment");
    let slug = head.tenant.slug.clone();
    let kind = if alone { Kind::Primary } else { Kind::Default };
    let rule = &payments.rule;
    let follows = if rule.enabled {
        format!("From then on the rule counts: {}.", rule.words().to_lowercase())
    } else {
        "The rule for unpaid bills is off: nothing follows by itself.".to_owned()
    };
    let help = format!("Empty: now. A day begins at 00:00 UTC. {follows}");
    view! {
        <Section id="note" title="Note a failed payment">
            <Form to="note_failed_payment" state=&state>
                <Hidden name="slug" value=slug/>
                <TextField state=&state name="reference" label="Reference" max=200 width=FieldWidth::Md
                    help="The number of the bill. The tenant’s admins see it."/>
                <TextField state=&state name="amount" label="Amount" optional=true max=40 width=FieldWidth::Sm
                    help="With its currency, like 120.00 EUR."/>
                <TextField state=&state name="failed_on" label="Failed on" kind="date" optional=true width=FieldWidth::Sm help/>
                <Actions><Button kind>"Note failed payment"</Button></Actions>
            </Form>
        </Section>
    }
    .into_any()
}

fn settled_ones(settled: &[&Payment]) -> AnyView {
    if settled.is_empty() {
        return ().into_any();
    }
    let rows = settled.iter().map(|payment| settled_row(payment)).collect_view();
    let head = view! { <Th>"Payment"</Th><Th>"Amount"</Th><Th>"Failed"</Th><Th>"Settled"</Th><Th>"How"</Th> }
        .into_any();
    view! {
        <Section id="settled" title="Settled">
            <DataTable id="settled-payments" caption="Settled payments" head cards=true>{rows}</DataTable>
        </Section>
    }
    .into_any()
}

fn settled_row(payment: &Payment) -> AnyView {
    let settled = payment.settled_at.map(|at| view! { <When at full=true/> });
    let by = payment.settled_by.clone().map(|by| view! { <span class="c-table__sub">{by}</span> });
    view! {
        <tr>
            <th scope="row">{payment.reference.clone()}</th>
            <td data-label="Amount">{or_dash(payment.amount.as_deref())}</td>
            <td data-label="Failed"><When at=payment.failed_at full=true/></td>
            <td data-label="Settled">{settled}{by}</td>
            <td data-label="How">{payment.settled_how.clone()}</td>
        </tr>
    }
    .into_any()
}

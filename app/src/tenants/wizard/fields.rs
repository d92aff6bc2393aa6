//! What each page of the wizard asks for.

use super::contents;
use crate::ui::{self, Choice, FieldWidth, FormState, SelectField, TextField};
use crate::usage::{overrides, spoken};
use leptos::prelude::*;
use model::details::{NOBODY, Owner};
use model::limits::{LimitSource, REASON_MAX, field, hint, instead, reason_field, write};
use model::operations::{ProvisionRequest, Terms};
use model::plans::{Plan, limit_text};
use model::templates::{Catalogue, Offer};
use model::tenants::Placement;
use model::usage::{Limit, LimitMeter};

pub(super) fn templates(state: &FormState, offers: &[Offer], catalogue: &Catalogue, chosen: &str) -> AnyView {
    let previews = contents::previews(offers, catalogue);
    let cards = offers
        .iter()
        .map(|offer| {
            let used = ui::plural(offer.used_by, "tenant");
            let note = format!(
                "{}. {}. Used by {used}.",
                offer.template.for_whom(),
                offer.bundle.summary().join(" · ")
            );
            Choice::new(
                offer.template.key.clone(),
                format!("{}, version {}", offer.template.name, offer.version),
            )
            .note(note)
        })
        .collect();
    let chosen = chosen.to_owned();
    view! {
        <ui::RadioCards state=state name="template" label="Template" choices=cards initial=chosen
            help="What the tenant starts with: fields, tasks, settings, policies and checklists. It can be put on another one later."/>
        {previews}
    }
    .into_any()
}

pub(super) fn identity(state: &FormState, now: &ProvisionRequest, owners: &[Owner]) -> AnyView {
    let nobody = std::iter::once(Choice::new(NOBODY, "Nobody"));
    let person =
        |owner: &Owner| Choice::new(owner.id.to_string(), owner.name.clone()).note(owner.role.label());
    let owners = nobody.chain(owners.iter().map(person)).collect();
    let owner = now.owner.map_or_else(|| NOBODY.to_owned(), |id| id.to_string());
    let tags = now.tags.join(", ");
    let region = if now.region.is_empty() { "eu-1".to_owned() } else { now.region.clone() };
    view! {
        <TextField state name="name" label="Name" initial=now.name.clone() max=200/>
        <TextField state name="slug" label="Slug" initial=now.slug.clone() optional=true mono=true max=63 help="Stands in addresses and cannot be changed later; made from the name when left empty."/>
        <TextField state name="domain" label="Domain" initial=now.domain.clone() optional=true mono=true max=253 help="Like example.com; no two tenants have the same."/>
        <TextField state name="external_id" label="External id" initial=now.external_id.clone() optional=true mono=true max=100 help="Its number in your other systems."/>
        <TextField state name="region" label="Region" initial=region mono=true max=30 width=FieldWidth::Sm help="Where its data lives; cannot be changed here later."/>
        <TextField state name="country" label="Country" initial=now.country.clone() optional=true max=100 width=FieldWidth::Md/>
        <TextField state name="tags" label="Tags" initial=tags optional=true help="Separated by commas, ten at most."/>
        <SelectField state name="owner" label="Owner" choices=owners initial=owner width=FieldWidth::Md help="Who looks after it: somebody who acts for the platform."/>
    }
    .into_any()
}

/// What the template says in the plan's place, so that nobody says it once more.
fn quotas(terms: Option<&Terms>) -> String {
    let Some(offer) = terms.map(|terms| &terms.offer).filter(|offer| !offer.bundle.quotas.is_empty()) else {
        return String::new();
    };
    let said = offer.bundle.quotas.iter();
    let said = said.map(|(meter, limit)| format!("{}: {}", meter.label(), limit_text(*meter, Some(*limit))));
    let said = said.collect::<Vec<_>>().join(", ");
    let on = offer.bundle.plan.map(|plan| format!(" on the plan {}", plan.label())).unwrap_or_default();
    format!(" The template {} says{on}: {said}.", offer.template.name)
}

/// The limits of this tenant alone, each beside its reason. What is said already and differs is marked.
fn limits(state: &FormState, now: &ProvisionRequest, terms: Option<&Terms>) -> AnyView {
    let rows = LimitMeter::ALL.iter().map(|meter| {
        let own = now.limits.iter().find(|own| own.meter == *meter);
        let (limit, reason) =
            own.map(|own| (write(*meter, own.limit), own.reason.clone())).unwrap_or_default();
        let what = meter.label();
        let line = terms.and_then(|terms| terms.limits.iter().find(|line| line.meter == *meter));
        let mark = line.filter(|line| instead(line).is_some()).map(|line| {
            let words = format!("{what}: {}", overrides(line).to_lowercase());
            view! { <p><ui::Tag tone=ui::Tone::Override icon="diamond">{words}</ui::Tag></p> }
        });
        let of = spoken(*meter);
        let limit = view! { <TextField state name=field(*meter) label=format!("Limit of {of}") initial=limit optional=true max=40 help=hint(*meter)/> };
        let reason = view! { <TextField state name=reason_field(*meter) label=format!("Reason for the limit of {of}") initial=reason optional=true max=REASON_MAX help="Needed where a limit is given."/> };
        view! { {mark}<ui::Grid cols=ui::Cols::Two>{limit}{reason}</ui::Grid> }
    });
    let rows = rows.collect_view();
    let help = format!(
        "Left empty: what the template or the plan says.{} The reasons are part of what a second person approves; the tenant never sees them.",
        quotas(terms)
    );
    view! {
        <ui::FieldSet legend="Limits for this tenant alone" help>{rows}</ui::FieldSet>
    }
    .into_any()
}

pub(super) fn plan(
    state: &FormState,
    now: &ProvisionRequest,
    plans: &[Plan],
    terms: Option<&Terms>,
) -> AnyView {
    let cards = plans
        .iter()
        .map(|plan| {
            let limits = plan
                .limits
                .iter()
                .map(|(meter, limit)| format!("{}: {}", meter.label(), limit_text(*meter, Some(*limit))));
            Choice::new(plan.id.as_str(), plan.name.clone()).note(limits.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let places = Placement::ALL
        .iter()
        .map(|place| {
            let note = match place {
                Placement::Pooled => "Beside other tenants, kept apart by row level security. Made at once.",
                Placement::Dedicated => "A schema and a database role that no other tenant shares. A second person may have to approve it.",
            };
            Choice::new(place.as_str(), place.label()).note(note)
        })
        .collect();
    let limits = limits(state, now, terms);
    view! {
        <ui::RadioCards state=state name="plan" label="Plan" choices=cards initial=now.plan.as_str() cols=2/>
        <ui::RadioCards state=state name="placement" label="Where its data lives" choices=places initial=now.placement.as_str() cols=2/>
        <TextField state name="trial_days" label="Days of trial" initial=now.trial_days.to_string() width=FieldWidth::Xs help="0 makes it active at once."/>
        <TextField state name="billing_reference" label="Billing reference" initial=now.billing_reference.clone() optional=true max=100 width=FieldWidth::Md/>
        {limits}
    }
    .into_any()
}

/// How many people it can have, and whose word that is.
fn seats(terms: &Terms) -> Option<String> {
    let line = terms.limits.iter().find(|line| line.meter == LimitMeter::Users)?;
    let Limit::Number(seats) = line.limit else { return None };
    let seats = ui::plural(seats, "seat");
    let said = match line.source {
        LimitSource::Plan => format!("The plan {} has {seats}", terms.plan.name),
        LimitSource::Template => format!("The template {} gives it {seats}", terms.offer.template.name),
        LimitSource::Tenant => format!("By the limit for this tenant alone it has {seats}"),
    };
    Some(format!(" {said}; everybody takes one."))
}

pub(super) fn people(state: &FormState, now: &ProvisionRequest, terms: Option<&Terms>) -> AnyView {
    let (name, email) =
        now.admin.as_ref().map(|admin| (admin.name.clone(), admin.email.clone())).unwrap_or_default();
    let (support, escalation) = (now.support_contact.clone(), now.escalation_contact.clone());
    let admin = view! {
        <TextField state name="admin_name" label="Name" initial=name optional=true max=120 autocomplete="off"/>
        <TextField state name="admin_email" label="E-mail" initial=email optional=true kind="email" max=254 autocomplete="off"/>
    };
    let listed = model::people::write(&now.people);
    let seats = terms.and_then(seats);
    let when = "They are invited with the administrator, once the tenant is open.";
    let when = format!("{when}{}", seats.unwrap_or_default());
    let more = view! {
        <ui::TextArea state=state name="people" label="More people" initial=listed optional=true mono=true rows=6 help=crate::users::list_help()/>
    };
    let contacts = view! {
        <TextField state name="support_contact" label="Support contact" initial=support optional=true max=200/>
        <TextField state name="escalation_contact" label="Escalation contact" initial=escalation optional=true max=200/>
    };
    view! {
        <ui::FieldSet legend="First administrator" help="Gets a mail with a link to choose a password. Left empty, nobody is let in yet.">{admin}</ui::FieldSet>
        <ui::FieldSet legend="Further people" help=when>{more}</ui::FieldSet>
        <ui::FieldSet legend="Contacts">{contacts}</ui::FieldSet>
    }
    .into_any()
}

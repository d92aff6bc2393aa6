//! The fields of an endpoint, and the banner that shows its secret once.

use super::Place;
use crate::ui::{self, CheckboxGroup, Choice, FieldWidth, RadioCards, ShownOnce, TextField};
use leptos::prelude::*;
use model::webhooks::{NAME_MAX, NewSecret, OVERLAP_HOURS, Webhook, choices};

pub(super) fn fields(place: &Place, state: &ui::FormState, webhook: Option<&Webhook>) -> AnyView {
    let which = match webhook {
        Some(webhook) if !webhook.events.is_empty() => "chosen",
        _ => "every",
    };
    let ways = vec![
        Choice::new("every", "Every event").note("Also those that there are later."),
        Choice::new("chosen", "Chosen events").note("Those ticked below."),
    ];
    let events = choices(place.head.is_none())
        .map(|event| Choice::new(event.as_str(), event.label()).note(event.as_str()))
        .collect();
    let ticked =
        webhook.map(|webhook| webhook.events.iter().map(|event| event.as_str().to_owned()).collect());
    let (name, url) = webhook.map(|webhook| (webhook.name.clone(), webhook.url.clone())).unwrap_or_default();
    view! {
        <TextField state=state name="name" label="Name" help="The program behind it." width=FieldWidth::Md max=NAME_MAX initial=name/>
        <TextField state=state name="url" label="Address" help="Public and with https://. It is called by POST and must answer 2xx within 15 seconds." kind="url" mono=true placeholder="https://example.com/hooks" initial=url/>
        <RadioCards state=state name="which" label="What it is told of" choices=ways initial=which cols=2/>
        <CheckboxGroup state=state name="events" label="Chosen events" choices=events checked=ticked.unwrap_or_default()/>
    }
    .into_any()
}

/// The only place where a secret ever stands.
pub(super) fn secret(made: NewSecret) -> AnyView {
    let (title, note) = if made.rotated {
        (
            format!("“{}” has a new secret. Copy it now.", made.name),
            format!(
                "For {OVERLAP_HOURS} hours every call is signed with the old one as well, so that you can change over without missing anything."
            ),
        )
    } else {
        (
            format!("“{}” is made. Copy its secret now.", made.name),
            "With it your program checks that a call is from us. If it is lost, make a new one.".to_owned(),
        )
    };
    let label = format!("Copy the secret of “{}”", made.name);
    view! {
        <ShownOnce id="secret-title" title value=made.secret label>"It is shown this once. "{note}</ShownOnce>
    }
    .into_any()
}

/// How a receiver tells our calls from others'.
pub(super) fn explain() -> AnyView {
    const EXAMPLE: &str = r#"POST /hooks
webhook-id: msg_019a…            the same in every attempt: tell repeats by it
webhook-timestamp: 1763726400    refuse what is older than 5 minutes
webhook-signature: v1,K5oZfz…    base64(HMAC-SHA256(secret, id.timestamp.body))

{"type":"tenant.suspended","timestamp":"2026-11-21T12:00:00Z",
 "data":{"tenant":{"slug":"acme","status":"suspended",…},"reason":"payment_failure"}}"#;
    view! {
        <details class="c-disclosure">
            <summary>"What a call looks like, and how to check it"</summary>
            <p>"Calls follow the Standard Webhooks specification; its libraries check them in most languages. An answer other than 2xx, a redirect or a time-out is tried again 9 times within three days; 410 switches the endpoint off."</p>
            <pre class="c-code" tabindex="0" aria-label="Example of a call"><code>{EXAMPLE}</code></pre>
        </details>
    }
    .into_any()
}

//! Webhooks: the endpoints of a tenant, or of the platform (the slug `platform`), whose pages are the same.

pub mod api;
mod detail;
mod form;
mod list;

pub use detail::{RemovePage, TenantRemovePage, TenantWebhookPage, WebhookPage};
pub use list::{TenantWebhooksPage, WebhooksPage};

use crate::paths;
use crate::tenants::{Section, TenantFrame};
use crate::ui::{Badge, PageHeader, Tone};
use leptos::prelude::*;
use leptos_meta::Title;
use model::TenantId;
use model::permission::{Actor, Permission, Scope, Verdict};
use model::tenants::TenantHead;
use model::webhooks::{OffReason, Webhook};

/// Whose endpoints a page is about.
#[derive(Clone, Debug)]
struct Place {
    slug: String,
    /// `None`: the platform.
    head: Option<TenantHead>,
}

impl Place {
    fn platform() -> Self {
        Self { slug: paths::PLATFORM.to_owned(), head: None }
    }

    fn of(head: TenantHead) -> Self {
        Self { slug: head.tenant.slug.clone(), head: Some(head) }
    }

    /// Whether the reader may do this here, or why not.
    fn ability(&self, permission: Permission) -> Result<(), String> {
        let actor: Actor =
            self.head.as_ref().map_or_else(|| (*crate::server::actor()).clone(), |head| head.viewer.clone());
        let tenant: Option<TenantId> = self.head.as_ref().map(|head| head.tenant.id);
        match actor.may(permission, tenant.map_or(Scope::Platform, Scope::Tenant)) {
            Verdict::Allowed => Ok(()),
            Verdict::Suspended(_) => Err("Your organisation’s access is read-only at the moment.".into()),
            _ => Err(format!("Your role does not let you {}.", permission.label())),
        }
    }

    /// The page around a body: a tenant's frame, or a header of its own.
    fn framed(self, title: String, body: AnyView) -> AnyView {
        match self.head {
            Some(head) => {
                let page = format!("{title} · {}", head.tenant.name);
                view! { <Title text=page/> <TenantFrame head section=Section::Webhooks>{body}</TenantFrame> }
                    .into_any()
            }
            None => {
                view! { <Title text=format!("{title} · Webhooks")/> <PageHeader title/> {body} }.into_any()
            }
        }
    }
}

/// What an endpoint is doing, in a word.
fn state(webhook: &Webhook) -> AnyView {
    match (webhook.off, webhook.failing_since) {
        (Some((OffReason::Person, _)), _) => {
            view! { <Badge tone=Tone::Neutral icon="pause">"Off"</Badge> }.into_any()
        }
        (Some((reason, _)), _) => {
            view! { <Badge tone=Tone::Danger icon="octagon-x">{reason.label()}</Badge> }.into_any()
        }
        (None, Some(_)) => {
            view! { <Badge tone=Tone::Warning icon="alert-triangle">"Failing"</Badge> }.into_any()
        }
        (None, None) => view! { <Badge tone=Tone::Success icon="status-active">"On"</Badge> }.into_any(),
    }
}

/// `every event`, or how many.
fn hears(webhook: &Webhook) -> String {
    match webhook.events.len() {
        0 => "Every event".to_owned(),
        1 => webhook.events[0].label().to_owned(),
        n => format!("{n} events"),
    }
}

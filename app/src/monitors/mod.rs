//! What is watched for a tenant (R24): a card on its overview, with what its backups are scheduled for and the way to what
//! was accepted when it was made.

pub mod api;

use crate::paths;
use crate::ui::{Badge, Card, Load, Tone, When};
use api::get_monitoring;
use leptos::prelude::*;
use model::monitors::{Monitor, Monitoring, State};

#[component]
pub fn MonitoringCard(#[prop(into)] slug: String) -> impl IntoView {
    view! { <Load read=move || get_monitoring(slug.clone()) view=card/> }.into_any()
}

fn badge(state: State) -> AnyView {
    let (tone, icon) = match state {
        State::New => (Tone::Neutral, "circle-dashed"),
        State::Calm => (Tone::Success, "check-circle"),
        State::Raised => (Tone::Danger, "alert-triangle"),
    };
    view! { <Badge tone icon>{state.label()}</Badge> }.into_any()
}

fn row(monitor: Monitor) -> AnyView {
    let text = if monitor.said.is_empty() { monitor.kind.wants(monitor.threshold) } else { monitor.said };
    let since = monitor.raised_at.map(|at| view! { <p class="u-muted">"Since "<When at/></p> });
    view! {
        <li class="c-list__item"><div class="u-grow"><strong>{monitor.kind.label()}</strong>" "{badge(monitor.state)}<p class="u-muted">{text}</p>{since}</div></li>
    }
    .into_any()
}

fn card(page: Monitoring) -> AnyView {
    let Monitoring { monitors, evaluated_at, backups, rests, accepted } = page;
    let accepted = accepted.map(|id| {
        let href = format!("{}#acceptance", paths::operation(id));
        view! { <a href=href>"Acceptance"</a> }
    });
    let looked = if rests {
        view! { <p class="u-muted">"Nothing is looked at while the tenant is not in service."</p> }.into_any()
    } else {
        match evaluated_at {
            Some(at) => view! { <p class="u-muted">"Last looked at "<When at/></p> }.into_any(),
            None => view! { <p class="u-muted">"Nobody has looked yet."</p> }.into_any(),
        }
    };
    if monitors.is_empty() && backups.is_empty() {
        return view! { <Card id="monitoring" title="Monitoring" aside=accepted.into_any()><p class="u-muted">"Nothing is watched for this tenant."</p></Card> }.into_any();
    }
    let rows = monitors.into_iter().map(row).collect_view();
    let backups = (!backups.is_empty()).then(|| {
        let lines = backups.iter().map(|backup| view! { <li>{backup.words()}</li> }).collect_view();
        view! { <p><strong>"Backups"</strong></p><ul class="u-muted">{lines}</ul> }
    });
    view! { <Card id="monitoring" title="Monitoring" aside=accepted.into_any()><ul class="c-list">{rows}</ul>{looked}{backups}</Card> }
        .into_any()
}

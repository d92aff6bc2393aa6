//! One operation: how it stands, its steps with their evidence, what can be done to it, its log, and the whole as text.
//!
//! What carries `data-live` is exchanged by its id while the operation runs (`super::live`): no islands in there, they
//! would be put in asleep.

mod acceptance;
mod asked;
mod controls;
mod outcome;
mod report;
mod steps;

use super::api::get_operation;
use super::live::Live;
use super::parts::{badge, progress, title};
use crate::bulk::Outcomes;
use crate::paths;
use crate::ui::{self, Card, Copy, LinkButton, Load, PageHeader, When};
use leptos::prelude::*;
use leptos_meta::Title;
use model::operations::{Kind as What, Operation, State};

#[component]
pub fn OperationPage() -> impl IntoView {
    let id = ui::param("id");
    view! { <Load read=move || get_operation(id.clone()) view=|operation| page(&operation)/> }
}

fn page(op: &Operation) -> AnyView {
    let row = &op.row;
    let address = paths::operation(row.id);
    let moves = !row.state.is_settled();
    let live = moves.then(|| view! { <Live address=address.clone() version=row.version/> });
    let refresh =
        moves.then(|| view! { <LinkButton href=address.clone() icon="refresh-cw">"Refresh"</LinkButton> });
    let progress = progress(row).into_any();
    let each = (row.kind == What::Bulk).then(|| {
        let id = row.id;
        view! { <div id="op-tenants" data-live><Card id="tenants" title="Tenants"><Outcomes id/></Card></div> }
    });
    let (outcome, controls) = (outcome::outcome(op), controls::controls(op));
    let (steps, log) = (steps::steps(op), steps::log(op));
    let accepted = acceptance::card(op);
    let unasked = accepted.is_none();
    let (asked, diagnostics) = (asked::asked(op), report::diagnostics(op));
    // No reload by itself (WCAG F41): it would take away what somebody reads or writes.
    let without_script = moves.then(|| {
        view! { <noscript><p class="u-muted">"It is going on. Refresh shows how far it is."</p></noscript> }
    });
    // A decision comes before what it is about; what can only be called off is looked at first.
    let decides =
        matches!(row.state, State::Requested | State::Failed | State::Parked | State::NeedsOperator);
    let (first, last) = if decides { (Some(controls), None) } else { (None, Some(controls)) };
    let badges = view! { <span id="op-state" data-live>{badge(row.state)}</span> };
    view! {
        <Title text=format!("{} · Operations", title(row))/>
        <PageHeader title=title(row) badges=badges.into_any() actions=refresh.into_any() meta=facts(op)/>
        {live}
        {without_script}
        <div class="u-stack">
            <div id="op-outcome" data-live>{outcome}</div>
            {first}
            {each}
            <div id="op-acceptance" data-live hidden=unasked>{accepted}</div>
            <div id="op-steps" data-live><Card id="steps" title="Steps" aside=progress>{steps}</Card></div>
            <div id="op-log" data-live hidden=op.log.is_empty()>{log}</div>
            {last}
            {asked}
            {diagnostics}
        </div>
    }
    .into_any()
}

fn facts(op: &Operation) -> Vec<AnyView> {
    let row = &op.row;
    let id = row.id.to_string();
    let mut facts = vec![
        view! { <code>{id.clone()}</code> <Copy value=id label="Copy id".to_owned()/> }.into_any(),
        view! { "Asked for by "{row.requested_by.clone()}", "<When at=row.requested_at full=true/> }
            .into_any(),
    ];
    if let Some(slug) = &row.slug {
        facts.push(view! { <a href=paths::tenant(slug, "")>{slug.clone()}</a> }.into_any());
    }
    if let (Some(by), Some(at)) = (&op.approved_by, op.approved_at) {
        let word = if row.state == State::Rejected { "Rejected by " } else { "Approved by " };
        facts.push(view! { {word}{by.clone()}", "<When at full=true/> }.into_any());
    }
    facts
}

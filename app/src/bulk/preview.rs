//! The frozen set: whom it reaches, whom not and why, and the one form that begins it.

use super::api::get_bulk;
use super::outcome::{nav, pages, table};
use super::select::{list_href, tone};
use crate::paths;
use crate::ui::{
    self, Banner, ConfirmPage, Consequence, Empty, EmptyKind, Kind, LinkButton, Load, PageHeader, Section,
    Stack, TextField, Tier, Tone, When, form_state, param, plural,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::bulk::{Action, Bulk, Outcome, Whom, Work, tenants_in_words};
use model::page::grouped;
use model::tenants::Suspension;

#[component]
pub fn BulkPage() -> impl IntoView {
    let id = param("id");
    let query = model::url::encode(&ui::query());
    view! { <Load read=move || get_bulk(id.clone(), query.clone()) view=|bulk| page(&bulk)/> }
}

fn page(bulk: &Bulk) -> AnyView {
    let address = paths::bulk(&bulk.id.to_string());
    let list = list_href(&bulk.list);
    let title = format!("Preview: {}", bulk.work.order(bulk.total));
    let again = view! { <LinkButton href=list.clone()>"Back to the list"</LinkButton> };
    let (created_at, expires_at) = (bulk.created_at, bulk.expires_at);
    let meta = vec![
        view! { "Frozen "<When at=created_at full=true/> }.into_any(),
        whom(bulk).into_any(),
        view! { "Good until "<When at=expires_at full=true/> }.into_any(),
    ];
    let header = view! {
        <Title text=title.clone()/>
        <PageHeader title actions=again.into_any() meta/>
    };
    if bulk.over {
        return view! {
            {header}
            <Empty kind=EmptyKind::Denied icon="clock" title="This preview is over" text="Nobody confirmed it within a day, and the fleet has moved on. Nothing was done.">
                <LinkButton href=list kind=Kind::Primary>"Choose in the list again"</LinkButton>
            </Empty>
        }
        .into_any();
    }
    let missing = (bulk.missing > 0).then(|| {
        let text = format!(
            "{} of those you ticked {} there any more.",
            grouped(bulk.missing),
            if bulk.missing == 1 { "is not" } else { "are not" }
        );
        view! { <Banner tone=Tone::Warning quiet=true><p>{text}</p></Banner> }
    });
    let confirm = if bulk.eligible == 0 {
        let title = format!("None of them can be {}", bulk.work.action().participle());
        view! {
            <Empty kind=EmptyKind::Zero icon="ban" title text="The reasons stand below. Nothing was done.">
                <LinkButton href=list>"Choose others"</LinkButton>
            </Empty>
        }
        .into_any()
    } else {
        confirm(bulk, list)
    };
    let filter = nav(bulk, &address, &[Outcome::Waiting, Outcome::Skipped], |outcome| match outcome {
        Outcome::Waiting => "Reached",
        _ => "Left out",
    });
    let (reasons, table, pages) = (reasons(bulk), table(bulk, true), pages(bulk, &address));
    view! {
        {header}
        <Stack gap=6>
            {missing}
            {confirm}
            <Section id="set-h" title="The tenants">
                {reasons}
                {filter}
                {table}
                {pages}
            </Section>
        </Stack>
    }
    .into_any()
}

fn whom(bulk: &Bulk) -> String {
    match bulk.whom {
        Whom::Ticked => "Those ticked in the list".into(),
        Whom::Matching if bulk.list.is_empty() => "All tenants of the list".into(),
        Whom::Matching => "All that matched the filters".into(),
    }
}

/// Who is left out, by reason.
pub(super) fn reasons(bulk: &Bulk) -> Option<AnyView> {
    if bulk.skipped.is_empty() {
        return None;
    }
    let items = bulk
        .skipped
        .iter()
        .map(|(why, n)| view! { <li>{format!("{}: {}", why.label(), tenants_in_words(*n))}</li> });
    Some(view! { <ul>{items.collect_view()}</ul> }.into_any())
}

fn confirm(bulk: &Bulk, list: String) -> AnyView {
    let state = form_state("start_bulk");
    let n = bulk.eligible;
    let mut consequences = vec![Consequence::new(tone(bulk.work.action()), "users", effect(&bulk.work, n))];
    let left = bulk.total - n;
    if left > 0 {
        consequences.push(Consequence::new(
            Tone::Warning,
            "slash",
            format!(
                "{} left out, for the reasons below.",
                if left == 1 { "1 tenant is".to_owned() } else { format!("{} tenants are", grouped(left)) }
            ),
        ));
    }
    consequences.push(Consequence::new(
        Tone::Neutral,
        "list-checks",
        "Each tenant is an operation of its own, with its own outcome. Who changes before its turn is left out.",
    ));
    consequences.push(Consequence::new(
        Tone::Warning,
        "undo",
        "It is not undone as a whole: cancelling stops what has not begun, what is done is taken back tenant by tenant.",
    ));
    let typed = bulk.work.is_typed(n).then(|| {
        let label = format!("Type {n} to confirm");
        view! { <TextField state=&state name="confirm" label mono=true help="The number of tenants it reaches."/> }
    });
    let help = match bulk.work.action() {
        Action::Reinstate => {
            "The proof that the cause is gone. Stands with each tenant and in the audit log."
        }
        _ => "Stands with each tenant and in the audit log.",
    };
    let (button, hidden) = (bulk.work.order(n), vec![("id", bulk.id.to_string())]);
    view! {
        <ConfirmPage to="start_bulk" state=&state tier=Tier::Serious consequences button back=list hidden reason_help=help>{typed}</ConfirmPage>
    }
    .into_any()
}

fn effect(work: &Work, n: i64) -> String {
    let whom = plural(n, "tenant");
    match work {
        Work::Suspend { code, scope, message } => {
            let scope = match scope {
                Suspension::ReadOnly => "can only read",
                Suspension::Blocked => "see nothing any more",
            };
            let told = if message.is_some() { " They are told why." } else { "" };
            format!(
                "The people and programs of {whom} {scope}, at once. Reason: {}.{told}",
                code.label().to_lowercase()
            )
        }
        Work::Reinstate => format!("{whom} get full access again, as before the suspension."),
        Work::ChangePlan { to } => {
            format!("The limits of {} hold for {whom} from the next request on.", to.label())
        }
        Work::ApplyTemplate { to, template } => {
            format!("{whom} on {template}, version {}. What they decided themselves stays.", to.version)
        }
        Work::SetOwner { owner: None, .. } => format!("Nobody looks after {whom} any more."),
        Work::SetOwner { name, .. } => {
            format!("{name} looks after {whom} from now on, and is told what happens to them.")
        }
        Work::ChangeTags { add, remove } => {
            let with = |what: &str, tags: &[String]| {
                (!tags.is_empty()).then(|| format!("{what}: {}.", tags.join(", ")))
            };
            let parts = [with("Added", add), with("Taken away", remove)];
            let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            format!("The tags of {whom} change. {parts} Their other tags stay.")
        }
    }
}

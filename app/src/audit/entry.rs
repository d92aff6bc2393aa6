//! One entry: what it changed, why, and its place in the chain.

use super::Denied;
use super::api::get_audit_entry;
use crate::paths;
use crate::ui::{self, Card, Empty, LinkButton, Load, PageHeader, Props, Query, Stack, When};
use leptos::prelude::*;
use leptos_meta::Title;
use model::audit::{Difference, Entry, Outcome, PLATFORM};
use model::page::grouped;

#[component]
pub fn EntryPage() -> impl IntoView {
    let stream = ui::param("stream");
    // What is no number names no entry.
    let seq = ui::param("seq").parse::<i64>().unwrap_or_default();
    view! { <Load read=move || get_audit_entry(stream.clone(), seq) view=body/> }
}

fn body(entry: Entry) -> AnyView {
    let line = entry.line;
    let number = format!("Entry {}", grouped(line.seq));
    let log = match &line.of {
        Some((slug, _)) => paths::tenant(slug, "audit"),
        None => Query::default().set("tenant", PLATFORM).href(paths::AUDIT),
    };
    let whose = line.of.as_ref().map_or_else(|| "Platform".to_owned(), |(_, name)| name.clone());
    let badge = (line.outcome == Outcome::Denied).then(|| view! { <Denied/> });
    let request =
        Query::default().set("request", &line.request).href(if entry.fleet { paths::AUDIT } else { &log });
    let whole = (entry.siblings > 1).then(|| view! { " "<a href=request>{format!("Show the whole request ({} entries)", grouped(entry.siblings))}</a> });
    let title = format!("{} {}", line.action, line.target);
    let facts = vec![
        ("Time", view! { <When at=line.at full=true/>" "<code>{line.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)}</code> }.into_any()),
        ("Actor", format!("{} ({})", line.actor, line.actor_kind.replace('_', " ")).into_any()),
        ("Action", view! { <code>{line.action.clone()}</code> }.into_any()),
        ("Target", line.target.clone().into_any()),
        ("Reason", line.reason.clone().unwrap_or_else(|| "—".into()).into_any()),
        ("Result", line.outcome.label().into_any()),
        ("Request", view! { <code>{line.request.clone()}</code>{whole} }.into_any()),
        ("Hash (SHA-256)", view! { <code>{entry.hash}</code> }.into_any()),
    ];
    let nothing = entry.changed.is_empty() && entry.unchanged.is_empty();
    let unchanged = (!entry.unchanged.is_empty()).then(|| {
        let summary = format!("Show {} unchanged", entry.unchanged.len());
        view! { <details class="c-disclosure"><summary>{summary}</summary>{table("Unchanged values", entry.unchanged)}</details> }
    });
    let changed = (!entry.changed.is_empty()).then(|| table("Changed values", entry.changed));
    let previous = (line.seq > 1).then(|| view! { <LinkButton href=paths::audit_entry(line.stream(), line.seq - 1)>"Entry before"</LinkButton> });
    view! {
        <Title text=format!("{number} · {whose}")/>
        <PageHeader title badges=view! { {badge} }.into_any() actions=view! { {previous} }.into_any() meta=vec![view! { <a href=log>{format!("Audit log of {whose}")}</a> }.into_any(), number.into_any()]/>
        <Stack gap=6>
            <Card id="entry-facts" title="What happened"><Props items=facts/></Card>
            <Card id="entry-changes" title="Before and after">
                {nothing.then(|| view! { <Empty icon="git-compare" title="No values were recorded" text="This action changes no values that are kept beside it."/> })}
                {changed}
                {unchanged}
            </Card>
        </Stack>
    }
    .into_any()
}

fn table(caption: &'static str, rows: Vec<Difference>) -> AnyView {
    let rows = rows.into_iter().map(|row| {
        let differs = row.before != row.after;
        let old = match row.before {
            None => view! { <span class="u-muted">"—"</span> }.into_any(),
            Some(value) if differs => {
                view! { <del><span class="u-visually-hidden">"before: "</span>{value}</del> }.into_any()
            }
            Some(value) => value.into_any(),
        };
        let new = match row.after {
            None => view! { <span class="u-muted">"—"</span> }.into_any(),
            Some(value) if differs => {
                view! { <ins><span class="u-visually-hidden">"after: "</span>{value}</ins> }.into_any()
            }
            Some(value) => value.into_any(),
        };
        view! { <tr><th scope="row"><code>{row.path}</code></th><td>{old}</td><td>{new}</td></tr> }
    });
    view! {
        <div class="c-table-region" role="region" aria-label=caption tabindex="0">
            <table class="c-diff">
                <caption class="u-visually-hidden">{caption}</caption>
                <thead><tr><th scope="col">"Value"</th><th scope="col">"Before"</th><th scope="col">"After"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

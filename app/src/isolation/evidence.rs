//! One run of the probe: what was tried, what was expected, what came.

use super::api::get_isolation_evidence;
use super::{attempts, count, result, took};
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{self, Banner, Card, LinkButton, Load, Props, Size, Stack, Tone, When};
use leptos::prelude::*;
use model::isolation::Evidence;

#[component]
pub fn EvidencePage() -> impl IntoView {
    let run = ui::param("run");
    view! {
        <TenantSection section=Section::Isolation view=move |head| {
            let (slug, run) = (head.tenant.slug.clone(), run.clone());
            let back = slug.clone();
            view! { <Load read=move || get_isolation_evidence(slug.clone(), run.clone()) view=move |evidence| body(&back, evidence)/> }.into_any()
        }/>
    }
}

fn body(slug: &str, evidence: Evidence) -> AnyView {
    let Evidence { run, attempts: list, server_version, catalogue_hash } = evidence;
    let mut facts = vec![
        ("Result", result(&run)),
        ("When", view! { <When at=run.at full=true/> }.into_any()),
        ("Attempts as they must be", count(&run).into_any()),
        ("Asked for", run.trigger.label().into_any()),
        ("Placement", run.placement.label().into_any()),
        ("Server version", view! { <code>{run.build.clone()}</code> }.into_any()),
        ("Took", took(&run).into_any()),
        ("Id", view! { <code>{run.id.to_string()}</code> }.into_any()),
    ];
    if let Some(version) = server_version {
        facts.push(("Database", version.into_any()));
    }
    if let Some(hash) = catalogue_hash {
        facts.push(("Catalogue (SHA-256)", view! { <code>{hash}</code> }.into_any()));
    }
    let failed = (!run.held()).then(|| {
        let text =
            format!("{} did not come out as expected; they stand first.", ui::plural(run.failed, "attempt"));
        view! { <Banner tone=Tone::Danger quiet=true><p>{text}</p></Banner> }
    });
    let table = attempts("attempts-table", "Attempts", list);
    let back = view! { <LinkButton href=paths::tenant(slug, Section::Isolation.as_str()) size=Size::Small>"All runs"</LinkButton> };
    view! {
        <Stack gap=6>
            {failed}
            <Card id="evidence" title="Evidence" aside=back.into_any()><Props items=facts two_columns=true/></Card>
            <ui::Section id="attempts" title="What was tried">{table}</ui::Section>
        </Stack>
    }
    .into_any()
}

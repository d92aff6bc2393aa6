//! How the fleet stands: who is verified, who needs somebody to look, and what the lint finds in the catalogue now.

use super::api::get_fleet_isolation;
use super::badge;
use crate::paths;
use crate::tenants::Section;
use crate::ui::{
    self, Badge, Banner, Card, Chip, Chips, DataTable, Empty, KpiCard, Kpis, LinkButton, Load, MaybeWhen,
    PageHeader, Query, Stack, Th, Tone, When,
};
use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use model::isolation::{Attention, COUNT_MAX, Finding, Fleet, Standing, WANTED_DAYS};

/// Hours without any evidence after which the schedule counts as silent (security.md 3.5).
const SILENT_HOURS: i64 = 2;

#[component]
pub fn FleetIsolationPage() -> impl IntoView {
    let query = model::url::encode(&ui::query());
    view! {
        <Title text="Isolation"/>
        <Load read=move || get_fleet_isolation(query.clone()) view=page/>
    }
    .into_any()
}

fn page(fleet: Fleet) -> AnyView {
    let operations = view! { <LinkButton href=paths::OPERATIONS>"Operations"</LinkButton> };
    let header = view! {
        <PageHeader title="Isolation" lead="Whether tenants reach each other is tried, not assumed: from inside each tenant, and by a look through the whole catalogue of the database." actions=operations.into_any()/>
    };
    let in_service: i64 = fleet.counts.iter().map(|(_, count)| count).sum();
    let silent = silence(fleet.newest_at, in_service, ui::now());
    let numbers = numbers(&fleet);
    let lint = lint_card(&fleet.findings, fleet.linted_at, fleet.lint_ms);
    let attention = attention_section(&fleet, in_service);
    view! {
        {header}
        <Stack gap=6>
            {silent}
            {numbers}
            {lint}
            {attention}
            {how(fleet.newest_at)}
        </Stack>
    }
    .into_any()
}

/// A schedule that has stopped looks like a fleet in which nothing is wrong.
fn silence(newest: Option<DateTime<Utc>>, in_service: i64, now: DateTime<Utc>) -> Option<AnyView> {
    if in_service == 0 {
        return None;
    }
    Some(match newest {
        None => view! {
            <Banner tone=Tone::Info quiet=true>
                <p><strong>"No tenant was verified yet."</strong>" The schedule begins some seconds after the server. Does this stay so? Look into its log for “isolation”."</p>
            </Banner>
        }
        .into_any(),
        Some(at) if now - at > TimeDelta::hours(SILENT_HOURS) => view! {
            <Banner tone=Tone::Warning quiet=true>
                <p><strong>{format!("No tenant was verified within {SILENT_HOURS} hours.")}</strong>" The schedule runs in every server process all the time: look into its log for “isolation”."</p>
            </Banner>
        }
        .into_any(),
        Some(_) => return None,
    })
}

fn number(count: i64) -> String {
    if count > COUNT_MAX { format!("{}+", ui::grouped(COUNT_MAX)) } else { ui::grouped(count) }
}

fn narrowed(standing: Standing) -> String {
    Query::default().set("standing", standing.as_str()).href(paths::ISOLATION)
}

fn numbers(fleet: &Fleet) -> AnyView {
    let of = |standing: Standing| number(fleet.count(standing));
    let label = format!("Verified within {WANTED_DAYS} days");
    let stale = format!("Longer than {WANTED_DAYS} days ago");
    let cards = vec![
        view! { <KpiCard label value=of(Standing::Proven) note="everything held".into_any()/> }.into_any(),
        view! { <KpiCard label="Not proven" href=narrowed(Standing::Failing) value=of(Standing::Failing) note="an attempt was not as it must".into_any()/> }.into_any(),
        view! { <KpiCard label="Never verified" href=narrowed(Standing::Never) value=of(Standing::Never) note="the schedule has not come to them yet".into_any()/> }.into_any(),
        view! { <KpiCard label=stale href=narrowed(Standing::Stale) value=of(Standing::Stale) note="it held then".into_any()/> }.into_any(),
    ];
    view! { <Kpis>{cards}</Kpis> }.into_any()
}

fn lint_card(findings: &[Finding], at: DateTime<Utc>, took: i64) -> AnyView {
    let when = view! { <p class="u-muted">"Looked through for this page, "<When at full=true/>{format!(", in {}.", ui::span(took))}</p> };
    if findings.is_empty() {
        return view! {
            <Card id="lint" title="Catalogue of the database">
                <p><Badge tone=Tone::Success icon="shield-check">"Nothing found"</Badge>" No policy, right, role, view or key lets one tenant reach another."</p>
                {when}
            </Card>
        }
        .into_any();
    }
    let count = i64::try_from(findings.len()).unwrap_or(i64::MAX);
    let rows = findings
        .iter()
        .map(|finding| {
            view! { <tr><th scope="row">{finding.rule.clone()}</th><td data-label="Object"><code>{finding.object.clone()}</code></td></tr> }
        })
        .collect_view();
    let head = view! { <Th>"Rule"</Th><Th>"Object"</Th> }.into_any();
    view! {
        <Banner tone=Tone::Danger quiet=true>
            <p><strong>{format!("The catalogue has {}.", ui::plural(count, "finding"))}</strong>" Each is something in the database that weakens the isolation of tenants, whoever made it. Mend it by a migration, or undo what was done by hand; the page looks anew each time it is opened."</p>
        </Banner>
        <Card id="lint" title="Catalogue of the database" tone=Tone::Danger>
            <DataTable id="findings" caption="Findings of the lint" head cards=true small=true>{rows}</DataTable>
            {when}
        </Card>
    }
    .into_any()
}

fn attention_section(fleet: &Fleet, in_service: i64) -> AnyView {
    let chips = fleet
        .only
        .map(|only| {
            Chip::of(paths::ISOLATION, "standing", only.as_str(), format!("Standing: {}", only.label()))
        })
        .into_iter()
        .collect::<Vec<_>>();
    let listed = i64::try_from(fleet.attention.len()).unwrap_or(i64::MAX);
    let result = match (listed, fleet.more) {
        (0, _) => "None".to_owned(),
        (n, true) => format!("The first {} tenants", ui::grouped(n)),
        (n, false) => ui::plural(n, "tenant"),
    };
    let never = fleet.count(Standing::Never);
    let unreached = (fleet.only.is_none() && never > 0).then(|| {
        let tenants = if never == 1 { "1 tenant".to_owned() } else { format!("{} tenants", number(never)) };
        view! { <p>"Not reached by the schedule yet: "<a href=narrowed(Standing::Never)>{tenants}</a>"."</p> }
    });
    let body = if !fleet.attention.is_empty() {
        let rows = fleet.attention.iter().map(row).collect_view();
        let head = view! { <Th>"Tenant"</Th><Th>"Status"</Th><Th>"Standing"</Th><Th>"Last verified"</Th> }
            .into_any();
        view! {
            <Chips chips clear=paths::ISOLATION.to_owned() result/>
            <DataTable id="attention-table" caption="Tenants by standing" head cards=true>{rows}</DataTable>
        }
        .into_any()
    } else if fleet.only.is_some() {
        view! {
            <Chips chips clear=paths::ISOLATION.to_owned() result/>
            <p>"No tenant in service stands like this."</p>
        }
        .into_any()
    } else if in_service == 0 {
        view! { <Empty icon="shield" title="No tenant is in service" text="A tenant is verified before it begins to work, and by schedule from then on."/> }
            .into_any()
    } else {
        let proven = number(fleet.count(Standing::Proven));
        let text = format!(
            "Of the tenants in service, {proven} are verified within {WANTED_DAYS} days, and everything held."
        );
        view! { <Empty icon="shield-check" title="Nobody needs attention" text/> }.into_any()
    };
    view! { <ui::Section id="attention" title="Tenants that need attention">{body}{unreached}</ui::Section> }
        .into_any()
}

fn row(one: &Attention) -> AnyView {
    let href = paths::tenant(&one.slug, Section::Isolation.as_str());
    let failed = (one.failed > 0).then(|| {
        view! { <span class="c-table__sub">{format!("{} not as it must", ui::plural(one.failed, "attempt"))}</span> }
    });
    view! {
        <tr>
            <th scope="row"><a class="c-table__link" href=href>{one.name.clone()}</a><span class="c-table__sub"><code>{one.slug.clone()}</code></span></th>
            <td data-label="Status"><ui::StatusBadge status=one.status/></td>
            <td data-label="Standing">{badge(one.standing)}{failed}</td>
            <td data-label="Last verified"><MaybeWhen at=one.at/></td>
        </tr>
    }
    .into_any()
}

fn how(newest: Option<DateTime<Utc>>) -> AnyView {
    view! {
        <Card id="how" title="How it is verified">
            <p>"Each new tenant before it begins to work; by hand on a tenant’s page; and by schedule: each once an hour, as far as an eighth of the time of each server process reaches, who needs it most first. That is some 4,500 tenants an hour for each process; with 100,000, each waits for not quite a day. The catalogue is looked through at a server’s start and every hour. The newest evidence: "<MaybeWhen at=newest/>"."</p>
            <p>"Kept are the newest evidence of each tenant, that of its creation, and what did not hold when somebody asked for it; the rest for 90 days, by schedule the last of each day, and the first and the last that did not hold."</p>
            <p>"By command line, for one tenant or, without a slug, for all in service. It ends with an error where something is not proven:"</p>
            <pre class="c-code" tabindex="0" role="region" aria-label="Command">"server isolation verify --json acme"</pre>
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_is_counted_up_to_a_point() {
        assert_eq!(number(0), "0");
        assert_eq!(number(COUNT_MAX), "1\u{202f}000");
        assert_eq!(number(COUNT_MAX + 1), "1\u{202f}000+");
    }
}

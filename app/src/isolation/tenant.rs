//! The evidence of one tenant: the newest result with what it means, every run before it, and the button that asks anew.

use super::api::{get_isolation, get_newest_isolation};
use super::{attempts, badge, count, result, took};
use crate::paths;
use crate::tenants::{Section, TenantSection};
use crate::ui::{
    self, Banner, Button, Card, DataTable, DisabledButton, Empty, Form, Hidden, LinkButton, Load, Pagination,
    Props, Size, Stack, Th, Tone, When, form_state,
};
use leptos::prelude::*;
use model::isolation::{Attempt, History, Run, Standing, WANTED_DAYS, refusal};
use model::page::Page;
use model::permission::{Permission, Scope};
use model::tenants::{Status, TenantHead};

#[component]
pub fn IsolationPage() -> impl IntoView {
    view! {
        <TenantSection section=Section::Isolation view=|head| {
            let slug = head.tenant.slug.clone();
            let query = model::url::encode(&ui::query());
            view! { <Load read=move || get_isolation(slug.clone(), query.clone()) view=move |history| body(&head, history)/> }.into_any()
        }/>
    }
}

fn body(head: &TenantHead, history: History) -> AnyView {
    let History { newest, wrong, runs, may_verify } = history;
    let verify = may_verify.then(|| verify_form(&head.tenant.slug, head.tenant.status));
    let Some(newest) = newest else {
        let text = if may_verify {
            "Nobody has tried yet whether this tenant reaches anything foreign. The probe does, as the tenant’s own role, takes less than a second, and changes nothing."
        } else {
            "Nobody has tried yet whether this tenant reaches anything foreign. The platform does so by schedule; what comes of it stands here."
        };
        return view! { <Empty icon="shield" title="Never verified" text>{verify}</Empty> }.into_any();
    };
    let standing = newest.standing(ui::now());
    let meaning = meaning(head, &newest, standing);
    let wrong = (!wrong.is_empty()).then(|| wrong_card(wrong));
    let newest_card = newest_card(&head.tenant.slug, &newest, standing, verify);
    let runs = runs_card(&head.tenant.slug, runs);
    view! { <Stack gap=6>{meaning}{newest_card}{wrong}{runs}</Stack> }.into_any()
}

fn verify_form(slug: &str, status: Status) -> AnyView {
    if let Some(reason) = refusal(status) {
        return view! { <DisabledButton id="why-verify" reason size=Size::Small>"Verify now"</DisabledButton> }
            .into_any();
    }
    let slug = slug.to_owned();
    view! {
        <Form to="verify_isolation" state=form_state("verify_isolation")>
            <Hidden name="slug" value=slug/>
            <Button size=Size::Small icon="shield-check">"Verify now"</Button>
        </Form>
    }
    .into_any()
}

/// What a result means that is not as it should be, and what to do about it.
fn meaning(head: &TenantHead, newest: &Run, standing: Standing) -> Option<AnyView> {
    let name = head.tenant.name.clone();
    match standing {
        Standing::Failing => {
            let sentence = format!(
                "The isolation of {name} is not proven: {} of {} attempts did not come out as they must.",
                ui::grouped(newest.failed),
                ui::grouped(newest.total())
            );
            if !head.viewer.is_platform() {
                return Some(
                    view! {
                        <Banner tone=Tone::Danger quiet=true>
                            <p><strong>{sentence}</strong></p>
                            <p>"That does not mean that anybody has seen anything foreign; it means that the database alone would not have stopped it. Ask the platform’s support what is being done."</p>
                        </Banner>
                    }
                    .into_any(),
                );
            }
            let fleet = head
                .viewer
                .allows(Permission::AuditFleet, Scope::Platform)
                .then(|| view! { <LinkButton href=paths::ISOLATION size=Size::Small>"Catalogue and fleet"</LinkButton> });
            Some(
                view! {
                    <Banner tone=Tone::Danger quiet=true actions=fleet.into_any()>
                        <p><strong>{sentence}</strong></p>
                        <p>"What the database alone must refuse, it did not refuse: a fault in a program could show this tenant what belongs to another, or the other way round. An attempt called a positive control that fails means that the probe itself saw too little to prove anything."</p>
                        <ol>
                            <li>"Read below what came instead of what was expected."</li>
                            <li>"See what the lint of the catalogue finds: it names the policy, right or role that is wrong."</li>
                            <li>"Mend it by a migration, then verify again. Until then, suspend the tenant if its data is at risk."</li>
                        </ol>
                    </Banner>
                }
                .into_any(),
            )
        }
        Standing::Stale => Some(
            view! {
                <Banner tone=Tone::Warning quiet=true>
                    <p><strong>{format!("Verified more than {WANTED_DAYS} days ago.")}</strong>" It held then. The schedule verifies those first that have waited longest; it can be done by hand at any time."</p>
                </Banner>
            }
            .into_any(),
        ),
        Standing::Never | Standing::Proven => None,
    }
}

fn newest_card(slug: &str, run: &Run, standing: Standing, verify: Option<AnyView>) -> AnyView {
    let items = vec![
        ("Result", badge(standing)),
        ("Verified", view! { <When at=run.at/>", "<When at=run.at full=true/> }.into_any()),
        ("Attempts as they must be", count(run).into_any()),
        ("Asked for", run.trigger.label().into_any()),
        ("Placement", run.placement.label().into_any()),
        ("Server version", view! { <code>{run.build.clone()}</code> }.into_any()),
        ("Took", took(run).into_any()),
        ("Evidence", view! { <a href=paths::isolation(slug, run.id)>"Every attempt"</a> }.into_any()),
    ];
    view! {
        <Card id="newest" title="Newest result" aside=verify.into_any()>
            <Props items two_columns=true/>
            <p class="u-muted">"The probe does, as this tenant’s own role, what would get at something foreign. Nothing that it does is kept but its evidence."</p>
        </Card>
    }
    .into_any()
}

fn wrong_card(wrong: Vec<Attempt>) -> AnyView {
    let table = attempts("wrong-attempts", "Attempts that did not come out as they must", wrong);
    view! { <Card id="wrong" title="Not as it must" flush=true tone=Tone::Danger>{table}</Card> }.into_any()
}

fn runs_card(slug: &str, page: Page<Run>) -> AnyView {
    let shown = page.rows.len();
    let rows = page
        .rows
        .into_iter()
        .map(|run| {
            let href = paths::isolation(slug, run.id);
            view! {
                <tr data-tone=(!run.held()).then_some("danger")>
                    <th scope="row"><a class="c-table__link" href=href><When at=run.at full=true/></a></th>
                    <td data-label="Result">{result(&run)}</td>
                    <td data-label="As they must" class="u-num">{count(&run)}</td>
                    <td data-label="Asked for">{run.trigger.label()}</td>
                    <td data-label="Server"><code>{run.build.clone()}</code></td>
                    <td data-label="Took" class="u-num">{took(&run)}</td>
                </tr>
            }
        })
        .collect_view();
    let head = view! {
        <Th>"When"</Th><Th>"Result"</Th><Th num=true>"As they must"</Th><Th>"Asked for"</Th><Th>"Server"</Th><Th num=true>"Took"</Th>
    }
    .into_any();
    let path = paths::tenant(slug, Section::Isolation.as_str());
    view! {
        <ui::Section id="runs" title="All runs">
            <DataTable id="isolation-runs" caption="Runs of the probe" head cards=true>{rows}</DataTable>
            <Pagination path shown total=page.total next=page.next previous=page.previous what="runs"/>
        </ui::Section>
    }
    .into_any()
}

/// The newest result on the first page of a tenant.
#[component]
pub fn IsolationCard(
    #[prop(into)] slug: String,
    /// Whether the reader may see the evidence behind it.
    may_read: bool,
) -> impl IntoView {
    let read = slug.clone();
    view! { <Load read=move || get_newest_isolation(read.clone()) view=move |newest| card(&slug, newest, may_read)/> }
        .into_any()
}

fn card(slug: &str, newest: Option<Run>, may_read: bool) -> AnyView {
    let aside = may_read
        .then(|| view! { <a href=paths::tenant(slug, Section::Isolation.as_str())>"Isolation evidence"</a> });
    let Some(run) = newest else {
        return view! { <Card id="isolation" title="Isolation" aside=aside.into_any()><p>{badge(Standing::Never)}</p></Card> }
            .into_any();
    };
    let standing = run.standing(ui::now());
    let items = vec![
        ("Result", badge(standing)),
        ("Attempts", count(&run).into_any()),
        ("Verified", view! { <When at=run.at/> }.into_any()),
    ];
    if standing == Standing::Failing {
        view! { <Card id="isolation" title="Isolation" aside=aside.into_any() tone=Tone::Danger><Props items/></Card> }
            .into_any()
    } else {
        view! { <Card id="isolation" title="Isolation" aside=aside.into_any()><Props items/></Card> }
            .into_any()
    }
}

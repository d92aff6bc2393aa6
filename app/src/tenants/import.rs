//! Import of a fleet that exists elsewhere: upload, preview with what is wrong with every row, confirmation.
//!
//! The file goes to the server's upload layer, not to a server function; it answers with the preview, or with this page
//! again and the reason.

use super::api::{get_create_form, get_tenant_import};
use crate::paths;
use crate::ui::{self, Button, Choice, Form, FormState, Kind, LinkButton, Load, NavItem, Tone, form_state};
use leptos::prelude::*;
use leptos_meta::Title;
use model::directory::{IMPORT_BYTES, IMPORT_ROWS, Import, ImportRow, import_refusal};
use model::page::grouped;
use model::tenants::PlanId;

/// The name under which a failed upload comes back.
pub const UPLOAD: &str = "upload_tenants";

#[component]
pub fn ImportPage() -> impl IntoView {
    view! {
        <Title text="Import tenants"/>
        <Load read=get_create_form view=|days| view! {
            <ui::PageHeader title="Import tenants" lead="For a fleet that exists elsewhere already: it is moved into the console from a CSV file. Nothing is created before you have seen the preview."/>
            <p>"A new customer begins with "<a href=paths::TENANTS_NEW>"New tenant"</a>": only there it gets a smoke test, a schema of its own and people. Imported tenants live in shared tables and begin with the baseline template; their isolation is proven by the schedule."</p>
            {upload(days)}
        }.into_any()/>
    }
    .into_any()
}

/// "a trial of 14 days"
fn a_trial(days: i32) -> String {
    format!("a trial of {}", ui::plural(days.into(), "day"))
}

fn upload(days: i32) -> impl IntoView {
    let trial = format!("For rows that name none. Every tenant begins with {}.", a_trial(days));
    let state = form_state(UPLOAD);
    let plans = PlanId::ALL.iter().map(|plan| Choice::new(plan.as_str(), plan.label())).collect::<Vec<_>>();
    let limits = format!(
        "CSV in UTF-8, at most {} rows and {} MB. The first line names the columns: name, and any of domain, country, country_code, slug, plan, region, tags, external_id, owner (the e-mail of somebody who acts for the platform).",
        grouped(i64::from(IMPORT_ROWS)),
        IMPORT_BYTES / 1024 / 1024
    );
    let error = state.error("file");
    let described = if error.is_some() { "f-file-help f-file-error" } else { "f-file-help" };
    let invalid = error.is_some().then_some("true");
    let error = error.map(|error| view! { <p class="c-field__error" id="f-file-error"><ui::Icon name="alert-triangle"/>{error}</p> });
    view! {
        <form class="c-form" method="post" enctype="multipart/form-data" novalidate>
            <ui::SummaryOf state=state.clone()/>
            <div class="c-field">
                <label class="c-field__label" for="f-file">"File"</label>
                <p class="c-field__help" id="f-file-help">{limits}</p>
                <input class="c-input" type="file" id="f-file" name="file" accept=".csv,text/csv" aria-describedby=described aria-invalid=invalid/>
                {error}
            </div>
            <ui::SelectField state=&state name="plan" label="Plan" choices=plans initial=PlanId::Starter.as_str()
                help=trial/>
            <ui::Actions>
                <Button kind=Kind::Primary>"Show preview"</Button>
                <LinkButton href=paths::TENANTS kind=Kind::Quiet>"Cancel"</LinkButton>
            </ui::Actions>
        </form>
    }
}

#[component]
pub fn ImportPreviewPage() -> impl IntoView {
    let id = ui::param("id");
    let here = ui::Query::here();
    let problems = here.get("rows") == Some("problems");
    let after = here.get("after").unwrap_or_default().to_owned();
    view! {
        <Title text="Preview of an import"/>
        <Load read=move || get_tenant_import(id.clone(), problems, after.clone()) view=|import| preview(import).into_any()/>
    }
    .into_any()
}

fn preview(import: Import) -> impl IntoView {
    let path = paths::tenants_import(&import.id.to_string());
    let state = form_state("apply_tenant_import");
    let all = import.good + import.bad;
    let tabs = vec![
        NavItem::new(path.clone(), "All rows", !import.only_bad).count(grouped(all)),
        NavItem::new(format!("{path}?rows=problems"), "With problems", import.only_bad)
            .count(grouped(import.bad)),
    ];
    let rows = import.rows.iter().map(row_of).collect_view();
    let none = import.rows.is_empty().then(|| view! { <ui::ZeroRow columns=8 what="No rows"/> });
    let head = view! {
        <ui::Th num=true>"Line"</ui::Th><ui::Th>"Name"</ui::Th><ui::Th>"Slug"</ui::Th><ui::Th>"Domain"</ui::Th><ui::Th>"Plan"</ui::Th>
        <ui::Th>"Region"</ui::Th><ui::Th>"Owner"</ui::Th><ui::Th>"Problems"</ui::Th>
    }
    .into_any();
    let here = ui::Query::here();
    let next = import.next.map(|line| {
        let href = here.set("after", &line.to_string()).href(&path);
        view! { <LinkButton href=href>"Next rows"</LinkButton> }
    });
    let start = (import.rows.first().is_some_and(|row| row.line > 2) && !import.only_bad)
        .then(|| view! { <LinkButton href=path.clone()>"First rows"</LinkButton> });
    view! {
        <ui::PageHeader title=import.file_name.clone() lead=lead(&import)/>
        {ignored(&import)}
        {decision(&import, state)}
        <ui::SectionNav label="Rows" items=tabs small=true/>
        <ui::DataTable id="import-rows" caption="Rows of the file" head cards=true>{rows}{none}</ui::DataTable>
        <ui::Actions>{start}{next}</ui::Actions>
    }
}

fn tenants(count: i64) -> String {
    ui::plural(count, "tenant")
}

fn lead(import: &Import) -> String {
    match (import.created, import.applied_at) {
        (Some(created), Some(at)) => {
            format!("{} created on {}.", tenants(i64::from(created)), ui::absolute(at))
        }
        _ if !import.second_person.is_empty() => {
            format!("{} could be created.", tenants(import.good))
        }
        _ if import.bad == 0 => {
            format!("{} will be created, each with {}.", tenants(import.good), a_trial(import.trial_days))
        }
        _ => format!(
            "{} will be created, each with {}. {} with problems stay out.",
            tenants(import.good),
            a_trial(import.trial_days),
            ui::plural(import.bad, "row")
        ),
    }
}

fn ignored(import: &Import) -> Option<AnyView> {
    let columns = import.ignored.join(", ");
    (!columns.is_empty()).then(|| {
        view! { <ui::Banner tone=Tone::Info quiet=true>{format!("Columns that mean nothing here and are left out: {columns}.")}</ui::Banner> }.into_any()
    })
}

fn decision(import: &Import, state: FormState) -> AnyView {
    if import.applied_at.is_some() {
        let href = format!("{}?sort=-created", paths::TENANTS);
        return view! {
            <ui::SummaryOf state=state/>
            <ui::Actions><LinkButton href=href kind=Kind::Primary>"See the newest tenants"</LinkButton></ui::Actions>
        }
        .into_any();
    }
    if let Some(why) = import_refusal(&import.second_person) {
        return view! {
            <ui::SummaryOf state=state/>
            <ui::Banner tone=Tone::Warning>
                <p>{why}</p>
                <p><a href=paths::approval_rule(model::operations::Kind::Provision)>"The rule about approvals"</a>" · "<a href=paths::TENANTS_NEW>"New tenant"</a></p>
            </ui::Banner>
            <ui::Actions><LinkButton href=paths::TENANTS_IMPORT>"Upload another file"</LinkButton></ui::Actions>
        }
        .into_any();
    }
    if !import.may_create {
        return view! {
            <ui::SummaryOf state=state/>
            <ui::Banner tone=Tone::Warning>"No row can be created. Mend the file and upload it again."</ui::Banner>
            <ui::Actions><LinkButton href=paths::TENANTS_IMPORT kind=Kind::Primary>"Upload another file"</LinkButton></ui::Actions>
        }
        .into_any();
    }
    let id = import.id.to_string();
    let create = format!("Create {}", tenants(import.good));
    view! {
        <Form to="apply_tenant_import" state>
            <input type="hidden" name="id" value=id/>
            <ui::Actions>
                <Button kind=Kind::Primary>{create}</Button>
                <LinkButton href=paths::TENANTS_IMPORT kind=Kind::Quiet>"Upload another file"</LinkButton>
            </ui::Actions>
        </Form>
    }
    .into_any()
}

fn row_of(row: &ImportRow) -> impl IntoView + use<> {
    let tone = (!row.problems.is_empty()).then_some("danger");
    let problems = row.problems.iter().map(|problem| view! { <p>{problem.clone()}</p> }).collect_view();
    view! {
        <tr data-tone=tone>
            <td class="u-num" data-label="Line">{row.line}</td>
            <th scope="row">{row.name.clone()}</th>
            <td data-label="Slug"><code>{row.slug.clone()}</code></td>
            <td data-label="Domain">{row.domain.clone().unwrap_or_else(|| "—".into())}</td>
            <td data-label="Plan">{row.plan.clone()}</td>
            <td data-label="Region">{row.region.clone()}</td>
            <td data-label="Owner">{row.owner.clone().unwrap_or_else(|| "—".into())}</td>
            <td data-label="Problems">{problems}</td>
        </tr>
    }
}

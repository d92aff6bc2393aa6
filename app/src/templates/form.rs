//! Writing a template: what it is, and the contents of its draft.

use super::api::{get_template, get_templates};
use super::key_here;
use crate::paths;
use crate::ui::{
    Actions, Button, Choice, Cols, Empty, FieldSet, FieldWidth, Form, FormState, Grid, Hidden, Icon, Kind,
    LinkButton, Load, PageHeader, SelectField, TextArea, TextField, form_state,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::checklists::ListKey;
use model::fields::Group;
use model::settings::{Key, Kind as ValueKind, Section};
use model::templates::{Catalogue, Compliance, Template, TemplateDetail, TemplateList, TenantType, Version};
use model::tenants::PlanId;
use model::usage::LimitMeter;

#[component]
pub fn NewTemplatePage() -> impl IntoView {
    view! { <Title text="New template"/> <Load read=get_templates view=|list| new(&list)/> }
}

fn new(list: &TemplateList) -> AnyView {
    let header = view! { <PageHeader title="New template" lead="Its address follows from its name and never changes. It begins as a draft that nobody is on."/> };
    if !list.may_edit {
        return denied(header.into_any());
    }
    let state = form_state("create_template");
    let copies = list.rows.iter().filter_map(|row| {
        let word = format!("{}.{}", row.template.key, row.published?);
        Some(Choice::new(word, format!("{}, version {}", row.template.name, row.published?)))
    });
    let copies = copies.collect();
    view! {
        {header}
        <Form to="create_template" state=&state>
            {details(&state, None)}
            <SelectField state=&state name="copy" label="Begin with the contents of" choices=copies empty="nothing" width=FieldWidth::Md/>
            <Actions>
                <Button kind=Kind::Primary>"Create template"</Button>
                <LinkButton href=paths::TEMPLATES kind=Kind::Quiet>"Cancel"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}

fn denied(header: AnyView) -> AnyView {
    crate::ui::status(403);
    view! {
        {header}
        <Empty kind=crate::ui::EmptyKind::Denied icon="ban" title="Only operators write templates" text="Your role reads them.">
            <LinkButton href=paths::TEMPLATES>"Back to the templates"</LinkButton>
        </Empty>
    }
    .into_any()
}

fn details(state: &FormState, now: Option<&Template>) -> AnyView {
    let types = TenantType::ALL.iter().map(|word| Choice::new(word.as_str(), word.label())).collect();
    let rules = Compliance::ALL.iter().map(|word| Choice::new(word.as_str(), word.label())).collect();
    let of = |read: fn(&Template) -> String| now.map(read).unwrap_or_default();
    let tenant_type = now.map_or(TenantType::Standard, |t| t.tenant_type).as_str();
    let compliance = now.map_or(Compliance::None, |t| t.compliance).as_str();
    view! {
        <TextField state name="name" label="Name" max=100 width=FieldWidth::Md initial=of(|t| t.name.clone())/>
        <TextArea state name="description" label="Description" optional=true rows=3 max=1_000 initial=of(|t| t.description.clone()) help="For whom it is and what is special about it."/>
        <SelectField state name="tenant_type" label="Type of tenant" choices=types initial=tenant_type width=FieldWidth::Md/>
        <TextField state name="industry" label="Industry" optional=true max=60 width=FieldWidth::Md initial=of(|t| t.industry.clone().unwrap_or_default())/>
        <SelectField state name="compliance" label="Compliance profile" choices=rules initial=compliance width=FieldWidth::Md/>
    }
    .into_any()
}

#[component]
pub fn TemplateDetailsPage() -> impl IntoView {
    let key = key_here();
    view! { <Load read=move || get_template(key.clone()) view=|detail| describe(&detail)/> }
}

fn describe(detail: &TemplateDetail) -> AnyView {
    let template = &detail.template;
    let title = format!("Describe {}", template.name);
    let header = view! { <Title text=title.clone()/> <PageHeader title/> };
    if !detail.may_edit {
        return denied(header.into_any());
    }
    let state = form_state("describe_template");
    let (key, version) = (template.key.clone(), template.version.to_string());
    let (details, back) = (details(&state, Some(template)), paths::template(&template.key, ""));
    view! {
        {header}
        <Form to="describe_template" state=&state>
            <Hidden name="key" value=key/>
            <Hidden name="version" value=version/>
            {details}
            <Actions>
                <Button kind=Kind::Primary>"Save description"</Button>
                <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
            </Actions>
        </Form>
    }
    .into_any()
}

#[component]
pub fn DraftPage() -> impl IntoView {
    let key = key_here();
    view! { <Load read=move || get_template(key.clone()) view=|detail| draft(&detail)/> }
}

fn draft(detail: &TemplateDetail) -> AnyView {
    let template = &detail.template;
    let title = format!("Edit {}", template.name);
    let header = view! { <Title text=title.clone()/> <PageHeader title lead="The draft. Saving shows what differs from the version that is published."/> };
    if !detail.may_edit {
        return denied(header.into_any());
    }
    let Some(version) = detail.draft() else {
        let back = paths::template(&template.key, "");
        return view! {
            {header}
            <crate::ui::SummaryOf state=form_state("save_template_draft")/>
            <Empty icon="pencil" title="There is no draft" text="Begin a new version on the template’s page.">
                <LinkButton href=back>"Back to the template"</LinkButton>
            </Empty>
        }
        .into_any();
    };
    let state = form_state("save_template_draft");
    let catalogue = &detail.catalogue;
    let plans = PlanId::ALL.iter().map(|plan| Choice::new(plan.as_str(), plan.label())).collect();
    let plan = version.bundle.plan.map_or("", PlanId::as_str);
    let section = |section: &Section| {
        let rows = Key::of(*section).map(|key| setting(&state, version, key)).collect_view();
        view! { <FieldSet legend=section.label()>{rows}</FieldSet> }
    };
    let sections = Section::ALL.iter().map(section).collect_view();
    let lists = ListKey::ALL.iter().map(|key| checklist(&state, version, catalogue, *key)).collect_view();
    let quotas = LimitMeter::ALL.iter().map(|meter| quota(&state, version, *meter)).collect_view();
    let (fields, tasks) = (fields(&state, version, catalogue), tasks(&state, version, catalogue));
    let (key, edits, back) =
        (template.key.clone(), version.edits.to_string(), paths::template(&template.key, ""));
    let (notes, first) = (version.notes.clone(), version.version == 1);
    let plan_state = state.clone();
    let discard = discard(detail, version);
    view! {
        {header}
        <Form to="save_template_draft" state=&state>
            <Hidden name="key" value=key/>
            <Hidden name="edits" value=edits/>
            <FieldSet legend="Plan and checklists">
                <SelectField state=plan_state name="plan" label="Tenants start on the plan" choices=plans initial=plan empty="Not said" width=FieldWidth::Md
                    help="Applying the template to a tenant that is there never changes its plan."/>
                {lists}
            </FieldSet>
            <FieldSet legend="Quotas" help="What tenants may use otherwise than their plan says. Where a plan is chosen above, they hold on that plan only. Left empty: as the plan says."><Grid cols=Cols::Two>{quotas}</Grid></FieldSet>
            <FieldSet legend="Fields" help="Fields are added to tenants and never taken away from them.">{fields}</FieldSet>
            <FieldSet legend="AI tasks" help="Disabled: the tenant’s administrators enable it when they are ready.">{tasks}</FieldSet>
            {sections}
            <TextArea state=&state name="notes" label="What changed" rows=3 max=2_000 initial=notes optional=first
                help="Read by those whose tenants it concerns. Needed from the second version on."/>
            <Actions>
                <Button kind=Kind::Primary>"Save draft"</Button>
                <LinkButton href=back kind=Kind::Quiet>"Cancel"</LinkButton>
            </Actions>
        </Form>
        {discard}
    }
    .into_any()
}

/// Its error, if it has one, with the ids that the summary and the control name.
fn error(state: &FormState, name: &str) -> Option<AnyView> {
    let id = format!("f-{name}-error");
    state.error(name).map(|error| {
        view! { <p class="c-field__error" id=id><Icon name="alert-triangle"/>{error}</p> }.into_any()
    })
}

fn described(state: &FormState, name: &str) -> Option<String> {
    state.error(name).map(|_| format!("f-{name}-error"))
}

fn invalid(state: &FormState, name: &str) -> Option<&'static str> {
    state.error(name).map(|_| "true")
}

fn select(
    state: &FormState,
    name: String,
    label: String,
    choices: &[(&str, &str)],
    initial: &str,
) -> AnyView {
    let value = state.value(&name, initial);
    let options = choices
        .iter()
        .map(|(word, text)| view! { <option value=word.to_string() selected=*word == value>{text.to_string()}</option> });
    let id = format!("f-{name}");
    view! {
        <div class="c-field" data-width="md">
            <label class="c-field__label" for=id.clone()>{label}</label>
            <select class="c-select" id=id name=name.clone() aria-describedby=described(state, &name) aria-invalid=invalid(state, &name)>{options.collect_view()}</select>
            {error(state, &name)}
        </div>
    }
    .into_any()
}

fn checklist(state: &FormState, version: &Version, catalogue: &Catalogue, key: ListKey) -> AnyView {
    let words: Vec<_> = catalogue
        .checklists
        .iter()
        .filter(|list| list.key == key)
        .map(|list| (list.version.to_string(), format!("Version {}", list.version)))
        .collect();
    let mut choices = vec![("", "Not said")];
    choices.extend(words.iter().map(|(word, text)| (word.as_str(), text.as_str())));
    let now = version.bundle.checklist(key).map(|n| n.to_string()).unwrap_or_default();
    let label = format!("Checklist: {}", key.label().to_lowercase());
    select(state, format!("checklist[{}]", key.as_str()), label, &choices, &now)
}

fn quota(state: &FormState, version: &Version, meter: LimitMeter) -> AnyView {
    let now = version.bundle.quotas.get(&meter).map(|limit| model::limits::write(meter, *limit));
    let name = match meter {
        LimitMeter::Users => "quota[users]",
        LimitMeter::Projects => "quota[projects]",
        LimitMeter::StorageBytes => "quota[storage_bytes]",
        LimitMeter::ApiCalls15min => "quota[api_calls_15min]",
    };
    let (initial, help) = (now.unwrap_or_default(), model::limits::hint(meter));
    view! { <TextField state name label=meter.label() initial optional=true max=40 help/> }.into_any()
}

fn fields(state: &FormState, version: &Version, catalogue: &Catalogue) -> AnyView {
    let groups = Group::ALL.iter().map(|group| {
        let boxes = catalogue.fields.iter().filter(|field| field.group == *group).map(|field| {
            let name = format!("field[{}]", field.key);
            let had = version.bundle.fields.contains(&field.key);
            let checked = if state.failed() { state.sent(&name).is_some() } else { had };
            view! { <label class="c-choice"><input type="checkbox" name=name value="on" checked=checked/><span>{field.name.clone()}</span></label> }
        });
        view! { <fieldset class="c-choices" data-inline="true"><legend class="c-field__label">{group.label()}</legend>{boxes.collect_view()}</fieldset> }
    });
    groups.collect_view().into_any()
}

fn tasks(state: &FormState, version: &Version, catalogue: &Catalogue) -> AnyView {
    const MODES: &[(&str, &str)] =
        &[("none", "Not in the template"), ("disabled", "Disabled"), ("enabled", "Enabled from the start")];
    let rows = catalogue
        .tasks
        .iter()
        .map(|task| {
            let now = match version.bundle.task(&task.key).map(|task| task.enabled) {
                None => "none",
                Some(false) => "disabled",
                Some(true) => "enabled",
            };
            select(state, format!("task[{}]", task.key), task.name.clone(), MODES, now)
        })
        .collect_view();
    view! { <Grid cols=Cols::Two>{rows}</Grid> }.into_any()
}

/// What the template says about a setting, and the value.
fn setting(state: &FormState, version: &Version, key: Key) -> AnyView {
    const MODES: &[(&str, &str)] =
        &[("inherit", "Not said"), ("value", "Set, may be changed"), ("locked", "Set and locked")];
    let said = version.bundle.setting(key);
    let mode = match said.map(|said| said.locked) {
        None => "inherit",
        Some(false) => "value",
        Some(true) => "locked",
    };
    let spec = key.spec();
    let now = said.map_or(&spec.default, |said| &said.value).raw();
    let name = format!("value[{}]", key.as_str());
    let mode = select(state, format!("mode[{}]", key.as_str()), key.label().to_owned(), MODES, mode);
    let label = format!("Value of {}", key.label().to_lowercase());
    let value = match spec.kind {
        ValueKind::Switch => select(state, name, label, &[("on", "On"), ("off", "Off")], &now),
        ValueKind::Choice(words) => select(state, name, label, words, &now),
        ValueKind::Number { unit, .. } => input(state, &name, label, &now, Some(unit), None),
        ValueKind::Text { max, .. } => input(state, &name, label, &now, None, Some(max)),
    };
    view! { <Grid cols=Cols::Two>{mode}{value}</Grid> }.into_any()
}

fn input(
    state: &FormState,
    name: &str,
    label: String,
    initial: &str,
    unit: Option<&'static str>,
    max: Option<u32>,
) -> AnyView {
    let id = format!("f-{name}");
    let kind = if unit.is_some() { "number" } else { "text" };
    let suffix = unit.map(|unit| view! { <span class="c-input-group__affix">{unit}</span> });
    view! {
        <div class="c-field">
            <label class="c-field__label" for=id.clone()>{label}</label>
            <div class="c-input-group">
                <input class="c-input" id=id name=name.to_owned() type=kind value=state.value(name, initial) maxlength=max autocomplete="off"
                    aria-describedby=described(state, name) aria-invalid=invalid(state, name)/>
                {suffix}
            </div>
            {error(state, name)}
        </div>
    }
    .into_any()
}

fn discard(detail: &TemplateDetail, version: &Version) -> AnyView {
    if detail.versions.len() < 2 {
        return ().into_any();
    }
    let state = form_state("discard_template_draft");
    let (key, edits) = (detail.template.key.clone(), version.edits.to_string());
    view! {
        <crate::ui::Section id="discard-h" title="Throw the draft away">
            <p>"What stands in it stays readable in the audit log."</p>
            <Form to="discard_template_draft" state=&state>
                <Hidden name="key" value=key/>
                <Hidden name="edits" value=edits/>
                <Actions><Button kind=Kind::DangerQuiet icon="trash">"Throw draft away"</Button></Actions>
            </Form>
        </crate::ui::Section>
    }
    .into_any()
}

//! The pages before a publication and before a deprecation.

use super::api::get_template;
use super::compare::differences;
use super::key_here;
use crate::paths;
use crate::ui::{
    Banner, ConfirmPage, Consequence, Empty, EmptyKind, LinkButton, Load, PageHeader, Query, Tier, Tone,
    form_state, plural,
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::templates::{Bundle, TemplateDetail, VersionState, compare};

#[component]
pub fn PublishPage() -> impl IntoView {
    let key = key_here();
    view! { <Load read=move || get_template(key.clone()) view=|detail| publish(&detail)/> }
}

fn impossible(
    detail: &TemplateDetail,
    form: &'static str,
    title: &'static str,
    text: &'static str,
) -> AnyView {
    let back = paths::template(&detail.template.key, "");
    view! {
        <crate::ui::SummaryOf state=form_state(form)/>
        <Empty kind=EmptyKind::Denied icon="ban" title text>
            <LinkButton href=back>"Back to the template"</LinkButton>
        </Empty>
    }
    .into_any()
}

fn publish(detail: &TemplateDetail) -> AnyView {
    let template = &detail.template;
    let title = format!("Publish {}", template.name);
    let header = view! { <Title text=title.clone()/> <PageHeader title/> };
    if !detail.may_edit {
        crate::ui::status(403);
        let body = impossible(
            detail,
            "publish_template",
            "Only operators publish templates",
            "Your role reads them.",
        );
        return view! { {header}{body} }.into_any();
    }
    let Some(draft) = detail.draft() else {
        let body = impossible(
            detail,
            "publish_template",
            "There is no draft",
            "Begin a new version on the template’s page.",
        );
        return view! { {header}{body} }.into_any();
    };
    let before = detail.published();
    let empty = Bundle::default();
    let changes = compare(before.map_or(&empty, |v| &v.bundle), &draft.bundle);
    let from = before.map_or_else(|| "Nothing".to_owned(), |v| format!("Version {}", v.version));
    let to = format!("Version {}", draft.version);
    let problems = draft.bundle.problems(&detail.catalogue);
    let warnings = (!problems.is_empty()).then(|| {
        let items = problems.into_iter().map(|problem| view! { <li>{problem}</li> });
        view! {
            <Banner tone=Tone::Warning><p><strong>"It cannot be published yet"</strong></p><ul>{items.collect_view()}</ul></Banner>
        }
    });
    let users = detail.versions.iter().map(|v| v.used_by).sum::<i64>();
    let consequences = vec![
        Consequence::new(Tone::Warning, "lock", format!("Version {} never changes again.", draft.version)),
        Consequence::new(
            Tone::Info,
            "layers",
            "New tenants are made from it; it can be applied to tenants that are there.",
        ),
        Consequence::new(
            Tone::Neutral,
            "hand",
            format!("No tenant moves by itself: {} on this template until it is applied.", stays(users)),
        ),
    ];
    let state = form_state("publish_template");
    let hidden = vec![("key", template.key.clone()), ("edits", draft.edits.to_string())];
    let back = paths::template(&template.key, "edit");
    view! {
        {header}
        {warnings}
        {differences(&changes, &detail.catalogue, &from, &to)}
        <ConfirmPage to="publish_template" state=&state tier=Tier::Review consequences button=format!("Publish version {}", draft.version) back hidden/>
    }
    .into_any()
}

fn stays(users: i64) -> String {
    if users == 1 { "1 tenant stays".into() } else { format!("{} stay", plural(users, "tenant")) }
}

#[component]
pub fn DeprecatePage() -> impl IntoView {
    let key = key_here();
    view! { <Load read=move || get_template(key.clone()) view=|detail| deprecate(&detail)/> }
}

fn deprecate(detail: &TemplateDetail) -> AnyView {
    let template = &detail.template;
    let version = Query::here().get("version").and_then(|word| word.parse::<i32>().ok()).unwrap_or(0);
    let title = format!("Deprecate version {version} of {}", template.name);
    let header = view! { <Title text=title.clone()/> <PageHeader title/> };
    if !detail.may_edit {
        crate::ui::status(403);
        let body = impossible(
            detail,
            "deprecate_template",
            "Only operators deprecate versions",
            "Your role reads them.",
        );
        return view! { {header}{body} }.into_any();
    }
    let Some(found) = detail.get(version).filter(|v| v.state == VersionState::Published) else {
        let body = impossible(
            detail,
            "deprecate_template",
            "Not possible now",
            "Only a published version can be deprecated.",
        );
        return view! { {header}{body} }.into_any();
    };
    let consequences = vec![
        Consequence::new(
            Tone::Warning,
            "archive",
            "It is offered to nobody any more, and applied to no other tenant.",
        ),
        Consequence::new(
            Tone::Neutral,
            "users",
            format!("{} on it, with its settings.", stays(found.used_by)),
        ),
    ];
    let state = form_state("deprecate_template");
    let hidden = vec![("key", template.key.clone()), ("version", version.to_string())];
    let back = paths::template(&template.key, "");
    view! {
        {header}
        <ConfirmPage to="deprecate_template" state=&state tier=Tier::Serious consequences button=format!("Deprecate version {version}") back hidden/>
    }
    .into_any()
}

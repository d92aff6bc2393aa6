//! The catalogue: templates, their versions, and writing them. Draft → published → deprecated; only a draft changes.

use super::edit_store as store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, OnConstraint, Result};
use model::TemplateId;
use model::permission::{Permission, Scope};
use model::templates::{
    Bundle, BundleInput, Catalogue, Compared, Comparison, DetailsInput, Effect, Template, TemplateDetail,
    TemplateList, Version, VersionRef, VersionState, compare as compare_bundles,
};
use model::validate::{FieldErrors, optional, required};
use serde_json::json;

/// Every template, with who is on it.
pub async fn list(cx: &Ctx) -> Result<TemplateList> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    Ok(TemplateList {
        rows: store::list(read.conn()).await?,
        may_edit: cx.actor().allows(Permission::TemplateEdit, Scope::Platform),
        without: store::without(read.conn()).await?,
    })
}

/// One template with all its versions.
///
/// # Errors
/// `NotFound` for a key that none has.
pub async fn get(cx: &Ctx, key: &str) -> Result<TemplateDetail> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let template = store::template(read.conn(), key, false).await?.ok_or(Error::NotFound)?;
    let versions = store::versions(read.conn(), template.id).await?;
    Ok(TemplateDetail {
        template,
        versions,
        catalogue: store::catalogue(read.conn()).await?,
        may_edit: cx.actor().allows(Permission::TemplateEdit, Scope::Platform),
        may_apply: cx.actor().allows(Permission::TemplateApply, Scope::Platform),
    })
}

/// Two versions of one template, or of two. Each is a key and a version.
///
/// # Errors
/// `NotFound` where one of them is not there.
pub async fn compare(cx: &Ctx, from: (&str, i32), to: (&str, i32)) -> Result<Comparison> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let mut sides = Vec::new();
    for (key, version) in [from, to] {
        let template = store::template(read.conn(), key, false).await?.ok_or(Error::NotFound)?;
        let version = pick(store::versions(read.conn(), template.id).await?, version)?;
        sides.push((template, version));
    }
    let (Some(to), Some(from)) = (sides.pop(), sides.pop()) else { return Err(Error::NotFound) };
    let changes = compare_bundles(&from.1.bundle, &to.1.bundle);
    let choices = store::list(read.conn()).await?;
    let mut versions = Vec::new();
    for row in choices {
        for version in store::versions(read.conn(), row.template.id).await? {
            versions.push(Compared::of(&row.template, &version));
        }
    }
    Ok(Comparison {
        from: Compared::of(&from.0, &from.1),
        to: Compared::of(&to.0, &to.1),
        changes,
        versions,
        catalogue: store::catalogue(read.conn()).await?,
    })
}

/// Makes a template with a first draft: empty, or as another one's version is. Answers its key.
///
/// # Errors
/// `Invalid` with all that is wrong, a name in use among it; `NotFound` for a version to copy that is not there.
pub async fn create(cx: &Ctx, input: &DetailsInput, copy: Option<(&str, i32)>) -> Result<String> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let mut new = input.validate()?;
    new.id = TemplateId(cx.new_id());
    let mut tx = cx.begin(Reach::Fleet).await?;
    let bundle = match copy {
        None => Bundle::default(),
        Some((key, version)) => {
            let source = store::template(tx.conn(), key, false).await?.ok_or(Error::NotFound)?;
            pick(store::versions(tx.conn(), source.id).await?, version)?.bundle
        }
    };
    store::insert(tx.conn(), &new, cx.actor().name())
        .await
        .on_constraint(
            "template_key_key",
            "name",
            "Another template has this name, or one that is spelled alike.",
        )
        .on_constraint("template_name_key", "name", "Another template has this name.")?;
    store::insert_draft(tx.conn(), new.id, 1, &bundle, cx.actor().name()).await?;
    let event = AuditEvent::platform("template.create", new.key.clone())
        .after(json!({ "name": new.name, "tenant_type": new.tenant_type, "industry": new.industry, "compliance": new.compliance,
            "copied_from": copy.map(|(key, version)| format!("{key} v{version}")) }));
    tx.commit(event).await?;
    Ok(new.key)
}

/// Changes name, description and for whom it is. The key stays.
///
/// # Errors
/// `Conflict` when it changed since the form was made.
pub async fn describe(cx: &Ctx, key: &str, input: &DetailsInput, version: i64) -> Result<()> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let mut new = input.validate()?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = store::template(tx.conn(), key, true).await?.ok_or(Error::NotFound)?;
    (new.id, new.key, new.version) = (before.id, before.key.clone(), version);
    let done = store::describe(tx.conn(), &new).await.on_constraint(
        "template_name_key",
        "name",
        "Another template has this name.",
    )?;
    if !done {
        return Err(Error::Conflict(
            "Somebody else changed it in the meantime. Nothing was overwritten.".into(),
        ));
    }
    tx.commit(AuditEvent::platform("template.describe", key).before(&before).after(&new)).await
}

/// Begins the next version as a draft, with the contents of a version that is there. Answers its number.
///
/// # Errors
/// `Conflict` when there is a draft already.
pub async fn begin_draft(cx: &Ctx, key: &str, from: i32) -> Result<i32> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let (mut tx, template, versions) = open(cx, key).await?;
    if let Some(draft) = versions.iter().find(|v| v.state == VersionState::Draft) {
        return Err(Error::Conflict(format!("There is a draft already: version {}.", draft.version)));
    }
    let next = versions.first().map_or(1, |newest| newest.version + 1);
    let source = pick(versions, from)?;
    store::insert_draft(tx.conn(), template.id, next, &source.bundle, cx.actor().name()).await?;
    tx.commit(
        AuditEvent::platform("template.draft", key).after(json!({ "version": next, "copied_from": from })),
    )
    .await?;
    Ok(next)
}

/// Saves the draft.
///
/// # Errors
/// `Invalid` by the form's fields; `Conflict` when it was saved by somebody else meanwhile; `NotFound` without a draft.
pub async fn save_draft(cx: &Ctx, key: &str, input: &BundleInput, notes: &str, edits: i64) -> Result<()> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let (mut tx, template, versions) = open(cx, key).await?;
    let draft = draft(versions, edits)?;
    let catalogue = store::catalogue(tx.conn()).await?;
    let mut errors = FieldErrors::default();
    let notes = errors.take("notes", optional(notes, "What changed", 2_000)).flatten().unwrap_or_default();
    let bundle = match input.validate(&catalogue) {
        Ok(bundle) if errors.is_empty() => bundle,
        Ok(_) => return Err(errors.into()),
        Err(more) => {
            more.0.into_iter().for_each(|(field, message)| errors.add(&field, message));
            return Err(errors.into());
        }
    };
    let at = VersionRef { template: template.id, version: draft.version };
    store::save_draft(tx.conn(), at, &bundle, &notes).await?;
    let changes = changed_lines(&draft.bundle, &bundle);
    tx.commit(
        AuditEvent::platform("template.save_draft", key)
            .after(json!({ "version": draft.version, "changes": changes, "notes": notes })),
    )
    .await
}

/// Throws the draft away.
///
/// # Errors
/// `Conflict` when it is the only version there is, or was saved by somebody else meanwhile; `NotFound` without a draft.
pub async fn discard_draft(cx: &Ctx, key: &str, edits: i64) -> Result<()> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let (mut tx, template, versions) = open(cx, key).await?;
    let only = versions.len() == 1;
    let draft = draft(versions, edits)?;
    if only {
        return Err(Error::Conflict("It is the only version. A template has at least one.".into()));
    }
    store::discard_draft(tx.conn(), VersionRef { template: template.id, version: draft.version }).await?;
    tx.commit(
        AuditEvent::platform("template.discard_draft", key)
            .before(json!({ "version": draft.version, "bundle": draft.bundle })),
    )
    .await
}

/// Publishes the draft: from then on it never changes, and can be applied. No tenant moves by itself. Answers its number.
///
/// # Errors
/// `Invalid` with what keeps it from being published; `Conflict` when it was saved by somebody else meanwhile.
pub async fn publish(cx: &Ctx, key: &str, edits: i64) -> Result<i32> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let (mut tx, template, versions) = open(cx, key).await?;
    let before = versions.iter().find(|v| v.state == VersionState::Published).map(|v| v.bundle.clone());
    let draft = draft(versions, edits)?;
    let catalogue = store::catalogue(tx.conn()).await?;
    let mut problems = draft.bundle.problems(&catalogue);
    if let Some(before) = &before {
        if changed_lines(before, &draft.bundle).is_empty() {
            problems.push("It holds the same as the version that is published now.".into());
        } else if draft.notes.is_empty() {
            problems.push("Say what changed: those whose tenants it concerns read it.".into());
        }
    }
    if !problems.is_empty() {
        return Err(Error::field("", problems.join(" ")));
    }
    let at = VersionRef { template: template.id, version: draft.version };
    store::publish(tx.conn(), at, cx.actor().name()).await?;
    let event = AuditEvent::platform("template.publish", key)
        .after(json!({ "version": draft.version, "notes": draft.notes, "bundle": draft.bundle,
            "changes": changed_lines(&before.unwrap_or_default(), &draft.bundle) }));
    tx.commit(event).await?;
    Ok(draft.version)
}

/// Takes a version out of use: it stays with the tenants that are on it, and is applied to nobody else.
///
/// # Errors
/// `Conflict` when it is the only published one, or is not published.
pub async fn deprecate(cx: &Ctx, key: &str, version: i32, reason: &str) -> Result<()> {
    cx.require(Permission::TemplateEdit, Scope::Platform).await?;
    let reason = required(reason, "A reason", 1_000).map_err(|why| Error::field("reason", why))?;
    let (mut tx, template, versions) = open(cx, key).await?;
    let published: Vec<_> =
        versions.iter().filter(|v| v.state == VersionState::Published).map(|v| v.version).collect();
    let found = pick(versions, version)?;
    if found.state != VersionState::Published {
        return Err(Error::Conflict(format!("It is {}.", found.state.label().to_lowercase())));
    }
    if published == [version] && key == super::DEFAULT {
        return Err(Error::Conflict(
            "It is the only published version of the default template: tenants are made from it.".into(),
        ));
    }
    store::deprecate(tx.conn(), VersionRef { template: template.id, version }, &reason).await?;
    tx.commit(
        AuditEvent::platform("template.deprecate", key)
            .reason(reason)
            .before(json!({ "version": version, "state": found.state }))
            .after(
                json!({ "version": version, "state": VersionState::Deprecated, "tenants": found.used_by }),
            ),
    )
    .await
}

/// A write on one template, which is locked: versions are counted.
async fn open(cx: &Ctx, key: &str) -> Result<(Tx, Template, Vec<Version>)> {
    let mut tx = cx.begin(Reach::Fleet).await?;
    let template = store::template(tx.conn(), key, true).await?.ok_or(Error::NotFound)?;
    let versions = store::versions(tx.conn(), template.id).await?;
    Ok((tx, template, versions))
}

fn pick(versions: Vec<Version>, version: i32) -> Result<Version> {
    versions.into_iter().find(|v| v.version == version).ok_or(Error::NotFound)
}

/// The draft, as the form saw it.
fn draft(versions: Vec<Version>, edits: i64) -> Result<Version> {
    let draft = versions.into_iter().find(|v| v.state == VersionState::Draft).ok_or(Error::NotFound)?;
    if draft.edits == edits {
        Ok(draft)
    } else {
        Err(Error::Conflict(
            "Somebody else saved the draft in the meantime. Reload it and look again.".into(),
        ))
    }
}

/// What differs, as the audit log keeps it.
fn changed_lines(from: &Bundle, to: &Bundle) -> Vec<String> {
    let word = |side: &Option<String>| side.clone().unwrap_or_else(|| "—".into());
    compare_bundles(from, to)
        .iter()
        .filter(|change| change.effect != Effect::Same)
        .map(|c| format!("{}:{} {} → {}", c.part.as_str(), c.key, word(&c.before), word(&c.after)))
        .collect()
}

/// What can be put into a template, for the form of a new one.
pub async fn catalogue(cx: &Ctx) -> Result<Catalogue> {
    cx.require(Permission::TemplateRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::catalogue(read.conn()).await
}

/// A published version of the template of this key, and the template's name. No permission: whoever asks has it.
pub(crate) async fn published(
    connection: &mut sqlx::PgConnection,
    key: &str,
    version: i32,
) -> Result<Option<(model::templates::VersionRef, String)>> {
    let Some(at) = super::edit_store::version_of_key(&mut *connection, key, version).await? else {
        return Ok(None);
    };
    let found = super::store::version(connection, at).await?;
    Ok(found.filter(|found| found.state == VersionState::Published).map(|found| (at, found.template.name)))
}

//! Sign-up pages, for the people of the platform.

use super::store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, OnConstraint, Result};
use crate::operations::check_provision;
use model::operations::ProvisionRequest;
use model::permission::{Permission, Scope};
use model::signup::{PageContent, PageDetail, PageInput, PageList, SHOWN, SignupPage, TemplateChoice};
use model::validate::FieldErrors;
use model::{SignupPageId, TemplateId};
use serde_json::json;
use sqlx::PgConnection;

/// Every page, those that are open first.
pub async fn pages(cx: &Ctx) -> Result<PageList> {
    cx.require(Permission::SignupPageRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let rows = store::pages(read.conn(), None).await?;
    Ok(PageList { rows, may_edit: cx.actor().allows(Permission::SignupPageManage, Scope::Platform) })
}

/// One page with the newest of those who signed up on it.
pub async fn page(cx: &Ctx, slug: &str) -> Result<PageDetail> {
    cx.require(Permission::SignupPageRead, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let row = store::pages(read.conn(), Some(slug)).await?.pop().ok_or(Error::NotFound)?;
    let signups = store::signups(read.conn(), row.page.id, SHOWN).await?;
    Ok(PageDetail {
        address: format!("{}/join/{}", cx.services().deployment().public_url, row.page.slug),
        row,
        signups,
        may_edit: cx.actor().allows(Permission::SignupPageManage, Scope::Platform),
    })
}

/// What a page can begin tenants with: every published version of every template, the newest of each first.
pub async fn choices(cx: &Ctx) -> Result<Vec<TemplateChoice>> {
    cx.require(Permission::SignupPageManage, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::choices(read.conn()).await
}

/// The content in its final form, and its template. All that is wrong is said at once.
async fn check(
    connection: &mut PgConnection,
    input: &PageInput,
    mut errors: FieldErrors,
) -> Result<(PageContent, TemplateId)> {
    // What the saga would refuse is refused here: the region, say.
    let mut request = ProvisionRequest::named("Sample", model::tenants::PlanId::Free);
    request.region.clone_from(&input.region);
    let region = match check_provision(&request) {
        Ok(checked) => checked.region,
        Err(wrong) => {
            errors.add("region", wrong.get("region").unwrap_or("This is not a region like eu-1."));
            String::new()
        }
    };
    let content = match input.validate() {
        Ok(content) => Some(PageContent { region, ..content }),
        Err(wrong) => {
            wrong.0.into_iter().for_each(|(field, message)| errors.add(&field, message));
            None
        }
    };
    let template = match &content {
        Some(content) => {
            let found = store::template(connection, &content.template, content.template_version).await?;
            if found.is_none() {
                errors.add("template", "There is no published template of this name and version.");
            }
            found
        }
        None => None,
    };
    match (content, template) {
        (Some(content), Some(template)) if errors.is_empty() => Ok((content, template)),
        _ => Err(errors.into()),
    }
}

/// Makes a page, open at once. Answers its slug.
///
/// # Errors
/// `Invalid` with all that is wrong, a slug in use among it.
pub async fn create(cx: &Ctx, input: &PageInput) -> Result<String> {
    cx.require(Permission::SignupPageManage, Scope::Platform).await?;
    let mut errors = FieldErrors::default();
    let slug = errors.take("slug", input.slug()).unwrap_or_default();
    let mut tx = cx.begin(Reach::Fleet).await?;
    let (content, template) = check(tx.conn(), input, errors).await?;
    let id = SignupPageId(cx.new_id());
    store::insert_page(tx.conn(), id, &slug, &content, template, cx.actor().name()).await.on_constraint(
        "signup_page_slug_key",
        "slug",
        "Another sign-up page has this address.",
    )?;
    tx.commit(AuditEvent::platform("signup_page.create", slug.as_str()).after(&content)).await?;
    Ok(slug)
}

/// What somebody is told who was not the first.
const QUICKER: &str = "Somebody else changed it in the meantime. Nothing was overwritten.";

/// The page as it stands, locked, where it is still the version that the form saw.
async fn held(connection: &mut PgConnection, slug: &str, version: i64) -> Result<SignupPage> {
    store::hold_page(connection, slug).await?.ok_or(Error::NotFound)?;
    let row = store::pages(connection, Some(slug)).await?.pop().ok_or(Error::NotFound)?;
    if row.page.version == version { Ok(row.page) } else { Err(Error::Conflict(QUICKER.into())) }
}

/// Changes a page. Who has registered already is made from what it says when they confirm.
///
/// # Errors
/// `Invalid` with all that is wrong; `Conflict` when it changed since the form was made.
pub async fn change(cx: &Ctx, slug: &str, input: &PageInput, version: i64) -> Result<()> {
    cx.require(Permission::SignupPageManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let before = held(tx.conn(), slug, version).await?;
    let (content, template) = check(tx.conn(), input, FieldErrors::default()).await?;
    store::update_page(tx.conn(), before.id, &content, template).await?;
    tx.commit(AuditEvent::platform("signup_page.change", slug).before(&before.content).after(&content)).await
}

/// Opens or closes a page; answers its name and new version.
///
/// # Errors
/// `Conflict` when it changed since the form was made, or is so already.
pub async fn switch(cx: &Ctx, slug: &str, open: bool, version: i64) -> Result<(String, i64)> {
    cx.require(Permission::SignupPageManage, Scope::Platform).await?;
    let mut tx = cx.begin(Reach::Fleet).await?;
    let page = held(tx.conn(), slug, version).await?;
    if page.open == open {
        let how = if open { "open" } else { "closed" };
        return Err(Error::Conflict(format!("It is {how} already.")));
    }
    store::switch_page(tx.conn(), page.id, open).await?;
    let action = if open { "signup_page.open" } else { "signup_page.close" };
    let event = AuditEvent::platform(action, slug);
    tx.commit(event.before(json!({ "open": page.open })).after(json!({ "open": open }))).await?;
    Ok((page.content.name, version + 1))
}

//! Applying a version to one tenant, and what that would change.

use super::{align, store};
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use crate::operations::second_person;
use model::operations::Kind;
use model::permission::{Permission, Scope};
use model::settings::Level;
use model::templates::{
    self as model_templates, Actual, ApplyPreview, Assigned, Bundle, Change, Effect, Offer, VersionRef,
    VersionState,
};
use model::tenants::Status;
use model::work::Work;
use model::{OperationId, TenantId};
use serde_json::json;
use sqlx::PgConnection;

/// What an application did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub tenant: TenantId,
    /// Slug and name of the tenant.
    pub slug: String,
    pub name: String,
    /// Name of the template.
    pub template: String,
    pub version: i32,
    /// The version it was on before.
    pub before: Option<VersionRef>,
    /// Every line, what stays the same among them.
    pub changes: Vec<Change>,
    /// `false`: it was so already, and nothing was written.
    pub changed: bool,
}

impl Applied {
    /// Lines that are otherwise now.
    pub fn count(&self, effect: Effect) -> i64 {
        i64::try_from(self.changes.iter().filter(|change| change.effect == effect).count())
            .unwrap_or(i64::MAX)
    }

    /// The audit line of the transaction.
    pub fn event(&self) -> AuditEvent {
        let lines: Vec<_> = self
            .changes
            .iter()
            .filter(|change| change.effect != Effect::Same)
            .map(|change| json!({ "what": format!("{}:{}", change.part.as_str(), change.key), "effect": change.effect, "before": change.before, "after": change.after }))
            .collect();
        let event = AuditEvent::on(self.tenant, "template.apply", self.name.clone())
            .after(json!({ "template": self.template, "version": self.version, "changes": lines }));
        match self.before {
            Some(before) => {
                event.before(json!({ "template_id": before.template, "version": before.version }))
            }
            None => event,
        }
    }
}

/// The published templates with their contents, as the wizard offers them; the default first.
pub async fn offers(cx: &Ctx) -> Result<Vec<Offer>> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    store::offers(read.conn(), None).await
}

/// The newest published version of the template of this key, or of the default. No permission: whoever asks has it.
///
/// # Errors
/// `NotFound` where no version of it is published.
pub async fn for_provisioning(connection: &mut PgConnection, key: Option<&str>) -> Result<Offer> {
    let key = key.unwrap_or(super::DEFAULT);
    store::offers(connection, Some(key)).await?.pop().ok_or(Error::NotFound)
}

/// What a provisioning was asked to begin with: this very version, whatever was published since. Every step of it asks
/// here, so that all of them read one bundle. Requests of before versions were written into them have the newest.
/// No permission: whoever started the operation has it.
///
/// # Errors
/// `NotFound` where there is none.
pub(crate) async fn asked_for(
    connection: &mut PgConnection,
    key: Option<&str>,
    version: Option<i32>,
) -> Result<(Offer, VersionState)> {
    let Some(version) = version else {
        return Ok((for_provisioning(connection, key).await?, VersionState::Published));
    };
    let key = key.unwrap_or(super::DEFAULT);
    let at = super::edit_store::version_of_key(&mut *connection, key, version).await?;
    let at = at.ok_or(Error::NotFound)?;
    let found = store::version(connection, at).await?.ok_or(Error::NotFound)?;
    let offer = Offer { template: found.template, version: at.version, bundle: found.bundle, used_by: 0 };
    Ok((offer, found.state))
}

/// [`asked_for`], where nothing has begun with it yet.
///
/// # Errors
/// `NotFound` where there is none; `Conflict` in words for a version that is not published (any more).
pub(crate) async fn to_begin_with(
    connection: &mut PgConnection,
    key: Option<&str>,
    version: Option<i32>,
) -> Result<Offer> {
    let (offer, state) = asked_for(connection, key, version).await?;
    match unusable(&offer.template.name, offer.version, state) {
        Some(why) => Err(Error::Conflict(why)),
        None => Ok(offer),
    }
}

/// Why a tenant that is not on this version cannot be put on it; nothing where it is published.
pub(super) fn unusable(template: &str, version: i32, state: VersionState) -> Option<String> {
    match state {
        VersionState::Draft => Some(format!("Version {version} of {template} is a draft. Publish it first.")),
        VersionState::Deprecated => {
            Some(format!("Version {version} of {template} is deprecated. Choose a newer one."))
        }
        VersionState::Published => None,
    }
}

/// Puts a tenant on a version, inside the caller's transaction (reach `Fleet`, or the one tenant's); commit with
/// [`Applied::event`] among the lines. No permission: whoever calls has asked for it. Applying what is applied already repairs what is missing, and changes nothing
/// where nothing is.
///
/// # Errors
/// `NotFound` for a tenant or version that is not there; `Conflict` for a draft, for a deprecated version that the
/// tenant is not on, for a tenant that is gone, and where more is in use than its quotas would leave.
pub async fn apply(
    connection: &mut PgConnection,
    cx: &Ctx,
    tenant: TenantId,
    at: VersionRef,
    reason: Option<&str>,
) -> Result<Applied> {
    apply_as(connection, cx, tenant, at, reason, None).await
}

/// [`apply`] as a step of an operation, which can be taken back by the operation's id.
pub(super) async fn apply_as(
    connection: &mut PgConnection,
    cx: &Ctx,
    tenant: TenantId,
    at: VersionRef,
    reason: Option<&str>,
    operation: Option<OperationId>,
) -> Result<Applied> {
    let by = cx.actor().name().to_owned();
    let (status, slug, name) = store::tenant(&mut *connection, tenant).await?;
    if let Some(why) = closed(status) {
        return Err(Error::Conflict(why));
    }
    let found = store::version(&mut *connection, at).await?.ok_or(Error::NotFound)?;
    let unusable = unusable(&found.template.name, at.version, found.state);
    if let Some(why) = unusable.clone().filter(|_| found.state == VersionState::Draft) {
        return Err(Error::Conflict(why));
    }
    // The rows to compare with are read before the pointer moves: it is one of the levels of the cascade.
    let fresh = store::lock_assigned(&mut *connection, tenant).await?;
    let actual = store::actual(&mut *connection, tenant).await?;
    let before = match fresh {
        Some(before) => Some(before),
        None if store::assign_first(&mut *connection, tenant, at, &by).await? => None,
        None => store::lock_assigned(&mut *connection, tenant).await?,
    };
    if let Some(why) = unusable.filter(|_| before != Some(at)) {
        return Err(Error::Conflict(why));
    }
    let level = Level::Template(found.template.name.clone(), at.version);
    let changes = model_templates::preview(&level, &found.bundle, &actual);
    let differing = changes.iter().filter(|change| change.effect == Effect::Changes).count();
    let untouched = found.bundle.tasks.iter().any(|task| actual.task(&task.key).is_none());
    let changed = before != Some(at) || differing > 0 || untouched;
    if let Some(why) = too_small(&mut *connection, tenant, &found.bundle, &actual).await? {
        return Err(Error::Conflict(why));
    }
    if changed {
        if before.is_some_and(|before| before != at) {
            store::assign(&mut *connection, tenant, at, &by).await?;
        }
        let source = format!("Template {}, version {}", found.template.name, at.version);
        store::add_fields(&mut *connection, tenant, &found.bundle.fields, &source).await?;
        let keys: Vec<_> = found.bundle.tasks.iter().map(|task| task.key.clone()).collect();
        let enabled: Vec<_> = found.bundle.tasks.iter().map(|task| task.enabled).collect();
        store::set_tasks(&mut *connection, tenant, &keys, &enabled, &source).await?;
        let count = i32::try_from(differing).unwrap_or(i32::MAX);
        let operation = operation.map(|operation| operation.0);
        store::record(
            &mut *connection,
            tenant,
            cx.new_id(),
            at,
            &by,
            reason,
            &changes,
            count,
            before,
            operation,
        )
        .await?;
        align::refresh_in(connection, tenant).await?;
    }
    let template = found.template.name;
    Ok(Applied { tenant, slug, name, template, version: at.version, before, changes, changed })
}

/// Why the quotas of a bundle do not fit what a tenant uses; nothing where they do.
pub(super) async fn too_small(
    connection: &mut PgConnection,
    tenant: TenantId,
    bundle: &Bundle,
    actual: &Actual,
) -> Result<Option<String>> {
    let used = crate::plans::used_on(connection, tenant).await?;
    let refusals = model_templates::quota_refusals(bundle, actual, |meter| used.get(&meter).copied());
    Ok((!refusals.is_empty()).then(|| refusals.join(" ")))
}

/// The version that a tenant is on, with its contents: for its own people and programs as well.
///
/// # Errors
/// `NotFound` where it is on none.
pub async fn of_tenant(cx: &Ctx, tenant: TenantId) -> Result<(Assigned, Bundle)> {
    cx.require(Permission::TenantRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Tenant(tenant)).await?;
    let on = store::assigned(read.conn(), tenant).await?.ok_or(Error::NotFound)?;
    let at = VersionRef { template: on.template.id, version: on.version };
    let found = store::version(read.conn(), at).await?.ok_or(Error::NotFound)?;
    Ok((on, found.bundle))
}

/// What applying would change, without changing it (R33).
///
/// # Errors
/// `NotFound` for a template or version that is not there.
pub async fn preview(cx: &Ctx, tenant: TenantId, key: &str, version: i32) -> Result<ApplyPreview> {
    cx.require(Permission::TemplateRead, Scope::Tenant(tenant)).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    let conn = read.conn();
    let (status, slug, name) = store::tenant(conn, tenant).await?;
    let at = super::edit_store::version_of_key(conn, key, version).await?.ok_or(Error::NotFound)?;
    let found = store::version(conn, at).await?.ok_or(Error::NotFound)?;
    let now = store::assigned(conn, tenant).await?;
    let actual = store::actual(conn, tenant).await?;
    let level = Level::Template(found.template.name.clone(), at.version);
    let changes = model_templates::preview(&level, &found.bundle, &actual);
    let on_it = now.as_ref().is_some_and(|now| now.template.id == at.template && now.version == at.version);
    let refusal = Work::Configure.check(status).err().or_else(|| match found.state {
        VersionState::Draft => Some("It is a draft. Publish it first.".to_owned()),
        VersionState::Deprecated if !on_it => {
            Some("This version is deprecated. Choose a newer one.".to_owned())
        }
        _ => None,
    });
    let refusal = match refusal {
        None => too_small(&mut *conn, tenant, &found.bundle, &actual).await?,
        some => some,
    };
    let catalogue = super::edit_store::catalogue(conn).await?;
    let to = Offer { template: found.template, version: at.version, bundle: found.bundle, used_by: 0 };
    let second_person = second_person(conn, Kind::ApplyTemplate, tenant, false, &json!(null)).await?;
    Ok(ApplyPreview { tenant, slug, name, now, to, changes, catalogue, refusal, second_person })
}

/// Why nobody can put a tenant of this status on a template any more.
pub(super) fn closed(status: Status) -> Option<String> {
    match status {
        Status::Offboarded | Status::Purging | Status::Deleted => Some(format!(
            "The tenant is {}: nothing is applied to it any more.",
            status.label().to_lowercase()
        )),
        Status::Provisioning
        | Status::Failed
        | Status::Trial
        | Status::Active
        | Status::Suspended
        | Status::Offboarding => None,
    }
}

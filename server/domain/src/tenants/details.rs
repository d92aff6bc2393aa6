//! What is on record about a tenant, and changing it: name, domain, external id, country, industry, tags, owner, and the
//! reference under which it is billed (R11).
//!
//! Invariants: slug, region and placement are no part of it, because addresses, keys and data hang on them; an owner is
//! somebody who acts for the platform and can sign in; a form that was filled in on an older version is told what changed.
//! The tenant's own people see what is on record, but not who looks after it, and change nothing of it.

use super::lifecycle::changed_since;
use super::many::Prepared;
use super::relabel::{Labels, Relabelling};
use super::store::details as store;
use super::store::details::Row;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::details::{
    BILLING_REFERENCE_MAX, Details, DetailsInput, Owner, REASON_MAX, clean_tags, retag, split_tags,
};
use model::permission::{Permission, Scope};
use model::validate::{self, FieldErrors};
use model::work::Work;
use model::{TenantId, UserId};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The details of the tenant of an address, and what the form offers whoever may change them.
pub async fn details(cx: &Ctx, slug: &str) -> Result<Details> {
    let head = super::head(cx, slug).await?;
    let may_change = cx.actor().allows(Permission::TenantDetails, Scope::Tenant(head.tenant.id));
    let owners = if may_change {
        let mut read = cx.read(Reach::Fleet).await?;
        store::owners(read.conn()).await?
    } else {
        vec![]
    };
    Ok(Details { head, owners, may_change })
}

/// Changes what is on record, all of it at once.
///
/// # Errors
/// `Invalid` field by field, a domain or external id of another tenant among it, and where nothing is different;
/// `Conflict` for a stale form, or in the words of [`Work::check`].
pub async fn change_details(cx: &Ctx, id: TenantId, version: i64, input: &DetailsInput) -> Result<()> {
    cx.require(Permission::TenantDetails, Scope::Tenant(id)).await?;
    let mut errors = FieldErrors::default();
    let name = errors.take("name", validate::line(&input.name, "A name", 200));
    let domain =
        if input.domain.trim().is_empty() { Ok(None) } else { validate::domain(&input.domain).map(Some) };
    let domain = errors.take("domain", domain);
    let mut optional =
        |field: &str, text: &str, what: &str| errors.take(field, validate::optional_line(text, what, 100));
    let external_id = optional("external_id", &input.external_id, "An external id");
    let country = optional("country", &input.country, "A country");
    let industry = optional("industry", &input.industry, "An industry");
    let tags = errors.take("tags", clean_tags(&split_tags(&input.tags)));
    let owner = errors.take("owner", model::details::owner(&input.owner));
    let reason = errors.take("reason", validate::required(&input.reason, "A reason", REASON_MAX));
    let (
        Some(name),
        Some(domain),
        Some(external_id),
        Some(country),
        Some(industry),
        Some(tags),
        Some(owner),
        Some(reason),
    ) = (name, domain, external_id, country, industry, tags, owner, reason)
    else {
        return Err(errors.into());
    };
    let mut tx = cx.begin_about(id, Work::Record).await?;
    let before = store::get(tx.conn(), id).await?;
    current(tx.conn(), id, &before, version).await?;
    let owner_name = named(tx.conn(), &before, owner).await;
    let owner_name = errors_of(&mut errors, owner_name)?;
    let (domain_taken, external_id_taken) =
        store::taken(tx.conn(), id, domain.as_deref(), external_id.as_deref()).await?;
    if domain_taken {
        errors.add("domain", store::DOMAIN);
    }
    if external_id_taken {
        errors.add("external_id", store::EXTERNAL_ID);
    }
    errors.into_result()?;
    let asked =
        Row { name, domain, external_id, country, industry, tags, owner, owner_name, ..before.clone() };
    if asked == before {
        return Err(Error::field("", "Nothing is different. Change something, or go back."));
    }
    store::set(tx.conn(), id, &asked).await?;
    let after = store::get(tx.conn(), id).await?;
    let event = AuditEvent::on(id, "tenant.change_details", before.name.clone())
        .reason(reason)
        .before(&before)
        .after(&after);
    tx.commit(event).await
}

/// Sets the reference under which it is billed; empty: none.
///
/// # Errors
/// `Invalid` at `billing_reference`; `Conflict` for a stale form, or in the words of [`Work::check`].
pub async fn set_billing_reference(cx: &Ctx, id: TenantId, version: i64, reference: &str) -> Result<()> {
    cx.require(Permission::TenantDetails, Scope::Tenant(id)).await?;
    let reference = validate::optional_line(reference, "A billing reference", BILLING_REFERENCE_MAX)
        .map_err(|why| Error::field("billing_reference", why))?;
    let mut tx = cx.begin_about(id, Work::Record).await?;
    let before = store::get(tx.conn(), id).await?;
    current(tx.conn(), id, &before, version).await?;
    if before.billing_reference == reference {
        // A program that says it every night makes no news, and nobody's form stale.
        return Ok(());
    }
    store::set_billing_reference(tx.conn(), id, reference.as_deref()).await?;
    let after = store::get(tx.conn(), id).await?;
    let event =
        AuditEvent::on(id, "tenant.set_billing_reference", before.name.clone()).before(&before).after(&after);
    tx.commit(event).await
}

/// The form was filled in on what is true now, or its reader is told what changed.
async fn current(connection: &mut PgConnection, id: TenantId, row: &Row, version: i64) -> Result<()> {
    if row.version == version {
        return Ok(());
    }
    let what = changed_since(connection, id, version).await?;
    Err(Error::Conflict(format!("{what}. Nothing was done. Look at it as it is now and decide again.")))
}

/// The name of who is to look after it. Whoever does so already may stay, also where they could not be chosen any more.
async fn named(connection: &mut PgConnection, before: &Row, owner: Option<UserId>) -> Result<Option<String>> {
    let Some(id) = owner else { return Ok(None) };
    if before.owner == Some(id) {
        return Ok(before.owner_name.clone());
    }
    let found = store::owner(connection, id).await?;
    found
        .map(|owner| Some(owner.name))
        .ok_or_else(|| Error::field("owner", "Choose somebody of the list: who acts for the platform."))
}

/// Keeps what is wrong with a field for the others to join it; any other error is one.
fn errors_of(errors: &mut FieldErrors, found: Result<Option<String>>) -> Result<Option<String>> {
    match found {
        Err(Error::Invalid(wrong)) => {
            wrong.0.into_iter().for_each(|(field, message)| errors.add(&field, message));
            Ok(None)
        }
        other => other,
    }
}

/// Who may look after tenants.
pub(crate) async fn owners(connection: &mut PgConnection) -> Result<Vec<Owner>> {
    store::owners(connection).await
}

/// One of them; none for somebody who may not.
pub(crate) async fn owner(connection: &mut PgConnection, id: UserId) -> Result<Option<Owner>> {
    store::owner(connection, id).await
}

/// What bulk work does to owner and tags.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Relabel<'a> {
    /// None: nobody looks after them any more.
    Owner(Option<(UserId, &'a str)>),
    Tags {
        add: &'a [String],
        remove: &'a [String],
    },
}

/// What is asked for on each of these tenants, decided on the version that was previewed; or why not: it changed since.
pub(crate) async fn prepare_details(
    connection: &mut PgConnection,
    tenants: &[(TenantId, i64)],
    what: Relabel<'_>,
    reason: &str,
) -> Result<Vec<(TenantId, Result<Prepared, String>)>> {
    let ids: Vec<TenantId> = tenants.iter().map(|(tenant, _)| *tenant).collect();
    let mut rows: HashMap<TenantId, Row> = store::many(&mut *connection, &ids).await?.into_iter().collect();
    let mut out = Vec::with_capacity(tenants.len());
    for (tenant, version) in tenants {
        let one = match rows.remove(tenant) {
            None => Err("It is not there any more.".to_owned()),
            Some(row) if row.version != *version => {
                let what = changed_since(&mut *connection, *tenant, *version).await?;
                Err(format!("{what}, after the preview. Nothing was done."))
            }
            Some(row) => {
                let was = row.labels();
                let to = match what {
                    Relabel::Owner(owner) => Labels {
                        owner: owner.map(|(id, _)| id),
                        owner_name: owner.map(|(_, name)| name.to_owned()),
                        tags: was.tags.clone(),
                    },
                    Relabel::Tags { add, remove } => {
                        Labels { tags: retag(&was.tags, add, remove), ..was.clone() }
                    }
                };
                let asked = Relabelling { version: *version, reason: reason.to_owned(), was, to };
                Ok(Prepared { payload: serde_json::to_value(asked)?, name: row.name })
            }
        };
        out.push((*tenant, one));
    }
    Ok(out)
}

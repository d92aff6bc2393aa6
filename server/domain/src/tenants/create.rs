//! What a tenant to be has to be like: the rules that the wizard, sign-up, the import and programs share. Nothing is made
//! here: one tenant is made by the operation `provision`, a fleet that exists elsewhere comes by the import.

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, Result};
use model::directory::NewTenant;
use model::permission::{Permission, Scope};
use model::settings::Key;
use model::tenants::PlanId;
use model::validate::{self, FieldErrors};
use model::{TenantId, UserId};
use serde::Serialize;

/// Where tenants live unless said otherwise.
pub(super) const REGION: &str = "eu-1";

/// A tenant to be whose every field is right.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Checked {
    pub slug: String,
    pub name: String,
    pub domain: Option<String>,
    pub external_id: Option<String>,
    pub plan: PlanId,
    pub region: String,
    pub country: Option<String>,
    pub tags: Vec<String>,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}

/// Days of a trial that begins now, as the settings say (R9). Under a reach that sees the platform's rows.
pub(super) async fn trial_days(connection: &mut sqlx::PgConnection) -> Result<i32> {
    let days = crate::settings::of_new(connection, Key::TrialDays, None).await?;
    days.as_number()
        .and_then(|days| i32::try_from(days).ok())
        .ok_or_else(|| Error::Internal("a trial without days".into()))
}

/// The same for the page of the import.
pub async fn offered_trial(cx: &Ctx) -> Result<i32> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    trial_days(read.conn()).await
}

/// For tests of what has nothing to do with the making: a tenant on trial, its row and its first audit line.
#[cfg(any(test, feature = "testing"))]
pub(crate) async fn put(cx: &Ctx, new: NewTenant) -> Result<TenantId> {
    let tenant = check(&new)?;
    let id = TenantId(cx.new_id());
    let mut tx = cx.begin(Reach::Fleet).await?;
    let days = trial_days(tx.conn()).await?;
    super::store::import::insert(tx.conn(), &[(id, &tenant)], days).await?;
    tx.commit(created(id, &tenant)).await?;
    Ok(id)
}

/// The first line in a tenant's own chain.
pub(super) fn created(id: TenantId, tenant: &Checked) -> AuditEvent {
    AuditEvent::on(id, "tenant.create", tenant.name.clone()).after(tenant)
}

/// Everything that can be said without looking at other tenants.
pub(crate) fn check(new: &NewTenant) -> Result<Checked, FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = errors.take("name", validate::line(&new.name, "A name", 200));
    let slug = if new.slug.trim().is_empty() {
        Ok(validate::suggest_slug(&new.name))
    } else {
        validate::slug(&new.slug)
    };
    let slug = errors.take("slug", slug);
    let domain =
        if new.domain.trim().is_empty() { Ok(None) } else { validate::domain(&new.domain).map(Some) };
    let domain = errors.take("domain", domain);
    let external_id =
        errors.take("external_id", validate::optional_line(&new.external_id, "An external id", 100));
    let region = errors.take("region", region(&new.region));
    let country = errors.take("country", validate::optional_line(&new.country, "A country", 100));
    let tags = errors.take("tags", model::details::clean_tags(&new.tags));
    match (name, slug, domain, external_id, region, country, tags) {
        (
            Some(name),
            Some(slug),
            Some(domain),
            Some(external_id),
            Some(region),
            Some(country),
            Some(tags),
        ) => Ok(Checked {
            slug,
            name,
            domain,
            external_id,
            plan: new.plan,
            region,
            country,
            tags,
            owner: None,
        }),
        _ => Err(errors),
    }
}

fn region(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(REGION.to_owned());
    }
    let fits = (2..=30).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(text) } else { Err(format!("“{text}” is not a region like eu-1.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let new = NewTenant {
            slug: "Bad Slug".into(),
            domain: "nodot".into(),
            region: "EU 1!".into(),
            tags: (0..11).map(|n| n.to_string()).collect(),
            ..NewTenant::named(" ", PlanId::Free)
        };
        let errors = check(&new).expect_err("wrong");
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["domain", "name", "region", "slug", "tags"]);
    }

    #[test]
    fn names_and_what_stands_beside_them_are_one_line_that_can_be_seen() {
        let new = NewTenant {
            external_id: "a\tb".into(),
            country: "\u{200B}".into(),
            tags: vec!["vip\u{202E}".into()],
            ..NewTenant::named("Acme\nHoldings", PlanId::Free)
        };
        let errors = check(&new).expect_err("wrong");
        assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["country", "external_id", "name", "tags"]);
        assert_eq!(errors.get("name"), Some("A name cannot hold line breaks or invisible characters."));
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let tenant = check(&NewTenant::named(" Ökonomie & Söhne ", PlanId::Starter)).expect("fine");
        assert_eq!(
            (tenant.name.as_str(), tenant.slug.as_str(), tenant.region.as_str()),
            ("Ökonomie & Söhne", "oekonomie-soehne", "eu-1")
        );
        assert_eq!(tenant.domain, None);
    }
}

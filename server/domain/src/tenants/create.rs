//! Making one tenant; import and demo fleet make theirs by the same rules.

use super::store::import as store;
use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach};
use crate::error::{Error, OnConstraint, Result};
use crate::notifications::announce;
use model::TenantId;
use model::directory::NewTenant;
use model::notifications::Event;
use model::permission::{Permission, Scope};
use model::settings::Key;
use model::tenants::PlanId;
use model::validate::{self, FieldErrors};
use serde::Serialize;

/// Where tenants live unless said otherwise.
pub(super) const REGION: &str = "eu-1";
const TAGS_MAX: usize = 10;

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
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    /// Days of its trial.
    pub trial_days: i32,
}

/// Days of a trial that begins now, as the settings say (R9). Under a reach that sees the platform's rows.
pub(super) async fn trial_days(connection: &mut sqlx::PgConnection) -> Result<i32> {
    let days = crate::settings::of_new(connection, Key::TrialDays, None).await?;
    days.as_number()
        .and_then(|days| i32::try_from(days).ok())
        .ok_or_else(|| Error::Internal("a trial without days".into()))
}

/// The same for the page that offers it.
pub async fn offered_trial(cx: &Ctx) -> Result<i32> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut read = cx.read(Reach::Fleet).await?;
    trial_days(read.conn()).await
}

/// Makes a tenant on trial. Its slug is suggested from its name unless given.
///
/// # Errors
/// `Invalid` with all that is wrong, a slug, domain or external id in use among it.
pub async fn create(cx: &Ctx, new: NewTenant) -> Result<Created> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let tenant = check(&new)?;
    let id = TenantId(cx.new_id());
    let mut tx = cx.begin(Reach::Fleet).await?;
    in_use(tx.conn(), &tenant).await?;
    let trial_days = trial_days(tx.conn()).await?;
    store::insert(tx.conn(), &[(id, &tenant)], trial_days)
        .await
        .on_constraint("tenant_slug_key", "slug", SLUG)
        .on_constraint("tenant_domain_key", "domain", DOMAIN)
        .on_constraint("tenant_external_id_key", "external_id", EXTERNAL_ID)?;
    crate::checklists::start_onboarding(tx.conn(), &[id]).await?;
    announce(&mut tx, id, Event::TenantCreated, serde_json::json!({})).await?;
    tx.commit(created(id, &tenant)).await?;
    Ok(Created { id, slug: tenant.slug, name: tenant.name, trial_days })
}

const SLUG: &str = "Another tenant has this slug.";
const DOMAIN: &str = "Another tenant has this domain.";
const EXTERNAL_ID: &str = "Another tenant has this external id.";

/// Says everything of it that another tenant has; the constraints say only the first, and have the last word in a race.
async fn in_use(connection: &mut sqlx::PgConnection, tenant: &Checked) -> Result<()> {
    let some = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
    let (slugs, domains) = (vec![tenant.slug.clone()], some(&tenant.domain));
    let taken = store::taken(connection, &slugs, &domains, &some(&tenant.external_id)).await?;
    let mut errors = FieldErrors::default();
    for (field, message, taken) in [
        ("slug", SLUG, taken.slugs),
        ("domain", DOMAIN, taken.domains),
        ("external_id", EXTERNAL_ID, taken.external_ids),
    ] {
        if !taken.is_empty() {
            errors.add(field, message);
        }
    }
    errors.into_result().map_err(Into::into)
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
    let tags = errors.take("tags", tags(&new.tags));
    match (name, slug, domain, external_id, region, country, tags) {
        (
            Some(name),
            Some(slug),
            Some(domain),
            Some(external_id),
            Some(region),
            Some(country),
            Some(tags),
        ) => Ok(Checked { slug, name, domain, external_id, plan: new.plan, region, country, tags }),
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

fn tags(tags: &[String]) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    for tag in tags.iter().map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty()) {
        validate::line(&tag, "A tag", 30)?;
        if !out.contains(&tag) {
            out.push(tag);
        }
    }
    if out.len() > TAGS_MAX { Err(format!("A tenant may have {TAGS_MAX} tags at most.")) } else { Ok(out) }
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

//! Making a tenant (R10–R26): who asked and who approved, the record, its place, isolation proven by attack, its
//! vector collection, its configuration and baseline, its first people, what watches it, a smoke test, the success criteria with their evidence,
//! and only then trial or active.
//!
//! Invariants: the names of a tenant are taken with the request ([`request`]), so that of many simultaneous ones for a
//! slug one remains; the request names the version of its template, and every step reads that very bundle, so that what
//! a second person approves is what is applied; nobody gets in before the last step; undone after a failure there is the
//! record in status `failed` (which keeps its names for a retry) and nothing else, rolled back or cancelled there is
//! nothing at all.

mod acceptance;
mod configure;
mod finish;
mod limits;
mod people;
mod place;
mod record;
mod smoke;
mod store;
mod terms;
mod unfit;
mod vectors;

pub(crate) use configure::watch;
pub(crate) use terms::terms;
pub(crate) use unfit::{owner as unfit_owner, people as unfit_people};

use crate::audit::AuditEvent;
use crate::ctx::{Ctx, Reach, Tx};
use crate::error::{Error, Result};
use crate::operations::step::{Step, step};
use crate::operations::{Request, enqueue, repeated, ring};
use crate::tenants;
use model::directory::NewTenant;
use model::operations::{Kind, Person, ProvisionRequest, Requested};
use model::people::PEOPLE_MAX;
use model::permission::{Permission, Role, Scope};
use model::tenants::Placement;
use model::validate::{self, FieldErrors};
use model::{OperationId, TenantId};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashSet;

/// The longest trial, in days.
const TRIAL_MAX: i32 = 365;

pub(super) static STEPS: &[Step] = &[
    step!(Sql, "validate", "Check the request", record::validate),
    step!(Sql, "record", "Create the record", record::row),
    step!(Sql, "placement", "Give its data a place", place::placement),
    step!(Sql, "indexes", "Check indexes and context functions", place::indexes),
    step!(Outside, "isolation", "Prove its isolation", place::isolation),
    step!(Sql, "vectors", "Make its vector collection", vectors::collection),
    step!(Sql, "configuration", "Apply template, configuration and policies", configure::configuration),
    step!(Sql, "administrator", "Let its administrators in", people::administrator),
    step!(Sql, "monitoring", "Set up quotas, monitoring and backups", configure::monitoring),
    step!(Sql, "baseline", "Check baseline fields and tasks", configure::baseline),
    step!(Outside, "smoke", "Run a conversation through it", smoke::trial),
    step!(Sql, "criteria", "Check the success criteria", finish::criteria),
    step!(Sql, "activate", "Open it", finish::activate),
];

/// Asks for a tenant. `key` makes a repetition within 24 hours the same request.
///
/// # Errors
/// `Invalid` with all that is wrong, a slug in use or asked for by somebody else among it; `Conflict` for a key that was
/// used with another request.
pub async fn request(cx: &Ctx, asked: ProvisionRequest, key: Option<&str>) -> Result<Requested> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let body = serde_json::to_vec(&asked)?;
    let asked = check(&asked)?;
    let id = OperationId(cx.new_id());
    let mut tx = cx.begin(Reach::Fleet).await?;
    if let Some(key) = key
        && let Some(same) = repeated(&mut tx, cx, key, &body, id).await?
    {
        drop(tx);
        let operation = crate::operations::get(cx, same).await?;
        let (tenant, state) = (operation.row.tenant, operation.row.state);
        return Ok(Requested { id: same, tenant, state, repeated: true });
    }
    let (requested, event) = request_in(&mut tx, cx, &asked, id).await?;
    tx.commit(event).await?;
    ring(cx);
    Ok(requested)
}

/// Asks for a tenant in the caller's transaction (reach `Fleet`), who commits the line and [`ring`]s.
///
/// # Errors
/// As [`request`].
pub(crate) async fn request_in(
    tx: &mut Tx,
    cx: &Ctx,
    asked: &ProvisionRequest,
    id: OperationId,
) -> Result<(Requested, AuditEvent)> {
    cx.require(Permission::TenantCreate, Scope::Platform).await?;
    let mut asked = check(asked)?;
    let tenant = TenantId(cx.new_id());
    let (key, version) = (template_key(&asked), asked.template_version);
    let template = crate::templates::to_begin_with(tx.conn(), key, version).await;
    let template = template.map_err(|error| match error {
        Error::NotFound if version.is_some() => {
            Error::field("template", "There is no such version of this template.")
        }
        Error::NotFound => Error::field("template", "There is no published template of this name."),
        Error::Conflict(why) => Error::field("template", why),
        other => other,
    })?;
    // From here on it is this version, whatever is published before it is approved and carried out.
    (asked.template, asked.template_version) = (template.template.key, Some(template.version));
    let mut wrong = FieldErrors::default();
    if let Some(why) = unfit_owner(tx.conn(), &asked).await? {
        wrong.add("owner", why);
    }
    if let Some((field, why)) = unfit_people(tx.conn(), &asked).await? {
        wrong.add(field, why);
    }
    wrong.into_result()?;
    store::take_names(tx.conn(), id, &asked).await?;
    let reason = Some(asked.reason.as_str()).filter(|reason| !reason.is_empty());
    let request = Request {
        id,
        kind: Kind::Provision,
        tenant,
        subject: &asked.name,
        payload: serde_json::to_value(&asked)?,
        reason,
        dedicated: asked.placement == Placement::Dedicated,
        parent: None,
        run_after: None,
    };
    let requested = enqueue(tx, cx, &request).await?;
    let mut event = AuditEvent::platform("operation.request", format!("Provision {}", asked.name))
        .after(json!({ "operation": id, "tenant": tenant, "request": asked }));
    if let Some(reason) = reason {
        event = event.reason(reason);
    }
    Ok((requested, event))
}

/// Nothing of a request that is given up before it began stays taken.
pub(super) async fn dropped(connection: &mut PgConnection, id: OperationId) -> Result<()> {
    store::give_names_back(connection, id).await
}

fn template_key(asked: &ProvisionRequest) -> Option<&str> {
    Some(asked.template.as_str()).filter(|key| !key.is_empty())
}

fn new_tenant(asked: &ProvisionRequest) -> NewTenant {
    NewTenant {
        name: asked.name.clone(),
        slug: asked.slug.clone(),
        domain: asked.domain.clone(),
        external_id: asked.external_id.clone(),
        plan: asked.plan,
        region: asked.region.clone(),
        country: asked.country.clone(),
        tags: asked.tags.clone(),
    }
}

/// The request as it will be carried out: every field checked and in its final form.
pub(crate) fn check(asked: &ProvisionRequest) -> Result<ProvisionRequest, FieldErrors> {
    let (tenant, mut errors) = match tenants::check(&new_tenant(asked)) {
        Ok(tenant) => (Some(tenant), FieldErrors::default()),
        Err(errors) => (None, errors),
    };
    let admin = asked.admin.as_ref().filter(|a| !a.email.trim().is_empty() || !a.name.trim().is_empty());
    let admin = admin.map(|admin| person(&mut errors, "admin_", admin));
    if asked.people.len() > PEOPLE_MAX {
        errors.add("people", format!("At most {PEOPLE_MAX} people at once."));
    }
    let people = listed(&mut errors, admin.as_ref(), &asked.people);
    if !(0..=TRIAL_MAX).contains(&asked.trial_days) {
        errors.add("trial_days", format!("A trial has 0 to {TRIAL_MAX} days."));
    }
    let mut text = |field: &str, value: &str, what: &str, max| {
        errors.take(field, validate::optional_line(value, what, max)).flatten().unwrap_or_default()
    };
    let billing_reference = text("billing_reference", &asked.billing_reference, "A billing reference", 100);
    let support_contact = text("support_contact", &asked.support_contact, "A support contact", 200);
    let escalation_contact =
        text("escalation_contact", &asked.escalation_contact, "An escalation contact", 200);
    let reason = errors.take("reason", validate::optional(&asked.reason, "A reason", 2_000));
    let reason = reason.flatten().unwrap_or_default();
    let limits = model::limits::check(&mut errors, &asked.limits);
    for (key, value) in &asked.settings {
        let known = key.parse::<model::settings::Key>().ok();
        let value = serde_json::from_value::<model::settings::Value>(value.clone()).ok();
        if !known.zip(value).is_some_and(|(key, value)| key.accepts(&value)) {
            errors.add("settings", format!("“{key}” is no setting, or this is no value for it."));
        }
    }
    match tenant {
        Some(tenant) if errors.is_empty() => Ok(ProvisionRequest {
            name: tenant.name,
            slug: tenant.slug,
            domain: tenant.domain.unwrap_or_default(),
            external_id: tenant.external_id.unwrap_or_default(),
            region: tenant.region,
            country: tenant.country.unwrap_or_default(),
            tags: tenant.tags,
            limits,
            admin,
            people,
            billing_reference,
            reason,
            support_contact,
            escalation_contact,
            ..asked.clone()
        }),
        _ => Err(errors),
    }
}

/// The further people, each once and none of them the administrator again; what is wrong stands at the list.
fn listed(errors: &mut FieldErrors, admin: Option<&Person>, people: &[Person]) -> Vec<Person> {
    let mut seen: HashSet<String> = admin.map(|admin| admin.email.clone()).into_iter().collect();
    let mut wrong = Vec::new();
    let mut checked = Vec::with_capacity(people.len());
    for (someone, number) in people.iter().zip(1..).take(PEOPLE_MAX) {
        let mut own = FieldErrors::default();
        let one = person(&mut own, "", someone);
        if !own.is_empty() {
            let why: Vec<_> = own.0.into_values().collect();
            wrong.push(format!("Person {number}: {}", why.join(" ")));
        } else if admin.is_some_and(|admin| admin.email == one.email) {
            wrong.push(format!("{} is the first administrator already.", one.email));
        } else if !seen.insert(one.email.clone()) {
            wrong.push(format!("{} is on the list twice.", one.email));
        }
        checked.push(one);
    }
    if !wrong.is_empty() {
        wrong.truncate(10);
        errors.add("people", wrong.join(" "));
    }
    checked
}

fn person(errors: &mut FieldErrors, prefix: &str, person: &Person) -> Person {
    let name = errors.take(&format!("{prefix}name"), validate::line(&person.name, "A name", 120));
    let email = errors.take(&format!("{prefix}email"), validate::email(&person.email));
    let role = if person.role.is_platform() {
        errors.add(&format!("{prefix}role"), "This role belongs to the platform, not to a tenant.");
        Role::TenantMember
    } else {
        person.role
    };
    Person { name: name.unwrap_or_default(), email: email.unwrap_or_default(), role }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::tenants::PlanId;

    #[test]
    fn all_that_is_wrong_with_a_request_is_said_at_once() {
        let mut asked = ProvisionRequest::named(" ", PlanId::Free);
        asked.admin = Some(Person { name: String::new(), email: "nobody".into(), role: Role::Owner });
        asked.trial_days = 400;
        asked.settings.insert("no.such".into(), json!(1));
        let errors = check(&asked).expect_err("wrong");
        let fields: Vec<_> = errors.0.keys().map(String::as_str).collect();
        assert_eq!(fields, ["admin_email", "admin_name", "admin_role", "name", "settings", "trial_days"]);
    }

    #[test]
    fn of_a_list_everybody_is_let_in_once() {
        let person = |email: &str, role| Person { name: "N".into(), email: email.into(), role };
        let mut asked = ProvisionRequest::named("Acme", PlanId::Free);
        asked.admin = Some(person("Ada@example.com", Role::TenantAdmin));
        asked.people = vec![person("Bo@example.com", Role::TenantMember)];
        let checked = check(&asked).expect("fine");
        assert_eq!(checked.people[0].email, "bo@example.com");
        for (more, says) in [
            (
                person("ada@example.com", Role::TenantMember),
                "ada@example.com is the first administrator already.",
            ),
            (person("BO@example.com", Role::TenantAdmin), "bo@example.com is on the list twice."),
            (person("nobody", Role::TenantMember), "Person 2: “nobody” is not an e-mail address."),
            (
                person("cy@example.com", Role::Operator),
                "Person 2: This role belongs to the platform, not to a tenant.",
            ),
        ] {
            let asked = ProvisionRequest { people: vec![asked.people[0].clone(), more], ..asked.clone() };
            let errors = check(&asked).expect_err("wrong");
            assert_eq!((errors.0.len(), errors.get("people")), (1, Some(says)));
        }
        asked.people =
            (0..=PEOPLE_MAX).map(|n| person(&format!("n{n}@example.com"), Role::TenantMember)).collect();
        assert_eq!(check(&asked).expect_err("too many").get("people"), Some("At most 500 people at once."));
    }

    #[test]
    fn a_checked_request_is_in_its_final_form() {
        let mut asked = ProvisionRequest::named(" Acme & Söhne ", PlanId::Free);
        asked.admin = Some(Person { name: String::new(), email: " ".into(), role: Role::TenantAdmin });
        let checked = check(&asked).expect("fine");
        assert_eq!((checked.name.as_str(), checked.slug.as_str()), ("Acme & Söhne", "acme-soehne"));
        assert_eq!(checked.admin, None, "an empty form is no administrator");
        assert_eq!(check(&checked), Ok(checked.clone()), "checking again changes nothing");
    }
}

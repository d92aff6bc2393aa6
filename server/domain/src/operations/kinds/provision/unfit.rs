//! Why a checked request cannot be carried out as it is: nobody could look after the tenant, or its people cannot be let in
//! (R23). By what it would be allowed: by its plan, its template, or for it alone.

use super::{ProvisionRequest, store, terms};
use crate::error::Result;
use crate::tenants;
use model::limits::LimitSource;
use model::usage::{Limit, LimitMeter};
use sqlx::PgConnection;

/// Why who is named could not look after it: they do not act for the platform (any more).
pub(crate) async fn owner(
    connection: &mut PgConnection,
    asked: &ProvisionRequest,
) -> Result<Option<&'static str>> {
    let Some(owner) = asked.owner else { return Ok(None) };
    let found = tenants::owner(connection, owner).await?;
    Ok(found.is_none().then_some("Choose somebody of the list: who acts for the platform."))
}

/// Why the people of a request cannot be let in: the field and what is wrong. More than it would have seats, or somebody whose
/// account is closed or has a role of the platform, which decides everywhere: nobody is given a place besides it.
pub(crate) async fn people(
    connection: &mut PgConnection,
    asked: &ProvisionRequest,
) -> Result<Option<(&'static str, String)>> {
    let emails: Vec<String> =
        asked.admin.iter().chain(&asked.people).map(|person| person.email.clone()).collect();
    if emails.is_empty() {
        return Ok(None);
    }
    let limits = terms::limits(&mut *connection, asked).await?;
    let wanted = i64::try_from(emails.len()).unwrap_or(i64::MAX);
    if let Some(line) = limits.iter().find(|line| line.meter == LimitMeter::Users)
        && let Limit::Number(seats) = line.limit
        && wanted > seats
    {
        let why = match line.source {
            LimitSource::Tenant => {
                format!("it is to have {seats} seats. Give it more, or take fewer people.")
            }
            LimitSource::Template => format!(
                "its template gives it {seats} seats. Give it a limit of its own, or take fewer people."
            ),
            LimitSource::Plan => format!(
                "the plan {} has {seats} seats. Take a larger plan, or fewer people.",
                asked.plan.label()
            ),
        };
        return Ok(Some(("people", format!("{wanted} people with the administrator, but {why}"))));
    }
    let Some(refused) = store::refused(connection, &emails).await? else { return Ok(None) };
    let is_admin = asked.admin.as_ref().is_some_and(|admin| admin.email == refused.email);
    let why = if refused.platform {
        format!("{} cannot be invited.", refused.email)
    } else {
        format!("The account of {} is closed.", refused.email)
    };
    Ok(Some((if is_admin { "admin_email" } else { "people" }, why)))
}

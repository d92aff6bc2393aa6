//! SQL of who is let into a new tenant.

use crate::error::Result;
use model::operations::ProvisionRequest;
use sqlx::PgConnection;

/// Why the people of a request cannot be let in: the field and what is wrong. More than the plan has seats (R23), or
/// somebody whose account is closed or has a role of the platform, which decides everywhere: nobody is given a place
/// besides it.
pub(in super::super) async fn unfit(
    connection: &mut PgConnection,
    asked: &ProvisionRequest,
) -> Result<Option<(&'static str, String)>> {
    let emails: Vec<String> =
        asked.admin.iter().chain(&asked.people).map(|person| person.email.clone()).collect();
    if emails.is_empty() {
        return Ok(None);
    }
    let seats = sqlx::query_scalar!(
        r#"SELECT hard AS "hard!" FROM plan_limit WHERE plan_id = $1 AND meter = 'users' AND kind = 'number'"#,
        asked.plan.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let wanted = i64::try_from(emails.len()).unwrap_or(i64::MAX);
    if let Some(seats) = seats.filter(|seats| wanted > *seats) {
        let plan = asked.plan.label();
        let why = format!(
            "{wanted} people with the administrator, but the plan {plan} has {seats} seats. Take a larger plan, or fewer people."
        );
        return Ok(Some(("people", why)));
    }
    let refused = sqlx::query!(
        r#"SELECT email, platform_role IS NOT NULL AS "platform!" FROM user_account
        WHERE email = ANY($1) AND (platform_role IS NOT NULL OR disabled_at IS NOT NULL) ORDER BY email LIMIT 1"#,
        &emails
    )
    .fetch_optional(connection)
    .await?;
    Ok(refused.map(|row| {
        let is_admin = asked.admin.as_ref().is_some_and(|admin| admin.email == row.email);
        let why = if row.platform {
            format!("{} cannot be invited.", row.email)
        } else {
            format!("The account of {} is closed.", row.email)
        };
        (if is_admin { "admin_email" } else { "people" }, why)
    }))
}

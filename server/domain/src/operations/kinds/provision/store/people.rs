//! SQL of who is let into a new tenant.

use crate::error::Result;
use sqlx::PgConnection;

/// Somebody who cannot be let in.
pub(in super::super) struct Refused {
    pub email: String,
    /// They have a role of the platform; or else their account is closed.
    pub platform: bool,
}

/// The first of these whose account is closed or has a role of the platform.
pub(in super::super) async fn refused(
    connection: &mut PgConnection,
    emails: &[String],
) -> Result<Option<Refused>> {
    let refused = sqlx::query_as!(
        Refused,
        r#"SELECT email, platform_role IS NOT NULL AS "platform!" FROM user_account
        WHERE email = ANY($1) AND (platform_role IS NOT NULL OR disabled_at IS NOT NULL) ORDER BY email LIMIT 1"#,
        emails
    )
    .fetch_optional(connection)
    .await?;
    Ok(refused)
}

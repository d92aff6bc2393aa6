//! SQL of the embedded server: about the server itself, none of Steward's data.

use super::DATABASE;
use sqlx::postgres::PgConnection;

/// Makes the database `steward` where it is missing.
pub(super) async fn ensure_database(admin: &mut PgConnection) -> sqlx::Result<()> {
    let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(DATABASE)
        .fetch_optional(&mut *admin)
        .await?;
    if known.is_some() {
        return Ok(());
    }
    // Two processes may get here together: the loser finds the database made.
    match sqlx::query("CREATE DATABASE steward OWNER steward_admin").execute(admin).await {
        Err(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("42P04" | "23505")) => Ok(()),
        other => other.map(drop),
    }
}

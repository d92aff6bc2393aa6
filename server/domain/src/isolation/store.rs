//! SQL of the isolation checks.

use super::Finding;
use crate::error::Result;
use sqlx::PgConnection;

pub(super) async fn lint(connection: &mut PgConnection) -> Result<Vec<Finding>> {
    Ok(sqlx::query_as(include_str!("lint.sql")).fetch_all(connection).await?)
}

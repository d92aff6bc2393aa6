//! Server functions of the overview.

use crate::error::AppError;
use leptos::prelude::*;
use model::overview::Overview;

#[server]
pub async fn get_overview() -> Result<Overview, AppError> {
    Ok(domain::overview::overview(&crate::server::ctx()?).await?)
}

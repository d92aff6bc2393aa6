//! What a request means in numbers: the limits of its plan, and the bundle that it begins with. For whoever asks, on the
//! last page of the wizard, and for the second person who decides.

use super::{ProvisionRequest, template_key};
use crate::error::{Error, Result};
use model::operations::Terms;
use sqlx::PgConnection;

/// Nothing where the template or the plan is not there (any more).
pub(crate) async fn terms(connection: &mut PgConnection, asked: &ProvisionRequest) -> Result<Option<Terms>> {
    let (key, version) = (template_key(asked), asked.template_version);
    let offer = match crate::templates::asked_for(&mut *connection, key, version).await {
        Ok((offer, _)) => offer,
        Err(Error::NotFound) => return Ok(None),
        Err(other) => return Err(other),
    };
    let plan = crate::plans::one(connection, asked.plan).await?;
    Ok(plan.map(|plan| Terms { plan, offer }))
}

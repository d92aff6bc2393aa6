//! What a request means in numbers: the limits of its plan, and the bundle that it begins with. For whoever asks, on the
//! last page of the wizard, and for the second person who decides.

use super::{ProvisionRequest, template_key};
use crate::error::{Error, Result};
use model::limits::{Effective, effective};
use model::operations::Terms;
use model::templates::Bundle;
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
    Ok(plan.map(|plan| {
        let limits = effective(&plan, &offer.bundle, &asked.limits);
        Terms { plan, offer, limits, own: asked.limits.clone() }
    }))
}

/// What it would be allowed: by its plan, its template, or for it alone. Nothing where the plan is not there.
pub(super) async fn limits(
    connection: &mut PgConnection,
    asked: &ProvisionRequest,
) -> Result<Vec<Effective>> {
    let (key, version) = (template_key(asked), asked.template_version);
    let bundle = match crate::templates::asked_for(&mut *connection, key, version).await {
        Ok((offer, _)) => offer.bundle,
        Err(Error::NotFound) => Bundle::default(),
        Err(other) => return Err(other),
    };
    let plan = crate::plans::one(connection, asked.plan).await?;
    Ok(plan.map(|plan| effective(&plan, &bundle, &asked.limits)).unwrap_or_default())
}

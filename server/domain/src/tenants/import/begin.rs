//! What an imported tenant begins with beside its row: the same that provisioning gives, by the same functions, for as many
//! at once as one statement does in time.

use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::tenants::create::Checked;
use crate::{checklists, operations, templates, vectors};
use model::TenantId;
use model::operations::Kind;
use model::templates::Offer;
use model::tenants::PlanId;
use serde_json::json;
use sqlx::PgConnection;

/// Tenants of one statement. Each gets some forty rows, and a statement has 15 seconds.
const PART: usize = 2_000;

/// Of which of these plans a second person approves new tenants (R10): an import would make them without.
pub(super) async fn second_person(connection: &mut PgConnection, plans: &[PlanId]) -> Result<Vec<PlanId>> {
    let mut waits = Vec::new();
    for plan in plans {
        let asked = json!({ "plan": plan.as_str() });
        let nobody = TenantId::PLATFORM;
        if operations::second_person(&mut *connection, Kind::Provision, nobody, false, &asked).await? {
            waits.push(*plan);
        }
    }
    Ok(waits)
}

/// Gives tenants whose rows are there template, onboarding list, vector collection, monitors and backup schedules. Answers
/// the version that they are on.
///
/// # Errors
/// `Conflict` where no version of the template is published.
pub(super) async fn begin(tx: &mut Tx, cx: &Ctx, tenants: &[(TenantId, &Checked)]) -> Result<Offer> {
    let offer = templates::for_provisioning(tx.conn(), None).await.map_err(|error| match error {
        Error::NotFound => Error::Conflict(
            "No version of the template that tenants start from is published. Nothing was created.".into(),
        ),
        other => other,
    })?;
    for plan in PlanId::ALL {
        let ids: Vec<TenantId> =
            tenants.iter().filter(|(_, tenant)| tenant.plan == *plan).map(|(id, _)| *id).collect();
        for part in ids.chunks(PART) {
            templates::apply_to_new(tx.conn(), cx, part, offer.at(), "Import").await?;
            // After the template, which names the version of the list; and what is aligned counts the list in.
            checklists::start_onboarding(tx.conn(), part).await?;
            templates::refresh_new(tx.conn(), part).await?;
            vectors::open_all(tx.conn(), part).await?;
            operations::watch(tx.conn(), part).await?;
        }
    }
    Ok(offer)
}

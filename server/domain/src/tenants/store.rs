//! SQL of tenants.

pub(super) mod details;
pub(super) mod drafts;
pub(super) mod import;
pub(super) mod lifecycle;
pub(super) mod list;
pub(super) mod many;
pub(super) mod search;
pub(super) mod trial;

use crate::error::{Error, Result};
use model::tenants::{Band, PlanId, Stage, Status, Suspension, Tenant};
use model::{TenantId, UserId};
use sqlx::PgConnection;

pub(super) async fn id_of_slug(connection: &mut PgConnection, slug: &str) -> Result<Option<TenantId>> {
    let id =
        sqlx::query_scalar!("SELECT id FROM tenant WHERE slug = $1", slug).fetch_optional(connection).await?;
    Ok(id.map(TenantId))
}

pub(super) async fn name_of_slug(
    connection: &mut PgConnection,
    slug: &str,
) -> Result<Option<(TenantId, String)>> {
    let row =
        sqlx::query!("SELECT id, name FROM tenant WHERE slug = $1", slug).fetch_optional(connection).await?;
    Ok(row.map(|row| (TenantId(row.id), row.name)))
}

pub(super) async fn get(connection: &mut PgConnection, id: TenantId) -> Result<Tenant> {
    sqlx::query_as!(
        Tenant,
        r#"SELECT id AS "id: TenantId", slug, name, domain, external_id, status AS "status: Status", status_since,
            status_before AS "status_before: Status", suspension AS "suspension: Suspension", status_reason, status_note, status_message,
            trial_ends_at, grace_ends_at, plan_id AS "plan: PlanId", region, country, industry, owner_id AS "owner: UserId",
            NULL::text AS owner_name, tags, placement, cell, legal_hold, support_contact, escalation_contact,
            stage(status, configured_at, validated_at, live_at) AS "stage!: Stage",
            health_score, health_band AS "health_band: Band", health_at, version, created_at, updated_at
        FROM tenant WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound)
}

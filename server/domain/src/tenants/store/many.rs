//! SQL about many tenants at once.

use super::lifecycle::Row;
use crate::error::Result;
use model::TenantId;
use model::tenants::{PlanId, Status, Suspension};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

pub(in crate::tenants) async fn of_slugs(
    connection: &mut PgConnection,
    slugs: &[String],
) -> Result<Vec<TenantId>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id: TenantId" FROM tenant WHERE slug = ANY($1) ORDER BY name_key, id"#,
        slugs
    )
    .fetch_all(connection)
    .await?)
}

/// What moves are decided on, of many.
pub(in crate::tenants) async fn get(
    connection: &mut PgConnection,
    ids: &[TenantId],
) -> Result<HashMap<TenantId, Row>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: TenantId", slug, name, status AS "status: Status", status_since, status_before AS "status_before: Status",
            suspension AS "suspension: Suspension", status_reason AS reason, status_note AS note, status_message AS message, trial_ends_at, grace_ends_at,
            plan_id AS "plan: PlanId", support_contact, escalation_contact, configured_at, validated_at, live_at, version
        FROM tenant WHERE id = ANY($1)"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    let found = rows.into_iter().map(|r| {
        (
            r.id,
            Row {
                slug: r.slug,
                name: r.name,
                status: r.status,
                status_since: r.status_since,
                status_before: r.status_before,
                suspension: r.suspension,
                reason: r.reason,
                note: r.note,
                message: r.message,
                trial_ends_at: r.trial_ends_at,
                grace_ends_at: r.grace_ends_at,
                plan: r.plan,
                support_contact: r.support_contact,
                escalation_contact: r.escalation_contact,
                configured_at: r.configured_at,
                validated_at: r.validated_at,
                live_at: r.live_at,
                version: r.version,
            },
        )
    });
    Ok(found.collect())
}

//! SQL of new tenants that begin as the first of them.

use crate::error::Result;
use model::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Version, fields, tasks and the record of the application, as the first has them.
pub(super) async fn as_the_first(
    connection: &mut PgConnection,
    first: TenantId,
    others: &[TenantId],
) -> Result<()> {
    let ids: Vec<Uuid> = others.iter().map(|tenant| tenant.0).collect();
    sqlx::query!(
        "INSERT INTO tenant_template (tenant_id, template_id, version, applied_by)
        SELECT w.id, a.template_id, a.version, a.applied_by FROM unnest($2::uuid[]) AS w (id) CROSS JOIN tenant_template a WHERE a.tenant_id = $1",
        first.0,
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO tenant_field (tenant_id, field_key, added_by)
        SELECT w.id, f.field_key, f.added_by FROM unnest($2::uuid[]) AS w (id) CROSS JOIN tenant_field f WHERE f.tenant_id = $1",
        first.0,
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO activation (tenant_id, task_id, enabled, changed_by, by_template)
        SELECT w.id, a.task_id, a.enabled, a.changed_by, a.by_template FROM unnest($2::uuid[]) AS w (id) CROSS JOIN activation a WHERE a.tenant_id = $1",
        first.0,
        &ids
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO template_application (tenant_id, id, template_id, version, applied_by, reason, changed, changes)
        SELECT w.id, gen_random_uuid(), a.template_id, a.version, a.applied_by, a.reason, a.changed, a.changes
        FROM unnest($2::uuid[]) AS w (id) CROSS JOIN template_application a WHERE a.tenant_id = $1",
        first.0,
        &ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The roll-up, as the first has it.
pub(super) async fn aligned_as_the_first(
    connection: &mut PgConnection,
    first: TenantId,
    others: &[TenantId],
) -> Result<()> {
    let ids: Vec<Uuid> = others.iter().map(|tenant| tenant.0).collect();
    sqlx::query!(
        "INSERT INTO alignment (tenant_id, template_id, version, expected, aligned, accepted, open)
        SELECT w.id, a.template_id, a.version, a.expected, a.aligned, a.accepted, a.open
        FROM unnest($2::uuid[]) AS w (id) CROSS JOIN alignment a WHERE a.tenant_id = $1",
        first.0,
        &ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

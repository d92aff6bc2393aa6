//! SQL of acceptances, of the roll-up, and of what the editor offers.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::checklists::ListKey;
use model::tasks::Output;
use model::templates::{Acceptance, Alignment, Catalogue, CatalogueTask, PinnedList, State, VersionRef};
use model::{TemplateId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The version of a key's template.
pub(super) async fn version_of_key(
    connection: &mut PgConnection,
    key: &str,
    version: i32,
) -> Result<Option<VersionRef>> {
    let row = sqlx::query!(
        r#"SELECT t.id AS "template: TemplateId", v.version FROM template t JOIN template_version v ON v.template_id = t.id
        WHERE t.key = $1 AND v.version = $2"#,
        key,
        version
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| VersionRef { template: row.template, version: row.version }))
}

/// What can be put into a template.
pub(super) async fn catalogue(connection: &mut PgConnection) -> Result<Catalogue> {
    let fields = crate::fields::catalogue(&mut *connection).await?;
    let tasks = sqlx::query!(
        r#"SELECT t.key, t.name, v.outputs AS "outputs: Json<Vec<Output>>" FROM task t
        JOIN task_version v ON v.task_id = t.id AND v.version = t.published ORDER BY t.position, t.key"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let checklists = sqlx::query_as!(
        PinnedList,
        r#"SELECT key AS "key: ListKey", version FROM checklist ORDER BY key DESC, version DESC"#
    )
    .fetch_all(connection)
    .await?;
    let tasks = tasks.into_iter().map(|row| CatalogueTask {
        key: row.key,
        name: row.name,
        writes: row.outputs.0.into_iter().map(|output| output.field).collect(),
    });
    Ok(Catalogue { fields, tasks: tasks.collect(), checklists })
}

/// What was accepted at a tenant, and the database's time.
pub(super) async fn acceptances(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<(Vec<Acceptance>, DateTime<Utc>)> {
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(&mut *connection).await?;
    let rows = sqlx::query_as!(
        Acceptance,
        r#"SELECT item, expected, actual, reason, accepted_by AS "by", accepted_at AS at, until
        FROM alignment_acceptance WHERE tenant_id = $1"#,
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok((rows, now))
}

pub(super) async fn roll_up(
    connection: &mut PgConnection,
    tenant: TenantId,
    at: VersionRef,
    alignment: &Alignment,
) -> Result<()> {
    let count = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query!(
        r#"INSERT INTO alignment (tenant_id, template_id, version, expected, aligned, accepted, open, next_expiry)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant_id) DO UPDATE SET template_id = $2, version = $3, expected = $4, aligned = $5, accepted = $6, open = $7,
            next_expiry = $8, checked_at = now()"#,
        tenant.0,
        at.template.0,
        at.version,
        count(alignment.expected()),
        count(alignment.count(State::Aligned)),
        count(alignment.count(State::Accepted)),
        count(alignment.open()),
        alignment.next_expiry()
    )
    .execute(connection)
    .await?;
    Ok(())
}

//! SQL of the catalogue of templates and their versions.

use super::store::template_of;
use crate::error::Result;
use model::TemplateId;
use model::checklists::ListKey;
use model::tasks::Output;
use model::templates::{
    Bundle, Catalogue, CatalogueTask, Compliance, PinnedList, Template, TemplateRow, TenantType, Version,
    VersionRef, VersionState,
};
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

/// Every template, the default first, then by name.
pub(super) async fn list(connection: &mut PgConnection) -> Result<Vec<TemplateRow>> {
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id: TemplateId", t.key, t.name, t.description, t.tenant_type AS "tenant_type: TenantType", t.industry,
            t.compliance AS "compliance: Compliance", t.version AS edits, n.version AS "published?", n.published_at AS "published_at?",
            coalesce(n.bundle, d.bundle) AS "bundle?: Json<Bundle>", d.version IS NOT NULL AS "has_draft!",
            coalesce(u.used_by, 0) AS "used_by!", coalesce(u.behind, 0) AS "behind!"
        FROM template t
        LEFT JOIN LATERAL (SELECT v.version, v.published_at, v.bundle FROM template_version v
            WHERE v.template_id = t.id AND v.state = 'published' ORDER BY v.version DESC LIMIT 1) n ON true
        LEFT JOIN template_version d ON d.template_id = t.id AND d.state = 'draft'
        LEFT JOIN LATERAL (SELECT count(*) AS used_by, count(*) FILTER (WHERE a.version < n.version) AS behind
            FROM tenant_template a WHERE a.template_id = t.id) u ON true
        ORDER BY t.key <> $1, t.name"#,
        super::DEFAULT
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TemplateRow {
            template: template_of!(row),
            published: row.published,
            published_at: row.published_at,
            summary: row.bundle.map(|bundle| bundle.0.summary()).unwrap_or_default(),
            has_draft: row.has_draft,
            used_by: row.used_by,
            behind: row.behind,
        })
        .collect())
}

/// Tenants on no template.
pub(super) async fn without(connection: &mut PgConnection) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM tenant WHERE status <> 'deleted')
            - (SELECT count(*) FROM tenant_template a JOIN tenant t ON t.id = a.tenant_id WHERE t.status <> 'deleted') AS "count!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// The template of a key; `lock` holds it until the end of the transaction.
pub(super) async fn template(
    connection: &mut PgConnection,
    key: &str,
    lock: bool,
) -> Result<Option<Template>> {
    if lock {
        sqlx::query_scalar!("SELECT 1 FROM template WHERE key = $1 FOR UPDATE", key)
            .fetch_optional(&mut *connection)
            .await?;
    }
    let row = sqlx::query_as!(
        Template,
        r#"SELECT id AS "id: TemplateId", key, name, description, tenant_type AS "tenant_type: TenantType", industry,
            compliance AS "compliance: Compliance", version FROM template WHERE key = $1"#,
        key
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// All versions of a template, the newest first.
pub(super) async fn versions(connection: &mut PgConnection, template: TemplateId) -> Result<Vec<Version>> {
    let rows = sqlx::query!(
        r#"SELECT v.version, v.state AS "state: VersionState", v.bundle AS "bundle: Json<Bundle>", v.notes, v.created_by, v.created_at, v.published_by,
            v.published_at, v.deprecated_at, v.deprecated_why, v.edits,
            (SELECT count(*) FROM tenant_template a WHERE a.template_id = v.template_id AND a.version = v.version) AS "used_by!"
        FROM template_version v WHERE v.template_id = $1 ORDER BY v.version DESC"#,
        template.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Version {
            version: row.version,
            state: row.state,
            bundle: row.bundle.0,
            notes: row.notes,
            created_by: row.created_by,
            created_at: row.created_at,
            published_by: row.published_by,
            published_at: row.published_at,
            deprecated_at: row.deprecated_at,
            deprecated_why: row.deprecated_why,
            edits: row.edits,
            used_by: row.used_by,
        })
        .collect())
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    new: &Template,
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO template (id, key, name, description, tenant_type, industry, compliance, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id.0,
        new.key,
        new.name,
        new.description,
        new.tenant_type as _,
        new.industry,
        new.compliance as _,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes name, description and for whom it is; `false` when it changed since this version.
pub(super) async fn describe(connection: &mut PgConnection, new: &Template) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"UPDATE template SET name = $3, description = $4, tenant_type = $5, industry = $6, compliance = $7, version = version + 1
        WHERE id = $1 AND version = $2"#,
        new.id.0,
        new.version,
        new.name,
        new.description,
        new.tenant_type as _,
        new.industry,
        new.compliance as _
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn insert_draft(
    connection: &mut PgConnection,
    template: TemplateId,
    version: i32,
    bundle: &Bundle,
    by: &str,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO template_version (template_id, version, state, bundle, created_by) VALUES ($1, $2, 'draft', $3, $4)",
        template.0,
        version,
        Json(bundle) as _,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn save_draft(
    connection: &mut PgConnection,
    at: VersionRef,
    bundle: &Bundle,
    notes: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE template_version SET bundle = $3, notes = $4, edits = edits + 1 WHERE template_id = $1 AND version = $2 AND state = 'draft'",
        at.template.0,
        at.version,
        Json(bundle) as _,
        notes
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn discard_draft(connection: &mut PgConnection, at: VersionRef) -> Result<()> {
    sqlx::query!(
        "DELETE FROM template_version WHERE template_id = $1 AND version = $2 AND state = 'draft'",
        at.template.0,
        at.version
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn publish(connection: &mut PgConnection, at: VersionRef, by: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE template_version SET state = 'published', published_by = $3, published_at = now() WHERE template_id = $1 AND version = $2 AND state = 'draft'",
        at.template.0,
        at.version,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn deprecate(connection: &mut PgConnection, at: VersionRef, why: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE template_version SET state = 'deprecated', deprecated_at = now(), deprecated_why = $3 WHERE template_id = $1 AND version = $2 AND state = 'published'",
        at.template.0,
        at.version,
        why
    )
    .execute(connection)
    .await?;
    Ok(())
}

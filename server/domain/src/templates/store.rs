//! SQL of the application of templates, and of what is there at a tenant. Lists and versions are in `catalogue`,
//! acceptances and the roll-up in `align_store`.

use crate::error::{Error, Result};
use model::templates::{
    Actual, ActualTask, Application, Assigned, Bundle, Change, Compliance, Offer, Template, TenantType,
    VersionRef, VersionState,
};
use model::tenants::{PlanId, Status};
use model::{TemplateId, TenantId};
use sqlx::PgConnection;
use sqlx::types::Json;

/// The template in a row that has its columns, its own version as `edits`. A macro, because every statement's row is a
/// type of its own.
macro_rules! template_of {
    ($row:ident) => {
        model::templates::Template {
            id: $row.id,
            key: $row.key,
            name: $row.name,
            description: $row.description,
            tenant_type: $row.tenant_type,
            industry: $row.industry,
            compliance: $row.compliance,
            version: $row.edits,
        }
    };
}
pub(super) use template_of;

/// A version with its template.
pub(super) struct Found {
    pub template: Template,
    pub state: VersionState,
    pub bundle: Bundle,
}

/// One version, as it is to be applied.
pub(super) async fn version(connection: &mut PgConnection, at: VersionRef) -> Result<Option<Found>> {
    let row = sqlx::query!(
        r#"SELECT t.id AS "id: TemplateId", t.key, t.name, t.description, t.tenant_type AS "tenant_type: TenantType", t.industry,
            t.compliance AS "compliance: Compliance", t.version AS edits, v.state AS "state: VersionState", v.bundle AS "bundle: Json<Bundle>"
        FROM template t JOIN template_version v ON v.template_id = t.id WHERE t.id = $1 AND v.version = $2"#,
        at.template.0,
        at.version
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Found { template: template_of!(row), state: row.state, bundle: row.bundle.0 }))
}

/// The newest published version of each template, or of the one of this key.
pub(super) async fn offers(connection: &mut PgConnection, key: Option<&str>) -> Result<Vec<Offer>> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (t.name) t.id AS "id: TemplateId", t.key, t.name, t.description, t.tenant_type AS "tenant_type: TenantType", t.industry,
            t.compliance AS "compliance: Compliance", t.version AS edits, v.version, v.bundle AS "bundle: Json<Bundle>",
            (SELECT count(*) FROM tenant_template a WHERE a.template_id = t.id) AS "used_by!"
        FROM template t JOIN template_version v ON v.template_id = t.id AND v.state = 'published'
        WHERE $1::text IS NULL OR t.key = $1
        ORDER BY t.name, v.version DESC"#,
        key
    )
    .fetch_all(connection)
    .await?;
    let mut offers: Vec<_> = rows
        .into_iter()
        .map(|row| Offer {
            template: template_of!(row),
            version: row.version,
            bundle: row.bundle.0,
            used_by: row.used_by,
        })
        .collect();
    // What most tenants start from stands first, what holds nothing last.
    offers.sort_by_key(|offer| match offer.template.key.as_str() {
        super::DEFAULT => 0,
        super::BLANK => 2,
        _ => 1,
    });
    Ok(offers)
}

/// Which version a tenant is on.
pub(super) async fn assigned(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<Assigned>> {
    let row = sqlx::query!(
        r#"SELECT t.id AS "id: TemplateId", t.key, t.name, t.description, t.tenant_type AS "tenant_type: TenantType", t.industry,
            t.compliance AS "compliance: Compliance", t.version AS edits, v.version, v.state AS "state: VersionState", a.applied_by, a.applied_at,
            (SELECT max(p.version) FROM template_version p WHERE p.template_id = t.id AND p.state = 'published') AS newest
        FROM tenant_template a JOIN template t ON t.id = a.template_id
        JOIN template_version v ON v.template_id = a.template_id AND v.version = a.version
        WHERE a.tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Assigned {
        template: template_of!(row),
        version: row.version,
        state: row.state,
        newest: row.newest,
        by: row.applied_by,
        at: row.applied_at,
    }))
}

/// Status, slug and name.
pub(super) async fn tenant(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<(Status, String, String)> {
    sqlx::query!(r#"SELECT status AS "status: Status", slug, name FROM tenant WHERE id = $1"#, tenant.0)
        .fetch_optional(connection)
        .await?
        .map(|row| (row.status, row.slug, row.name))
        .ok_or(Error::NotFound)
}

/// What is there at a tenant, of all that a template can say.
pub(super) async fn actual(connection: &mut PgConnection, tenant: TenantId) -> Result<Actual> {
    let row = sqlx::query!(
        r#"SELECT t.plan_id AS "plan: PlanId",
            ARRAY(SELECT f.field_key FROM tenant_field f WHERE f.tenant_id = t.id ORDER BY f.field_key) AS "fields!",
            coalesce((SELECT jsonb_agg(jsonb_build_object('key', k.key, 'enabled', coalesce(a.enabled, false),
                    'decided', a.tenant_id IS NOT NULL AND NOT a.by_template, 'overridden', o.tenant_id IS NOT NULL) ORDER BY k.position, k.key)
                FROM task k LEFT JOIN activation a ON a.tenant_id = t.id AND a.task_id = k.id
                LEFT JOIN task_override o ON o.tenant_id = t.id AND o.task_id = k.id
                WHERE a.tenant_id IS NOT NULL OR o.tenant_id IS NOT NULL), '[]') AS "tasks!: Json<Vec<ActualTask>>",
            coalesce((SELECT jsonb_agg(jsonb_build_array(r.key, r.version)) FROM
                (SELECT DISTINCT ON (key) key, version FROM checklist_run WHERE tenant_id = t.id ORDER BY key, started_at DESC) r), '[]')
                AS "checklists!: Json<Vec<(model::checklists::ListKey, i32)>>"
        FROM tenant t WHERE t.id = $1"#,
        tenant.0
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(Error::NotFound)?;
    let said = crate::settings::levels(&mut *connection, tenant).await?;
    let limits = crate::plans::effective_on(connection, tenant, row.plan).await?;
    Ok(Actual {
        plan: row.plan,
        limits,
        fields: row.fields,
        tasks: row.tasks.0,
        said,
        checklists: row.checklists.0,
    })
}

/// Puts a tenant that is on no template on this version; `false` when it is on one. Whoever comes at the same time waits.
pub(super) async fn assign_first(
    connection: &mut PgConnection,
    tenant: TenantId,
    at: VersionRef,
    by: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO tenant_template (tenant_id, template_id, version, applied_by) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id) DO NOTHING",
        tenant.0,
        at.template.0,
        at.version,
        by
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The version that a tenant is on, locked until the end of the transaction.
pub(super) async fn lock_assigned(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<VersionRef>> {
    let row = sqlx::query!(
        r#"SELECT template_id AS "template: TemplateId", version FROM tenant_template WHERE tenant_id = $1 FOR UPDATE"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| VersionRef { template: row.template, version: row.version }))
}

pub(super) async fn assign(
    connection: &mut PgConnection,
    tenant: TenantId,
    at: VersionRef,
    by: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant_template SET template_id = $2, version = $3, applied_by = $4, applied_at = now() WHERE tenant_id = $1",
        tenant.0,
        at.template.0,
        at.version,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds the fields that the tenant does not have.
pub(super) async fn add_fields(
    connection: &mut PgConnection,
    tenant: TenantId,
    fields: &[String],
    by: &str,
) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO tenant_field (tenant_id, field_key, added_by)
        SELECT $1, f.key, $3 FROM field f WHERE f.key = ANY($2::text[]) ON CONFLICT DO NOTHING"#,
        tenant.0,
        fields,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the tasks that nobody has decided about; what a person decided stays.
pub(super) async fn set_tasks(
    connection: &mut PgConnection,
    tenant: TenantId,
    keys: &[String],
    enabled: &[bool],
    by: &str,
) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO activation AS a (tenant_id, task_id, enabled, changed_by, by_template)
        SELECT $1, k.id, w.enabled, $4, true FROM unnest($2::text[], $3::bool[]) AS w (key, enabled) JOIN task k ON k.key = w.key
        ON CONFLICT (tenant_id, task_id) DO UPDATE SET enabled = EXCLUDED.enabled, changed_by = $4, changed_at = now()
        WHERE a.by_template AND a.enabled <> EXCLUDED.enabled"#,
        tenant.0,
        keys,
        enabled,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn record(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: uuid::Uuid,
    at: VersionRef,
    by: &str,
    reason: Option<&str>,
    changes: &[Change],
    changed: i32,
    previous: Option<VersionRef>,
    operation: Option<uuid::Uuid>,
) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO template_application (tenant_id, id, template_id, version, applied_by, reason, changed, changes, previous_template_id,
            previous_version, operation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, operation_id) WHERE operation_id IS NOT NULL DO NOTHING"#,
        tenant.0,
        id,
        at.template.0,
        at.version,
        by,
        reason,
        changed,
        Json(changes) as _,
        previous.map(|at| at.template.0),
        previous.map(|at| at.version),
        operation
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest applications.
pub(super) async fn history(
    connection: &mut PgConnection,
    tenant: TenantId,
    limit: i64,
) -> Result<Vec<Application>> {
    let rows = sqlx::query_as!(
        Application,
        r#"SELECT t.name AS template, t.key, a.version, a.applied_by AS "by", a.applied_at AS at, a.changed, a.reason
        FROM template_application a JOIN template t ON t.id = a.template_id
        WHERE a.tenant_id = $1 ORDER BY a.applied_at DESC, a.id DESC LIMIT $2"#,
        tenant.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

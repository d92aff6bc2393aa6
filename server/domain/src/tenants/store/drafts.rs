//! SQL of drafts of new tenants.

use crate::error::Result;
use model::drafts::Draft;
use model::operations::ProvisionRequest;
use model::{DraftId, OperationId, UserId};
use serde_json::Value;
use sqlx::PgConnection;

/// Days that a draft is kept after its last change.
const DAYS: i32 = 14;

fn draft(
    (id, request, reached, version, operation): (uuid::Uuid, Value, i16, i64, Option<uuid::Uuid>),
    (updated_at, expires_at): (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>),
) -> Result<Draft> {
    Ok(Draft {
        id: DraftId(id),
        request: serde_json::from_value(request)?,
        reached: usize::try_from(reached).unwrap_or_default(),
        version,
        operation: operation.map(OperationId),
        updated_at,
        expires_at,
    })
}

pub(in crate::tenants) async fn of(connection: &mut PgConnection, owner: UserId) -> Result<Vec<Draft>> {
    let rows = sqlx::query!(
        "SELECT id, request, reached, version, operation_id, updated_at, expires_at FROM tenant_draft
        WHERE owner_id = $1 AND operation_id IS NULL AND expires_at > now() ORDER BY updated_at DESC LIMIT 50",
        owner.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|r| draft((r.id, r.request, r.reached, r.version, r.operation_id), (r.updated_at, r.expires_at)))
        .collect()
}

pub(in crate::tenants) async fn get(
    connection: &mut PgConnection,
    id: DraftId,
    owner: UserId,
) -> Result<Option<Draft>> {
    let row = sqlx::query!(
        "SELECT id, request, reached, version, operation_id, updated_at, expires_at FROM tenant_draft
        WHERE id = $1 AND owner_id = $2 AND expires_at > now()",
        id.0,
        owner.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(|r| draft((r.id, r.request, r.reached, r.version, r.operation_id), (r.updated_at, r.expires_at)))
        .transpose()
}

/// The draft, held until the transaction ends.
pub(in crate::tenants) async fn hold(
    connection: &mut PgConnection,
    id: DraftId,
    owner: UserId,
) -> Result<Option<Draft>> {
    let row = sqlx::query!(
        "SELECT id, request, reached, version, operation_id, updated_at, expires_at FROM tenant_draft
        WHERE id = $1 AND owner_id = $2 AND expires_at > now() FOR UPDATE",
        id.0,
        owner.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(|r| draft((r.id, r.request, r.reached, r.version, r.operation_id), (r.updated_at, r.expires_at)))
        .transpose()
}

/// Removes what is over, whoever's it is.
pub(in crate::tenants) async fn tidy(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("DELETE FROM tenant_draft WHERE expires_at <= now()").execute(connection).await?;
    Ok(())
}

/// How many this person has that are neither sent nor over.
pub(in crate::tenants) async fn count(connection: &mut PgConnection, owner: UserId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM tenant_draft WHERE owner_id = $1 AND operation_id IS NULL AND expires_at > now()"#,
        owner.0
    );
    Ok(count.fetch_one(connection).await?)
}

pub(in crate::tenants) async fn insert(
    connection: &mut PgConnection,
    id: DraftId,
    owner: UserId,
    request: &ProvisionRequest,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO tenant_draft (id, owner_id, request, reached, expires_at)
        VALUES ($1, $2, $3, 1, now() + make_interval(days => $4))",
        id.0,
        owner.0,
        serde_json::to_value(request)?,
        DAYS
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False where it has another version by now, or is sent.
pub(in crate::tenants) async fn save(
    connection: &mut PgConnection,
    id: DraftId,
    owner: UserId,
    request: &ProvisionRequest,
    reached: i16,
    version: i64,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE tenant_draft SET request = $3, reached = least($4, 5)::smallint, version = version + 1, updated_at = now(),
            expires_at = now() + make_interval(days => $6)
        WHERE id = $1 AND owner_id = $2 AND version = $5 AND operation_id IS NULL",
        id.0,
        owner.0,
        serde_json::to_value(request)?,
        i32::from(reached),
        version,
        DAYS
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The name of what was removed.
pub(in crate::tenants) async fn remove(
    connection: &mut PgConnection,
    id: DraftId,
    owner: UserId,
) -> Result<Option<String>> {
    let name = sqlx::query_scalar!(
        r#"DELETE FROM tenant_draft WHERE id = $1 AND owner_id = $2 RETURNING coalesce(request ->> 'name', '') AS "name!""#,
        id.0,
        owner.0
    );
    Ok(name.fetch_optional(connection).await?)
}

pub(in crate::tenants) async fn sent(
    connection: &mut PgConnection,
    id: DraftId,
    operation: OperationId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE tenant_draft SET operation_id = $2, version = version + 1, updated_at = now() WHERE id = $1",
        id.0,
        operation.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which names of a request another tenant has, or has been asked for with.
pub(in crate::tenants) async fn in_use(
    connection: &mut PgConnection,
    request: &ProvisionRequest,
) -> Result<Vec<(&'static str, &'static str)>> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM tenant WHERE slug = $1)
                OR EXISTS (SELECT FROM name_claim WHERE what = 'slug' AND value = $1) AS "slug!",
            EXISTS (SELECT FROM tenant WHERE domain = nullif($2, ''))
                OR EXISTS (SELECT FROM name_claim WHERE what = 'domain' AND value = $2) AS "domain!",
            EXISTS (SELECT FROM tenant WHERE external_id = nullif($3, ''))
                OR EXISTS (SELECT FROM name_claim WHERE what = 'external_id' AND value = $3) AS "external_id!""#,
        request.slug.trim(),
        request.domain.trim().to_lowercase(),
        request.external_id.trim()
    )
    .fetch_one(connection)
    .await?;
    let mut used = Vec::new();
    if row.slug {
        used.push(("slug", "Another tenant has this slug."));
    }
    if row.domain {
        used.push(("domain", "Another tenant has this domain."));
    }
    if row.external_id {
        used.push(("external_id", "Another tenant has this external id."));
    }
    Ok(used)
}

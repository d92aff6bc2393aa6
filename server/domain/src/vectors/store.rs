//! SQL of vector collections. `vector_item` is a table of the data plane: named without a schema.

use super::{Collection, Hit, Item};
use crate::error::{OnConstraint, Result};
use model::TenantId;
use model::vectors::{VectorBackend, VectorKind};
use sqlx::PgConnection;
use uuid::Uuid;

/// Makes the collection where it is missing: with the extension, if the database has it now.
pub(super) async fn open(connection: &mut PgConnection, tenant: TenantId, dimension: i32) -> Result<()> {
    open_all(connection, &[tenant], dimension).await
}

/// [`open`] for each of many, in one statement.
pub(super) async fn open_all(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    dimension: i32,
) -> Result<()> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    sqlx::query!(
        "INSERT INTO vector_collection (tenant_id, dimension, backend)
        SELECT w.id, $2::integer, CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN 'pgvector' ELSE 'exact' END
        FROM unnest($1::uuid[]) AS w (id) ON CONFLICT (tenant_id) DO NOTHING",
        &ids,
        dimension
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The collection, and whether this transaction can use the extension.
pub(super) async fn collection(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<Collection>> {
    Ok(sqlx::query_as!(
        Collection,
        r#"SELECT dimension, backend AS "backend: VectorBackend", created_at,
            (EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AND to_regtype('vector') IS NOT NULL) AS "installed!"
        FROM vector_collection WHERE tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?)
}

/// Stores a vector of unit length, in the place of the one that was there.
pub(super) async fn put(
    connection: &mut PgConnection,
    tenant: TenantId,
    item: &Item,
    unit: &[f32],
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO vector_item (tenant_id, id, kind, embedding, label, meta) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, id, kind) DO UPDATE
            SET embedding = excluded.embedding, label = excluded.label, meta = excluded.meta, at = now()",
        tenant.0,
        item.id,
        item.kind.as_str(),
        unit,
        item.label,
        item.meta
    )
    .execute(connection)
    .await
    .on_constraint("vector_item_conversation", "id", "The tenant has no such conversation.")?;
    Ok(())
}

pub(super) async fn remove(
    connection: &mut PgConnection,
    tenant: TenantId,
    kind: VectorKind,
    id: Uuid,
) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM vector_item WHERE tenant_id = $1 AND id = $2 AND kind = $3",
        tenant.0,
        id,
        kind.as_str()
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The nearest by the extension, over all of them. Not checked when it is built: the type may not be there.
pub(super) async fn nearest(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &[f32],
    k: i64,
) -> Result<Vec<Hit>> {
    let hits = sqlx::query_as(
        "SELECT kind, id, label, meta, 1 - (embedding::vector <=> $2::real[]::vector) AS score FROM vector_item
        WHERE tenant_id = $1 AND cardinality(embedding) = cardinality($2::real[])
        ORDER BY embedding::vector <=> $2::real[]::vector, id, kind LIMIT $3",
    )
    .bind(tenant)
    .bind(query)
    .bind(k)
    .fetch_all(connection)
    .await?;
    Ok(hits)
}

/// A vector as it is compared.
pub(super) struct Candidate {
    pub id: Uuid,
    pub kind: VectorKind,
    pub embedding: Vec<f32>,
}

/// Vectors of one dimension before this place, the newest first.
pub(super) async fn candidates(
    connection: &mut PgConnection,
    tenant: TenantId,
    dimension: i32,
    before: (Uuid, &str),
    limit: i64,
) -> Result<Vec<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"SELECT id, kind AS "kind: VectorKind", embedding FROM vector_item
        WHERE tenant_id = $1 AND (id, kind) < ($2, $3) AND cardinality(embedding) = $4
        ORDER BY id DESC, kind DESC LIMIT $5"#,
        tenant.0,
        before.0,
        before.1,
        dimension,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// What vectors are called.
pub(super) struct Name {
    pub id: Uuid,
    pub kind: VectorKind,
    pub label: String,
    pub meta: serde_json::Value,
}

pub(super) async fn names(
    connection: &mut PgConnection,
    tenant: TenantId,
    ids: &[Uuid],
) -> Result<Vec<Name>> {
    Ok(sqlx::query_as!(
        Name,
        r#"SELECT id, kind AS "kind: VectorKind", label, meta FROM vector_item WHERE tenant_id = $1 AND id = ANY ($2)"#,
        tenant.0,
        ids
    )
    .fetch_all(connection)
    .await?)
}

/// Another tenant, in whose name a foreign collection can be tried: one that shares tables.
pub(super) async fn somebody_else(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<TenantId>> {
    let other = sqlx::query_scalar!(
        "SELECT id FROM tenant WHERE id <> $1 AND placement = 'pooled' ORDER BY id DESC LIMIT 1",
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(other.map(TenantId))
}

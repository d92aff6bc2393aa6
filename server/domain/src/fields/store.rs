//! SQL of fields. Values live in the data plane, named without a schema.

use crate::error::Result;
use model::TenantId;
use model::fields::{Field, FieldKind, Group, SAMPLE};
use sqlx::PgConnection;
use std::collections::HashMap;

/// Every field, in the order of the catalogue.
pub(crate) async fn catalogue(connection: &mut PgConnection) -> Result<Vec<Field>> {
    let fields = sqlx::query_as!(
        Field,
        r#"SELECT key, name, grp AS "group: Group", kind AS "kind: FieldKind", options FROM field ORDER BY position, key"#
    )
    .fetch_all(connection)
    .await?;
    Ok(fields)
}

/// How many conversations the sample has.
pub(super) async fn sampled(connection: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM conversation WHERE tenant_id = $1 LIMIT $2) newest"#,
        tenant.0,
        SAMPLE
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// How many conversations of the sample, the newest, have a value, by field. `null` is the engine's “no data”.
pub(super) async fn filled(connection: &mut PgConnection, tenant: TenantId) -> Result<HashMap<String, i64>> {
    let rows = sqlx::query!(
        r#"SELECT v.field_key, count(*) AS "count!"
        FROM (SELECT id FROM conversation WHERE tenant_id = $1 ORDER BY received_at DESC, id DESC LIMIT $2) newest
        JOIN field_value v ON v.tenant_id = $1 AND v.conversation_id = newest.id AND v.value <> 'null'
        GROUP BY v.field_key"#,
        tenant.0,
        SAMPLE
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.field_key, row.count)).collect())
}

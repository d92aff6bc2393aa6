//! SQL of settings.

use crate::error::Result;
use chrono::{DateTime, Utc};
use model::settings::{Entry, Key, Level, Own, Value};
use model::templates::Bundle;
use model::{TenantId, UserId};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashMap;

/// Ancestors that the cascade looks at.
const DEPTH: i32 = 8;

/// What every level says, the platform first and the tenant last. Under the reach of one tenant its parents' rows are
/// not to be seen; for what really holds, read it as the system or the fleet.
pub(crate) async fn levels(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<(Key, Entry)>> {
    let template = sqlx::query!(
        r#"SELECT t.name, v.version, v.bundle AS "bundle: Json<Bundle>" FROM tenant_template a
        JOIN template t ON t.id = a.template_id
        JOIN template_version v ON v.template_id = a.template_id AND v.version = a.version
        WHERE a.tenant_id = $1"#,
        tenant.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"WITH RECURSIVE up AS (
            SELECT id, parent_id, slug, name, 0 AS depth FROM tenant WHERE id = $1
            UNION ALL
            SELECT t.id, t.parent_id, t.slug, t.name, up.depth + 1 FROM up JOIN tenant t ON t.id = up.parent_id WHERE up.depth < $2)
        SELECT key AS "key!", value AS "value!", locked AS "locked!", NULL::int AS depth, NULL::text AS slug, NULL::text AS name FROM platform_setting
        UNION ALL
        SELECT s.key, s.value, s.locked, up.depth, up.slug, up.name FROM up JOIN tenant_setting s ON s.tenant_id = up.id
        ORDER BY 4 DESC NULLS FIRST"#,
        tenant.0,
        DEPTH
    )
    .fetch_all(connection)
    .await?;
    let mut out = Vec::new();
    let mut below = Vec::new();
    for row in rows {
        // A key that this binary does not know says nothing.
        let (Ok(key), Ok(value)) = (row.key.parse::<Key>(), serde_json::from_value::<Value>(row.value))
        else {
            continue;
        };
        let level = match (row.depth, row.slug, row.name) {
            (None, ..) => Level::Platform,
            (Some(0), ..) => Level::Tenant,
            (_, slug, name) => Level::Parent(slug.unwrap_or_default(), name.unwrap_or_default()),
        };
        let list = if level == Level::Platform { &mut out } else { &mut below };
        list.push((key, Entry { level, value, locked: row.locked }));
    }
    if let Some(row) = template {
        let level = Level::Template(row.name, row.version);
        for setting in row.bundle.0.settings {
            out.push((
                setting.key,
                Entry { level: level.clone(), value: setting.value, locked: setting.locked },
            ));
        }
    }
    out.append(&mut below);
    Ok(out)
}

/// The same for many tenants at once, of these keys alone, in one statement. Inside a transaction that may look across
/// tenants. Who said it is left vague: only what holds is asked for.
pub(super) async fn levels_of_many(
    connection: &mut PgConnection,
    tenants: &[TenantId],
    keys: &[Key],
) -> Result<HashMap<TenantId, Vec<(Key, Entry)>>> {
    let ids: Vec<uuid::Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let keys: Vec<String> = keys.iter().map(|key| key.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"WITH RECURSIVE up AS (
            SELECT id AS tenant, id, parent_id, 0 AS depth FROM tenant WHERE id = ANY($1)
            UNION ALL
            SELECT up.tenant, t.id, t.parent_id, up.depth + 1 FROM up JOIN tenant t ON t.id = up.parent_id WHERE up.depth < $3)
        SELECT said.tenant AS "tenant!: TenantId", said.place AS "place!", said.key AS "key!", said.value AS "value!", said.locked AS "locked!" FROM (
            SELECT w.id AS tenant, -2 AS place, p.key, p.value, p.locked FROM unnest($1::uuid[]) AS w (id) CROSS JOIN platform_setting p WHERE p.key = ANY($2)
            UNION ALL
            SELECT a.tenant_id, -1, s.x->>'key', s.x->'value', coalesce((s.x->>'locked')::boolean, false) FROM tenant_template a
                JOIN template_version v ON v.template_id = a.template_id AND v.version = a.version
                CROSS JOIN LATERAL jsonb_array_elements(v.bundle->'settings') AS s (x)
                WHERE a.tenant_id = ANY($1) AND s.x->>'key' = ANY($2)
            UNION ALL
            SELECT up.tenant, $3 - up.depth, s.key, s.value, s.locked FROM up JOIN tenant_setting s ON s.tenant_id = up.id WHERE s.key = ANY($2)
        ) said ORDER BY said.tenant, said.place"#,
        &ids,
        &keys,
        DEPTH
    )
    .fetch_all(connection)
    .await?;
    let mut out: HashMap<TenantId, Vec<(Key, Entry)>> = HashMap::new();
    for row in rows {
        let (Ok(key), Ok(value)) = (row.key.parse::<Key>(), serde_json::from_value::<Value>(row.value))
        else {
            continue;
        };
        let level = match row.place {
            -2 => Level::Platform,
            -1 => Level::Template(String::new(), 0),
            DEPTH => Level::Tenant,
            _ => Level::Parent(String::new(), String::new()),
        };
        out.entry(row.tenant).or_default().push((key, Entry { level, value, locked: row.locked }));
    }
    Ok(out)
}

/// A stored row with everything about it.
struct OwnRow {
    key: String,
    value: serde_json::Value,
    locked: bool,
    reason: String,
    changed_by: String,
    changed_at: DateTime<Utc>,
    version: i64,
}

impl OwnRow {
    fn known(self) -> Option<(Key, Own)> {
        let key = self.key.parse().ok()?;
        let own = Own {
            value: serde_json::from_value(self.value).ok()?,
            locked: self.locked,
            reason: self.reason,
            by: self.changed_by,
            at: self.changed_at,
            version: self.version,
        };
        Some((key, own))
    }
}

/// What a tenant itself says.
pub(super) async fn own(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<(Key, Own)>> {
    let rows = sqlx::query_as!(
        OwnRow,
        "SELECT key, value, locked, reason, changed_by, changed_at, version FROM tenant_setting WHERE tenant_id = $1",
        tenant.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(OwnRow::known).collect())
}

/// The same for one key, locked until the end of the transaction.
pub(super) async fn lock_own(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: Key,
) -> Result<Option<Own>> {
    let row = sqlx::query_as!(
        OwnRow,
        "SELECT key, value, locked, reason, changed_by, changed_at, version FROM tenant_setting WHERE tenant_id = $1 AND key = $2 FOR UPDATE",
        tenant.0,
        key.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.and_then(OwnRow::known).map(|(_, own)| own))
}

/// Writes what a tenant says; `false` when somebody was quicker with the first value.
pub(super) async fn put(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: Key,
    new: &Own,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"INSERT INTO tenant_setting AS s (tenant_id, key, value, locked, reason, changed_by) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, key) DO UPDATE SET value = $3, locked = $4, reason = $5, changed_by = $6, changed_at = now(), version = s.version + 1
        WHERE s.version = $7"#,
        tenant.0,
        key.as_str(),
        Json(&new.value) as _,
        new.locked,
        new.reason,
        new.by,
        new.version
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn remove(connection: &mut PgConnection, tenant: TenantId, key: Key) -> Result<()> {
    sqlx::query!("DELETE FROM tenant_setting WHERE tenant_id = $1 AND key = $2", tenant.0, key.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Tenants directly below.
pub(super) async fn children(connection: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM tenant WHERE parent_id = $1 LIMIT 10000) c"#,
        tenant.0
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// What the platform says.
pub(super) async fn platform(connection: &mut PgConnection) -> Result<Vec<(Key, Own)>> {
    let rows = sqlx::query_as!(
        OwnRow,
        "SELECT key, value, locked, reason, changed_by, changed_at, version FROM platform_setting"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(OwnRow::known).collect())
}

pub(super) async fn lock_platform(connection: &mut PgConnection, key: Key) -> Result<Option<Own>> {
    let row = sqlx::query_as!(
        OwnRow,
        "SELECT key, value, locked, reason, changed_by, changed_at, version FROM platform_setting WHERE key = $1 FOR UPDATE",
        key.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.and_then(OwnRow::known).map(|(_, own)| own))
}

pub(super) async fn put_platform(connection: &mut PgConnection, key: Key, new: &Own) -> Result<bool> {
    let done = sqlx::query!(
        r#"INSERT INTO platform_setting AS s (key, value, locked, reason, changed_by) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (key) DO UPDATE SET value = $2, locked = $3, reason = $4, changed_by = $5, changed_at = now(), version = s.version + 1
        WHERE s.version = $6"#,
        key.as_str(),
        Json(&new.value) as _,
        new.locked,
        new.reason,
        new.by,
        new.version
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn remove_platform(connection: &mut PgConnection, key: Key) -> Result<()> {
    sqlx::query!("DELETE FROM platform_setting WHERE key = $1", key.as_str()).execute(connection).await?;
    Ok(())
}

/// How many tenants say something of their own, by key.
pub(super) async fn overridden(connection: &mut PgConnection) -> Result<Vec<(Key, i64)>> {
    let rows = sqlx::query!(r#"SELECT key, count(*) AS "count!" FROM tenant_setting GROUP BY key"#)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.key.parse().ok()?, row.count))).collect())
}

/// The tenants that a person belongs to.
pub(super) async fn tenants_of(connection: &mut PgConnection, user: UserId) -> Result<Vec<TenantId>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT tenant_id AS "id: TenantId" FROM member WHERE user_id = $1 ORDER BY tenant_id"#,
        user.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

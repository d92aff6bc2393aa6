//! SQL that finds what is left over.

use crate::error::Result;
use crate::operations::Finding;
use model::TenantId;
use sqlx::PgConnection;

pub(in crate::operations) async fn findings(connection: &mut PgConnection) -> Result<Vec<Finding>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE holders AS (
            -- Whose vectors are in the shared table, from one tenant to the next.
            (SELECT tenant_id FROM pooled.vector_item ORDER BY tenant_id LIMIT 1)
            UNION ALL SELECT (SELECT v.tenant_id FROM pooled.vector_item v WHERE v.tenant_id > h.tenant_id ORDER BY v.tenant_id LIMIT 1)
            FROM holders h WHERE h.tenant_id IS NOT NULL),
        open AS (SELECT id, tenant_id, kind, state FROM operation WHERE state IN ('requested', 'queued', 'running', 'undoing', 'parked', 'needs_operator'))
        SELECT 'schema' AS "kind!", n.nspname::text AS "object!", 'A schema of no dedicated tenant.' AS "why!",
            format('As the administrator: SELECT prov.drop_namespace(%L)', substr(n.nspname, 3)::uuid) AS "remedy!"
        FROM pg_namespace n WHERE n.nspname ~ '^t_[0-9a-f]{32}$'
            AND NOT EXISTS (SELECT FROM tenant t WHERE t.placement = 'dedicated' AND 't_' || replace(t.id::text, '-', '') = n.nspname)
            AND NOT EXISTS (SELECT FROM open o WHERE 't_' || replace(o.tenant_id::text, '-', '') = n.nspname)
        UNION ALL SELECT 'role', r.rolname::text, 'A role of this database without its schema.', format('As the administrator: DROP ROLE %I', r.rolname)
        FROM pg_roles r WHERE r.rolname ~ '^tr_[0-9a-f]{32}$' AND shobj_description(r.oid, 'pg_authid') = 'steward:' || current_database()
            AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 't_' || substr(r.rolname, 4))
        UNION ALL SELECT 'role', r.rolname::text, format('A role of “%s”, a database that is not there.', substr(shobj_description(r.oid, 'pg_authid'), 9)),
            format('As the administrator: DROP ROLE %I', r.rolname)
        FROM pg_roles r WHERE r.rolname ~ '^tr_[0-9a-f]{32}$' AND shobj_description(r.oid, 'pg_authid') LIKE 'steward:%'
            AND NOT EXISTS (SELECT FROM pg_database d WHERE 'steward:' || d.datname = shobj_description(r.oid, 'pg_authid'))
        UNION ALL SELECT 'tenant', t.slug, 'It is to have a schema of its own and has none.', format('As the administrator: SELECT prov.create_namespace(%L)', t.id)
        FROM tenant t WHERE t.placement = 'dedicated' AND t.status NOT IN ('provisioning', 'failed', 'purging', 'deleted')
            AND to_regnamespace('t_' || replace(t.id::text, '-', '')) IS NULL
        UNION ALL SELECT 'tenant', t.slug, 'It is being made, and no operation makes it.', format('As the administrator: SELECT prov.forget(%L), then ask for it again', t.id)
        FROM tenant t WHERE t.status = 'provisioning' AND NOT EXISTS (SELECT FROM open o WHERE o.tenant_id = t.id)
            AND EXISTS (SELECT FROM operation o WHERE o.tenant_id = t.id AND o.kind = 'provision')
        UNION ALL SELECT 'tenant', t.slug, 'Rows of its data are in the shared tables, though it has a schema of its own.', 'Compare both by hand; nothing but a fault writes there'
        FROM tenant t WHERE t.placement = 'dedicated' AND (EXISTS (SELECT FROM pooled.conversation c WHERE c.tenant_id = t.id)
            OR EXISTS (SELECT FROM pooled.vector_item v WHERE v.tenant_id = t.id))
        UNION ALL SELECT 'vectors', v.tenant_id::text, 'Vectors in the shared table without a collection.', format('As the administrator: DELETE FROM pooled.vector_item WHERE tenant_id = %L', v.tenant_id)
        FROM holders v WHERE v.tenant_id IS NOT NULL AND NOT EXISTS (SELECT FROM vector_collection c WHERE c.tenant_id = v.tenant_id)
        UNION ALL SELECT 'vectors', t.slug, 'A vector collection of a tenant that is deleted.', format('As the administrator: DELETE FROM pooled.vector_item WHERE tenant_id = %L, then of steward.vector_collection', t.id)
        FROM tenant t JOIN vector_collection c ON c.tenant_id = t.id WHERE t.status = 'deleted'
        UNION ALL SELECT 'name', c.what || ' ' || c.value, 'It is taken by a request that is over.', format('As the administrator: DELETE FROM steward.name_claim WHERE operation_id = %L', c.operation_id)
        FROM name_claim c WHERE NOT EXISTS (SELECT FROM operation o WHERE o.id = c.operation_id
            AND o.state IN ('requested', 'queued', 'running', 'undoing', 'failed', 'parked', 'needs_operator'))
        UNION ALL SELECT 'conversation', c.tenant_id || ' ' || c.external_id, 'Left by a smoke test.', format('As the administrator: DELETE FROM pooled.conversation WHERE tenant_id = %L AND external_id = %L', c.tenant_id, c.external_id)
        FROM operation o JOIN pooled.conversation c ON c.tenant_id = o.tenant_id AND c.external_id = 'steward-' || o.id || '-smoke'
        WHERE o.kind = 'provision' AND o.state NOT IN ('running', 'undoing')
        UNION ALL SELECT 'account', u.email, 'Made for a tenant that came to nothing: it has no password, no place and no role.', format('As the administrator: SELECT prov.drop_account(%L)', u.id)
        FROM user_account u WHERE u.password_hash IS NULL AND u.platform_role IS NULL AND u.disabled_at IS NULL
            AND NOT EXISTS (SELECT FROM member m WHERE m.user_id = u.id)
            AND EXISTS (SELECT FROM operation o JOIN operation_step s ON s.tenant_id = o.tenant_id AND s.operation_id = o.id
                CROSS JOIN LATERAL jsonb_array_elements(s.output -> 'people') AS p
                WHERE o.kind = 'provision' AND s.name = 'administrator' AND p ->> 'user' = u.id::text AND p ->> 'created' = 'true'
                    AND (o.state IN ('failed', 'cancelled', 'rolled_back') OR o.state = 'succeeded' AND NOT EXISTS (SELECT FROM tenant t WHERE t.id = o.tenant_id)))
        UNION ALL SELECT 'notice', n.event || ' ' || n.id, 'It was set aside, so that nobody has heard of it: ' || left(coalesce(n.problem, 'nothing is known of the cause'), 200),
            format('Mend the cause; then, as the administrator: UPDATE steward.notification SET attempts = 0, parked_at = NULL, next_at = now() WHERE id = %L', n.id)
        FROM notification n WHERE n.parked_at IS NOT NULL AND n.fanned_at IS NULL
        UNION ALL SELECT 'operation', o.id::text, CASE o.state WHEN 'needs_operator' THEN 'An undo failed.' ELSE 'It is parked.' END, 'On its page: Retry or Roll back'
        FROM open o WHERE o.state IN ('needs_operator', 'parked')
        UNION ALL SELECT 'operation', o.id::text, 'Its worker has been silent for five minutes, and none has taken it over.', 'Start a server: its worker takes it over'
        FROM operation o WHERE o.state IN ('running', 'undoing') AND o.lease_until < clock_timestamp() - interval '5 minutes'
        ORDER BY 1, 2"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Finding { kind: row.kind, object: row.object, why: row.why, remedy: row.remedy })
        .collect())
}

/// The tenants whose data is in a schema of their own, with its name.
pub(in crate::operations) async fn dedicated(
    connection: &mut PgConnection,
) -> Result<Vec<(TenantId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT t.id, n.nspname::text AS "schema!" FROM tenant t JOIN pg_namespace n ON n.nspname = ('t_' || replace(t.id::text, '-', ''))::name
        WHERE t.placement = 'dedicated' ORDER BY t.id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (TenantId(row.id), row.schema)).collect())
}

/// What is left over in the schema of a tenant, which this transaction is in.
pub(in crate::operations) async fn within(
    connection: &mut PgConnection,
    tenant: TenantId,
    schema: &str,
) -> Result<Vec<Finding>> {
    let rows = sqlx::query!(
        r#"SELECT 'conversation' AS "kind!", c.tenant_id || ' ' || c.external_id AS "object!", 'Left by a smoke test.' AS "why!",
            format('As the administrator: DELETE FROM %I.conversation WHERE external_id = %L', $2::text, c.external_id) AS "remedy!"
        FROM operation o JOIN conversation c ON c.tenant_id = o.tenant_id AND c.external_id = 'steward-' || o.id || '-smoke'
        WHERE o.tenant_id = $1 AND o.kind = 'provision' AND o.state NOT IN ('running', 'undoing')
        UNION ALL SELECT 'vectors', $1::uuid::text, 'Vectors in its own schema without a collection.',
            format('As the administrator: DELETE FROM %I.vector_item', $2::text)
        WHERE EXISTS (SELECT FROM vector_item v WHERE v.tenant_id = $1)
            AND NOT EXISTS (SELECT FROM vector_collection k WHERE k.tenant_id = $1)
        ORDER BY 1, 2"#,
        tenant.0,
        schema
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Finding { kind: row.kind, object: row.object, why: row.why, remedy: row.remedy })
        .collect())
}

pub(in crate::operations) async fn old_keys(connection: &mut PgConnection) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM operation_key WHERE made_at < now() - interval '24 hours'")
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

//! SQL of the isolation checks; `attempts` holds what the probe tries, `reads` shows what was kept.

mod attempts;
pub(super) mod reads;

pub(in crate::isolation) use attempts::{attempt, tries};

use super::Finding;
use super::probe::Evidence;
use super::schedule::KEPT_DAYS;
use crate::error::Result;
use model::TenantId;
use model::isolation::Trigger;
use model::tenants::{Placement, Status};
use sqlx::PgConnection;
use uuid::Uuid;

pub(super) async fn lint(connection: &mut PgConnection) -> Result<Vec<Finding>> {
    Ok(sqlx::query_as(include_str!("lint.sql")).fetch_all(connection).await?)
}

/// Whoever looks and tells does so one after the other, until the end of the transaction.
pub(super) async fn lock_findings(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(5300140)").execute(connection).await?;
    Ok(())
}

/// Writes down what is found and was not told of yet; answers that.
pub(super) async fn found_now(connection: &mut PgConnection, findings: &[Finding]) -> Result<Vec<Finding>> {
    let (rules, objects) = apart(findings);
    Ok(sqlx::query_as!(
        Finding,
        "INSERT INTO lint_finding (rule, object) SELECT DISTINCT rule, object FROM unnest($1::text[], $2::text[]) AS f (rule, object)
        ORDER BY rule, object ON CONFLICT DO NOTHING RETURNING rule, object",
        &rules,
        &objects
    )
    .fetch_all(connection)
    .await?)
}

/// Forgets what was told of and is not found any more; answers that.
pub(super) async fn gone(connection: &mut PgConnection, findings: &[Finding]) -> Result<Vec<Finding>> {
    let (rules, objects) = apart(findings);
    Ok(sqlx::query_as!(
        Finding,
        "DELETE FROM lint_finding l WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS f (rule, object)
            WHERE f.rule = l.rule AND f.object = l.object)
        RETURNING rule, object",
        &rules,
        &objects
    )
    .fetch_all(connection)
    .await?)
}

fn apart(findings: &[Finding]) -> (Vec<String>, Vec<String>) {
    findings.iter().map(|finding| (finding.rule.clone(), finding.object.clone())).unzip()
}

/// Whom a probe is about, and what there is to be reached.
pub(super) struct Target {
    pub slug: String,
    pub placement: Placement,
    pub status: Status,
    /// Another tenant; where there is none, an id that nobody has.
    pub other: TenantId,
    /// The schema of another tenant that has one.
    pub foreign_schema: Option<String>,
}

pub(super) async fn target(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<Target>> {
    let row = sqlx::query!(
        r#"SELECT t.slug, t.placement AS "placement: Placement", t.status AS "status: Status",
            (SELECT o.id FROM tenant o WHERE o.id <> t.id AND o.placement = 'pooled' ORDER BY o.id DESC LIMIT 1) AS other,
            (SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname ~ '^t_[0-9a-f]{32}$'
                AND n.nspname <> 't_' || replace(t.id::text, '-', '') LIMIT 1) AS foreign_schema
        FROM tenant t WHERE t.id = $1"#,
        tenant.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Target {
        slug: row.slug,
        placement: row.placement,
        status: row.status,
        other: TenantId(row.other.unwrap_or(Uuid::from_u128(1))),
        foreign_schema: row.foreign_schema,
    }))
}

/// The tenants that this transaction sees.
pub(super) async fn visible(connection: &mut PgConnection) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!("SELECT id FROM tenant LIMIT 2").fetch_all(connection).await?)
}

/// Takes up to `limit` tenants in service for an hour: those whose proof is an hour old and that nobody else has taken.
/// First a fifth of them that are not proven, then those without any evidence, then the longest wait. Written in the order of
/// their ids, so that two at once never wait for each other in a ring.
pub(super) async fn claim(connection: &mut PgConnection, limit: i64) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        r#"WITH failing AS MATERIALIZED (
            SELECT n.tenant_id AS id FROM isolation_newest n JOIN tenant t ON t.id = n.tenant_id
            WHERE n.failed > 0 AND n.at < now() - interval '1 hour' AND t.status IN ('trial', 'active', 'suspended', 'offboarding')
                AND NOT EXISTS (SELECT FROM isolation_claim c WHERE c.tenant_id = n.tenant_id AND c.until > now())
            ORDER BY n.at LIMIT greatest($1::bigint / 5, 1)),
        due AS (
            SELECT id FROM (
                SELECT id FROM failing
                UNION ALL SELECT t.id FROM tenant t WHERE t.status IN ('trial', 'active', 'suspended', 'offboarding')
                    AND NOT EXISTS (SELECT FROM isolation_newest n WHERE n.tenant_id = t.id)
                    AND NOT EXISTS (SELECT FROM isolation_claim c WHERE c.tenant_id = t.id AND c.until > now())
                UNION ALL (SELECT n.tenant_id FROM isolation_newest n JOIN tenant t ON t.id = n.tenant_id
                    WHERE n.at < now() - interval '1 hour' AND t.status IN ('trial', 'active', 'suspended', 'offboarding')
                        AND n.tenant_id <> ALL (ARRAY(SELECT id FROM failing))
                        AND NOT EXISTS (SELECT FROM isolation_claim c WHERE c.tenant_id = n.tenant_id AND c.until > now())
                    ORDER BY n.at LIMIT $1)
            ) needed LIMIT $1)
        INSERT INTO isolation_claim (tenant_id, until) SELECT id, now() + interval '1 hour' FROM due ORDER BY id
        ON CONFLICT (tenant_id) DO UPDATE SET until = excluded.until WHERE isolation_claim.until <= now()
        RETURNING tenant_id AS "id: TenantId""#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// Keeps a run, and that it is the tenant's newest; ends its claim, and removes what need not be kept beside it any more.
pub(super) async fn keep(connection: &mut PgConnection, evidence: &Evidence, trigger: Trigger) -> Result<()> {
    let attempts = serde_json::to_value(&evidence.attempts)?;
    let at = sqlx::query_scalar!(
        r#"INSERT INTO isolation_run (tenant_id, id, trigger, build, server_version, catalogue_hash, placement, passed, failed, attempts, took_ms)
        SELECT $1, $2, $3, $4, version(),
            (SELECT encode(sha256(convert_to(string_agg(x, E'\n' ORDER BY x), 'UTF8')), 'hex') FROM (
                SELECT format('%s %s %s %s %s', polrelid::regclass, polname, polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) AS x FROM pg_policy
                UNION ALL SELECT format('%s %s', oid::regclass, relacl) FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace IN ('steward'::regnamespace, 'pooled'::regnamespace)
                UNION ALL SELECT format('%s %s', roleid::regrole, member::regrole) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname LIKE 'steward%') AS c),
            $5, $6, $7, $8, $9
        RETURNING at"#,
        evidence.tenant.0,
        evidence.id,
        trigger.as_str(),
        env!("CARGO_PKG_VERSION"),
        evidence.placement.as_str(),
        evidence.passed,
        evidence.failed,
        attempts,
        evidence.took_ms
    )
    .fetch_one(&mut *connection)
    .await?;
    // Two at once: the later one stays.
    sqlx::query!(
        "INSERT INTO isolation_newest (tenant_id, run_id, at, failed) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id) DO UPDATE SET run_id = excluded.run_id, at = excluded.at, failed = excluded.failed
        WHERE isolation_newest.at <= excluded.at",
        evidence.tenant.0,
        evidence.id,
        at,
        evidence.failed
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM isolation_claim WHERE tenant_id = $1", evidence.tenant.0)
        .execute(&mut *connection)
        .await?;
    thin_out(connection, evidence.tenant).await
}

/// Removes runs of a tenant, but never the newest, the one of its provisioning, or one by hand that did not hold: those of
/// long ago; and of those by schedule, of each day, all but the last that held and all but the first and the last that did not.
async fn thin_out(connection: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM isolation_run r WHERE r.tenant_id = $1 AND r.trigger <> 'provisioning' AND (r.failed = 0 OR r.trigger = 'schedule')
            AND NOT EXISTS (SELECT FROM isolation_newest n WHERE n.tenant_id = r.tenant_id AND n.run_id = r.id)
            AND (r.at < now() - make_interval(days => $2)
                OR r.trigger = 'schedule' AND EXISTS (SELECT FROM isolation_run l WHERE l.tenant_id = r.tenant_id
                    AND l.trigger = 'schedule' AND (l.failed = 0) = (r.failed = 0) AND l.at > r.at
                    AND date_trunc('day', l.at, 'UTC') = date_trunc('day', r.at, 'UTC'))
                AND (r.failed = 0 OR EXISTS (SELECT FROM isolation_run e WHERE e.tenant_id = r.tenant_id
                    AND e.trigger = 'schedule' AND e.failed > 0 AND e.at < r.at
                    AND date_trunc('day', e.at, 'UTC') = date_trunc('day', r.at, 'UTC'))))",
        tenant.0,
        KEPT_DAYS
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tenants in service, in the order of their ids.
pub(super) async fn in_service(
    connection: &mut PgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM tenant WHERE status IN ('trial', 'active', 'suspended', 'offboarding') AND ($1::uuid IS NULL OR id > $1)
        ORDER BY id LIMIT $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(TenantId).collect())
}

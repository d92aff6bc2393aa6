//! SQL of plans.

use crate::error::Result;
use model::TenantId;
use model::limits::{Effective, LimitSource, limit};
use model::plans::Plan;
use model::tenants::PlanId;
use model::usage::{Limit, LimitMeter};
use sqlx::PgConnection;
use std::collections::HashMap;

pub(super) async fn plans(connection: &mut PgConnection) -> Result<Vec<Plan>> {
    let limits = sqlx::query!(
        r#"SELECT plan_id AS "plan: PlanId", meter AS "meter: LimitMeter", kind, hard FROM plan_limit"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let rows = sqlx::query!(r#"SELECT id AS "id: PlanId", name, sso, scim, sla FROM plan ORDER BY rank"#)
        .fetch_all(connection)
        .await?;
    let plan = |row: &_| -> Vec<(LimitMeter, Limit)> {
        limits.iter().filter(|l| l.plan == *row).map(|l| (l.meter, limit(&l.kind, l.hard))).collect()
    };
    Ok(rows
        .into_iter()
        .map(|row| Plan {
            limits: plan(&row.id),
            id: row.id,
            name: row.name,
            sso: row.sso,
            scim: row.scim,
            sla: row.sla,
        })
        .collect())
}

/// What tenants may use on these plans, each with its own limits and its template's quotas over them.
pub(super) async fn effective(
    connection: &mut PgConnection,
    wanted: &[(TenantId, PlanId)],
) -> Result<Vec<(TenantId, Effective)>> {
    let ids: Vec<uuid::Uuid> = wanted.iter().map(|(tenant, _)| tenant.0).collect();
    let plans: Vec<String> = wanted.iter().map(|(_, plan)| plan.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT w.id AS "id!: TenantId", l.meter AS "meter!: LimitMeter", l.kind AS "kind!", l.hard AS "hard?",
            l.source AS "source!: LimitSource", l.plan_kind AS "plan_kind!", l.plan_hard AS "plan_hard?",
            l.below_kind AS "below_kind!", l.below_hard AS "below_hard?", l.until AS "until?"
        FROM unnest($1::uuid[], $2::text[]) AS w (id, plan) CROSS JOIN LATERAL limits_of(w.id, w.plan) l"#,
        &ids,
        &plans
    )
    .fetch_all(connection)
    .await?;
    let mut lines: Vec<(TenantId, Effective)> = rows
        .into_iter()
        .map(|row| {
            let line = Effective {
                meter: row.meter,
                limit: limit(&row.kind, row.hard),
                source: row.source,
                plan: limit(&row.plan_kind, row.plan_hard),
                below: limit(&row.below_kind, row.below_hard),
                until: row.until,
            };
            (row.id, line)
        })
        .collect();
    lines.sort_by_key(|(_, line)| line.meter);
    Ok(lines)
}

pub(super) async fn plan_of(connection: &mut PgConnection, tenant: TenantId) -> Result<Option<PlanId>> {
    Ok(sqlx::query_scalar!(r#"SELECT plan_id AS "plan: PlanId" FROM tenant WHERE id = $1"#, tenant.0)
        .fetch_optional(connection)
        .await?)
}

/// What a tenant uses of what plans limit.
pub(super) struct Used {
    users: i64,
    storage_bytes: i64,
    api_calls_15min: i64,
}

impl Used {
    pub(super) const fn of(&self, meter: LimitMeter) -> Option<i64> {
        match meter {
            LimitMeter::Users => Some(self.users),
            LimitMeter::StorageBytes => Some(self.storage_bytes),
            LimitMeter::ApiCalls15min => Some(self.api_calls_15min),
            LimitMeter::Projects => None,
        }
    }
}

/// People and storage now; API calls of the busiest quarter of an hour of the last seven days.
pub(super) async fn used_by(
    connection: &mut PgConnection,
    tenants: &[TenantId],
) -> Result<HashMap<TenantId, Used>> {
    let ids: Vec<uuid::Uuid> = tenants.iter().map(|tenant| tenant.0).collect();
    let rows = sqlx::query!(
        r#"SELECT w.id AS "id!: TenantId", coalesce(m.n, 0) AS "users!", (coalesce(s.n, 0))::bigint AS "storage_bytes!",
            (coalesce(a.n, 0))::bigint AS "api_calls_15min!"
        FROM unnest($1::uuid[]) AS w (id)
        LEFT JOIN (SELECT tenant_id, count(*) AS n FROM member WHERE tenant_id = ANY($1) GROUP BY 1) m ON m.tenant_id = w.id
        LEFT JOIN (SELECT tenant_id, sum(quantity) AS n FROM usage_day WHERE tenant_id = ANY($1) AND meter = 'storage_bytes' GROUP BY 1) s
            ON s.tenant_id = w.id
        LEFT JOIN (SELECT tenant_id, max(used) AS n FROM api_window WHERE tenant_id = ANY($1) AND starts_at > now() - interval '7 days' GROUP BY 1) a
            ON a.tenant_id = w.id"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    let used = rows.into_iter().map(|row| {
        let (users, storage_bytes, api_calls_15min) = (row.users, row.storage_bytes, row.api_calls_15min);
        (row.id, Used { users, storage_bytes, api_calls_15min })
    });
    Ok(used.collect())
}

/// The same of one tenant.
pub(super) async fn used(connection: &mut PgConnection, tenant: TenantId) -> Result<Used> {
    used_by(connection, &[tenant]).await?.remove(&tenant).ok_or(crate::Error::NotFound)
}

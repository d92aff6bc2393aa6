//! SQL of the outbox.

use crate::audit;
use crate::ctx::Ctx;
use crate::error::Result;
use model::TenantId;
use model::notifications::Event;
use sqlx::PgConnection;

/// One statement, so that each tenant stands in it as the change left it.
pub(super) async fn announce(
    connection: &mut PgConnection,
    cx: &Ctx,
    tenants: &[TenantId],
    event: Event,
    data: &serde_json::Value,
) -> Result<()> {
    let (_, actor) = audit::actor_parts(cx.actor());
    let ids: Vec<_> = tenants.iter().map(|_| cx.new_id()).collect();
    sqlx::query!(
        "INSERT INTO notification (tenant_id, id, event, data, tenant, actor_id, actor_name, request_id)
        SELECT x.tenant, x.id, $3, $4,
            CASE WHEN t.id IS NOT NULL THEN jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'plan', t.plan_id) END,
            $5, $6, $7
        FROM unnest($1::uuid[], $2::uuid[]) AS x (tenant, id) LEFT JOIN tenant t ON t.id = x.tenant",
        &tenants.iter().map(|tenant| tenant.0).collect::<Vec<_>>(),
        &ids,
        event.as_str(),
        data,
        actor,
        cx.actor().name(),
        cx.request_id()
    )
    .execute(connection)
    .await?;
    Ok(())
}

//! SQL of the outbox: what happened, and who is to hear of it.

use crate::audit;
use crate::ctx::Ctx;
use crate::error::Result;
use model::TenantId;
use model::notifications::Event;
use sqlx::PgConnection;
use uuid::Uuid;

/// One statement, so that each tenant stands in it as the change left it.
pub(in crate::notifications) async fn announce(
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
            CASE WHEN t.id IS NOT NULL THEN jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'status', t.status, 'plan', t.plan_id,
                'external_id', t.external_id, 'billing_reference', t.billing_reference,
                'owner', CASE WHEN t.owner_id IS NOT NULL THEN owner_card(t.owner_id) END) END,
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

/// A notice whose recipients are to be found.
#[derive(Debug)]
pub(in crate::notifications) struct Notice {
    pub tenant: TenantId,
    pub id: Uuid,
    pub event: String,
    pub data: serde_json::Value,
    pub actor: Option<Uuid>,
    pub attempts: i16,
}

/// Takes up to `limit` notices that are due; the attempt is counted now.
pub(in crate::notifications) async fn claim(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Notice>> {
    let notices = sqlx::query_as!(
        Notice,
        r#"WITH due AS (
            SELECT tenant_id, id FROM notification
            WHERE fanned_at IS NULL AND parked_at IS NULL AND next_at <= now()
            ORDER BY next_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        UPDATE notification n SET attempts = n.attempts + 1, next_at = now() + interval '1 minute'
        FROM due WHERE n.tenant_id = due.tenant_id AND n.id = due.id
        RETURNING n.tenant_id AS "tenant: TenantId", n.id, n.event, n.data, n.actor_id AS actor, n.attempts"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(notices)
}

/// Marks it as done; whether the claim was still ours.
pub(in crate::notifications) async fn fanned(connection: &mut PgConnection, notice: &Notice) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE notification SET fanned_at = now(), problem = NULL
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND fanned_at IS NULL AND parked_at IS NULL",
        notice.tenant.0,
        notice.id,
        notice.attempts
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a failed attempt: again in `seconds`, or never.
pub(in crate::notifications) async fn failed(
    connection: &mut PgConnection,
    notice: &Notice,
    seconds: Option<i32>,
    problem: &str,
) -> Result<()> {
    sqlx::query!(
        "UPDATE notification SET problem = $4, next_at = now() + make_interval(secs => coalesce($5, 0)),
            parked_at = CASE WHEN $5::int IS NULL THEN now() END
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND fanned_at IS NULL",
        notice.tenant.0,
        notice.id,
        notice.attempts,
        problem,
        seconds
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Somebody who gets a mail.
#[derive(Debug)]
pub(in crate::notifications) struct Recipient {
    pub user: Uuid,
    pub email: String,
    /// A person of the tenant itself.
    pub inside: bool,
}

/// Which people are asked for.
#[derive(Clone, Debug, Default)]
pub(in crate::notifications) struct People {
    pub admins: bool,
    pub owner: bool,
    pub operators: bool,
    /// By id.
    pub ids: Vec<Uuid>,
    /// Not this one, whoever else asks for them.
    pub except: Option<Uuid>,
}

/// Each of them once; closed accounts hear nothing.
pub(in crate::notifications) async fn recipients(
    connection: &mut PgConnection,
    tenant: TenantId,
    people: &People,
) -> Result<Vec<Recipient>> {
    let found = sqlx::query_as!(
        Recipient,
        r#"WITH asked AS (
            SELECT user_id AS id FROM member WHERE $2 AND tenant_id = $1 AND role = 'tenant_admin'
            UNION SELECT owner_id FROM tenant WHERE $3 AND id = $1
            UNION SELECT id FROM user_account WHERE $4 AND platform_role IN ('owner', 'operator')
            UNION SELECT unnest($5::uuid[])
        )
        SELECT u.id AS "user!", u.email AS "email!",
            EXISTS (SELECT FROM member m WHERE m.tenant_id = $1 AND m.user_id = u.id) AS "inside!"
        FROM asked JOIN user_account u ON u.id = asked.id
        WHERE u.disabled_at IS NULL AND ($6::uuid IS NULL OR u.id <> $6) ORDER BY u.email"#,
        tenant.0,
        people.admins,
        people.owner,
        people.operators,
        &people.ids,
        people.except
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// An endpoint that hears of an event.
#[derive(Debug)]
pub(in crate::notifications) struct Listener {
    pub tenant: TenantId,
    pub id: Uuid,
    pub url: String,
}

/// The tenant's own endpoints and the platform's that chose this event; of `only`, where one is tested.
pub(in crate::notifications) async fn listeners(
    connection: &mut PgConnection,
    tenant: TenantId,
    event: &str,
    internal: bool,
    only: Option<Uuid>,
) -> Result<Vec<Listener>> {
    let found = sqlx::query_as!(
        Listener,
        r#"SELECT tenant_id AS "tenant: TenantId", id, url FROM webhook
        WHERE removed_at IS NULL AND off_at IS NULL
            AND (tenant_id = '00000000-0000-0000-0000-000000000000' OR (tenant_id = $1 AND NOT $3))
            AND CASE WHEN $4::uuid IS NULL THEN events = '{}' OR $2 = ANY (events) ELSE id = $4 AND tenant_id = $1 END
        ORDER BY tenant_id, id"#,
        tenant.0,
        event,
        internal,
        only
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

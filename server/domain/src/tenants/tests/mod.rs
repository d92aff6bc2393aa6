//! The directory, on real Postgres.

mod details;
mod drafts;
mod import;
mod list;
mod plan_requests;
mod schedules;
mod scope;
mod trial;
mod withdrawn;

use crate::Ctx;
use crate::ctx::Services;
use crate::testing;
use model::permission::Role;
use sqlx::PgPool;

pub(super) async fn operator(admin: &PgPool) -> (Services, Ctx) {
    let services = testing::services(admin).await;
    let cx = testing::platform(&services, Role::Operator);
    (services, cx)
}

/// Tenants `org-0000` … in a mix of everything that can be filtered.
pub(super) async fn fleet(admin: &PgPool, tenants: i32) {
    sqlx::query("INSERT INTO user_account (id, email, name, platform_role) VALUES ($1, 'me@example.com', 'Me', 'success'), ($2, 'you@example.com', 'You', 'success')")
        .bind(uuid::Uuid::from_u128(1))
        .bind(uuid::Uuid::from_u128(2))
        .execute(admin)
        .await
        .expect("users");
    sqlx::query(
        r"INSERT INTO tenant (id, slug, name, domain, external_id, status, status_before, suspension, status_reason, trial_ends_at, grace_ends_at, plan_id,
            region, owner_id, tags, configured_at, validated_at, live_at, health_score, health_band, created_at, updated_at)
        SELECT md5(g::text)::uuid, 'org-' || lpad(g::text, 4, '0'), CASE WHEN g % 3 = 0 THEN 'University ' ELSE 'College ' END || g % 40, 'd' || g || '.example', 'X' || g, s,
            CASE WHEN s IN ('suspended', 'offboarding') THEN 'active' END, CASE WHEN s = 'suspended' THEN 'blocked' END,
            CASE WHEN s = 'suspended' THEN 'payment_failure' WHEN s = 'offboarding' THEN 'contract_end' END,
            CASE WHEN s = 'trial' THEN now() + interval '5 days' END, CASE WHEN s = 'offboarding' THEN now() + interval '5 days' END,
            (ARRAY['free', 'starter', 'professional', 'enterprise'])[1 + g % 4], (ARRAY['eu-1', 'us-1', 'us-2'])[1 + g % 3],
            CASE g % 5 WHEN 0 THEN $2 WHEN 1 THEN $3 END, CASE WHEN g % 6 = 0 THEN ARRAY['vip', 'pilot'] ELSE '{}' END,
            CASE WHEN g % 2 = 0 THEN now() END, CASE WHEN g % 4 = 0 THEN now() END, CASE WHEN g % 8 = 0 THEN now() END, score,
            CASE WHEN score IS NULL THEN 'no_data' WHEN score >= 75 THEN 'healthy' WHEN score >= 50 THEN 'watch' WHEN score >= 25 THEN 'at_risk' ELSE 'critical' END,
            now() - make_interval(hours => g % 50), now() - make_interval(mins => g % 30)
        FROM (SELECT g, (ARRAY['active', 'trial', 'active', 'suspended', 'active', 'offboarding', 'failed'])[1 + g % 7] s,
            CASE WHEN g % 10 = 9 THEN NULL ELSE (g * 7 % 101)::smallint END score FROM generate_series(0, $1 - 1) g) g",
    )
    .bind(tenants)
    .bind(uuid::Uuid::from_u128(1))
    .bind(uuid::Uuid::from_u128(2))
    .execute(admin)
    .await
    .expect("tenants");
}

pub(super) async fn count(admin: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(admin).await.expect("a count")
}

//! The overview against a real database.

use super::*;
use crate::error::Error;
use crate::testing;
use model::overview::Concern;
use model::permission::Role;
use model::tenants::{Band, Stage};
use sqlx::PgPool;

async fn fleet(admin: &PgPool) {
    sqlx::raw_sql(
        "INSERT INTO tenant (id, slug, name, status, plan_id, created_at, live_at, configured_at, validated_at, health_score, health_band, health_at)
        SELECT gen_random_uuid(), 'live-' || n, 'Live', 'active', 'free', now() - interval '60 days', now(), now(), now(), n, CASE WHEN n < 25 THEN 'critical' ELSE 'at_risk' END, now() FROM generate_series(20, 29) n;
        INSERT INTO tenant (id, slug, name, status, plan_id, created_at) SELECT gen_random_uuid(), 'old-' || n, 'Old', 'trial', 'free', now() - interval '40 days' FROM generate_series(1, 7) n;
        INSERT INTO tenant (id, slug, name, status, plan_id) VALUES (gen_random_uuid(), 'broken', 'Broken', 'failed', 'free');
        INSERT INTO tenant (id, slug, name, status, plan_id, status_reason, status_before, grace_ends_at)
        SELECT gen_random_uuid(), 'leaving-' || n, 'Leaving', 'offboarding', 'free', 'contract_end', 'active', now() + make_interval(days => n) FROM generate_series(1, 20, 4) n;
        INSERT INTO usage_day SELECT id, 'conversations', (now() AT TIME ZONE 'UTC')::date - d, 2 FROM tenant CROSS JOIN generate_series(0, 3) d WHERE status = 'active';",
    )
    .execute(admin)
    .await
    .expect("a fleet");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn numbers_reasons_and_chart_are_those_of_the_rows(admin: PgPool) {
    let services = testing::services(&admin).await;
    fleet(&admin).await;
    let page = overview(&testing::platform(&services, Role::Operator)).await.expect("the overview");
    let counts = &page.counts;
    assert_eq!(
        (
            counts.tenants,
            counts.onboarding,
            counts.at_risk,
            counts.suspended,
            counts.offboarding,
            counts.leaving_soon
        ),
        (23, 7, 10, 0, 5, 2)
    );
    assert_eq!(
        counts.stages,
        [
            (Stage::Provision, 1),
            (Stage::Configure, 7),
            (Stage::Validate, 0),
            (Stage::GoLive, 0),
            (Stage::Operate, 10),
            (Stage::Offboard, 5)
        ]
    );
    assert_eq!(counts.bands.iter().find(|b| b.band == Band::NoData).map(|b| b.tenants), Some(13));
    assert_eq!(page.conversations_today, 20);
    assert!(page.usage.summary.starts_with("80 conversations in 30 days"), "{}", page.usage.summary);
    let kinds: Vec<_> = page.attention.iter().map(|a| a.concern).collect();
    assert_eq!(
        kinds,
        [
            vec![Concern::Failed],
            vec![Concern::GraceEnds],
            vec![Concern::Critical; 4],
            vec![Concern::Overdue; 4]
        ]
        .concat()
    );
    assert_eq!(page.attention[2].why, "Critical health, score 20");
    assert!(page.may_create);
    assert!(page.recent.is_some());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_empty_fleet_and_those_who_may_not(admin: PgPool) {
    let services = testing::services(&admin).await;
    let success = testing::platform(&services, Role::Success);
    let page = overview(&success).await.expect("the overview");
    assert_eq!(
        (page.counts.tenants, page.attention.len(), page.recent, page.may_create),
        (0, 0, None, false)
    );
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    assert_eq!(overview(&success).await.expect("kept for two seconds").counts.tenants, 0);
    let inside = testing::member(&services, tenant, Role::TenantAdmin);
    assert!(matches!(overview(&inside).await, Err(Error::Forbidden(_))));
}

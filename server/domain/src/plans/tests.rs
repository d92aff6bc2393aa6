use super::*;
use crate::testing;
use model::permission::Role;
use model::plans::Fit;
use model::usage::{Limit, LimitMeter};
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn plans_come_with_their_limits_in_words(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Auditor);
    let plans = list(&cx).await.expect("plans");
    assert_eq!(plans.iter().map(|plan| plan.id).collect::<Vec<_>>(), PlanId::ALL);
    let (free, enterprise) = (&plans[0], &plans[3]);
    assert_eq!(free.limit(LimitMeter::Users), Some(Limit::Number(5)));
    assert_eq!(enterprise.limit(LimitMeter::Users), Some(Limit::Unlimited));
    assert_eq!(enterprise.limit(LimitMeter::StorageBytes), Some(Limit::Custom));
    assert!(enterprise.sso && !free.sso);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_preview_tells_what_would_not_fit(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    sqlx::query("INSERT INTO usage_day (tenant_id, meter, day, quantity) VALUES ($1, 'storage_bytes', current_date, 200000000)")
        .bind(tenant)
        .execute(&admin)
        .await
        .expect("usage");
    sqlx::query("INSERT INTO api_window (tenant_id, starts_at, used) VALUES ($1, now(), 900)")
        .bind(tenant)
        .execute(&admin)
        .await
        .expect("a window");
    let cx = testing::platform(&services, Role::Operator);
    let preview = preview(&cx, tenant, PlanId::Free).await.expect("a preview");
    let fit = |meter| preview.limits.iter().find(|l| l.meter == meter).map(|l| l.fit);
    assert_eq!(fit(LimitMeter::StorageBytes), Some(Fit::Over));
    assert_eq!(fit(LimitMeter::ApiCalls15min), Some(Fit::Throttled));
    assert_eq!(fit(LimitMeter::Users), Some(Fit::Fits));
    assert_eq!(fit(LimitMeter::Projects), Some(Fit::Unknown));
    assert_eq!(preview.refusals().len(), 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn limits_are_for_those_who_see_the_tenant_and_previews_for_those_who_may_change_it(admin: PgPool) {
    let services = testing::services(&admin).await;
    let own = testing::tenant(&admin, "own").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let member = testing::member(&services, own, Role::TenantMember);
    assert_eq!(limits(&member, own).await.expect("own limits").len(), LimitMeter::ALL.len());
    assert!(matches!(limits(&member, other).await, Err(Error::NotFound)));
    assert!(matches!(preview(&member, own, PlanId::Free).await, Err(Error::Forbidden(_))));
    assert!(matches!(list(&member).await, Err(Error::Forbidden(_))));
    let success = testing::platform(&services, Role::Success);
    assert!(matches!(preview(&success, own, PlanId::Free).await, Err(Error::Forbidden(_))));
}

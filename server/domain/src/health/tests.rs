//! Health against a real database.

use super::*;
use crate::testing;
use model::health::Dimension;
use model::permission::Role;
use model::tenants::Band;
use sqlx::PgPool;

/// `per_day` conversations on each of the last `days` days, today not included.
async fn usage(admin: &PgPool, tenant: TenantId, days: i32, per_day: i64) {
    sqlx::query(
        "INSERT INTO usage_day (tenant_id, meter, day, quantity)
        SELECT $1, 'conversations', (now() AT TIME ZONE 'UTC')::date - n, $3 FROM generate_series(1, $2) n",
    )
    .bind(tenant)
    .bind(days)
    .bind(per_day)
    .execute(admin)
    .await
    .expect("usage");
}

async fn signal(admin: &PgPool, tenant: TenantId, dimension: &str, value: i16, days_ago: i32) {
    sqlx::query("INSERT INTO health_signal (tenant_id, dimension, observed_at, value, detail) VALUES ($1, $2, now() - make_interval(days => $3), $4, 'said')")
        .bind(tenant)
        .bind(dimension)
        .bind(days_ago)
        .bind(value)
        .execute(admin)
        .await
        .expect("a signal");
}

async fn snapshot(admin: &PgPool, tenant: TenantId, days_ago: i32, score: i16) {
    let readings = serde_json::json!([{ "dimension": "usage", "value": score, "weight": 30, "effective": 100.0, "words": "w", "facts": {} }]);
    sqlx::query("INSERT INTO health_snapshot (tenant_id, day, score, band, weights, inputs) VALUES ($1, (now() AT TIME ZONE 'UTC')::date - $2, $3, $4, 1, $5)")
        .bind(tenant)
        .bind(days_ago)
        .bind(score)
        .bind(Band::of(Some(score)).as_str())
        .bind(readings)
        .execute(admin)
        .await
        .expect("a snapshot");
}

fn value(snapshot: &Snapshot, dimension: Dimension) -> Option<i16> {
    snapshot.readings.iter().find(|r| r.dimension == dimension).and_then(|r| r.value)
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_score_is_computed_from_what_is_there_kept_and_audited(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Success);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    usage(&admin, tenant, 60, 10).await;
    usage(&admin, other, 60, 9_999).await;
    signal(&admin, tenant, "payment", 40, 3).await;
    signal(&admin, tenant, "payment", 90, 30).await;
    signal(&admin, tenant, "support", 10, 61).await;
    signal(&admin, other, "security", 0, 1).await;
    sqlx::query("UPDATE tenant SET version = 7 WHERE id = $1")
        .bind(tenant)
        .execute(&admin)
        .await
        .expect("a version");

    let now = compute(&cx, tenant).await.expect("computed");
    assert_eq!(value(&now, Dimension::Usage), Some(100));
    assert_eq!(value(&now, Dimension::Growth), Some(60));
    assert_eq!(value(&now, Dimension::Payment), Some(40), "the newest signal counts");
    assert_eq!(value(&now, Dimension::Support), None, "an old signal does not");
    assert_eq!(value(&now, Dimension::Security), None, "another tenant's does not");
    // (100·30 + 60·15 + 40·10) ÷ 55
    assert_eq!(now.score, Some(78));
    let (score, band, version): (i16, String, i64) =
        sqlx::query_as("SELECT health_score, health_band, version FROM tenant WHERE id = $1")
            .bind(tenant)
            .fetch_one(&admin)
            .await
            .expect("the tenant");
    assert_eq!((score, band.as_str(), version), (78, "healthy", 7), "no form becomes stale by a score");

    compute(&cx, tenant).await.expect("again");
    let (snapshots, lines): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM health_snapshot WHERE tenant_id = $1), (SELECT count(*) FROM audit_entry WHERE tenant_id = $1 AND action = 'health.compute')",
    )
    .bind(tenant)
    .fetch_one(&admin)
    .await
    .expect("counts");
    assert_eq!((snapshots, lines), (1, 2));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_may_not_compute_is_refused_and_nothing_is_written(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let auditor = testing::platform(&services, Role::Auditor);
    assert!(matches!(compute(&auditor, tenant).await, Err(Error::Forbidden(_))));
    let inside = testing::member(&services, tenant, Role::TenantAdmin);
    assert!(matches!(compute(&inside, tenant).await, Err(Error::Forbidden(_))));
    assert!(matches!(of_tenant(&inside, other).await, Err(Error::NotFound)));
    assert!(matches!(fleet(&inside, &FleetFilter::default()).await, Err(Error::Forbidden(_))));
    assert!(
        matches!(tick(&testing::platform(&services, Role::Owner)).await, Err(Error::Forbidden(_))),
        "the server's own work"
    );
    assert!(of_tenant(&inside, tenant).await.is_ok());
    let written: i64 =
        sqlx::query_scalar("SELECT count(*) FROM health_snapshot").fetch_one(&admin).await.expect("a count");
    assert_eq!(written, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn no_data_is_a_state_of_its_own(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let empty = of_tenant(&cx, tenant).await.expect("a page");
    assert!(empty.now.is_none() && empty.chart.is_none() && empty.may_compute);
    let now = compute(&cx, tenant).await.expect("computed");
    assert_eq!((now.score, now.band), (None, Band::NoData));
    let page = of_tenant(&cx, tenant).await.expect("a page");
    assert!(page.chart.is_some_and(|chart| chart.wide.is_none() && chart.summary.starts_with("No data")));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_change_of_a_week_names_its_dimensions(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    snapshot(&admin, tenant, 20, 10).await;
    snapshot(&admin, tenant, 6, 90).await;
    usage(&admin, tenant, 60, 5).await;
    signal(&admin, tenant, "payment", 0, 1).await;
    signal(&admin, tenant, "support", 0, 1).await;
    compute(&cx, tenant).await.expect("computed");
    let page = of_tenant(&cx, tenant).await.expect("a page");
    let week = page.week.expect("a week");
    assert_eq!(week.from, 90, "not the one of 20 days ago");
    assert!(week.delta() < 0);
    assert!((week.parts.iter().map(|p| p.1).sum::<f64>() - f64::from(week.delta())).abs() <= 1.0);
    let delta: Option<i16> = sqlx::query_scalar("SELECT health_delta FROM tenant WHERE id = $1")
        .bind(tenant)
        .fetch_one(&admin)
        .await
        .expect("a delta");
    assert_eq!(delta, Some(week.delta()));

    let fleet = fleet(&cx, &FleetFilter::default()).await.expect("the fleet");
    assert_eq!(fleet.falling.len(), 1);
    assert!(fleet.falling[0].why.contains('−'), "{}", fleet.falling[0].why);
    assert!(fleet.rising.is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_daily_round_computes_each_tenant_in_service_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("health");
    for n in 0..5 {
        testing::tenant(&admin, &format!("t{n}")).await.expect("a tenant");
    }
    let gone = testing::tenant(&admin, "gone").await.expect("a tenant");
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE id = $1")
        .bind(gone)
        .execute(&admin)
        .await
        .expect("deleted");
    assert_eq!(compute_all(&system).await.expect("all"), 5);
    assert_eq!(compute_all(&system).await.expect("none"), 0);
    let days: i64 =
        sqlx::query_scalar("SELECT count(*) FROM health_snapshot").fetch_one(&admin).await.expect("a count");
    assert_eq!(days, 5);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_score_follows_usage_once_it_is_rolled_up(admin: PgPool) {
    let services = testing::services(&admin).await;
    let system = services.system("health");
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let silent = testing::tenant(&admin, "silent").await.expect("a tenant");
    assert_eq!(tick(&system).await.expect("the daily part"), 2);
    signal(&admin, tenant, "support", 80, 0).await;
    sqlx::query(
        "INSERT INTO usage_hour (tenant_id, meter, hour, quantity) VALUES ($1, 'conversations', now(), 3)",
    )
    .bind(tenant)
    .execute(&admin)
    .await
    .expect("usage");
    assert_eq!(tick(&system).await.expect("not rolled up yet"), 0);
    usage(&admin, tenant, 1, 3).await;
    sqlx::query("UPDATE rollup SET done_to = pg_current_xact_id() WHERE name = 'usage_day'")
        .execute(&admin)
        .await
        .expect("rolled up");
    assert!(tick(&system).await.expect("followed") >= 1);
    let scores: Vec<(String, Option<i16>)> =
        sqlx::query_as("SELECT slug, health_score FROM tenant ORDER BY slug")
            .fetch_all(&admin)
            .await
            .expect("scores");
    assert_eq!(scores, [("acme".to_owned(), Some(93)), ("silent".to_owned(), None)]);
    assert_eq!(tick(&system).await.expect("nothing new"), 0, "{silent}");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_fleet_is_counted_filtered_and_paged_worst_first(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Success);
    sqlx::query(
        "INSERT INTO tenant (id, slug, name, status, plan_id, region, health_score, health_band, health_at)
        SELECT gen_random_uuid(), 't' || n, 'T' || n, 'active', CASE WHEN n % 2 = 0 THEN 'free' ELSE 'starter' END, CASE WHEN n < 10 THEN 'us-1' ELSE 'eu-1' END,
            n % 50, CASE WHEN n % 50 < 25 THEN 'critical' ELSE 'at_risk' END, now() FROM generate_series(0, 119) n",
    )
    .execute(&admin)
    .await
    .expect("a fleet");
    testing::tenant(&admin, "unknown").await.expect("a tenant");
    let mut filter = FleetFilter::default();
    let first = fleet(&cx, &filter).await.expect("the fleet");
    let count = |band| first.bands.iter().find(|b| b.band == band).map(|b| b.tenants);
    assert_eq!(
        (count(Band::Critical), count(Band::AtRisk), count(Band::NoData), count(Band::Healthy)),
        (Some(70), Some(50), Some(1), Some(0))
    );
    assert_eq!(first.regions, ["eu-1", "us-1"]);
    let mut seen = Vec::new();
    let mut page = first.at_risk;
    loop {
        seen.extend(page.rows.iter().map(|row| (row.score, row.id)));
        match page.next {
            None => break,
            next => filter.after = next,
        }
        page = fleet(&cx, &filter).await.expect("a page").at_risk;
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted() && seen.windows(2).all(|w| w[0] != w[1]), "none twice, none skipped");

    let narrow =
        FleetFilter { plan: "free".parse().ok(), region: Some("us-1".into()), ..FleetFilter::default() };
    assert_eq!(fleet(&cx, &narrow).await.expect("narrow").at_risk.rows.len(), 5);
    let mine = FleetFilter { owner: Some("me".into()), ..FleetFilter::default() };
    assert!(fleet(&cx, &mine).await.expect("mine").at_risk.rows.is_empty());
    let junk =
        FleetFilter { owner: Some("' OR 1=1".into()), after: Some("x:y".into()), ..FleetFilter::default() };
    assert_eq!(fleet(&cx, &junk).await.expect("ignored").at_risk.rows.len(), 50);
}

use super::*;
use crate::ctx::Services;
use crate::error::Error;
use crate::testing;
use model::permission::Role;
use model::usage::Series;
use sqlx::PgPool;

async fn day_totals(admin: &PgPool) -> Vec<(String, NaiveDate, i64)> {
    sqlx::query_as("SELECT meter, day, quantity FROM usage_day ORDER BY meter, day")
        .fetch_all(admin)
        .await
        .expect("days")
}

async fn hours_summed(admin: &PgPool) -> Vec<(String, NaiveDate, i64)> {
    sqlx::query_as(
        "SELECT meter, (hour AT TIME ZONE 'UTC')::date, sum(quantity)::bigint FROM usage_hour GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(admin)
    .await
    .expect("hours")
}

async fn count(services: &Services, tenant: TenantId, meter: Meter, quantity: i64) {
    let mut tx = services.system("test").begin(Reach::Tenant(tenant)).await.expect("a transaction");
    store::add(tx.conn(), tenant, &[(meter, quantity)]).await.expect("counted");
    tx.commit_unaudited("test").await.expect("committed");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_replay_changes_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = services.system("test");
    for n in 1..=5 {
        count(&services, tenant, Meter::Conversations, n).await;
        count(&services, tenant, Meter::StorageBytes, n * 100).await;
        rollup(&cx).await.expect("rolled up");
        assert_eq!(day_totals(&admin).await, hours_summed(&admin).await);
    }
    // As after a crash between the days and the mark, and after a restore into another cluster.
    for mark in ["0", "18446744073709551000"] {
        sqlx::query("UPDATE rollup SET done_to = $1::text::xid8")
            .bind(mark)
            .execute(&admin)
            .await
            .expect("moved");
        assert_eq!(rollup(&cx).await.expect("rolled up"), Some(0), "nothing is written anew");
        assert_eq!(day_totals(&admin).await, hours_summed(&admin).await);
    }
    // A day that was spoilt is found as soon as one of its hours is touched.
    sqlx::query("UPDATE usage_day SET quantity = 1").execute(&admin).await.expect("spoilt");
    count(&services, tenant, Meter::Conversations, 1).await;
    count(&services, tenant, Meter::StorageBytes, 1).await;
    rollup(&cx).await.expect("rolled up");
    assert_eq!(day_totals(&admin).await, hours_summed(&admin).await);
}

/// A transaction that counted first and commits last: a mark made of times would have passed it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_late_commit_is_not_missed(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (a, b) = (
        testing::tenant(&admin, "a").await.expect("a tenant"),
        testing::tenant(&admin, "b").await.expect("a tenant"),
    );
    let cx = services.system("test");
    let mut late = cx.begin(Reach::Tenant(a)).await.expect("a transaction");
    store::add(late.conn(), a, &[(Meter::TaskRuns, 7)]).await.expect("counted");
    for _ in 0..3 {
        count(&services, b, Meter::TaskRuns, 1).await;
        rollup(&cx).await.expect("rolled up");
    }
    assert_eq!(day_totals(&admin).await.iter().map(|row| row.2).sum::<i64>(), 3);
    late.commit_unaudited("test").await.expect("committed");
    rollup(&cx).await.expect("rolled up");
    assert_eq!(day_totals(&admin).await.iter().map(|row| row.2).sum::<i64>(), 10);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn roll_ups_beside_writers_lose_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let writers = (0..3).map(|_| {
        let services = services.clone();
        tokio::spawn(async move {
            for _ in 0..40 {
                count(&services, tenant, Meter::ApiCalls, 1).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let rollups = (0..2).map(|_| {
        let cx = services.system("test");
        tokio::spawn(async move {
            for _ in 0..30 {
                rollup(&cx).await.expect("rolled up");
            }
        })
    });
    for task in writers.into_iter().chain(rollups.collect::<Vec<_>>()) {
        task.await.expect("joined");
    }
    rollup(&services.system("test")).await.expect("rolled up");
    assert_eq!(day_totals(&admin).await.iter().map(|row| row.2).sum::<i64>(), 120);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_one_process_rolls_up(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = services.system("test");
    let mut held = cx.begin(Reach::Fleet).await.expect("a transaction");
    assert!(store::lock_rollup(held.conn()).await.expect("locked"));
    assert_eq!(rollup(&cx).await.expect("an answer"), None);
    drop(held);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn series_are_the_tenants_own(admin: PgPool) {
    let services = testing::services(&admin).await;
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    sqlx::query("INSERT INTO usage_day SELECT $1, 'storage_bytes', (now() AT TIME ZONE 'UTC')::date - d, 10 FROM generate_series(1, 40) d")
        .bind(a)
        .execute(&admin)
        .await
        .expect("past days");
    count(&services, a, Meter::Conversations, 2).await;
    count(&services, b, Meter::Conversations, 5).await;
    rollup(&services.system("test")).await.expect("rolled up");
    let cx = testing::member(&services, a, Role::TenantAdmin);
    let usage = series(&cx, a, 30).await.expect("usage");
    assert_eq!(usage.dates().count(), 30);
    assert_eq!(usage.meter(Meter::Conversations).map(Series::total), Some(2));
    let storage = usage.meter(Meter::StorageBytes).expect("a series");
    assert_eq!((storage.before, storage.total()), (110, 400));
    assert!(matches!(series(&cx, b, 30).await, Err(Error::NotFound)));
    assert!(matches!(fleet(&cx, 30).await, Err(Error::Forbidden(_))));
    let all = fleet(&testing::platform(&services, Role::Success), 7).await.expect("usage");
    assert_eq!(all.meter(Meter::Conversations).map(Series::total), Some(7));
    assert_eq!(all.meter(Meter::StorageBytes).map(Series::total), Some(400));
}

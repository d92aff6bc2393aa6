//! Monitors against a real database.

use super::*;
use crate::ctx::Services;
use crate::testing;
use model::monitors::Monitor;
use model::permission::Role;
use sqlx::PgPool;

/// A tenant with its monitors and backups, as provisioning sets them up; proven just now.
async fn watched(admin: &PgPool, services: &Services, slug: &str) -> TenantId {
    let tenant = testing::tenant(admin, slug).await.expect("a tenant");
    let mut tx = services.system("test").begin(Reach::Fleet).await.expect("a transaction");
    crate::operations::watch(tx.conn(), &[tenant]).await.expect("watched");
    tx.commit_unaudited("test").await.expect("committed");
    sqlx::raw_sql("UPDATE tenant SET status_since = now() - interval '30 days'")
        .execute(admin)
        .await
        .expect("aged");
    prove(admin, tenant, 0).await;
    tenant
}

async fn prove(admin: &PgPool, tenant: TenantId, failed: i16) {
    sqlx::query(
        "WITH run AS (INSERT INTO isolation_run (tenant_id, id, trigger, build, server_version, catalogue_hash, placement, passed, failed, attempts)
            VALUES ($1, gen_random_uuid(), 'schedule', '1', 'PostgreSQL', 'hash', 'pooled', 35, $2, '[]') RETURNING *)
         INSERT INTO isolation_newest (tenant_id, run_id, at, failed) SELECT tenant_id, id, at, failed FROM run
         ON CONFLICT (tenant_id) DO UPDATE SET run_id = excluded.run_id, at = excluded.at, failed = excluded.failed",
    )
    .bind(tenant)
    .bind(failed)
    .execute(admin)
    .await
    .expect("a proof");
}

/// Conversations so many hours ago.
async fn conversations(admin: &PgPool, tenant: TenantId, hours: i32) {
    sqlx::query(
        "INSERT INTO usage_hour (tenant_id, meter, hour, quantity)
        VALUES ($1, 'conversations', date_trunc('hour', now(), 'UTC') - make_interval(hours => $2), 3)",
    )
    .bind(tenant)
    .bind(hours)
    .execute(admin)
    .await
    .expect("usage");
}

/// A quarter of an hour later.
async fn turn(admin: &PgPool, services: &Services) -> usize {
    sqlx::query("UPDATE monitor_turn SET due_at = now()").execute(admin).await.expect("due");
    tick(&services.system("monitors")).await.expect("a tick")
}

async fn monitor(services: &Services, tenant: TenantId, kind: Kind) -> Monitor {
    let cx = testing::platform(services, Role::Operator);
    let page = of_tenant(&cx, tenant).await.expect("monitors");
    page.monitors.into_iter().find(|monitor| monitor.kind == kind).expect("one of each kind")
}

async fn told(admin: &PgPool, event: &str) -> Vec<(TenantId, serde_json::Value)> {
    sqlx::query_as("SELECT tenant_id, data FROM notification WHERE event = $1 ORDER BY id")
        .bind(event)
        .fetch_all(admin)
        .await
        .expect("notices")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_alert_is_raised_once_and_cleared_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = watched(&admin, &services, "acme").await;
    let other = watched(&admin, &services, "other").await;
    for tenant in [acme, other] {
        conversations(&admin, tenant, 26 + 7 * 24 - 8).await;
    }
    conversations(&admin, acme, 30).await;
    conversations(&admin, other, 1).await;

    assert_eq!(turn(&admin, &services).await, 2);
    assert_eq!(
        monitor(&services, acme, Kind::IngestionStalled).await.state,
        State::Calm,
        "one look raises nothing"
    );
    assert_eq!(tick(&services.system("monitors")).await.expect("a tick"), 0, "nobody is due");
    for _ in 0..3 {
        turn(&admin, &services).await;
    }
    let raised = monitor(&services, acme, Kind::IngestionStalled).await;
    assert_eq!(raised.state, State::Raised);
    assert!(
        raised.said.starts_with("No conversation has come in for") && raised.raised_at.is_some(),
        "{raised:?}"
    );
    assert_eq!(monitor(&services, other, Kind::IngestionStalled).await.state, State::Calm);
    let notices = told(&admin, "monitor.raised").await;
    assert_eq!((notices.len(), notices[0].0), (1, acme), "once, however often it is looked at: {notices:?}");
    assert_eq!(notices[0].1["monitor"]["kind"], "ingestion_stalled");

    // Those who run the fleet find it on their first page.
    let page =
        crate::overview::overview(&testing::platform(&services, Role::Operator)).await.expect("the overview");
    let alert =
        page.attention.iter().find(|a| a.concern == model::overview::Concern::Alert).expect("attention");
    assert_eq!((alert.slug.as_str(), alert.why.starts_with("Alert: No conversation")), ("acme", true));

    conversations(&admin, acme, 0).await;
    for _ in 0..3 {
        turn(&admin, &services).await;
    }
    let cleared = monitor(&services, acme, Kind::IngestionStalled).await;
    assert_eq!((cleared.state, cleared.raised_at), (State::Calm, None));
    assert_eq!(
        (told(&admin, "monitor.raised").await.len(), told(&admin, "monitor.cleared").await.len()),
        (1, 1)
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn of_many_at_once_the_number_is_told(admin: PgPool) {
    let services = testing::services(&admin).await;
    for n in 0..=EACH {
        let tenant = watched(&admin, &services, &format!("t-{n}")).await;
        prove(&admin, tenant, 1).await;
    }
    for _ in 0..3 {
        turn(&admin, &services).await;
    }
    let notices = told(&admin, "monitor.raised").await;
    assert_eq!((notices.len(), notices[0].0), (1, TenantId::PLATFORM), "{notices:?}");
    assert_eq!(
        (notices[0].1["tenants"].as_i64(), &notices[0].1["monitor"]["kind"]),
        (Some(21), &serde_json::json!("isolation"))
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn many_that_come_one_after_the_other_are_many_too(admin: PgPool) {
    let services = testing::services(&admin).await;
    let mut tenants = Vec::new();
    for n in 0..EACH + 3 {
        tenants.push(watched(&admin, &services, &format!("t-{n}")).await);
    }
    // Of how many tenants, and whether of one alone.
    let raised = async || {
        let rows: Vec<(i64, bool)> = sqlx::query_as(
            "SELECT coalesce((data->>'tenants')::bigint, 1), tenant_id <> $1 FROM notification
            WHERE event = 'monitor.raised' ORDER BY at",
        )
        .bind(TenantId::PLATFORM)
        .fetch_all(&admin)
        .await
        .expect("notices");
        rows
    };
    let (first, rest) = tenants.split_at(20);
    for tenant in first {
        prove(&admin, *tenant, 1).await;
    }
    for _ in 0..2 {
        turn(&admin, &services).await;
    }
    assert_eq!(raised().await, vec![(1, true); 20], "as many as are told one by one");
    for tenant in rest {
        prove(&admin, *tenant, 1).await;
        for _ in 0..2 {
            turn(&admin, &services).await;
        }
    }
    let told = raised().await;
    assert_eq!((told.len(), told.last()), (21, Some(&(21, false))), "then their number, once within an hour");
    // An hour later each is told again.
    sqlx::query("UPDATE notification SET at = at - interval '61 minutes'")
        .execute(&admin)
        .await
        .expect("later");
    let late = watched(&admin, &services, "late").await;
    prove(&admin, late, 1).await;
    for _ in 0..2 {
        turn(&admin, &services).await;
    }
    let told = raised().await;
    assert_eq!((told.len(), told.last()), (22, Some(&(1, true))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_first_turns_of_many_are_spread(admin: PgPool) {
    let services = testing::services(&admin).await;
    let mut many = Vec::new();
    for n in 0..5 {
        many.push(testing::tenant(&admin, &format!("t-{n}")).await.expect("a tenant"));
    }
    let mut tx = services.system("test").begin(Reach::Fleet).await.expect("a transaction");
    crate::operations::watch(tx.conn(), &many).await.expect("watched");
    tx.commit_unaudited("test").await.expect("committed");
    let turns: (i64, bool) = sqlx::query_as(
        "SELECT count(DISTINCT due_at), max(due_at) <= now() + interval '15 minutes' FROM monitor_turn",
    )
    .fetch_one(&admin)
    .await
    .expect("turns");
    assert_eq!(turns, (5, true));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn backups_and_thresholds_follow_the_settings(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = watched(&admin, &services, "acme").await;
    let owner = testing::platform(&services, Role::Owner);
    let every = async || {
        let page = of_tenant(&owner, acme).await.expect("monitors");
        let full = page
            .backups
            .into_iter()
            .find(|b| b.kind == model::monitors::BackupKind::Full)
            .expect("a schedule");
        (full.every_days, full.keep_days)
    };
    assert_eq!(every().await, (1, 35));
    settings::set_platform(&owner, Key::BackupSchedule, "weekly", false, "test", 0).await.expect("set");
    settings::set(&owner, acme, Key::BackupDays, "14", false, "test", 0).await.expect("set");
    settings::set(&owner, acme, Key::NotifyQuotaPercent, "60", false, "test", 0).await.expect("set");
    turn(&admin, &services).await;
    assert_eq!(every().await, (7, 14));
    assert_eq!(monitor(&services, acme, Kind::Quota).await.threshold, 60);
    settings::set(&owner, acme, Key::BackupSchedule, "monthly", false, "test", 0).await.expect("set");
    turn(&admin, &services).await;
    assert_eq!(every().await, (30, 14));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn monitors_rest_with_their_tenant_and_are_shown_to_those_inside(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (acme, other) = (watched(&admin, &services, "acme").await, watched(&admin, &services, "other").await);
    sqlx::query("UPDATE tenant SET status = 'suspended', status_before = 'active', status_reason = 'inactivity', suspension = 'read_only' WHERE id = $1")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("suspended");
    turn(&admin, &services).await;
    let operator = testing::platform(&services, Role::Operator);
    let page = of_tenant(&operator, acme).await.expect("monitors");
    assert!(page.rests && page.evaluated_at.is_none() && page.accepted.is_none(), "{page:?}");
    let inside = testing::member(&services, other, Role::TenantMember);
    let theirs = of_tenant(&inside, other).await.expect("its own");
    assert!(theirs.evaluated_at.is_some());
    // What the probe found is for those who may read the audit log.
    let kinds = |page: &Monitoring| page.monitors.iter().map(|monitor| monitor.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&theirs), [Kind::IngestionStalled, Kind::TaskFailures, Kind::Quota]);
    let admins = testing::member(&services, other, Role::TenantAdmin);
    for cx in [admins, testing::platform(&services, Role::Success)] {
        assert_eq!(kinds(&of_tenant(&cx, other).await.expect("all of them")).len(), 4);
    }
    assert!(matches!(of_tenant(&inside, acme).await, Err(Error::NotFound)), "another tenant's are not there");
    assert!(matches!(tick(&operator).await, Err(Error::Forbidden(_))), "the server's own work");
    // Its next turn is hours away, and comes at once when it is in service again.
    sqlx::query("UPDATE monitor_turn SET due_at = due_at - interval '5 hours'")
        .execute(&admin)
        .await
        .expect("later");
    sweep(&services.system("hourly")).await.expect("swept");
    assert_eq!(tick(&services.system("monitors")).await.expect("a tick"), 1, "the other one only");
    sqlx::query("UPDATE tenant SET status = 'active', status_before = NULL, status_reason = NULL, suspension = NULL WHERE id = $1")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("in service again");
    sweep(&services.system("hourly")).await.expect("swept");
    assert_eq!(tick(&services.system("monitors")).await.expect("a tick"), 1);
    assert!(of_tenant(&operator, acme).await.expect("monitors").evaluated_at.is_some());
    // What an older server has set up is found.
    sqlx::query("DELETE FROM monitor_turn").execute(&admin).await.expect("removed");
    sweep(&services.system("hourly")).await.expect("swept");
    assert_eq!(tick(&services.system("monitors")).await.expect("a tick"), 2);
}

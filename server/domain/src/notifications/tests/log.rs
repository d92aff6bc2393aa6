//! The log: who may look, pages, resending.

use super::World;
use crate::notifications::{get, list, resend, resend_all};
use crate::{Error, testing};
use model::directory::Cursor;
use model::notifications::{DeliveryFilter, DeliveryState};
use model::page::Total;
use model::permission::Role;
use model::{DeliveryId, TenantId};
use sqlx::PgPool;

async fn ids(admin: &PgPool, tenant: TenantId) -> Vec<DeliveryId> {
    sqlx::query_scalar("SELECT id FROM delivery WHERE tenant_id = $1 ORDER BY id")
        .bind(tenant)
        .fetch_all(admin)
        .await
        .expect("ids")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_sees_its_own_log_and_nothing_else(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    world.suspend().await;
    let filter = DeliveryFilter::default();
    let cx = world.tenant_admin();
    let page = list(&cx, Some(world.tenant), &filter).await.expect("its own");
    assert_eq!(page.rows.iter().map(|d| d.recipient.as_str()).collect::<Vec<_>>(), ["ines@example.com"]);
    let all = list(&world.operator(), None, &filter).await.expect("all");
    assert_eq!((all.rows.len(), all.total), (2, Total::Exact(2)));
    let own = ids(&admin, world.tenant).await[0];
    let ours = ids(&admin, TenantId::PLATFORM).await[0];
    let detail = get(&cx, Some(world.tenant), own).await.expect("one");
    assert_eq!(detail.subject.as_deref(), Some("Acme & Söhne is suspended"));
    assert_eq!((detail.attempts.len(), detail.delivery.state), (1, DeliveryState::NotSent));
    assert!(matches!(get(&cx, Some(world.tenant), ours).await, Err(Error::NotFound)));
    assert!(matches!(get(&cx, Some(other), own).await, Err(Error::NotFound)));
    assert!(matches!(list(&cx, Some(other), &filter).await, Err(Error::NotFound)));
    assert!(matches!(list(&cx, None, &filter).await, Err(Error::Forbidden(_))));
    assert!(
        matches!(get(&world.operator(), Some(other), own).await, Err(Error::NotFound)),
        "in another's log"
    );
    let member = testing::member(&world.services, world.tenant, Role::TenantMember);
    assert!(matches!(list(&member, Some(world.tenant), &filter).await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn sending_again_needs_its_permission_and_leaves_a_line(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    world.suspend().await;
    let (own, ours) = (ids(&admin, world.tenant).await[0], ids(&admin, TenantId::PLATFORM).await[0]);
    let auditor = testing::platform(&world.services, Role::Auditor);
    assert!(matches!(resend(&auditor, None, ours).await, Err(Error::Forbidden(_))));
    assert!(matches!(resend_all(&auditor, None, None).await, Err(Error::Forbidden(_))));
    let cx = world.tenant_admin();
    assert!(matches!(resend(&cx, Some(world.tenant), ours).await, Err(Error::NotFound)));
    assert!(matches!(resend(&cx, Some(other), own).await, Err(Error::NotFound)));
    assert_eq!(world.audited("notification.resend").await, 0);
    resend(&cx, Some(world.tenant), own).await.expect("again");
    assert_eq!(world.audited("notification.resend").await, 1);
    let states: Vec<_> = world.states().await.into_iter().map(|(_, state, ..)| state).collect();
    assert_eq!(states, ["waiting", "not_sent"]);
    sqlx::query("UPDATE delivery SET claimed_until = now() + interval '1 minute' WHERE id = $1")
        .bind(own)
        .execute(&admin)
        .await
        .expect("busy");
    assert!(
        matches!(resend(&cx, Some(world.tenant), own).await, Err(Error::Conflict(_))),
        "somebody is at it"
    );
    resend_all(&world.operator(), None, None).await.expect("the platform's");
    assert!(
        matches!(resend_all(&world.operator(), None, None).await, Err(Error::Conflict(_))),
        "nothing is left"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_huge_log_is_paged_by_keys(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let notice = uuid::Uuid::from_u128(77);
    sqlx::query("INSERT INTO notification (tenant_id, id, event, data, actor_name, request_id, fanned_at) VALUES ($1, $2, 'tenant.live', '{}', 'x', 'x', now())")
        .bind(world.tenant).bind(notice).execute(&admin).await.expect("a notice");
    sqlx::query("INSERT INTO delivery (tenant_id, id, about_id, notification_id, event, channel, user_id, recipient, state)
        SELECT $1, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, $2, 'tenant.live', 'mail', $2, n || '@example.com', CASE WHEN n % 10 = 0 THEN 'parked' ELSE 'delivered' END
        FROM generate_series(1, 1120) n")
        .bind(world.tenant).bind(notice).execute(&admin).await.expect("rows");
    let cx = world.tenant_admin();
    let mut filter = DeliveryFilter::default();
    let (mut seen, mut pages, mut before) = (0, 0, None);
    loop {
        let page = list(&cx, Some(world.tenant), &filter).await.expect("a page");
        assert_eq!(page.total, Total::AtLeast(1_000));
        seen += page.rows.len();
        pages += 1;
        before = page.previous.clone().or(before);
        match page.next {
            Some(next) => filter.cursor = Cursor::After(next),
            None => break,
        }
    }
    assert_eq!((seen, pages), (1_120, 23));
    filter.cursor = Cursor::Before(before.expect("a way back"));
    let page = list(&cx, Some(world.tenant), &filter).await.expect("back");
    assert!(page.rows.len() == 50 && page.next.is_some() && page.previous.is_some());
    let parked = DeliveryFilter { state: Some(DeliveryState::Parked), ..DeliveryFilter::default() };
    assert_eq!(list(&cx, Some(world.tenant), &parked).await.expect("some").total, Total::Exact(112));
    let odd = DeliveryFilter { cursor: Cursor::After("no cursor".into()), ..DeliveryFilter::default() };
    assert_eq!(list(&cx, Some(world.tenant), &odd).await.expect("the first").rows.len(), 50);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_old_and_over_is_removed(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    world.suspend().await;
    sqlx::query("UPDATE delivery SET created_at = now() - interval '91 days'")
        .execute(&admin)
        .await
        .expect("aged");
    sqlx::query("UPDATE delivery SET state = 'waiting' WHERE tenant_id = $1")
        .bind(world.tenant)
        .execute(&admin)
        .await
        .expect("one waits");
    assert_eq!(super::super::sweep(&world.services.system("test")).await.expect("swept"), 1);
    assert_eq!(world.states().await.len(), 1);
    // Its notice is still needed; one that nobody was told of goes with its age.
    let notices = "SELECT count(*) FROM notification";
    sqlx::query("UPDATE notification SET at = now() - interval '91 days'")
        .execute(&admin)
        .await
        .expect("aged");
    super::super::sweep(&world.services.system("test")).await.expect("swept");
    let left: i64 = sqlx::query_scalar(notices).fetch_one(&admin).await.expect("a count");
    assert_eq!(left, 1);
    sqlx::query("DELETE FROM delivery").execute(&admin).await.expect("gone");
    super::super::sweep(&world.services.system("test")).await.expect("swept");
    let left: i64 = sqlx::query_scalar(notices).fetch_one(&admin).await.expect("a count");
    assert_eq!(left, 0);
}

/// A word that only a newer version knows waits for it, and is set aside in the end; nothing else waits behind it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_notice_that_nobody_understands_is_set_aside(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    sqlx::query("INSERT INTO notification (tenant_id, id, event, data, actor_name, request_id) VALUES ($1, $1, 'tenant.teleported', '{}', 'x', 'x')")
        .bind(world.tenant).execute(&admin).await.expect("a notice");
    world.suspend().await;
    assert_eq!(world.states().await.len(), 2, "the others are told");
    for _ in 0..12 {
        sqlx::query("UPDATE notification SET next_at = now() WHERE fanned_at IS NULL")
            .execute(&admin)
            .await
            .expect("later");
        world.drain().await;
    }
    let (attempts, parked): (i16, bool) = sqlx::query_as(
        "SELECT attempts, parked_at IS NOT NULL FROM notification WHERE event = 'tenant.teleported'",
    )
    .fetch_one(&admin)
    .await
    .expect("a row");
    assert_eq!((attempts, parked), (10, true));
}

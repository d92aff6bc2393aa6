//! Webhooks: signatures that the reference implementation accepts, repeats, rotation, and endpoints that fail.

use super::{World, verify};
use crate::notifications::attempts_max;
use crate::testing::http::{Receiver, Reply};
use crate::{testing, webhooks};
use model::notifications::Channel;
use sqlx::PgPool;
use std::collections::BTreeSet;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_change_reaches_a_receiver_that_checks_its_signature(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let (theirs, ours) =
        (Receiver::start(Reply::status(204)).await, Receiver::start(Reply::status(200)).await);
    sqlx::query("UPDATE tenant SET external_id = 'CRM-7', billing_reference = 'PO 4711' WHERE slug = 'acme'")
        .execute(&admin)
        .await
        .expect("a record");
    let secret = world.hook(Some(world.tenant), "theirs", &theirs.url("/hook?a=1")).await;
    let platform = world.hook(None, "ours", &ours.url("/")).await;
    world.suspend().await;
    assert_eq!(verify(&theirs, &secret.secret), 1);
    assert_eq!(verify(&ours, &platform.secret), 1, "the platform's hears of every tenant");
    let call = &theirs.received()[0];
    assert_eq!(
        (call.path.as_str(), &call.headers["content-type"]),
        ("/hook?a=1", &"application/json".parse().expect("a value"))
    );
    let body: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
    assert_eq!(body["type"], "tenant.suspended");
    assert_eq!(body["data"]["tenant"]["slug"], "acme");
    assert_eq!(body["data"]["tenant"]["status"], "suspended", "as the change left it");
    assert_eq!(body["data"]["reason"], "payment_failure");
    assert!(!String::from_utf8_lossy(&call.body).contains("unpaid since May"));
    // The record for the operator's own systems goes to the platform's endpoints alone (R80).
    let record = |body: &serde_json::Value| {
        let tenant = &body["data"]["tenant"];
        ["external_id", "billing_reference", "owner"].map(|field| tenant.get(field).cloned())
    };
    assert_eq!(record(&body), [Some("CRM-7".into()), None, None]);
    let own: serde_json::Value = serde_json::from_slice(&ours.received()[0].body).expect("JSON");
    let sue = serde_json::json!({ "name": "sue", "email": "sue@example.com" });
    assert_eq!(record(&own), [Some("CRM-7".into()), Some("PO 4711".into()), Some(sue)]);
    assert!(call.body.len() < 20_000 && body["timestamp"].is_string());
    // Somebody else's secret does not fit.
    let reference = standardwebhooks::Webhook::new(&platform.secret).expect("a secret");
    assert!(reference.verify(&call.body, &call.headers).is_err());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn another_tenant_hears_nothing_and_chosen_events_only(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let (foreign, picky) =
        (Receiver::start(Reply::status(200)).await, Receiver::start(Reply::status(200)).await);
    world.hook(Some(other), "foreign", &foreign.url("/")).await;
    let events = ["tenant.reinstated".to_owned()];
    let form = webhooks::Form { name: "picky", url: &picky.url("/"), every: false, events: &events };
    webhooks::create(&world.tenant_admin(), Some(world.tenant), &form).await.expect("made");
    world.suspend().await;
    assert!(picky.received().is_empty());
    crate::tenants::reinstate(&world.operator(), world.tenant, 2, "paid").await.expect("reinstated");
    world.drain().await;
    assert_eq!(picky.received().len(), 1);
    assert!(foreign.received().is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_failing_receiver_is_called_by_the_schedule_with_the_same_bytes(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let receiver = Receiver::start(Reply::status(500)).await;
    let secret = world.hook(Some(world.tenant), "theirs", &receiver.url("/")).await;
    world.suspend().await;
    let most = attempts_max(Channel::Webhook);
    assert_eq!(most, 10, "the specification's schedule");
    for _ in 1..most {
        assert_eq!(world.drain().await, 0, "not before its time");
        world.later().await;
        world.drain().await;
    }
    assert_eq!(verify(&receiver, &secret.secret), most);
    let ids: BTreeSet<_> = receiver
        .received()
        .iter()
        .map(|call| call.headers["webhook-id"].to_str().expect("text").to_owned())
        .collect();
    let bodies: BTreeSet<_> = receiver.received().into_iter().map(|call| call.body).collect();
    assert_eq!((ids.len(), bodies.len()), (1, 1), "one message, however often");
    let (_, state, attempts, problem) = hook_state(&world).await;
    assert_eq!((state.as_str(), attempts, problem.as_deref()), ("parked", 10, Some("Answered 500.")));
    world.later().await;
    assert_eq!(world.drain().await, 0, "given up");
}

async fn hook_state(world: &World) -> (String, String, i16, Option<String>) {
    world.states().await.into_iter().find(|(to, ..)| to.starts_with("http")).expect("a call")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn redirects_hangs_and_breaks_are_failures(admin: PgPool) {
    let mut deployment = testing::deployment();
    deployment.outward = deployment.outward.within(std::time::Duration::from_millis(300));
    let world = World::new(&admin, deployment).await;
    let inside = Receiver::start(Reply::status(200)).await;
    let receiver = Receiver::start(Reply::status(400)).await;
    world.hook(Some(world.tenant), "theirs", &receiver.url("/")).await;
    world.suspend().await;
    let mut seen = Vec::new();
    for reply in [
        Reply::Say(302, vec![("location", inside.url("/"))], String::new()),
        Reply::Hang,
        Reply::Drop,
        Reply::Say(503, vec![("retry-after", "3600".into())], "busy".into()),
    ] {
        receiver.reply(reply);
        world.later().await;
        world.drain().await;
        let (_, state, _, problem) = hook_state(&world).await;
        assert_eq!(state, "waiting");
        seen.push(problem.expect("a reason"));
    }
    assert!(seen[0].contains("redirects are not followed"), "{seen:?}");
    assert!(
        seen[1].contains("no answer within") && seen[2].contains("broke") && seen[3] == "Answered 503: busy",
        "{seen:?}"
    );
    let asked: bool = sqlx::query_scalar(
        "SELECT next_at > now() + interval '50 minutes' FROM delivery WHERE channel = 'webhook'",
    )
    .fetch_one(&admin)
    .await
    .expect("a row");
    assert!(asked, "it asked for an hour of peace");
    assert!(inside.received().is_empty());
    receiver.reply(Reply::status(200));
    world.later().await;
    world.drain().await;
    assert_eq!(hook_state(&world).await.1, "delivered");
    let recovered: bool =
        sqlx::query_scalar("SELECT failing_since IS NULL AND last_success_at IS NOT NULL FROM webhook")
            .fetch_one(&admin)
            .await
            .expect("a row");
    assert!(recovered);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_address_that_leads_inside_now_is_not_called(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let receiver = Receiver::start(Reply::status(200)).await;
    world.hook(Some(world.tenant), "theirs", &receiver.url("/")).await;
    // The same database under a configuration that lets nobody in.
    let strict = crate::Deployment { outward: crate::outward::Client::default(), ..testing::deployment() };
    let services = testing::services_with(&admin, strict).await;
    let form = crate::tenants::Suspend { code: "inactivity", note: "x", scope: "blocked", message: "" };
    crate::tenants::suspend(&world.operator(), world.tenant, 1, form).await.expect("suspended");
    super::super::drain(&services.system("test")).await.expect("drained");
    let (_, state, _, problem) = hook_state(&world).await;
    assert_eq!(state, "waiting");
    assert!(problem.expect("a reason").contains("this machine itself"));
    assert!(receiver.received().is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn both_secrets_sign_for_a_day_after_a_rotation(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let receiver = Receiver::start(Reply::status(200)).await;
    let old = world.hook(Some(world.tenant), "theirs", &receiver.url("/")).await;
    let new = webhooks::rotate(&world.tenant_admin(), Some(world.tenant), old.id).await.expect("rotated");
    assert_ne!(old.secret, new.secret);
    webhooks::test(&world.tenant_admin(), Some(world.tenant), old.id).await.expect("a test");
    world.drain().await;
    assert_eq!((verify(&receiver, &old.secret), verify(&receiver, &new.secret)), (1, 1));
    sqlx::query("UPDATE webhook SET previous_until = now()").execute(&admin).await.expect("a day later");
    webhooks::test(&world.tenant_admin(), Some(world.tenant), old.id).await.expect("a test");
    world.drain().await;
    let last = receiver.received().pop().expect("a call");
    let reference = standardwebhooks::Webhook::new(&old.secret).expect("a secret");
    assert!(reference.verify(&last.body, &last.headers).is_err(), "the old one is over");
    assert_eq!(verify(&receiver, &new.secret), 2);
    // At rest neither is readable.
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT secret FROM webhook").fetch_one(&admin).await.expect("a row");
    use base64::Engine;
    let raw = base64::prelude::BASE64_STANDARD
        .decode(new.secret.strip_prefix("whsec_").expect("its prefix"))
        .expect("base64");
    assert!(!sealed.windows(raw.len()).any(|w| w == raw));
    assert_eq!(raw.len(), 32);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_endpoint_that_fails_for_days_is_switched_off_with_a_notice(admin: PgPool) {
    let catcher = crate::testing::smtp::Catcher::start().await;
    let world = World::new(&admin, super::with_mail(&catcher)).await;
    let receiver = Receiver::start(Reply::status(500)).await;
    let hook = world.hook(Some(world.tenant), "theirs", &receiver.url("/")).await;
    world.suspend().await;
    sqlx::query("UPDATE webhook SET failing_since = now() - interval '5 days'")
        .execute(&admin)
        .await
        .expect("days ago");
    world.later().await;
    world.drain().await;
    let found = webhooks::get(&world.operator(), Some(world.tenant), hook.id).await.expect("there");
    assert_eq!(found.off.map(|(why, _)| why), Some(model::webhooks::OffReason::Failing));
    assert_eq!(hook_state(&world).await.1, "parked", "what waited is given up");
    let told = catcher.to("ines@example.com").iter().any(|mail| mail.plain().contains("was switched off"));
    assert!(told, "its people are told");
    assert_eq!(world.audited("webhook.disable").await, 1);
    // Switched on again it begins with a clean record, and what was missed can be sent.
    receiver.reply(Reply::status(200));
    webhooks::switch(&world.tenant_admin(), Some(world.tenant), hook.id, true).await.expect("on");
    super::super::resend_all(&world.tenant_admin(), Some(world.tenant), Some(hook.id)).await.expect("again");
    world.drain().await;
    assert_eq!(hook_state(&world).await.1, "delivered");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_endpoint_that_says_it_is_gone_is_believed(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let receiver = Receiver::start(Reply::status(410)).await;
    let hook = world.hook(None, "ours", &receiver.url("/")).await;
    world.suspend().await;
    let found = webhooks::get(&world.operator(), None, hook.id).await.expect("there");
    assert_eq!(found.off.map(|(why, _)| why), Some(model::webhooks::OffReason::Gone));
    assert_eq!(receiver.received().len(), 1);
    crate::tenants::reinstate(&world.operator(), world.tenant, 2, "paid").await.expect("reinstated");
    world.drain().await;
    assert_eq!(receiver.received().len(), 1, "nothing more");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_worker_that_dies_loses_nothing_and_a_late_one_writes_nothing(admin: PgPool) {
    let world = World::new(&admin, testing::deployment()).await;
    let receiver = Receiver::start(Reply::status(200)).await;
    world.hook(Some(world.tenant), "theirs", &receiver.url("/")).await;
    webhooks::test(
        &world.operator(),
        Some(world.tenant),
        webhooks::list(&world.operator(), Some(world.tenant)).await.expect("one")[0].id,
    )
    .await
    .expect("a test");
    let cx = world.services.system("test");
    super::super::fan::round(&cx).await.expect("fanned");
    // Claimed, and never heard of again.
    let mut lost = super::super::work::claim(&cx, 10, &[]).await.expect("claimed");
    let lost = lost.pop().expect("one");
    assert_eq!(world.drain().await, 0, "the lease holds");
    world.later().await;
    assert_eq!(world.drain().await, 1, "and ends");
    assert_eq!(hook_state(&world).await.1, "delivered");
    // The one that was thought dead comes back with another outcome.
    receiver.reply(Reply::status(500));
    super::super::deliver::attempt(&cx, &lost).await.expect("its attempt");
    let (_, state, attempts, _) = hook_state(&world).await;
    assert_eq!((state.as_str(), attempts), ("delivered", 2), "fenced off");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_slow_endpoint_holds_nobody_else_up(admin: PgPool) {
    let mut deployment = testing::deployment();
    deployment.outward = deployment.outward.within(std::time::Duration::from_secs(5));
    let world = World::new(&admin, deployment).await;
    let (slow, quick) = (Receiver::start(Reply::Hang).await, Receiver::start(Reply::status(200)).await);
    let slow = (world.hook(None, "slow", &slow.url("/")).await, slow);
    for _ in 0..40 {
        webhooks::test(&world.operator(), None, slow.0.id).await.expect("a test");
    }
    let quick = (world.hook(None, "quick", &quick.url("/")).await, quick);
    webhooks::test(&world.operator(), None, quick.0.id).await.expect("a test");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(super::super::run(world.services.clone(), stopped));
    let begun = std::time::Instant::now();
    while quick.1.received().is_empty() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(4), "the quick one waits for the slow one");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(slow.1.received().len() <= 4, "{} at a time", slow.1.received().len());
    let _ = stop.send(true);
    worker.abort();
}

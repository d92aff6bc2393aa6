use super::*;
use crate::testing;
use model::permission::Role;
use sqlx::PgPool;

fn conversation(id: &str) -> Prepared {
    let json = format!(
        r#"{{"id":"{id}","turns":[{{"speaker":"customer","text":"Where is my order?"}},{{"speaker":"agent","text":"On its way."}}]}}"#
    );
    parse(json.as_bytes()).expect("a conversation")
}

async fn usage_of(admin: &PgPool, meter: &str) -> i64 {
    sqlx::query_scalar("SELECT coalesce(sum(quantity), 0)::bigint FROM usage_hour WHERE meter = $1")
        .bind(meter)
        .fetch_one(admin)
        .await
        .expect("usage")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_same_id_is_stored_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let (a, b) = (
        testing::tenant(&admin, "a").await.expect("a tenant"),
        testing::tenant(&admin, "b").await.expect("a tenant"),
    );
    let cx = services.system("test");
    let many =
        |from: usize, to: usize| (from..to).map(|n| conversation(&format!("c{n}"))).collect::<Vec<_>>();
    // More than one batch, with a double inside the request.
    let mut first = many(0, 1200);
    first.push(conversation("c7"));
    let received = ingest(&cx, a, first).await.expect("stored");
    assert_eq!(received, Received { received: 1201, created: 1200, duplicates: 1 });
    let received = ingest(&cx, a, many(1100, 1300)).await.expect("stored");
    assert_eq!(received, Received { received: 200, created: 100, duplicates: 100 });
    assert_eq!(ingest(&cx, b, many(0, 1)).await.expect("stored").created, 1, "another tenant, other ids");
    assert_eq!(ingest(&cx, a, vec![]).await.expect("nothing"), Received::default());
    assert_eq!(usage_of(&admin, "conversations").await, 1301);
    let bytes: i64 = sqlx::query_scalar("SELECT sum(bytes)::bigint FROM conversation")
        .fetch_one(&admin)
        .await
        .expect("bytes");
    assert_eq!(usage_of(&admin, "storage_bytes").await, bytes);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_same_id_with_other_content_is_refused_and_named(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    let cx = services.system("test");
    let of = |line: i64, json: &str| Prepared { line, ..parse(json.as_bytes()).expect("a conversation") };
    let first = r#"{"id":"x","language":"en","turns":[{"speaker":"agent","text":"one"}]}"#;
    ingest(&cx, tenant, vec![of(0, first)]).await.expect("stored");
    // The same words in another spelling are the same content; a time that was left out says nothing.
    let same = r#"{"turns":[{"text":"\u006fne","speaker":"agent"}],"id":"x","language":"en"}"#;
    assert_eq!(ingest(&cx, tenant, vec![of(0, same)]).await.expect("a duplicate").duplicates, 1);
    for other in [
        first.replace("one", "two"),
        first.replace(r#""en""#, r#""de""#),
        first.replace(r#""id""#, r#""channel":"voice","id""#),
        first.replace(r#""id""#, r#""started_at":"2020-01-01T00:00:00Z","id""#),
    ] {
        let new = of(1, &first.replace(r#""x""#, r#""y""#));
        let Err(Error::OtherContent(named)) = ingest(&cx, tenant, vec![new, of(2, &other)]).await else {
            panic!("refused: {other}")
        };
        assert_eq!(named, [(2, "x".to_owned())]);
    }
    // Twice in one request with two contents: which one is meant, nobody can know.
    let (one, two) =
        (first.replace(r#""x""#, r#""z""#), first.replace(r#""x""#, r#""z""#).replace("one", "two"));
    assert!(matches!(ingest(&cx, tenant, vec![of(1, &one), of(2, &two)]).await, Err(Error::OtherContent(_))));
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM conversation").fetch_one(&admin).await.expect("a count");
    assert_eq!(kept, 1, "all or nothing");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn requests_that_race_agree(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    let tasks: Vec<_> = (0..4)
        .map(|turn| {
            let cx = services.system("test");
            let mut ids: Vec<_> = (0..600).map(|n| conversation(&format!("c{n}"))).collect();
            if turn % 2 == 1 {
                ids.reverse();
            }
            tokio::spawn(async move { ingest(&cx, tenant, ids).await.expect("stored").created })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        created += task.await.expect("joined");
    }
    assert_eq!(created, 600);
    assert_eq!(usage_of(&admin, "conversations").await, 600);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn lists_page_without_gaps_or_repeats(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    let other = testing::tenant(&admin, "b").await.expect("a tenant");
    let system = services.system("test");
    ingest(&system, tenant, (0..25).map(|n| conversation(&format!("c{n:02}"))).collect())
        .await
        .expect("stored");
    ingest(&system, other, vec![conversation("theirs")]).await.expect("stored");
    let cx = testing::member(&services, tenant, Role::TenantMember);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = list(&cx, tenant, Some(State::Pending), after, 10).await.expect("a page");
        seen.extend(rows.into_iter().map(|row| row.external_id));
        match next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
        // What arrives meanwhile is newer than the cursor.
        ingest(&system, tenant, vec![conversation(&format!("late{}", seen.len()))]).await.expect("stored");
    }
    let expected: Vec<_> = (0..25).rev().map(|n| format!("c{n:02}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(list(&cx, tenant, Some(State::Done), None, 10).await.expect("a page").0, []);

    let one = by_external_id(&cx, tenant, "c03").await.expect("one");
    assert_eq!((one.turns.len(), one.row.state, one.values.len()), (2, State::Pending, 0));
    assert!(matches!(by_external_id(&cx, tenant, "theirs").await, Err(Error::NotFound)));
    assert!(matches!(by_external_id(&cx, other, "theirs").await, Err(Error::NotFound)));
    assert!(matches!(list(&cx, other, None, None, 10).await, Err(Error::NotFound)));
    assert!(matches!(ingest(&cx, tenant, vec![conversation("x")]).await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_suspension_meanwhile_stores_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    // Resolved while the tenant was active.
    let cx = testing::member(&services, tenant, Role::TenantAdmin);
    sqlx::query("UPDATE tenant SET status = 'suspended', suspension = 'read_only', status_reason = 'payment_failure', status_before = 'active'")
        .execute(&admin)
        .await
        .expect("suspended");
    let refused = ingest(&cx, tenant, vec![conversation("x")]).await;
    assert!(matches!(refused, Err(Error::Suspended(Access::ReadOnly))), "{refused:?}");
    assert_eq!(usage_of(&admin, "conversations").await, 0);
}

/// R26: a tenant that begins with every channel switched off can be made all the same.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn where_every_channel_is_off_the_smoke_test_comes_in_and_nothing_else(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "a").await.expect("a tenant");
    let (system, owner) = (services.system("test"), testing::platform(&services, Role::Owner));
    let refused = |answer: Result<Received>| matches!(answer, Err(Error::Invalid(errors)) if errors.get("channel").is_some());
    settings::set(&owner, tenant, Key::BasicChat, "off", false, "test", 0).await.expect("set");
    assert!(refused(ingest_for_smoke(&system, tenant, conversation("x")).await), "other channels are open");
    for key in [Key::Voice, Key::Email] {
        settings::set(&owner, tenant, key, "off", false, "test", 0).await.expect("set");
    }
    let received = ingest_for_smoke(&system, tenant, conversation("x")).await.expect("taken in");
    assert_eq!(received.created, 1);
    assert!(refused(ingest(&system, tenant, vec![conversation("y")]).await), "nobody else’s work");
    assert_eq!(usage_of(&admin, "conversations").await, 0);
}

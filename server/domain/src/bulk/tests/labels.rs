//! Owner and tags of many: who is left out and why, what is done to each, with whose lines, and what an owner is who left.

use super::*;

/// Ann and Bob act for the platform, Cid looks only.
async fn people(admin: &PgPool) {
    run(
        admin,
        "INSERT INTO user_account (id, email, name, platform_role) VALUES
        ('00000000-0000-0000-0000-000000000101', 'ann@example.com', 'Ann', 'success'),
        ('00000000-0000-0000-0000-000000000102', 'bob@example.com', 'Bob', 'operator'),
        ('00000000-0000-0000-0000-000000000103', 'cid@example.com', 'Cid', 'auditor')",
    )
    .await;
}

fn person(n: u128) -> String {
    Uuid::from_u128(0x100 + n).to_string()
}

async fn owner_to(admin: &PgPool, slugs: &str, owner: &str) -> BulkInput {
    BulkInput { action: "set_owner".into(), owner: owner.into(), ..ticked(admin, slugs).await }
}

async fn tags_of(admin: &PgPool, slugs: &str, add: &str, remove: &str) -> BulkInput {
    BulkInput {
        action: "change_tags".into(),
        add: add.into(),
        remove: remove.into(),
        ..ticked(admin, slugs).await
    }
}

fn refused(result: crate::Result<Uuid>) -> Vec<String> {
    match result {
        Err(Error::Invalid(errors)) => errors.0.into_keys().collect(),
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_owner_is_given_to_those_who_have_another(admin: PgPool) {
    let cx = site(&admin).await;
    people(&admin).await;
    fleet(&admin, 4).await;
    run(&admin, "UPDATE tenant SET owner_id = '00000000-0000-0000-0000-000000000101' WHERE slug = 't02';
        UPDATE tenant SET owner_id = '00000000-0000-0000-0000-000000000102', tags = '{vip}' WHERE slug = 't03';
        UPDATE tenant SET status = 'deleted' WHERE slug = 't04'").await;
    let offered = form(&cx, None).await.expect("a form").owners;
    assert_eq!(offered.iter().map(|owner| owner.name.as_str()).collect::<Vec<_>>(), ["Ann", "Bob"]);
    for nobody in ["", "Ann", &person(3), &person(9)] {
        let input = owner_to(&admin, "t01", nobody).await;
        assert_eq!(refused(preview(&cx, &input).await), ["owner"], "{nobody}");
    }
    let input = owner_to(&admin, "t01 t02 t03 t04", &person(1)).await;
    let id = preview(&cx, &input).await.expect("previewed");
    let now = seen(&cx, id).await;
    assert_eq!((now.total, now.eligible), (4, 2));
    assert_eq!(now.skipped, [(Why::Status, 1), (Why::Same, 1)]);
    assert_eq!(now.rows[1].note.as_deref(), Some("Ann is its owner already."));
    let operation = start(&cx, id, "Ann takes the region over.", "").await.expect("begun");
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 2), (Outcome::Skipped, 2)]);
    let anns = "SELECT count(*) FROM tenant WHERE owner_id = '00000000-0000-0000-0000-000000000101'";
    assert_eq!(count(&admin, anns).await, 3);
    assert_eq!(
        count(&admin, "SELECT count(*) FROM tenant WHERE slug = 't03' AND tags = '{vip}'").await,
        1,
        "tags stay"
    );
    assert_eq!(lines(&admin, "tenant.change_details").await, 2);
    type Line = (String, Option<String>, Option<String>, Option<String>);
    let said: Vec<Line> = sqlx::query_as(
        "SELECT actor_name, reason, before->>'owner_name', after->>'owner_name' FROM audit_entry
        WHERE action = 'tenant.change_details' ORDER BY target",
    )
    .fetch_all(&admin)
    .await
    .expect("lines");
    let line = |was: Option<&str>| {
        let text = str::to_owned;
        (text("Test Operator"), Some(text("Ann takes the region over.")), was.map(text), Some(text("Ann")))
    };
    assert_eq!(said, [line(None), line(Some("Bob"))]);
    // And from everybody.
    let input = owner_to(&admin, "t01 t02 t03", "nobody").await;
    let id = preview(&cx, &input).await.expect("previewed");
    let operation = start(&cx, id, "She left.", "").await.expect("begun");
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant WHERE owner_id IS NULL").await, 4);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn tags_come_and_go_and_who_would_have_too_many_is_left_out(admin: PgPool) {
    let cx = site(&admin).await;
    fleet(&admin, 4).await;
    run(
        &admin,
        "UPDATE tenant SET tags = '{old,emea}' WHERE slug = 't01';
        UPDATE tenant SET tags = '{gold}' WHERE slug = 't02';
        UPDATE tenant SET tags = '{1,2,3,4,5,6,7,8,9,10}' WHERE slug = 't03'",
    )
    .await;
    assert_eq!(refused(preview(&cx, &tags_of(&admin, "t01", "", " , ").await).await), ["add"]);
    assert_eq!(refused(preview(&cx, &tags_of(&admin, "t01", "VIP", "vip").await).await), ["remove"]);
    let input = tags_of(&admin, "t01 t02 t03 t04", "Gold", "old").await;
    let id = preview(&cx, &input).await.expect("previewed");
    let now = seen(&cx, id).await;
    assert_eq!(now.skipped, [(Why::Same, 1), (Why::Full, 1)]);
    assert_eq!(now.rows[2].note.as_deref(), Some("It would have 11 tags; 10 are the most."));
    // One changes before its turn.
    run(&admin, "UPDATE tenant SET version = version + 1 WHERE slug = 't04'").await;
    let operation = start(&cx, id, "The new tiers.", "").await.expect("begun");
    assert_eq!(settle(&cx, operation).await, State::Succeeded);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Done, 1), (Outcome::Skipped, 3)]);
    let why = now.rows[3].note.clone().unwrap_or_default();
    assert_eq!(why, "It was changed in the meantime, after the preview. Nothing was done.");
    assert_eq!(
        count(
            &admin,
            "SELECT count(*) FROM tenant WHERE slug = 't01' AND tags = '{emea,gold}' AND version = 2"
        )
        .await,
        1
    );
    assert_eq!(
        count(&admin, "SELECT count(*) FROM tag WHERE tag = 'gold'").await,
        1,
        "the directory offers it"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_left_between_preview_and_work_is_given_nothing(admin: PgPool) {
    let cx = site(&admin).await;
    people(&admin).await;
    fleet(&admin, 1).await;
    let id = preview(&cx, &owner_to(&admin, "t01", &person(2)).await).await.expect("previewed");
    run(&admin, "UPDATE user_account SET disabled_at = now() WHERE name = 'Bob'").await;
    let operation = start(&cx, id, "Bob takes over.", "").await.expect("begun");
    assert_eq!(settle(&cx, operation).await, State::Parked);
    let now = outcome(&cx, operation, &[]).await.expect("an outcome");
    assert_eq!(counts(&now), [(Outcome::Failed, 1)]);
    assert!(
        now.rows[0]
            .note
            .as_deref()
            .is_some_and(|why| why.contains("Bob may not look after tenants any more.")),
        "{:?}",
        now.rows[0]
    );
    assert_eq!(count(&admin, "SELECT count(*) FROM tenant WHERE owner_id IS NOT NULL").await, 0);
}

//! Overriding: the tag, stale forms, wrong forms, reverting.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_override_is_tagged_compared_and_reverted(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, acme, Role::TenantAdmin);
    let both = OverrideInput {
        filters_mode: "override".into(),
        channel_voice: "on".into(),
        ..prompt("Sum up.\r\nsentences: 1\r\n")
    };
    set_override(&cx, acme, "summary", &both).await.expect("overridden");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!(item.effective.overridden_parts(), Part::ALL);
    // Least turns is 2 globally and none here, so it differs as well.
    assert_eq!(item.effective.differing, [Setting::Prompt, Setting::Channels, Setting::MinTurns]);
    assert_eq!(item.effective.prompt, "Sum up.\nsentences: 1");
    assert!(!item.effective.base_updated && !item.activation.enabled);
    let comparison = compare(&cx, acme, "summary").await.expect("a comparison");
    assert!(comparison.prompt.iter().any(|p| p.kind == PieceKind::Removed));
    assert!(comparison.prompt_moved.is_empty() && comparison.detail.base.is_none());
    // One part at a time: the other stays.
    revert(&cx, acme, "summary", Some(Part::Prompt), 1, "default is fine").await.expect("reverted");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!(item.effective.overridden_parts(), [Part::Filters]);
    assert_eq!(item.effective.prompt, item.published.prompt);
    assert!(matches!(revert(&cx, acme, "summary", Some(Part::Prompt), 2, "").await, Err(Error::NotFound)));
    revert(&cx, acme, "summary", None, 2, "").await.expect("reverted");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!((item.effective.state(), item.overriding), (OverrideState::Inherited, None));
    let lines = lines(&admin, acme).await;
    assert_eq!(
        lines.iter().map(|l| l.action.as_str()).collect::<Vec<_>>(),
        ["task.override", "task.revert", "task.revert"]
    );
    assert_eq!(lines[0].reason.as_deref(), Some("shorter for our team"));
    assert_eq!(
        (&lines[0].before, lines[0].after.as_ref().map(|a| &a["prompt"])),
        (&None, Some(&json!("Sum up.\nsentences: 1")))
    );
    // What was lost can be read in the log.
    assert_eq!(lines[1].before.as_ref().map(|b| &b["prompt"]), Some(&json!("Sum up.\nsentences: 1")));
    assert_eq!(lines[1].reason.as_deref(), Some("default is fine"));
    assert_eq!((lines[2].after.as_ref(), lines[2].reason.as_ref()), (None, None));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_override_that_says_the_same_is_not_tagged(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let default =
        get(&cx, acme, "summary").await.expect("a task").item.published.prompt.replace('\n', "\r\n");
    set_override(&cx, acme, "summary", &prompt(&default)).await.expect("overridden");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!(item.effective.state(), OverrideState::Redundant);
    assert_eq!(
        (item.effective.overridden_parts(), item.effective.redundant_parts()),
        (vec![], vec![Part::Prompt])
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_stale_form_overwrites_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    set_override(&cx, acme, "summary", &prompt("First.")).await.expect("overridden");
    // A form that saw no override, and one that saw an older one.
    let error = set_override(&cx, acme, "summary", &prompt("Second.")).await.expect_err("a conflict");
    assert!(
        matches!(&error, Error::Conflict(why) if why.contains("Test Operator") && why.contains("shorter for our team")),
        "{error}"
    );
    let second = OverrideInput { version: "1".into(), ..prompt("Second.") };
    set_override(&cx, acme, "summary", &second).await.expect("overridden again");
    assert!(matches!(set_override(&cx, acme, "summary", &second).await, Err(Error::Conflict(_))));
    assert!(matches!(revert(&cx, acme, "summary", None, 1, "").await, Err(Error::Conflict(_))));
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.effective.prompt, "Second.");
    revert(&cx, acme, "summary", None, 2, "").await.expect("reverted");
    let late = OverrideInput { version: "2".into(), ..prompt("Late.") };
    assert!(matches!(set_override(&cx, acme, "summary", &late).await, Err(Error::Conflict(_))));
    assert!(matches!(revert(&cx, acme, "summary", None, 0, "").await, Err(Error::NotFound)));
    assert_eq!(lines(&admin, acme).await.len(), 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_wrong_form_is_told_all_that_is_wrong(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let wrong = OverrideInput {
        reason: " ".into(),
        min_turns: "x".into(),
        channel_voice: String::new(),
        ..filters()
    };
    let error = set_override(&cx, acme, "summary", &wrong).await.expect_err("errors");
    let Error::Invalid(errors) = error else { panic!("{error}") };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["channels", "min_turns", "reason"]);
    let nothing = OverrideInput { prompt_mode: "inherit".into(), ..prompt("") };
    assert!(matches!(set_override(&cx, acme, "summary", &nothing).await, Err(Error::Invalid(_))));
    let unseen = OverrideInput { base: "2".into(), ..prompt("Mine.") };
    assert!(matches!(set_override(&cx, acme, "summary", &unseen).await, Err(Error::Conflict(_))));
    // Both parts set back to the default in the form: the override goes, with the reason given.
    set_override(&cx, acme, "summary", &filters()).await.expect("overridden");
    set_override(&cx, acme, "summary", &OverrideInput { version: "1".into(), ..nothing })
        .await
        .expect("reverted");
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.overriding, None);
    assert_eq!(lines(&admin, acme).await.last().map(|l| l.action.clone()).as_deref(), Some("task.revert"));
}

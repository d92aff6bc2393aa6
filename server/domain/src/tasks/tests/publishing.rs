//! Publishing: never a silent overwrite, operators only, versions for ever.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn publishing_never_overwrites_an_override(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let plain = testing::tenant(&admin, "plain").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    set_override(&cx, acme, "summary", &prompt("Mine.")).await.expect("overridden");
    assert_eq!(publish_version(&cx, "summary", &next_version()).await.expect("published"), 2);
    let item = get(&cx, plain, "summary").await.expect("a task").item;
    assert_eq!((item.effective.prompt.as_str(), item.effective.version), ("Version two.\nsentences: 2", 2));
    let detail = get(&cx, acme, "summary").await.expect("a task");
    assert_eq!(detail.item.effective.prompt, "Mine.");
    // The part that is not overridden follows.
    assert_eq!(detail.item.effective.filters.min_turns, 4);
    assert!(detail.item.effective.base_updated);
    assert_eq!(detail.base.map(|base| base.version), Some(1));
    assert!(!compare(&cx, acme, "summary").await.expect("a comparison").prompt_moved.is_empty());
    // Keeping answers the question for this version; the value stays.
    assert!(matches!(keep_override(&cx, acme, "summary", 1, 1).await, Err(Error::Conflict(_))));
    keep_override(&cx, acme, "summary", 1, 2).await.expect("kept");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!((item.effective.prompt.as_str(), item.effective.base_updated), ("Mine.", false));
    assert_eq!(item.overriding.map(|o| o.reason).as_deref(), Some("shorter for our team"));
    // Reverting inherits what is published now, and what will be.
    revert(&cx, acme, "summary", None, 2, "").await.expect("reverted");
    publish_version(&cx, "summary", &NewVersion { prompt: "Three.".into(), ..next_version() })
        .await
        .expect("published");
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.effective.prompt, "Three.");
    let published = lines(&admin, TenantId::PLATFORM).await;
    assert_eq!(published.len(), 2);
    assert_eq!(published[0].after.as_ref().map(|a| a["overrides_kept"].clone()), Some(json!(1)));
    assert_eq!(published[0].before.as_ref().map(|b| b["version"].clone()), Some(json!(1)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn publishing_is_for_operators_and_fits_the_fields(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    for cx in [
        testing::platform(&services, Role::Success),
        testing::platform(&services, Role::Auditor),
        testing::member(&services, acme, Role::TenantAdmin),
    ] {
        assert!(matches!(publish_version(&cx, "summary", &next_version()).await, Err(Error::Forbidden(_))));
    }
    let cx = testing::platform(&services, Role::Operator);
    let output = |field: &str, kind| Output { attribute: field.into(), field: field.into(), kind };
    let text = || OutputKind::Text { max_chars: 9 };
    for outputs in [
        vec![],
        vec![output("nowhere", text())],
        vec![output("csat", text())],
        vec![output("summary", text()), output("summary", text())],
    ] {
        let error = publish_version(&cx, "summary", &NewVersion { outputs, ..next_version() })
            .await
            .expect_err("refused");
        assert!(matches!(&error, Error::Invalid(errors) if errors.get("outputs").is_some()), "{error}");
    }
    assert!(matches!(publish_version(&cx, "nothing", &next_version()).await, Err(Error::NotFound)));
    assert!(lines(&admin, TenantId::PLATFORM).await.is_empty());
}

/// Not even the code of this program could change a version.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn versions_cannot_be_changed(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for statement in ["UPDATE task_version SET prompt = 'x'", "DELETE FROM task_version"] {
        let mut tx = cx.begin(Reach::Fleet).await.expect("a transaction");
        let error = sqlx::query(statement).execute(tx.conn()).await.expect_err("refused");
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}

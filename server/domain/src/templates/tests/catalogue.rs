//! Writing templates: draft, publish, deprecate, compare.

use super::{audited, count, site};
use crate::error::Error;
use crate::templates::*;
use crate::testing;
use model::permission::Role;
use model::templates::{BundleInput, DetailsInput, Effect, VersionState};
use sqlx::PgPool;

fn details(name: &str) -> DetailsInput {
    DetailsInput {
        name: name.into(),
        tenant_type: "standard".into(),
        compliance: "none".into(),
        ..DetailsInput::default()
    }
}

/// A form with two fields, a task, and a session time.
fn form(minutes: &str) -> BundleInput {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    BundleInput {
        field: map(&[("csat", "on"), ("sentiment", "on")]),
        task: map(&[("csat", "disabled")]),
        mode: map(&[("security.session_idle_minutes", "value")]),
        value: map(&[("security.session_idle_minutes", minutes)]),
        ..BundleInput::default()
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_version_goes_from_draft_to_published_to_deprecated_and_never_back(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let key = create(&cx, &details("Shops"), None).await.expect("made");
    assert_eq!(key, "shops");
    assert!(
        matches!(create(&cx, &details("SHOPS!"), None).await, Err(Error::Invalid(e)) if e.get("name").is_some())
    );
    // Empty: it cannot be published, nor applied.
    assert!(matches!(publish(&cx, &key, 1).await, Err(Error::Invalid(_))));
    assert!(
        matches!(apply_to(&cx, acme, &key, 1, "").await, Err(Error::Conflict(why)) if why.contains("draft"))
    );
    save_draft(&cx, &key, &form("45"), "", 1).await.expect("saved");
    let late = save_draft(&cx, &key, &form("50"), "", 1).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "somebody else saved it");
    assert_eq!(publish(&cx, &key, 2).await.expect("published"), 1);
    for change in [save_draft(&cx, &key, &form("50"), "", 2).await, publish(&cx, &key, 2).await.map(drop)] {
        assert!(matches!(change, Err(Error::NotFound)), "there is no draft any more");
    }
    apply_to(&cx, acme, &key, 1, "").await.expect("applied");
    // The next version: it has to differ, and to say in what.
    assert_eq!(begin_draft(&cx, &key, 1).await.expect("a draft"), 2);
    assert!(matches!(begin_draft(&cx, &key, 1).await, Err(Error::Conflict(_))));
    assert!(
        matches!(publish(&cx, &key, 1).await, Err(Error::Invalid(e)) if e.0.values().any(|m| m.contains("same")))
    );
    save_draft(&cx, &key, &form("20"), "", 1).await.expect("saved");
    assert!(
        matches!(publish(&cx, &key, 2).await, Err(Error::Invalid(e)) if e.0.values().any(|m| m.contains("what changed")))
    );
    save_draft(&cx, &key, &form("20"), "Shorter sessions.", 2).await.expect("saved");
    assert_eq!(publish(&cx, &key, 3).await.expect("published"), 2);
    let detail = get(&cx, &key).await.expect("a template");
    assert_eq!(detail.published().map(|v| v.version), Some(2));
    assert_eq!(detail.get(1).map(|v| v.used_by), Some(1), "nobody moved by itself");
    let row =
        list(&cx).await.expect("a list").rows.into_iter().find(|r| r.template.key == key).expect("a row");
    assert_eq!((row.used_by, row.behind), (1, 1));
    deprecate(&cx, &key, 1, "Too long sessions").await.expect("deprecated");
    assert!(matches!(deprecate(&cx, &key, 1, "again").await, Err(Error::Conflict(_))));
    apply_to(&cx, acme, &key, 1, "").await.expect("who is on it may be repaired");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    assert!(
        matches!(apply_to(&cx, other, &key, 1, "").await, Err(Error::Conflict(why)) if why.contains("deprecated"))
    );
    let actions = [
        "template.create",
        "template.save_draft",
        "template.publish",
        "template.draft",
        "template.deprecate",
    ];
    let mut lines = Vec::new();
    for action in actions {
        lines.push(audited(&admin, action).await);
    }
    assert_eq!(lines, [1, 3, 2, 1, 1]);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_draft_is_thrown_away_unless_it_is_all_there_is(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let key = create(&cx, &details("Copy"), Some(("regulated", 1))).await.expect("made");
    assert!(matches!(discard_draft(&cx, &key, 1).await, Err(Error::Conflict(_))));
    let copied = get(&cx, &key).await.expect("a template").versions.remove(0);
    let source = get(&cx, "regulated").await.expect("a template").versions.remove(0);
    assert_eq!((copied.bundle, copied.state), (source.bundle, VersionState::Draft));
    begin_draft(&cx, "baseline", 1).await.expect("a draft");
    discard_draft(&cx, "baseline", 1).await.expect("gone");
    assert_eq!(audited(&admin, "template.discard_draft").await, 1);
    assert_eq!(get(&cx, "baseline").await.expect("a template").versions.len(), 1);
    assert!(matches!(discard_draft(&cx, "baseline", 1).await, Err(Error::NotFound)));
    assert!(
        matches!(deprecate(&cx, "baseline", 1, "x").await, Err(Error::Conflict(why)) if why.contains("only"))
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_template_is_can_be_changed_and_its_address_cannot(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let input = DetailsInput { industry: "Retail".into(), ..details("Ground level") };
    describe(&cx, "baseline", &input, 1).await.expect("changed");
    let detail = get(&cx, "baseline").await.expect("the same address");
    assert_eq!(detail.template.name, "Ground level");
    assert!(matches!(describe(&cx, "baseline", &input, 1).await, Err(Error::Conflict(_))));
    let taken = details("Regulated care");
    assert!(matches!(describe(&cx, "baseline", &taken, 2).await, Err(Error::Invalid(_))));
    assert_eq!(audited(&admin, "template.describe").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn any_two_versions_are_compared(admin: PgPool) {
    let (cx, _) = site(&admin).await;
    let got = compare(&cx, ("baseline", 1), ("regulated", 1)).await.expect("a comparison");
    let differing = got.changes.iter().filter(|c| c.effect == Effect::Changes).count();
    assert!(differing > 10 && got.versions.len() == 4, "{differing}");
    let same = compare(&cx, ("baseline", 1), ("baseline", 1)).await.expect("a comparison");
    assert!(same.changes.iter().all(|c| c.effect == Effect::Same));
    assert!(matches!(compare(&cx, ("baseline", 1), ("baseline", 7)).await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn readers_read_and_only_operators_write(admin: PgPool) {
    let (cx, acme) = site(&admin).await;
    let services = cx.services().clone();
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        let seen = list(&weak).await.expect("may read");
        assert!(!seen.may_edit && seen.without == 1);
        let refusals = [
            create(&weak, &details("X"), None).await.map(drop),
            describe(&weak, "baseline", &details("X"), 1).await,
            begin_draft(&weak, "baseline", 1).await.map(drop),
            save_draft(&weak, "baseline", &form("10"), "", 1).await,
            publish(&weak, "baseline", 1).await.map(drop),
            discard_draft(&weak, "baseline", 1).await,
            deprecate(&weak, "baseline", 1, "x").await,
        ];
        assert!(refusals.iter().all(|r| matches!(r, Err(Error::Forbidden(_)))), "{role}: {refusals:?}");
    }
    let inside = testing::member(&services, acme, Role::TenantAdmin);
    assert!(list(&inside).await.is_err() && get(&inside, "baseline").await.is_err());
    assert_eq!(count(&admin, "SELECT count(*) FROM template_version").await, 4);
}

//! Endpoints: who may arrange them, what is refused, what leaves a line.

use super::{Form, change, create, get, list, remove, rotate, switch, test};
use crate::{Ctx, Deployment, Error, testing};
use model::TenantId;
use model::permission::Role;
use model::webhooks::WEBHOOKS_MAX;
use sqlx::PgPool;

const URL: &str = "https://hooks.example.com/steward";

fn every<'a>(name: &'a str, url: &'a str) -> Form<'a> {
    Form { name, url, every: true, events: &[] }
}

async fn audited(admin: &PgPool) -> Vec<(String, uuid::Uuid)> {
    sqlx::query_as("SELECT action, tenant_id FROM audit_entry WHERE action LIKE 'webhook.%' ORDER BY at")
        .fetch_all(admin)
        .await
        .expect("lines")
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_endpoints_life_leaves_a_line_at_every_step(admin: PgPool) {
    let services = testing::services(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, id, Role::TenantAdmin);
    let own = Some(id);
    let made = create(&cx, own, &every("Billing", URL)).await.expect("made");
    assert!(made.secret.starts_with("whsec_"));
    let found = get(&cx, own, made.id).await.expect("there");
    assert_eq!(
        (found.url.as_str(), found.events.len(), found.created_by.as_str()),
        (URL, 0, cx.actor().name())
    );
    let events =
        ["tenant.reinstated".to_owned(), "tenant.suspended".to_owned(), "tenant.suspended".to_owned()];
    let form = Form { name: "Billing 2", url: "https://hooks.example.com/2", every: false, events: &events };
    let changed = change(&cx, own, made.id, Some(found.version), &form).await.expect("changed");
    assert_eq!(changed.events.len(), 2, "each once");
    assert!(
        matches!(change(&cx, own, made.id, Some(found.version), &form).await, Err(Error::Conflict(_))),
        "an old form"
    );
    switch(&cx, own, made.id, false).await.expect("off");
    assert!(matches!(switch(&cx, own, made.id, false).await, Err(Error::Conflict(_))));
    assert!(matches!(test(&cx, own, made.id).await, Err(Error::Conflict(_))), "off");
    switch(&cx, own, made.id, true).await.expect("on");
    test(&cx, own, made.id).await.expect("a test");
    rotate(&cx, own, made.id).await.expect("rotated");
    assert!(remove(&cx, own, made.id, " ").await.is_err(), "a reason is needed");
    remove(&cx, own, made.id, "not used").await.expect("removed");
    assert!(matches!(get(&cx, own, made.id).await, Err(Error::NotFound)));
    let secrets: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM webhook WHERE length(secret) > 0 OR previous_secret IS NOT NULL",
    )
    .fetch_one(&admin)
    .await
    .expect("a count");
    assert_eq!(secrets, 0, "its secrets are gone");
    let actions: Vec<_> = audited(&admin)
        .await
        .into_iter()
        .map(|(action, tenant)| {
            assert_eq!(tenant, id.0);
            action
        })
        .collect();
    assert_eq!(
        actions,
        [
            "webhook.create",
            "webhook.change",
            "webhook.disable",
            "webhook.enable",
            "webhook.test",
            "webhook.rotate",
            "webhook.remove"
        ]
    );
    let entries: String = sqlx::query_scalar("SELECT json_agg(a)::text FROM audit_entry a")
        .fetch_one(&admin)
        .await
        .expect("text");
    assert!(!entries.contains("whsec_"));
    create(&cx, own, &every("Billing 2", URL)).await.expect("the name is free again");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn nobody_arranges_anothers_endpoints(admin: PgPool) {
    let services = testing::services(&admin).await;
    let a = testing::tenant(&admin, "a").await.expect("a tenant");
    let b = testing::tenant(&admin, "b").await.expect("a tenant");
    let owner = testing::member(&services, b, Role::TenantAdmin);
    let made = create(&owner, Some(b), &every("Theirs", URL)).await.expect("made");
    let operator = testing::platform(&services, Role::Operator);
    let ours = create(&operator, None, &every("Ours", URL)).await.expect("made");
    let before = audited(&admin).await.len();
    // Everything that changes, as somebody, on a place that is not theirs.
    async fn all(cx: &Ctx, place: Option<TenantId>, id: model::WebhookId) -> Vec<Error> {
        let form = every("Mine", URL);
        vec![
            create(cx, place, &form).await.err(),
            change(cx, place, id, None, &form).await.err(),
            switch(cx, place, id, false).await.err(),
            rotate(cx, place, id).await.err(),
            remove(cx, place, id, "x").await.err(),
            test(cx, place, id).await.err(),
        ]
        .into_iter()
        .map(|error| error.expect("refused"))
        .collect()
    }
    let stranger = testing::member(&services, a, Role::TenantAdmin);
    for error in all(&stranger, Some(b), made.id).await {
        assert!(matches!(error, Error::NotFound), "another tenant looks missing: {error}");
    }
    for (cx, place, id) in [
        (testing::member(&services, b, Role::TenantMember), Some(b), made.id),
        (testing::platform(&services, Role::Auditor), Some(b), made.id),
        (testing::platform(&services, Role::Success), None, ours.id),
        (testing::member(&services, b, Role::TenantAdmin), None, ours.id),
    ] {
        for error in all(&cx, place, id).await {
            assert!(matches!(error, Error::Forbidden(_)), "{error}");
        }
    }
    assert_eq!(audited(&admin).await.len(), before, "nothing was done");
    // One's own place, another's endpoint.
    assert!(matches!(rotate(&stranger, Some(a), made.id).await, Err(Error::NotFound)));
    assert!(matches!(get(&stranger, Some(a), made.id).await, Err(Error::NotFound)));
    assert!(matches!(list(&stranger, Some(b)).await, Err(Error::NotFound)));
    assert!(matches!(list(&stranger, None).await, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_is_wrong_is_said_at_its_field(admin: PgPool) {
    let services = testing::services(&admin).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, id, Role::TenantAdmin);
    let form = Form { name: "", url: "http://10.0.0.1/", every: false, events: &[] };
    let Err(Error::Invalid(errors)) = create(&cx, Some(id), &form).await else { panic!("wrong") };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["events", "name", "url"]);
    assert!(errors.get("url").expect("said").contains("private"), "{errors:?}");
    let Err(Error::Invalid(errors)) = create(&cx, Some(id), &every("One\u{202E}owT", URL)).await else {
        panic!("invisible")
    };
    assert!(errors.get("name").is_some_and(|why| why.contains("invisible")), "{errors:?}");
    let internal = ["operation.needs_operator".to_owned()];
    let form = Form { name: "x", url: URL, every: false, events: &internal };
    let Err(Error::Invalid(errors)) = create(&cx, Some(id), &form).await else { panic!("wrong") };
    assert!(errors.get("events").expect("said").contains("cannot be chosen"));
    create(&testing::platform(&services, Role::Operator), None, &form).await.expect("the platform may");
    create(&cx, Some(id), &every("One", URL)).await.expect("made");
    let Err(Error::Invalid(errors)) = create(&cx, Some(id), &every("ONE", URL)).await else {
        panic!("taken")
    };
    assert!(errors.get("name").is_some());
    for n in 1..WEBHOOKS_MAX {
        create(&cx, Some(id), &every(&format!("n{n}"), URL)).await.expect("made");
    }
    assert!(matches!(create(&cx, Some(id), &every("more", URL)).await, Err(Error::Conflict(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn without_a_key_no_secret_is_kept(admin: PgPool) {
    let services = testing::services_with(&admin, Deployment::default()).await;
    let id = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, id, Role::TenantAdmin);
    assert!(matches!(create(&cx, Some(id), &every("One", URL)).await, Err(Error::Internal(_))));
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook").fetch_one(&admin).await.expect("a count");
    assert_eq!(kept, 0);
}

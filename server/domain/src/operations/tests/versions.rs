//! A request names the version of its template once and for all: whatever is published between the request and the work,
//! every step reads that very bundle (R29, R33), the onboarding list is the one that it names (R97), and a version that
//! is not published (any more) is refused in words.

use super::*;
use crate::templates;
use model::templates::DetailsInput;

/// A template `shops` whose first version lacks the field `objections` and enables the summary.
async fn shops(admin: &PgPool, cx: &Ctx) {
    let details = DetailsInput {
        name: "Shops".into(),
        tenant_type: "standard".into(),
        compliance: "none".into(),
        ..DetailsInput::default()
    };
    templates::create(cx, &details, Some(("baseline", 1))).await.expect("made");
    sqlx::query(
        "UPDATE template_version SET bundle = jsonb_set(jsonb_set(bundle, '{fields}', (bundle->'fields') - 'objections'), '{tasks,0,enabled}', 'true')
        WHERE state = 'draft'",
    )
    .execute(admin)
    .await
    .expect("filled");
    assert_eq!(templates::publish(cx, "shops", 1).await.expect("published"), 1);
}

/// The second version: one more field, and the summary is off.
async fn publish_second(admin: &PgPool, cx: &Ctx) {
    assert_eq!(templates::begin_draft(cx, "shops", 1).await.expect("a draft"), 2);
    sqlx::query(
        "UPDATE template_version SET notes = 'More fields.', bundle = jsonb_set(jsonb_set(bundle, '{fields}', (bundle->'fields') || '[\"objections\"]'),
            '{tasks,0,enabled}', 'false') WHERE state = 'draft'",
    )
    .execute(admin)
    .await
    .expect("filled");
    assert_eq!(templates::publish(cx, "shops", 1).await.expect("published"), 2);
}

fn of_shops(slug: &str, version: Option<i32>) -> ProvisionRequest {
    ProvisionRequest { template: "shops".into(), template_version: version, ..asked(slug, Placement::Pooled) }
}

async fn number(admin: &PgPool, sql: &'static str, tenant: model::TenantId) -> i64 {
    sqlx::query_scalar(sql).bind(tenant).fetch_one(admin).await.expect("a number")
}

const FIELDS: &str = "SELECT count(*) FROM tenant_field WHERE tenant_id = $1";
const ENABLED: &str = "SELECT count(*) FROM activation WHERE tenant_id = $1 AND enabled";
const VERSION: &str = "SELECT version::bigint FROM tenant_template WHERE tenant_id = $1";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_was_asked_for_is_what_is_applied_whatever_was_published_since(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    shops(&admin, &cx).await;
    // One says no version, and one is queued before versions were written into requests.
    let newest = request_provision(&cx, of_shops("newest", None), None).await.expect("asked");
    let old = request_provision(&cx, of_shops("old", None), None).await.expect("asked");
    sqlx::query("UPDATE operation SET payload = payload || '{\"template_version\": null}' WHERE id = $1")
        .bind(old.id)
        .execute(&admin)
        .await
        .expect("as it was");
    let payload = get(&cx, newest.id).await.expect("the operation").payload;
    assert_eq!(payload["template_version"], 1, "it is in the request, where the second person reads it");
    publish_second(&admin, &cx).await;
    let pinned = request_provision(&cx, of_shops("pinned", Some(1)), None).await.expect("asked");
    let later = request_provision(&cx, of_shops("later", None), None).await.expect("asked");
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 4);
    for (requested, version, fields, enabled) in
        [(newest, 1, 14, 1), (old, 2, 15, 0), (pinned, 1, 14, 1), (later, 2, 15, 0)]
    {
        let done = get(&cx, requested.id).await.expect("the operation");
        assert_eq!(done.row.state, State::Succeeded, "{:?}", done.row.error);
        let output = |step: &str| {
            done.steps.iter().find(|s| s.name == step).and_then(|s| s.output.clone()).unwrap_or_default()
        };
        assert_eq!(output("validate")["template_version"], version, "as every step says");
        assert_eq!(output("configuration")["version"], version);
        assert_eq!(output("baseline")["fields"], fields);
        assert_eq!(number(&admin, VERSION, requested.tenant).await, i64::from(version));
        assert_eq!(number(&admin, FIELDS, requested.tenant).await, fields);
        assert_eq!(number(&admin, ENABLED, requested.tenant).await, enabled);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_version_that_is_not_published_is_refused_when_it_is_asked_for_and_when_it_is_begun(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    shops(&admin, &cx).await;
    publish_second(&admin, &cx).await;
    templates::begin_draft(&cx, "shops", 2).await.expect("a draft");
    let early = request_provision(&cx, of_shops("early", Some(1)), None).await.expect("asked");
    templates::deprecate(&cx, "shops", 1, "Too few fields.").await.expect("deprecated");
    for (version, word) in [(1, "deprecated"), (3, "draft"), (9, "no such version")] {
        match request_provision(&cx, of_shops("late", Some(version)), None).await {
            Err(Error::Invalid(fields)) => {
                assert!(fields.get("template").is_some_and(|why| why.contains(word)), "{fields:?}");
            }
            other => panic!("version {version}: {other:?}"),
        }
    }
    let names = "SELECT count(*) FROM name_claim";
    let before: i64 = sqlx::query_scalar(names).fetch_one(&admin).await.expect("a count");
    let ended = Runner::new(services.clone()).finish(early.id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Failed);
    assert!(error_of(&admin, early.id).await.contains("Version 1 of Shops is deprecated"));
    let tenants: i64 =
        sqlx::query_scalar("SELECT count(*) FROM tenant").fetch_one(&admin).await.expect("a count");
    assert_eq!(tenants, 0, "nothing was begun");
    control(&cx, early.id, Control::RollBack, "").await.expect("given up");
    Runner::new(services.clone()).drain().await.expect("run");
    let after: i64 = sqlx::query_scalar(names).fetch_one(&admin).await.expect("a count");
    assert!(before > 0 && after == 0, "its names are free");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn onboarding_follows_the_version_that_the_template_names(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    sqlx::query("INSERT INTO checklist (key, version, title, steps) SELECT key, 2, title, steps - 0 FROM checklist WHERE version = 1")
        .execute(&admin)
        .await
        .expect("newer definitions");
    let requested = request_provision(&cx, asked("acme", Placement::Pooled), None).await.expect("asked");
    let ended =
        Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Succeeded, "{}", error_of(&admin, requested.id).await);
    let run = "SELECT version::bigint FROM checklist_run WHERE tenant_id = $1 AND key = 'onboarding'";
    assert_eq!(number(&admin, run, requested.tenant).await, 1, "the template names the first");
    let items = "SELECT count(*) - (SELECT jsonb_array_length(steps) FROM checklist WHERE key = 'onboarding' AND version = 1)
        FROM checklist_item WHERE tenant_id = $1";
    assert_eq!(number(&admin, items, requested.tenant).await, 0, "with its steps");
    let looked = templates::baseline(&cx, requested.tenant).await.expect("a baseline").alignment;
    let list = looked.item("checklist:onboarding").expect("an item");
    assert_eq!(list.state, model::templates::State::Aligned);
    // Begun by a person it is the same; a tenant on no template has the newest.
    let on = testing::tenant(&admin, "based").await.expect("a tenant");
    let without = testing::tenant(&admin, "without").await.expect("a tenant");
    templates::apply_to(&cx, on, "baseline", 1, "").await.expect("applied");
    for (tenant, version) in [(on, 1), (without, 2)] {
        crate::checklists::begin_onboarding(&cx, tenant).await.expect("begun");
        assert_eq!(number(&admin, run, tenant).await, version);
    }
}

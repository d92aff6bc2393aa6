//! What the page of an operation says beside what was asked for: limits and policies for the second person, and what its
//! steps usually take. And that a tenant can begin with the template that holds as good as nothing.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_second_person_sees_limits_and_policies_of_what_was_asked_for(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let mut strict = asked("strict", Placement::Dedicated);
    strict.template = "regulated".into();
    let requested = request_provision(&cx, strict, None).await.expect("asked");
    assert_eq!(requested.state, State::Requested);
    let operation = get(&cx, requested.id).await.expect("the operation");
    let terms = operation.terms.expect("terms");
    assert_eq!((terms.plan.id, terms.plan.limits.is_empty()), (PlanId::Enterprise, false));
    assert_eq!((terms.offer.template.key.as_str(), terms.offer.version), ("regulated", 1));
    assert_eq!(terms.offer.bundle.policies(), 7);
    // Other kinds have none; and what nobody has done yet takes nobody knows how long.
    let id = testing::tenant(&admin, "other").await.expect("a tenant");
    let apply = crate::templates::request_apply(&cx, id, "baseline", 1, "").await.expect("asked");
    let apply = get(&cx, apply.id).await.expect("the operation");
    assert!(apply.terms.is_none() && apply.typical.is_empty(), "{apply:?}");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn steps_usually_take_what_they_took(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let ask = async |slug: &str, template: &str| {
        let mut wanted = asked(slug, Placement::Pooled);
        wanted.template = template.into();
        request_provision(&cx, wanted, None).await.expect("asked").id
    };
    let first = ask("first", "blank").await;
    assert!(get(&cx, first).await.expect("the operation").typical.is_empty());
    let state = Runner::new(services.clone()).finish(first, Duration::from_secs(30)).await;
    let done = get(&cx, first).await.expect("the operation");
    assert_eq!(state.expect("finished"), State::Succeeded, "{:?}", done.row.error);
    assert!(done.typical.is_empty(), "it is over");
    // Blank: nothing but policies, and yet in service.
    let fields: i64 = sqlx::query_scalar("SELECT count(*) FROM tenant_field WHERE tenant_id = $1")
        .bind(done.row.tenant)
        .fetch_one(&admin)
        .await
        .expect("a count");
    assert_eq!(fields, 0);

    let second = get(&cx, ask("second", "").await).await.expect("the operation");
    for step in &second.steps {
        let took = done.steps.iter().find(|s| s.seq == step.seq).and_then(|s| s.duration_ms());
        let usual = second.typical.get(&step.label).copied();
        assert!(usual.zip(took).is_some_and(|(usual, took)| (usual - took).abs() <= 1), "{}", step.label);
    }
    // Somebody who leads a tenant sees neither.
    let inside = testing::member(&services, done.row.tenant, Role::TenantAdmin);
    let seen = get(&inside, first).await.expect("their own");
    assert!(seen.terms.is_none() && seen.typical.is_empty());
}

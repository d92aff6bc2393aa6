//! Limits of a new tenant alone (R74), quotas of its template (R29), and who looks after it.

use super::*;
use model::limits::LimitSource;
use model::templates::DetailsInput;

fn users(limit: Limit, reason: &str) -> AskedLimit {
    AskedLimit { meter: LimitMeter::Users, limit, reason: reason.into() }
}

fn someone(email: String) -> Person {
    Person { name: "Someone".into(), email, role: Role::TenantMember }
}

async fn refused(cx: &Ctx, asked: ProvisionRequest) -> Vec<(String, String)> {
    match request_provision(cx, asked, None).await {
        Err(Error::Invalid(errors)) => errors.0.into_iter().collect(),
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_begins_with_the_limits_it_was_asked_for_with(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let ann = uuid::Uuid::from_u128(0x101);
    sqlx::query("INSERT INTO user_account (id, email, name, platform_role) VALUES ($1, 'ann@example.com', 'Ann', 'success')")
        .bind(ann)
        .execute(&admin)
        .await
        .expect("an account");
    let mut wanted = asked("acme", Placement::Pooled);
    wanted.plan = PlanId::Free;
    wanted.owner = Some(model::UserId(ann));
    wanted.people = (0..5).map(|n| someone(format!("n{n}@example.com"))).collect();
    let crowd = refused(&cx, wanted.clone()).await;
    assert!(crowd[0].0 == "people" && crowd[0].1.contains("5 seats"), "{crowd:?}");
    wanted.limits = vec![users(Limit::Number(3), "A small one.")];
    let crowd = refused(&cx, wanted.clone()).await;
    assert!(crowd[0].0 == "people" && crowd[0].1.contains("3 seats"), "its own limit counts: {crowd:?}");
    wanted.limits = vec![users(Limit::Number(9), " ")];
    assert_eq!(refused(&cx, wanted.clone()).await[0].0, "limit_reason[users]");
    wanted.limits = vec![users(Limit::Number(9), "Agreed with the customer.")];

    let requested = request_provision(&cx, wanted, None).await.expect("asked");
    let terms = get(&cx, requested.id).await.expect("the operation").terms.expect("terms");
    let line = terms.limits.iter().find(|line| line.meter == LimitMeter::Users).expect("users");
    assert_eq!(
        (line.limit, line.source, line.plan),
        (Limit::Number(9), LimitSource::Tenant, Limit::Number(5))
    );
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(state.expect("finished"), State::Succeeded, "{}", error_of(&admin, requested.id).await);

    let rows = crate::limits::of(&cx, requested.tenant).await.expect("limits");
    let row = rows.iter().find(|row| row.now.meter == LimitMeter::Users).expect("users");
    assert_eq!((row.now.limit, row.used), (Limit::Number(9), Some(6)));
    assert_eq!(row.own.as_ref().map(|own| own.reason.as_str()), Some("Agreed with the customer."));
    let owner: Option<uuid::Uuid> = sqlx::query_scalar("SELECT owner_id FROM tenant WHERE id = $1")
        .bind(requested.tenant)
        .fetch_one(&admin)
        .await
        .expect("a tenant");
    assert_eq!(owner, Some(ann));
    let lines: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entry WHERE action = 'tenant.set_limit' AND tenant_id = $1",
    )
    .bind(requested.tenant)
    .fetch_one(&admin)
    .await
    .expect("a count");
    assert_eq!(lines, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_templates_quota_counts_before_the_tenant_is_there(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let details = DetailsInput {
        name: "Shops".into(),
        tenant_type: "standard".into(),
        compliance: "none".into(),
        ..DetailsInput::default()
    };
    crate::templates::create(&cx, &details, Some(("baseline", 1))).await.expect("made");
    sqlx::query(
        "UPDATE template_version SET bundle = bundle || '{\"plan\": \"free\", \"quotas\": {\"users\": {\"number\": 2}}}'
        WHERE state = 'draft'",
    )
    .execute(&admin)
    .await
    .expect("a quota");
    crate::templates::publish(&cx, "shops", 1).await.expect("published");
    let mut wanted = asked("acme", Placement::Pooled);
    wanted.template = "shops".into();
    wanted.plan = PlanId::Free;
    wanted.people = (0..2).map(|n| someone(format!("n{n}@example.com"))).collect();
    let crowd = refused(&cx, wanted.clone()).await;
    assert!(crowd[0].1.contains("its template gives it 2 seats"), "{crowd:?}");
    wanted.plan = PlanId::Starter;
    request_provision(&cx, wanted, None).await.expect("it spoke of another plan");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn nobody_who_may_not_looks_after_a_tenant(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let cid = uuid::Uuid::from_u128(0x103);
    sqlx::query("INSERT INTO user_account (id, email, name, platform_role) VALUES ($1, 'cid@example.com', 'Cid', 'auditor')")
        .bind(cid)
        .execute(&admin)
        .await
        .expect("an account");
    let mut wanted = asked("acme", Placement::Pooled);
    wanted.owner = Some(model::UserId(cid));
    assert_eq!(refused(&cx, wanted.clone()).await[0].0, "owner");
    wanted.people = vec![someone("cid@example.com".into())];
    let both = refused(&cx, wanted).await;
    assert_eq!(both.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["owner", "people"]);
}

/// What it is given beyond its plan may be what another plan gives: where new tenants or plan changes of any plan wait, a
/// request with limits of its own does.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn limits_of_its_own_wait_where_any_plan_waits(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for (n, (kind, second_person, plans, waits)) in [
        ("suspend", "always", "", false),
        ("change_plan", "dedicated", "", false),
        ("change_plan", "never", "enterprise", true),
        ("change_plan", "always", "", true),
        ("provision", "never", "professional", true),
    ]
    .into_iter()
    .enumerate()
    {
        sqlx::query("DELETE FROM approval_rule").execute(&admin).await.expect("none");
        sqlx::query("INSERT INTO approval_rule (kind, second_person, plans) VALUES ($1, $2, string_to_array($3, ' '))")
            .bind(kind)
            .bind(second_person)
            .bind(plans)
            .execute(&admin)
            .await
            .expect("a rule");
        let mut wanted = asked(&format!("acme-{n}"), Placement::Pooled);
        wanted.plan = PlanId::Free;
        wanted.admin = None;
        let plain = ProvisionRequest {
            slug: format!("plain-{n}"),
            domain: String::new(),
            limits: vec![],
            ..wanted.clone()
        };
        let state = request_provision(&cx, wanted, None).await.expect("asked").state;
        assert_eq!(state == State::Requested, waits, "{kind} {second_person} {plans}");
        let state = request_provision(&cx, plain, None).await.expect("asked").state;
        assert_ne!(state, State::Requested, "without them: {kind} {second_person} {plans}");
    }
}

/// A server of a version before may have done the steps that write them: it is seen, and done by who knows them.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_an_older_version_left_out_is_done(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let ann = uuid::Uuid::from_u128(0x101);
    sqlx::query("INSERT INTO user_account (id, email, name, platform_role) VALUES ($1, 'ann@example.com', 'Ann', 'success')")
        .bind(ann)
        .execute(&admin)
        .await
        .expect("an account");
    let mut wanted = asked("acme", Placement::Pooled);
    wanted.owner = Some(model::UserId(ann));
    let requested = request_provision(&cx, wanted, None).await.expect("asked");
    // The step comes to its end while the row is taken away, as if it had never been written.
    sqlx::raw_sql(
        "CREATE FUNCTION steward.forget_limits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER forget BEFORE INSERT ON steward.tenant_limit FOR EACH ROW EXECUTE FUNCTION steward.forget_limits();",
    )
    .execute(&admin)
    .await
    .expect("a trigger");
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(state.expect("finished"), State::Failed);
    let why = error_of(&admin, requested.id).await;
    assert!(why.contains("Its own limit is not set: Projects."), "{why}");
    sqlx::raw_sql("DROP TRIGGER forget ON steward.tenant_limit").execute(&admin).await.expect("gone");
    // As the record of a version before has it.
    sqlx::query("UPDATE tenant SET owner_id = NULL").execute(&admin).await.expect("no owner");
    control(&cx, requested.id, Control::Retry, "").await.expect("again");
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(state.expect("finished"), State::Succeeded, "{}", error_of(&admin, requested.id).await);
    let owner: Option<uuid::Uuid> =
        sqlx::query_scalar("SELECT owner_id FROM tenant").fetch_one(&admin).await.expect("a tenant");
    assert_eq!(owner, Some(ann));
}

/// The evidence of the first step is what it may use, not what its plan says; the first line names who looks after it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn evidence_and_audit_say_what_holds(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let ann = uuid::Uuid::from_u128(0x101);
    sqlx::query("INSERT INTO user_account (id, email, name, platform_role) VALUES ($1, 'ann@example.com', 'Ann', 'success')")
        .bind(ann)
        .execute(&admin)
        .await
        .expect("an account");
    let mut wanted = asked("acme", Placement::Pooled);
    wanted.owner = Some(model::UserId(ann));
    wanted.limits = vec![users(Limit::Number(9), "Agreed.")];
    let requested = request_provision(&cx, wanted, None).await.expect("asked");
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(state.expect("finished"), State::Succeeded, "{}", error_of(&admin, requested.id).await);
    let resources: serde_json::Value = sqlx::query_scalar(
        "SELECT output -> 'resources' FROM operation_step WHERE operation_id = $1 AND name = 'validate'",
    )
    .bind(requested.id)
    .fetch_one(&admin)
    .await
    .expect("evidence");
    assert_eq!(
        (&resources["users"], &resources["storage_bytes"]),
        (&serde_json::json!(9), &serde_json::json!("custom"))
    );
    let after: serde_json::Value =
        sqlx::query_scalar("SELECT after FROM audit_entry WHERE action = 'tenant.create'")
            .fetch_one(&admin)
            .await
            .expect("a line");
    assert_eq!(after["owner"], serde_json::json!(ann));
}

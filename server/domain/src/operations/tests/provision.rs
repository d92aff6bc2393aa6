//! Provisioning as people know it.

use super::*;
use model::operations::StepState;
use model::settings::Key;

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_is_made_with_everything_it_needs(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for (slug, placement) in [("pooled", Placement::Pooled), ("dedicated", Placement::Dedicated)] {
        let begun = std::time::Instant::now();
        let requested = request_provision(&cx, asked(slug, placement), None).await.expect("asked");
        assert_eq!(requested.state, State::Queued);
        let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
        let operation = get(&cx, requested.id).await.expect("the operation");
        let state = state.expect("finished");
        assert_eq!(state, State::Succeeded, "{placement:?}: {:?}", operation.row.error);
        println!("{placement:?}: {} ms", begun.elapsed().as_millis());
        for step in &operation.steps {
            println!(
                "  {} {:?} ms {}",
                step.name,
                step.duration_ms(),
                step.output.clone().unwrap_or_default()
            );
            assert_eq!((step.state, step.attempt), (StepState::Done, 1), "{}", step.name);
        }
        let criteria = operation.steps[11].output.clone().expect("evidence");
        assert_eq!(criteria["criteria"].as_array().map(Vec::len), Some(5));
        let criteria = model::acceptance::of(&operation);
        assert!(criteria.iter().all(|c| c.met && c.at.is_some()), "{criteria:?}");
        assert!(
            criteria[0].evidence.contains("1 of 1 people are let in, 1 as administrators"),
            "{criteria:?}"
        );
        let run = crate::isolation::newest(&cx, requested.tenant).await.expect("a run").map(|run| run.id);
        assert_eq!(criteria[1].run, run);
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM one_time_link")
            .fetch_one(&admin)
            .await
            .expect("a count");
        assert_eq!(left, 0, "the link that was tried is gone");
        let used: i64 = sqlx::query_scalar("SELECT count(*) FROM usage_hour WHERE tenant_id = $1")
            .bind(requested.tenant)
            .fetch_one(&admin)
            .await
            .expect("a count");
        assert_eq!(used, 0, "the smoke test is no usage");
        let watched = crate::monitors::of_tenant(&cx, requested.tenant).await.expect("monitors");
        assert!(watched.monitors.len() == 4 && watched.evaluated_at.is_some(), "{watched:?}");
        assert_eq!(watched.accepted, Some(requested.id));
        assert!(operation.result.is_some(), "the criteria are its result");
        let tenant = crate::tenants::by_slug(&cx, slug).await.expect("the tenant");
        assert_eq!((tenant.status, tenant.id), (model::tenants::Status::Trial, requested.tenant));
        assert!(tenant.trial_ends_at.is_some());
        let billed =
            crate::tenants::rules::payments(&cx, tenant.id).await.expect("its billing").billing_reference;
        assert_eq!(billed.as_deref(), Some("PO 4711"), "what was asked for is kept");
        let said: Vec<String> =
            sqlx::query_scalar("SELECT event FROM notification WHERE tenant_id = $1 ORDER BY event")
                .bind(tenant.id)
                .fetch_all(&admin)
                .await
                .expect("notices");
        assert_eq!(said, ["tenant.created", "tenant.provisioned", "user.invited"]);
        // A conversation goes in and its tenant finds it; nobody else does.
        let prepared = crate::conversations::parse(
            br#"{"id":"one","turns":[{"speaker":"customer","text":"Where is my parcel?"}]}"#,
        )
        .expect("a conversation");
        let received = crate::conversations::ingest(&cx, tenant.id, vec![prepared]).await.expect("received");
        assert_eq!(received.created, 1);
        let (rows, _) = crate::conversations::list(&cx, tenant.id, None, None, 10).await.expect("a list");
        assert_eq!(rows.len(), 1);
        let pooled: i64 = sqlx::query_scalar("SELECT count(*) FROM pooled.conversation WHERE tenant_id = $1")
            .bind(tenant.id)
            .fetch_one(&admin)
            .await
            .expect("a count");
        assert_eq!(pooled, i64::from(placement == Placement::Pooled));
    }
    let findings =
        crate::isolation::lint(&testing::platform(&services, Role::Auditor)).await.expect("the lint");
    assert_eq!(findings, [], "a schema of its own weakens nothing");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn of_fifty_requests_for_one_slug_one_becomes_a_tenant(admin: PgPool) {
    let services = testing::services(&admin).await;
    let before = everything(&admin).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let cx = testing::platform(&services, Role::Operator);
        let mut asked = ProvisionRequest::named(format!("Acme {n}"), PlanId::Free);
        asked.slug = "acme".into();
        tasks.spawn(async move {
            // The pool of a test has five connections and lends for three seconds.
            loop {
                match request_provision(&cx, asked.clone(), None).await {
                    Err(Error::Busy) => {}
                    other => return other,
                }
            }
        });
    }
    let (mut done, mut refused) = (0, 0);
    while let Some(outcome) = tasks.join_next().await {
        match outcome.expect("no panic") {
            Ok(_) => done += 1,
            Err(Error::Invalid(fields)) => {
                assert_eq!(fields.get("slug"), Some("Another tenant has this slug."));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((done, refused), (1, 49));
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 1);
    let tenants: Vec<String> =
        sqlx::query_scalar("SELECT status FROM tenant").fetch_all(&admin).await.expect("tenants");
    assert_eq!(tenants, ["trial"]);
    let after = everything(&admin).await;
    assert_eq!(after["steward.name_claim"], before["steward.name_claim"], "no name stays taken");
    let operations: i64 =
        sqlx::query_scalar("SELECT count(*) FROM operation").fetch_one(&admin).await.expect("a count");
    assert_eq!(operations, 1, "nothing is left of the others");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_repeated_request_is_the_same_one_and_another_body_is_refused(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let first = request_provision(&cx, asked("a", Placement::Pooled), Some("key-1")).await.expect("asked");
    let again =
        request_provision(&cx, asked("a", Placement::Pooled), Some("key-1")).await.expect("asked again");
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.id, again.tenant), (first.id, first.tenant));
    let other = request_provision(&cx, asked("b", Placement::Pooled), Some("key-1")).await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    sqlx::query("UPDATE operation_key SET made_at = now() - interval '25 hours'")
        .execute(&admin)
        .await
        .expect("a day later");
    let later =
        request_provision(&cx, asked("b", Placement::Pooled), Some("key-1")).await.expect("a new day");
    assert!(!later.repeated);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_second_person_approves_a_schema_of_its_own(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let requested = request_provision(&cx, asked("a", Placement::Dedicated), None).await.expect("asked");
    assert_eq!(requested.state, State::Requested);
    assert_eq!(Runner::new(services.clone()).drain().await.expect("run"), 0, "nothing begins before");
    let own = control(&cx, requested.id, Control::Approve, "").await;
    assert!(matches!(own, Err(Error::Conflict(why)) if why.contains("cannot approve")));
    let weak = testing::platform(&services, Role::Success);
    assert!(matches!(control(&weak, requested.id, Control::Approve, "").await, Err(Error::Forbidden(_))));
    // Rejected: the name is free again.
    let second = services.ctx(
        Actor::User {
            id: model::UserId(uuid::Uuid::from_u128(77)),
            name: "Second".into(),
            email: "second@example.com".into(),
            platform: Some(Role::Owner),
            memberships: vec![],
        },
        "test",
    );
    assert!(matches!(control(&second, requested.id, Control::Reject, " ").await, Err(Error::Invalid(_))));
    assert_eq!(
        control(&second, requested.id, Control::Reject, "No budget.").await.expect("rejected"),
        State::Rejected
    );
    let requested =
        request_provision(&cx, asked("a", Placement::Dedicated), None).await.expect("asked again");
    assert_eq!(
        control(&second, requested.id, Control::Approve, "Signed.").await.expect("approved"),
        State::Queued
    );
    let done = Runner::new(services).finish(requested.id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(done, State::Succeeded, "{}", error_of(&admin, requested.id).await);
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_entry WHERE tenant_id = $1 ORDER BY seq")
            .bind(requested.tenant)
            .fetch_all(&admin)
            .await
            .expect("lines");
    assert!(actions.starts_with(&["operation.approve".to_owned(), "tenant.create".into()]), "{actions:?}");
    assert!(actions.contains(&"tenant.activate".to_owned()));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn only_those_who_may_see_and_steer(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let requested = request_provision(&cx, asked("a", Placement::Pooled), None).await.expect("asked");
    for role in [Role::Success, Role::Auditor] {
        let weak = testing::platform(&services, role);
        let refused = request_provision(&weak, asked("b", Placement::Pooled), None).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        assert!(matches!(control(&weak, requested.id, Control::Cancel, "").await, Err(Error::Forbidden(_))));
        assert!(get(&weak, requested.id).await.is_ok());
    }
    let inside = testing::member(&services, requested.tenant, Role::TenantAdmin);
    let seen = get(&inside, requested.id).await.expect("its own");
    assert_eq!((seen.payload, seen.log.len()), (Value::Null, 0), "the platform's inside stays there");
    assert!(seen.controls.iter().all(|(_, may)| may.is_err()));
    let stranger = testing::member(&services, TenantId(uuid::Uuid::from_u128(5)), Role::TenantAdmin);
    assert!(matches!(get(&stranger, requested.id).await, Err(Error::NotFound)));
    assert!(matches!(list(&stranger, &OperationQuery::default()).await, Err(Error::Forbidden(_))));
    let mine = OperationQuery { tenant: Some(requested.tenant), limit: 10, ..Default::default() };
    assert_eq!(list(&inside, &mine).await.expect("a list").0.len(), 1);
    assert!(matches!(list(&stranger, &mine).await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_pipeline_works_in_a_tenants_own_schema_and_nothing_is_left_over(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let requested = request_provision(&cx, asked("own", Placement::Dedicated), None).await.expect("asked");
    let runner = Runner::new(services.clone());
    assert_eq!(runner.finish(requested.id, Duration::from_secs(30)).await.expect("run"), State::Succeeded);
    let tenant = requested.tenant;
    crate::tasks::enable(&cx, tenant, "summary").await.expect("enabled");
    let prepared = crate::conversations::parse(
        br#"{"id":"one","turns":[{"speaker":"customer","text":"My parcel is late, where is it?"},{"speaker":"agent","text":"It arrives tomorrow."}]}"#,
    )
    .expect("a conversation");
    crate::conversations::ingest(&cx, tenant, vec![prepared]).await.expect("received");
    let impact = crate::tenants::impact(&cx, tenant).await.expect("an impact");
    assert_eq!((impact.conversations, impact.pending), (1, 1));
    let round = crate::pipeline::Worker::new(services.clone()).drain().await.expect("worked");
    assert_eq!(round.done, 1, "{round:?}");
    let seen = crate::conversations::by_external_id(&cx, tenant, "one").await.expect("it is there");
    assert_eq!((seen.runs.len(), seen.values.is_empty()), (1, false));
    crate::checklists::run_probes(&cx, tenant).await.expect("checked");
    let auditor = testing::platform(&services, Role::Auditor);
    let mine = |found: Vec<Finding>| -> Vec<(String, String)> {
        // Roles of databases of other tests come and go.
        found
            .into_iter()
            .filter(|f| !f.why.contains("a database that is not there"))
            .map(|f| (f.kind, f.object))
            .collect()
    };
    assert_eq!(mine(reconcile(&auditor).await.expect("looked")), []);
    // A schema without its tenant, a name without its request: found, each with what to do.
    sqlx::raw_sql("CREATE SCHEMA t_0123456789abcdef0123456789abcdef; INSERT INTO steward.name_claim VALUES ('slug', 'lost', gen_random_uuid())")
        .execute(&admin)
        .await
        .expect("left over");
    let found = mine(reconcile(&auditor).await.expect("looked"));
    assert_eq!(
        found,
        [
            ("name".into(), "slug lost".into()),
            ("schema".into(), "t_0123456789abcdef0123456789abcdef".to_owned())
        ]
    );
    assert!(reconcile(&testing::platform(&services, Role::Success)).await.is_err());
}

/// A session may hold stale memberships of a role that was just made: another one is taken, and the first given up.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_session_that_is_refused_a_role_is_given_up(admin: PgPool) {
    use crate::ctx::Reach;
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let requested = request_provision(&cx, asked("own", Placement::Dedicated), None).await.expect("asked");
    let runner = Runner::new(services.clone());
    assert_eq!(runner.finish(requested.id, Duration::from_secs(30)).await.expect("run"), State::Succeeded);
    let role = format!("tr_{}", requested.tenant.0.simple());
    let grant = |words: String| {
        let admin = admin.clone();
        async move { sqlx::raw_sql(sqlx::AssertSqlSafe(words)).execute(&admin).await.expect("granted") }
    };
    let pids = || async {
        sqlx::query_scalar::<_, i32>("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'steward_test_app' ORDER BY 1")
            .fetch_all(&admin)
            .await
            .expect("sessions")
    };
    grant(format!("REVOKE {role} FROM steward_app")).await;
    let before = pids().await;
    let refused = cx.read(Reach::Tenant(requested.tenant)).await.expect_err("nobody may");
    assert!(matches!(refused, Error::Database(_)), "{refused:?}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let after = pids().await;
    assert!(before.iter().any(|pid| !after.contains(pid)), "{before:?} {after:?}");
    let mut tx = cx.begin(Reach::Fleet).await.expect("a transaction");
    assert!(matches!(tx.switch(Reach::Tenant(requested.tenant)).await, Err(Error::Busy)), "it may pass");
    drop(tx);
    grant(format!("GRANT {role} TO steward_app")).await;
    cx.read(Reach::Tenant(requested.tenant)).await.expect("it is let in again");
}

/// What a template says is checked as it resolves: a lock above decides, and nothing is claimed that does not hold.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn criteria_are_about_what_resolves(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    sqlx::query("INSERT INTO platform_setting (key, value, locked, reason, changed_by) VALUES ('ai.max_tokens', $1, true, 'test', 'test')")
        .bind(serde_json::to_value(model::settings::Value::Number(700)).expect("json"))
        .execute(&admin)
        .await
        .expect("a lock");
    let requested = request_provision(&cx, asked("acme", Placement::Pooled), None).await.expect("asked");
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    let operation = get(&cx, requested.id).await.expect("the operation");
    assert_eq!(state.expect("finished"), State::Succeeded, "{:?}", operation.row.error);
    let policies = &model::acceptance::of(&operation)[2];
    assert!(
        policies.met && policies.evidence.contains("1 are decided by a lock above this tenant"),
        "{policies:?}"
    );
    // What nothing obeys yet is not said to be active: it is counted apart, and named.
    let named = |key: Key| policies.kept_only.iter().any(|label| label == key.label());
    assert!(named(Key::Mfa) && named(Key::AiModel), "{policies:?}");
    assert!(!named(Key::PasswordMinLength) && !named(Key::SessionIdle), "{policies:?}");
    let apart = format!("{} are kept and inherited, and nothing obeys them yet", policies.kept_only.len());
    assert!(policies.evidence.contains(&apart), "{policies:?}");
    let holds = policies.evidence.split(' ').next().and_then(|n| n.parse::<usize>().ok()).expect("a number");
    let all = policies.evidence.split(' ').nth(2).and_then(|n| n.parse::<usize>().ok()).expect("a number");
    assert_eq!(holds + policies.kept_only.len() + 1, all, "each is counted once: {policies:?}");
}

/// R25, R127: the evidence of a proof that failed stays where the failure is looked at, also when everything is gone.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_a_failed_proof_found_stays_on_record(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    sqlx::raw_sql(
        "DROP POLICY tenant_rows ON pooled.conversation;
         CREATE POLICY tenant_rows ON pooled.conversation TO steward_tenant USING (tenant_id = steward.current_tenant()) WITH CHECK (true)",
    )
    .execute(&admin)
    .await
    .expect("a weaker policy");
    testing::tenant(&admin, "other").await.expect("somebody to get at");
    let requested = request_provision(&cx, asked("acme", Placement::Pooled), None).await.expect("asked");
    let ended = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::Failed);
    let found = async |id: OperationId| {
        let log = get(&cx, id).await.expect("the operation").log;
        let line = |part: &str| log.iter().any(|line| line.message.contains(part));
        line("of the isolation probe on acme") && line("a conversation into another tenant: expected ")
    };
    assert!(found(requested.id).await, "each attempt with what was expected and what came");
    control(&cx, requested.id, Control::RollBack, "").await.expect("rolled back");
    let ended = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::RolledBack);
    assert!(found(requested.id).await, "also when the tenant is gone");
    let runs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM isolation_run").fetch_one(&admin).await.expect("a count");
    assert_eq!(runs, 0, "nothing of the tenant itself is left");
}

/// R26: the conversation of the smoke test comes in by the channel that the tenant takes, and by nobody's hand but ours.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_smoke_test_uses_the_door_that_is_open(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let mut wanted = asked("acme", Placement::Pooled);
    let off = serde_json::to_value(model::settings::Value::Switch(false)).expect("json");
    wanted.settings.insert(model::settings::Key::BasicChat.as_str().into(), off);
    let on = serde_json::to_value(model::settings::Value::Switch(true)).expect("json");
    wanted.settings.insert(model::settings::Key::Voice.as_str().into(), on);
    let requested = request_provision(&cx, wanted, None).await.expect("asked");
    let state = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    let operation = get(&cx, requested.id).await.expect("the operation");
    assert_eq!(state.expect("finished"), State::Succeeded, "{:?}", operation.row.error);
    let smoke = operation.steps.iter().find(|step| step.name == "smoke").and_then(|step| step.output.clone());
    assert_eq!(smoke.expect("evidence")["channel"], "voice");

    let prepared = crate::conversations::parse(
        br#"{"id":"one","channel":"voice","turns":[{"speaker":"customer","text":"Hello"}]}"#,
    )
    .expect("a conversation");
    let refused = crate::conversations::ingest_for_smoke(&cx, requested.tenant, prepared.clone()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    sqlx::query("UPDATE tenant SET status = 'provisioning' WHERE id = $1")
        .bind(requested.tenant)
        .execute(&admin)
        .await
        .expect("being made");
    let refused =
        crate::conversations::ingest(&services.system("test"), requested.tenant, vec![prepared]).await;
    assert!(
        matches!(refused, Err(Error::Suspended(_))),
        "nobody else gets in before it is open: {refused:?}"
    );
}

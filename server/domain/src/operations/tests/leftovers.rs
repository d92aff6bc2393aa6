//! What no operation stands for any more is found wherever it is, and cleaned by what is said to clean it.

use super::*;

async fn sql(admin: &PgPool, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(admin).await.expect("done");
}

/// Kind, object and remedy of what is found of this kind.
async fn found(services: &Services, kind: &str) -> Vec<(String, String)> {
    let auditor = testing::platform(services, Role::Auditor);
    let all = reconcile(&auditor).await.expect("looked");
    all.into_iter().filter(|f| f.kind == kind).map(|f| (f.object, f.remedy)).collect()
}

/// The administrator does what the remedy says.
async fn cleaned(admin: &PgPool, remedy: &str) {
    let (_, statement) = remedy.rsplit_once("dministrator: ").expect("a statement");
    sql(admin, statement.to_owned()).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_account_that_a_failure_has_left_is_found(admin: PgPool) {
    let services = testing::services(&admin).await;
    let points = Failpoints::default();
    points.arm("provision.criteria.do.after", Action::Error);
    let cx = testing::platform(&services, Role::Operator);
    let id = request_provision(&cx, asked("acme", Placement::Pooled), None).await.expect("asked").id;
    let ended = runner(&services, &points).finish(id, Duration::from_secs(30)).await.expect("run");
    assert_eq!(ended, State::Failed);
    assert_eq!(found(&services, "account").await, []);
    // As if its undoing had not taken it away; and somebody who was never of a tenant.
    sql(
        &admin,
        "INSERT INTO user_account (id, email, name)
         SELECT (p->>'user')::uuid, p->>'email', p->>'name' FROM operation_step s, jsonb_array_elements(s.output->'people') p
         WHERE s.name = 'administrator';
         INSERT INTO user_account (id, email, name) VALUES (gen_random_uuid(), 'other@example.com', 'Other')"
            .to_owned(),
    )
    .await;
    let all = found(&services, "account").await;
    assert_eq!(all.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["ada@acme.example.com"]);
    // Whoever has a password by now is somebody.
    sql(&admin, "UPDATE user_account SET password_hash = 'x'".to_owned()).await;
    assert_eq!(found(&services, "account").await, []);
    sql(&admin, "UPDATE user_account SET password_hash = NULL".to_owned()).await;
    cleaned(&admin, &all[0].1).await;
    assert_eq!(found(&services, "account").await, []);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_schema_of_its_own_is_looked_into_as_well(admin: PgPool) {
    no_approval(&admin).await;
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    let requested = request_provision(&cx, asked("own", Placement::Dedicated), None).await.expect("asked");
    let ended = Runner::new(services.clone()).finish(requested.id, Duration::from_secs(30)).await;
    assert_eq!(ended.expect("run"), State::Succeeded);
    let (tenant, id) = (requested.tenant, requested.id);
    let schema = format!("t_{}", tenant.0.simple());
    assert_eq!(found(&services, "conversation").await, []);
    assert_eq!(found(&services, "vectors").await, []);
    sql(
        &admin,
        format!(
            "INSERT INTO {schema}.conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes)
             VALUES ('{tenant}', gen_random_uuid(), 'steward-{id}-smoke', 'chat', now(), '[]', 0, 0);
             INSERT INTO {schema}.vector_item (tenant_id, id, kind, embedding, label) VALUES ('{tenant}', gen_random_uuid(), 'document', '{{1}}', 'x');
             DELETE FROM steward.vector_collection WHERE tenant_id = '{tenant}'"
        ),
    )
    .await;
    for kind in ["conversation", "vectors"] {
        let all = found(&services, kind).await;
        assert_eq!(all.len(), 1, "{kind}: {all:?}");
        assert!(all[0].0.contains(&tenant.to_string()) && all[0].1.contains(&schema), "{all:?}");
        cleaned(&admin, &all[0].1).await;
        assert_eq!(found(&services, kind).await, [], "{kind}: it is gone");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_notice_that_was_set_aside_is_found(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    sql(
        &admin,
        format!(
            "INSERT INTO notification (tenant_id, id, event, data, actor_name, request_id, attempts, parked_at, problem) VALUES
             ('{tenant}', gen_random_uuid(), 'tenant.suspended', '{{}}', 'test', 'test', 10, now(), 'no answer'),
             ('{tenant}', gen_random_uuid(), 'tenant.reinstated', '{{}}', 'test', 'test', 3, NULL, 'no answer yet')"
        ),
    )
    .await;
    let all = found(&services, "notice").await;
    assert_eq!(all.len(), 1, "one that waits for its next attempt is not: {all:?}");
    assert!(all[0].0.starts_with("tenant.suspended "));
    cleaned(&admin, &all[0].1).await;
    assert_eq!(found(&services, "notice").await, []);
}

//! What is on record about a tenant, what it is billed under, and the end of its trial.

use super::*;

impl Program {
    async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        self.api.call(method, path, &self.key, "application/json", body.to_string()).await
    }

    /// Actions that stand in acme's log as done.
    async fn done_to_acme(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT action FROM audit_entry WHERE tenant_id = $1 AND result = 'done' AND action LIKE 'tenant.%' ORDER BY seq",
        )
        .bind(self.api.tenant.0)
        .fetch_all(&self.api.admin)
        .await
        .expect("actions")
    }
}

const TRIAL: &str =
    "UPDATE tenant SET status = 'trial', trial_ends_at = now() + interval '3 days' WHERE slug = 'acme'";

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_change_of_the_record_leaves_alone_what_it_does_not_name(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let first = json!({
        "name": "Acme Ltd", "domain": "acme.example", "country": "DE", "tags": ["VIP", "emea"], "reason": "Signed.",
    });
    let made = program.send("PATCH", "/tenants/acme", first.clone()).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(
        (&made.body["name"], &made.body["domain"], &made.body["tags"], &made.body["owner"]),
        (&json!("Acme Ltd"), &json!("acme.example"), &json!(["vip", "emea"]), &Value::Null)
    );
    let next = program
        .send("PATCH", "/tenants/acme", json!({ "industry": "Logistics", "domain": "", "reason": "Moved." }))
        .await;
    assert_eq!(
        (&next.body["name"], &next.body["country"], &next.body["tags"]),
        (&json!("Acme Ltd"), &json!("DE"), &json!(["vip", "emea"])),
        "{}",
        next.body
    );
    assert_eq!((&next.body["industry"], &next.body["domain"]), (&json!("Logistics"), &Value::Null));
    // Sent again it changes nothing, and says so.
    let again = json!({ "industry": "Logistics", "reason": "Moved." });
    let again = program.send("PATCH", "/tenants/acme", again).await;
    assert_eq!((again.status, places(&again)), (StatusCode::UNPROCESSABLE_ENTITY, vec![""]));
    // Decided on what has changed since.
    let stale = json!({ "name": "Other", "reason": "x", "version": made.body["version"] });
    assert_eq!(program.send("PATCH", "/tenants/acme", stale).await.status, StatusCode::CONFLICT);
    let wrong = json!({ "name": "", "domain": "no domain", "owner": "ada" });
    let wrong = program.send("PATCH", "/tenants/acme", wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for place in ["/name", "/domain", "/owner", "/reason"] {
        assert!(places(&wrong).contains(&place), "{place}: {}", wrong.body);
    }
    // The slug stays, and is no field.
    let slug = json!({ "slug": "other", "reason": "x" });
    assert_eq!(program.send("PATCH", "/tenants/acme", slug).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(program.send("PATCH", "/tenants/nowhere", first.clone()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.done_to_acme().await, ["tenant.change_details", "tenant.change_details"]);

    let key = platform_key(&program.api.services, Role::Success).await;
    let weak = Program { key, ..program };
    assert_eq!(weak.send("PATCH", "/tenants/acme", first).await.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_billing_reference_is_set_and_read_where_bills_are(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let path = "/tenants/acme/billing-reference";
    let read = async || program.get("/tenants/acme/payments").await.body["billing_reference"].clone();
    let set = program.send("PUT", path, json!({ "billing_reference": " PO-9 " })).await;
    assert_eq!((set.status, read().await), (StatusCode::NO_CONTENT, json!("PO-9")), "{}", set.body);
    let stale = json!({ "billing_reference": "PO-8", "version": 1 });
    assert_eq!(program.send("PUT", path, stale).await.status, StatusCode::CONFLICT);
    let long = program.send("PUT", path, json!({ "billing_reference": "x".repeat(101) })).await;
    assert_eq!((long.status, places(&long)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/billing_reference"]));
    assert_eq!(program.send("PUT", path, json!({})).await.status, StatusCode::BAD_REQUEST);
    let none = program.send("PUT", path, json!({ "billing_reference": "" })).await;
    assert_eq!((none.status, read().await), (StatusCode::NO_CONTENT, Value::Null));
    let nowhere =
        program.send("PUT", "/tenants/nowhere/billing-reference", json!({ "billing_reference": "x" }));
    assert_eq!(nowhere.await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        program.done_to_acme().await,
        ["tenant.set_billing_reference", "tenant.set_billing_reference"]
    );
    let key = platform_key(&program.api.services, Role::Auditor).await;
    let body = json!({ "billing_reference": "x" }).to_string();
    let weak = program.api.call("PUT", path, &key, "application/json", body).await;
    assert_eq!(weak.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_trial_ends_later_or_becomes_a_customer(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let (extend, convert) = ("/tenants/acme/trial/extend", "/tenants/acme/trial/convert");
    // An active one has no trial.
    let longer = json!({ "day": "+30", "reason": "The pilot begins in December." });
    assert_eq!(program.post(extend, longer.clone()).await.status, StatusCode::CONFLICT);
    let signed = json!({ "reason": "Order 4711." });
    assert_eq!(program.post(convert, signed.clone()).await.status, StatusCode::CONFLICT);

    program.api.sql(TRIAL).await;
    let before = program.get("/tenants/acme").await;
    let allowed = |answer: &Answer, name: &str| {
        let moves = answer.body["moves"].as_array().expect("moves");
        moves.iter().any(|one| one["move"] == name && one["allowed"] == true)
    };
    assert!(allowed(&before, "trial/extend") && allowed(&before, "trial/convert"), "{}", before.body);
    let extended = program.post(extend, longer.clone()).await;
    assert_eq!(extended.status, StatusCode::OK, "{}", extended.body);
    let day = program.api.services.system("test").now() + chrono::TimeDelta::days(30);
    assert!(
        extended.body["trial_ends_at"]
            .as_str()
            .is_some_and(|at| at.starts_with(&day.format("%Y-%m-%dT23:59:59").to_string())),
        "{}",
        extended.body
    );
    let twice = program.post(extend, longer).await;
    assert_eq!((twice.status, places(&twice)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/day"]));
    let wrong = program.post(extend, json!({ "day": "soon" })).await;
    assert_eq!((wrong.status, places(&wrong)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/day", "/reason"]));
    let stale = json!({ "day": "+60", "reason": "x", "version": before.body["version"] });
    assert_eq!(program.post(extend, stale).await.status, StatusCode::CONFLICT);

    assert_eq!(places(&program.post(convert, json!({})).await), ["/reason"]);
    let asked = program.once("c", convert, signed.clone()).await;
    let done = program.done(&asked).await;
    assert_eq!(
        (&done.body["kind"], &done.body["state"]),
        (&json!("convert_trial"), &json!("succeeded")),
        "{}",
        done.body
    );
    let again = program.once("c", convert, signed).await;
    assert_eq!((again.status, &again.body["id"]), (StatusCode::ACCEPTED, &asked.body["id"]));
    let after = program.get("/tenants/acme").await;
    assert_eq!((&after.body["status"], &after.body["trial_ends_at"]), (&json!("active"), &Value::Null));
    assert_eq!(program.done_to_acme().await, ["tenant.extend_trial", "tenant.convert_trial"]);
}

/// R27, R139: refused until everything required is done, then done once.
#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_tenant_is_taken_live_when_its_onboarding_is_done(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let path = "/tenants/acme/go-live";
    let why = |answer: &Answer| answer.body["detail"].as_str().unwrap_or_default().to_owned();
    let early = program.post(path, json!({})).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.body);
    assert!(why(&early).contains("has not been started"), "{}", early.body);
    program
        .api
        .sql(
            "INSERT INTO checklist_run (tenant_id, id, key, version)
             SELECT id, '00000000-0000-0000-0000-000000000009', 'onboarding', 1 FROM tenant WHERE slug = 'acme'",
        )
        .await;
    program
        .api
        .sql(
            "INSERT INTO checklist_item (tenant_id, run_id, step, state)
             SELECT r.tenant_id, r.id, step->>'key', 'open' FROM checklist_run r, checklist c, jsonb_array_elements(c.steps) AS step
             WHERE c.key = 'onboarding' AND c.version = 1",
        )
        .await;
    let open = program.post(path, json!({})).await;
    assert_eq!(open.status, StatusCode::CONFLICT, "{}", open.body);
    assert!(why(&open).contains("required items are done"), "{}", open.body);
    program.api.sql("UPDATE checklist_item SET state = 'waived'").await;
    let wrong = program.post(path, json!({ "colour": "red" })).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
    assert_eq!(program.post(path, json!({ "version": 99 })).await.status, StatusCode::CONFLICT);
    let live = program.post(path, json!({})).await;
    assert_eq!((live.status, &live.body["stage"]), (StatusCode::OK, &json!("operate")), "{}", live.body);
    let again = program.post(path, json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(program.done_to_acme().await, ["tenant.go_live"]);
}

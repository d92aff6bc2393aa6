//! The life of tenants by a program of the platform: what it asks for and what is done, and whatever is refused.

mod record;

use super::*;
use domain::operations::Runner;

/// A program of the platform, beside the tenant acme and its program.
struct Program {
    api: Api,
    key: String,
}

impl Program {
    async fn new(admin: PgPool, role: Role) -> Self {
        let api = Api::new(admin).await;
        let key = platform_key(&api.services, role).await;
        Self { api, key }
    }

    async fn get(&self, path: &str) -> Answer {
        self.api.call("GET", path, &self.key, "", Body::empty()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.api.call("POST", path, &self.key, "application/json", body.to_string()).await
    }

    /// With an idempotency key.
    async fn once(&self, key: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{PREFIX}{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.api.send(request).await
    }

    /// Lets the workers do what is due, and answers how the operation of an answer fares.
    async fn done(&self, asked: &Answer) -> Answer {
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        Runner::new(self.api.services.clone()).drain().await.expect("drained");
        self.get(&format!("/operations/{}", asked.body["id"].as_str().expect("an id"))).await
    }
}

async fn platform_key(services: &Services, role: Role) -> String {
    let cx = services.system("test");
    domain::platform_keys::create(&cx, role.label(), role.as_str(), "30").await.expect("a key").text
}

/// Where something is wrong, by the pointers of a problem.
fn places(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_tenant_is_made_suspended_and_reinstated(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let wanted = json!({
        "name": "Beta", "plan": "starter", "trial_days": 30, "billing_reference": "PO-1", "reason": "Contract signed.",
        "admin": { "name": "Ada", "email": "ada@beta.example.com" },
    });
    let asked = program.once("beta-1", "/tenants", wanted.clone()).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    assert_eq!(
        (&asked.body["kind"], &asked.body["state"], &asked.body["awaits_approval"]),
        (&json!("provision"), &json!("queued"), &json!(false))
    );
    let id = asked.body["id"].as_str().expect("an id").to_owned();
    assert_eq!(asked.headers[header::LOCATION], format!("{PREFIX}/operations/{id}"));
    assert_eq!(asked.headers["ratelimit-policy"], "\"api-calls\";q=6000;w=900");
    let done = program.done(&asked).await;
    assert_eq!(
        (&done.body["state"], &done.body["settled"], &done.body["tenant"]),
        (&json!("succeeded"), &json!(true), &json!("beta")),
        "{}",
        done.body
    );
    let steps = done.body["steps"].as_array().expect("steps");
    assert!(steps.len() > 5 && steps.iter().all(|step| step["state"] == "done"), "{}", done.body);
    let beta = program.get("/tenants/beta").await;
    assert_eq!(
        (&beta.body["status"], &beta.body["access"], &beta.body["plan"]),
        (&json!("trial"), &json!("full"), &json!("starter"))
    );
    // Sent again it is the same, though it has long been done.
    let again = program.once("beta-1", "/tenants", wanted).await;
    assert_eq!((again.status, again.body["id"].as_str()), (StatusCode::ACCEPTED, Some(id.as_str())));

    // The tenant's own program is there until the suspension, and again after it.
    let api = &program.api;
    assert_eq!(api.get("/tenant").await.status, StatusCode::OK);
    let order =
        json!({ "code": "security_incident", "scope": "read_only", "reason": "A leaked key.", "version": 1 });
    let suspended = program.once("stop-1", "/tenants/acme/suspend", order.clone()).await;
    assert_eq!(program.done(&suspended).await.body["state"], "succeeded");
    assert_eq!(api.get("/tenant").await.body["access"], "read_only");
    let again = program.once("stop-1", "/tenants/acme/suspend", order).await;
    assert_eq!((again.status, &again.body["id"]), (StatusCode::ACCEPTED, &suspended.body["id"]));
    let scope = json!({ "scope": "blocked", "reason": "It goes on." });
    let further = program.post("/tenants/acme/scope", scope).await;
    assert_eq!(program.done(&further).await.body["state"], "succeeded");
    let refused = api.get("/tenant").await;
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (StatusCode::FORBIDDEN, &json!("urn:steward:problem:tenant-suspended"))
    );
    let acme = program.get("/tenants/acme").await;
    assert_eq!(
        (&acme.body["status"], &acme.body["access"], &acme.body["suspension"]["code"]),
        (&json!("suspended"), &json!("none"), &json!("security_incident"))
    );
    assert_eq!(
        (&acme.body["suspension"]["priority"], &acme.body["suspension"]["reason"]),
        (&json!(0), &json!("A leaked key."))
    );
    let moves: Vec<_> = acme.body["moves"].as_array().expect("moves").iter().collect();
    let allowed: Vec<_> = moves.iter().filter(|one| one["allowed"] == true).map(|one| &one["move"]).collect();
    assert_eq!(allowed, ["scope", "reinstate"]);
    let back = program.post("/tenants/acme/reinstate", json!({ "proof": "All keys were changed." })).await;
    assert_eq!(program.done(&back).await.body["state"], "succeeded");
    assert_eq!(api.get("/tenant").await.status, StatusCode::OK);

    // Decided on what has changed since, it is not done.
    let stale = json!({ "code": "inactivity", "scope": "blocked", "reason": "x", "version": 1 });
    let stale = program.post("/tenants/acme/suspend", stale).await;
    assert_eq!((stale.status, &stale.body["title"]), (StatusCode::CONFLICT, &json!("Conflict")));
    assert!(
        stale.body["detail"].as_str().is_some_and(|why| why.contains("looking at version 1")),
        "{}",
        stale.body
    );
    let list = program.get("/operations?tenant=acme&state=succeeded&limit=2").await;
    let kinds: Vec<_> =
        list.body["operations"].as_array().expect("rows").iter().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, ["reinstate", "change_scope"]);
    let next = list.body["next"].as_str().expect("a cursor");
    let rest = program.get(&format!("/operations?tenant=acme&state=succeeded&limit=2&after={next}")).await;
    assert_eq!(rest.body["operations"][0]["kind"], "suspend");
    assert_eq!(rest.body.get("next"), None);
    // The ledger names the key.
    assert_eq!(rest.body["operations"][0]["requested_by"], Role::Operator.label());
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_for_a_request_is_for_that_request_only(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let asked = program.post("/tenants", json!({ "name": "Beta", "plan": "free" })).await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST, "a key is needed");
    let first = program.once("k", "/tenants", json!({ "name": "Beta", "plan": "free" })).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
    let other = program.once("k", "/tenants", json!({ "name": "Gamma", "plan": "free" })).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.body);
    let order = json!({ "code": "inactivity", "scope": "blocked", "reason": "x" });
    assert_eq!(program.once("k", "/tenants/acme/suspend", order.clone()).await.status, StatusCode::CONFLICT);
    // What is refused takes no key.
    let wrong = json!({ "code": "boredom", "scope": "blocked", "reason": "x" });
    let refused = program.once("m", "/tenants/acme/suspend", wrong).await;
    assert_eq!((refused.status, places(&refused)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/code"]));
    let (one, two) = tokio::join!(
        program.once("m", "/tenants/acme/suspend", order.clone()),
        program.once("m", "/tenants/acme/suspend", order.clone()),
    );
    assert_eq!((one.status, two.status), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
    assert_eq!(one.body["id"], two.body["id"], "asked for at once, it is one");
    for bad in ["", &"x".repeat(201)] {
        let answer = program.once(bad, "/tenants/acme/suspend", order.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad:?}: {}", answer.body);
    }
    // Another program's keys are its own.
    let key = platform_key(&program.api.services, Role::Auditor).await;
    let auditor = Program { key, ..program };
    assert_eq!(auditor.once("m", "/tenants/acme/suspend", order).await.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn each_kind_of_key_has_its_own_addresses(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let kind = |answer: &Answer| (answer.status, answer.body["type"].as_str().map(str::to_owned));
    let other = (StatusCode::FORBIDDEN, Some("urn:steward:problem:other-key".to_owned()));
    for path in ["/tenant", "/conversations", "/webhooks", "/settings"] {
        assert_eq!(kind(&program.get(path).await), other, "{path}");
    }
    for path in ["/tenants", "/tenants/acme", "/tenants/nowhere", "/operations", "/operations/x"] {
        let answer = program.api.get(path).await;
        assert_eq!(kind(&answer), other, "{path}");
        assert_eq!(answer.body["detail"], "This address is for keys of the platform.");
        assert!(answer.headers.contains_key("ratelimit"), "{path}: it is counted all the same");
    }
    let order = json!({ "code": "inactivity", "scope": "blocked", "reason": "x" }).to_string();
    let answer =
        program.api.call("POST", "/tenants/acme/suspend", &program.api.key, "application/json", order);
    assert_eq!(kind(&answer.await), other);
    let known = program.key.len() - 1;
    for nonsense in ["stw_platform_", "stw_platform_nonsense", &program.key[..known]] {
        let answer = program.api.call("GET", "/tenants", nonsense, "", Body::empty()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{nonsense}");
    }
    program.api.sql("UPDATE platform_key SET revoked_at = now()").await;
    assert_eq!(program.get("/tenants").await.status, StatusCode::UNAUTHORIZED, "with the next call");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_key_may_what_its_role_may(admin: PgPool) {
    let auditor = Program::new(admin, Role::Auditor).await;
    let key = platform_key(&auditor.api.services, Role::Success).await;
    for path in ["/tenants", "/tenants/acme", "/tenants/acme/payments", "/operations"] {
        assert_eq!(auditor.get(path).await.status, StatusCode::OK, "{path}");
        let answer = auditor.api.call("GET", path, &key, "", Body::empty()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    }
    let moves = auditor.get("/tenants/acme").await.body["moves"].clone();
    assert!(moves.as_array().expect("moves").iter().all(|one| one["allowed"] == false), "{moves}");
    for (path, body) in [
        ("/tenants", json!({ "name": "x", "plan": "free" })),
        ("/tenants/acme/suspend", json!({ "code": "inactivity", "scope": "blocked", "reason": "x" })),
        ("/tenants/acme/scope", json!({ "scope": "blocked", "reason": "x" })),
        ("/tenants/acme/reinstate", json!({ "proof": "x" })),
        ("/tenants/acme/plan", json!({ "plan": "free" })),
        ("/tenants/acme/trial/convert", json!({ "reason": "x" })),
        ("/tenants/acme/trial/extend", json!({ "day": "+30", "reason": "x" })),
        ("/tenants/acme/go-live", json!({})),
        ("/tenants/acme/payments", json!({ "reference": "x" })),
        ("/tenants/acme/payments/x/settle", json!({ "how": "x" })),
        ("/operations/00000000-0000-0000-0000-000000000009/retry", json!({})),
    ] {
        for key in [&auditor.key, &key] {
            let answer = auditor.api.call("POST", path, key, "application/json", body.to_string()).await;
            assert_eq!(
                (answer.status, &answer.body["type"]),
                (StatusCode::FORBIDDEN, &json!("urn:steward:problem:forbidden")),
                "{path}: {}",
                answer.body
            );
        }
    }
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = 'access.denied'")
        .fetch_one(&auditor.api.admin)
        .await
        .expect("a count");
    assert!(told > 0, "refusals stand in the log");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn what_is_wrong_is_named(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    for path in
        ["/tenants/nowhere", "/tenants/nowhere/payments", "/tenants/nowhere/plan?to=free", "/operations/x"]
    {
        assert_eq!(program.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for end in [
        "suspend",
        "scope",
        "reinstate",
        "plan",
        "trial/convert",
        "trial/extend",
        "go-live",
        "payments",
        "payments/x/settle",
    ] {
        let answer = program.post(&format!("/tenants/nowhere/{end}"), json!({})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{end}");
    }
    let nine = "00000000-0000-0000-0000-000000000009";
    assert_eq!(program.get(&format!("/operations/{nine}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        program.post(&format!("/operations/{nine}/retry"), json!({})).await.status,
        StatusCode::NOT_FOUND
    );
    for query in ["limit=0", "limit=201", "limit=x", "status=asleep", "after=x", "colour=red", "before=x"] {
        let answer = program.get(&format!("/tenants?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.body);
    }
    for query in ["limit=101", "state=asleep", "kind=x", "after=x", "colour=red"] {
        assert_eq!(
            program.get(&format!("/operations?{query}")).await.status,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
    assert_eq!(program.get("/tenants/acme/plan?to=gold").await.status, StatusCode::BAD_REQUEST);
    for (path, body, wrong) in [
        ("/tenants/acme/suspend", json!({}), vec!["/code", "/reason", "/scope"]),
        ("/tenants/acme/plan", json!({}), vec!["/plan"]),
        ("/tenants/acme/plan", json!({ "plan": "professional" }), vec!["/plan"]),
        ("/tenants/acme/plan", json!({ "plan": "gold", "at": "soon" }), vec!["/at", "/plan"]),
        ("/tenants/acme/plan", json!({ "plan": "free", "at": "2020-01-01" }), vec!["/at"]),
        ("/tenants/acme/reinstate", json!({}), vec!["/proof"]),
        ("/tenants/acme/payments", json!({ "failed_on": "soon" }), vec!["/failed_on", "/reference"]),
        ("/tenants", json!({ "name": "x" }), vec!["/plan"]),
        (
            "/tenants",
            json!({ "plan": "free", "admin": { "email": "nobody" }, "trial_days": 400 }),
            vec!["/admin/email", "/admin/name", "/name", "/trial_days"],
        ),
        (
            "/tenants",
            json!({ "name": "x", "plan": "free", "admin": { "name": "A", "email": "a@example.com", "role": "king" } }),
            vec!["/admin/role"],
        ),
    ] {
        let answer = program.once(&body.to_string(), path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {body}: {}", answer.body);
        let places = places(&answer);
        assert!(wrong.iter().all(|place| places.contains(place)), "{path} {body}: {}", answer.body);
    }
    // Its status does not allow it.
    let order = json!({ "proof": "x" });
    assert_eq!(program.post("/tenants/acme/reinstate", order).await.status, StatusCode::CONFLICT);
    let odd = json!({ "code": "inactivity", "scope": "blocked", "reason": "x", "priority": 1 });
    assert_eq!(program.post("/tenants/acme/suspend", odd).await.status, StatusCode::BAD_REQUEST);
    let answer = program.api.call("POST", "/tenants/acme/suspend", &program.key, "text/plain", "x").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let list = program.get("/operations").await;
    assert_eq!(list.body["operations"], json!([]), "nothing was asked for");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn plans_change_now_or_on_a_day(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let preview = program.get("/tenants/acme/plan?to=enterprise").await;
    assert_eq!(
        (&preview.body["from"], &preview.body["to"], &preview.body["fits"]),
        (&json!("professional"), &json!("enterprise"), &json!(true)),
        "{}",
        preview.body
    );
    let asked = program.post("/tenants/acme/plan", json!({ "plan": "enterprise", "at": "now" })).await;
    assert_eq!(program.done(&asked).await.body["state"], "succeeded");
    let day = program.api.services.system("test").now() + chrono::TimeDelta::days(30);
    let order = json!({ "plan": "starter", "at": day.format("%Y-%m-%d").to_string(), "note": "Order 4711." });
    let asked = program.once("d", "/tenants/acme/plan", order.clone()).await;
    assert_eq!(program.done(&asked).await.body["state"], "queued", "its day is to come");
    assert_eq!(program.once("d", "/tenants/acme/plan", order).await.body["id"], asked.body["id"]);
    let acme = program.get("/tenants/acme").await;
    assert_eq!(
        (&acme.body["plan"], &acme.body["plan_change"]["to"], &acme.body["plan_change"]["operation"]),
        (&json!("enterprise"), &json!("starter"), &asked.body["id"])
    );
    let path = format!("/operations/{}/cancel", asked.body["id"].as_str().expect("an id"));
    // Nothing has to be said.
    let off = program.api.call("POST", &path, &program.key, "", Body::empty()).await;
    assert_eq!((off.status, &off.body["state"]), (StatusCode::ACCEPTED, &json!("cancelled")), "{}", off.body);
    let twice = program.post(&path, json!({ "note": "once more" })).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_tenant_that_owes_comes_back_when_it_has_paid(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let unpaid = json!({ "reference": "INV 7/1", "amount": "99 EUR" });
    let noted = program.post("/tenants/acme/payments", unpaid.clone()).await;
    assert_eq!(noted.status, StatusCode::NO_CONTENT, "{}", noted.body);
    let twice = program.post("/tenants/acme/payments", unpaid).await;
    assert_eq!((twice.status, places(&twice)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/reference"]));
    let open = program.get("/tenants/acme/payments").await;
    assert_eq!(
        (&open.body["payments"][0]["reference"], &open.body["payments"][0]["settled_at"]),
        (&json!("INV 7/1"), &Value::Null)
    );
    assert_eq!(open.body["ahead"][0]["rule"], "payment_failure");
    let order = json!({ "code": "payment_failure", "scope": "blocked", "reason": "INV 7/1 is unpaid." });
    let asked = program.post("/tenants/acme/suspend", order).await;
    assert_eq!(program.done(&asked).await.body["state"], "succeeded");
    let early = program.post("/tenants/acme/reinstate", json!({ "proof": "They promised." })).await;
    let failed = program.done(&early).await;
    assert_eq!((&failed.body["state"], &failed.body["settled"]), (&json!("failed"), &json!(true)));
    assert!(failed.body["error"].as_str().is_some_and(|why| why.contains("INV 7/1")), "{}", failed.body);
    assert_eq!(failed.body["controls"], json!(["retry", "roll-back"]));
    let settle = "/tenants/acme/payments/INV%207%2F1/settle";
    let paid = program.post(settle, json!({ "how": "Transfer 4711." })).await;
    assert_eq!(paid.status, StatusCode::NO_CONTENT, "{}", paid.body);
    assert_eq!(program.post(settle, json!({ "how": "again" })).await.status, StatusCode::CONFLICT);
    let missing = program.post("/tenants/acme/payments/INV-8/settle", json!({ "how": "x" })).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let path = format!("/operations/{}/retry", early.body["id"].as_str().expect("an id"));
    let again = program.post(&path, json!({ "note": "Paid by now." })).await;
    assert_eq!(program.done(&again).await.body["state"], "succeeded");
    assert_eq!(program.get("/tenants/acme").await.body["status"], "active");
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn what_a_rule_holds_back_says_so_and_no_key_lets_it_go(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    let wanted = json!({ "name": "Vault", "plan": "enterprise", "placement": "dedicated" });
    let asked = program.once("v", "/tenants", wanted).await;
    assert_eq!(
        (&asked.body["state"], &asked.body["awaits_approval"], &asked.body["controls"]),
        (&json!("requested"), &json!(true), &json!(["cancel"])),
        "{}",
        asked.body
    );
    let path = format!("/operations/{}/approve", asked.body["id"].as_str().expect("an id"));
    assert_eq!(
        program.post(&path, json!({})).await.status,
        StatusCode::NOT_FOUND,
        "there is no such address"
    );
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn the_directory_is_read_page_by_page(admin: PgPool) {
    let program = Program::new(admin, Role::Auditor).await;
    for slug in ["bravo", "charlie", "delta"] {
        testing::tenant(&program.api.admin, slug).await.expect("a tenant");
    }
    let slugs = |answer: &Answer| -> Vec<String> {
        let rows = answer.body["tenants"].as_array().expect("rows");
        rows.iter().map(|row| row["slug"].as_str().expect("a slug").to_owned()).collect()
    };
    let first = program.get("/tenants?limit=3&status=active&status=trial").await;
    assert_eq!(slugs(&first), ["acme", "bravo", "charlie"]);
    let next = first.body["next"].as_str().expect("a cursor");
    let rest = program.get(&format!("/tenants?limit=3&status=active&status=trial&after={next}")).await;
    assert_eq!((slugs(&rest), rest.body.get("next")), (vec!["delta".to_owned()], None));
    assert_eq!(slugs(&program.get("/tenants?q=bravo").await), ["bravo"]);
    assert_eq!(slugs(&program.get("/tenants?status=suspended").await), Vec::<String>::new());
    assert_eq!(slugs(&program.get("/tenants?sort=-name&limit=1").await), ["delta"]);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn many_are_worked_on_as_one_set_that_was_looked_at(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    testing::tenant(&program.api.admin, "bravo").await.expect("a tenant");
    let asked = json!({
        "action": "suspend", "whom": "ticked", "tenants": ["acme", "bravo", "nowhere"],
        "code": "terms_violation", "scope": "read_only",
    });
    let set = program.post("/bulk", asked).await;
    assert_eq!(set.status, StatusCode::CREATED, "{}", set.body);
    assert_eq!(
        (&set.body["total"], &set.body["eligible"], &set.body["missing"]),
        (&json!(2), &json!(2), &json!(1)),
        "{}",
        set.body
    );
    let path = format!("/bulk/{}", set.body["id"].as_str().expect("an id"));
    assert_eq!(set.headers[header::LOCATION], format!("{PREFIX}{path}"));
    let start = format!("{path}/start");
    let early = program.post(&start, json!({})).await;
    assert_eq!(
        (early.status, places(&early)),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["/confirm", "/reason"])
    );
    let order = json!({ "reason": "The terms were broken.", "confirm": 2 });
    let begun = program.post(&start, order.clone()).await;
    assert_eq!((begun.status, &begun.body["kind"]), (StatusCode::ACCEPTED, &json!("bulk")), "{}", begun.body);
    assert_eq!(program.post(&start, order).await.body["id"], begun.body["id"], "it is begun once");
    // Its parts are asked for in rounds.
    for _ in 0..100 {
        if program.done(&begun).await.body["settled"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let done = program.get(&format!("{path}?outcome=done")).await;
    assert_eq!(done.body["tenants"].as_array().map(Vec::len), Some(2), "{}", done.body);
    assert_eq!(done.body["counts"]["done"], 2);
    assert_eq!(program.get("/tenants/bravo").await.body["status"], "suspended");
    for other in ["colour=red", "limit=5", "before=3", "outcome=lost", "after=x"] {
        assert_eq!(program.get(&format!("{path}?{other}")).await.status, StatusCode::BAD_REQUEST, "{other}");
    }
    assert_eq!(program.get("/bulk/x").await.status, StatusCode::NOT_FOUND);
    // It is the key's that has frozen it.
    let other = platform_key(&program.api.services, Role::Success).await;
    let answer = program.api.call("GET", &path, &other, "", Body::empty()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn a_misspelt_filter_reaches_nobody_and_the_whole_fleet_has_to_be_meant(admin: PgPool) {
    let program = Program::new(admin, Role::Operator).await;
    testing::tenant(&program.api.admin, "bravo").await.expect("a tenant");
    let asked = |list: &str| {
        json!({
            "action": "suspend", "whom": "matching", "list": list, "code": "inactivity", "scope": "read_only",
        })
    };
    for list in [
        "",
        "statsu=trial",
        "status=trail",
        "status=",
        "status=active&tag=",
        "q=+",
        "sort=name",
        "status=active&limit=5",
        "status=active&after=x",
        "All",
    ] {
        let refused = program.post("/bulk", asked(list)).await;
        assert_eq!(
            (refused.status, places(&refused)),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["/list"]),
            "{list}: {}",
            refused.body
        );
    }
    let both = json!({ "action": "dance", "whom": "matching" });
    assert_eq!(places(&program.post("/bulk", both).await), ["/action", "/list"], "all that is wrong");

    let there = program.get("/tenants").await.body["tenants"].as_array().map_or(0, Vec::len);
    let all = program.post("/bulk", asked("all")).await;
    assert_eq!((all.status, &all.body["total"]), (StatusCode::CREATED, &json!(there)), "{}", all.body);
    let one = program.post("/bulk", asked("q=bravo&sort=name")).await;
    assert_eq!((one.status, &one.body["total"]), (StatusCode::CREATED, &json!(1)), "{}", one.body);
    // Who may not ask is not told what is wrong with it.
    let other = platform_key(&program.api.services, Role::Success).await;
    let body = asked("statsu=trial").to_string();
    let answer = program.api.call("POST", "/bulk", &other, "application/json", body).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

//! Conversations in, results out.

use super::*;

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn conversations_go_in_and_results_come_out(admin: PgPool) {
    let api = Api::new(admin).await;
    let operator = testing::platform(&api.services, Role::Operator);
    for key in ["summary", "sentiment"] {
        domain::tasks::enable(&operator, api.tenant, key).await.expect("enabled");
    }
    let one = api.post("application/json; charset=utf-8", conversation("a/b ü")).await;
    assert_eq!(one.status, StatusCode::CREATED, "{}", one.body);
    let location = one.headers[header::LOCATION].to_str().expect("ascii").to_owned();
    assert_eq!(location, "/api/v1/conversations/a%2Fb%20%C3%BC");
    let again = api.post("application/json", conversation("a/b ü")).await;
    assert_eq!(
        (again.status, again.body),
        (StatusCode::OK, json!({"received": 1, "created": 0, "duplicates": 1}))
    );
    let lines: Vec<_> = (0..3).map(|n| conversation(&format!("c{n}"))).collect();
    let many = api.post("application/x-ndjson", format!("{}\n{}\n", lines.join("\n"), lines[0])).await;
    assert_eq!(
        (many.status, many.body),
        (StatusCode::OK, json!({"received": 4, "created": 3, "duplicates": 1}))
    );

    let waiting = api.get("/conversations/c0").await;
    assert_eq!(
        (waiting.body["state"].as_str(), waiting.body["values"].as_array().map(Vec::len)),
        (Some("pending"), Some(0))
    );
    Worker::new(api.services.clone()).drain().await.expect("drained");
    let path = location.strip_prefix(PREFIX).expect("ours");
    let done = api.get(path).await;
    assert_eq!((done.status, done.body["state"].as_str()), (StatusCode::OK, Some("done")));
    assert_eq!(done.body["runs"].as_array().map(Vec::len), Some(2));
    let summary = done.body["values"]
        .as_array()
        .and_then(|v| v.iter().find(|v| v["field"] == "summary"))
        .expect("a summary");
    assert!(
        summary["value"].is_string() && summary["explanation"].as_str().is_some_and(|why| !why.is_empty())
    );

    let first = api.get("/conversations?limit=3&state=done").await;
    assert_eq!(first.body["items"].as_array().map(Vec::len), Some(3));
    let next = first.body["next"].as_str().expect("a cursor").to_owned();
    let second = api.get(&format!("/conversations?limit=3&after={next}")).await;
    assert_eq!((second.body["items"].as_array().map(Vec::len), second.body.get("next")), (Some(1), None));

    domain::usage::rollup(&api.services.system("test")).await.expect("rolled up");
    let tenant = api.get("/tenant").await;
    assert_eq!(
        (tenant.body["status"].as_str(), tenant.body["plan"].as_str()),
        (Some("active"), Some("professional"))
    );
    let usage: Vec<_> = tenant.body["usage"]
        .as_array()
        .expect("usage")
        .iter()
        .map(|m| (m["meter"].as_str().expect("word").to_owned(), m["today"].as_i64().expect("number")))
        .collect();
    assert!(
        usage.contains(&("conversations".into(), 4)) && usage.contains(&("task_runs".into(), 8)),
        "{usage:?}"
    );
    // This call is not rolled up yet, the ones before are.
    assert!(usage.contains(&("api_calls".into(), 7)), "{usage:?}");
    assert_eq!(tenant.body["api_calls"]["used"], 8);
}

#[sqlx::test(migrator = "domain::db::MIGRATOR")]
async fn one_wrong_line_stores_nothing_and_every_fault_has_its_place(admin: PgPool) {
    let api = Api::new(admin).await;
    let body = format!(
        "{}\n\n{{\"id\":\"x\",\"turns\":[{{\"speaker\":\"bot\",\"text\":\"\"}}]}}\nnonsense",
        conversation("good")
    );
    let answer = api.post("application/x-ndjson", body).await;
    assert_eq!(
        (answer.status, answer.body["error_count"].as_i64()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some(2))
    );
    assert_eq!(
        answer.body["errors"][0],
        json!({"line": 3, "pointer": "/turns/0/speaker", "detail": "is not customer or agent"})
    );
    assert_eq!(
        (answer.body["errors"][1]["line"].as_i64(), answer.body["errors"][1]["pointer"].as_str()),
        (Some(4), Some(""))
    );
    assert_eq!(api.get("/conversations/good").await.status, StatusCode::NOT_FOUND);
    let many_faults = "x\n".repeat(1000);
    let answer = api.post("application/x-ndjson", many_faults).await;
    assert_eq!(
        (answer.body["error_count"].as_i64(), answer.body["errors"].as_array().map(Vec::len)),
        (Some(1000), Some(100))
    );
    let single = api.post("application/json", "{\"id\": 7").await;
    assert_eq!(
        (single.status, single.body["errors"][0].get("line")),
        (StatusCode::UNPROCESSABLE_ENTITY, None)
    );
}

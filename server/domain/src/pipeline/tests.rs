use super::*;
use crate::conversations::{by_external_id, ingest, parse};
use crate::engines::{Answer, EngineError, Outcome, Request};
use crate::error::Error;
use crate::testing;
use model::conversations::{Conversation, RunOutcome, SkipReason, State};
use model::permission::Role;
use sqlx::PgPool;

const BASELINE: [&str; 4] = ["summary", "sentiment", "csat", "reason"];

async fn enable(services: &Services, tenant: TenantId, keys: &[&str]) {
    let cx = testing::platform(services, Role::Operator);
    for key in keys {
        tasks::enable(&cx, tenant, key).await.expect("enabled");
    }
}

async fn send(services: &Services, tenant: TenantId, ids: &[&str]) {
    let rows = ids.iter().map(|id| {
        let json = serde_json::json!({"id": id, "language": "en", "turns": [
            {"speaker": "customer", "text": "My parcel is late and I am very annoyed."},
            {"speaker": "agent", "text": "I am sorry. I have sent you a new one."},
            {"speaker": "customer", "text": "Thank you, that is great, problem solved."},
        ]});
        parse(json.to_string().as_bytes()).expect("a conversation")
    });
    ingest(&services.system("test"), tenant, rows.collect()).await.expect("stored");
}

async fn see(services: &Services, tenant: TenantId, id: &str) -> Conversation {
    by_external_id(&services.system("test"), tenant, id).await.expect("the conversation")
}

async fn run_sql(admin: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(admin).await.expect("done");
}

fn with_engine(
    services: &Services,
    engine: impl Fn(&str, &Request<'_>) -> Result<Outcome, EngineError> + Send + Sync + 'static,
) -> Worker {
    Worker { services: services.clone(), engine: Arc::new(engine) }
}

fn answer(attribute: &str, value: serde_json::Value) -> Answer {
    Answer { attribute: attribute.into(), value, explanation: "because".into(), confidence: 0.5 }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn enabled_tasks_write_values_with_explanations(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let worker = Worker::new(services.clone());
    send(&services, tenant, &["before"]).await;
    assert_eq!(worker.drain().await.expect("drained").done, 1);
    let before = see(&services, tenant, "before").await;
    assert_eq!((before.row.state, before.runs.len(), before.values.len()), (State::Done, 0, 0));

    enable(&services, tenant, &BASELINE).await;
    send(&services, tenant, &["a", "b"]).await;
    assert_eq!(worker.drain().await.expect("drained"), Round { done: 2, failed: 0, parked: 0 });
    let a = see(&services, tenant, "a").await;
    assert_eq!(a.row.state, State::Done);
    assert_eq!(a.runs.len(), 4, "{:?}", a.runs);
    assert!(a.runs.iter().all(|run| run.outcome == RunOutcome::Succeeded && !run.overridden), "{:?}", a.runs);
    assert!(a.values.len() >= 4, "{:?}", a.values);
    assert!(a.values.iter().all(|value| !value.explanation.is_empty()));
    let summary = a.values.iter().find(|value| value.field == "summary").expect("a summary");
    assert!(summary.value.is_string() && a.runs.iter().any(|run| run.id == summary.run));
    // A task enabled later looks at what comes later.
    assert_eq!(see(&services, tenant, "before").await.runs.len(), 0);
    let counted: i64 =
        sqlx::query_scalar("SELECT sum(quantity)::bigint FROM usage_hour WHERE meter = 'task_runs'")
            .fetch_one(&admin)
            .await
            .expect("usage");
    assert_eq!(counted, 8);
    assert_eq!(worker.drain().await.expect("drained"), Round::default(), "nothing is done twice");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn every_skip_has_its_reason(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &BASELINE).await;
    run_sql(&admin, "INSERT INTO task_override (tenant_id, task_id, filters, base_version, reason, author)
        SELECT (SELECT id FROM tenant), id, CASE key WHEN 'summary' THEN '{\"channels\": [\"voice\"]}' WHEN 'sentiment' THEN '{\"languages\": [\"de\"]}'
            ELSE '{\"min_turns\": 50}' END::jsonb, published, 'r', 'a' FROM task WHERE key <> 'reason'").await;
    send(&services, tenant, &["a"]).await;
    let unknown = |key: &str, _: &Request<'_>| Err(EngineError::UnknownTask { task: key.into() });
    assert_eq!(with_engine(&services, unknown).drain().await.expect("drained").done, 1);
    let a = see(&services, tenant, "a").await;
    let mut reasons: Vec<_> = a.runs.iter().map(|run| (run.task.as_str(), run.skip_reason)).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            ("csat", Some(SkipReason::FilterMinTurns)),
            ("reason", Some(SkipReason::EngineUnsupported)),
            ("sentiment", Some(SkipReason::FilterLanguage)),
            ("summary", Some(SkipReason::FilterChannel)),
        ]
    );
    assert!(a.runs.iter().all(|run| run.outcome == RunOutcome::Skipped) && a.values.is_empty());
    assert_eq!(a.runs.iter().filter(|run| run.overridden).count(), 3);
    let counted: Option<i64> =
        sqlx::query_scalar("SELECT sum(quantity)::bigint FROM usage_hour WHERE meter = 'task_runs'")
            .fetch_one(&admin)
            .await
            .expect("usage");
    assert_eq!(counted, None, "a skip is no usage");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_answer_of_the_wrong_form_fails_the_run_alone(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &["csat", "summary"]).await;
    send(&services, tenant, &["a"]).await;
    let worker = with_engine(&services, |key, request| {
        let value = if key == "csat" { serde_json::json!(99) } else { serde_json::json!("short") };
        let answers = request.outputs.iter().map(|output| answer(output.attribute, value.clone())).collect();
        Ok(Outcome { answers, input_tokens: 1, output_tokens: 1 })
    });
    worker.drain().await.expect("drained");
    let a = see(&services, tenant, "a").await;
    let csat = a.runs.iter().find(|run| run.task == "csat").expect("a run");
    assert_eq!(csat.outcome, RunOutcome::Failed);
    assert!(csat.error.as_deref().is_some_and(|why| why.contains("99")), "{csat:?}");
    assert_eq!(a.values.iter().map(|value| value.field.as_str()).collect::<Vec<_>>(), ["summary"]);
    assert_eq!(a.row.state, State::Done);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn poison_is_parked_and_spoils_nobody_else(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &["summary"]).await;
    send(&services, tenant, &["bad", "good", "unstorable"]).await;
    run_sql(&admin, "UPDATE conversation SET turns = jsonb_set(turns, '{0,text}', to_jsonb(external_id))")
        .await;
    let worker = with_engine(&services, |_, request| {
        let text = request.turns[0].text;
        assert_ne!(text, "bad", "boom\0");
        let mut answer = answer(request.outputs[0].attribute, serde_json::json!("fine"));
        if text == "unstorable" {
            answer.explanation = "a\0b".into();
        }
        Ok(Outcome { answers: vec![answer], input_tokens: 0, output_tokens: 0 })
    });
    for attempt in 1..=ATTEMPTS_MAX {
        let round = worker.drain().await.expect("drained");
        assert_eq!(round.done, u64::from(attempt == 1), "attempt {attempt}");
        let bad = see(&services, tenant, "bad").await;
        assert_eq!(bad.attempts, attempt);
        assert!(bad.error.as_deref().is_some_and(|why| why.contains("boom")), "{:?}", bad.error);
        assert_eq!(bad.row.state, if attempt == ATTEMPTS_MAX { State::Parked } else { State::Pending });
        assert_eq!(
            worker.drain().await.expect("drained"),
            Round::default(),
            "it waits before the next attempt"
        );
        run_sql(&admin, "UPDATE conversation SET lease_until = NULL WHERE state = 'pending'").await;
    }
    let unstorable = see(&services, tenant, "unstorable").await;
    assert_eq!((unstorable.row.state, unstorable.values.len(), unstorable.runs.len()), (State::Parked, 0, 0));
    assert_eq!(see(&services, tenant, "good").await.values.len(), 1);
    assert_eq!(worker.drain().await.expect("drained"), Round::default(), "parked is parked");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_worker_that_dies_is_counted(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    send(&services, tenant, &["a"]).await;
    let cx = services.system("test");
    let worker = Worker::new(services.clone());
    for attempt in 1..=ATTEMPTS_MAX {
        // Claimed, and never heard of again.
        let claimed = claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim");
        assert_eq!(claimed.first().map(|c| c.attempts), Some(attempt));
        assert_eq!(claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim").len(), 0, "the lease holds");
        run_sql(&admin, "UPDATE conversation SET lease_until = now() - interval '1 s'").await;
    }
    assert_eq!(worker.drain().await.expect("drained").parked, 1);
    let a = see(&services, tenant, "a").await;
    assert_eq!(a.row.state, State::Parked);
    assert!(a.error.is_some_and(|why| why.contains("died")));
}

/// One conversation kills the process that works on it, and the fifteen beside it do nothing wrong.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_conversation_that_kills_its_worker_takes_nobody_along(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &["summary"]).await;
    let good: Vec<String> = (0..15).map(|n| format!("good{n}")).collect();
    let mut all: Vec<&str> = good.iter().map(String::as_str).collect();
    all.insert(7, "bad");
    send(&services, tenant, &all).await;
    let bad: model::ConversationId =
        sqlx::query_scalar("SELECT id FROM conversation WHERE external_id = 'bad'")
            .fetch_one(&admin)
            .await
            .expect("the bad one");
    let cx = services.system("test");
    let worker = Worker::new(services.clone());
    let dies = "UPDATE conversation SET lease_until = now() - interval '1 s' WHERE state = 'running'";
    assert_eq!(claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim").len(), 16);
    run_sql(&admin, dies).await;

    let (mut round, mut deaths) = (Round::default(), 1);
    loop {
        let claimed = claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim");
        if claimed.is_empty() {
            break;
        }
        assert_eq!(claimed.len(), 1, "nobody knows yet which it was");
        assert!(claimed[0].alone);
        // Once all its attempts are used up it is not worked on any more.
        if claimed[0].id == bad && claimed[0].attempts <= ATTEMPTS_MAX {
            deaths += 1;
            run_sql(&admin, dies).await;
        } else {
            worker.tenant(&cx, tenant, &claimed, &mut round).await.expect("worked on");
        }
    }
    assert_eq!(deaths, ATTEMPTS_MAX);
    assert_eq!(round, Round { done: 15, failed: 0, parked: 1 });
    assert_eq!(see(&services, tenant, "bad").await.row.state, State::Parked);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_may_kill_a_worker_comes_last_in_its_round(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &["summary"]).await;
    send(&services, tenant, &["old1", "old2"]).await;
    let cx = services.system("test");
    assert_eq!(claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim").len(), 2);
    run_sql(&admin, "UPDATE conversation SET lease_until = now() - interval '1 s'").await;
    send(&services, tenant, &["new"]).await;
    run_sql(&admin, "UPDATE conversation SET turns = jsonb_set(turns, '{0,text}', to_jsonb(external_id))")
        .await;
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let worker = with_engine(&services, {
        let seen = seen.clone();
        move |_, request| {
            seen.lock().expect("a list").push(request.turns[0].text.to_owned());
            let answers = vec![answer(request.outputs[0].attribute, serde_json::json!("fine"))];
            Ok(Outcome { answers, input_tokens: 0, output_tokens: 0 })
        }
    });
    let round = worker.round(&cx, &mut Cursor::default()).await.expect("a round");
    assert_eq!(round.done, 2, "the new one, and one of those in doubt");
    {
        let seen = seen.lock().expect("a list");
        assert_eq!(seen[0], "new");
        assert!(seen[1].starts_with("old"), "{seen:?}");
    }
    assert_eq!(worker.drain().await.expect("drained").done, 1, "the other one has a round of its own");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_late_worker_writes_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &["summary"]).await;
    send(&services, tenant, &["a"]).await;
    let cx = services.system("test");
    let late = claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim");
    run_sql(&admin, "UPDATE conversation SET lease_until = now() - interval '1 s'").await;
    assert_eq!(Worker::new(services.clone()).drain().await.expect("drained").done, 1);
    let runs = see(&services, tenant, "a").await.runs;
    let finished: Vec<_> = late.iter().map(|c| Finished { claimed: c.clone(), results: vec![] }).collect();
    assert_eq!(finish(&cx, tenant, &finished).await.expect("an answer"), 0);
    let mut round = Round::default();
    Worker::new(services.clone()).give_back(&cx, &late[0], "late", &mut round).await.expect("an answer");
    assert_eq!(round, Round::default());
    let a = see(&services, tenant, "a").await;
    assert_eq!((a.row.state, &a.runs, a.error), (State::Done, &runs, None));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_suspended_tenant_waits_and_goes_on(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    send(&services, tenant, &["a"]).await;
    let worker = Worker::new(services.clone());
    run_sql(&admin, "UPDATE tenant SET status = 'suspended', suspension = 'read_only', status_reason = 'payment_failure', status_before = 'active'").await;
    assert_eq!(worker.drain().await.expect("drained"), Round::default());
    // Suspended between the claim and the work.
    run_sql(&admin, "UPDATE tenant SET status = 'active'").await;
    let cx = services.system("test");
    let claimed = claim(&cx, Reach::Fleet, Uuid::nil()).await.expect("a claim");
    run_sql(&admin, "UPDATE tenant SET status = 'suspended'").await;
    worker.tenant(&cx, tenant, &claimed, &mut Round::default()).await.expect("put back");
    let a = see(&services, tenant, "a").await;
    assert_eq!((a.row.state, a.attempts), (State::Pending, 0));
    run_sql(&admin, "UPDATE tenant SET status = 'active'").await;
    assert_eq!(worker.drain().await.expect("drained").done, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn no_tenant_starves_another(admin: PgPool) {
    let services = testing::services(&admin).await;
    let loud = testing::tenant(&admin, "loud").await.expect("a tenant");
    let many: Vec<String> = (0..300).map(|n| format!("c{n}")).collect();
    send(&services, loud, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut quiet = Vec::new();
    for n in 0..6 {
        let tenant = testing::tenant(&admin, &format!("quiet{n}")).await.expect("a tenant");
        send(&services, tenant, &["a", "b"]).await;
        quiet.push(tenant);
    }
    let (cx, worker) = (services.system("test"), Worker::new(services.clone()));
    let mut after = Cursor::default();
    let round = worker.round(&cx, &mut after).await.expect("a round");
    assert_eq!(round.done, u64::try_from(PER_TENANT).expect("small") + 12);
    for tenant in quiet {
        assert_eq!(see(&services, tenant, "b").await.row.state, State::Done);
    }
    // More tenants than one round holds: the next round goes on behind the last one.
    let claims = |after| claim(&cx, Reach::Fleet, after);
    assert!(claims(loud.0).await.expect("a claim").is_empty());
    assert_eq!(
        claims(Uuid::nil()).await.expect("a claim").len(),
        usize::try_from(PER_TENANT).expect("small")
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn workers_share_and_do_everything_once(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    enable(&services, tenant, &["summary"]).await;
    let many: Vec<String> = (0..120).map(|n| format!("c{n}")).collect();
    send(&services, tenant, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let worker = Worker::new(services.clone());
            tokio::spawn(async move { worker.drain().await.expect("drained").done })
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await.expect("joined");
    }
    assert_eq!(done, 120);
    let runs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM task_run").fetch_one(&admin).await.expect("runs");
    assert_eq!(runs, 120);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_worker_stops_when_told_and_rolls_up(admin: PgPool) {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    send(&services, tenant, &["a"]).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(Worker::new(services.clone()).run(async {
        let _ = stopped.await;
    }));
    for _ in 0..100 {
        let days: i64 =
            sqlx::query_scalar("SELECT count(*) FROM usage_day").fetch_one(&admin).await.expect("days");
        if days > 0 && see(&services, tenant, "a").await.row.state == State::Done {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(see(&services, tenant, "a").await.row.state, State::Done);
    stop.send(()).expect("running");
    tokio::time::timeout(Duration::from_secs(5), running).await.expect("stopped").expect("whole");
    let outsider = testing::member(&services, tenant, Role::TenantAdmin);
    let refused = Worker::new(services.clone()).round(&outsider, &mut Cursor::default()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

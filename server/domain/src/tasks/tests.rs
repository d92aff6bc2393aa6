//! Tests of tasks on a real database: the baseline, who may change what, locking, and publishing.

use super::*;
use crate::ctx::{Ctx, Services};
use crate::engines;
use crate::testing;
use model::permission::{Actor, Membership, Role};
use model::tasks::{
    EngineKind, Filters, Output, OutputKind, OverrideInput, OverrideState, Part, PieceKind, Setting, State,
};
use model::{TaskId, UserId};
use serde_json::{Value, json};
use sqlx::PgPool;

/// An override of the prompt alone, made on version 1 where none was.
fn prompt(text: &str) -> OverrideInput {
    OverrideInput {
        prompt_mode: "override".into(),
        prompt: text.into(),
        filters_mode: "inherit".into(),
        reason: "shorter for our team".into(),
        version: "0".into(),
        base: "1".into(),
        ..OverrideInput::default()
    }
}

/// An override of the filters alone: voice only.
fn filters() -> OverrideInput {
    OverrideInput {
        prompt_mode: "inherit".into(),
        filters_mode: "override".into(),
        channel_voice: "on".into(),
        ..prompt("")
    }
}

fn next_version() -> NewVersion {
    NewVersion {
        prompt: "Version two.\nsentences: 2".into(),
        filters: Filters { min_turns: 4, ..Filters::default() },
        outputs: vec![Output {
            attribute: "summary".into(),
            field: "summary".into(),
            kind: OutputKind::Text { max_chars: 600 },
        }],
        engine: EngineKind::Builtin,
        notes: "Shorter.".into(),
    }
}

/// A person of a tenant whose access is read-only.
fn suspended_admin(services: &Services, tenant: TenantId) -> Ctx {
    let membership = Membership {
        tenant,
        slug: "acme".into(),
        tenant_name: "Acme".into(),
        role: Role::TenantAdmin,
        access: Access::ReadOnly,
    };
    let actor = Actor::User {
        id: UserId(uuid::Uuid::from_u128(3)),
        name: "Reader".into(),
        email: "reader@example.com".into(),
        platform: None,
        memberships: vec![membership],
    };
    services.ctx(actor, "test")
}

struct Line {
    action: String,
    reason: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
    actor: String,
}

/// The audit lines about tasks in one chain, oldest first.
async fn lines(admin: &PgPool, tenant: TenantId) -> Vec<Line> {
    let rows: Vec<(String, Option<String>, Option<Value>, Option<Value>, String)> = sqlx::query_as(
        "SELECT action, reason, before, after, actor_name FROM audit_entry WHERE tenant_id = $1 AND action LIKE 'task.%' ORDER BY seq",
    )
    .bind(tenant)
    .fetch_all(admin)
    .await
    .expect("audit lines");
    let line = |(action, reason, before, after, actor)| Line { action, reason, before, after, actor };
    rows.into_iter().map(line).collect()
}

async fn run(admin: &PgPool, tenant: TenantId, task: TaskId, outcome: &str, age: &str) {
    let id = uuid::Uuid::now_v7();
    sqlx::query(
        "INSERT INTO pooled.conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes) VALUES ($1, $2, $3, 'chat', now(), '[]', 0, 2)",
    )
    .bind(tenant)
    .bind(id)
    .bind(id.to_string())
    .execute(admin)
    .await
    .expect("a conversation");
    sqlx::query(
        "INSERT INTO pooled.task_run (tenant_id, id, conversation_id, task_id, task_version, overridden, outcome, skip_reason, at)
         VALUES ($1, $2, $2, $3, 1, false, $4, CASE WHEN $4 = 'skipped' THEN 'filter_channel' END, now() - $5::interval)",
    )
    .bind(tenant)
    .bind(id)
    .bind(task)
    .bind(outcome)
    .bind(age)
    .execute(admin)
    .await
    .expect("a run");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_baseline_is_there_and_disabled(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let list = list_for_tenant(&cx, acme).await.expect("a list");
    let keys: Vec<&str> = list.tasks.iter().map(|t| t.task.key.as_str()).collect();
    assert_eq!(keys, ["summary", "sentiment", "csat", "reason"]);
    assert_eq!((list.count(State::Enabled), list.count(State::Disabled), list.count(State::All)), (0, 4, 4));
    for task in &list.tasks {
        assert_eq!(task.published.version, 1);
        assert_eq!(task.effective.state(), OverrideState::Inherited);
        assert_eq!(task.facts.error_rate(), None);
    }
    let mut read = cx.read(Reach::Tenant(acme)).await.expect("a read");
    assert_eq!(effective_for_pipeline(read.conn(), acme).await.expect("tasks"), []);
}

/// The prompts are for a large model and for the built-in engine at once, and every output has a field that holds it.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_baseline_fits_its_fields_and_the_builtin_engine(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let mut read = cx.read(Reach::Tenant(acme)).await.expect("a read");
    let fields = crate::fields::catalogue(read.conn()).await.expect("fields");
    let turn = |speaker, text| engines::Turn { speaker, text };
    let turns = [
        turn(
            engines::Speaker::Customer,
            "Hello, I was charged twice on my last invoice and I want a refund.",
        ),
        turn(engines::Speaker::Agent, "I am sorry about that. I have refunded the second charge."),
        turn(engines::Speaker::Customer, "That was quick, thank you very much. Goodbye."),
    ];
    let list = list_for_tenant(&cx, acme).await.expect("a list");
    for task in &list.tasks {
        let told = &task.task.key;
        assert_eq!(engines::directives(&task.published.prompt).problems, Vec::<String>::new(), "{told}");
        let mut choices = Vec::new();
        for output in &task.published.outputs {
            let field = fields.iter().find(|field| field.key == output.field).expect("a field");
            assert!(output.kind.fits(field), "{told}");
            if let OutputKind::Choice { options } = &output.kind {
                choices.extend(options.iter().map(String::as_str));
            }
        }
        let outputs: Vec<engines::Output<'_>> = task
            .published
            .outputs
            .iter()
            .map(|output| engines::Output {
                attribute: &output.attribute,
                kind: match &output.kind {
                    OutputKind::Text { max_chars } => {
                        engines::OutputKind::Text { max_chars: *max_chars as usize }
                    }
                    OutputKind::Number { min, max } => engines::OutputKind::Number { min: *min, max: *max },
                    OutputKind::Choice { .. } => engines::OutputKind::Choice(&choices),
                },
            })
            .collect();
        let request = engines::Request { prompt: &task.published.prompt, turns: &turns, outputs: &outputs };
        let outcome = engines::run(told, &request).expect("answers");
        for (answer, output) in outcome.answers.iter().zip(&task.published.outputs) {
            assert_eq!(output.kind.check(&answer.value), Ok(()), "{told}: {answer:?}");
            assert!(!answer.value.is_null() && !answer.explanation.is_empty(), "{told}: {answer:?}");
        }
        if told == "reason" {
            assert_eq!(outcome.answers[0].value, json!("Billing"));
            assert_eq!(outcome.answers[1].value, json!("resolved"));
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn enabling_is_written_once_and_for_one_tenant(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let cx = testing::member(&services, acme, Role::TenantAdmin);
    assert!(enable(&cx, acme, "summary").await.expect("enabled").changed);
    assert!(!enable(&cx, acme, "summary").await.expect("enabled already").changed);
    let operator = testing::platform(&services, Role::Operator);
    let mut read = operator.read(Reach::Fleet).await.expect("a read");
    let enabled = effective_for_pipeline(read.conn(), acme).await.expect("tasks");
    assert_eq!(enabled.len(), 1);
    assert_eq!((enabled[0].task.key.as_str(), enabled[0].overridden()), ("summary", false));
    assert_eq!(effective_for_pipeline(read.conn(), other).await.expect("tasks"), []);
    drop(read);
    assert!(disable(&cx, acme, "summary").await.expect("disabled").changed);
    assert!(!disable(&cx, acme, "summary").await.expect("disabled already").changed);
    let detail = get(&cx, acme, "summary").await.expect("a task");
    assert_eq!(detail.item.activation.changed_by.as_deref(), Some("Test Tenant admin"));
    let lines = lines(&admin, acme).await;
    assert_eq!(lines.iter().map(|l| l.action.as_str()).collect::<Vec<_>>(), ["task.enable", "task.disable"]);
    assert_eq!(lines[0].before, Some(json!({ "enabled": false })));
    assert_eq!(lines[0].after, Some(json!({ "enabled": true, "version": 1 })));
    assert_eq!(lines[0].actor, "Test Tenant admin");
    assert!(matches!(enable(&cx, acme, "nothing").await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_may_not_changes_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let owner = testing::platform(&services, Role::Owner);
    set_override(&owner, acme, "csat", &prompt("Mine.")).await.expect("an override to try to revert");
    let before = lines(&admin, acme).await.len();
    let refused = [
        (testing::member(&services, acme, Role::TenantMember), "forbidden"),
        (testing::platform(&services, Role::Success), "forbidden"),
        (testing::platform(&services, Role::Auditor), "forbidden"),
        (testing::member(&services, other, Role::TenantAdmin), "hidden"),
        (suspended_admin(&services, acme), "suspended"),
        (services.ctx(Actor::Anonymous, "test"), "sign in"),
    ];
    for (cx, why) in &refused {
        let outcomes = [
            enable(cx, acme, "summary").await.map(drop),
            disable(cx, acme, "summary").await.map(drop),
            set_override(cx, acme, "summary", &prompt("Mine.")).await,
            keep_override(cx, acme, "csat", 1, 1).await,
            revert(cx, acme, "csat", None, 1, "").await,
        ];
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let error = outcome.expect_err("refused");
            let fits = match *why {
                "forbidden" => matches!(error, Error::Forbidden(_)),
                "hidden" => matches!(error, Error::NotFound),
                "suspended" => matches!(error, Error::Suspended(Access::ReadOnly)),
                _ => matches!(error, Error::SignIn),
            };
            assert!(fits, "{why}, function {at}: {error}");
        }
    }
    assert_eq!(lines(&admin, acme).await.len(), before);
    let list = list_for_tenant(&owner, acme).await.expect("a list");
    assert_eq!(list.count(State::Enabled), 0);
    assert_eq!(list.tasks.iter().filter(|t| t.overriding.is_some()).count(), 1);
    // Reading: a member may, a stranger may not know.
    assert!(list_for_tenant(&refused[0].0, acme).await.is_ok());
    assert!(matches!(list_for_tenant(&refused[3].0, acme).await, Err(Error::NotFound)));
    assert!(matches!(compare(&refused[3].0, acme, "csat").await, Err(Error::NotFound)));
    // What the page offers follows what is refused.
    let ability = |cx: &Ctx| abilities(cx, acme, Status::Active).change;
    assert_eq!(ability(&owner), Ability::Yes);
    assert_eq!(ability(&refused[0].0), Ability::Never);
    assert!(matches!(ability(&refused[4].0), Ability::NotNow(_)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_tenant_that_is_gone_is_not_changed(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    sqlx::query("UPDATE tenant SET status = 'deleted' WHERE id = $1")
        .bind(acme)
        .execute(&admin)
        .await
        .expect("gone");
    let cx = testing::platform(&services, Role::Operator);
    assert!(matches!(enable(&cx, acme, "summary").await, Err(Error::Conflict(_))));
    assert!(matches!(set_override(&cx, acme, "summary", &prompt("Mine.")).await, Err(Error::Conflict(_))));
    assert!(matches!(list_for_tenant(&cx, acme).await.expect("a list").abilities.enable, Ability::NotNow(_)));
    assert!(lines(&admin, acme).await.is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_override_is_tagged_compared_and_reverted(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::member(&services, acme, Role::TenantAdmin);
    let both = OverrideInput {
        filters_mode: "override".into(),
        channel_voice: "on".into(),
        ..prompt("Sum up.\r\nsentences: 1\r\n")
    };
    set_override(&cx, acme, "summary", &both).await.expect("overridden");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!(item.effective.overridden_parts(), Part::ALL);
    // Least turns is 2 globally and none here, so it differs as well.
    assert_eq!(item.effective.differing, [Setting::Prompt, Setting::Channels, Setting::MinTurns]);
    assert_eq!(item.effective.prompt, "Sum up.\nsentences: 1");
    assert!(!item.effective.base_updated && !item.activation.enabled);
    let comparison = compare(&cx, acme, "summary").await.expect("a comparison");
    assert!(comparison.prompt.iter().any(|p| p.kind == PieceKind::Removed));
    assert!(comparison.prompt_moved.is_empty() && comparison.detail.base.is_none());
    // One part at a time: the other stays.
    revert(&cx, acme, "summary", Some(Part::Prompt), 1, "default is fine").await.expect("reverted");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!(item.effective.overridden_parts(), [Part::Filters]);
    assert_eq!(item.effective.prompt, item.published.prompt);
    assert!(matches!(revert(&cx, acme, "summary", Some(Part::Prompt), 2, "").await, Err(Error::NotFound)));
    revert(&cx, acme, "summary", None, 2, "").await.expect("reverted");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!((item.effective.state(), item.overriding), (OverrideState::Inherited, None));
    let lines = lines(&admin, acme).await;
    assert_eq!(
        lines.iter().map(|l| l.action.as_str()).collect::<Vec<_>>(),
        ["task.override", "task.revert", "task.revert"]
    );
    assert_eq!(lines[0].reason.as_deref(), Some("shorter for our team"));
    assert_eq!(
        (&lines[0].before, lines[0].after.as_ref().map(|a| &a["prompt"])),
        (&None, Some(&json!("Sum up.\nsentences: 1")))
    );
    // What was lost can be read in the log.
    assert_eq!(lines[1].before.as_ref().map(|b| &b["prompt"]), Some(&json!("Sum up.\nsentences: 1")));
    assert_eq!(lines[1].reason.as_deref(), Some("default is fine"));
    assert_eq!((lines[2].after.as_ref(), lines[2].reason.as_ref()), (None, None));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_override_that_says_the_same_is_not_tagged(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let default =
        get(&cx, acme, "summary").await.expect("a task").item.published.prompt.replace('\n', "\r\n");
    set_override(&cx, acme, "summary", &prompt(&default)).await.expect("overridden");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!(item.effective.state(), OverrideState::Redundant);
    assert_eq!(
        (item.effective.overridden_parts(), item.effective.redundant_parts()),
        (vec![], vec![Part::Prompt])
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_stale_form_overwrites_nothing(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    set_override(&cx, acme, "summary", &prompt("First.")).await.expect("overridden");
    // A form that saw no override, and one that saw an older one.
    let error = set_override(&cx, acme, "summary", &prompt("Second.")).await.expect_err("a conflict");
    assert!(
        matches!(&error, Error::Conflict(why) if why.contains("Test Operator") && why.contains("shorter for our team")),
        "{error}"
    );
    let second = OverrideInput { version: "1".into(), ..prompt("Second.") };
    set_override(&cx, acme, "summary", &second).await.expect("overridden again");
    assert!(matches!(set_override(&cx, acme, "summary", &second).await, Err(Error::Conflict(_))));
    assert!(matches!(revert(&cx, acme, "summary", None, 1, "").await, Err(Error::Conflict(_))));
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.effective.prompt, "Second.");
    revert(&cx, acme, "summary", None, 2, "").await.expect("reverted");
    let late = OverrideInput { version: "2".into(), ..prompt("Late.") };
    assert!(matches!(set_override(&cx, acme, "summary", &late).await, Err(Error::Conflict(_))));
    assert!(matches!(revert(&cx, acme, "summary", None, 0, "").await, Err(Error::NotFound)));
    assert_eq!(lines(&admin, acme).await.len(), 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_wrong_form_is_told_all_that_is_wrong(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let wrong = OverrideInput {
        reason: " ".into(),
        min_turns: "x".into(),
        channel_voice: String::new(),
        ..filters()
    };
    let error = set_override(&cx, acme, "summary", &wrong).await.expect_err("errors");
    let Error::Invalid(errors) = error else { panic!("{error}") };
    assert_eq!(errors.0.keys().collect::<Vec<_>>(), ["channels", "min_turns", "reason"]);
    let nothing = OverrideInput { prompt_mode: "inherit".into(), ..prompt("") };
    assert!(matches!(set_override(&cx, acme, "summary", &nothing).await, Err(Error::Invalid(_))));
    let unseen = OverrideInput { base: "2".into(), ..prompt("Mine.") };
    assert!(matches!(set_override(&cx, acme, "summary", &unseen).await, Err(Error::Conflict(_))));
    // Both parts set back to the default in the form: the override goes, with the reason given.
    set_override(&cx, acme, "summary", &filters()).await.expect("overridden");
    set_override(&cx, acme, "summary", &OverrideInput { version: "1".into(), ..nothing })
        .await
        .expect("reverted");
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.overriding, None);
    assert_eq!(lines(&admin, acme).await.last().map(|l| l.action.clone()).as_deref(), Some("task.revert"));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn publishing_never_overwrites_an_override(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let plain = testing::tenant(&admin, "plain").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    set_override(&cx, acme, "summary", &prompt("Mine.")).await.expect("overridden");
    assert_eq!(publish_version(&cx, "summary", &next_version()).await.expect("published"), 2);
    let item = get(&cx, plain, "summary").await.expect("a task").item;
    assert_eq!((item.effective.prompt.as_str(), item.effective.version), ("Version two.\nsentences: 2", 2));
    let detail = get(&cx, acme, "summary").await.expect("a task");
    assert_eq!(detail.item.effective.prompt, "Mine.");
    // The part that is not overridden follows.
    assert_eq!(detail.item.effective.filters.min_turns, 4);
    assert!(detail.item.effective.base_updated);
    assert_eq!(detail.base.map(|base| base.version), Some(1));
    assert!(!compare(&cx, acme, "summary").await.expect("a comparison").prompt_moved.is_empty());
    // Keeping answers the question for this version; the value stays.
    assert!(matches!(keep_override(&cx, acme, "summary", 1, 1).await, Err(Error::Conflict(_))));
    keep_override(&cx, acme, "summary", 1, 2).await.expect("kept");
    let item = get(&cx, acme, "summary").await.expect("a task").item;
    assert_eq!((item.effective.prompt.as_str(), item.effective.base_updated), ("Mine.", false));
    assert_eq!(item.overriding.map(|o| o.reason).as_deref(), Some("shorter for our team"));
    // Reverting inherits what is published now, and what will be.
    revert(&cx, acme, "summary", None, 2, "").await.expect("reverted");
    publish_version(&cx, "summary", &NewVersion { prompt: "Three.".into(), ..next_version() })
        .await
        .expect("published");
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.effective.prompt, "Three.");
    let published = lines(&admin, TenantId::PLATFORM).await;
    assert_eq!(published.len(), 2);
    assert_eq!(published[0].after.as_ref().map(|a| a["overrides_kept"].clone()), Some(json!(1)));
    assert_eq!(published[0].before.as_ref().map(|b| b["version"].clone()), Some(json!(1)));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn publishing_is_for_operators_and_fits_the_fields(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    for cx in [
        testing::platform(&services, Role::Success),
        testing::platform(&services, Role::Auditor),
        testing::member(&services, acme, Role::TenantAdmin),
    ] {
        assert!(matches!(publish_version(&cx, "summary", &next_version()).await, Err(Error::Forbidden(_))));
    }
    let cx = testing::platform(&services, Role::Operator);
    let output = |field: &str, kind| Output { attribute: field.into(), field: field.into(), kind };
    let text = || OutputKind::Text { max_chars: 9 };
    for outputs in [
        vec![],
        vec![output("nowhere", text())],
        vec![output("csat", text())],
        vec![output("summary", text()), output("summary", text())],
    ] {
        let error = publish_version(&cx, "summary", &NewVersion { outputs, ..next_version() })
            .await
            .expect_err("refused");
        assert!(matches!(&error, Error::Invalid(errors) if errors.get("outputs").is_some()), "{error}");
    }
    assert!(matches!(publish_version(&cx, "nothing", &next_version()).await, Err(Error::NotFound)));
    assert!(lines(&admin, TenantId::PLATFORM).await.is_empty());
}

/// Not even the code of this program could change a version.
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn versions_cannot_be_changed(admin: PgPool) {
    let services = testing::services(&admin).await;
    let cx = testing::platform(&services, Role::Operator);
    for statement in ["UPDATE task_version SET prompt = 'x'", "DELETE FROM task_version"] {
        let mut tx = cx.begin(Reach::Fleet).await.expect("a transaction");
        let error = sqlx::query(statement).execute(tx.conn()).await.expect_err("refused");
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn run_facts_are_of_30_days_and_of_this_tenant(admin: PgPool) {
    let services = testing::services(&admin).await;
    let acme = testing::tenant(&admin, "acme").await.expect("a tenant");
    let other = testing::tenant(&admin, "other").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    let task = get(&cx, acme, "csat").await.expect("a task").item.task.id;
    for (outcome, age) in
        [("succeeded", "3 hours"), ("failed", "2 hours"), ("skipped", "1 hour"), ("failed", "31 days")]
    {
        run(&admin, acme, task, outcome, age).await;
    }
    run(&admin, other, task, "failed", "1 minute").await;
    let detail = get(&cx, acme, "csat").await.expect("a task");
    let facts = detail.item.facts;
    assert_eq!((facts.runs, facts.failed, facts.skipped), (Total::Exact(2), 1, 1));
    assert_eq!(facts.error_rate().as_deref(), Some("50.0 %"));
    assert!(facts.last_failed && facts.last_at.is_some());
    // The list of runs tells of skips too, with the reason.
    assert_eq!(detail.runs.len(), 4);
    assert!(detail.runs[0].skip_reason.is_some());
    assert_eq!(get(&cx, acme, "summary").await.expect("a task").item.facts.runs, Total::Exact(0));
}

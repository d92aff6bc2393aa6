//! Tests of tasks on a real database: the baseline, who may change what, locking, and publishing.

mod overrides;
mod publishing;

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

#[derive(sqlx::FromRow)]
struct Line {
    action: String,
    reason: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
    #[sqlx(rename = "actor_name")]
    actor: String,
}

/// The audit lines about tasks in one chain, oldest first.
async fn lines(admin: &PgPool, tenant: TenantId) -> Vec<Line> {
    sqlx::query_as(
        "SELECT action, reason, before, after, actor_name FROM audit_entry WHERE tenant_id = $1 AND action LIKE 'task.%' ORDER BY seq",
    )
    .bind(tenant)
    .fetch_all(admin)
    .await
    .expect("audit lines")
}

async fn run(admin: &PgPool, tenant: TenantId, task: TaskId, outcome: &str, age: &str) {
    let id = uuid::Uuid::from_u128(rand::random());
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
    let ability = |cx: &Ctx| abilities(cx, acme, Status::Active, true).change;
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

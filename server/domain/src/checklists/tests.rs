//! Checklists on a real database: probes that pass and fail with their evidence, people, waivers, milestones.

use super::*;
use crate::ctx::Services;
use crate::testing;
use model::checklists::{Milestone, Probe};
use model::permission::Role;
use sqlx::PgPool;

struct Stage {
    admin: PgPool,
    services: Services,
    cx: Ctx,
    tenant: TenantId,
}

/// A tenant with a running onboarding, and an operator.
async fn stage(admin: PgPool) -> Stage {
    let services = testing::services(&admin).await;
    let tenant = testing::tenant(&admin, "acme").await.expect("a tenant");
    let cx = testing::platform(&services, Role::Operator);
    sqlx::query("UPDATE tenant SET configured_at = NULL, validated_at = NULL, live_at = NULL")
        .execute(&admin)
        .await
        .expect("a fresh tenant");
    begin_onboarding(&cx, tenant).await.expect("a run");
    Stage { admin, services, cx, tenant }
}

impl Stage {
    async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).bind(self.tenant).execute(&self.admin).await.expect(sql);
    }

    async fn list(&self) -> Checklist {
        onboarding(&self.cx, self.tenant).await.expect("a list").expect("a run")
    }

    async fn item(&self, key: &str) -> Item {
        self.list().await.item(key).expect(key).clone()
    }

    async fn last_audit(&self) -> (String, Option<String>) {
        sqlx::query_as(
            "SELECT action, reason FROM audit_entry WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
        )
        .bind(self.tenant)
        .fetch_one(&self.admin)
        .await
        .expect("a line")
    }

    async fn audit_lines(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE tenant_id = $1")
            .bind(self.tenant)
            .fetch_one(&self.admin)
            .await
            .expect("a count")
    }

    async fn milestones(&self) -> (bool, bool) {
        sqlx::query_as("SELECT configured_at IS NOT NULL, validated_at IS NOT NULL FROM tenant WHERE id = $1")
            .bind(self.tenant)
            .fetch_one(&self.admin)
            .await
            .expect("milestones")
    }

    async fn conversation(&self, channel: &str) {
        sqlx::query(
            "INSERT INTO conversation (tenant_id, id, external_id, channel, started_at, turns, turn_count, bytes, state)
            VALUES ($1, gen_random_uuid(), gen_random_uuid()::text, $2, now(), '[]', 2, 10, 'done')",
        )
        .bind(self.tenant)
        .bind(channel)
        .execute(&self.admin)
        .await
        .expect("a conversation");
    }
}

const ADMIN: &str = "WITH u AS (INSERT INTO user_account (id, email, name, last_seen_at) VALUES (gen_random_uuid(), 'ada@example.com', 'Ada', now()) RETURNING id)
    INSERT INTO member (tenant_id, user_id, role) SELECT $1, id, 'tenant_admin' FROM u";
const KEY: &str = "INSERT INTO api_key (tenant_id, id, name, secret_hash, access, created_by)
    VALUES ($1, gen_random_uuid(), 'connector', sha256('x'), 'read_write', 'test')";
const RUN: &str = "INSERT INTO task_run (tenant_id, id, conversation_id, task_id, task_version, overridden, outcome)
    SELECT $1, gen_random_uuid(), c.id, t.id, t.published, false, 'succeeded' FROM conversation c, task t WHERE c.tenant_id = $1 LIMIT 1";
const USAGE: &str =
    "INSERT INTO usage_day (tenant_id, meter, day, quantity) VALUES ($1, 'conversations', current_date, 3)";

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_definitions_are_the_seven_items_and_the_runbook(admin: PgPool) {
    let stage = stage(admin).await;
    let list = stage.list().await;
    let keys: Vec<_> = list.items.iter().map(|item| item.step.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "admin_access",
            "ingestion",
            "transcription",
            "baseline_tasks",
            "task_runs",
            "dashboards",
            "contacts"
        ]
    );
    assert!(list.items.iter().filter(|item| item.step.probe.is_some()).count() >= 4);
    assert_eq!(list.version, 1);
    let mut tx = stage.cx.begin(Reach::Fleet).await.expect("a transaction");
    start(tx.conn(), ListKey::Offboarding, &[stage.tenant]).await.expect("a run");
    tx.commit(AuditEvent::on(stage.tenant, "checklist.start", "test")).await.expect("a commit");
    let runbook = get(&stage.cx, stage.tenant, ListKey::Offboarding).await.expect("a list").expect("a run");
    assert_eq!(runbook.items.len(), 9);
    let ahead: Vec<_> = runbook
        .items
        .iter()
        .filter(|item| item.step.is_operation())
        .map(|item| item.step.key.as_str())
        .collect();
    assert_eq!(ahead, ["retention", "purge", "verification", "certificate"]);
    for item in runbook.items.iter().chain(&list.items) {
        assert!(
            item.step.after.iter().all(|key| runbook.item(key).or(list.item(key)).is_some()),
            "{}",
            item.step.key
        );
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn probes_say_what_they_found_and_pass_when_it_is_there(admin: PgPool) {
    let stage = stage(admin).await;
    // At the start only the published baseline is there.
    let list = stage.list().await;
    let state =
        |key: &str| list.item(key).map(|item| (item.state, item.evidence.check.clone().expect("evidence")));
    let (baseline, check) = state("baseline_tasks").expect("item 4");
    assert_eq!(
        (baseline, check.counts["published tasks"], check.counts["enabled tasks"]),
        (ItemState::Passed, 4, 0)
    );
    for (key, said) in [
        ("admin_access", "There is no tenant admin."),
        ("ingestion", "0 API keys in force, 0 conversations received."),
        ("transcription", "0 voice conversations with a transcript among the newest 0 conversations."),
        ("task_runs", "0 task runs succeeded."),
        ("dashboards", "Usage of 0 days is rolled up."),
        ("contacts", "Missing: support and escalation contact."),
    ] {
        let (state, check) = state(key).expect(key);
        assert_eq!(
            (state, check.outcome, check.said.as_str()),
            (ItemState::Open, Outcome::NotYet, said),
            "{key}"
        );
    }
    assert_eq!(stage.milestones().await, (false, false));

    stage.sql(ADMIN).await;
    stage.sql(KEY).await;
    assert_eq!(run_probes(&stage.cx, stage.tenant).await.expect("probes"), 2);
    let access = stage.item("admin_access").await;
    let check = access.evidence.check.expect("evidence");
    assert!(check.said.starts_with("Ada, tenant admin, was last seen on "), "{}", check.said);
    assert_eq!(check.newest, ["Ada"]);
    assert_eq!(access.proved_by, Some(ProvedBy::Probe));
    assert_eq!(stage.milestones().await, (true, false), "1, 2 and 4 are the milestone");
    assert_eq!(stage.last_audit().await.0, "tenant.milestone");

    stage.conversation("chat").await;
    stage.sql(RUN).await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.item("transcription").await.state, ItemState::Open, "a chat has no transcript");
    assert_eq!(stage.item("task_runs").await.state, ItemState::Passed);
    stage.conversation("voice").await;
    stage.sql(USAGE).await;
    assert_eq!(run_probes(&stage.cx, stage.tenant).await.expect("probes"), 2);
    assert_eq!(stage.milestones().await, (true, true));
    let before = stage.audit_lines().await;
    assert_eq!(run_probes(&stage.cx, stage.tenant).await.expect("probes"), 0);
    assert_eq!(stage.audit_lines().await, before, "a check that finds the same is no news");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn an_admin_who_never_signed_in_is_no_proof(admin: PgPool) {
    let stage = stage(admin).await;
    stage.sql(ADMIN).await;
    stage.sql("UPDATE user_account SET last_seen_at = NULL WHERE $1::uuid IS NOT NULL").await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    let item = stage.item("admin_access").await;
    assert_eq!(item.state, ItemState::Open);
    assert_eq!(item.evidence.check.expect("evidence").said, "1 tenant admin, none of whom has signed in.");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn neither_a_visit_elsewhere_nor_one_of_the_platform_proves_an_admin(admin: PgPool) {
    let stage = stage(admin).await;
    let said = async || stage.item("admin_access").await.evidence.check.expect("evidence").said;
    stage.sql(ADMIN).await;
    // Seen before they belonged to this tenant: that was another one's page.
    stage.sql("UPDATE member SET created_at = now() + interval '1 second' WHERE tenant_id = $1").await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.item("admin_access").await.state, ItemState::Open);
    assert_eq!(said().await, "1 tenant admin, none of whom has signed in.");
    // Somebody of the platform who is a member as well is not the tenant's own admin.
    stage.sql("UPDATE member SET created_at = now() - interval '1 hour' WHERE tenant_id = $1").await;
    stage.sql("UPDATE user_account SET platform_role = 'success' WHERE $1::uuid IS NOT NULL").await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.item("admin_access").await.state, ItemState::Open);
    assert_eq!(said().await, "There is no tenant admin.");
    // The positive control.
    stage.sql("UPDATE user_account SET platform_role = NULL WHERE $1::uuid IS NOT NULL").await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.item("admin_access").await.state, ItemState::Passed);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn what_no_longer_holds_is_failed_and_takes_its_milestone_back(admin: PgPool) {
    let stage = stage(admin).await;
    stage.sql(ADMIN).await;
    stage.sql(KEY).await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.milestones().await, (true, false));
    stage.sql("UPDATE api_key SET revoked_at = now() WHERE tenant_id = $1").await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    let item = stage.item("ingestion").await;
    assert_eq!(
        (item.state, item.words().as_str()),
        (ItemState::Failed, "no longer holds, says an automatic check")
    );
    assert_eq!(stage.milestones().await, (false, false));
    stage.conversation("chat").await;
    let check =
        check_again(&stage.cx, stage.tenant, ListKey::Onboarding, "ingestion").await.expect("a check");
    assert_eq!(check.outcome, Outcome::Passed);
    assert_eq!(stage.item("ingestion").await.state, ItemState::Passed);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn a_check_that_could_not_run_changes_no_state(admin: PgPool) {
    let stage = stage(admin).await;
    sqlx::raw_sql("REVOKE SELECT ON pooled.task_run FROM steward_operator")
        .execute(&stage.admin)
        .await
        .expect("a fault");
    for (key, before) in [("baseline_tasks", ItemState::Passed), ("task_runs", ItemState::Open)] {
        let check = check_again(&stage.cx, stage.tenant, ListKey::Onboarding, key).await.expect("an answer");
        assert_eq!(check.outcome, Outcome::Unable);
        assert_eq!(stage.item(key).await.state, before);
    }
    assert_eq!(stage.item("task_runs").await.words(), "to do, its check could not run");
    sqlx::raw_sql("GRANT SELECT ON pooled.task_run TO steward_operator")
        .execute(&stage.admin)
        .await
        .expect("mended");
    let check =
        check_again(&stage.cx, stage.tenant, ListKey::Onboarding, "task_runs").await.expect("a check");
    assert_eq!(check.outcome, Outcome::NotYet);
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn people_confirm_with_evidence_and_only_what_may_be_confirmed(admin: PgPool) {
    let stage = stage(admin).await;
    let key = ListKey::Onboarding;
    let done = |step: &'static str, note: &'static str, link: &'static str| {
        complete(&stage.cx, stage.tenant, key, step, note, link)
    };
    let Err(Error::Conflict(why)) = done("transcription", "listened to it", "").await else {
        panic!("too early")
    };
    assert_eq!(why, "It cannot start yet: it needs “Ingestion configured (voice or text connectors)”.");
    stage.sql(KEY).await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert!(
        matches!(done("transcription", " ", "").await, Err(Error::Invalid(e)) if e.get("note").is_some())
    );
    for bad in ["javascript:alert(1)", "ftp://x", "https://a b"] {
        assert!(
            matches!(done("transcription", "", bad).await, Err(Error::Invalid(e)) if e.get("link").is_some()),
            "{bad}"
        );
    }
    assert!(
        matches!(done("ingestion", "trust me", "").await, Err(Error::Conflict(_))),
        "only its check can prove it"
    );
    assert!(matches!(done("nothing", "x", "").await, Err(Error::NotFound)));
    done("transcription", "Call 0412 reads well.", "https://example.com/0412").await.expect("confirmed");
    assert_eq!(stage.last_audit().await, ("checklist.complete".into(), Some("Call 0412 reads well.".into())));
    let item = stage.item("transcription").await;
    assert_eq!(item.words(), "done, confirmed by Test Operator");
    assert_eq!(item.evidence.link.as_deref(), Some("https://example.com/0412"));
    assert!(matches!(done("transcription", "again", "").await, Err(Error::Conflict(_))));
    // A probe never overrules a person.
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.item("transcription").await.proved_by, Some(ProvedBy::Person));
    assert!(matches!(
        check_again(&stage.cx, stage.tenant, key, "transcription").await,
        Err(Error::Conflict(_))
    ));
    reopen(&stage.cx, stage.tenant, key, "transcription", "wrong call").await.expect("reopened");
    assert_eq!(stage.item("transcription").await.state, ItemState::Open);
    assert_eq!(stage.last_audit().await, ("checklist.reopen".into(), Some("wrong call".into())));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn waivers_need_a_reason_and_a_role_and_stay_visible(admin: PgPool) {
    let stage = stage(admin).await;
    let key = ListKey::Onboarding;
    let refused = waive(&stage.cx, stage.tenant, key, "transcription", "").await;
    assert!(matches!(refused, Err(Error::Invalid(e)) if e.get("reason").is_some()));
    for role in [Role::Success, Role::Auditor] {
        let cx = testing::platform(&stage.services, role);
        assert!(matches!(
            waive(&cx, stage.tenant, key, "transcription", "no voice").await,
            Err(Error::Forbidden(_))
        ));
    }
    let insider = testing::member(&stage.services, stage.tenant, Role::TenantAdmin);
    assert!(matches!(
        waive(&insider, stage.tenant, key, "transcription", "no").await,
        Err(Error::Forbidden(_))
    ));
    waive(&stage.cx, stage.tenant, key, "transcription", "no voice channel").await.expect("waived");
    let item = stage.item("transcription").await;
    assert_eq!(
        (item.words().as_str(), item.note.as_deref()),
        ("waived by Test Operator", Some("no voice channel"))
    );
    assert_eq!(stage.last_audit().await, ("checklist.waive".into(), Some("no voice channel".into())));
    stage.conversation("voice").await;
    run_probes(&stage.cx, stage.tenant).await.expect("probes");
    assert_eq!(stage.item("transcription").await.state, ItemState::Waived, "a waiver stays");
    let success = testing::platform(&stage.services, Role::Success);
    let refused = reopen(&success, stage.tenant, key, "transcription", "mine").await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn other_tenants_and_weaker_roles_are_refused_without_effect(admin: PgPool) {
    let stage = stage(admin).await;
    let other = testing::tenant(&stage.admin, "other").await.expect("a tenant");
    let stranger = testing::member(&stage.services, other, Role::TenantAdmin);
    let auditor = testing::platform(&stage.services, Role::Auditor);
    let key = ListKey::Onboarding;
    assert!(matches!(get(&stranger, stage.tenant, key).await, Err(Error::NotFound)));
    assert!(matches!(check_again(&stranger, stage.tenant, key, "ingestion").await, Err(Error::NotFound)));
    assert!(matches!(
        complete(&stranger, stage.tenant, key, "dashboards", "x", "").await,
        Err(Error::NotFound)
    ));
    assert!(matches!(begin_onboarding(&stranger, stage.tenant).await, Err(Error::NotFound)));
    assert!(matches!(reopen(&stranger, stage.tenant, key, "dashboards", "x").await, Err(Error::NotFound)));
    assert!(matches!(sweep(&stranger, 10).await, Err(Error::Forbidden(_))));
    assert!(get(&auditor, stage.tenant, key).await.expect("reading is fine").is_some());
    assert!(matches!(run_probes(&auditor, stage.tenant).await, Err(Error::Forbidden(_))));
    assert!(matches!(
        complete(&auditor, stage.tenant, key, "dashboards", "x", "").await,
        Err(Error::Forbidden(_))
    ));
    assert!(
        matches!(begin_onboarding(&stage.cx, stage.tenant).await, Err(Error::Conflict(_))),
        "one run at a time"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn the_sweep_proves_what_it_can_for_many_tenants(admin: PgPool) {
    let stage = stage(admin).await;
    let second = testing::tenant(&stage.admin, "second").await.expect("a tenant");
    begin_onboarding(&stage.cx, second).await.expect("a run");
    stage.sql(KEY).await;
    sqlx::query("UPDATE checklist_run SET swept_at = now() - interval '1 hour'")
        .execute(&stage.admin)
        .await
        .expect("time");
    let system = stage.services.system("worker");
    assert_eq!(sweep(&system, 10).await.expect("a sweep"), 1);
    assert_eq!(stage.item("ingestion").await.state, ItemState::Passed);
    let stale: i64 =
        sqlx::query_scalar("SELECT count(*) FROM checklist_run WHERE swept_at < now() - interval '1 minute'")
            .fetch_one(&stage.admin)
            .await
            .expect("a count");
    assert_eq!(stale, 0, "the idle one was looked at as well");
    assert_eq!(sweep(&system, 10).await.expect("a sweep"), 0, "not again at once");
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn busy_tenants_do_not_keep_a_quiet_one_waiting(admin: PgPool) {
    let stage = stage(admin).await;
    for slug in ["second", "third"] {
        let busy = testing::tenant(&stage.admin, slug).await.expect("a tenant");
        begin_onboarding(&stage.cx, busy).await.expect("a run");
    }
    let quiet = testing::tenant(&stage.admin, "quiet").await.expect("a tenant");
    // One that has left in the middle of its onboarding: nothing changes there any more, and nobody looks.
    let gone = testing::tenant(&stage.admin, "gone").await.expect("a tenant");
    let mut tx = stage.cx.begin(Reach::Fleet).await.expect("a transaction");
    start_onboarding(tx.conn(), &[quiet, gone]).await.expect("runs");
    tx.commit_unaudited("nothing was heard of it").await.expect("a commit");
    sqlx::query("UPDATE tenant SET status = 'offboarded' WHERE id = $1")
        .bind(gone.0)
        .execute(&stage.admin)
        .await
        .expect("it has left");
    sqlx::query("UPDATE checklist_run SET swept_at = CASE WHEN tenant_id IN ($1, $2) THEN NULL ELSE now() - interval '20 seconds' END")
        .bind(quiet.0)
        .bind(gone.0)
        .execute(&stage.admin)
        .await
        .expect("time");
    sweep(&stage.services.system("worker"), 2).await.expect("a sweep");
    let looked: Vec<bool> = sqlx::query_scalar(
        "SELECT swept_at > now() - interval '10 seconds' FROM checklist_run WHERE swept_at > now() - interval '10 seconds' OR tenant_id = $1",
    )
    .bind(quiet.0)
    .fetch_all(&stage.admin)
    .await
    .expect("rows");
    assert_eq!(looked, [true, true], "the quiet one and one of the busy");
}

/// An import makes thousands at once; the one among them that begins to work is looked at with the next sweep (R97).
#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn who_acts_is_looked_at_before_those_who_were_only_made(admin: PgPool) {
    let stage = stage(admin).await;
    let mut made = Vec::new();
    for n in 0..30 {
        made.push(testing::tenant(&stage.admin, &format!("t{n}")).await.expect("a tenant"));
    }
    let mut tx = stage.cx.begin(Reach::Fleet).await.expect("a transaction");
    start_onboarding(tx.conn(), &made).await.expect("runs");
    tx.commit_all(made.iter().map(|id| AuditEvent::on(*id, "tenant.create", "t")).collect())
        .await
        .expect("made");
    let acting = made[29];
    // Some were looked at a moment ago, and nothing has happened there since; the others never.
    sqlx::query(
        "UPDATE checklist_run SET swept_at = now() - interval '20 seconds' WHERE tenant_id = ANY ($1)",
    )
    .bind([made[27], made[28], acting])
    .execute(&stage.admin)
    .await
    .expect("looked at");
    let system = stage.services.system("worker");
    let key = || crate::api_keys::create(&stage.cx, acting, "Importer", "read_write");
    key().await.expect("it begins to work");
    assert_eq!(
        sweep(&system, 4).await.expect("a sweep"),
        4 + 1,
        "three that wait, with one item proven each, and two of it"
    );
    let looked = "SELECT tenant_id FROM checklist_run WHERE swept_at > now() - interval '10 seconds'";
    let looked: Vec<TenantId> = sqlx::query_scalar(looked).fetch_all(&stage.admin).await.expect("rows");
    assert!(
        looked.contains(&acting) && !looked.contains(&made[27]) && !looked.contains(&made[28]),
        "{looked:?}"
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATOR")]
async fn many_tenants_get_their_run_in_one_statement(admin: PgPool) {
    let stage = stage(admin).await;
    let mut all = vec![stage.tenant];
    for n in 0..20 {
        all.push(testing::tenant(&stage.admin, &format!("t{n}")).await.expect("a tenant"));
    }
    let mut tx = stage.cx.begin(Reach::Fleet).await.expect("a transaction");
    assert_eq!(start_onboarding(tx.conn(), &all).await.expect("runs"), 20, "one had its run already");
    tx.commit(AuditEvent::platform("tenant.import", "test")).await.expect("a commit");
    let items: i64 = sqlx::query_scalar("SELECT count(*) FROM checklist_item")
        .fetch_one(&stage.admin)
        .await
        .expect("items");
    assert_eq!(items, 21 * 7);
}

#[test]
fn every_probe_says_when_it_could_not_run() {
    let facts = Facts::unable(chrono::DateTime::UNIX_EPOCH);
    for probe in Probe::ALL {
        assert_eq!(facts.check(*probe).outcome, Outcome::Unable);
    }
    assert_eq!(Milestone::ALL.len(), 2);
}
